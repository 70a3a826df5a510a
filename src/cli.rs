//! The command line: every word of help stands here.
//!
//! Git's own words (`get`, `store`, `erase`, `capability`) never come this way: `main` takes them first,
//! since they must cost nothing and never fail. They are listed in the help all the same.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::time::Duration;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "git-credential-patron",
    bin_name = "git credential-patron",
    version,
    about = "Gives git the right GitHub token for each owner, and says why when GitHub refuses",
    override_help = HELP,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    subcommand_required = true
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// One screen of 24 lines: git swallows `--help`, so this is what people see first.
pub(crate) const HELP: &str = "\
gives git the right GitHub token for each owner

usage: git credential-patron COMMAND

for you
  setup, unsetup     make patron git's helper for github.com; undo that
  add SCOPE, import  add an owner's token; import tokens from gh, .netrc, ...
  list               list the accounts
  rename, remove     change an account's scope or label; remove an account
  renew, revoke      replace a token that was regenerated; revoke a token
  status             check everything: helpers, accounts, recent refusals
  diagnose           check access to a repository and say what to fix
  explain            name the refusal in git's output (git push 2>&1 | ...)
  wait               wait until git has access, then run a command
  token, exec CMD    print the token, or run CMD (gh, curl, ...) with it
  requests, grants   decide which tokens get access to your organisation
  completions, help  print shell completions; show help for one command
  install-docs       write the manual for git help, where it is missing

for git (called by git, not by you)
  get, store, erase, capability

`git help credential-patron` explains all, COMMAND -h one of them.
Begin: git credential-patron setup && git credential-patron add acme
";

/// The commands for people.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make patron git's helper for these hosts
    #[command(after_help = "example: git credential-patron setup --host ghe.example.com")]
    Setup(Setup),
    /// Undo what `setup` did
    #[command(after_help = "example: git credential-patron unsetup --dry-run")]
    Unsetup(Unsetup),
    /// Add the token for an owner, a repository or a host
    #[command(after_help = "example: git credential-patron add acme")]
    Add(Add),
    /// Import tokens from other tools: gh, git's helpers, .netrc, URLs
    #[command(after_help = "example: git credential-patron import --dry-run")]
    Import(Import),
    /// List the accounts
    #[command(after_help = "example: git credential-patron list --json")]
    List(List),
    /// Change an account's scope, after a rename on GitHub, or its label
    #[command(after_help = "example: git credential-patron rename acme acme-inc")]
    Rename(Rename),
    /// Remove an account and its token from this machine
    #[command(after_help = "example: git credential-patron remove acme")]
    Remove(Remove),
    /// Replace a token that was regenerated on its page
    #[command(after_help = "example: git credential-patron renew acme")]
    Renew(Renew),
    /// Revoke a token on GitHub and remove its account
    #[command(after_help = "example: git credential-patron revoke acme")]
    Revoke(Revoke),
    /// Wait until git has access, then exit or run a command
    #[command(
        after_help = "example: git credential-patron wait acme/secret -- git clone https://github.com/acme/secret"
    )]
    Wait(Wait),
    /// Check access to a repository and say what to fix
    #[command(after_help = "example: git credential-patron diagnose origin --push")]
    Diagnose(Diagnose),
    /// Check whether everything is fine: helpers, accounts, recent refusals
    #[command(after_help = "example: git credential-patron status")]
    Status(StatusArgs),
    /// Name the refusal in git's output, or describe one
    #[command(after_help = "example: git push 2>&1 | git credential-patron explain")]
    Explain(Explain),
    /// Print the token for an owner or repository
    #[command(
        after_help = "example: curl -H @<(echo \"Authorization: Bearer $(git credential-patron token acme)\") ..."
    )]
    Token(TokenOptions),
    /// Run a command with the owner's token in its environment
    #[command(after_help = "example: git credential-patron exec --for acme gh repo list acme")]
    Exec(Exec),
    /// Show and decide which fine-grained tokens get access to an organisation
    #[command(after_help = "example: git credential-patron requests list acme")]
    Requests(Requests),
    /// Show which fine-grained tokens have access to an organisation, and take it back
    #[command(after_help = "example: git credential-patron grants list acme --json")]
    Grants(Grants),
    /// Print completions for a shell
    #[command(
        after_help = "example: git credential-patron completions bash > ~/.local/share/bash-completion/completions/git-credential-patron"
    )]
    Completions(Completions),
    /// Write the manual where `git help credential-patron` finds it
    #[command(after_help = "example: git credential-patron install-docs")]
    InstallDocs(InstallDocs),
    /// Show help for a command
    #[command(after_help = "example: git credential-patron help add")]
    Help(Help),
}

/// Options of `setup`.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// A host, with its port if it has one [default: github.com and gist.github.com]
    #[arg(long = "host", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Change git's system config instead of your own
    #[arg(long)]
    pub system: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `unsetup`.
#[derive(Debug, Args)]
pub(crate) struct Unsetup {
    /// Change git's system config instead of your own
    #[arg(long)]
    pub system: bool,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `add`. By default none of them: other commands keep a token by it, too.
#[derive(Debug, Default, Args)]
pub(crate) struct Add {
    /// acme, acme/secret, ghe.example.com/acme, or https://example.com for a whole host
    #[arg(value_name = "SCOPE")]
    pub scope: String,
    /// What to call the account [default: the scope; for a second login SCOPE@LOGIN]
    #[arg(long, value_name = "L")]
    pub label: Option<String>,
    /// Whose token it is; if GitHub says otherwise, it is not added
    #[arg(long, value_name = "U")]
    pub login: Option<String>,
    /// Where to store it [default: the keyring; a file only if there is no keyring service]
    #[arg(long, value_name = "keyring|file", hide_possible_values = true)]
    pub vault: Option<VaultName>,
    /// Store no token; run this command for it each time, such as 'op read ...' or 'pass show ...'
    #[arg(long, value_name = "CMD", conflicts_with_all = ["vault", "token_stdin"])]
    pub command: Option<String>,
    /// Read the token from stdin instead of the terminal
    #[arg(long)]
    pub token_stdin: bool,
    /// Store it without asking the host whether it is valid
    #[arg(long)]
    pub no_verify: bool,
    /// Do not open the page that makes such a token
    #[arg(long)]
    pub no_browser: bool,
    /// Use a GitHub App instead of a token: its client ID. Without --key or --sign you log in with a code
    #[arg(long, value_name = "CLIENT_ID", conflicts_with_all = ["command", "token_stdin"])]
    pub app: Option<String>,
    /// Make a new GitHub App for the owner: a page opens, and GitHub asks once. Its key is stored
    #[arg(long, conflicts_with_all = ["app", "key", "sign", "command", "token_stdin", "login"])]
    pub new_app: bool,
    /// The App's private key: a file, or - for stdin. It is stored, and mints a token for each repository
    #[arg(long, value_name = "FILE", requires = "app")]
    pub key: Option<std::path::PathBuf>,
    /// Store no key; have this command sign for the App (RS256; stdin to stdout), such as a KMS or a TPM
    #[arg(long, value_name = "CMD", requires = "app", conflicts_with = "key")]
    pub sign: Option<String>,
    /// Ask no questions
    #[arg(long)]
    pub yes: bool,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Look there and nowhere else (several times: in each of them) [default: everywhere]
    #[arg(long = "from", value_name = "SOURCE")]
    pub sources: Vec<ImportSource>,
    /// Show what would be kept, and keep nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Ask nothing, and keep what need not be asked about; a classic token for its whole host
    #[arg(long)]
    pub yes: bool,
    /// A checkout whose remotes and settings are looked at [default: the current one]
    #[arg(value_name = "PATH")]
    pub checkouts: Vec<std::path::PathBuf>,
}

/// Where tokens are taken over from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportSource {
    /// The GitHub CLI
    Gh,
    /// Git's helper store
    Store,
    /// Git's helper cache
    Cache,
    /// Git's helper libsecret
    Libsecret,
    /// Git's helper osxkeychain
    Osxkeychain,
    /// The Git Credential Manager
    Gcm,
    /// ~/.netrc
    Netrc,
    /// The addresses of a checkout's remotes
    Url,
    /// Git's settings url.*.insteadOf
    Insteadof,
    /// Git's settings http.*.extraHeader
    Extraheader,
    /// Nix's access-tokens
    Nix,
    /// Variables such as GH_TOKEN
    Env,
}

/// The vaults that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VaultName {
    /// The system's keyring
    Keyring,
    #[cfg_attr(unix, doc = "A file that only you can read")]
    #[cfg_attr(not(unix), doc = "A file in your own profile")]
    File,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Options of `remove`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The account's scope or label; SCOPE@LOGIN where a scope has several logins
    #[arg(value_name = "SCOPE|LABEL")]
    pub what: String,
    /// Ask no questions
    #[arg(long)]
    pub yes: bool,
}

/// Options of `rename`.
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// The account's scope or label
    #[arg(value_name = "SCOPE|LABEL")]
    pub what: String,
    /// The new scope or label
    #[arg(value_name = "NEW")]
    pub new: String,
    /// NEW is a label, even if the account was named by its scope
    #[arg(long)]
    pub label: bool,
}

/// Options of `renew`.
#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The account's scope or label; SCOPE@LOGIN where a scope has several logins
    #[arg(value_name = "SCOPE|LABEL")]
    pub what: String,
    /// Revoke the old token once the new one is stored
    #[arg(long)]
    pub revoke_old: bool,
    /// Read the token from stdin instead of the terminal
    #[arg(long)]
    pub token_stdin: bool,
    /// Do not open the page of the token
    #[arg(long)]
    pub no_browser: bool,
}

/// Options of `revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The account's scope or label; SCOPE@LOGIN where a scope has several logins
    #[arg(value_name = "SCOPE|LABEL")]
    pub what: Option<String>,
    /// Read any token from stdin, such as one that leaked
    #[arg(long)]
    pub token_stdin: bool,
    /// Ask no questions
    #[arg(long)]
    pub yes: bool,
}

/// Options of `wait`.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// A repository, a URL, or an owner [default: the current repository's remote]
    #[arg(value_name = "SCOPE|URL")]
    pub what: Option<String>,
    /// Wait until a push is allowed
    #[arg(long)]
    pub push: bool,
    /// How long to wait at most: 90, 90s, 10m, 2h [default: for ever]
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to run once git has access
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<std::ffi::OsString>,
}

/// Reads a time: `90`, `90s`, `10m`, `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let of_unit = match unit {
        "h" => 3600,
        "m" => 60,
        _ => 1,
    };
    let number: u32 = number.parse().map_err(|_| "a time is 90, 90s, 10m or 2h".to_owned())?;
    Ok(Duration::from_secs(u64::from(number) * of_unit))
}

/// Options of `diagnose`.
#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// A URL, a remote's name, an owner or a repository [default: every remote of the current repository]
    #[arg(value_name = "URL|REMOTE|SCOPE")]
    pub what: Option<String>,
    /// Check pushing too; nothing is pushed
    #[arg(long)]
    pub push: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Make no requests; show only what is known on this machine
    #[arg(long)]
    pub offline: bool,
    /// Open the page that the verdict names
    #[arg(long)]
    pub open: bool,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Make no requests; show only what is known on this machine
    #[arg(long)]
    pub offline: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A refusal or verdict by its id, instead of a transcript on stdin
    #[arg(value_name = "ID", conflicts_with_all = ["list", "check"])]
    pub id: Option<String>,
    /// List all refusals and verdicts
    #[arg(long, conflicts_with = "check")]
    pub list: bool,
    /// Check the table of refusals itself
    #[arg(long)]
    pub check: bool,
    /// Write a report about a text on stdin, with names, hosts and tokens replaced
    #[arg(long, conflicts_with_all = ["id", "list", "check", "json"])]
    pub report: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Options of `token`.
#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    /// An owner, a repository or a URL [default: the current repository's remote]
    #[arg(value_name = "SCOPE|URL")]
    pub what: Option<String>,
}

/// Options of `exec`.
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// An owner, a repository or a URL [default: the current repository's remote]
    #[arg(long = "for", value_name = "SCOPE|URL")]
    pub target: Option<String>,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "CMD")]
    pub command: Vec<std::ffi::OsString>,
}

/// Options of `help`.
#[derive(Debug, Args)]
pub(crate) struct Help {
    /// The command
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// Options of `requests`.
#[derive(Debug, Args)]
pub(crate) struct Requests {
    /// List the tokens that ask for access, approve them, or deny them
    #[arg(value_name = "list|approve|deny", hide_possible_values = true)]
    pub action: RequestsAction,
    /// The organisation
    #[arg(value_name = "ORG")]
    pub org: String,
    /// The requests, by the numbers that `list` shows [default: you are asked which]
    #[arg(value_name = "ID")]
    pub ids: Vec<u64>,
    /// Approve or deny all that are listed
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Tell the token's owner why, in at most 1,024 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Which tokens are listed
    #[command(flatten)]
    pub filter: Filter,
    /// Ask no questions
    #[arg(long)]
    pub yes: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// What `requests` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RequestsAction {
    /// Shows the tokens that ask for access.
    List,
    /// Lets tokens in.
    Approve,
    /// Refuses tokens.
    Deny,
}

/// Options of `grants`.
#[derive(Debug, Args)]
pub(crate) struct Grants {
    /// Show the tokens that have access, or take it back
    #[arg(value_name = "list|revoke", hide_possible_values = true)]
    pub action: GrantsAction,
    /// The organisation
    #[arg(value_name = "ORG")]
    pub org: String,
    /// The grants, by the numbers that `list` shows [default: you are asked which]
    #[arg(value_name = "ID")]
    pub ids: Vec<u64>,
    /// Which tokens are listed
    #[command(flatten)]
    pub filter: Filter,
    /// Ask no questions
    #[arg(long)]
    pub yes: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// What `grants` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GrantsAction {
    /// Shows the tokens that have access.
    List,
    /// Takes access back.
    Revoke,
}

/// Which of an organisation's tokens are meant: GitHub's own filters.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only this user's tokens (several times: any of them)
    #[arg(long = "owner", value_name = "LOGIN")]
    pub owners: Vec<String>,
    /// Only tokens for this repository
    #[arg(long, value_name = "REPO")]
    pub repository: Option<String>,
    /// Only tokens with this permission, such as contents
    #[arg(long, value_name = "NAME")]
    pub permission: Option<String>,
    /// Only this token (several times: any of them)
    #[arg(long = "token-id", value_name = "N")]
    pub token_ids: Vec<u64>,
}

/// Options of `install-docs`.
#[derive(Debug, Args)]
pub(crate) struct InstallDocs {
    /// Write below this folder [default: the one whose bin folder holds this program]
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<std::path::PathBuf>,
    /// Take away what was written
    #[arg(long)]
    pub remove: bool,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell, in any case of letters
    #[arg(value_name = "SHELL", ignore_case = true, required_unless_present = "values")]
    pub shell: Option<clap_complete::Shell>,
    /// Print the values that a shell's completions offer; they call this
    #[arg(long, hide = true)]
    pub values: Option<CompletedValues>,
}

/// What the completions offer beside commands and options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletedValues {
    /// The accounts' labels, and their scopes with the login.
    Accounts,
    /// The remotes here with their repositories, and the accounts' scopes.
    Targets,
    /// The ids of verdicts.
    Ids,
}

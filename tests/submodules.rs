//! Hostile `.gitmodules`: whoever can make somebody clone a repository chooses the URLs of its submodules, and with them
//! what git stores. Real git clones them; no account is planted, replaced or shared, and no kept token comes to a door
//! that is not its own.

use super::forge::{EntryKind, Forge, HostKind, Policy, Repository, State, Token, Visibility};
use super::given;
use super::sandbox::{Git, Output, Sandbox, gits};
use std::fs;
use std::path::PathBuf;

/// The URLs, and whether they open what they name. In braces: the labels of tokens that the one has who wrote them.
const FORMS: [(&str, bool); 17] = [
    // A public and a private repository of an owner whose token is kept, in the name of its login and of another.
    ("https://mona:{bad}@github.com/acme/open", true),
    ("https://mona:{bad}@github.com/acme/secret", true),
    ("https://mallory:{bad}@github.com/acme/open", true),
    // With a token that is for this owner.
    ("https://mallory:{bad-acme}@github.com/acme/secret", true),
    ("https://mona:{bad-acme}@github.com/acme/secret", true),
    // The same of an owner whose token was learned.
    ("https://mona:{bad-initech}@github.com/initech/secret", true),
    // An owner of whom nothing is kept, public and private.
    ("https://mallory:{bad}@github.com/hooli/open", true),
    ("https://mallory:{bad}@github.com/mallory/bait", true),
    // A token as the user name, with and without a password.
    ("https://{bad}:x-oauth-basic@github.com/mallory/bait", true),
    ("https://{bad}@github.com/acme/secret", true),
    // A known login, and nothing at all.
    ("https://mona@github.com/mallory/bait", false),
    ("https://github.com/mallory/bait", false),
    // Plain hosts: one with an account, in another name and in the same, and one without.
    ("https://mallory:{bad-plain}@git.example.com/team/tool", true),
    ("https://mona:{bad-plain-mona}@git.example.com/team/tool", true),
    ("https://mallory:{bad-code}@code.example.com/team/tool", true),
    // Ways to name one owner and to mean another.
    ("https://github.com/acme/../mallory/bait", false),
    ("../../acme/secret", true),
];

/// The tokens that are kept, and the host and the owner whose doors they may come to.
const KEPT: [(&str, &str, &str); 4] = [
    ("acme", "github.com", "acme"),
    ("globex", "github.com", "globex"),
    ("initech", "github.com", "initech"),
    ("plain", "git.example.com", "team"),
];

fn forge() -> Forge {
    let plain = |label: &str, host: &str, login: &str| Token::password(label, host, login);
    let policy = Policy::sample()
        .user("mallory")
        .org("initech", &["mona", "mallory"])
        .org("hooli", &[])
        .private("initech/secret")
        .public("hooli/open")
        .private("mallory/bait")
        .host("git.example.com", HostKind::Plain)
        .host("code.example.com", HostKind::Plain)
        .repository(Repository::new("git.example.com/team/tool", Visibility::Private))
        .repository(Repository::new("code.example.com/team/tool", Visibility::Private))
        .token(Token::fine_grained("initech", "mona", "initech"))
        .token(Token::classic("bad", "mallory"))
        .token(Token::fine_grained("bad-acme", "mallory", "acme"))
        .token(Token::fine_grained("bad-initech", "mallory", "initech"))
        .token(plain("plain", "git.example.com", "mona"))
        .token(plain("bad-plain", "git.example.com", "mallory"))
        .token(plain("bad-plain-mona", "git.example.com", "mona"))
        .token(plain("bad-code", "code.example.com", "mallory"));
    let mut policy = (0..FORMS.len()).fold(policy, |policy, at| policy.public(&format!("mallory/trap{at}")));
    policy.owner_mut("acme").members.push("mallory".to_owned());
    Forge::start(policy)
}

struct Victim {
    forge: Forge,
    sandbox: Sandbox,
    git: &'static Git,
}

/// All that is kept, byte for byte, and what each place is answered.
#[derive(PartialEq, Eq)]
struct Possessions {
    files: Vec<Option<Vec<u8>>>,
    answers: Vec<String>,
}

impl Victim {
    /// Somebody with accounts of all kinds: added, learned, at a plain host.
    fn new(git: &'static Git) -> Self {
        let forge = forge();
        let mut sandbox = Sandbox::new(&forge);
        sandbox.set("PATRON_VAULT", "file");
        let hosts =
            ["setup", "--host", "github.com", "--host", "git.example.com", "--host", "code.example.com"];
        sandbox.patron(hosts).ok();
        for owner in ["acme", "globex"] {
            let secret = forge.secret(owner);
            sandbox.patron(["add", owner, "--token-stdin"]).stdin(secret).ok();
        }
        let plain =
            ["add", "https://git.example.com", "--login", "mona", "--token-stdin", "--no-verify", "--yes"];
        sandbox.patron(plain).stdin(forge.secret("plain")).ok();
        let asked = given::request("github.com", "initech/secret", "");
        sandbox.patron(["get"]).stdin(asked.clone()).ok().prints("");
        let learned = format!("{asked}username=mona\npassword={}\n", forge.secret("initech"));
        sandbox.patron(["store"]).stdin(learned).ok().says("learned initech");
        let victim = Self { forge, sandbox, git };
        // Each has been used and let in.
        for url in ["github.com/acme/secret", "github.com/initech/secret", "git.example.com/team/tool"] {
            victim.sandbox.git(["ls-remote", "-q", &format!("https://{url}")]).with_git(git).ok();
        }
        victim
    }

    fn possessions(&self) -> Possessions {
        let files = [given::accounts_file(&self.sandbox), given::secrets_file(&self.sandbox)];
        let places = [
            ("github.com", "acme/secret"),
            ("github.com", "acme/open"),
            ("github.com", "globex/api"),
            ("github.com", "initech/secret"),
            ("github.com", "hooli/open"),
            ("github.com", "mallory/bait"),
            ("git.example.com", "team/tool"),
            ("code.example.com", "team/tool"),
        ];
        let answer =
            |(host, path)| self.sandbox.patron(["get"]).stdin(given::request(host, path, "")).ok().stdout();
        Possessions {
            files: files.map(|path| fs::read(path).ok()).into(),
            answers: places.map(answer).into(),
        }
    }

    /// The submodule's URL with its tokens in it.
    fn filled(&self, form: &str) -> String {
        let label = form.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(label, _)| label);
        label.map_or_else(
            || form.to_owned(),
            |label| form.replace(&format!("{{{label}}}"), &self.forge.secret(label).replace(' ', "%20")),
        )
    }

    /// The bare repository that the URL leads to.
    fn target(&self, form: &str) -> PathBuf {
        let place = form.rsplit('@').next().unwrap_or(form).trim_start_matches("https://");
        let place =
            place.trim_start_matches("../").trim_start_matches("github.com/").trim_start_matches("acme/../");
        self.forge.repository_dir(place)
    }

    /// Makes a public repository whose submodule has this URL.
    fn trap(&self, at: usize, form: &str) -> String {
        let name = format!("mallory/trap{at}");
        let script = "set -e; rm -rf build; git init -q -b main build; cd build\n\
            printf '[submodule \"sub\"]\\n\\tpath = sub\\n\\turl = %s\\n' \"$URL\" >.gitmodules\n\
            git add .gitmodules\n\
            git update-index --add --cacheinfo \"160000,$(git --git-dir \"$TARGET\" rev-parse main),sub\"\n\
            git commit -q -m trap; git push -q -f \"$TRAP\" HEAD:refs/heads/main; cd ..; rm -rf build";
        let run = self.sandbox.shell(script).cwd(self.sandbox.root()).env("URL", self.filled(form));
        run.env("TARGET", self.target(form)).env("TRAP", self.forge.repository_dir(&name)).ok();
        format!("https://github.com/{name}")
    }

    fn clone(&self, url: &str) -> Output {
        let into = self.sandbox.work().join("clone");
        let words = ["clone", "-q", "--recurse-submodules", url];
        let run = self.sandbox.git(words).args([into.as_os_str()]).with_git(self.git);
        let cloned = run.env("GIT_TERMINAL_PROMPT", "0").run();
        let _ = fs::remove_dir_all(into);
        cloned
    }

    #[track_caller]
    fn tokens_stayed_at_home(&self, what: &str) {
        for entry in self.forge.log() {
            let Some(token) = &entry.token else { continue };
            let Some((_, host, owner)) = KEPT.iter().find(|(label, ..)| label == token) else { continue };
            match entry.kind {
                EntryKind::Rest => assert_eq!(entry.host, "api.github.com", "{what}: {token}"),
                _ => assert_eq!(
                    (entry.host.as_str(), entry.owner.as_str()),
                    (*host, *owner),
                    "{what}: {token}"
                ),
            }
        }
    }

    /// No file of ours holds a token of whoever wrote the URL.
    #[track_caller]
    fn nothing_of_theirs_is_kept(&self, what: &str) {
        let labels = ["bad", "bad-acme", "bad-initech", "bad-plain", "bad-plain-mona", "bad-code"];
        for folder in [".config", ".local"] {
            let folder = self.sandbox.home().join(folder);
            for label in labels {
                let found = given::files_with(&folder, &self.forge.secret(label));
                assert!(found.is_empty(), "{what}: {label}: {found:?}");
            }
        }
    }
}

#[test]
fn no_url_of_a_submodule_plants_replaces_or_shares_a_token() {
    std::thread::scope(|scope| {
        for git in gits() {
            scope.spawn(move || {
                let victim = Victim::new(git);
                let before = victim.possessions();
                assert_eq!(before.answers.iter().filter(|answer| answer.is_empty()).count(), 3);
                let mut stored = 0;
                for (at, (form, opens)) in FORMS.iter().enumerate() {
                    let what = format!("git {} {form}", git.version);
                    let url = victim.trap(at, form);
                    victim.forge.clear_log();
                    let cloned = victim.clone(&url);
                    assert_eq!(cloned.status.success(), *opens, "{what}: {}", cloned.stderr());
                    stored += usize::from(*opens && form.contains('{'));
                    victim.tokens_stayed_at_home(&what);
                    victim.nothing_of_theirs_is_kept(&what);
                    assert!(
                        victim.possessions() == before,
                        "{what}: something was planted, replaced or lost"
                    );
                }
                assert!(stored >= 9, "git had something to store: {stored}");
            });
        }
    });
}

/// The moment at which a token could be replaced: git has just been refused with it.
#[test]
fn a_token_that_was_refused_is_not_replaced_by_a_submodules() {
    let victim = Victim::new(&gits()[0]);
    for label in ["acme", "initech"] {
        victim.forge.policy(|policy| policy.token_mut(label).state = State::Revoked);
        let url = format!("https://github.com/{label}/secret");
        victim.sandbox.git(["ls-remote", "-q", &url]).with_git(victim.git).fails(128);
    }
    let files = victim.possessions().files;
    let is_theirs = |form: &str| form.contains("-acme}") || form.contains("-initech}");
    for (at, (form, _)) in FORMS.iter().enumerate().filter(|(_, (form, _))| is_theirs(form)) {
        let url = victim.trap(at, form);
        victim.clone(&url).ok();
        victim.nothing_of_theirs_is_kept(form);
        assert!(victim.possessions().files == files, "{form}");
    }
    let listed = victim.sandbox.patron(["list", "--json"]).ok().stdout();
    assert_eq!(listed.matches("\"rejected\"").count(), 2, "{listed}");
    // They work again when they do.
    for label in ["acme", "initech"] {
        victim.forge.policy(|policy| policy.token_mut(label).state = State::Active);
        victim.sandbox.patron(["token", label]).ok().prints(&format!("{}\n", victim.forge.secret(label)));
    }
}

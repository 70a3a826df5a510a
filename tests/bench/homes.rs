//! Homes with accounts, in the form of the product and in that of its peer.

use crate::measure::Call;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::TempDir;

const CONFIG: &str = ".config/git-credential-patron";
const DATA: &str = ".local/share/git-credential-patron";
const STATE: &str = ".local/state/git-credential-patron";
/// Where systems keep what lives as long as a session, traces among it: in memory. On a disk that is busy with
/// other things, making an empty file may take as long as all the rest (measured).
const MEMORY: &str = "/dev/shm";

/// A home with accounts, each for its own owner, in use for a while: every token has been answered and
/// found good once, so that what is measured is the everyday.
pub(crate) struct Home {
    folder: TempDir,
    runtime: TempDir,
    product: PathBuf,
    peer: Peer,
    accounts: usize,
    seen: Vec<(PathBuf, SystemTime)>,
}

/// A helper of git's own, which keeps its secrets where the product does in that home.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    /// git-credential-store: a file, read from the top.
    Store(PathBuf),
    /// git-credential-libsecret: the keyring of the session this runs in.
    Libsecret(PathBuf),
}

impl Home {
    /// Makes a home, and lets the product get to know its accounts.
    pub(crate) fn new(product: &Path, peer: &Peer, accounts: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let runtime = tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir());
        let runtime = runtime.expect("a temporary folder can be made");
        let home =
            Self { folder, runtime, product: product.into(), peer: peer.clone(), accounts, seen: Vec::new() };
        match peer {
            Peer::Store(_) => home.fill_files(),
            Peer::Libsecret(_) => home.fill_keyring(),
        }
        // The word of git first: of a place that is not known to be good, GitHub would be asked.
        home.store(0).0.run();
        home.know_the_others();
        for number in [0, accounts / 2, accounts - 1] {
            home.get(number).0.run();
        }
        assert!(home.traces() > 0, "an answer to git leaves a trace");
        for number in [0, accounts / 2, accounts - 1] {
            home.store(number).0.run();
        }
        assert!(home.traces() == 0, "git's word takes it away");
        let seen = home.files().map(|path| (path.clone(), changed(&path))).collect();
        Self { seen, ..home }
    }

    /// Writes down of each account what the product did of the first one: to have git tell of thousands, one after the
    /// other, takes minutes.
    fn know_the_others(&self) {
        let path = self.folder.path().join(STATE).join("outcomes.toml");
        let text = fs::read_to_string(&path).expect("the product wrote it");
        let (head, first) = text.split_once("\n[account.").expect("the first one");
        let key = head.split("key = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key");
        let fingerprint = |number| {
            let hash = hmac_sha256::HMAC::mac(token(number).as_bytes(), key.as_bytes());
            hash[..16].iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        };
        let of_first = fingerprint(0);
        assert!(first.contains(&of_first), "the fingerprint is made as the product makes it");
        let all = (0..self.accounts).map(|number| {
            let table = first.replace(&owner(0), &owner(number)).replace(&of_first, &fingerprint(number));
            format!("\n[account.{table}")
        });
        let text = head.to_owned() + &all.collect::<String>();
        fs::write(&path, text).expect("the home is ours");
    }

    /// Makes a home whose accounts were never used: nothing is known of them but what the files say.
    pub(crate) fn unused(product: &Path, peer: &Peer, accounts: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let runtime = tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir());
        let runtime = runtime.expect("a temporary folder can be made");
        let home =
            Self { folder, runtime, product: product.into(), peer: peer.clone(), accounts, seen: Vec::new() };
        home.fill_files();
        home
    }

    /// Git says that a token of another program was good, which is none of the accounts': the product, and its peer.
    pub(crate) fn unknown(&self) -> (Call, Call) {
        let token = token(self.accounts + 1);
        let token = token.rsplit('_').next().expect("its body").chars().take(36).collect::<String>();
        let known = format!("username=mona\npassword={}\n", ["gho", &token].join("_"));
        self.both("store", request(self.accounts + 1) + &known, &[])
    }

    fn fill_files(&self) {
        let mut list = "version = 1\n".to_owned();
        let mut secrets = "version = 1\n\n[secrets]\n".to_owned();
        let mut lines = String::new();
        for number in 0..self.accounts {
            let (owner, token) = (owner(number), token(number));
            let _ = write!(
                list,
                "\n[[account]]\nlabel = \"{owner}\"\nscope = \"https://github.com/{owner}\"\nlogin = \"mona\"\n\
                 kind = \"fine-grained\"\nexpires = \"2999-06-01T00:00:00Z\"\nvault = \"file\"\n"
            );
            let _ = writeln!(secrets, "\"https://github.com/{owner}#mona\" = \"{token}\"");
            let _ = writeln!(lines, "https://mona:{token}@github.com/{owner}/secret.git");
        }
        self.write(CONFIG, "accounts.toml", &list);
        self.write(DATA, "secrets.toml", &secrets);
        self.write(".", ".git-credentials", &lines);
    }

    /// Both put the same secrets into the keyring, each in its own way; ours learns them as it does from git.
    fn fill_keyring(&self) {
        for number in 0..self.accounts {
            // Only what git asked for, and got no answer to, is learned.
            self.both("get", request(number), &[]).0.run();
            let (mut ours, peer) = self.store(number);
            ours.environment.push(("PATRON_VAULT", "keyring".into()));
            ours.run();
            peer.run();
        }
    }

    /// How many traces lie about.
    fn traces(&self) -> usize {
        let folder = self.runtime.path().join("git-credential-patron");
        let names = fs::read_dir(folder).into_iter().flatten().flatten();
        names.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"t-")).count()
    }

    /// How many accounts it has.
    pub(crate) fn accounts(&self) -> usize {
        self.accounts
    }

    /// Git asks for the token of an account: the product, and its peer.
    pub(crate) fn get(&self, number: usize) -> (Call, Call) {
        let answers = vec![b"username=mona".to_vec(), format!("password={}", token(number)).into_bytes()];
        self.both("get", request(number), &answers)
    }

    /// Git says that the token of an account was good, as it was before: the product, and its peer.
    pub(crate) fn store(&self, number: usize) -> (Call, Call) {
        let known = format!("username=mona\npassword={}\n", token(number));
        let (ours, mut peer) = self.both("store", request(number) + &known, &[]);
        if matches!(self.peer, Peer::Libsecret(_)) {
            // It says again what it was told.
            peer.answers = known.lines().map(|line| line.as_bytes().to_vec()).collect();
        }
        (ours, peer)
    }

    /// Git says a word that neither of them knows, and nothing else: what takes time is starting and ending.
    pub(crate) fn start(&self) -> (Call, Call) {
        self.both("nothing-known", String::new(), &[])
    }

    /// A program that does nothing, loaded as the peer is: what no helper can be faster than.
    pub(crate) fn nothing(&self) -> Call {
        let (_, peer) = self.start();
        Call { program: "/bin/true".into(), arguments: Vec::new(), ..peer }
    }

    fn both(&self, word: &str, stdin: String, answers: &[Vec<u8>]) -> (Call, Call) {
        let file = self.folder.path().join(".git-credentials");
        let call = |program: &Path, arguments: Vec<OsString>| Call {
            program: program.to_owned(),
            arguments,
            environment: vec![
                ("HOME", self.folder.path().into()),
                ("XDG_RUNTIME_DIR", self.runtime.path().into()),
            ],
            stdin: stdin.clone().into_bytes(),
            answers: answers.to_vec(),
        };
        let ours = call(&self.product, vec![word.into()]);
        let peer = match &self.peer {
            Peer::Store(peer) => call(peer, vec!["--file".into(), file.into(), word.into()]),
            Peer::Libsecret(peer) => call(peer, vec![word.into()]),
        };
        (ours, peer)
    }

    /// Fails if a file of the product was written since the home was made: then the everyday was not
    /// what was measured.
    pub(crate) fn assert_untouched(&self) {
        for (path, before) in &self.seen {
            assert!(changed(path) == *before, "{} was written in between", path.display());
        }
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let secrets = match self.peer {
            Peer::Store(_) => Some((DATA, "secrets.toml")),
            Peer::Libsecret(_) => None,
        };
        [(CONFIG, "accounts.toml"), (STATE, "outcomes.toml")]
            .into_iter()
            .chain(secrets)
            .map(|(folder, name)| self.folder.path().join(folder).join(name))
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).expect("the home is ours");
        folder
    }

    fn write(&self, folder: &str, name: &str, text: &str) {
        let path = self.folder(folder).join(name);
        fs::write(&path, text).expect("the home is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the home is ours");
    }
}

fn owner(number: usize) -> String {
    format!("owner-{number}")
}

/// A text of a fine-grained token's length, another one for each account.
fn token(number: usize) -> String {
    let body: String = (0..)
        .flat_map(|at| format!("{:x}", (number + 1) * 7919 + at * 104_729).into_bytes())
        .map(char::from)
        .take(82)
        .collect();
    ["github", "pat", &body].join("_")
}

fn request(number: usize) -> String {
    // As git 2.47 sends it, without what no helper here looks at.
    format!("protocol=https\nhost=github.com\npath={}/secret.git\n", owner(number))
}

fn changed(path: &Path) -> SystemTime {
    fs::metadata(path)
        .and_then(|meta| meta.modified())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

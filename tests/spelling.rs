//! Scopes of a plain host that differ in case alone are different scopes: added, stored and removed in every order,
//! each gives the secret that the oracle says.
//!
//! The oracle knows one rule: of the paths that were kept, the longest that begins the asked one, letter by letter
//! and segment by segment, gives its secret. It is written without a line of the product.

use super::given;
use super::sandbox::Sandbox;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

const HOST: &str = "git.example.com";

/// One thing that is done to the accounts.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// `add` of this URL, whose path is that.
    Add(&'static str, &'static str),
    /// Git's `store` for this path.
    Store(&'static str),
    /// `remove` of this path.
    Remove(&'static str),
}

const ACTS: [[Act; 5]; 3] = [
    [
        Act::Add("https://GIT.example.com/Team", "Team"),
        Act::Add("https://git.example.com/team", "team"),
        Act::Store("TEAM/x"),
        Act::Store("Team/x"),
        Act::Remove("team"),
    ],
    [
        Act::Store("team/x"),
        Act::Add("https://Git.Example.COM/TEAM/x", "TEAM/x"),
        Act::Store("TEAM/x"),
        Act::Remove("TEAM/x"),
        Act::Remove("Team/x"),
    ],
    [
        Act::Store("Team"),
        Act::Store("team"),
        Act::Add("https://git.example.com/TEAM", "TEAM"),
        Act::Remove("Team"),
        Act::Remove("TEAM"),
    ],
];

const ASKED: [&str; 7] = ["Team/x", "team/x", "TEAM/x", "Team/y", "team/x/y", "TEAM", "teams/x"];

/// What must be there: the secret of each path.
type Oracle = BTreeMap<&'static str, String>;

fn expected(oracle: &Oracle, asked: &str) -> Option<String> {
    let begins = |path: &str| asked == path || asked.starts_with(&format!("{path}/"));
    let longest = oracle.iter().filter(|(path, _)| begins(path)).max_by_key(|(path, _)| path.len());
    longest.map(|(_, secret)| secret.clone())
}

struct Desk {
    sandbox: Sandbox,
}

/// The files that hold all that is kept, with their bytes.
type Snapshot = Vec<(PathBuf, Option<Vec<u8>>)>;

impl Desk {
    fn snapshot(&self) -> Snapshot {
        let files = [given::accounts_file, given::secrets_file, given::outcomes_file];
        files.map(|file| file(&self.sandbox)).map(|path| (path.clone(), fs::read(path).ok())).into()
    }

    fn restore(snapshot: &Snapshot) {
        for (path, bytes) in snapshot {
            match bytes {
                // Its mode stays.
                Some(bytes) => fs::write(path, bytes).expect("ours"),
                None => _ = fs::remove_file(path),
            }
        }
    }

    /// Does one thing, and tells the oracle.
    fn act(&self, act: Act, secret: &str, oracle: &mut Oracle, what: &str) {
        match act {
            Act::Add(url, path) => {
                let words = ["add", url, "--login", "u", "--token-stdin", "--no-verify", "--no-browser"];
                let added = self.sandbox.patron(words).args(["--vault", "file", "--yes"]).stdin(secret).ok();
                let is_new = oracle.insert(path, secret.to_owned()).is_none();
                assert_eq!(!added.stdout().contains("replaced"), is_new, "{what}: {}", added.stdout());
            }
            Act::Store(path) => {
                let more = format!("username=u\npassword={secret}\n");
                self.sandbox.patron(["store"]).stdin(given::request(HOST, path, &more)).ok().says_nothing();
                oracle.insert(path, secret.to_owned());
            }
            Act::Remove(path) => {
                let removed =
                    self.sandbox.patron(["remove", &format!("https://{HOST}/{path}"), "--yes"]).run();
                let was_there = oracle.remove(path).is_some();
                assert_eq!(removed.status.success(), was_there, "{what}: {}", removed.stderr());
            }
        }
    }

    #[track_caller]
    fn agrees(&self, oracle: &Oracle, what: &str) {
        for asked in ASKED {
            let output = self.sandbox.patron(["get"]).stdin(given::request(HOST, asked, "")).ok();
            let wanted = expected(oracle, asked);
            let wanted =
                wanted.map_or_else(String::new, |secret| format!("username=u\npassword={secret}\n\n"));
            assert_eq!(output.stdout(), wanted, "{what}: asked for {asked}, kept: {oracle:?}");
        }
    }

    /// Goes on in every order of what is left.
    fn walk(&self, left: &[Act], oracle: &Oracle, path: &mut Vec<String>) -> usize {
        let mut orders = usize::from(left.is_empty());
        let before = self.snapshot();
        for (at, act) in left.iter().enumerate() {
            Self::restore(&before);
            let mut oracle = oracle.clone();
            path.push(format!("{act:?}"));
            let what = path.join(", ");
            self.act(*act, &format!("secret of {at} at {}", path.len()), &mut oracle, &what);
            self.agrees(&oracle, &what);
            let rest = [&left[..at], &left[at + 1..]].concat();
            orders += self.walk(&rest, &oracle, path);
            path.pop();
        }
        orders
    }
}

#[test]
fn every_order_of_adding_storing_and_removing_keeps_spellings_apart() {
    std::thread::scope(|scope| {
        for acts in &ACTS {
            scope.spawn(move || {
                let mut sandbox = Sandbox::new(None);
                sandbox.set("PATRON_VAULT", "file");
                let desk = Desk { sandbox };
                // The vault is in use, so that what git stores may come into it.
                let first =
                    ["add", "https://other.example.com", "--login", "u", "--token-stdin", "--no-verify"];
                desk.sandbox.patron(first).args(["--vault", "file", "--yes"]).stdin("another").ok();
                assert_eq!(desk.walk(acts, &Oracle::new(), &mut Vec::new()), 120);
            });
        }
    });
}

/// What the first version wrote: it took the two for one when it added, and for two when git stored.
#[test]
fn accounts_that_the_first_version_mixed_up_are_named_until_each_is_kept_anew() {
    let mut sandbox = Sandbox::new(None);
    sandbox.set("PATRON_VAULT", "file");
    let urls = ["Team", "team", "tools"].map(|path| format!("https://{HOST}/{path}"));
    given::accounts(&sandbox, &urls.clone().map(|url| given::plain(&url, "u", "of one of them")));
    let said = |words: &[&str]| {
        let output = sandbox.patron(words).run();
        let said = [output.stdout(), output.stderr()].concat();
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let ask = format!("https://{HOST}/team/x");
    let commands = [&["list"][..], &["status"], &["status", "--offline"], &["diagnose", "--offline", &ask]];
    let names = |text: &str, path: &str| text.contains(&format!("git credential-patron add {HOST}/{path}"));
    for words in commands {
        let text = said(words);
        assert!(text.contains("differ in case alone") && names(&text, "team"), "{words:?}: {text}");
        assert!(!names(&text, "tools"), "{words:?}: {text}");
        assert_eq!(names(&text, "Team"), words[0] != "diagnose", "{words:?}: {text}");
    }
    assert_eq!(sandbox.patron(["status"]).run().status.code(), Some(1), "something is to be done");
    for (at, url) in urls[..2].iter().enumerate() {
        let words = ["add", url, "--login", "u", "--token-stdin", "--no-verify", "--no-browser"];
        sandbox.patron(words).args(["--vault", "file", "--yes"]).stdin(format!("new {at}")).ok();
    }
    for words in commands {
        let text = said(words);
        assert!(!text.contains("differ in case alone"), "{words:?}: {text}");
    }
    for (asked, secret) in [("Team/x", "new 0"), ("team/x", "new 1")] {
        let output = sandbox.patron(["get"]).stdin(given::request(HOST, asked, "")).ok();
        output.prints(&format!("username=u\npassword={secret}\n\n"));
    }
}

/// An oracle that takes one spelling for another would prove nothing.
#[test]
fn the_oracle_tells_spellings_apart() {
    let oracle =
        Oracle::from([("Team", "1".to_owned()), ("team", "2".to_owned()), ("TEAM/x", "3".to_owned())]);
    let says = |asked: &str| expected(&oracle, asked);
    assert_eq!(
        [says("Team/x"), says("team/x"), says("TEAM/x/y")],
        ["1", "2", "3"].map(|it| Some(it.to_owned()))
    );
    assert_eq!([says("TEAM"), says("teams/x"), says("TEAM/xy"), says("")], [const { None }; 4]);
}

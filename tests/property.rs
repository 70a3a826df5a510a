//! Two properties of `get`, on generated requests against the built binary.
//!
//! Safety: whatever is asked, an answer implies that the raw bytes of the request name the host, the
//! owner and (where the account has them) the repository and the user of the account whose secret is
//! given. The oracle, [`may_have`], is written without a line of the product: it knows nothing of URLs,
//! normal forms or scopes, only of bytes between line feeds.
//!
//! Liveness, so that safety is not had by silence: a request as git really sends it is answered with
//! the secret of the account it should have.

use std::io::Write as _;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use super::given::{self, Account, account, contains, plain};
use super::sandbox::Sandbox;

/// How many questions are asked that are good, nearly good or hostile, and how many as git asks them.
const HOSTILE: u32 = 38_000;
const AS_GIT_SENDS_IT: u32 = 2_000;
/// From here on the accounts of [`world`] are a plain host's.
const PLAIN: usize = 7;

/// An account as the oracle sees it: which raw host and which first segments of the raw path it needs.
struct Known {
    secret: String,
    host: &'static str,
    path: &'static [&'static str],
    /// On a plain host: the user that must have been asked, if one was; its paths are compared letter by letter.
    user: Option<&'static str>,
    /// On GitHub: whose token it is. Another one's name of [`LOGINS`] is asked for in vain.
    login: &'static str,
}

/// Whose tokens there are on which hosts, the latter by their end. As the first segment of the path such a name means
/// the owner, and tells nothing.
const LOGINS: [(&str, &str); 2] = [("mona", ""), ("robot", "github.com")];

/// Slashes around a path mean nothing: git cuts them from a URL.
fn trimmed(mut path: &[u8]) -> &[u8] {
    while let [b'/', rest @ ..] | [rest @ .., b'/'] = path {
        path = rest;
    }
    path
}

/// Tells whether the account with this secret may be meant by these bytes.
fn may_have(raw: &[u8], known: &Known) -> bool {
    let lines = raw.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines: Vec<&[u8]> = lines.take_while(|line| !line.is_empty()).collect();
    let all = |key: &'static str| lines.iter().filter_map(move |line| line.strip_prefix(key.as_bytes()));
    let every = |key, fits: &dyn Fn(&[u8]) -> bool| all(key).count() > 0 && all(key).all(fits);
    let same = |one: &[u8], other: &[&str]| one.eq_ignore_ascii_case(other.concat().as_bytes());
    let host = |host: &[u8]| same(host, &[known.host]) || same(host, &[known.host, ":443"]);
    let is_plain = known.user.is_some();
    let path = |path: &[u8]| {
        let path = trimmed(path.split(|b| b"?#".contains(b)).next().unwrap_or_default());
        let mut segments = path.split(|b| *b == b'/');
        // A wiki, too, is asked for with and without `.git`.
        let repo = |asked: &[u8], mine: &str| match is_plain {
            true => asked == mine.as_bytes(),
            false => ["", ".git", ".wiki", ".wiki.git"].iter().any(|end| same(asked, &[mine, end])),
        };
        path.contains(&b'/') && known.path.iter().all(|mine| segments.next().is_some_and(|it| repo(it, mine)))
    };
    let owner = |name: &[u8]| {
        all("path=").any(|path| {
            trimmed(path).split(|b| *b == b'/').next().is_some_and(|it| it.eq_ignore_ascii_case(name))
        })
    };
    let is_others = |asked: &[u8]| {
        let is_login = LOGINS.iter().any(|(login, host)| known.host.ends_with(host) && same(asked, &[login]));
        is_login && !same(asked, &[known.login]) && !owner(asked)
    };
    every("protocol=", &|protocol| protocol == b"https")
        && every("host=", &host)
        && (known.path.is_empty() || every("path=", &path))
        && match known.user {
            Some(user) => all("username=").all(|asked| asked == user.as_bytes()),
            None => !all("username=").any(is_others),
        }
}

/// The accounts of these tests, as the product and as the oracle see them.
fn world() -> (Sandbox, Vec<Account>, Vec<Known>) {
    let github = "server = \"github\"";
    let mut robot = account("https://github.com/beta");
    robot.login = Some("robot".to_owned());
    let accounts = vec![
        account("https://github.com/acme"),
        robot,
        account("https://github.com/mona"),
        account("https://github.com/acme/secret"),
        account("https://ghe.example.com:8443/acme").with(github),
        account("https://corp.ghe.com/acme"),
        account("https://octo.example.com").with(github),
        plain("https://git.example.com", "mona", "p1 of a plain host"),
        plain("https://git.example.com/team/app", "u", "p2 of a plain host"),
        plain("https://git.example.com/Team/App", "u", "p3 of a plain host"),
        plain("https://git.example.com", "MONA", "p4 of a plain host"),
        plain("https://git.example.com:8443", "u", "p5 of a plain host"),
    ];
    let seen: [(usize, &str, &[&str], Option<&str>); 13] = [
        (0, "github.com", &["acme"], None),
        (1, "github.com", &["beta"], None),
        (2, "github.com", &["mona"], None),
        (3, "github.com", &["acme", "secret"], None),
        (4, "ghe.example.com:8443", &["acme"], None),
        (5, "corp.ghe.com", &["acme"], None),
        (6, "octo.example.com", &[], None),
        (7, "git.example.com", &[], Some("mona")),
        (8, "git.example.com", &["team", "app"], Some("u")),
        (9, "git.example.com", &["Team", "App"], Some("u")),
        (10, "git.example.com", &[], Some("MONA")),
        (11, "git.example.com:8443", &[], Some("u")),
        // Gists belong to the user whose own account it is; their paths name no owner.
        (2, "gist.github.com", &[], None),
    ];
    let known = seen.map(|(at, host, path, user)| {
        let (secret, login) = (accounts[at].secret.clone(), if at == 1 { "robot" } else { "mona" });
        Known { secret, host, path, user, login }
    });
    let sandbox = Sandbox::new(None);
    given::accounts(&sandbox, &accounts);
    (sandbox, accounts, known.into())
}

const HOSTS: &[&str] = &[
    "github.com",
    "github.com",
    "github.com",
    "gist.github.com",
    "ghe.example.com:8443",
    "corp.ghe.com",
    "octo.example.com",
    "git.example.com",
    "git.example.com:8443",
    // Where a redirect may lead git, which then asks for that place.
    "github.com:8443",
    "www.github.com",
    "code.example.com",
    "evil.test",
];
const PATHS: &[&str] = &[
    "acme/r",
    "acme/secret.git",
    "acme/Secret.wiki.git",
    "acme/secret2",
    "beta/r.git/info/lfs",
    "mona/0123abcd.git",
    "team/app",
    "Team/App",
    "TEAM/app/x",
    "team/app/x.git",
    "Team/App/x.git",
    "ACME/R",
    "Beta/r",
    "team/application",
    "acme",
    "",
    "other/r",
];
/// What an attacker may put around, or in the midst of, a good text.
const ODD: &[&str] = &[
    ".",
    ":",
    ":443",
    ":80",
    ":8443",
    ":0443",
    " ",
    "\t",
    "\0",
    "\r",
    "\u{b}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{ad}",
    "\u{456}",
    "\u{ff47}",
    "\u{3002}",
    "%",
    "%00",
    "%2F",
    "%2e%2e",
    "%40",
    "/",
    "//",
    "/./",
    "/../",
    "../",
    "./",
    "\\",
    "?",
    "#",
    "@",
    "evil",
    "evil.test",
    ".evil.test",
    "gist.",
    "www.",
    "@evil.test",
    "/evil",
    "acme",
    "beta/",
    "/beta/",
    "-",
    "_",
    "\nhost=evil.test",
    "\nhost=github.com",
    "\rhost=github.com",
    "\npath=beta/r",
    "\nprotocol=http",
    "\n",
    "\n\n",
    "=",
];
const USERS: &[&str] = &[
    "mona",
    "robot",
    "acme",
    "git",
    "x-access-token",
    "u",
    "U",
    "",
    "MONA",
    "Robot",
    "stranger",
    "a@github.com",
    "beta/",
];

/// A known text, as it is (half of them), in another case, or with something odd in it.
fn near(known: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let base = select(known).prop_map(str::to_owned);
    prop_oneof![
        24 => base.clone(),
        2 => (base.clone(), any::<u64>()).prop_map(|(text, mask)| another_case(&text, mask)),
        2 => (select(ODD), base.clone()).prop_map(|(odd, text)| format!("{odd}{text}")),
        2 => (base.clone(), select(ODD)).prop_map(|(text, odd)| format!("{text}{odd}")),
        2 => (base.clone(), select(ODD), any::<Index>()).prop_map(|(mut text, odd, at)| {
            text.insert_str(at.index(text.len() + 1), odd);
            text
        }),
        1 => (base, any::<Index>()).prop_map(|(mut text, at)| {
            if !text.is_empty() {
                text.remove(at.index(text.len()));
            }
            text
        }),
    ]
    .prop_map(String::into_bytes)
    .prop_flat_map(|text| {
        prop_oneof![
            60 => Just(text.clone()),
            1 => (Just(text), any::<Index>(), any::<u8>()).prop_map(|(mut text, at, byte)| {
                text.insert(at.index(text.len() + 1), byte);
                text
            }),
        ]
    })
}

fn another_case(text: &str, mask: u64) -> String {
    let flip = |(at, c): (usize, char)| if mask >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c };
    text.chars().enumerate().map(flip).collect()
}

fn line(key: &'static str, value: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    value.prop_map(move |value| [key.as_bytes(), b"=", &value].concat())
}

/// Requests that are good, nearly good, or hostile.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let protocol = || {
        line(
            "protocol",
            prop_oneof![
                20 => Just(b"https".to_vec()),
                1 => select(&["http", "HTTPS", "ssh", "https ", "httpsx", ""][..]).prop_map(|it| it.as_bytes().to_vec()),
            ],
        )
    };
    let more = prop_oneof![
        4 => line("username", near(USERS)),
        1 => line("host", near(HOSTS)),
        1 => line("path", near(PATHS)),
        1 => protocol(),
        1 => select(&["password=x", "url=https://github.com/beta/r", "quit=1", "capability[]=authtype", "garbage", "=x", "wwwauth[]=Basic realm=\"github.com\""][..])
            .prop_map(|it| it.as_bytes().to_vec()),
    ];
    let lines = (
        protocol(),
        line("host", near(HOSTS)),
        line("path", near(PATHS)),
        proptest::collection::vec(more, 0..2),
    )
        .prop_map(|(protocol, host, path, more)| [vec![protocol, host, path], more].concat());
    let end = prop_oneof![
        90 => Just("\n"), 6 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n"), 1 => Just(" \n"), 1 => Just("\r\r\n"), 1 => Just("\0\n"), 1 => Just("\u{2028}\n"),
    ];
    let lines = lines.boxed();
    let shuffled = prop_oneof![3 => lines.clone(), 1 => lines.prop_shuffle()];
    (shuffled, proptest::collection::vec(end, 6), any::<Index>(), 0..24u8).prop_map(
        |(lines, ends, at, cut)| {
            let mut text: Vec<u8> =
                lines.iter().zip(ends).flat_map(|(line, end)| [line, end.as_bytes()].concat()).collect();
            if cut == 0 {
                text.truncate(at.index(text.len() + 1));
            }
            text
        },
    )
}

/// Asks the built binary, with as little around it as can be: there are tens of thousands of questions.
fn ask(sandbox: &Sandbox, raw: &[u8]) -> Output {
    let mut command = sandbox.patron(["get"]).into_command();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it was built");
    // One that refuses early does not read all of it.
    let _ = child.stdin.take().expect("it was piped").write_all(raw);
    child.wait_with_output().expect("it is ours")
}

/// The secret that was given, if one was; a test failure unless it is exactly one whole answer.
fn secret_given(output: &Output) -> Result<Option<String>, TestCaseError> {
    prop_assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    prop_assert!(said.lines().count() <= 1, "{}", said);
    let text = String::from_utf8_lossy(&output.stdout);
    if text.is_empty() {
        return Ok(None);
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let [user, password, "", ""] = lines[..] else {
        return Err(TestCaseError::fail(format!("an answer of {} lines", lines.len())));
    };
    prop_assert!(user.starts_with("username="));
    prop_assert!(password.starts_with("password="));
    Ok(password.strip_prefix("password=").map(str::to_owned))
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn an_answer_implies_that_the_raw_bytes_name_the_account_it_comes_from() {
    let (answered, silent) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let (answered, silent) = (&answered, &silent);
            scope.spawn(move || {
                let (sandbox, _, known) = world();
                let result = runner(HOSTILE / 2).run(&hostile(), |raw| {
                    let output = ask(&sandbox, &raw);
                    let Some(secret) = secret_given(&output)? else {
                        silent.fetch_add(1, Relaxed);
                        return Ok(());
                    };
                    answered.fetch_add(1, Relaxed);
                    let meant = known.iter().any(|known| known.secret == secret && may_have(&raw, known));
                    prop_assert!(meant, "not meant: {:?}", String::from_utf8_lossy(&raw));
                    prop_assert!(
                        known.iter().all(|known| !contains(&output.stderr, known.secret.as_bytes()))
                    );
                    Ok(())
                });
                if let Err(error) = result {
                    panic!("{error}");
                }
            });
        }
    });
    let (answered, silent) = (answered.into_inner(), silent.into_inner());
    given::report(&format!("property: {answered} requests answered, {silent} not"));
    assert!(answered > 3_000 && silent > 3_000, "both outcomes are tried: {answered} answered, {silent} not");
}

/// Requests as git sends them: host and path in any case, every ending of a repository, any order of
/// what does not matter; with the account each should have. Only GitHub takes paths in any case.
fn as_git_sends_it() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let asked = select(
        &[
            (0, "github.com", "acme/r"),
            (0, "github.com", "acme/secret2"),
            (1, "github.com", "beta/r"),
            (2, "github.com", "mona/dotfiles"),
            (2, "gist.github.com", "0123abcd"),
            (3, "github.com", "acme/secret"),
            (4, "ghe.example.com:8443", "acme/r"),
            (5, "corp.ghe.com", "acme/r"),
            (6, "octo.example.com", "anyone/r"),
            (8, "git.example.com", "team/app/r"),
            (9, "git.example.com", "Team/App/r"),
            (11, "git.example.com:8443", "team/app"),
        ][..],
    );
    let ending = select(&["", ".git", ".wiki.git", ".git/info/lfs"][..]);
    let user = select(&["", "username=stranger\n", "username=git\n", "username=x-access-token\n"][..]);
    (asked, ending, user, any::<u64>(), any::<bool>(), select(&["\n", "\r\n"][..])).prop_map(
        |((expected, host, path), ending, user, mask, port, end)| {
            let host = if port && !host.contains(':') { format!("{host}:443") } else { host.to_owned() };
            let mask_of_path = if expected >= PLAIN { 0 } else { mask.rotate_left(32) };
            let user = if expected >= PLAIN { "username=u\n" } else { user };
            let (host, path) = (another_case(&host, mask), another_case(path, mask_of_path));
            let text = format!(
                "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost={host}\npath={path}{ending}\n{user}wwwauth[]=Basic realm=\"GitHub\"\n"
            );
            (text.replace('\n', end).into_bytes(), expected)
        },
    )
}

#[test]
fn a_request_as_git_sends_it_gets_the_secret_it_should_have() {
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (sandbox, accounts, _) = world();
                let result = runner(AS_GIT_SENDS_IT / 2).run(&as_git_sends_it(), |(raw, expected)| {
                    let given = secret_given(&ask(&sandbox, &raw))?;
                    let position = |secret| accounts.iter().position(|account| account.secret == secret);
                    prop_assert_eq!(given.and_then(position), Some(expected));
                    Ok(())
                });
                if let Err(error) = result {
                    panic!("{error}");
                }
            });
        }
    });
}

/// An oracle that always says yes would prove nothing.
#[test]
fn the_oracle_knows_a_stranger() {
    let (_, _, known) = world();
    let may = |raw: &str| known.iter().any(|known| may_have(raw.as_bytes(), known));
    let with = |host: &str, path: &str| may(&format!("protocol=https\nhost={host}\npath={path}\n"));
    assert!(
        with("github.com", "acme/r") && with("GitHub.com:443", "ACME/r") && with("gist.github.com", "0123")
    );
    assert!(with("octo.example.com", "anyone/r") && with("git.example.com", "x"));
    let known_by = |secret: &str| known.iter().position(|known| known.secret == secret).expect("there");
    let spelt = &known[known_by("p3 of a plain host")];
    let ask = |path: &str| format!("protocol=https\nhost=git.example.com\npath={path}\n");
    assert!(may_have(ask("Team/App/x").as_bytes(), spelt) && !may_have(ask("team/app/x").as_bytes(), spelt));
    let of_beta =
        |user: &str| may(&format!("protocol=https\nhost=github.com\npath=beta/r\nusername={user}\n"));
    assert!(
        of_beta("robot") && of_beta("Robot") && of_beta("stranger") && of_beta("beta") && !of_beta("mona")
    );
    for host in [
        "github.com.",
        "evilgithub.com",
        "github.com.evil.test",
        "github.com\0",
        "github.com:80",
        "gist.evil.test",
        "evil.test\rhost=github.com",
    ] {
        assert!(!with(host, "acme/r"), "{host}");
    }
    assert!(with("github.com", "/acme/r/"), "as git cuts it");
    for path in ["other/r", "acme", "", "/other/r", "acme%2Fr", "x/../acme/r", "\u{2028}acme/r"] {
        assert!(!with("github.com", path), "{path}");
    }
    assert!(!may("protocol=http\nhost=github.com\npath=acme/r\n") && !may("host=github.com\npath=acme/r\n"));
    assert!(!may("protocol=https\nhost=evil.test\nhost=github.com\npath=acme/r\n"));
    assert!(!may("protocol=https\n\nhost=github.com\npath=acme/r\n"));
    assert!(!may("protocol=https\nhost=git.example.com\npath=x\nusername=stranger\n"));
}

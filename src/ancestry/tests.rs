//! The chains that were seen, and those that must not be taken for one.

use super::*;

fn process(arguments: &str) -> Ancestor {
    let arguments: Vec<u8> = arguments.split('|').flat_map(|it| it.bytes().chain([0])).collect();
    Ancestor { id: None, arguments: Zeroizing::new(arguments) }
}

/// Tells from a chain, the nearest process first, arguments separated by `|`.
fn told(chain: &[&str]) -> Caller {
    tell(chain.iter().map(|it| process(it)))
}

fn place(caller: &Caller) -> Option<String> {
    caller.url.as_ref()?.remote().map(|remote| remote.name())
}

const SHELL: &str = "/bin/sh|-c|/usr/bin/git-credential-patron get|/usr/bin/git-credential-patron get";

#[test]
fn the_chains_that_git_makes() {
    use Direction::{Fetch, Push};
    let fetch = "/usr/lib/git-core/git-remote-https|origin|https://github.com/acme/secret.git";
    let wrapper = "/usr/lib/git-core/git|remote-https|origin|https://github.com/acme/secret.git";
    for (above, subcommand, operation) in [
        (&["git|fetch"][..], Some("fetch"), Some(Fetch)),
        (&["git|push|origin|HEAD:x"], Some("push"), Some(Push)),
        (&["git|-C|push|--no-pager|-c|a=b|--git-dir|x|fetch|push"], Some("fetch"), Some(Fetch)),
        (&["git|--git-dir=push|--exec-path=/x|push"], Some("push"), Some(Push)),
        (&["/usr/lib/git-core/git|fetch|--update-head-ok", "git|pull"], Some("fetch"), Some(Fetch)),
        (&["/opt/git-core/git-push|origin"], Some("push"), Some(Push)),
        (&["git|clone|https://github.com/acme/secret.git"], Some("clone"), Some(Fetch)),
        (&["git|ls-remote", "git|push"], Some("ls-remote"), Some(Fetch)),
        (&["git|up"], None, None),
        (&["git|-C"], None, None),
        (&["python3|x.py|push"], None, None),
        (&[], None, None),
    ] {
        for between in [&[SHELL][..], &["git|credential-patron|get", "sh|-c|git credential-patron get"], &[]]
        {
            for wrapper in [&[wrapper][..], &[]] {
                let chain = [between, &[fetch], wrapper, above].concat();
                let caller = told(&chain);
                assert_eq!(caller.kind, Kind::RemoteHttp, "{chain:?}");
                assert_eq!(place(&caller).as_deref(), Some("acme/secret"), "{chain:?}");
                assert_eq!((caller.subcommand, caller.operation), (subcommand, operation), "{chain:?}");
            }
        }
    }
    let caller =
        told(&[SHELL, "git-remote-http|https://github.com/a/b|https://github.com/a/b", "git|ls-remote"]);
    assert_eq!((caller.kind, place(&caller).as_deref()), (Kind::RemoteHttp, Some("a/b")));
}

/// As programs of MSYS2 and Cygwin are seen: by their names alone.
#[cfg(windows)]
#[test]
fn a_git_whose_arguments_are_hidden_is_known_by_its_name() {
    for shell in [&["sh"][..], &["bash", "sh"], &[]] {
        let caller = told(&[shell, &["git-remote-https", "git", "bash"]].concat());
        assert_eq!((caller.kind, caller.url.is_none(), caller.operation), (Kind::RemoteHttp, true, None));
    }
}

#[test]
fn a_chain_with_a_gap_says_nothing_of_the_url_above_it() {
    let fetch = "git-remote-https|origin|https://github.com/acme/secret.git";
    for (between, kind) in [
        (&["git|credential|fill", "/bin/sh|./helper.sh|get"][..], Kind::CredentialPlumbing),
        (&["/bin/sh|./helper.sh|get"], Kind::Other),
        (&["python3|-c|import os"], Kind::Other),
        (&["/usr/bin/env|git-credential-patron|get"], Kind::Other),
        (&["git|http-fetch|--packfile=x|https://github.com/other/pack"], Kind::Other),
        (&["git|fetch"], Kind::Other),
        (&["git-lfs|smudge", "git|checkout"], Kind::Lfs),
        (&[""], Kind::Other),
    ] {
        let chain = [&[SHELL], between, &[fetch, "git|fetch"]].concat();
        let caller = told(&chain);
        assert_eq!((caller.kind, caller.url, caller.process), (kind, None, None), "{chain:?}");
    }
    assert_eq!(told(&[]).kind, Kind::Other);
    assert_eq!(told(&[SHELL, SHELL]).kind, Kind::Other);
}

#[test]
fn git_lfs_asks_through_git_credential() {
    for (lfs, subcommand, operation) in [
        ("git-lfs|pre-push|origin|https://github.com/a/b", Some("pre-push"), Some(Direction::Push)),
        ("git-lfs|filter-process", Some("filter-process"), Some(Direction::Fetch)),
        ("/usr/bin/git|lfs|pull", Some("pull"), Some(Direction::Fetch)),
        ("git-lfs|locks", Some("locks"), None),
        ("git-lfs", None, None),
    ] {
        let caller = told(&[SHELL, "git|credential|fill", lfs, "git|push"]);
        assert_eq!((caller.kind, caller.url.clone()), (Kind::Lfs, None), "{lfs}");
        assert_eq!((caller.subcommand, caller.operation), (subcommand, operation), "{lfs}");
    }
    let caller = told(&[SHELL, "git|credential|approve", "bash|-c|push", "git|push"]);
    assert_eq!((caller.kind, caller.operation), (Kind::CredentialPlumbing, None));
}

#[test]
fn a_url_is_taken_apart_as_git_does_it() {
    // `tests/callers.rs` asks git itself for those that a server can be asked for.
    for (url, host, path) in [
        ("https://github.com/acme/r.git", "github.com", "acme/r.git"),
        ("https://github.com//acme/r//", "github.com", "acme/r"),
        ("https://github.com", "github.com", ""),
        ("https://github.com/", "github.com", ""),
        ("https://user:p%40w@github.com/acme/r", "github.com", "acme/r"),
        ("https://user@github.com:8443/acme/r", "github.com:8443", "acme/r"),
        ("https://github.com@evil.test/acme/r", "evil.test", "acme/r"),
        ("https://a@b@github.com/acme/r", "b@github.com", "acme/r"),
        ("https://evil.test#@github.com/acme/r", "evil.test", "#@github.com/acme/r"),
        ("https://evil.test?@github.com/acme/r", "evil.test", "?@github.com/acme/r"),
        ("https://evil.test\\@github.com/acme/r", "github.com", "acme/r"),
        ("https://%67ithub.com/%61cme/r", "github.com", "acme/r"),
        ("https://github.com/acme/r%zz%4", "github.com", "acme/r%zz%4"),
        ("https://github.com/acme%00/r", "github.com", "acme%00/r"),
        ("https://github.com/acme%252Fx/r", "github.com", "acme%2Fx/r"),
        ("https://github.com/%61cme/r:%61", "github.com", "%61cme/r:a"),
        ("https://github.com/acme/r.git?x=1#y", "github.com", "acme/r.git?x=1#y"),
        // Stricter than git: its slash is not GitHub's.
        ("https://github.com/acme%2Fother/r", "github.com", "acme%2Fother/r"),
        ("https://github.com/acme%2f..%2fvictim/r", "github.com", "acme%2f..%2fvictim/r"),
    ] {
        let parsed = Url::parse(url.as_bytes()).expect("https");
        assert_eq!(String::from_utf8_lossy(&parsed.host), host, "{url}");
        assert_eq!(String::from_utf8_lossy(&parsed.path), path, "{url}");
    }
    for none in ["http://github.com/a/b", "HTTPS://github.com/a/b", "git@github.com:a/b", "origin", ""] {
        assert_eq!(Url::parse(none.as_bytes()), None, "{none}");
    }
    let owner = |url: &[u8]| Url::parse(url).and_then(|url| url.remote()).and_then(|remote| remote.owner);
    assert!(owner(b"https://github.com/acme/r").is_some());
    for unusable in [
        &b"https://github.com/acme%2Fother/r"[..],
        b"https://github.com/a/../b/r",
        b"https://github.com/\xff\xfe/r",
    ] {
        assert!(owner(unusable).is_none(), "{unusable:?}");
    }
}

#[test]
fn nothing_of_a_url_shows() {
    let secret = ["canary", "text"].concat();
    let url = format!("https://user:{secret}@github.com/acme/{secret}?x={secret}");
    let caller = told(&[SHELL, &format!("git-remote-https|origin|{url}"), "git|fetch"]);
    assert!(!format!("{caller:?}").contains(&secret));
    assert_eq!(place(&caller), Some(format!("acme/{secret}")));
}

#[test]
fn arguments_may_be_anything() {
    let odd = Ancestor { id: None, arguments: Zeroizing::new(b"\xff/git\0-c\0\xff=\0f\xfetch\0".to_vec()) };
    assert_eq!(odd.git_command().map(|(command, _)| command.to_vec()), Some(b"f\xfetch".to_vec()));
    // The last one is cut off: a URL that ends too early would name another repository.
    let cut = b"git-remote-https\0origin\0https://github.com/acme/r".to_vec();
    let cut = Ancestor { id: None, arguments: Zeroizing::new(cut) };
    assert_eq!(cut.url(), None);
}

#[test]
fn a_process_is_named_by_a_text_that_is_read_back() {
    for bad in ["", "1", "1-2", "1-2-", "1-2-xyz", "x-2-0123abcd", "1-2-../../0123abcd", "-1-2-0123abcd"] {
        assert_eq!(bad.parse::<ProcessId>(), Err(NotAProcess), "{bad}");
    }
}

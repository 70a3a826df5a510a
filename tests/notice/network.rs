//! Networks that fail while git works: none at all, names that nobody knows or tells, servers that accept and say
//! nothing, portals, limits. Whatever fails, the token is given in time, stays what it was, and no page opens.

use super::Desk;
use crate::faults::tool;
use crate::forge::{By, On, Policy, Reply, Rule, Then};
use crate::given::seen;
use crate::sandbox::Output;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

/// What a `get` may cost beside the 3 s of a question, on a machine that has much else to do.
const SOON: Duration = Duration::from_secs(9);

const ASKED: &str = "protocol=https\nhost=github.com\npath=acme/secret.git\n";

/// A script that asks patron as git's own `git-remote-https` would.
const CALLER: &str = "exec -a git-remote-https bash ask origin https://github.com/acme/secret";

/// A desk with acme's account and the script.
fn desk() -> Desk {
    let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    std::fs::write(desk.sandbox.work().join("ask"), "git-credential-patron get\n:\n").expect("ours");
    desk
}

/// Asks where the machine's network is what `before` makes of one without any connection; no proxy is set.
fn asked_in_a_network(desk: &Desk, before: &str) -> Output {
    let kind = if rustix::process::geteuid().is_root() { "-mn" } else { "-rmn" };
    let line = format!("{before}\n{CALLER}");
    let run = desk.sandbox.command(tool("unshare", "util-linux"), [kind, "bash", "-eu", "-c", &line]);
    let run = ["HTTPS_PROXY", "https_proxy"].iter().fold(run, |run, name| run.env_remove(name));
    run.env("PATRON_TRACE", desk.sandbox.root().join("trace")).stdin(ASKED).run()
}

/// The token came in time, though GitHub was asked and did not answer, and nothing is held against it.
#[track_caller]
fn is_given_all_the_same(desk: &Desk, output: &Output, what: &str) {
    let answer = format!("username=mona\npassword={}\n", desk.forge.secret("acme"));
    assert!(output.stdout().starts_with(&answer), "{what}: {}", output.report());
    assert!(output.took < SOON, "{what}: {:?}", output.took);
    let trace = std::fs::read_to_string(desk.sandbox.root().join("trace")).unwrap_or_default();
    assert!(trace.contains("asking: first use"), "{what}: GitHub was to be asked: {trace}");
    is_as_it_was(desk, what);
}

#[track_caller]
fn is_as_it_was(desk: &Desk, what: &str) {
    let listed = desk.sandbox.patron(["list", "--json"]).ok().stdout();
    assert!(!listed.contains("rejected") && !listed.contains("refused"), "{what}: {listed}");
    assert_eq!(desk.pages(), [""; 0], "{what}");
    desk.sandbox.patron(["token", "acme"]).ok().prints(&format!("{}\n", desk.forge.secret("acme")));
}

/// F28.
#[test]
fn without_any_network_the_token_is_given() {
    let desk = desk();
    let output = asked_in_a_network(&desk, ":").ok();
    is_given_all_the_same(&desk, &output, "no network");
    assert!(output.stderr().contains("(unreachable)"), "{}", output.stderr());
    seen("F28", &format!("given after {:.1} s, \"unreachable\"", output.took.as_secs_f32()));
}

/// F29.
#[test]
fn where_names_are_not_known_or_nobody_tells_them_the_token_is_given_in_time() {
    let nobody = "ip link set lo up; echo nameserver 127.0.0.1 >names; mount --bind names /etc/resolv.conf";
    // Takes every question and answers none.
    let silent = "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => \"127.0.0.1:53\", \
                  Proto => \"udp\") or die; $| = 1; print \"ready\\n\"; while (1) { $s->recv($d, 512) }' >ready & \
                  trap \"kill $!\" EXIT; until grep -q ready ready; do sleep 0.05; done";
    for (what, before) in [("refused", nobody.to_owned()), ("hangs", format!("{nobody}\n{silent}"))] {
        let desk = desk();
        // The shell stays, so that it ends what answers nobody.
        let output = asked_in_a_network(&desk, &format!("{before}\n({CALLER}); exit"));
        is_given_all_the_same(&desk, &output, what);
        assert!(output.stderr().contains("(unreachable)"), "{what}: {}", output.stderr());
        seen("F29", &format!("name service {what}: given after {:.1} s", output.took.as_secs_f32()));
    }
}

/// F30. Stands where the proxy should, takes connections and treats them badly.
fn bad_proxy(treat: impl Fn(&mut std::net::TcpStream) + Send + Sync + Copy + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut stream = stream;
                treat(&mut stream);
            });
        }
    });
    format!("http://{address}")
}

fn asked_through(desk: &Desk, proxy: &str) -> Output {
    let run = desk.sandbox.command("bash", ["-c", CALLER]).stdin(ASKED);
    let run = ["HTTPS_PROXY", "https_proxy"].iter().fold(run, |run, name| run.env(name, proxy));
    run.env("PATRON_TRACE", desk.sandbox.root().join("trace")).run()
}

#[test]
fn whoever_accepts_and_is_silent_or_sends_a_byte_a_second_costs_the_bound() {
    let silent = bad_proxy(|stream| drop(stream.read_to_end(&mut Vec::new())));
    let slow = bad_proxy(|stream| {
        for byte in b"HTTP/1.1 200 Connection established\r\n\r\n" {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_secs(1));
        }
    });
    let garbage = bad_proxy(|stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[0xff; 4096]).is_ok() {}
    });
    for (what, proxy) in [("accepts and is silent", silent), ("a byte a second", slow), ("lies", garbage)] {
        let desk = desk();
        let output = asked_through(&desk, &proxy).ok();
        is_given_all_the_same(&desk, &output, what);
        seen("F30", &format!("{what}: given after {:.1} s", output.took.as_secs_f32()));
    }
    // Connections are never accepted: the kernel drops them once the queue is full.
    let desk = desk();
    let full = "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(0, INADDR_LOOPBACK)); \
                listen(S, 0); my $at = getsockname(S); my @f; for (1 .. 4) { socket(my $c, PF_INET, SOCK_STREAM \
                | 2048, 0); connect($c, $at); push @f, $c } print((sockaddr_in($at))[0], \"\\n\"); \
                close STDOUT; <STDIN>'";
    let mut hole = std::process::Command::new("sh")
        .args(["-c", &format!("exec {full}")])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut port = String::new();
    hole.stdout.take().expect("piped").read_to_string(&mut port).expect("a port");
    let output = asked_through(&desk, &format!("http://127.0.0.1:{}", port.trim())).ok();
    drop(hole.stdin.take());
    crate::given::wait(&mut hole);
    is_given_all_the_same(&desk, &output, "never accepted");
    seen("F30", &format!("never accepted: given after {:.1} s", output.took.as_secs_f32()));
}

/// One answer in place of what git's and our questions with a token get, at the first use and once more.
fn answered_with(reply: &Reply) -> (Desk, String) {
    let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    let rule = Rule::answer(reply.clone()).by(By::Credential).on(On::Git);
    desk.forge.policy(|policy| policy.rules.push(rule));
    let start = Instant::now();
    let said = desk.run(".", "clone -q https://github.com/acme/secret").stderr();
    assert!(start.elapsed() < SOON * 2, "{:?}", start.elapsed());
    (desk, said)
}

/// The rule is taken away: git is let in, without another word.
#[track_caller]
fn goes_on(desk: &Desk, what: &str) {
    is_as_it_was(desk, what);
    desk.forge.policy(|policy| policy.rules.clear());
    let said = desk.ok(".", "clone -q https://github.com/acme/secret again");
    assert_eq!(Desk::lines(&said), [""; 0], "{what}: {said}");
    let evil = desk.forge.log().into_iter().filter(|entry| !entry.host.ends_with("github.com"));
    assert!(evil.into_iter().all(|entry| entry.token.is_none()), "{what}: the token went elsewhere");
}

/// F32.
#[test]
fn a_portal_in_between_is_no_verdict_on_the_token() {
    let to_http = Reply::text(302, "").with("Location", "http://portal.test/login");
    for (what, reply) in [
        ("200 and a page", Reply::captive_portal()),
        ("302 to plain http", Reply { genuine: false, ..to_http }),
        ("511", Reply { genuine: false, ..Reply::html(511, "<h1>Sign in</h1>") }),
    ] {
        let (desk, said) = answered_with(&reply);
        assert!(!said.contains("token-rejected") && !said.contains("approval"), "{what}: {said}");
        goes_on(&desk, what);
        let id =
            Desk::lines(&said).first().and_then(|line| line.rsplit_once('(')).map_or("no word", |id| id.1);
        seen("F32", &format!("{what}: {}", id.trim_end_matches(')')));
    }
}

/// F34.
#[test]
fn trouble_of_githubs_is_said_as_such_and_changes_nothing() {
    let bomb = Reply::text(502, &"\0".repeat(1 << 20)).with("Content-Encoding", "gzip");
    for (what, id, reply) in [
        ("500", "server-error", Reply::text(500, "oops\n")),
        ("502", "server-error", Reply::html(502, "<h1>Unicorn</h1>")),
        ("503", "server-error", Reply::text(503, "")),
        ("504", "server-error", Reply::text(504, "late\n")),
        ("a megabyte that is no gzip", "unreachable", bomb),
    ] {
        let (desk, said) = answered_with(&reply);
        assert!(said.contains(&format!("({id})")), "{what}: {said}");
        goes_on(&desk, what);
        seen("F34", &format!("{what}: {id}"));
    }
    let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    let cut = Rule::fault(Then::Truncate).by(By::Credential).on(On::Git);
    desk.forge.policy(|policy| policy.rules.push(cut));
    desk.run(".", "clone -q https://github.com/acme/secret");
    goes_on(&desk, "cut");
    seen("F34", "a cut body: no verdict");
}

/// F35, F36: a host that wants to be left alone is left alone by every later process.
#[test]
fn a_host_that_wants_to_be_left_alone_is_asked_no_more_by_us() {
    let words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.\n";
    let locked = "Maximum number of login attempts exceeded. Please try again later.\n";
    for (fault, what, reply) in [
        ("F35", "429 with Retry-After", Reply::too_many(120)),
        ("F35", "429 without", Reply::text(429, "Slow down.\n")),
        ("F35", "403 with Retry-After", Reply::text(403, words).with("Retry-After", "120")),
        ("F35", "403 with words alone", Reply::text(403, words)),
        ("F36", "403 after bad logins", Reply::text(403, locked)),
    ] {
        let (desk, said) = answered_with(&reply);
        let id = if fault == "F36" { "(locked-out)" } else { "(rate-limited)" };
        assert!(said.contains(id), "{what}: {said}");
        desk.forge.clear_log();
        for number in 0..3 {
            desk.fails(".", &format!("clone -q https://github.com/acme/tools t{number}"));
        }
        let asked = desk.asked();
        assert_eq!((asked, desk.calls().len()), (3, 0), "{what}: git alone asks");
        goes_on(&desk, what);
        seen(fault, &format!("{what}: {}, 3 later gits cause no question of ours", &id[1..id.len() - 1]));
    }
}

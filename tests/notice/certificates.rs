//! Certificates that their server has signed for itself, as those of small Enterprise Servers: what git believes,
//! patron's own calls believe, so that causes are told apart there as well.

use super::*;
use crate::forge::{Host, HostKind, Owner, SelfSigned, State, Tls, Token};

const HOST: &str = "ghe.example.com";

/// An Enterprise Server with such a certificate, and a token there that awaits approval.
fn server(says: SelfSigned) -> Policy {
    let token = Token { host: HOST.to_owned(), ..Token::fine_grained("there", "mona", "acme") };
    let mut policy = Policy::sample()
        .owner(Owner { host: HOST.to_owned(), ..Owner::org("acme", &["mona"]) })
        .private(&format!("{HOST}/acme/secret"))
        .token(Token { state: State::Pending, ..token });
    policy.hosts.push(Host { tls: Tls::BySelf(says), ..Host::new(HOST, HostKind::Ghes) });
    policy
}

#[test]
fn what_git_believes_is_believed_and_a_refusal_there_has_its_cause() {
    let by_environment = |desk: &mut Desk, file: &str| desk.sandbox.set("GIT_SSL_CAINFO", file);
    let for_all = |desk: &mut Desk, file: &str| {
        desk.sandbox.unset("GIT_SSL_CAINFO");
        desk.ok(".", &format!("config --global http.sslCAInfo {file}"));
    };
    let for_the_host = |desk: &mut Desk, file: &str| {
        desk.sandbox.unset("GIT_SSL_CAINFO");
        desk.ok(".", &format!("config --global http.https://{HOST}/.sslCAInfo {file}"));
    };
    type Named<'a> = &'a dyn Fn(&mut Desk, &str);
    let rows: [(SelfSigned, Named<'_>); 4] = [
        (SelfSigned::Authority, &for_all),
        (SelfSigned::Authority, &for_the_host),
        (SelfSigned::NoAuthority, &by_environment),
        (SelfSigned::Silent, &for_the_host),
    ];
    for (says, named) in rows {
        for git in gits() {
            let mut desk = Desk::with(server(says), &[]).with_git(git);
            let file = desk.sandbox.write("server.pem", Forge::certificate_by_self(HOST, says));
            named(&mut desk, file.to_str().expect("UTF-8"));
            desk.sandbox.patron(["setup", "--host", HOST]).ok();
            desk.add(&format!("{HOST}/acme"), "there");
            let said = desk.fails(".", &format!("clone -q https://{HOST}/acme/secret"));
            assert!(said.contains("(approval-pending)"), "{says:?}, git {}: {said}", git.version);
            assert!(desk.calls().iter().any(|call| call.ends_with("/user")), "{says:?}: {:?}", desk.calls());
            let diagnosed = desk.sandbox.patron(["diagnose", &format!("{HOST}/acme/secret"), "--json"]);
            assert!(diagnosed.fails(1).stdout().contains("\"approval-pending\""), "{says:?}");
            desk.forge.policy(|policy| policy.token_mut("there").state = State::Active);
            desk.later(11);
            let said = desk.ok(".", &format!("clone -q https://{HOST}/acme/secret"));
            assert_eq!(Desk::lines(&said), [""; 0], "{says:?}: {said}");
        }
    }
}

#[test]
fn what_git_does_not_believe_is_no_fault_of_the_token_and_says_which_setting_decides() {
    // Another certificate of the same name, and one of another kind, are not the one that was named.
    for (says, other) in
        [(SelfSigned::Authority, SelfSigned::Silent), (SelfSigned::Silent, SelfSigned::Authority)]
    {
        let mut desk = Desk::with(server(says), &[]);
        let file = desk.sandbox.write("server.pem", Forge::certificate_by_self(HOST, other));
        desk.sandbox.set("GIT_SSL_CAINFO", file);
        desk.sandbox.patron(["setup", "--host", HOST]).ok();
        let add = ["add", &format!("{HOST}/acme"), "--token-stdin", "--no-verify"];
        desk.sandbox.patron(add).stdin(desk.forge.secret("there")).ok();
        let diagnosed = desk.sandbox.patron(["diagnose", &format!("{HOST}/acme/secret")]).fails(3);
        let text = diagnosed.stdout();
        assert!(text.contains("(tls-failed") || text.contains("tls-failed"), "{text}");
        assert!(text.contains("GIT_SSL_CAINFO") || text.contains("http.sslCAInfo"), "{text}");
        let listed = desk.sandbox.patron(["list"]).ok().stdout();
        assert!(!listed.contains("refused") && !listed.contains("rejected"), "{listed}");
    }
}

#[test]
fn a_server_that_only_the_folder_of_authorities_knows_is_asked_as_any_other() {
    for git in gits() {
        let mut policy = Policy::sample();
        policy.token_mut("acme").state = State::Pending;
        let mut desk = Desk::with(policy, &[("acme", "acme")]).with_git(git);
        let folder = desk.sandbox.home().join("authorities");
        std::fs::create_dir(&folder).expect("the sandbox is ours");
        std::fs::copy(desk.forge.ca_file(), folder.join("ca.pem")).expect("the sandbox is ours");
        desk.sandbox.unset("GIT_SSL_CAINFO");
        let by_config = |desk: &Desk| {
            desk.ok(".", &format!("config --global http.sslCAPath {}", folder.display()));
        };
        for by_environment in [false, true] {
            if by_environment {
                desk.ok(".", "config --global --unset http.sslCAPath");
                desk.sandbox.set("GIT_SSL_CAPATH", &folder);
            } else {
                by_config(&desk);
            }
            let repo = if by_environment { "tools" } else { "secret" };
            let said = desk.fails(".", &format!("ls-remote https://github.com/acme/{repo}"));
            assert!(said.contains("acme has most likely not approved"), "git {}: {said}", git.version);
            assert!(!said.contains("tls-failed"), "{said}");
        }
    }
}

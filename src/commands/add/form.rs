//! The page that makes a token, printed with what its form should say, and opened where that is wanted.

use crate::pages::{NewToken, Page};
use crate::remote::{Scope, Server};
use crate::session::Session;
use crate::terminal;

/// Prints the page that makes such a token, with its fields, and opens it where that is wanted.
pub(in crate::commands) fn show_page(session: &Session, scope: &Scope, may_open: bool) {
    let Some(owner) = scope.owner() else { return show_classic_page(session, scope, may_open) };
    let form = NewToken::of(owner.as_str(), scope.repo());
    let fields = form.fields();
    let Some(address) = Page::New(form).url(scope.host().as_str()) else { return };
    let mut text = format!(
        "create a token for {} here:\n{address}\nGitHub does not always fill in the form; it should say:",
        scope.short()
    );
    for (field, value) in fields {
        text.push_str(&format!("\n  {field}: {value}"));
    }
    terminal::say(&text);
    if may_open {
        session.open_page(&address);
    }
}

/// Prints the page that makes a token for a whole host, which a classic one alone can be for.
fn show_classic_page(session: &Session, scope: &Scope, may_open: bool) {
    let host = scope.host();
    if host.server_by_name() != Some(Server::GitHub) {
        return;
    }
    let Some(address) = (Page::ClassicNew { workflow: false }).url(host.as_str()) else { return };
    terminal::say(&format!(
        "create a classic token for all of {host} here:\n{address}\n\
         a fine-grained token is for one owner: git credential-patron add {}",
        owner_on(scope)
    ));
    if may_open {
        session.open_page(&address);
    }
}

/// Gives the scope that a fine-grained token of a host would have.
pub(super) fn owner_on(scope: &Scope) -> String {
    match scope.host().as_str() {
        crate::remote::GITHUB => "OWNER".to_owned(),
        host => format!("{host}/OWNER"),
    }
}

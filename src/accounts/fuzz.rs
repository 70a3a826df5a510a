//! Any bytes as `accounts.toml`: the quick reader against the parser of all TOML, in pieces and whole, and there and
//! back.

#[path = "../../tests/fuzz/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "no room may use another one for its tests")]
mod engine;

use super::*;
use engine::fuzz;

const WORDS: &[&[u8]] = &[
    b"\n[[account]]\n",
    b"version = 1\n",
    b"label = \"acme\"\n",
    b"scope = \"https://github.com/acme\"\n",
    b"vault = \"file\"\n",
    b"vault = \"command\"\n",
    b"command = \"pass\"\n",
    b"login = \"mona\"\n",
    b"kind = \"classic\"\n",
    b"user-id = 7\n",
    b"expires = \"2027-06-01T00:00:00Z\"\n",
    b"server = \"plain\"\n",
    b"learned = true\n",
    b"exact = true\n",
    b"refresh = true\n",
    b"id = \"x\"\n",
    b"\"\"\"",
    b"'''",
    b"# ",
    b"[account]\n",
    b"\\u0041",
    b"[[account]]",
    b" = ",
    b"app = \"Iv1\"\n",
    b"sign = \"x\"\n",
];

fn known(parsed: Result<Accounts, ListError>) -> Option<(Vec<Account>, usize)> {
    parsed.ok().map(|accounts| (accounts.known, accounts.skipped.len()))
}

/// Label, scope, vault and login of each entry as the parser of all TOML reads them, with nothing of the quick reader.
fn by_toml(text: &str) -> Option<Vec<[Option<String>; 4]>> {
    let file: toml::Table = toml::from_str(text).ok()?;
    let Some(entries) = file.get("account") else { return Some(Vec::new()) };
    let field = |entry: &toml::Value, name| entry.get(name).and_then(toml::Value::as_str).map(str::to_owned);
    let entries = entries.as_array()?.iter();
    Some(entries.map(|entry| ["label", "scope", "vault", "login"].map(|name| field(entry, name))).collect())
}

/// Reads a list of accounts.
pub(crate) fn list(input: &[u8]) -> String {
    let path = Path::new("accounts.toml");
    let whole = known(parse(path, input, Selection::All));
    let pieces = [1, 60, 300].map(|size| known(parse_by(size, path, input, Selection::All)));
    // A piece may be cut where it cannot be; what can be read is the same.
    for piece in pieces.into_iter().flatten() {
        assert!(whole.as_ref() == Some(&piece), "in pieces it reads otherwise");
    }
    let (host, owner) =
        (Host::parse(b"github.com").expect("a host"), Owner::parse("acme").expect("an owner"));
    let near = parse(path, input, Selection::Near { host: &host, owner: &owner, now: 0 }).ok();
    assert_eq!(near.is_some(), whole.is_some(), "what is wrong with the others is found out");
    if let (Some(near), Some((whole, skipped))) = (near, &whole) {
        assert_eq!(near.known.len() + near.others.count, whole.len(), "each is given or told of");
        assert_eq!(near.skipped.len(), *skipped);
        let place = Scope::of_owner(&host, &owner).as_remote();
        let serves = |account: &&Account| account.scope.covers(&place, account.server);
        let serving = |of: &[Account]| of.iter().filter(serves).cloned().collect::<Vec<_>>();
        assert_eq!(serving(&near.known), serving(whole), "whoever may serve is given");
    }
    let text = String::from_utf8_lossy(input).into_owned();
    if let Some(entries) = as_written(&text) {
        let quick = entries.iter().map(|it| {
            [Some(&it.label), Some(&it.scope), Some(&it.vault), it.login.as_ref()]
                .map(|field| field.map(ToString::to_string))
        });
        let quick: Vec<_> = quick.collect();
        assert_eq!(Some(quick), by_toml(&text), "the quick reader reads otherwise than TOML");
    }
    let Some((accounts, skipped)) = whole else { return "corrupt".to_owned() };
    let again = of_text(to_text(&accounts.iter().collect::<Vec<_>>()).as_bytes());
    assert_eq!(again.as_ref(), Some(&accounts), "there and back");
    let kinds: Vec<u8> = accounts
        .iter()
        .take(3)
        .map(|it| {
            u8::from(it.login.is_some()) | u8::from(it.learned) << 1 | u8::from(it.expires.is_some()) << 2
        })
        .collect();
    format!("{} {skipped} {} {kinds:?}", accounts.len().min(9), as_written(&text).is_some())
}

#[test]
fn the_quick_reader_reads_what_the_parser_of_all_toml_reads() {
    fuzz("accounts", WORDS, list);
}

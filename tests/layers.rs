//! The architecture, and the test that holds it.
//!
//! The table [`ROOMS`] is the architecture document: every file of `src/` belongs to a room, every room
//! has a rank, and **a room may use rooms of lower ranks only**. So a word knows nothing, a decision knows
//! words and no file, one outside thing never knows another, and whoever reads a room needs to know only
//! what stands above it in the table. A file without a row fails, and so does a row without a file.
//!
//! A folder is one room: its files know each other, or, in a family, only their `mod.rs` (one vault does
//! not know the next). A row for a part of a folder (`denial/catalogue`) makes that part a room of its own.
//!
//! What is checked is every path that begins with `crate::`, `super::` or `self::`, also in groups, in
//! macros and in attributes such as serde's `with`; comments and other strings are nothing to it. Tests
//! inside a room obey the same rules. The second table, [`SPEAKERS`], lists who may touch stdout and
//! stderr: stdout is git's, and everything for people goes through few hands.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use Kind::{Family, Whole};
use Rank::{
    Commands, Composition, Conclusions, Decisions, Disk, Facts, Ground, Main, Memory, Outside, Request, Run,
    Shared, Terms, Words,
};

/// The ranks, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Tables of facts: no I/O, and no `crate::` at all.
    Facts,
    /// No I/O, and no `crate::` but facts: tests and tools can take such a file by itself.
    Words,
    /// Made of words, and as pure: tests and tools can take such a file together with its words.
    Terms,
    /// Pure: no I/O, no clock, no environment.
    Decisions,
    /// Pure, too: built on decisions.
    Conclusions,
    /// The one place that makes files; it knows none of ours.
    Disk,
    /// Folders and the log: they do I/O and mean nothing.
    Ground,
    /// One outside thing each; none knows another.
    Outside,
    /// What all composition knows: files of ours with their meaning, and how a command fails.
    Memory,
    /// What one run works with.
    Run,
    /// What takes outside things and memory together.
    Composition,
    /// What several commands do, out of compositions.
    Shared,
    /// One request of git, with all that the rooms below tell about it.
    Request,
    /// One file a command.
    Commands,
    /// Takes the command line apart.
    Main,
}

/// The rooms: rank, name below `src/`, how its files stand to each other, what it holds.
#[rustfmt::skip]
const ROOMS: &[Room] = &[
    room(Facts,       "forge",     Whole,  "the kinds of git hosts as a table"),
    room(Facts,       "hidden",    Whole,  "characters that show nothing"),
    room(Facts,       "verdict_id", Whole, "the ids of verdicts as an enum"),

    room(Words,       "token",     Whole,  "a secret as a type, and its kind by prefix"),
    room(Words,       "redact",    Whole,  "what looks like a secret in a text, and the text without it"),
    room(Words,       "percent",   Whole,  "%XX in URLs, undone as git does it and strictly"),
    room(Words,       "pages",     Whole,  "the pages that can be opened, and the only code that fills them in"),
    room(Words,       "time",      Whole,  "times as files and --json hold them"),
    room(Words,       "cli",       Whole,  "the command line and every word of help"),
    room(Words,       "remote",    Whole,  "host, owner, repository, scope: parsing and matching"),
    room(Words,       "denial/catalogue", Whole, "the table of known refusals"),

    room(Words,       "app/key",   Whole,  "the private key of a GitHub App: every form of it, and signing"),
    room(Words,       "app/jwt",   Whole,  "how a GitHub App says who it is"),
    room(Words,       "app/kept",  Whole,  "what is kept of the tokens an App was given"),

    room(Terms,       "account",   Whole,  "an account without its secret; whether two scopes are one"),

    room(Decisions,   "protocol",  Whole,  "git's credential format: request, answer, another helper's reply"),
    room(Decisions,   "helper_line", Whole, "one line of credential.helper: what it runs, how it is shown"),
    room(Decisions,   "choose",    Whole,  "which account serves a request"),
    room(Decisions,   "policy",    Whole,  "what the machine's owner forbids: the rules, and what breaks them"),
    room(Decisions,   "denial",    Whole,  "a reply or a transcript to the refusal it is"),

    room(Conclusions, "verdict",   Whole,  "evidence to verdict: the differential diagnosis"),

    room(Disk,        "files",     Whole,  "files read with checks, made, locked, replaced whole"),

    room(Ground,      "paths",     Whole,  "where our files lie"),
    room(Ground,      "search_path", Whole, "programs in the absolute folders of PATH"),
    room(Ground,      "bounded",   Whole,  "programs that are waited for no longer than a bound"),
    room(Ground,      "limits",    Whole,  "no core dumps of ours, and children's as they were"),
    room(Ground,      "log",       Whole,  "PATRON_TRACE, redacted by construction"),

    room(Outside,     "ancestry",  Whole,  "which process asked: its operation, URL, identity"),
    room(Outside,     "fallback",  Whole,  "speaks git's protocol to the helpers before us"),
    room(Outside,     "loopback",  Whole,  "a page for a browser on this machine, and its way back, each once"),
    room(Outside,     "notify",    Whole,  "a note on the desktop"),
    room(Outside,     "ssh",       Whole,  "whether there is a key for SSH"),
    room(Outside,     "stdio",     Whole,  "what travels between git and us"),
    room(Outside,     "terminal",  Whole,  "speaking to people, and asking them"),
    room(Outside,     "vault",     Family, "where secrets lie: keyring, file, command"),
    room(Outside,     "git",       Whole,  "git's config, the helper chain, repositories, git as the probe"),
    room(Outside,     "github",    Whole,  "the only HTTP of our own; interprets nothing"),
    room(Outside,     "browser",   Whole,  "may a page be opened here, and opening it once"),

    room(Memory,      "accounts",  Whole,  "accounts.toml"),
    room(Memory,      "error",     Whole,  "fact, cause, remedy; exit codes in one match"),
    room(Memory,      "outcomes",  Whole,  "outcomes.toml: how accounts fared, fingerprints of their secrets"),
    room(Memory,      "machine",   Whole,  "policy.toml of the machine's owner, and what may be kept under it"),
    room(Memory,      "traces",    Whole,  "who was answered and has not reported yet"),

    room(Run,         "session",   Whole,  "folders, log, time, caller, settings: found out once"),
    room(Run,         "ownership", Whole,  "whose secret is this: by fingerprint, else one look into each vault"),

    room(Composition, "keeping",   Whole,  "a secret into its vault and its account on the list"),
    room(Composition, "inspect",   Whole,  "runs the requests, collects evidence, asks for the verdict"),
    room(Composition, "checks",    Whole,  "the facts of diagnose: one check each, with a stable id"),
    room(Composition, "verify",    Whole,  "whose token is this: asks the host for add"),
    room(Composition, "revoking",  Whole,  "a secret that is to be dead, and whether it is"),
    room(Composition, "target",    Whole,  "what a person means by SCOPE, URL, REMOTE or nothing"),

    room(Shared,      "app",       Whole,  "tokens of GitHub Apps: minting, logins by a code, an organisation's requests"),
    room(Shared,      "elsewhere", Whole,  "the tokens that other tools keep, and how each place is cleaned"),
    room(Shared,      "notice",    Whole,  "refusals noticed while git works: asking, saying, opening"),

    room(Request,     "lookup",    Whole,  "one request of git with what is found out about it"),

    room(Commands,    "commands",  Whole,  "one file a command; mod.rs is what they share"),

    room(Main,        "main",      Whole,  "tells git's words from people's"),
];

/// Who may touch stdout and stderr: file or folder below `src/`, stream, what for. Nobody uses `println!`
/// and its like: a closed pipe would make them panic.
#[rustfmt::skip]
const SPEAKERS: &[Speaker] = &[
    speaker("stdio.rs",        "stdout", "git's answer, written once"),
    speaker("stdio/unix.rs",   "stdout", "its descriptor"),
    speaker("stdio/windows.rs", "stdout", "its handle"),
    speaker("stdio.rs",        "stderr", "the place of a panic, without its text"),
    speaker("log.rs",          "stderr", "PATRON_TRACE=1"),
    speaker("terminal",        "stderr", "what people read"),
    speaker("terminal",        "stdout", "a command's result, and whether a person reads it"),
    speaker("browser/mod.rs",  "stderr", "whether a person can see what we say; nothing is written"),
    speaker("git/handover/unix.rs", "stderr", "the socket on which a probe's helper asks"),
    speaker("commands/mod.rs", "stdout", "handed to the commands for people as a writer"),
    speaker("commands/mod.rs", "stderr", "handed to a failure as a writer"),
];

/// A file or folder of `src/`.
struct Room {
    rank: Rank,
    name: &'static str,
    kind: Kind,
    #[allow(dead_code, reason = "for the reader")]
    holds: &'static str,
}

/// How the files of a folder stand to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// They are one thing in several files.
    Whole,
    /// They are alternatives: each knows `mod.rs` and none of the others.
    Family,
}

/// A place that may touch a stream.
struct Speaker {
    place: &'static str,
    stream: &'static str,
    #[allow(dead_code, reason = "for the reader")]
    why: &'static str,
}

const fn room(rank: Rank, name: &'static str, kind: Kind, holds: &'static str) -> Room {
    Room { rank, name, kind, holds }
}

const fn speaker(place: &'static str, stream: &'static str, why: &'static str) -> Speaker {
    Speaker { place, stream, why }
}

/// A file below `src/`: its path there, with slashes, and its text.
pub(crate) type Source = (String, String);

#[test]
fn every_room_uses_lower_ranks_only() {
    assert_none(&violations(ROOMS, SPEAKERS, &sources()));
}

/// `commands/mod.rs` hands out the work, so it knows them all; what several of them share stands in it or above it.
#[test]
fn no_command_needs_one_that_needs_it() {
    assert_none(&circles("commands", &sources()));
}

/// Finds the files of a folder that use each other in a circle; its `mod.rs` does not count.
fn circles(folder: &str, sources: &[Source]) -> Vec<String> {
    let member = |module: &[String]| {
        let [first, second, ..] = module else { return None };
        (first == folder).then(|| second.clone())
    };
    let members: BTreeSet<String> = sources.iter().filter_map(|(path, _)| member(&module_of(path))).collect();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources {
        let module = module_of(path);
        let Some(one) = member(&module) else { continue };
        let mut reader = Reader::new(module);
        reader.read(text.parse().unwrap_or_else(|error| panic!("src/{path}: {error}")));
        let others = reader.paths.iter().filter_map(|used| member(&used.target));
        uses.entry(one.clone()).or_default().extend(others.filter(|it| *it != one && members.contains(it)));
    }
    let reached = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(at) = next.pop() {
            next.extend(uses.get(at).into_iter().flatten().filter(|it| seen.insert((*it).clone())));
        }
        seen
    };
    let is_in_circle = |one: &&String| reached(one).contains(*one);
    members.iter().filter(is_in_circle).map(|one| format!("{folder}/{one} needs itself")).collect()
}

/// Finds everything that breaks the tables.
fn violations(rooms: &[Room], speakers: &[Speaker], sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    let houses = House { rooms, modules: sources.iter().map(|(path, _)| module_of(path)).collect() };
    let mut lived_in = BTreeSet::new();
    let mut heard = BTreeSet::new();
    for (path, text) in sources {
        let Some(room) = houses.room(&module_of(path)) else {
            found.push(format!("src/{path}: it is in no room; give it a row in tests/layers.rs"));
            continue;
        };
        lived_in.insert(room.name);
        match text.parse::<TokenStream>() {
            Ok(tokens) => {
                let mut reader = Reader::new(module_of(path));
                reader.read(tokens);
                found.extend(reader.paths.iter().filter_map(|used| {
                    let why = houses.objection(room, &module_of(path), used)?;
                    Some(format!("src/{path}:{}: {why}", used.line))
                }));
                for (line, stream) in reader.spoken {
                    match speakers.iter().position(|speaker| speaker.may(path, &stream)) {
                        Some(at) => _ = heard.insert(at),
                        None => found.push(format!("src/{path}:{line}: it may not touch {stream}")),
                    }
                }
            }
            Err(error) => found.push(format!("src/{path}: it is not Rust: {error}")),
        }
    }
    for room in rooms.iter().filter(|room| !lived_in.contains(room.name)) {
        found.push(format!("src/{}: the table has this room, and there is no such file", room.name));
    }
    for (at, Speaker { place, stream, .. }) in speakers.iter().enumerate() {
        if !heard.contains(&at) {
            found.push(format!("src/{place}: it is listed as touching {stream}, and does not"));
        }
    }
    found
}

/// The module a file is, below the crate's root.
pub(crate) fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "main" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The rooms, and the modules there are.
struct House<'a> {
    rooms: &'a [Room],
    modules: BTreeSet<Vec<String>>,
}

impl House<'_> {
    /// The room of a module or of an item in it: the row with the longest name that begins its path.
    fn room(&self, module: &[String]) -> Option<&Room> {
        let (is_root, first) = (module.is_empty(), module.first());
        self.rooms
            .iter()
            .filter(|room| match room.name {
                "main" => is_root,
                name => first.is_some() && begins(&name.split('/').collect::<Vec<_>>(), module),
            })
            .max_by_key(|room| room.name.len())
    }

    /// Says why a room may not use this path, if it may not.
    fn objection(&self, room: &Room, file: &[String], used: &Used) -> Option<String> {
        let shown = format!("`{}`", used.target.join("::"));
        if used.target.is_empty() && room.rank < Main {
            return Some("it takes all of the crate's root; name what is used".to_owned());
        }
        // An item of the root itself is main's.
        let Some(other) = self.room(&used.target).or_else(|| self.room(&[])) else {
            return Some(format!("it uses {shown}, which is in no room"));
        };
        if room.rank <= Words && used.by_crate && (other.rank > Facts || room.rank == Facts) {
            return Some(format!("it uses {shown} by `crate::`, and words know nothing of this crate"));
        }
        if other.name == room.name {
            let depth = room.name.split('/').count();
            let member = |path: &[String]| {
                let path = path.get(..=depth)?;
                self.modules.contains(path).then(|| path.to_vec())
            };
            return match (room.kind, member(file), member(&used.target)) {
                (Family, Some(one), Some(next)) if one != next => {
                    Some(format!("it uses {shown}, another one of its family"))
                }
                _ => None,
            };
        }
        (other.rank >= room.rank).then(|| {
            format!(
                "it uses {shown}: {} ({:?}) may use lower ranks only, and {} is {:?}",
                room.name, room.rank, other.name, other.rank
            )
        })
    }
}

impl Speaker {
    fn may(&self, path: &str, stream: &str) -> bool {
        let is_here = path == self.place
            || path.strip_prefix(self.place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'));
        is_here && stream == self.stream
    }
}

fn begins(beginning: &[&str], whole: &[String]) -> bool {
    whole.len() >= beginning.len() && beginning.iter().zip(whole).all(|(one, other)| one == other)
}

/// A path that begins at the crate's root, at this module or at the one around it.
struct Used {
    line: usize,
    /// From the crate's root.
    target: Vec<String>,
    /// Whether it was written `crate::`.
    by_crate: bool,
}

/// Reads a file's tokens.
struct Reader {
    module: Vec<String>,
    /// The line of the string that is being read as a path.
    string: Option<usize>,
    paths: Vec<Used>,
    /// Lines and streams.
    spoken: Vec<(usize, String)>,
}

impl Reader {
    fn new(module: Vec<String>) -> Self {
        Self { module, string: None, paths: Vec::new(), spoken: Vec::new() }
    }

    fn line(&self, token: &TokenTree) -> usize {
        self.string.unwrap_or_else(|| token.span().start().line)
    }

    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(word) if word == "mod" => {
                    if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at + 1..] {
                        self.module.push(name.to_string());
                        self.read(body.stream());
                        self.module.pop();
                        at += 2;
                    }
                }
                TokenTree::Ident(word) if word == "crate" || word == "super" || word == "self" => {
                    let is_use = at > 0 && is_word(&tokens[at - 1], &["use", "extern"]);
                    at = self.path(&tokens, at, is_use);
                    continue;
                }
                TokenTree::Ident(word) => self.speech(&tokens, at, &word.to_string()),
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Literal(literal) => {
                    self.path_in_text(&literal.to_string(), literal.span().start().line);
                }
                TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }

    /// Takes a path that begins here; gives the place behind it.
    fn path(&mut self, tokens: &[TokenTree], at: usize, is_use: bool) -> usize {
        let start = tokens[at].to_string();
        let line = self.line(&tokens[at]);
        let mut base = if start == "crate" { Vec::new() } else { self.module.clone() };
        if start == "super" {
            base.pop();
        }
        let by_crate = start == "crate";
        if is_path_sign(tokens, at + 1) {
            self.branch(tokens, at + 3, base, by_crate)
        } else {
            // `use crate as x` and `extern crate self as x` would hide every path behind another name.
            if is_use {
                self.paths.push(Used { line, target: base, by_crate });
            }
            at + 1
        }
    }

    /// Takes what follows a `::`: a name, a group of a `use`, or an asterisk.
    fn branch(&mut self, tokens: &[TokenTree], at: usize, mut base: Vec<String>, by_crate: bool) -> usize {
        match tokens.get(at) {
            Some(token @ TokenTree::Ident(name)) => {
                let line = self.line(token);
                match name.to_string().trim_start_matches("r#") {
                    "super" => _ = base.pop(),
                    "self" => {}
                    name => base.push(name.to_owned()),
                }
                if is_path_sign(tokens, at + 1) {
                    return self.branch(tokens, at + 3, base, by_crate);
                }
                self.paths.push(Used { line, target: base, by_crate });
                at + 1
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut next = 0;
                while next < inner.len() {
                    next = self.branch(&inner, next, base.clone(), by_crate);
                    while inner.get(next).is_some_and(|token| !is_sign(token, ',')) {
                        next += 1;
                    }
                    next += 1;
                }
                at + 1
            }
            // A glob, or the type arguments of what came before.
            other => {
                let line = other.map_or(0, |token| self.line(token));
                self.paths.push(Used { line, target: base, by_crate });
                at
            }
        }
    }

    /// Attributes of serde and its like name functions by strings.
    fn path_in_text(&mut self, literal: &str, line: usize) {
        let text = literal.trim_matches('"');
        if ["crate::", "super::", "self::"].iter().any(|start| text.starts_with(start))
            && let Ok(tokens) = text.parse::<TokenStream>()
        {
            self.string = Some(line);
            self.read(tokens);
            self.string = None;
        }
    }

    fn speech(&mut self, tokens: &[TokenTree], at: usize, word: &str) {
        let line = self.line(&tokens[at]);
        let next_is = |sign| tokens.get(at + 1).is_some_and(|token| is_sign(token, sign));
        match word {
            "print" | "println" | "eprint" | "eprintln" | "dbg" if next_is('!') => {
                self.spoken.push((line, format!("{word}!")));
            }
            // The function, called or handed on; not the field of an output, nor a command's setting.
            "stdout" | "stderr" => {
                let is_called = matches!(tokens.get(at + 1), Some(TokenTree::Group(group))
                    if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty());
                let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
                let is_member = before(1).is_some_and(|token| is_sign(token, '.'));
                let is_made = before(1).is_some_and(|token| is_word(token, &["fn"]));
                let is_path = at >= 2 && is_path_sign(tokens, at - 2);
                if (is_called || is_path) && !is_member && !is_made {
                    self.spoken.push((line, word.to_owned()));
                }
            }
            _ => {}
        }
    }
}

pub(crate) fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

pub(crate) fn is_word(token: &TokenTree, words: &[&str]) -> bool {
    matches!(token, TokenTree::Ident(ident) if words.iter().any(|word| ident == word))
}

fn is_path_sign(tokens: &[TokenTree], at: usize) -> bool {
    tokens.get(at..at + 2).is_some_and(|pair| pair.iter().all(|token| is_sign(token, ':')))
}

/// Reads every file of `src/`.
pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src/ can be listed") {
            let path = entry.expect("src/ can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(&root).expect("it lies in src/").to_string_lossy();
                let text = fs::read_to_string(&path).expect("a source is text");
                sources.push((name.replace('\\', "/"), text));
            }
        }
    }
    sources.sort();
    sources
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\nthe rules stand at the head of tests/layers.rs", found.join("\n"));
}

/// What has been planted must be found, by line and by reason.
mod planted {
    use super::*;

    #[rustfmt::skip]
    const SMALL: &[Room] = &[
        room(Words,     "token",         Whole,  ""),
        room(Words,     "deny/table",    Whole,  ""),
        room(Decisions, "deny",          Whole,  ""),
        room(Decisions, "choose",        Whole,  ""),
        room(Outside,   "git",           Whole,  ""),
        room(Outside,   "vault",         Family, ""),
        room(Commands,  "commands",      Whole,  ""),
        room(Main,      "main",          Whole,  ""),
    ];
    const VOICES: &[Speaker] = &[speaker("git.rs", "stderr", ""), speaker("commands", "stdout", "")];

    #[test]
    fn a_circle_is_found_however_long_and_a_line_is_none() {
        let file = |name: &str, text: &str| (format!("commands/{name}.rs"), text.to_owned());
        let mut files = vec![
            file("mod", "mod add; mod ask; use add::run;"),
            file("add", "use super::ask::ask; use super::shared;"),
            file("ask", "use crate::commands::page; use crate::git::Git;"),
            file("page", "use super::shared;"),
        ];
        assert_eq!(circles("commands", &files), [] as [String; 0]);
        files[3].1 = "use super::add::{self, Adding};".to_owned();
        let found = ["add", "ask", "page"].map(|one| format!("commands/{one} needs itself"));
        assert_eq!(circles("commands", &files), found);
    }

    /// A small crate that keeps every rule.
    fn sound() -> Vec<Source> {
        [
            ("main.rs", "mod token; mod git; use commands::run; fn main() { crate::git::go() }"),
            (
                "token.rs",
                "//! crate::git is only named\n mod tests { use super::*; use super::T; } // crate::git",
            ),
            ("deny/mod.rs", "pub mod table; use self::table::ROWS; use crate::deny::table as t;"),
            ("deny/table.rs", "const ROWS: &str = \"see crate::git\"; fn f(self) { self.x() }"),
            ("choose.rs", "use crate::{token::{self, Token}, deny::table::*}; pub(crate) fn f() {}"),
            ("git.rs", "use crate::choose; fn f() { std::io::stderr(); out.stdout(pipe()); out.stderr() }"),
            ("vault/mod.rs", "pub mod file; pub mod ring; pub use ring::Asking; pub struct Item;"),
            (
                "vault/file.rs",
                "use super::{Item, Asking}; mod tests { use super::super::Item; use super::f; }",
            ),
            ("vault/ring.rs", "use crate::vault::Item; use crate::vault::ring::deep::X;"),
            ("vault/ring/deep.rs", "use super::Asking; use super::super::Item; struct X;"),
            ("commands/mod.rs", "mod get; fn f() { let out = std::io::stdout().lock(); }"),
            ("commands/get.rs", "use super::f; use crate::{git, vault::file::read}; use super::other::g;"),
            ("commands/other.rs", "pub fn g() {}"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .to_vec()
    }

    /// Adds a line to one file of the small crate and gives what is then found.
    fn plant(path: &str, line: &str) -> Vec<String> {
        let mut sources = sound();
        let text = &mut sources.iter_mut().find(|(name, _)| name == path).expect("it is there").1;
        text.push('\n');
        text.push_str(line);
        violations(SMALL, VOICES, &sources)
    }

    #[test]
    fn a_sound_crate_has_no_violation() {
        assert_none(&violations(SMALL, VOICES, &sound()));
    }

    #[test]
    fn each_violation_is_found_once_and_named() {
        for (path, line, reason) in [
            // upwards, and sideways
            ("choose.rs", "use crate::git;", "choose (Decisions) may use lower ranks only"),
            ("git.rs", "use crate::commands::get::run;", "commands is Commands"),
            ("git.rs", "use crate::vault::Item;", "vault is Outside"),
            ("choose.rs", "use crate::deny;", "deny is Decisions"),
            ("vault/file.rs", "use crate::git::Git;", "git is Outside"),
            ("vault/ring/deep.rs", "use crate::git::Git;", "git is Outside"),
            ("git.rs", "fn f() { crate::helper() }", "`helper`: git (Outside)"),
            // in every way of writing it
            ("choose.rs", "use crate::{token::Token, git::{self}};", "`git`"),
            ("choose.rs", "use crate::{token, deny::{table::{A, B}, x::Y}};", "`deny::x::Y`"),
            ("choose.rs", "use super::git;", "`git`"),
            ("choose.rs", "mod tests { use super::super::git; }", "`git`"),
            ("choose.rs", "pub use crate::git::*;", "`git`"),
            ("choose.rs", "pub use crate::git::Git as Tool;", "`git::Git`"),
            ("choose.rs", "fn f() { let x: Vec<crate::git::Git> = g(); }", "`git::Git`"),
            ("choose.rs", "fn f() { write!(to, \"{}\", crate::git::go::<u8>()) }", "`git::go`"),
            ("choose.rs", "macro_rules! m { () => { $crate::git::go() } }", "`git::go`"),
            ("choose.rs", "#[serde(with = \"crate::git::time\")] struct S;", "`git::time`"),
            ("choose.rs", "#[cfg(test)] mod tests { fn f() { crate::git::go() } }", "`git::go`"),
            ("choose.rs", "use crate::r#git::go;", "`git::go`"),
            ("choose.rs", "use {crate::git, std::fmt};", "`git`"),
            ("choose.rs", "impl From<u8> for crate::git::Git {}", "`git::Git`"),
            // the root behind another name
            ("choose.rs", "use crate::*;", "takes all of the crate's root"),
            ("choose.rs", "use super::*;", "takes all of the crate's root"),
            ("choose.rs", "use crate::{self as root};", "takes all of the crate's root"),
            ("choose.rs", "use crate as root;", "takes all of the crate's root"),
            ("choose.rs", "use super as root;", "takes all of the crate's root"),
            // words
            ("token.rs", "use crate::token::Token;", "words know nothing of this crate"),
            ("token.rs", "use super::git;", "git is Outside"),
            ("deny/table.rs", "use super::f;", "deny is Decisions"),
            // families
            ("vault/file.rs", "use super::ring::Ring;", "another one of its family"),
            ("vault/file.rs", "use crate::vault::ring::deep;", "another one of its family"),
            ("vault/ring/deep.rs", "use super::super::file::F;", "another one of its family"),
            // speech
            ("git.rs", "fn g() { println!(\"x\") }", "may not touch println!"),
            ("vault/file.rs", "fn g() { std::eprintln!(\"x\") }", "may not touch eprintln!"),
            ("vault/file.rs", "fn g() { eprint!(\"x\"); }", "may not touch eprint!"),
            ("vault/file.rs", "fn g() { assert!({ print!(\"x\"); true }) }", "may not touch print!"),
            ("vault/file.rs", "fn g() { dbg!(1) }", "may not touch dbg!"),
            ("vault/file.rs", "fn g() { let e = stderr(); }", "may not touch stderr"),
            ("vault/file.rs", "fn g() { f(std::io::stderr) }", "may not touch stderr"),
            ("git.rs", "fn g() { io::stdout().lock() }", "may not touch stdout"),
            ("git.rs", "fn g() { rustix::stdio::stdout() }", "may not touch stdout"),
            // what is no Rust
            ("git.rs", "fn g( {", "it is not Rust"),
        ] {
            let found = plant(path, line);
            // A file that cannot be read does not speak either.
            let one = found.first().unwrap_or_else(|| panic!("not found in {path}: {line}"));
            assert!(one.contains(reason), "{path}: {line}: {one}");
            assert!(found.len() == 1 || reason == "it is not Rust", "{path}: {line}: {found:?}");
            let lines = sound().iter().find(|(name, _)| name == path).expect("it is there").1.lines().count();
            let place = format!("src/{path}:{}", lines + 1);
            assert!(one.starts_with(&place) || reason == "it is not Rust", "{place} in {one}");
        }
    }

    #[test]
    fn a_file_without_a_row_and_a_row_without_a_file_are_found() {
        let mut sources = sound();
        sources.push(("stray.rs".to_owned(), String::new()));
        sources.retain(|(path, _)| !path.starts_with("vault/") && path != "git.rs");
        let found = violations(SMALL, VOICES, &sources).join("\n");
        for part in [
            "src/stray.rs: it is in no room",
            "src/git: the table has this room, and there is no such file",
            "src/vault: the table has this room",
            "src/git.rs: it is listed as touching stderr, and does not",
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
        assert_eq!(found.lines().count(), 4, "{found}");
    }

    #[test]
    fn a_violation_in_the_real_sources_is_found() {
        let mut sources = sources();
        for (path, text) in &mut sources {
            if path == "files/mod.rs" {
                text.push_str("use crate::vault::Vault;\nfn f() { println!() }\n");
            }
        }
        let found = violations(ROOMS, SPEAKERS, &sources).join("\n");
        assert!(found.contains("files (Disk) may use lower ranks only"), "{found}");
        assert!(found.contains("may not touch println!"), "{found}");
    }

    #[test]
    fn the_table_itself_is_in_order() {
        assert!(ROOMS.is_sorted_by_key(|room| room.rank), "lowest rank first");
        let names: BTreeSet<_> = ROOMS.iter().map(|room| room.name).collect();
        assert_eq!(names.len(), ROOMS.len(), "a room twice");
        for room in ROOMS {
            assert!(!room.holds.is_empty(), "{} has no description", room.name);
            // Parents reach their children without `crate::`, so a part must stand below its folder.
            if let Some((folder, _)) = room.name.rsplit_once('/') {
                let around = ROOMS.iter().find(|room| room.name == folder);
                assert!(around.is_none_or(|around| around.rank > room.rank), "{}", room.name);
            }
        }
    }
}

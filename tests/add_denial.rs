//! Adding a refusal is one block in one file: tried on a copy of the tree.
//!
//! The copy's program has another name, so that it can be built beside the one that is being tested, with the same
//! dependencies.

use crate::sandbox::Sandbox;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The file that gets the block, and what the rows begin with there.
const FILE: &str = "src/denial/catalogue/policies.rs";
const ROWS: &str = "pub(super) const ROWS: &[Denial] = &[\n";
/// An id that sorts first, as the rows of a file do.
const BLOCK: &str = r#"    Denial {
        id: VerdictId::AaaMoonForbidden,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: true,
        exit: 1,
        says: &["`{owner}` lets nobody in while the moon is full"],
        hints: &[],
        also: &[],
        means: "{owner} is closed at full moon",
        fix: &["wait until the moon wanes, then try again"],
        pages: &["fg"],
        sources: &[Source::Inferred("made up by a test")],
        samples: &[
            "remote: `acme` lets nobody in while the moon is full.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
        ],
        paraphrases: [
            "error: `acme` lets nobody in while the moon is full",
            "remote: `ACME` lets nobody in\nremote: while the moon is full",
        ],
        near_miss: "remote: `acme` lets nobody in while the shop is full.",
    },
"#;
const PROGRAM: &str = "git-credential-patron-and-a-denial";

#[test]
fn one_block_in_one_file_is_all_that_a_new_refusal_needs() {
    let sandbox = Sandbox::new(None);
    let copy = sandbox.root().join("copy");
    copy_of_the_tree(&copy);
    change(&copy.join(FILE), ROWS, &format!("{ROWS}{BLOCK}"));
    let name = |of: &str| format!("[[bin]]\nname = \"{of}\"");
    change(&copy.join("Cargo.toml"), &name("git-credential-patron"), &name(PROGRAM));

    let built = built(&copy);
    let program = built.to_str().expect("a path of ours");
    let said = "remote: `acme` lets nobody in while the moon is full.\n\
                fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403\n";
    let output = sandbox.command(program, ["explain", "--json"]).stdin(said).ok();
    let json: serde_json::Value = serde_json::from_str(&output.stdout()).expect("it is JSON");
    assert_eq!(json["verdict"]["id"], "aaa-moon-forbidden", "{json}");
    assert_eq!(json["verdict"]["certainty"], "measured", "{json}");
    // The id, its help and the catalogue's own check know it.
    let text = sandbox.command(program, ["explain", "aaa-moon-forbidden"]).ok().stdout();
    assert!(text.contains("wait until the moon wanes"), "{text}");
    sandbox.command(program, ["explain", "--check"]).ok();
    fs::remove_file(built).expect("it was just built");
}

/// Copies what the program is built from. Cargo wants the files of its other targets to be there.
fn copy_of_the_tree(to: &Path) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["Cargo.toml", "Cargo.lock", "build.rs", "README.md", "man", "src", "tests"] {
        let status = Command::new("cp").arg("-R").arg(top.join(name)).arg(to_folder(to)).status();
        assert!(status.expect("cp is there").success(), "{name}");
    }
}

fn to_folder(folder: &Path) -> &Path {
    fs::create_dir_all(folder).expect("the sandbox is ours");
    folder
}

fn change(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("it was copied");
    assert_eq!(text.matches(from).count(), 1, "{}: {from}", file.display());
    fs::write(file, text.replace(from, to)).expect("the sandbox is ours");
}

/// Builds the copy where this program was built, so that nothing but the program itself is compiled.
fn built(copy: &Path) -> PathBuf {
    let ours = Path::new(env!("CARGO_BIN_EXE_git-credential-patron"));
    let target = ours.ancestors().nth(2).expect("target/debug/program");
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--locked", "--offline", "--bin", PROGRAM])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .expect("cargo runs the tests, so it is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    ours.with_file_name(PROGRAM)
}

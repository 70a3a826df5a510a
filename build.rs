//! Five things that Cargo cannot do by itself.
//!
//! 1. It makes `VerdictId` of the rows that have an id, so that a row is all that a new verdict needs.
//! 2. It links the unwinder into the program instead of loading it with each call.
//! 3. It links the program for a fixed address.
//! 4. It has what runs when git asks laid side by side.
//! 5. On Windows it loads at their first use the libraries that no answer to git needs.
//!
//! Git starts us anew for every question, and to find, map and relocate `libgcc_s.so.1` took a tenth of that
//! time (measured: 108 of 1008 us). The same functions lie in `libgcc_eh.a`, which comes with the C compiler.
//! Where there is no such file (another runtime of clang's), or it may be another machine's (cross-compiling),
//! the library is loaded as ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where the rows stand: refusals known by their text, and verdicts that are concluded.
const ROWS: [&str; 2] = ["src/denial/catalogue", "src/verdict/table.rs"];
/// How a row names its id, in either place.
const ID: [&str; 2] = ["id: VerdictId::", "row(VerdictId::"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    make_verdict_ids();
    if is_linux_here() {
        link_unwinder();
        link_at_fixed_address();
    }
    match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("windows") => load_at_first_use(),
        Ok("linux") if is_default_linker() => lay_hot_functions_together(),
        _ => {}
    }
}

/// Writes the enum of all ids, sorted by what they are called.
fn make_verdict_ids() {
    let mut ids = BTreeMap::new();
    for place in ROWS {
        println!("cargo::rerun-if-changed={place}");
        for line in sources(Path::new(place)).lines().map(str::trim_start) {
            if let Some(rest) = ID.iter().find_map(|start| line.strip_prefix(start)) {
                let variant = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                ids.insert(kebab(variant), variant.to_owned());
            }
        }
    }
    let mut code = String::from(
        "/// A verdict's stable name.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         pub(crate) enum VerdictId {\n",
    );
    let (mut all, mut names) = (String::new(), String::new());
    for (name, variant) in &ids {
        let _ = writeln!(code, "    /// `{name}`\n    {variant},");
        let _ = writeln!(all, "        Self::{variant},");
        let _ = writeln!(names, "            Self::{variant} => \"{name}\",");
    }
    let _ = write!(
        code,
        "}}\n\nimpl VerdictId {{\n    /// All ids, sorted.\n    pub(crate) const ALL: &[Self] = &[\n{all}    ];\n\n    \
         /// Gives the name as commands, files and `--json` have it.\n    \
         pub(crate) const fn as_str(self) -> &'static str {{\n        match self {{\n{names}        }}\n    }}\n}}\n"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo names it")).join("verdict_id.rs");
    fs::write(out, code).expect("Cargo's own folder can be written");
}

/// Reads a file, or all files of a folder.
fn sources(place: &Path) -> String {
    let files: Vec<PathBuf> = match fs::read_dir(place) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => vec![place.to_owned()],
    };
    files.iter().map(|file| fs::read_to_string(file).expect("a source is text")).collect()
}

/// Writes `SsoRequired` as `sso-required`.
fn kebab(variant: &str) -> String {
    let mut name = String::new();
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Tells whether this is a Linux with glibc that builds for itself.
fn is_linux_here() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    let is_here = env::var("HOST").is_ok_and(|host| is("TARGET", &host));
    is_here && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu")
}

/// Tells whether a C compiler calls the linker that it calls by itself: the options that order functions are not the
/// same for all.
fn is_default_linker() -> bool {
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let flags = || flags.split('\x1f').map(|flag| flag.strip_prefix("-C").unwrap_or(flag));
    let linkers = flags().filter_map(|flag| flag.strip_prefix("linker=")).map(str::to_owned);
    let mut linkers = linkers.chain(env::var("RUSTC_LINKER"));
    let is_compiler = |linker: String| ["cc", "clang"].iter().any(|name| linker.ends_with(name));
    linkers.all(is_compiler) && !flags().any(|flag| flag.contains("-ld") || flag.contains("linker-"))
}

/// Saves page faults: of 6 MB of code a `get` runs 350 kB, which lie all over it otherwise (measured: 30 of 123 faults,
/// 12 % of its time). Both of GNU's linker and LLVM's read such a script beside their own.
fn lay_hot_functions_together() {
    println!("cargo::rerun-if-changed=src/hot.txt");
    let list = fs::read_to_string("src/hot.txt").expect("a source is text");
    let sections = list.lines().filter(|line| !line.starts_with('#'));
    let sections: String = sections.map(|glob| format!("    *(.text.{glob})\n")).collect();
    let script = format!("SECTIONS {{\n  .text.hot : {{\n{sections}  }}\n}} INSERT BEFORE .text;\n");
    let path = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo names it")).join("hot.ld");
    fs::write(&path, script).expect("Cargo's own folder can be written");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", path.display());
}

/// Spares the loader 7,000 addresses to correct in 31 pages, each of which it would have to copy first (measured: with
/// fewer looks at folders 6 % of a `get`). The price is one layer against attacks on memory errors: the program's own
/// addresses are the same in each run, those of stack, heap and C library are not. What reads a stranger's words is
/// Rust without `unsafe`.
fn link_at_fixed_address() {
    println!("cargo::rustc-link-arg-bins=-no-pie");
}

/// Saves the loading of what only some commands call, or nothing at all: libgit2's HTTP has `secur32`. What these load
/// in their turn, the user interface among it, takes twice as long as a start without them (measured in Wine). Of the
/// linkers Microsoft's can do that, and LLVM's; GNU's cannot.
fn load_at_first_use() {
    const LIBRARIES: [&str; 10] = [
        "api-ms-win-core-winrt-error-l1-1-0",
        "combase",
        "crypt32",
        "ole32",
        "oleaut32",
        "pdh",
        "powrprof",
        "psapi",
        "secur32",
        "shell32",
    ];
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    // As tests/windows/lld is called: a compiler that has LLVM's linker link.
    let is_llvm = env::var("RUSTC_LINKER").is_ok_and(|linker| linker.ends_with("gcc-lld"));
    let (option, helper) = match env::var("CARGO_CFG_TARGET_ENV").as_deref() {
        Ok("msvc") => ("/DELAYLOAD:", "delayimp.lib"),
        Ok("gnu") if is_llvm => ("-Wl,--delayload=", "-ldelayimp"),
        _ => return,
    };
    for library in LIBRARIES {
        println!("cargo::rustc-link-arg-bins={option}{library}.dll");
    }
    println!("cargo::rustc-link-arg-bins={helper}");
}

fn link_unwinder() {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let Ok(output) = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output() else { return };
    // Only the bare name comes back if there is none.
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if let Some(folder) = library.parent().filter(|_| library.is_absolute()) {
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static:+whole-archive,-bundle=gcc_eh");
    }
}

//! Links the unwinder into the program instead of loading it with each call.
//!
//! Git starts us anew for every question, and to find, map and relocate `libgcc_s.so.1` took a tenth of that
//! time (measured: 108 of 1008 us). The same functions lie in `libgcc_eh.a`, which comes with the C compiler.
//! Where there is no such file (another runtime of clang's), or it may be another machine's (cross-compiling),
//! the library is loaded as ever.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    let is_here = env::var("HOST").is_ok_and(|host| is("TARGET", &host));
    if !is_here || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let Ok(output) = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output() else { return };
    // Only the bare name comes back if there is none.
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if let Some(folder) = library.parent().filter(|_| library.is_absolute()) {
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static:+whole-archive,-bundle=gcc_eh");
    }
}

//! The tour, `cargo run --example tour`: the main job for real, in a temporary home, against the forge.
//!
//! It runs the very commands that it prints, with real git on a real terminal, and compares what happened
//! with what it says. A step that does not do what it says ends it with exit code 1, and `--break` shows
//! that: it changes the forge (or the home) so that one step cannot go well. Nothing outside a temporary
//! folder is touched and nothing outside this machine is asked.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a transcript is what it is for")]

#[path = "tour/app_steps.rs"]
mod app_steps;
#[path = "tour/build.rs"]
mod build;
#[path = "forge/mod.rs"]
mod forge;
#[path = "tour/pages.rs"]
mod pages;
#[path = "sandbox.rs"]
mod sandbox;
#[path = "screen.rs"]
mod screen;
#[path = "tour/stage.rs"]
mod stage;
#[path = "tour/steps.rs"]
mod steps;
#[path = "visitor.rs"]
mod visitor;

use clap::Parser;
use stage::{Stage, progress};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use steps::Step;

/// Shows git-credential-patron at work, in a temporary home, against a stand-in for GitHub on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo run --example tour --")]
struct Options {
    /// Open the page in your browser, where you press Approve yourself
    #[arg(long)]
    browser: bool,
    /// How long to wait for that
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u64,
    /// Play the second act, too: a GitHub App instead of tokens, and an owner who decides
    #[arg(long)]
    app: bool,
    /// Break one step, to see that the tour notices
    #[arg(long = "break", value_name = "BREAK")]
    broken: Option<String>,
    /// List what --break can break
    #[arg(long)]
    breaks: bool,
    /// Do not build the program; use this one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let steps = steps::all(options.app);
    if options.breaks {
        for step in &steps {
            for broken in step.breaks {
                println!("{:<14} {:<12} {}", broken.name, step.name, broken.what);
            }
        }
        return ExitCode::SUCCESS;
    }
    let known = steps.iter().flat_map(|step| step.breaks).map(|broken| broken.name);
    if let Some(name) = &options.broken
        && !known.clone().any(|known| known == name)
    {
        eprintln!("there is nothing to break called \"{name}\"; these can be broken:");
        known.for_each(|known| eprintln!("  {known}"));
        return ExitCode::from(2);
    }
    // What is unexpected panics in the harness with all there is to know; here that becomes exit code 1.
    match std::panic::catch_unwind(|| tour(&options, &steps)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(why)) => ended(&why),
        Err(_) => ended("something unexpected happened, see above"),
    }
}

fn ended(why: &str) -> ExitCode {
    progress("");
    eprintln!("\nthe tour ends here: {why}");
    ExitCode::FAILURE
}

fn tour(options: &Options, steps: &[&Step]) -> Result<(), String> {
    let program = match &options.program {
        Some(program) => {
            program.canonicalize().map_err(|error| format!("--program {}: {error}", program.display()))?
        }
        None => build::program()?,
    };
    let wait = options.browser.then_some(Duration::from_secs(options.wait));
    let mut stage = Stage::new(program, wait);
    println!("Mona works for two organisations, acme and globex; later she joins a third one, initech.");
    println!(
        "GitHub is played by a stand-in on this machine; git, the helper and every line below are real."
    );
    for (step, number) in steps.iter().zip(1..) {
        println!("\n== {number}. {}", step.title);
        for broken in step.breaks.iter().filter(|broken| options.broken.as_deref() == Some(broken.name)) {
            println!("\n(broken by --break {}: {})", broken.name, broken.what);
            (broken.apply)(&mut stage);
        }
        (step.run)(&mut stage).map_err(|why| format!("step {number}, {}: {why}", step.name))?;
        if stage.is_interrupted() {
            return Err("it was interrupted".to_owned());
        }
    }
    println!("\nThat was it. {}", next(std::env::var_os("PATH").as_deref()));
    Ok(())
}

/// Says what to do now: git must find the program before it can be set up.
fn next(path: Option<&OsStr>) -> &'static str {
    let is_installed = std::env::split_paths(path.unwrap_or_default()).any(|folder| {
        folder.join(sandbox::PROGRAM).with_extension(std::env::consts::EXE_EXTENSION).is_file()
    });
    match is_installed {
        true => "Next, in your own home: git credential-patron setup",
        false if cfg!(windows) => {
            "Next, in your own home: install/install.ps1, then git credential-patron setup"
        }
        false => "Next, in your own home: install/install.sh, then git credential-patron setup",
    }
}

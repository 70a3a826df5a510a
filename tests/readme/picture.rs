//! The README's picture of `diagnose`: the screen of a real run, as SVG.
//!
//! `tests/picture` makes it anew. What differs from day to day (dates, times, the stand-in's port and folder,
//! the version of git) has a fixed value in it, so that it changes only with what patron says.

use std::env;
use std::fs;
use std::path::Path;

use super::super::screen::Shown;
use super::compare::documented;
use super::scenes::Place;
use anstyle::{AnsiColor, RgbColor};
use anstyle_svg::{Term, WIN10_CONSOLE};

/// Where the README finds it.
pub(super) const PICTURE: &str = ".github/diagnose.svg";
/// Set by `tests/picture`: the picture is written instead of compared.
const BLESS: &str = "PATRON_PICTURE";

/// Compares the picture with this screen, or writes it.
#[track_caller]
pub(super) fn assert_current(place: &Place, command: &str, shown: &Shown) {
    let rows = shown.rows.iter().map(|row| documented(row, &place.sandbox, &place.forge));
    let prompt = format!("{0}${0:#} {command}", AnsiColor::BrightBlack.on_default());
    let screen: Vec<String> = std::iter::once(prompt).chain(rows).collect();
    let svg = Term::new()
        .palette(WIN10_CONSOLE)
        .bg_color(RgbColor(0x16, 0x1b, 0x22).into())
        .fg_color(RgbColor(0xd8, 0xde, 0xe6).into())
        .render_svg(&screen.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PICTURE);
    if env::var_os(BLESS).is_some() {
        fs::write(&path, &svg).expect("the picture can be written");
        println!("{PICTURE} is written");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == svg,
        "{PICTURE} is not what diagnose shows now; if that is meant: tests/picture\n{}",
        shown.text()
    );
}

//! The README's pictures, as SVG: the screen of a real `diagnose`, and one that moves, of a clone that is refused, the
//! approval, and the same clone again.
//!
//! `tests/picture` makes them anew. What differs from day to day (dates, times, the stand-in's port and folder,
//! the version of git) has a fixed value in it, so that it changes only with what patron says.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::super::forge::State;
use super::super::screen::{Screen, Shown};
use super::compare::documented;
use super::scenes::{COLUMNS, Place, Setting};
use anstyle::{AnsiColor, RgbColor};
use anstyle_svg::{Term, WIN10_CONSOLE};

/// Where the README finds the one that stands still.
pub(super) const PICTURE: &str = ".github/diagnose.svg";
/// Where the README finds the one that moves.
pub(super) const MOVING: &str = ".github/clone.svg";
/// When each part of that one comes, in seconds, and when it begins again.
const COMES_AT: [u32; 5] = [0, 2, 7, 10, 12];
const AGAIN_AT: u32 = 18;
/// Longer than patron leaves GitHub alone after a refusal.
const PAUSE: Duration = Duration::from_secs(11);
/// Set by `tests/picture`: the picture is written instead of compared.
const BLESS: &str = "PATRON_BLESS";

/// Compares the picture with this screen, or writes it.
#[track_caller]
pub(super) fn assert_current(place: &Place, command: &str, shown: &Shown) {
    let rows = shown.rows.iter().map(|row| documented(row, &place.sandbox, &place.forge));
    let screen: Vec<String> = std::iter::once(prompt(command)).chain(rows).collect();
    assert_kept(PICTURE, &drawn(&screen), &shown.text());
}

/// Plays the moving picture, and compares it or writes it.
#[track_caller]
pub(super) fn assert_moving_is_current() {
    let place = Place::new(Setting::Refused);
    let clone = "git clone --quiet https://github.com/acme/secret";
    let run = |command: &str, code: u32| {
        let screen = Screen::start(&place.sandbox, &place.sandbox.work(), COLUMNS, command);
        let shown = screen.wait().expect("it ends");
        assert_eq!(shown.code, code, "{command}\n{}", shown.text());
        shown.rows.iter().map(|row| documented(row, &place.sandbox, &place.forge)).collect::<Vec<_>>()
    };
    let refused = run(clone, 128);
    // A row ends where the screen does, also within a word.
    assert!(refused.concat().contains("(approval-pending)"), "{refused:#?}");
    place.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
    // Nobody presses it sooner; till then patron asks GitHub no second time.
    thread::sleep(PAUSE);
    let look = format!("{clone} && git -C secret log --format=%s");
    let cloned = run(&look, 0);
    assert!(!cloned.is_empty() && cloned.iter().all(|row| !row.contains("patron")), "{cloned:#?}");
    let grey = AnsiColor::BrightBlack.on_default();
    let approved = format!("{grey}# an owner of acme presses Approve on the owners' page{grey:#}");
    let parts = [
        vec![prompt(clone)],
        refused,
        vec![String::new(), approved, String::new()],
        vec![prompt(&look)],
        cloned,
    ];
    let screen: Vec<String> = parts.iter().flatten().cloned().collect();
    let mut part_of = parts.iter().enumerate().flat_map(|(at, part)| part.iter().map(move |_| at));
    // Each line is hidden until its part comes; who wants no motion sees all of it.
    let drawn = drawn(&screen);
    let (head, lines) = drawn.split_once("  <text ").expect("a picture has text");
    let mut rules = String::new();
    for (at, comes) in COMES_AT.into_iter().enumerate().skip(1) {
        let _ = write!(
            rules,
            "    @keyframes part{at} {{ from {{ visibility: hidden }} {0}% {{ visibility: visible }} to {{ visibility: visible }} }}\n    \
             .part{at} {{ animation: part{at} {AGAIN_AT}s step-end infinite }}\n",
            comes * 100 / AGAIN_AT
        );
    }
    rules += "    @media (prefers-reduced-motion: reduce) { tspan { animation: none !important } }\n";
    let head = head.replacen("  </style>", &format!("{rules}  </style>"), 1);
    let mut moving = head + "  <text ";
    for (at, line) in lines.split("<tspan x=").enumerate() {
        if at > 0 {
            let part = part_of.next().expect("each line is of a part");
            let _ = write!(moving, "<tspan class=\"part{part}\" x=");
        }
        moving += line;
    }
    assert_eq!(part_of.next(), None, "each line is drawn");
    assert_kept(MOVING, &moving, &screen.join("\n"));
}

fn prompt(command: &str) -> String {
    format!("{0}${0:#} {command}", AnsiColor::BrightBlack.on_default())
}

fn drawn(screen: &[String]) -> String {
    // On a dark ground the plain shades of red and blue are hard to read.
    let mut palette = WIN10_CONSOLE;
    palette.0.copy_within(8.., 0);
    Term::new()
        .palette(palette)
        .bg_color(RgbColor(0x16, 0x1b, 0x22).into())
        .fg_color(RgbColor(0xd8, 0xde, 0xe6).into())
        .render_svg(&screen.join("\n"))
        // So is what is dimmed as far as this renderer does it.
        .replace("opacity: 0.4", "opacity: 0.65")
}

/// Compares a picture with the one that is kept, or keeps it.
#[track_caller]
fn assert_kept(name: &str, svg: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os(BLESS).is_some() {
        fs::write(&path, svg).expect("the picture can be written");
        println!("{name} is written");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == svg, "{name} is not what is shown now; if that is meant: tests/picture\n{text}");
}

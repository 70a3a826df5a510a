//! A real terminal and what is on its screen: for what people see, colours and order included.
//!
//! A command line runs in a shell, in a pseudo-terminal of its own, in the environment of a sandbox. What
//! it writes goes through a terminal emulator, so that a line that was drawn and erased again (a spinner,
//! git's progress) is not there, as on a real screen. Somebody may type, and wait for a text before. Every
//! run has a bound, and ends together with what it started.

#![allow(dead_code, reason = "tests and the tour each use a part of it")]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anstyle::{Ansi256Color, AnsiColor, Color, Effects, RgbColor, Style};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

use super::sandbox::{Sandbox, windows};

/// How long a command may take, and how long a text is waited for.
const BOUND: Duration = Duration::from_secs(60);
/// How long the screen may stay in use after the command has ended.
const AFTERMATH: Duration = Duration::from_secs(2);
/// More rows than any command fills: nothing scrolls away.
const ROWS: u16 = 400;

/// A command on a terminal.
pub(crate) struct Screen {
    /// Held open: the terminal goes away with it.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    emulator: Arc<Mutex<Parser>>,
    reader: JoinHandle<()>,
    start: Instant,
    line: String,
}

/// What a command left on the screen.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its exit code.
    pub(crate) code: u32,
    /// The lines without styles; one that was too long for the screen is one line all the same.
    pub(crate) lines: Vec<String>,
    /// The same lines with their styles as escape sequences.
    pub(crate) styled: Vec<String>,
    /// The screen's rows with their styles.
    pub(crate) rows: Vec<String>,
}

impl Screen {
    /// Starts a command line in this folder, on a terminal of so many columns.
    pub(crate) fn start(sandbox: &Sandbox, folder: &Path, columns: u16, line: &str) -> Self {
        let columns = NonZeroU16::new(columns).expect("a screen has columns");
        let rows = NonZeroU16::new(ROWS).expect("a screen has rows");
        let size = PtySize { rows: ROWS, cols: columns.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", line]);
        command.env_clear();
        sandbox.environment().iter().for_each(|(name, value)| command.env(name, value));
        command.env("TERM", "xterm-256color");
        command.cwd(folder);
        let child = pair.slave.spawn_command(command).expect("the shell");
        // Only the command and what it starts hold the terminal from now on; with them it ends.
        drop(pair.slave);
        let keys = pair.master.take_writer().expect("a keyboard");
        let mut output = pair.master.try_clone_reader().expect("a screen");
        let emulator = Arc::new(Mutex::new(Parser::new(rows, columns, 0)));
        let theirs = Arc::clone(&emulator);
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(len @ 1..) = output.read(&mut bytes) {
                locked(&theirs).process(&bytes[..len]);
            }
        });
        let line = line.to_owned();
        Self { _master: pair.master, keys, child, emulator, reader, start: Instant::now(), line }
    }

    /// The command line.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// What is on the screen now.
    pub(crate) fn text(&self) -> String {
        locked(&self.emulator).screen().contents()
    }

    /// Waits until this is on the screen; an error says what is there instead.
    pub(crate) fn wait_for(&mut self, text: &str) -> Result<(), String> {
        while !self.text().contains(text) {
            if self.start.elapsed() > BOUND || self.reader.is_finished() {
                return Err(format!("`{}` never showed \"{text}\":\n{}", self.line, self.text()));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) -> Result<(), String> {
        self.press(&format!("{line}\r"))
    }

    /// Presses these keys.
    pub(crate) fn press(&mut self, keys: &str) -> Result<(), String> {
        // Wine writes a prompt before it takes the terminal's own echo and line ends away: what is pressed in between
        // shows, and Return does not count.
        if windows().is_some() {
            thread::sleep(Duration::from_secs(2));
        }
        write!(self.keys, "{keys}").and_then(|()| self.keys.flush()).map_err(|error| error.to_string())
    }

    /// Waits for the command's end.
    pub(crate) fn wait(mut self) -> Result<Shown, String> {
        let mut ended: Option<Instant> = None;
        let mut code = None;
        loop {
            if code.is_none()
                && let Some(status) = self.child.try_wait().map_err(|error| error.to_string())?
            {
                code = Some(status.exit_code());
                ended = Some(Instant::now());
            }
            // What outlives the command (a browser) may hold its screen.
            let is_over = ended.is_some_and(|ended| self.reader.is_finished() || ended.elapsed() > AFTERMATH);
            if let Some(code) = code.filter(|_| is_over) {
                return Ok(Shown::read(locked(&self.emulator).screen(), code));
            }
            if code.is_none() && self.start.elapsed() > BOUND {
                let _ = self.child.kill();
                return Err(format!(
                    "`{}` took longer than {} s:\n{}",
                    self.line,
                    BOUND.as_secs(),
                    self.text()
                ));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Shown {
    fn read(screen: &vt100::Screen, code: u32) -> Self {
        let (rows, columns) = screen.size();
        let (mut all, mut lines, mut styled) = (Vec::new(), Vec::new(), Vec::new());
        let (mut line, mut styled_line) = (String::new(), String::new());
        for row in 0..rows.get() {
            let (text, painted) = row_of(screen, row, columns.get());
            all.push(painted.clone());
            line.push_str(&text);
            styled_line.push_str(&painted);
            if !screen.row_wrapped(row) {
                lines.push(std::mem::take(&mut line));
                styled.push(std::mem::take(&mut styled_line));
            }
        }
        for lines in [&mut all, &mut lines, &mut styled] {
            let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
            lines.truncate(end);
        }
        Self { code, lines, styled, rows: all }
    }

    /// The lines as one text.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// One row, plain and with escape sequences, without the blanks at its end.
fn row_of(screen: &vt100::Screen, row: u16, columns: u16) -> (String, String) {
    let cell = |column| screen.cell(row, column).expect("it is on the screen");
    let is_seen = |column: &u16| !cell(*column).contents().trim().is_empty();
    let end = match screen.row_wrapped(row) {
        // The line goes on: a blank at the end of this row lies within it.
        true => columns,
        false => (0..columns).rev().find(is_seen).map_or(0, |last| last + 1),
    };
    let (mut plain, mut painted, mut current) = (String::new(), String::new(), Style::new());
    for cell in (0..end).map(cell).filter(|cell| !cell.is_wide_continuation()) {
        let style = style_of(cell);
        if style != current {
            painted.push_str(&format!("{current:#}{style}"));
            current = style;
        }
        let text = if cell.has_contents() { cell.contents() } else { " " };
        plain.push_str(text);
        painted.push_str(text);
    }
    painted.push_str(&format!("{current:#}"));
    (plain, painted)
}

fn style_of(cell: &vt100::Cell) -> Style {
    let mut effects = Effects::new();
    for (set, effect) in [
        (cell.bold(), Effects::BOLD),
        (cell.dim(), Effects::DIMMED),
        (cell.italic(), Effects::ITALIC),
        (cell.underline(), Effects::UNDERLINE),
        (cell.inverse(), Effects::INVERT),
    ] {
        effects = effects.set(effect, set);
    }
    Style::new().fg_color(colour(cell.fgcolor())).bg_color(colour(cell.bgcolor())) | effects
}

fn colour(colour: vt100::Color) -> Option<Color> {
    const NAMED: [AnsiColor; 8] = [
        AnsiColor::Black,
        AnsiColor::Red,
        AnsiColor::Green,
        AnsiColor::Yellow,
        AnsiColor::Blue,
        AnsiColor::Magenta,
        AnsiColor::Cyan,
        AnsiColor::White,
    ];
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(match NAMED.get(usize::from(index)) {
            Some(name) => Color::Ansi(*name),
            None => Color::Ansi256(Ansi256Color(index)),
        }),
        vt100::Color::Rgb(red, green, blue) => Some(Color::Rgb(RgbColor(red, green, blue))),
    }
}

fn locked(emulator: &Mutex<Parser>) -> MutexGuard<'_, Parser> {
    emulator.lock().unwrap_or_else(PoisonError::into_inner)
}

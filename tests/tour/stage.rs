//! The stage: the forge, mona's home, and her terminal, on which commands are run and shown.

use super::forge::Forge;
use super::sandbox::{Options, Sandbox};
use super::screen::{Screen, Shown};
use super::steps;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How wide the shown terminal is where ours has no width.
const COLUMNS: u16 = 100;
/// How far what a command shows is moved to the right.
const INDENT: &str = "  ";
/// How long an opened page may take to arrive: nobody waits for a browser.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the tour takes place.
pub(crate) struct Stage {
    /// What plays GitHub.
    pub(crate) forge: Forge,
    /// Mona's home.
    pub(crate) sandbox: Sandbox,
    /// How long a person may take to press a button; none: the tour presses it.
    pub(crate) wait: Option<Duration>,
    /// The pages that were looked at already.
    seen_pages: usize,
    columns: u16,
    interrupted: Arc<AtomicBool>,
}

/// Setting up
impl Stage {
    pub(crate) fn new(program: PathBuf, wait: Option<Duration>) -> Self {
        let forge = Forge::start(steps::policy());
        let options = Options { program: Some(program), ..Options::default() };
        let mut sandbox = Sandbox::with(&options, &forge);
        // A desktop: pages may open, in a stand-in for a browser that notes them.
        sandbox.unset("GIT_TERMINAL_PROMPT");
        sandbox.set("DISPLAY", ":0");
        let columns = match terminal_size::terminal_size() {
            Some((width, _)) => width.0.saturating_sub(INDENT.len() as u16).clamp(60, COLUMNS),
            None => COLUMNS,
        };
        let interrupted = Arc::new(AtomicBool::new(false));
        // The temporary folders must go also after Ctrl-C, so it is noticed and ends the tour in order.
        #[cfg(unix)]
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let _ = signal_hook::flag::register(signal, Arc::clone(&interrupted));
        }
        Self { forge, sandbox, wait, seen_pages: 0, columns, interrupted }
    }

    /// Tells whether somebody wants the tour to end.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Running and showing
impl Stage {
    /// Runs a command that is to succeed.
    pub(crate) fn run(&self, folder: &str, line: &str) -> Result<Shown, String> {
        self.ends_with(0, folder, line)
    }

    /// Runs a command that is to end with this exit code.
    pub(crate) fn ends_with(&self, code: u32, folder: &str, line: &str) -> Result<Shown, String> {
        self.prompt(folder, line);
        let shown = Screen::start(&self.sandbox, &self.folder(folder), self.columns, line).wait()?;
        self.show(&shown);
        expect_code(line, &shown, code)
    }

    /// Starts a command and waits until it asks something.
    pub(crate) fn ask(&self, line: &str, question: &str) -> Result<Screen, String> {
        self.prompt("", line);
        let mut screen = Screen::start(&self.sandbox, &self.folder(""), self.columns, line);
        screen.wait_for(question)?;
        Ok(screen)
    }

    /// Answers what a command asks, which is then to succeed.
    pub(crate) fn answer(&self, mut screen: Screen, answer: &str) -> Result<Shown, String> {
        screen.type_line(answer)?;
        self.ended(screen)
    }

    /// Waits for the end of a command that asked something, and is to succeed.
    pub(crate) fn ended(&self, screen: Screen) -> Result<Shown, String> {
        let line = screen.line().to_owned();
        let shown = screen.wait()?;
        self.show(&shown);
        expect_code(&line, &shown, 0)
    }

    /// The page that was opened since the last time, which must be exactly one.
    pub(crate) fn opened_page(&mut self) -> Result<String, String> {
        let start = Instant::now();
        loop {
            let pages = self.sandbox.opened_pages();
            match &pages[self.seen_pages.min(pages.len())..] {
                [page] => {
                    self.seen_pages = pages.len();
                    return Ok(page.clone());
                }
                [] if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(10)),
                [] => return Err("no page was opened".to_owned()),
                pages => return Err(format!("one page should have been opened, not these: {pages:?}")),
            }
        }
    }

    fn folder(&self, folder: &str) -> PathBuf {
        self.sandbox.work().join(folder)
    }

    fn prompt(&self, folder: &str, line: &str) {
        let space = if folder.is_empty() { "" } else { " " };
        println!("\n{folder}{space}$ {line}");
        // What comes next may take a moment.
        let _ = std::io::stdout().flush();
    }

    fn show(&self, shown: &Shown) {
        let styled = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        for line in if styled { &shown.styled } else { &shown.lines } {
            println!("{}", format!("{INDENT}{}", self.tidy(line)).trim_end());
        }
    }

    /// The long names of the temporary folders would hide what matters.
    fn tidy(&self, line: &str) -> String {
        let home = self.sandbox.home().display().to_string();
        let bin = self.sandbox.bin().display().to_string();
        let root = self.sandbox.root().display().to_string();
        let line = self.forge.redactor().redact(line);
        let forge = self.forge.dir().display().to_string();
        line.replace(&home, "~")
            .replace(&bin, "/usr/local/bin")
            .replace(&root, "/tmp/tour")
            .replace(&forge, "/tmp/tour")
    }
}

fn expect_code(line: &str, shown: &Shown, code: u32) -> Result<Shown, String> {
    match shown.code == code {
        true => Ok(shown.clone()),
        false => Err(format!("`{line}` should have ended with {code}, not with {}", shown.code)),
    }
}

/// Tells whether a line that counts can be shown.
pub(crate) fn counts() -> bool {
    std::io::stderr().is_terminal()
}

/// Shows what is being waited for: on a terminal a line that is erased again, elsewhere a line.
pub(crate) fn progress(text: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    } else if !text.is_empty() {
        let _ = writeln!(stderr, "{text}");
    }
}

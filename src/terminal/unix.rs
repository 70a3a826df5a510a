//! The terminal on Unix: `/dev/tty`, whose echo comes back on every way out.
//!
//! Hidden input is waited for by `poll`, beside a bell that rings at signals. At Ctrl-C every moment counts:
//! git ends at once, and the shell takes the terminal back. ISIG stays on, so that Ctrl-C reaches the whole
//! job and git ends with us, as people expect.
//!
//! A shell that has taken the terminal over either sets modes of its own (bash, zsh, fish), which must not
//! be touched, or relies on those it finds (dash: measured; left silent and unwaiting, it reads the end of
//! input there). So the modes are given back if they are still the silent ones, and left alone otherwise.
//!
//! Signal handlers stay once they are set, since taking a handler away would leave the signal ignored
//! (documented in `signal-hook`): outside a question they do what the system would have done.

use super::ask::PromptError;
use super::editor::{Editor, InputState, Keys};
use crate::token::Token;
use nix::sys::signal::{SigSet, Signal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex as Code, Termios, tcflush,
    tcgetattr, tcgetpgrp, tcsetattr,
};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use zeroize::Zeroizing;

/// How long nothing must come after a line end until the input is taken to be over.
const QUIET: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The controlling terminal of this process.
pub(super) struct Terminal {
    screen: File,
    /// A handle of its own, which never waits: only `poll` does, since it sees signals too.
    keyboard: File,
}

impl Terminal {
    pub(super) fn open() -> Option<Self> {
        let open = |flags: OFlags| {
            let flags = i32::try_from((OFlags::NOCTTY | flags).bits()).ok()?;
            OpenOptions::new().read(true).write(true).custom_flags(flags).open("/dev/tty").ok()
        };
        Some(Self { screen: open(OFlags::empty())?, keyboard: open(OFlags::NONBLOCK)? })
    }

    /// Tells whether our process group is in the foreground.
    pub(super) fn is_ours(&self) -> bool {
        is_ours(&self.screen)
    }

    /// Reads a line as the terminal edits and shows it.
    pub(super) fn read_line(&self, prompt: &str, max: usize) -> Result<Vec<u8>, PromptError> {
        (&self.screen).write_all(prompt.as_bytes())?;
        let mut line = vec![0; max];
        // In its usual mode a terminal hands out whole lines, and nothing at the end of input.
        match (&self.screen).read(&mut line)? {
            0 => Err(PromptError::Ended),
            len => {
                line.truncate(len);
                Ok(line)
            }
        }
    }

    /// Reads a secret; see [`super::read_hidden`].
    pub(super) fn read_hidden(&self, prompt: &str) -> Result<Token, PromptError> {
        let signals = Signals::get().map_err(PromptError::Io)?;
        let mut signals = signals.lock().unwrap_or_else(PoisonError::into_inner);
        let watch = signals.watch();
        let result = self.read_silently(prompt, &mut signals);
        drop(watch);
        match (result, signals.end()) {
            // It came in the last moment, when nobody looked any more.
            (Ok(_), Some(interrupted)) => Err(interrupted),
            // A terminal that is gone fails in many ways; that it is gone is all there is to say.
            (Err(PromptError::Io(_) | PromptError::Ended), end) if tcgetattr(&self.screen).is_err() => {
                Err(end.unwrap_or(PromptError::Ended))
            }
            (result, _) => result,
        }
    }

    fn read_silently(&self, prompt: &str, signals: &mut Signals) -> Result<Token, PromptError> {
        let silence = Silence::new(self, prompt)?;
        let mut editor = Editor::new(silence.keys());
        match self.read_keys(&mut editor, signals, &silence) {
            Ok(()) => editor.finish().map_err(PromptError::Unfit),
            // No time to lose: the shell is about to take the terminal.
            Err(interrupted @ PromptError::Interrupted(_)) => Err(interrupted),
            Err(error) => {
                silence.discard();
                Err(error)
            }
        }
    }

    fn read_keys(
        &self,
        editor: &mut Editor,
        signals: &mut Signals,
        silence: &Silence<'_>,
    ) -> Result<(), PromptError> {
        let mut bytes = Zeroizing::new([0; 1024]);
        loop {
            signals.wait(&self.keyboard)?;
            match signals.arrived() {
                Some(Arrived::End(signal)) => return Err(PromptError::Interrupted(signal)),
                Some(Arrived::Stop) => {
                    silence.pause(|| signal_hook::low_level::emulate_default_handler(SIGTSTP))?;
                    signals.forget(SIGCONT);
                    continue;
                }
                // Stopped in a way we could not see (SIGSTOP), and the shell used the terminal since.
                Some(Arrived::Continue) => {
                    silence.begin()?;
                    continue;
                }
                None => {}
            }
            let len = match (&self.keyboard).read(&mut *bytes) {
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(PromptError::Io(error)),
            };
            bytes[..len].iter().for_each(|byte| editor.key(*byte));
            match editor.state() {
                InputState::Ended => return Err(PromptError::Ended),
                // A moment of silence after the line end: nothing else was pasted.
                InputState::Finished if len == 0 => return Ok(()),
                // Nothing for a tenth of a second, or a terminal that is gone.
                InputState::Open if len == 0 => {
                    tcgetattr(&self.screen).map_err(io::Error::from)?;
                }
                InputState::Open | InputState::Finished => {}
            }
        }
    }
}

fn is_ours(terminal: &File) -> bool {
    tcgetpgrp(terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Silence<'a> {
    terminal: &'a Terminal,
    before: Termios,
    silent: Termios,
    prompt: &'a str,
    marks: bool,
}

impl<'a> Silence<'a> {
    fn new(terminal: &'a Terminal, prompt: &'a str) -> Result<Self, PromptError> {
        let before = tcgetattr(&terminal.screen).map_err(io::Error::from)?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::IEXTEN;
        silent.local_modes |= LocalModes::ISIG;
        silent.input_modes -= InputModes::ICRNL | InputModes::INLCR | InputModes::IGNCR | InputModes::ISTRIP;
        silent.special_codes[Code::VMIN] = 1;
        silent.special_codes[Code::VTIME] = 0;
        // A terminal that knows no escape sequences would show the request for them.
        let marks = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        let silence = Self { terminal, before, silent, prompt, marks };
        silence.begin()?;
        Ok(silence)
    }

    /// Makes the terminal silent and shows the prompt.
    fn begin(&self) -> Result<(), PromptError> {
        let screen = &self.terminal.screen;
        // What was typed before the question was not meant for it.
        tcsetattr(screen, OptionalActions::Flush, &self.silent).map_err(io::Error::from)?;
        let begin_marks = if self.marks { "\x1b[?2004h" } else { "" };
        (&mut &*screen).write_all(format!("{}{begin_marks}", self.prompt).as_bytes())?;
        Ok(())
    }

    /// Gives the terminal back. Errors do not matter: a terminal that is gone needs nothing back.
    fn end(&self) {
        let screen = &self.terminal.screen;
        let ours = |now: Termios| {
            (now.local_modes, now.input_modes) == (self.silent.local_modes, self.silent.input_modes)
        };
        if !tcgetattr(screen).is_ok_and(ours) {
            return;
        }
        // Another job's terminal can be changed only by one that does not hear the protest.
        let protest = SigSet::from(Signal::SIGTTOU);
        let mask = protest.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK);
        let _ = tcsetattr(screen, OptionalActions::Now, &self.before);
        // The Enter that ended the input was not shown.
        let end_marks = if self.marks { "\x1b[?2004l" } else { "" };
        let _ = (&mut &*screen).write_all(format!("{end_marks}\n").as_bytes());
        if let Ok(mask) = mask {
            let _ = mask.thread_set_mask();
        }
    }

    /// Gives the terminal back for as long as `stop` takes.
    fn pause(&self, stop: impl FnOnce() -> io::Result<()>) -> Result<(), PromptError> {
        self.end();
        stop()?;
        self.begin()
    }

    /// Throws away what has been typed or pasted and not read: it may be the rest of a secret.
    fn discard(&self) {
        let mut rest = Zeroizing::new([0; 1024]);
        // A paste may still be on its way; two seconds of it are enough.
        for _ in 0..20 {
            if !self.terminal.is_ours() {
                return;
            }
            let keyboard = &self.terminal.keyboard;
            let _ = poll(&mut [PollFd::new(keyboard, PollFlags::IN)], Some(&QUIET));
            match (&mut &*keyboard).read(&mut *rest) {
                Ok(len) if len > 0 => {}
                _ => break,
            }
        }
        let _ = tcflush(&self.terminal.screen, QueueSelector::IFlush);
    }

    fn keys(&self) -> Keys {
        let code = |index| self.before.special_codes[index];
        Keys {
            erase: code(Code::VERASE),
            kill: code(Code::VKILL),
            word_erase: code(Code::VWERASE),
            end: code(Code::VEOF),
        }
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Signals that end a question.
const ENDING: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// What came while a question was open.
enum Arrived {
    End(i32),
    Stop,
    Continue,
}

/// The handlers of this process, set at the first hidden question and never taken away.
struct Signals {
    /// No question is open: a signal does what it would have done without us.
    idle: Arc<AtomicBool>,
    flags: Vec<(i32, Arc<AtomicBool>)>,
    /// Gets a byte with each signal.
    bell: UnixStream,
}

impl Signals {
    fn get() -> io::Result<&'static Mutex<Self>> {
        static SIGNALS: OnceLock<Mutex<Signals>> = OnceLock::new();
        if let Some(signals) = SIGNALS.get() {
            return Ok(signals);
        }
        let idle = Arc::new(AtomicBool::new(true));
        let mut flags = Vec::new();
        let (bell, ringer) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        for signal in ENDING.into_iter().chain([SIGTSTP, SIGCONT]) {
            let flag = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&idle))?;
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(signal, ringer.try_clone()?)?;
            flags.push((signal, flag));
        }
        Ok(SIGNALS.get_or_init(|| Mutex::new(Self { idle, flags, bell })))
    }

    /// Keeps the signals to ourselves until the guard is dropped.
    fn watch(&mut self) -> impl Drop + use<> {
        struct Watch(Arc<AtomicBool>);
        impl Drop for Watch {
            fn drop(&mut self) {
                self.0.store(true, SeqCst);
            }
        }
        self.flags.iter().for_each(|(_, flag)| flag.store(false, SeqCst));
        self.idle.store(false, SeqCst);
        Watch(Arc::clone(&self.idle))
    }

    /// Waits for a key or a signal, for a tenth of a second at most.
    fn wait(&mut self, keyboard: &File) -> Result<(), PromptError> {
        let bell = PollFd::new(&self.bell, PollFlags::IN);
        let result = if cfg!(target_os = "macos") {
            // There `poll` cannot watch `/dev/tty` (documented in `rustix`): the keyboard is looked at now and
            // then, and the bell still rings at once.
            poll(&mut [bell], Some(&QUIET))
        } else {
            poll(&mut [bell, PollFd::new(keyboard, PollFlags::IN)], Some(&QUIET))
        };
        // Which signal it was the flags tell.
        let _ = self.bell.read(&mut [0; 64]);
        match result {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(PromptError::Io(error.into())),
        }
    }

    fn forget(&mut self, which: i32) {
        self.flags
            .iter()
            .filter(|(signal, _)| *signal == which)
            .for_each(|(_, flag)| flag.store(false, SeqCst));
    }

    fn arrived(&mut self) -> Option<Arrived> {
        let (signal, _) = self.flags.iter().find(|(_, flag)| flag.swap(false, SeqCst))?;
        Some(match *signal {
            SIGTSTP => Arrived::Stop,
            SIGCONT => Arrived::Continue,
            signal => Arrived::End(signal),
        })
    }

    /// Gives the ending signal that came, if one did: a hang-up is told from a plain end of input.
    fn end(&mut self) -> Option<PromptError> {
        let (signal, _) =
            self.flags.iter().find(|(signal, flag)| ENDING.contains(signal) && flag.load(SeqCst))?;
        Some(PromptError::Interrupted(*signal))
    }
}

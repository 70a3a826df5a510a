//! What the keys of a hidden prompt mean: bytes of a terminal in, a secret out. Pure.
//!
//! The terminal hands every byte over as it comes (non-canonical mode), since a line of its own ends at
//! 4,096 bytes, so what the terminal does for a typed line is done here: erase, erase all, end of line,
//! end of input. Pasted text is told from typed text by the marks `ESC [200~` and `ESC [201~` (xterm,
//! *Bracketed Paste Mode*) where the terminal sends them.

use crate::token::{MAX_LEN, Token, UnusableSecret};
use zeroize::{Zeroize, Zeroizing};

/// The control characters that this terminal has set for editing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub(super) erase: u8,
    pub(super) kill: u8,
    pub(super) word_erase: u8,
    pub(super) end: u8,
}

impl Default for Keys {
    fn default() -> Self {
        Self { erase: 0x7f, kill: 0x15, word_erase: 0x17, end: 0x04 }
    }
}

/// How far the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputState {
    /// The line is not finished.
    Open,
    /// Enter was pressed, or a paste ended with a line end. What still comes is looked at, not kept.
    Finished,
    /// End of input before anything was typed.
    Ended,
}

/// Where in an escape sequence we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    No,
    Begun,
    /// `ESC [`, and the number that follows (what is no number makes it one that means nothing).
    Sequence(u16),
    /// `ESC O`: one more byte.
    Key,
}

/// Collects a secret byte by byte. Its memory is taken once, so that no copy stays behind, and wiped.
pub(super) struct Editor {
    keys: Keys,
    secret: Zeroizing<Vec<u8>>,
    state: InputState,
    escape: Escape,
    in_paste: bool,
    /// A line end inside a paste: harmless as its last character, an error before another one.
    line_ended: bool,
    several_lines: bool,
}

impl Editor {
    pub(super) fn new(keys: Keys) -> Self {
        Self {
            keys,
            secret: Zeroizing::new(Vec::with_capacity(MAX_LEN + 1)),
            state: InputState::Open,
            escape: Escape::No,
            in_paste: false,
            line_ended: false,
            several_lines: false,
        }
    }

    pub(super) fn state(&self) -> InputState {
        self.state
    }

    /// Takes one byte of the terminal.
    pub(super) fn key(&mut self, byte: u8) {
        match (self.escape, byte) {
            (Escape::No, 0x1b) => self.escape = Escape::Begun,
            (Escape::No, _) => self.plain_key(byte),
            (Escape::Begun, b'[') => self.escape = Escape::Sequence(0),
            (Escape::Begun, b'O') => self.escape = Escape::Key,
            (Escape::Begun, 0x1b) => {}
            (Escape::Sequence(number), b'0'..=b'9') => {
                let number = number.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                self.escape = Escape::Sequence(number);
            }
            (Escape::Sequence(_), 0x20..=0x3f) => self.escape = Escape::Sequence(u16::MAX),
            (Escape::Sequence(number), _) => {
                self.escape = Escape::No;
                match (number, byte) {
                    (200, b'~') => self.in_paste = true,
                    (201, b'~') => self.paste_ended(),
                    // A cursor key and the like: there is nothing to move in.
                    _ => {}
                }
            }
            // A key with Alt, or a function key.
            (Escape::Begun | Escape::Key, _) => self.escape = Escape::No,
        }
    }

    fn plain_key(&mut self, byte: u8) {
        let line_end = matches!(byte, b'\r' | b'\n');
        if self.state == InputState::Finished {
            // Ctrl-D after Enter is a habit, not a second line.
            self.several_lines |= !line_end && byte != self.keys.end;
        } else if line_end {
            if self.in_paste {
                self.line_ended = !self.secret.is_empty();
            } else {
                self.state = InputState::Finished;
            }
        } else if self.in_paste {
            self.several_lines |= self.line_ended;
            self.add(byte);
        } else if byte == self.keys.end {
            self.state = if self.secret.is_empty() { InputState::Ended } else { InputState::Finished };
        } else if byte == self.keys.erase || matches!(byte, 0x08 | 0x7f) {
            // A character of several bytes goes as one.
            while self.secret.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
        } else if byte == self.keys.kill || byte == self.keys.word_erase {
            self.secret.zeroize();
        } else {
            self.add(byte);
        }
    }

    fn paste_ended(&mut self) {
        self.in_paste = false;
        if self.line_ended {
            self.state = InputState::Finished;
        }
    }

    fn add(&mut self, byte: u8) {
        if self.secret.len() <= MAX_LEN {
            self.secret.push(byte);
        }
    }

    /// Gives the secret, or says why it is none. An empty one is the caller's to judge.
    pub(super) fn finish(mut self) -> Result<Token, UnusableSecret> {
        if self.several_lines {
            return Err(UnusableSecret::LineBreak);
        }
        let token = Token::new(std::mem::take(&mut *self.secret));
        token.unusable().map_or(Ok(token), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(bytes: &[u8]) -> Result<Vec<u8>, UnusableSecret> {
        let mut editor = Editor::new(Keys::default());
        bytes.iter().for_each(|byte| editor.key(*byte));
        assert_eq!(editor.state(), InputState::Finished, "{:?}", bytes.escape_ascii().to_string());
        editor.finish().map(|token| token.expose().to_vec())
    }

    fn is(bytes: &[u8], expected: &[u8]) {
        assert_eq!(typed(bytes), Ok(expected.to_vec()), "{:?}", bytes.escape_ascii().to_string());
    }

    #[test]
    fn a_line_end_of_any_kind_finishes_and_is_not_kept() {
        is(b"secret\r", b"secret");
        is(b"secret\n", b"secret");
        is(b"secret\r\n\r\n", b"secret");
        is(b"secret\r\x04", b"secret");
        is(b"\n", b"");
    }

    #[test]
    fn a_paste_loses_its_marks_and_its_last_line_end() {
        is(b"\x1b[200~secret\x1b[201~\r", b"secret");
        is(b"\x1b[200~secret\r\n\x1b[201~", b"secret");
        is(b"\x1b[200~secret\n\x1b[201~\r", b"secret");
        is(b"\x1b[200~\nsecret\n\x1b[201~", b"secret");
        is(b"se\x1b[200~cret\x1b[201~\r", b"secret");
    }

    #[test]
    fn several_lines_are_refused() {
        for bytes in [&b"one\ntwo\n"[..], b"one\r\ntwo", b"\x1b[200~one\ntwo\x1b[201~\r", b"one\n two"] {
            assert_eq!(
                typed(bytes),
                Err(UnusableSecret::LineBreak),
                "{:?}",
                bytes.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn typing_errors_can_be_mended() {
        is(b"secrey\x7ft\r", b"secret");
        is(b"secrey\x08t\r", b"secret");
        is("ü\x7fs\r".as_bytes(), b"s");
        is(b"\x7f\x7fs\r", b"s");
        is(b"wrong\x15secret\r", b"secret");
        is(b"wrong\x17secret\r", b"secret");
        is(b"se\x1b[D\x1bOA\x1bb\x1b[1;5Ccret\r", b"secret");
    }

    #[test]
    fn ctrl_d_ends_an_empty_input_and_finishes_another() {
        let mut editor = Editor::new(Keys::default());
        editor.key(4);
        assert_eq!(editor.state(), InputState::Ended);
        is(b"secret\x04", b"secret");
    }

    #[test]
    fn a_pasted_control_character_is_refused_not_obeyed() {
        assert_eq!(typed(b"\x1b[200~se\x7fcret\x1b[201~\r"), Err(UnusableSecret::ControlByte));
        assert_eq!(typed(b"\x1b[200~se\x04cret\x1b[201~\r"), Err(UnusableSecret::ControlByte));
        assert_eq!(typed(b"se\tcret\r"), Err(UnusableSecret::ControlByte));
    }

    #[test]
    fn what_is_longer_than_any_token_is_refused() {
        let line = |len: usize| [vec![b'x'; len], b"\r".to_vec()].concat();
        is(&line(MAX_LEN), &vec![b'x'; MAX_LEN]);
        assert_eq!(typed(&line(MAX_LEN + 1)), Err(UnusableSecret::TooLong));
        assert_eq!(typed(&line(10 * MAX_LEN)), Err(UnusableSecret::TooLong));
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic_or_hand_out_a_control_byte(bytes: Vec<u8>) {
            let mut editor = Editor::new(Keys::default());
            bytes.iter().for_each(|byte| editor.key(*byte));
            if let Ok(token) = editor.finish() {
                prop_assert!(!token.expose().iter().any(u8::is_ascii_control));
            }
        }
    }
}

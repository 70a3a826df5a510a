//! A token that a program pipes in: without its line end, and in whatever encoding the pipe has.
//!
//! PowerShell puts a mark (BOM) before what it pipes where it is told to write UTF-8, and its `>` makes files of
//! UTF-16: nobody sees either, and as a part of the token both are refused by GitHub without a word of why.

use super::Token;
use zeroize::Zeroizing;

/// What marks UTF-8.
pub(crate) const UTF8_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Takes a token from what was piped in. One line end is left out, as `echo` and `op read` add it; any other stays
/// and is refused.
pub(crate) fn read(piped: Vec<u8>) -> Token {
    let piped = Zeroizing::new(piped);
    let text = match piped.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // No token holds a NUL: this is the first letter of one in UTF-16 without a mark.
        [_, 0, ..] => utf16(&piped, u16::from_le_bytes),
        bytes => Some(Zeroizing::new(bytes.strip_prefix(&UTF8_MARK).unwrap_or(bytes).to_vec())),
    };
    // What is no text is refused as it came.
    let text = text.unwrap_or(piped);
    let line =
        text.strip_suffix(b"\n").map_or(text.as_slice(), |line| line.strip_suffix(b"\r").unwrap_or(line));
    Token::new(line.to_vec())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 2));
    for letter in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.extend_from_slice(letter.ok()?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_in_every_encoding_and_with_every_line_end() {
        let token = ["ghp_", &"a1".repeat(18)].concat();
        for end in ["", "\n", "\r\n"] {
            let text = format!("{token}{end}");
            let units =
                |order: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(order).collect() };
            for piped in [
                text.clone().into_bytes(),
                [&UTF8_MARK[..], text.as_bytes()].concat(),
                [&[0xff, 0xfe][..], &units(u16::to_le_bytes)].concat(),
                [&[0xfe, 0xff][..], &units(u16::to_be_bytes)].concat(),
                units(u16::to_le_bytes),
            ] {
                assert_eq!(read(piped.clone()).expose(), token.as_bytes(), "{piped:?}");
            }
        }
    }

    #[test]
    fn what_is_no_text_stays_as_it_is_and_a_second_line_end_too() {
        for (piped, kept) in [
            (&b"a\n\n"[..], &b"a\n"[..]),
            (b"a\r", b"a\r"),
            (b"", b""),
            (b"\n", b""),
            (b"\xff\xfea", b"\xff\xfea"),
            (b"a\0b", b"a\0b"),
        ] {
            assert_eq!(read(piped.to_vec()).expose(), kept);
        }
    }
}

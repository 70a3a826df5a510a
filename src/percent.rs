//! `%XX` in URLs, undone in the two ways that are needed: as git does it, and strictly.

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// Git leaves this escape as it stands.
const NUL: &[u8] = b"%00";

/// Undoes escapes as git's `url_decode_mem` does (read in git 2.39 to 2.55): not in what comes before a colon, where
/// it looks for a scheme, and never to a NUL. A broken escape stays as it is.
pub(crate) fn decoded_by_git(text: &[u8]) -> Vec<u8> {
    let (verbatim, mut rest) = text.split_at(text.iter().position(|byte| *byte == b':').unwrap_or(0));
    let mut decoded = verbatim.to_vec();
    while let Some(at) = rest.windows(NUL.len()).position(|window| window == NUL) {
        decoded.extend(percent_decode(&rest[..at]));
        decoded.extend(NUL);
        rest = &rest[at + NUL.len()..];
    }
    decoded.extend(percent_decode(rest));
    decoded
}

/// Undoes the escapes of a text that a person or `setup` wrote; none if one of them is broken, or what comes out
/// is not UTF-8. It may be a password.
pub(crate) fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let is_escape = |after: &str| {
        after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_whole = text.split('%').skip(1).all(is_escape);
    let bytes = is_whole.then(|| percent_decode(text.as_bytes()).collect())?;
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_keeps_a_scheme_a_nul_and_what_is_broken() {
        for (text, expected) in [
            ("a%2fb", "a/b"),
            ("a%2fb:%2f", "a%2fb:/"),
            ("%00%2F%00", "%00/%00"),
            ("%%00%2", "%%00%2"),
            ("%2%00", "%2%00"),
            ("%zz%C3%A9", "%zz\u{e9}"),
        ] {
            assert_eq!(decoded_by_git(text.as_bytes()), expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_broken_escape_is_none() {
        let decoded = |text| decoded(text).map(|text| text.to_string());
        assert_eq!(decoded("a%2fb%25").as_deref(), Some("a/b%"));
        for text in ["%", "a%2", "%zz", "%+1", "%ff", "%%41"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}

//! git's lines in the user's language, made English with the catalogues of messages that git has installed.
//!
//! Nothing of theirs is copied: a catalogue is read where it lies. Outside facts: the form of `.mo` files is GNU
//! gettext's documentation; the messages are git's, with `%s` for what changes.

/// The messages that tell how git ended. What curl says within them is not translated.
const MESSAGES: [&str; 13] = [
    "Authentication failed for '%s'",
    "repository '%s' not found",
    "unable to access '%s': %s",
    "could not read Username for '%s': %s",
    "Could not read from remote repository.",
    "redirecting to %s",
    "RPC failed; %s",
    "failed to push some refs to '%s'",
    "the remote end hung up unexpectedly",
    "rate limited by '%s', please try again in %ld seconds",
    "[rejected]",
    "[remote rejected]",
    "Everything up-to-date\n",
];
/// What git puts before them.
const PREFIXES: [&str; 4] = ["fatal: ", "error: ", "warning: ", "remote: "];
/// No catalogue is larger than this.
const MO_MAX: usize = 16 * 1024 * 1024;

/// One message in one language, cut where something is put in.
#[derive(Debug)]
struct Message {
    english: &'static str,
    parts: Vec<String>,
}

/// What is known of languages.
#[derive(Debug, Default)]
pub(crate) struct Languages {
    messages: Vec<Message>,
    prefixes: Vec<(String, &'static str)>,
}

impl Languages {
    /// Adds what a catalogue (`git.mo`) tells; one that cannot be read tells nothing.
    pub(crate) fn add(&mut self, mo: &[u8]) {
        let Some(all) = (mo.len() <= MO_MAX).then(|| messages(mo)).flatten() else { return };
        for (id, text) in all {
            let whole = MESSAGES.iter().find(|known| **known == id);
            // Its explanation stands on lines of its own.
            let known = whole.or_else(|| {
                MESSAGES
                    .iter()
                    .find(|known| id.strip_prefix(**known).is_some_and(|rest| rest.starts_with('\n')))
            });
            if let Some(english) = known {
                let first = text.split('\n').next().unwrap_or_default();
                let parts = first.split("%s").flat_map(|part| part.split("%ld"));
                let parts: Vec<String> = parts.map(str::to_owned).collect();
                let english = english.trim_end();
                let holes = english.matches("%s").count() + english.matches("%ld").count();
                let is_other = first != english && parts.iter().any(|part| part.trim().len() > 3);
                if is_other && parts.len() == holes + 1 {
                    self.messages.push(Message { english, parts });
                }
            }
            if let Some(english) = PREFIXES.iter().find(|known| **known == id).filter(|known| **known != text)
            {
                self.prefixes.push((text, english));
            }
        }
    }

    /// Says whether a line holds one of git's messages, whole.
    pub(super) fn know(&self, line: &str) -> bool {
        self.messages.iter().any(|message| message.find(line).is_some())
    }

    /// Gives a line in English, if it is one of git's in another language.
    pub(super) fn english(&self, line: &str) -> Option<String> {
        if line.is_ascii() && self.messages.is_empty() {
            return None;
        }
        let mut out = None;
        for (theirs, english) in &self.prefixes {
            // Log files lose the blank at the end of nothing.
            if let Some(at) = line.find(theirs.as_str()).filter(|at| *at <= 80) {
                out = Some(format!("{}{english}{}", &line[..at], &line[at + theirs.len()..]));
                break;
            }
        }
        let line = out.as_deref().unwrap_or(line);
        let found = self.messages.iter().filter_map(|message| Some((message, message.find(line)?)));
        let longest = found.max_by_key(|(message, _)| message.parts.iter().map(String::len).sum::<usize>());
        match longest {
            Some((message, (start, end, holes))) => {
                let mut english = String::new();
                let mut holes = holes.into_iter();
                let mut rest = message.english;
                while let Some(at) = rest.find('%') {
                    english.push_str(&rest[..at]);
                    english.push_str(&holes.next().unwrap_or_default());
                    rest = &rest[at + if rest[at..].starts_with("%ld") { 3 } else { 2 }..];
                }
                english.push_str(rest);
                // With another prefix than the usual, or none, it is still git's.
                let before = &line[..start];
                let before = if before.is_ascii() { before } else { "fatal: " };
                Some(format!("{before}{english}{}", &line[end..]))
            }
            None => out,
        }
    }
}

impl Message {
    /// Finds it in a line: where it begins and ends, and what was put in.
    fn find(&self, line: &str) -> Option<(usize, usize, Vec<String>)> {
        let (first, others) = self.parts.split_first()?;
        let start = if first.trim().is_empty() {
            // It begins with what is put in: a quoted address.
            let behind = line.find(others.first().filter(|part| !part.trim().is_empty())?.as_str())?;
            line[..behind].rfind(' ').map_or(0, |at| at + 1)
        } else {
            line.find(first.as_str())?
        };
        let mut at = if first.trim().is_empty() { start } else { start + first.len() };
        let mut holes = Vec::new();
        for (index, part) in others.iter().enumerate() {
            let is_last = index + 1 == others.len();
            let end = match part.as_str() {
                "" if is_last => line.len(),
                part => at + line.get(at..)?.find(part)?,
            };
            holes.push(line.get(at..end)?.to_owned());
            at = end + part.len();
        }
        Some((start, at, holes))
    }
}

/// Reads all messages of a catalogue: pairs of what git has in its source and what stands for it.
fn messages(mo: &[u8]) -> Option<Vec<(String, String)>> {
    let number = |at: usize| -> Option<usize> {
        let bytes: [u8; 4] = mo.get(at..at + 4)?.try_into().ok()?;
        let read =
            if mo.starts_with(&[0xde, 0x12, 0x04, 0x95]) { u32::from_le_bytes } else { u32::from_be_bytes };
        usize::try_from(read(bytes)).ok()
    };
    if number(0)? != 0x9504_12de {
        return None;
    }
    let text = |table: usize, index: usize| -> Option<String> {
        let (length, at) = (number(table + 8 * index)?, number(table + 8 * index + 4)?);
        Some(String::from_utf8_lossy(mo.get(at..at.checked_add(length)?)?).into_owned())
    };
    let (count, ids, texts) = (number(8)?, number(12)?, number(16)?);
    (0..count.min(100_000)).map(|index| Some((text(ids, index)?, text(texts, index)?))).collect()
}

/// Gives what stands for one of git's messages in a catalogue.
#[cfg(all(test, target_os = "linux"))]
pub(in crate::denial) fn translation(mo: &[u8], english: &str) -> Option<String> {
    messages(mo)?.into_iter().find(|(id, _)| id == english).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A catalogue of these messages, little-endian as on most machines.
    fn catalogue(pairs: &[(&str, &str)]) -> Vec<u8> {
        let head = 28;
        let tables = pairs.len() * 8;
        let (mut ids, mut texts, mut body) = (Vec::new(), Vec::new(), Vec::new());
        for (table, side) in [(&mut ids, 0), (&mut texts, 1)] {
            for pair in pairs {
                let text = if side == 0 { pair.0 } else { pair.1 };
                table.extend(u32::try_from(text.len()).expect("small").to_le_bytes());
                let at = head + 2 * tables + body.len();
                table.extend(u32::try_from(at).expect("small").to_le_bytes());
                body.extend(text.bytes().chain([0]));
            }
        }
        let count = u32::try_from(pairs.len()).expect("small");
        let at = |offset: usize| u32::try_from(head + offset).expect("small");
        let head = [0x9504_12de, 0, count, at(0), at(tables), 0, 0].map(u32::to_le_bytes).concat();
        [head, ids, texts, body].concat()
    }

    #[test]
    fn lines_become_english_by_a_catalogue_and_what_is_none_is_left() {
        let mut languages = Languages::default();
        languages.add(&catalogue(&[
            ("fatal: ", "kobna: "),
            ("Authentication failed for '%s'", "Nie wpuszczono do '%s'"),
            ("unable to access '%s': %s", "brak dostępu do '%s': %s"),
            ("repository '%s' not found", "'%s' nie znaleziono"),
            ("RPC failed; %s", "RPC nie; %s"),
            ("Could not read from remote repository.\n\nPlease", "Nie można czytać.\n\nProszę"),
        ]));
        languages.add(b"no catalogue");
        languages.add(&[]);
        for line in ["gh: This installation has been suspended (HTTP 403)", "fatal: repository 'x' not found"]
        {
            assert_eq!(languages.english(line), None, "{line}");
        }
        for (line, english) in [
            ("kobna: Nie wpuszczono do 'https://x/y'", "fatal: Authentication failed for 'https://x/y'"),
            (
                "kobna: brak dostępu do 'https://x/y': error: 403",
                "fatal: unable to access 'https://x/y': error: 403",
            ),
            ("kobna: 'https://x/y/' nie znaleziono", "fatal: repository 'https://x/y/' not found"),
            ("kobna: Nie można czytać.", "fatal: Could not read from remote repository."),
        ] {
            assert_eq!(languages.english(line).as_deref(), Some(english));
        }
        assert_eq!(languages.english("nothing of git's"), None);
    }

    #[test]
    fn a_broken_catalogue_is_none() {
        let whole = catalogue(&[("fatal: ", "x: ")]);
        for end in 0..whole.len() {
            messages(&whole[..end]);
        }
        assert!(messages(&whole).is_some());
    }
}

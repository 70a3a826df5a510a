//! Reads a log of any length in bounded memory: what may be of interest with what stands around it.

use super::CONSIDERED;
use super::carrier::Encoding;
use std::collections::VecDeque;
use std::io::{self, Read};

/// What git, ssh, clients and replies have in their lines, in lower case; addresses above all, which stand in git's
/// lines in every language.
const OF_INTEREST: [&str; 12] = [
    "://",
    "remote:",
    "fatal",
    "git@",
    "ssh",
    "http",
    "gh:",
    "denied",
    "message",
    "repository",
    "token",
    "rejected",
];
/// What git, ssh and clients have where they were refused, in lower case. Where there is too much of interest, as in a
/// log of downloads, these lines stay the longest.
const OF_REFUSALS: [&str; 9] =
    ["remote:", "fatal", "git@", "gh:", "denied", "rejected", "http/", "http 4", "returned error"];
/// How many lines around such a line are kept: messages are wrapped, and headers have many lines.
const AROUND: usize = 30;
/// Longer lines are cut into pieces.
const LINE_MAX: usize = 16 * 1024;
/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// Reads all there is, and keeps what is of interest: all of a short text, the last of a long one.
pub(crate) fn gather(mut input: impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    input.by_ref().take(CONSIDERED as u64).read_to_end(&mut start)?;
    let mut piece = vec![0; PIECE];
    let count = fill(&mut input, &mut piece)?;
    if count == 0 {
        return Ok(start);
    }
    // In UTF-16 every line has its letters apart: it is made one text before.
    let encoding = Encoding::of(&start);
    let mut kept = Lately::default();
    let mut rest: Vec<u8> = Vec::new();
    let (mut next, mut count) = (start, count);
    loop {
        let text = if encoding == Encoding::Utf8 { next } else { encoding.read(&next).into_bytes() };
        rest.extend_from_slice(&text);
        let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = if end == 0 && rest.len() > LINE_MAX { rest.len() } else { end };
        for line in rest[..end].split_inclusive(|byte| *byte == b'\n') {
            line.chunks(LINE_MAX).for_each(|part| kept.add(part));
        }
        rest.drain(..end);
        if count == 0 {
            break;
        }
        next = piece[..count].to_vec();
        count = fill(&mut input, &mut piece)?;
    }
    kept.add(&rest);
    Ok(kept.text())
}

/// Reads until the piece is full or nothing comes.
fn fill(input: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match input.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What is kept of a long text.
#[derive(Default)]
struct Lately {
    /// Lines with their numbers, by how much they matter.
    refusals: VecDeque<(usize, Vec<u8>)>,
    others: VecDeque<(usize, Vec<u8>)>,
    size: usize,
    count: usize,
    /// The lines just before, in case that they are of interest.
    before: VecDeque<Vec<u8>>,
    /// How many lines behind are kept too, and how many of them as a refusal's.
    behind: usize,
    of_refusal: usize,
}

impl Lately {
    fn add(&mut self, line: &[u8]) {
        let lower = String::from_utf8_lossy(&line.to_ascii_lowercase()).into_owned();
        if OF_REFUSALS.iter().any(|word| lower.contains(word)) {
            self.of_refusal = AROUND + 1;
        }
        if self.of_refusal > 0 || OF_INTEREST.iter().any(|word| lower.contains(word)) {
            self.behind = self.behind.max(AROUND + 1);
            for earlier in std::mem::take(&mut self.before) {
                self.push(earlier);
            }
        }
        if self.behind > 0 {
            self.push(line.to_vec());
            self.behind -= 1;
        } else {
            self.before.push_back(line.to_vec());
            if self.before.len() > AROUND {
                self.before.pop_front();
            }
        }
        self.of_refusal = self.of_refusal.saturating_sub(1);
    }

    fn push(&mut self, line: Vec<u8>) {
        self.size += line.len();
        self.count += 1;
        let lines = if self.of_refusal > 0 { &mut self.refusals } else { &mut self.others };
        lines.push_back((self.count, line));
        while self.size > CONSIDERED {
            let Some((_, oldest)) = self.others.pop_front().or_else(|| self.refusals.pop_front()) else {
                break;
            };
            self.size -= oldest.len();
        }
    }

    /// Gives the lines in their order.
    fn text(self) -> Vec<u8> {
        let mut lines: Vec<_> = self.refusals.into_iter().chain(self.others).collect();
        lines.sort_unstable_by_key(|(number, _)| *number);
        lines.into_iter().flat_map(|(_, line)| line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_kept_whole_and_of_a_long_one_what_is_of_interest() {
        assert_eq!(gather(&b"a\nb"[..]).expect("memory"), b"a\nb");
        let filler = "a line of a build\n".repeat(200_000);
        let refusal = "remote: No.\nfatal: unable to access 'https://github.com/acme/x/': No.\n";
        for (before, behind) in [(&*filler, ""), ("", &*filler), (&*filler, &*filler)] {
            let text = format!("{before}{refusal}{behind}");
            let kept = gather(text.as_bytes()).expect("memory");
            assert!(kept.len() < 4096, "{}", kept.len());
            assert!(String::from_utf8_lossy(&kept).contains(refusal));
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(String::from_utf8_lossy(&gather(&wide[..]).expect("memory")).contains(refusal));
        }
        let downloads = "GET https://mirror.example/packages/token.whl\n".repeat(200_000);
        for (before, behind) in [(&*downloads, ""), ("", &*downloads), (&*downloads, &*downloads)] {
            let kept = gather(format!("{before}{refusal}{behind}").as_bytes()).expect("memory");
            assert!(kept.len() <= CONSIDERED, "{}", kept.len());
            assert!(String::from_utf8_lossy(&kept).contains(refusal));
        }
        let endless = gather(io::repeat(b'/').take(20_000_000)).expect("memory");
        assert!(endless.len() <= CONSIDERED);
    }
}

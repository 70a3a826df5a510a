//! Our block in a text of git's config: put in, found, taken out. Bytes in, bytes out, nothing else.
//!
//! The block stands at the end of the file. What the file was like before is carried by the file itself:
//! * a file without a line break at its end has none after the block either, so the one before the block is
//!   ours and goes with it, whatever others have written before or after meanwhile;
//! * a file that setup made says so in the block's last line, and goes with the block if nothing else is in it;
//! * line ends are those of the file's first line, and only a block's own decide how it is taken out.
//!
//! What is given back has no `Debug` outside tests: people keep tokens in their git config.
//!
//! A block is ours if its lines are, whatever its white space and line ends; anything else between the two
//! marks, or one mark alone, is somebody's change, which is shown and left.

/// How the block's first line begins.
pub(crate) const BLOCK_BEGIN: &str = "# >>> git-credential-patron >>>";
/// How the block's last line begins.
pub(crate) const BLOCK_END: &str = "# <<< git-credential-patron <<<";
/// The rest of the first line.
const BEGIN_NOTE: &str =
    " (made by `git credential-patron setup`; `git credential-patron unsetup` removes it)";
/// The rest of the last line in a file that setup made.
const MADE_FILE: &str = " (setup made this file)";
/// How the included file's path ends, wherever our config folder is; the second is Windows'.
const OUR_FILE: [&[u8]; 2] =
    [b"/git-credential-patron/gitconfig", b"/git-credential-patron/config/gitconfig"];

/// A block that somebody changed: its lines, as they are now.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Changed {
    /// The lines, without line ends. They may hold what is not ours to print: see [`super::shown()`].
    pub lines: Vec<Vec<u8>>,
    /// The number of the first one.
    pub first_line: usize,
}

/// What taking the block out has left.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Without {
    /// The text without the block.
    pub text: Vec<u8>,
    /// The lines that were taken out, without line ends.
    pub taken: Vec<Vec<u8>>,
    /// Whether setup made the file.
    pub made_file: bool,
}

impl Without {
    /// Tells whether setup made the file and nobody wrote anything else into it.
    pub(crate) fn is_whole_file(&self) -> bool {
        self.made_file && self.text.is_empty()
    }
}

/// Gives the lines of the block that includes a file; `include` is the path as git's config writes it.
pub(crate) fn block_lines(include: &[u8], made_file: bool) -> [Vec<u8>; 4] {
    [
        [BLOCK_BEGIN, BEGIN_NOTE].concat().into_bytes(),
        b"[include]".to_vec(),
        [b"\tpath = ", include].concat(),
        [BLOCK_END, if made_file { MADE_FILE } else { "" }].concat().into_bytes(),
    ]
}

/// Puts the block at the end of a text (`None`: there is no file). A block that stands at the end as it
/// should is left; one that stands elsewhere, or includes another path, is moved.
pub(crate) fn with_block(text: Option<&[u8]>, include: &[u8]) -> Result<Vec<u8>, Changed> {
    if let Some(text) = text {
        // Blank lines after the block are somebody's, and no reason to touch the file.
        let trimmed = text.trim_ascii_end();
        if composed(Some(trimmed), include)?.trim_ascii_end() == trimmed {
            return Ok(text.to_owned());
        }
    }
    composed(text, include)
}

fn composed(text: Option<&[u8]>, include: &[u8]) -> Result<Vec<u8>, Changed> {
    let (mut new, made_file) = match without_block(text.unwrap_or_default())? {
        Some(without) => (without.text, without.made_file),
        None => (text.unwrap_or_default().to_owned(), text.is_none()),
    };
    let line_end = line_end_of(&new);
    let ends_well = new.is_empty() || new.ends_with(b"\n");
    if !ends_well {
        new.extend(line_end);
    }
    new.extend(block_lines(include, made_file).join(line_end));
    if ends_well {
        new.extend(line_end);
    }
    Ok(new)
}

/// Takes the block out of a text; `None` if there is no block in it.
pub(crate) fn without_block(text: &[u8]) -> Result<Option<Without>, Changed> {
    let mut rest = Without { text: Vec::new(), taken: Vec::new(), made_file: false };
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    let mut found = false;
    while let Some((index, line)) = lines.next() {
        if !is_mark(line, BLOCK_BEGIN) && !is_mark(line, BLOCK_END) {
            rest.text.extend(line);
            continue;
        }
        found = true;
        let mut block = vec![line];
        if is_mark(line, BLOCK_BEGIN) {
            // A block whose end is gone is shown as far as it may have gone.
            let shown = if lines.clone().any(|(_, line)| is_mark(line, BLOCK_END)) { usize::MAX } else { 3 };
            while block.len() <= shown
                && let Some((_, line)) = lines.next()
            {
                block.push(line);
                if is_mark(line, BLOCK_END) {
                    break;
                }
            }
        }
        let plain: Vec<&[u8]> = block.iter().map(|line| line.trim_ascii()).collect();
        let Some(made_file) = is_ours(&plain) else {
            let lines = block.iter().map(|line| line.trim_ascii_end().to_owned()).collect();
            return Err(Changed { lines, first_line: index + 1 });
        };
        rest.made_file |= made_file;
        rest.taken.extend(block.iter().map(|line| line.trim_ascii_end().to_owned()));
        if !block.last().is_some_and(|line| line.ends_with(b"\n")) {
            let line_end: &[u8] = if block[0].ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
            let end = rest.text.strip_suffix(line_end).map_or(rest.text.len(), <[u8]>::len);
            rest.text.truncate(end);
        }
    }
    Ok(found.then_some(rest))
}

fn is_mark(line: &[u8], mark: &str) -> bool {
    line.trim_ascii_start().starts_with(mark.as_bytes())
}

/// Tells whether an included path is that of our file.
pub(crate) fn is_our_file(path: &[u8]) -> bool {
    OUR_FILE.iter().any(|end| path.ends_with(end))
}

/// Tells whether lines are a block of ours, and if so whether setup made the file.
fn is_ours(lines: &[&[u8]]) -> Option<bool> {
    let [_, b"[include]", path, end] = lines else { return None };
    let path = path.strip_prefix(b"path")?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
    let path = path.strip_prefix(b"\"").and_then(|path| path.strip_suffix(b"\"")).unwrap_or(path);
    match end.strip_prefix(BLOCK_END.as_bytes()) {
        Some(note) if is_our_file(path) && note.is_empty() => Some(false),
        Some(note) if is_our_file(path) && note == MADE_FILE.as_bytes() => Some(true),
        _ => None,
    }
}

fn line_end_of(text: &[u8]) -> &'static [u8] {
    let first = text.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if first.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OURS: &[u8] = b"~/.config/git-credential-patron/gitconfig";

    fn put(text: &[u8]) -> Vec<u8> {
        with_block(Some(text), OURS).expect("no changed block")
    }

    fn take(text: &[u8]) -> Vec<u8> {
        without_block(text).expect("no changed block").expect("a block").text
    }

    #[test]
    fn the_block_is_what_the_documentation_shows() {
        assert_eq!(
            String::from_utf8(put(b"")).expect("UTF-8"),
            "# >>> git-credential-patron >>> (made by `git credential-patron setup`; `git credential-patron unsetup` removes it)
[include]
\tpath = ~/.config/git-credential-patron/gitconfig
# <<< git-credential-patron <<<
"
        );
    }

    #[test]
    fn a_text_comes_back_byte_for_byte() {
        for text in [
            &b""[..],
            b"\n",
            b"a",
            b"[a]\n\tb = c\n",
            b"[a]\n\tb = c",
            b"[a]\r\n\tb = c\r\n",
            b"[a]\r\n\tb = c",
            b"[a]\n\tb = c\r\n",
            b"[a]\r\n\tb = c\n",
            b"[a]\n\tb = c\r",
            b"[a]\n\n\n",
            b"# \xff\xfe\x00",
        ] {
            let with = put(text);
            assert_eq!(put(&with), with, "twice is once: {text:?}");
            assert_eq!(take(&with), text);
            assert_eq!(without_block(text), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_with_what_others_added(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..60),
            before in "([a-z]{1,5}\n){0,3}",
            after in "([a-z]{1,5}\n){0,3}",
        ) {
            prop_assert_eq!(take(&put(&text)), text.clone());
            // Others write whole lines, at the beginning, and after the block with git's care for the line break.
            let mut with = put(&text);
            with.splice(0..0, before.bytes());
            if !after.is_empty() && !with.ends_with(b"\n") {
                with.push(b'\n');
            }
            with.extend(after.bytes());
            let mut without = [before.as_bytes(), &text].concat();
            if !after.is_empty() && !without.is_empty() && !without.ends_with(b"\n") {
                without.extend(line_end_of(&text));
            }
            without.extend(after.bytes());
            prop_assert_eq!(take(&with), without);
        }
    }

    #[test]
    fn a_file_that_setup_made_is_known_by_its_block() {
        let made = with_block(None, OURS).expect("no block");
        let without = without_block(&made).expect("ours").expect("a block");
        assert_eq!((without.made_file, &without.text[..]), (true, &b""[..]));
        let again = with_block(Some(&made), OURS).expect("ours");
        assert_eq!(again, made, "twice is once");
        let moved = with_block(Some(&[&made[..], b"[a]\n"].concat()), OURS).expect("ours");
        assert!(without_block(&moved).expect("ours").expect("a block").made_file);
        assert!(!without_block(&put(b"")).expect("ours").expect("a block").made_file);
    }

    #[test]
    fn a_block_that_something_follows_is_moved_to_the_end() {
        let with = [&put(b"[a]\n")[..], b"[b]\n"].concat();
        assert_eq!(put(&with), put(b"[a]\n[b]\n"));
        let blank = [&put(b"[a]\n")[..], b"\n \n"].concat();
        assert_eq!(put(&blank), blank);
    }

    #[test]
    fn another_path_is_replaced() {
        let old = with_block(Some(b"[a]\n"), b"/old/git-credential-patron/gitconfig").expect("no block");
        assert_eq!(put(&old), put(b"[a]\n"));
    }

    #[test]
    fn the_lines_that_are_taken_out_are_shown_as_they_stood() {
        let with = put(b"[a]\r\n");
        let taken = without_block(&with).expect("ours").expect("a block").taken;
        assert_eq!(taken, block_lines(OURS, false), "with the tab, without the line ends");
        let with = String::from_utf8(with).expect("UTF-8").replace('\t', "    ");
        let taken = without_block(with.as_bytes()).expect("ours").expect("a block").taken;
        assert!(taken[2].starts_with(b"    path = "));
    }

    #[test]
    fn a_block_with_other_line_ends_or_white_space_is_ours() {
        let with = String::from_utf8(put(b"[a]\n\tb = c\n")).expect("UTF-8");
        assert_eq!(take(with.replace('\n', "\r\n").as_bytes()), b"[a]\r\n\tb = c\r\n");
        assert_eq!(take(with.replace('\t', "        ").as_bytes()), b"[a]\n        b = c\n");
    }

    #[test]
    fn a_changed_block_is_given_back_to_be_shown() {
        let with = String::from_utf8(put(b"[a]\n")).expect("UTF-8");
        for (changed, lines) in [
            (with.replace("[include]\n", "[include]\n\tpath = other\n"), 5),
            (with.replace("[include]\n", ""), 3),
            (with.replace(".config/git-credential-patron/gitconfig", "mine"), 4),
            (with.replace("# <<< git-credential-patron <<<\n", ""), 3),
            (with.replace("# <<< git-credential-patron <<<\n", "[b]\n[c]\n[d]\n[e]\n"), 4),
            (with.replace("# <<< git-credential-patron <<<", "# <<< git-credential-patron <<<[b]"), 4),
            (with.replace("# >>>", "#"), 1),
        ] {
            let found = without_block(changed.as_bytes()).expect_err("it was changed");
            assert_eq!(found.lines.len(), lines, "{changed}");
            assert_eq!(with_block(Some(changed.as_bytes()), OURS), Err(found));
        }
        let found = without_block(with.replace("[include]", "[x]").as_bytes()).expect_err("it was changed");
        assert_eq!(found.first_line, 2);
    }
}

//! The README's blocks of commands, each with the mark before it that says what becomes of it here.

/// What a mark says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// `<!-- run: SCENE -->`: it is run, in the scene of that name.
    Run(String),
    /// `<!-- not run: REASON -->`: it is not, for this reason.
    NotRun(String),
}

/// One command and what the README shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What stands behind the prompt.
    pub(super) command: String,
    /// The lines below it.
    pub(super) shown: Vec<String>,
}

/// A block of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The number of its first line.
    pub(super) line: usize,
    /// Its mark.
    pub(super) mark: Mark,
    /// Its commands.
    pub(super) steps: Vec<Step>,
    /// The next block that is not one of commands, line by line: what a command is said to write.
    pub(super) next_other: Vec<String>,
}

/// Finds the blocks; an error names the line and what is wrong there.
pub(super) fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut found: Vec<Block> = Vec::new();
    let mut lines = (1..).zip(text.lines());
    // What stands directly before a block.
    let mut before = (0, "");
    while let Some((number, line)) = lines.next() {
        let Some(kind) = line.trim_start().strip_prefix("```") else {
            before = (number, line);
            continue;
        };
        let inside: Vec<String> =
            lines.by_ref().map(|(_, line)| line.to_owned()).take_while(|line| line.trim() != "```").collect();
        match kind {
            "console" => {
                let mark = mark(before.1).filter(|_| before.0 + 1 == number);
                let mark = mark.ok_or_else(|| {
                    format!("line {number}: no mark stands before this block: <!-- run: SCENE --> or <!-- not run: REASON -->")
                })?;
                let steps = steps(&inside).map_err(|why| format!("line {number}: {why}"))?;
                found.push(Block { line: number, mark, steps, next_other: Vec::new() });
            }
            "sh" | "bash" | "shell" | "" => {
                return Err(format!("line {number}: commands stand in blocks of the kind ```console"));
            }
            _ => {
                if let Some(block) = found.last_mut().filter(|block| block.next_other.is_empty()) {
                    block.next_other = inside;
                }
            }
        }
    }
    Ok(found)
}

fn mark(line: &str) -> Option<Mark> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let (kind, text) = inner.split_once(':')?;
    let text = text.trim().to_owned();
    match kind {
        _ if text.is_empty() => None,
        "run" => Some(Mark::Run(text)),
        "not run" => Some(Mark::NotRun(text)),
        _ => None,
    }
}

fn steps(lines: &[String]) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), shown: Vec::new() }),
            (None, Some(step)) => step.shown.push(line.clone()),
            (None, None) => return Err(format!("this begins without a prompt: {line}")),
        }
    }
    if steps.is_empty() { Err("there is no command in this block".to_owned()) } else { Ok(steps) }
}

#[test]
fn a_block_has_a_mark_and_a_prompt_or_is_named() {
    let marked =
        "<!-- run: x -->\n```console\n$ a b\none\n\ntwo\n$ c\n```\n\n```ini\nd\n```\n```ini\ne\n```\n";
    let step = |command: &str, shown: &[&str]| Step {
        command: command.to_owned(),
        shown: shown.iter().map(|line| (*line).to_owned()).collect(),
    };
    let block = Block {
        line: 2,
        mark: Mark::Run("x".to_owned()),
        steps: vec![step("a b", &["one", "", "two"]), step("c", &[])],
        next_other: vec!["d".to_owned()],
    };
    assert_eq!(blocks(marked), Ok(vec![block]));
    let not_run = blocks("<!-- not run: since -->\n```console\n$ a\n```").expect("it has a mark");
    assert_eq!(not_run[0].mark, Mark::NotRun("since".to_owned()));
    for (text, wrong) in [
        ("```console\n$ a\n```", "line 1: no mark"),
        ("<!-- run: x -->\n\n```console\n$ a\n```", "line 3: no mark"),
        ("<!-- run: -->\n```console\n$ a\n```", "line 2: no mark"),
        ("<!-- note: x -->\n```console\n$ a\n```", "line 2: no mark"),
        ("<!-- run: x -->\n```console\na\n```", "line 2: this begins without a prompt: a"),
        ("<!-- run: x -->\n```console\n```", "line 2: there is no command"),
        ("<!-- run: x -->\n```sh\na\n```", "line 2: commands stand in blocks"),
        ("```\na\n```", "line 1: commands stand in blocks"),
    ] {
        let error = blocks(text).expect_err(text);
        assert!(error.starts_with(wrong), "{error}");
    }
}

//! A stand-in for the `sh` that comes with Git for Windows, for `tests/windows/run`: no registry has that one.
//!
//!     sh -c COMMAND [NAME [ARGUMENT...]]   as git runs helpers
//!     sh SCRIPT [ARGUMENT...]              a script, which Linux's own shell runs (tests/windows/linux.c)
//!     sh --with NAME=VALUE... -- PROGRAM   a program with these variables, which Wine would set anew at its own start
//!     sh --hold FILE SECONDS               holds a file open for nobody else, as a scanner or a backup does
//!     sh --compare ROUNDS STDIN PROGRAM... how long nothing takes and that program, in turns: the medians in us (it
//!                                          is called `compare.exe` where no shell is to be above the program)
//!     sh                                   nothing: an empty program of Rust's, to compare times with
//!
//! It knows what git and helpers need here: words with quotes and backslashes, `"$@"`, `$NAME`, `;`, `&&`, `||`, one
//! function, `>FILE`, `>&2`, and of the commands `echo`, `printf %s`, `cat`, `test`, `exit`, `exec`. Anything else
//! is a program, or a script of Linux. It is no shell: what it does not know ends it with a word.

#![allow(clippy::print_stderr, clippy::exit, reason = "a program for tests")]

use std::collections::BTreeMap;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let ended = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(0),
        ["--with", ref rest @ ..] => with(rest),
        ["--hold", file, seconds] => hold(file, seconds),
        ["--compare", rounds, stdin, ref command @ ..] => compare(rounds, stdin, command),
        ["-c", command, ref rest @ ..] => {
            let arguments = rest.iter().skip(1).map(|it| (*it).to_owned()).collect();
            Shell { arguments, functions: BTreeMap::new() }.run(&split(command))
        }
        [script, ref rest @ ..] if is_script(script) => of_linux(script, rest)
            .map_or_else(|error| Err(error.to_string()), |mut command| ended(command.status(), script)),
        _ => Err(format!("what is {arguments:?}?")),
    };
    match ended {
        // Windows has exit codes of 32 bits.
        Ok(code) => std::process::exit(code),
        Err(why) => {
            eprintln!("sh (a stand-in): {why}");
            ExitCode::from(127)
        }
    }
}

fn with(rest: &[&str]) -> Result<i32, String> {
    // Ctrl-C is the program's, as where a shell waits for it.
    #[cfg(windows)]
    ctrlc::set_handler(|| {}).map_err(|error| error.to_string())?;
    let at = rest.iter().position(|it| *it == "--").ok_or("--with wants --")?;
    let (variables, command) = (&rest[..at], &rest[at + 1..]);
    let (program, arguments) = command.split_first().ok_or("--with wants a program")?;
    let mut command = Command::new(program);
    command.args(arguments);
    for variable in variables {
        match variable.split_once('=') {
            Some((name, value)) => command.env(name, value),
            None => command.env_remove(variable),
        };
    }
    ended(command.status(), program)
}

fn hold(file: &str, seconds: &str) -> Result<i32, String> {
    let seconds: f32 = seconds.parse().map_err(|_| "--hold wants seconds")?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    let held = options.open(file).map_err(|error| error.to_string())?;
    // Says that it holds it.
    let _ = io::stdout().write_all(b"held\n").and_then(|()| io::stdout().flush());
    std::thread::sleep(std::time::Duration::from_secs_f32(seconds));
    drop(held);
    Ok(0)
}

fn compare(rounds: &str, stdin: &str, command: &[&str]) -> Result<i32, String> {
    let rounds: usize = rounds.parse().map_err(|_| "--compare wants a number")?;
    let (program, arguments) = command.split_first().ok_or("--compare wants a program")?;
    let nothing = env::current_exe().map_err(|error| error.to_string())?;
    let time = |program: &Path, arguments: &[&str]| -> Result<u128, String> {
        let stdin = File::open(stdin).map_err(|error| format!("{stdin}: {error}"))?;
        let start = Instant::now();
        let status = Command::new(program).args(arguments).stdin(stdin).stdout(Stdio::null()).status();
        match ended(status, &program.to_string_lossy())? {
            0 => Ok(start.elapsed().as_micros()),
            code => Err(format!("{} ended with {code}", program.display())),
        }
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        without.push(time(&nothing, &[])?);
        with.push(time(Path::new(program), arguments)?);
    }
    let median = |mut times: Vec<u128>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let line = format!("{} {}\n", median(without), median(with));
    io::stdout().write_all(line.as_bytes()).map(|()| 0).map_err(|error| error.to_string())
}

/// Tells whether a file begins as a script of Linux.
fn is_script(file: &str) -> bool {
    let mut start = [0; 2];
    File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok() && start == *b"#!")
}

/// The program beside this one that has a script run by Linux.
fn of_linux(script: &str, arguments: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?.with_file_name("linux.exe"));
    command.arg(script).args(arguments);
    Ok(command)
}

fn ended(status: io::Result<std::process::ExitStatus>, program: &str) -> Result<i32, String> {
    match status {
        Ok(status) => Ok(status.code().unwrap_or(1)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            eprintln!("sh: {program}: not found");
            Ok(127)
        }
        Err(error) => Err(format!("{program}: {error}")),
    }
}

/// A piece of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// A word: text, and whether variables in each part are still to be filled in.
    Word(Vec<(String, bool)>),
    /// `;`, `&&`, `||`, `{`, `}`, `(`, `)`, `>`, `>>`.
    Sign(&'static str),
}

fn split(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut word: Option<Vec<(String, bool)>> = None;
    let mut rest = text;
    let end = |word: &mut Option<Vec<(String, bool)>>, pieces: &mut Vec<Piece>| {
        if let Some(word) = word.take() {
            let is = |sign: &str| word.len() == 1 && word[0] == (sign.to_owned(), true);
            pieces.push(match () {
                () if is("{") => Piece::Sign("{"),
                () if is("}") => Piece::Sign("}"),
                () => Piece::Word(word),
            });
        }
    };
    while let Some(letter) = rest.chars().next() {
        let sign =
            [";", "&&", "||", "(", ")", ">>", ">", "\n"].into_iter().find(|sign| rest.starts_with(sign));
        if let Some(sign) = sign {
            end(&mut word, &mut pieces);
            pieces.push(Piece::Sign(if sign == "\n" { ";" } else { sign }));
            rest = &rest[sign.len()..];
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        match letter {
            ' ' | '\t' => end(&mut word, &mut pieces),
            '\'' => {
                let to = rest.find('\'').unwrap_or(rest.len());
                word.get_or_insert_default().push((rest[..to].to_owned(), false));
                rest = rest.get(to + 1..).unwrap_or_default();
            }
            '"' => {
                let mut part = String::new();
                let mut letters = rest.char_indices();
                let mut to = rest.len();
                while let Some((at, letter)) = letters.next() {
                    match letter {
                        '"' => {
                            to = at;
                            break;
                        }
                        '\\' => part.extend(letters.next().map(|(_, letter)| letter)),
                        letter => part.push(letter),
                    }
                }
                // `"$@"` becomes as many words as there are arguments.
                word.get_or_insert_default().push((part, true));
                rest = rest.get(to + 1..).unwrap_or_default();
            }
            '\\' => {
                if let Some(letter) = rest.chars().next() {
                    word.get_or_insert_default().push((letter.to_string(), false));
                    rest = &rest[letter.len_utf8()..];
                }
            }
            letter => {
                let word = word.get_or_insert_default();
                match word.last_mut() {
                    Some((part, true)) => part.push(letter),
                    _ => word.push((letter.to_string(), true)),
                }
            }
        }
    }
    end(&mut word, &mut pieces);
    pieces
}

struct Shell {
    arguments: Vec<String>,
    functions: BTreeMap<String, Vec<Piece>>,
}

impl Shell {
    fn run(&mut self, pieces: &[Piece]) -> Result<i32, String> {
        let (mut code, mut at) = (0, 0);
        let mut before = ";";
        while at < pieces.len() {
            // NAME ( ) { BODY }
            if let [Piece::Word(name), Piece::Sign("("), Piece::Sign(")"), Piece::Sign("{"), ..] =
                &pieces[at..]
            {
                let from = at + 4;
                let mut depth = 1;
                let mut to = from;
                while depth > 0 {
                    depth += match pieces.get(to).ok_or("a function has no end")? {
                        Piece::Sign("{") => 1,
                        Piece::Sign("}") => -1,
                        _ => 0,
                    };
                    to += 1;
                }
                self.functions.insert(name[0].0.clone(), pieces[from..to - 1].to_vec());
                at = to;
                continue;
            }
            let is_end = |piece: &Piece| matches!(piece, Piece::Sign(";" | "&&" | "||"));
            let to = pieces[at..].iter().position(is_end).map_or(pieces.len(), |to| at + to);
            let wanted = match before {
                "&&" => code == 0,
                "||" => code != 0,
                _ => true,
            };
            if wanted && to > at {
                code = self.simple(&pieces[at..to])?;
            }
            if let Some(Piece::Sign(sign)) = pieces.get(to) {
                before = sign;
            }
            at = to + 1;
        }
        Ok(code)
    }

    fn words(&self, word: &[(String, bool)]) -> Vec<String> {
        if word.len() == 1 && word[0] == ("$@".to_owned(), true) {
            return self.arguments.clone();
        }
        vec![word.iter().map(|(part, fill)| if *fill { self.filled(part) } else { part.clone() }).collect()]
    }

    fn filled(&self, part: &str) -> String {
        let mut filled = String::new();
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('$') {
            filled.push_str(before);
            let end = after.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(after.len());
            let name = &after[..end];
            match name.parse::<usize>() {
                Ok(number) => filled.push_str(self.arguments.get(number.wrapping_sub(1)).map_or("", |it| it)),
                Err(_) => filled.push_str(&env::var(name).unwrap_or_default()),
            }
            rest = &after[end..];
        }
        filled + rest
    }

    fn simple(&mut self, pieces: &[Piece]) -> Result<i32, String> {
        let mut words = Vec::new();
        let mut output: Option<String> = None;
        let mut pieces = pieces.iter();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Word(word) => words.extend(self.words(word)),
                Piece::Sign(">" | ">>") => match pieces.next() {
                    Some(Piece::Word(word)) => output = self.words(word).pop(),
                    _ => return Err("> wants a file".to_owned()),
                },
                Piece::Sign(sign) => return Err(format!("{sign} is not known here")),
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = |words: &[&str]| words.join(" ") + "\n";
        let put = |text: &str| -> io::Result<()> {
            match output.as_deref() {
                Some("&2") => io::stderr().write_all(text.as_bytes()),
                Some(file) => {
                    OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
                }
                None => io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()),
            }
        };
        match words[..] {
            [] => Ok(0),
            ["echo", ref rest @ ..] => put(&text(rest)).map(|()| 0).map_err(|error| error.to_string()),
            ["printf", "%s", ref rest @ ..] => {
                put(&rest.concat()).map(|()| 0).map_err(|error| error.to_string())
            }
            ["cat"] => {
                let copied = match output.as_deref().filter(|it| *it != "&2") {
                    Some(file) => {
                        File::create(file).and_then(|mut file| io::copy(&mut io::stdin(), &mut file))
                    }
                    None => io::copy(&mut io::stdin(), &mut io::stdout()),
                };
                copied.map(|_| 0).map_err(|error| error.to_string())
            }
            ["test", "-x", file] => Ok(i32::from(!Path::new(file).is_file())),
            ["test", one, "=", other] => Ok(i32::from(one != other)),
            ["test", "-n", text] => Ok(i32::from(text.is_empty())),
            ["exit", code] => std::process::exit(code.parse().unwrap_or(2)),
            ["exec", ref rest @ ..] => std::process::exit(self.program(rest, output.as_deref())?),
            [name, ref rest @ ..] if self.functions.contains_key(name) => {
                let body = self.functions[name].clone();
                let outer =
                    std::mem::replace(&mut self.arguments, rest.iter().map(|it| (*it).to_owned()).collect());
                let code = self.run(&body);
                self.arguments = outer;
                code
            }
            ref words => self.program(words, output.as_deref()),
        }
    }

    fn program(&self, words: &[&str], output: Option<&str>) -> Result<i32, String> {
        let (program, arguments) = words.split_first().ok_or("nothing to run")?;
        let mut command = match is_script(program) {
            true => of_linux(program, arguments).map_err(|error| error.to_string())?,
            false => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
        };
        match output {
            Some("&2") => drop(command.stdout(io::stderr())),
            Some("/dev/null") => drop(command.stdout(Stdio::null())),
            Some(file) => drop(command.stdout(File::create(file).map_err(|error| error.to_string())?)),
            None => {}
        }
        ended(command.status(), program)
    }
}

//! `git http-backend`: the real server side of git, asked as a CGI program (RFC 3875).

use std::collections::HashMap;
use std::env;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use super::http::{Reply, Request};

/// Programs that run just now, so that the forge can end them with itself.
#[derive(Default)]
pub(crate) struct Running {
    children: Mutex<HashMap<u32, Arc<Mutex<Child>>>>,
}

impl Running {
    /// Ends all of them.
    pub(crate) fn kill(&self) {
        let children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        for child in children.values() {
            let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
            // An error means that it has ended already.
            let _ = child.kill();
        }
    }
}

/// Hands a request to git; `path_info` is the repository's folder below `root` and what follows.
pub(crate) fn serve(
    running: &Running,
    root: &Path,
    path_info: &str,
    login: Option<&str>,
    request: &Request,
) -> io::Result<Reply> {
    let mut command = Command::new(backend());
    command
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", root)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env("SERVER_PROTOCOL", "HTTP/1.1")
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", path_info)
        .env("QUERY_STRING", request.query())
        .env("CONTENT_LENGTH", request.body.len().to_string());
    for (header, variable) in [
        ("Content-Type", "CONTENT_TYPE"),
        ("Content-Encoding", "HTTP_CONTENT_ENCODING"),
        ("Git-Protocol", "GIT_PROTOCOL"),
    ] {
        if let Some(value) = request.header(header) {
            command.env(variable, value);
        }
    }
    if let Some(login) = login {
        command.env("REMOTE_USER", login);
    }
    let output = run(running, command, &request.body)?;
    parse(&output).ok_or_else(|| io::Error::other("git http-backend gave no header"))
}

/// Feeds the whole body from a thread of its own, since git may answer before it has read all.
fn run(running: &Running, mut command: Command, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let id = child.id();
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let child = Arc::new(Mutex::new(child));
    let lock = || running.children.lock().unwrap_or_else(PoisonError::into_inner);
    lock().insert(id, Arc::clone(&child));
    let mut output = Vec::new();
    let read = thread::scope(|scope| {
        scope.spawn(|| {
            // A program that ends early closes its input; what it said counts all the same.
            stdin.map(|mut stdin| stdin.write_all(body))
        });
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut output))
    });
    lock().remove(&id);
    child.lock().unwrap_or_else(PoisonError::into_inner).wait()?;
    read?;
    Ok(output)
}

/// The head a CGI program writes, and its body; `Status` is the status line.
fn parse(output: &[u8]) -> Option<Reply> {
    let mut reply = Reply { status: 200, headers: Vec::new(), body: Vec::new(), genuine: true };
    let mut rest = output;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        let value = value.trim();
        match name {
            "Status" => reply.status = value.split(' ').next()?.parse().ok()?,
            "Content-Length" => {}
            _ => reply.headers.push((name.to_owned(), value.to_owned())),
        }
    }
    reply.body = rest.to_vec();
    Some(reply)
}

/// The program itself, without `git` as a go-between; found once per process.
fn backend() -> &'static Path {
    static BACKEND: OnceLock<PathBuf> = OnceLock::new();
    BACKEND.get_or_init(|| {
        let output = Command::new("git").arg("--exec-path").output().expect("git is installed");
        let folder = String::from_utf8(output.stdout).expect("git's folder is UTF-8");
        Path::new(folder.trim_end()).join("git-http-backend")
    })
}

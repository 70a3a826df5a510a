//! HTTP/1.1 as far as the forge needs it: reading requests, writing replies, nothing else.
//!
//! Bodies may come with a length or in chunks; replies always have a length. A body that is
//! compressed stays so: `git http-backend` unpacks it.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde_json::Value;

/// The longest head (request line and headers) that is read.
const HEAD_LIMIT: usize = 64 * 1024;
/// The longest body that is read.
const BODY_LIMIT: usize = 256 * 1024 * 1024;

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: String,
    /// What stood behind it: a path, or `host:port` of a tunnel.
    pub(crate) target: String,
    /// Header lines in order, names as sent.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, chunks joined.
    pub(crate) body: Vec<u8>,
    /// Whether the client may send another request on this connection.
    pub(crate) keep_alive: bool,
}

/// A reply: also how a policy says what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// Header lines; the length is added when it is sent.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Whether it comes from the host itself, so that a GitHub host adds its own headers.
    pub(crate) genuine: bool,
}

/// Why a request could not be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The client closed the connection between requests.
    Closed,
    /// The connection broke.
    Broken,
    /// The client sent something else than HTTP; the text says what.
    Malformed(&'static str),
}

impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

impl Request {
    /// The value of the first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path before the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What follows the question mark.
    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// Making
impl Reply {
    /// A reply with a body of that type.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.into(),
            genuine: true,
        }
    }

    /// Plain text, as git shows it behind `remote:`.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=UTF-8", body)
    }

    /// JSON, as the REST API answers.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// A page for people.
    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// What a server must have sent for git to print this transcript: the `remote:` lines
    /// without that word, or all of it if no line has it.
    pub(crate) fn sample(status: u16, transcript: &str) -> Self {
        let mut body = String::new();
        for line in transcript.lines() {
            if let Some(said) = line.strip_prefix("remote:") {
                body.push_str(said.strip_prefix(' ').unwrap_or(said));
                body.push('\n');
            }
        }
        if body.is_empty() {
            body.push_str(transcript);
        }
        let reply = Self::text(status, &body);
        match status {
            401 => reply.with("WWW-Authenticate", "Basic realm=\"GitHub\""),
            _ => reply,
        }
    }

    /// The reply behind a sample of the catalogue: `HTTP 403` with headers and body, or what git
    /// printed of one. Nothing, if the sample is not about a refused HTTP request: ssh, the report
    /// of a push, or a failure before any reply.
    pub(crate) fn from_sample(sample: &str) -> Option<Self> {
        if let Some(rest) = sample.strip_prefix("HTTP ") {
            let (head, body) = rest.split_once("\n\n").unwrap_or((rest.trim_end(), ""));
            let mut lines = head.lines();
            let status = lines.next()?.split(' ').next()?.parse().ok()?;
            let mut reply = Self { status, headers: Vec::new(), body: body.into(), genuine: true };
            for line in lines {
                let (name, value) = line.split_once(':')?;
                reply = reply.with(name, value.trim());
            }
            return Some(reply);
        }
        let fatal = sample.lines().find_map(|line| line.strip_prefix("fatal: "))?;
        let status = match fatal.rsplit_once("The requested URL returned error: ") {
            Some((_, status)) => status.trim().parse().ok()?,
            None if fatal.starts_with("Authentication failed for ") => 401,
            None if fatal.starts_with("repository ") && fatal.ends_with(" not found") => 404,
            None => return None,
        };
        let said = sample.lines().any(|line| line.starts_with("remote:"));
        Some(match said {
            true => Self::sample(status, sample),
            false => Self { body: Vec::new(), ..Self::sample(status, sample) },
        })
    }

    /// Another page.
    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::text(status, "").with("Location", location)
    }

    /// Too many requests, with the seconds to wait.
    pub(crate) fn too_many(retry_after: u32) -> Self {
        Self::text(
            429,
            "This request was rate-limited due to too many requests. Reduce the frequency of \
             your requests or try again later.\n",
        )
        .with("Retry-After", &retry_after.to_string())
    }

    /// What a hotel's network answers in place of the host.
    pub(crate) fn captive_portal() -> Self {
        Self {
            genuine: false,
            ..Self::html(200, "<!doctype html><title>Hotel</title><h1>Welcome, please sign in</h1>")
        }
    }

    /// A refusal with so many bytes of text.
    pub(crate) fn huge(status: u16, bytes: usize) -> Self {
        Self::text(status, &"all work and no play\n".repeat(bytes / 21 + 1))
    }

    /// With a further header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Reads one request; `reader` is also written to, where the client waits for a go-ahead.
pub(crate) fn read_request<S: Read + Write>(reader: &mut BufReader<S>) -> Result<Request, Unreadable> {
    let mut left = HEAD_LIMIT;
    let start = match read_line(reader, &mut left)? {
        None => return Err(Unreadable::Closed),
        Some(line) => line,
    };
    let mut words = start.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Unreadable::Malformed("the request line has not three words"));
    };
    if !version.starts_with("HTTP/1.") {
        return Err(Unreadable::Malformed("only HTTP/1 is spoken here"));
    }
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        keep_alive: version == "HTTP/1.1",
    };
    loop {
        let line = read_line(reader, &mut left)?.ok_or(Unreadable::Broken)?;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(Unreadable::Malformed("a header line has no colon"));
        };
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    if let Some(connection) = request.header("Connection") {
        let close = connection.eq_ignore_ascii_case("close");
        request.keep_alive &= !close;
    }
    if request.header("Expect").is_some_and(|it| it.eq_ignore_ascii_case("100-continue")) {
        reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        reader.get_mut().flush()?;
    }
    request.body = read_body(reader, &request)?;
    Ok(request)
}

/// Writes a whole reply; `head_only` for an answer to HEAD.
pub(crate) fn write_reply(
    out: &mut impl Write,
    reply: &Reply,
    head_only: bool,
    keep_alive: bool,
) -> io::Result<()> {
    out.write_all(&head(reply, keep_alive))?;
    if !head_only {
        out.write_all(&reply.body)?;
    }
    out.flush()
}

/// The bytes before a reply's body.
pub(crate) fn head(reply: &Reply, keep_alive: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, phrase(reply.status));
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n", reply.body.len()));
    if !keep_alive {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn read_body<S: Read>(reader: &mut BufReader<S>, request: &Request) -> Result<Vec<u8>, Unreadable> {
    if let Some(coding) = request.header("Transfer-Encoding") {
        if !coding.eq_ignore_ascii_case("chunked") {
            return Err(Unreadable::Malformed("an unknown transfer encoding"));
        }
        return read_chunks(reader);
    }
    let Some(length) = request.header("Content-Length") else {
        return Ok(Vec::new());
    };
    let length = length
        .parse::<usize>()
        .ok()
        .filter(|length| *length <= BODY_LIMIT)
        .ok_or(Unreadable::Malformed("a length that is none, or too long"))?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks<S: Read>(reader: &mut BufReader<S>) -> Result<Vec<u8>, Unreadable> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader, &mut HEAD_LIMIT.clone())?.ok_or(Unreadable::Broken)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .ok()
            .filter(|size| *size <= BODY_LIMIT - body.len())
            .ok_or(Unreadable::Malformed("a chunk size that is none, or too big"))?;
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..])?;
        // Behind the last chunk there may be trailers; behind the others an empty line.
        while !read_line(reader, &mut HEAD_LIMIT.clone())?.ok_or(Unreadable::Broken)?.is_empty() {
            if size != 0 {
                return Err(Unreadable::Malformed("a chunk longer than its size"));
            }
        }
        if size == 0 {
            return Ok(body);
        }
    }
}

/// One line without its end; none at the end of the stream.
fn read_line<S: Read>(reader: &mut BufReader<S>, left: &mut usize) -> Result<Option<String>, Unreadable> {
    let mut line = Vec::new();
    let got = reader.by_ref().take(*left as u64).read_until(b'\n', &mut line)?;
    if got == 0 && *left > 0 {
        return Ok(None);
    }
    *left -= got;
    if line.pop() != Some(b'\n') {
        return Err(match *left {
            0 => Unreadable::Malformed("a head that is too long"),
            _ => Unreadable::Broken,
        });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    // Latin-1, so that no byte a client may send is lost before it is logged.
    Ok(Some(match String::from_utf8(line) {
        Ok(line) => line,
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    }))
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

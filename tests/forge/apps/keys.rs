//! Private keys of Apps, made by openssl for each run of the tests: no file holds one.

use std::fmt;
use std::process::Command;
use std::sync::OnceLock;

/// A key as GitHub gives it for download, and what checks its signatures.
#[derive(Clone)]
pub(crate) struct Key {
    /// PKCS#1 in PEM: what GitHub's page downloads.
    pub(crate) pem: String,
    /// The public half: PKCS#1 in DER.
    pub(crate) public: Vec<u8>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// The key that most Apps of the tests have.
pub(crate) fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(make)
}

/// A key that is not that one.
pub(crate) fn another_key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(make)
}

impl Key {
    /// The same key as PKCS#8 in PEM, as people convert it.
    pub(crate) fn pkcs8(&self) -> String {
        text(openssl(&["pkcs8", "-topk8", "-nocrypt"], self.pem.as_bytes()))
    }
}

fn make() -> Key {
    let pem = text(openssl(&["genrsa", "-traditional", "2048"], b""));
    let public = openssl(&["rsa", "-RSAPublicKey_out", "-outform", "DER"], pem.as_bytes());
    Key { pem, public }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("PEM is text")
}

fn openssl(arguments: &[&str], stdin: &[u8]) -> Vec<u8> {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests need openssl");
    // One that needs no input may have ended already.
    let _ = child.stdin.take().expect("it was piped").write_all(stdin);
    let output = child.wait_with_output().expect("it is our child");
    assert!(output.status.success() && !output.stdout.is_empty(), "openssl {arguments:?} failed");
    output.stdout
}

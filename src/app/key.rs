//! The private key of a GitHub App: read in every form that people have it in, kept as DER, and signing.
//!
//! GitHub gives PKCS#1 in PEM (documented, *Managing private keys for GitHub Apps*). On its way through
//! converters, settings pages and environment variables it becomes PKCS#8, gets CRLF, loses its line breaks,
//! has them written as `\n`, or is wrapped in base64 once more (all reported by users of Apps).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use std::fmt;
use zeroize::Zeroizing;

/// What DER begins with: a sequence.
const SEQUENCE: u8 = 0x30;
/// `rsaEncryption` with its empty parameters, as a `SubjectPublicKeyInfo` has it (RFC 8017, appendix A.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// How often base64 is taken off: around a PEM, and no more.
const WRAPPINGS: usize = 2;

/// An RSA private key that can sign.
pub(crate) struct AppKey {
    der: Zeroizing<Vec<u8>>,
    pair: RsaKeyPair,
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(redacted)")
    }
}

/// Why this is no key of an App.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadKey {
    /// There is nothing.
    #[error("there is nothing in it")]
    Empty,
    /// Neither PEM nor DER nor base64 of one of them.
    #[error("it is no private key (GitHub's begin with BEGIN RSA PRIVATE KEY)")]
    NoKey,
    /// The public half.
    #[error("it is a public key, and the private one is needed")]
    Public,
    /// A certificate.
    #[error("it is a certificate, and the private key is needed")]
    Certificate,
    /// A key under a passphrase.
    #[error("it is encrypted with a passphrase, which nobody could be asked for while git waits")]
    Encrypted,
    /// A key in OpenSSH's own form.
    #[error("it is an SSH key; the App's own key is made on the App's page")]
    OpenSsh,
    /// A key of another kind than RSA.
    #[error("it is not an RSA key, and GitHub Apps have no other")]
    NotRsa,
    /// Cut off or damaged, or too short to be GitHub's (2,048 bits).
    #[error("it is cut off or damaged")]
    Damaged,
}

impl AppKey {
    /// Reads a key in any of its forms.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BadKey> {
        let mut bytes = Zeroizing::new(bytes.to_vec());
        for _ in 0..=WRAPPINGS {
            if bytes.first() == Some(&SEQUENCE) && bytes.get(1).is_some_and(|byte| *byte >= 0x80) {
                return Self::from_der(bytes);
            }
            let text = text(&bytes);
            if text.is_empty() {
                return Err(BadKey::Empty);
            }
            if let Some(der) = pem(&text)? {
                return Self::from_der(der);
            }
            bytes = decoded(&text).ok_or(BadKey::NoKey)?;
        }
        Err(BadKey::NoKey)
    }

    fn from_der(der: Zeroizing<Vec<u8>>) -> Result<Self, BadKey> {
        let pair = RsaKeyPair::from_der(&der).or_else(|_| RsaKeyPair::from_pkcs8(&der));
        match pair {
            Ok(pair) => Ok(Self { der, pair }),
            // What `ring` says of it holds nothing of the key.
            Err(why) if why.to_string() == "WrongAlgorithm" => Err(BadKey::NotRsa),
            Err(_) => Err(BadKey::Damaged),
        }
    }

    /// Gives the key as it is kept: DER, since a PEM in UTF-16 does not fit Windows' 2,560 bytes.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256, which a JSON web token calls RS256.
    pub(crate) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, BadKey> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)
            .map_err(|_| BadKey::Damaged)?;
        Ok(signature)
    }

    /// Names the key as the App's page does: base64 of the SHA-256 of its public half.
    pub(crate) fn fingerprint(&self) -> String {
        let public = self.pair.public_key().as_ref();
        let bits = wrapped(0x03, &[&[0], public].concat());
        let info = wrapped(SEQUENCE, &[&RSA_ENCRYPTION[..], &bits].concat());
        format!("SHA256:{}", STANDARD.encode(hmac_sha256::Hash::hash(&info)))
    }
}

/// Writes one element of DER. Its length takes two bytes for every key of GitHub's, which have 2,048 bits and more.
fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], content].concat()
}

/// Gives text as it was meant: UTF-16 (PowerShell's `>` writes it) and a byte order mark are taken off, `\n` that
/// stands for a line break is one, quotes around it are gone.
fn text(bytes: &[u8]) -> Zeroizing<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Zeroizing<Vec<u16>> =
            Zeroizing::new(bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect());
        Zeroizing::new(String::from_utf16_lossy(&units))
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => Zeroizing::new(String::from_utf8_lossy(rest).into_owned()),
        _ => Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()),
    };
    let text = Zeroizing::new(text.replace("\\r", "").replace("\\n", "\n"));
    let is_around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    Zeroizing::new(text.trim_matches(is_around).to_owned())
}

/// Takes the first private key out of a PEM; `None` if there is no PEM at all.
fn pem(text: &str) -> Result<Option<Zeroizing<Vec<u8>>>, BadKey> {
    let mut rest = text;
    let mut other = None;
    while let Some((_, behind)) = rest.split_once("-----BEGIN ") {
        let (label, body) = behind.split_once("-----").ok_or(BadKey::Damaged)?;
        rest = body;
        match label {
            "RSA PRIVATE KEY" | "PRIVATE KEY" => {
                let (body, _) = body.split_once("-----END ").ok_or(BadKey::Damaged)?;
                // Headers (RFC 1421) stand before an encrypted body.
                if body.contains("ENCRYPTED") {
                    return Err(BadKey::Encrypted);
                }
                return decoded(body).map(Some).ok_or(BadKey::Damaged);
            }
            "ENCRYPTED PRIVATE KEY" => other = Some(BadKey::Encrypted),
            "OPENSSH PRIVATE KEY" => other = Some(BadKey::OpenSsh),
            label if label.ends_with("PRIVATE KEY") => other = Some(BadKey::NotRsa),
            label if label.ends_with("PUBLIC KEY") => other = Some(BadKey::Public),
            label if label.ends_with("CERTIFICATE") => other = Some(BadKey::Certificate),
            _ => other = other.or(Some(BadKey::NoKey)),
        }
    }
    other.map_or(Ok(None), Err)
}

/// Decodes base64, whatever white space stands in it.
fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let plain = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect::<String>());
    STANDARD.decode(plain.as_bytes()).ok().filter(|bytes| !bytes.is_empty()).map(Zeroizing::new)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::sync::OnceLock;

    /// Has openssl make what no file may hold.
    fn openssl(arguments: &[&str], stdin: &[u8]) -> Vec<u8> {
        let mut child = Command::new("openssl")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need openssl");
        let _ = child.stdin.take().expect("it was piped").write_all(stdin);
        let output = child.wait_with_output().expect("it is our child");
        assert!(output.status.success(), "openssl {arguments:?}");
        output.stdout
    }

    /// A key as GitHub gives it.
    fn made() -> &'static str {
        static PEM: OnceLock<String> = OnceLock::new();
        PEM.get_or_init(|| {
            String::from_utf8(openssl(&["genrsa", "-traditional", "2048"], b"")).expect("PEM is text")
        })
    }

    #[test]
    fn every_form_that_people_have_is_the_same_key() {
        let pem = made();
        let known = AppKey::read(pem.as_bytes()).expect("GitHub's own form");
        let pkcs8 =
            String::from_utf8(openssl(&["pkcs8", "-topk8", "-nocrypt"], pem.as_bytes())).expect("text");
        let der = openssl(&["rsa", "-traditional", "-outform", "DER"], pem.as_bytes());
        let wide: Vec<u8> =
            "\u{feff}".encode_utf16().chain(pem.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let wrapped = STANDARD.encode(pem);
        let folded: String =
            wrapped.as_bytes().chunks(76).map(|l| format!("{}\n", String::from_utf8_lossy(l))).collect();
        for (name, form) in [
            ("PKCS#8", pkcs8.clone().into_bytes()),
            ("DER", der.clone()),
            ("base64 of DER", STANDARD.encode(&der).into_bytes()),
            ("CRLF", pem.replace('\n', "\r\n").into_bytes()),
            ("\\n", pem.replace('\n', "\\n").into_bytes()),
            ("\\r\\n", pem.replace('\n', "\\r\\n").into_bytes()),
            ("\\n in quotes", format!("\"{}\"\n", pem.replace('\n', "\\n")).into_bytes()),
            ("no line breaks", pem.replace('\n', " ").into_bytes()),
            ("base64 of PEM", wrapped.into_bytes()),
            ("base64 of PEM in lines", folded.into_bytes()),
            ("base64 of PKCS#8", STANDARD.encode(&pkcs8).into_bytes()),
            ("blanks around", format!("\n  {pem}  \n\n").into_bytes()),
            ("indented", pem.replace('\n', "\n    ").into_bytes()),
            ("a byte order mark", format!("\u{feff}{pem}").into_bytes()),
            ("UTF-16", wide),
            ("a comment before", format!("# deploy bot\n{pem}").into_bytes()),
        ] {
            let key = AppKey::read(&form).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(key.fingerprint(), known.fingerprint(), "{name}");
            let again = AppKey::read(key.der()).unwrap_or_else(|why| panic!("{name}, kept: {why}"));
            assert_eq!(again.fingerprint(), known.fingerprint(), "{name}, kept");
            assert!(key.der().len() < 1300, "{name}: Windows keeps 2,560 bytes");
        }
    }

    #[test]
    fn the_fingerprint_is_that_of_githubs_page_and_the_signature_holds() {
        let pem = made();
        let key = AppKey::read(pem.as_bytes()).expect("a key");
        let public = openssl(&["rsa", "-pubout", "-outform", "DER"], pem.as_bytes());
        assert_eq!(
            key.fingerprint(),
            format!("SHA256:{}", STANDARD.encode(hmac_sha256::Hash::hash(&public)))
        );
        let signature = key.sign(b"input").expect("it signs");
        let checked = ring::signature::UnparsedPublicKey::new(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            key.pair.public_key().as_ref(),
        );
        checked.verify(b"input", &signature).expect("it holds");
        checked.verify(b"other", &signature).expect_err("of another text");
    }

    #[test]
    fn what_is_no_key_is_named_and_never_repeated() {
        let pem = made();
        let public = openssl(&["rsa", "-pubout"], pem.as_bytes());
        let locked = openssl(&["rsa", "-aes128", "-passout", "pass:x"], pem.as_bytes());
        let old_locked = openssl(&["rsa", "-traditional", "-aes128", "-passout", "pass:x"], pem.as_bytes());
        let curve = openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-noout"], b"");
        let curve8 = openssl(&["pkcs8", "-topk8", "-nocrypt"], &curve);
        let short = openssl(&["genrsa", "-traditional", "1024"], b"");
        let begin =
            |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n").into_bytes();
        for (bytes, why) in [
            (Vec::new(), BadKey::Empty),
            (b" \n".to_vec(), BadKey::Empty),
            (b"Iv23liABC".to_vec(), BadKey::NoKey),
            (b"hello, world".to_vec(), BadKey::NoKey),
            (vec![0xff; 64], BadKey::NoKey),
            (public, BadKey::Public),
            (locked, BadKey::Encrypted),
            (old_locked, BadKey::Encrypted),
            (curve, BadKey::NotRsa),
            (curve8, BadKey::NotRsa),
            (short, BadKey::Damaged),
            (begin("OPENSSH PRIVATE KEY"), BadKey::OpenSsh),
            (begin("CERTIFICATE"), BadKey::Certificate),
            (begin("RSA PRIVATE KEY"), BadKey::Damaged),
            (pem.as_bytes()[..pem.len() / 2].to_vec(), BadKey::Damaged),
        ] {
            assert_eq!(AppKey::read(&bytes).expect_err("no key"), why, "{}", String::from_utf8_lossy(&bytes));
        }
        assert_eq!(format!("{:?}", AppKey::read(pem.as_bytes()).expect("a key")), "AppKey(redacted)");
    }
}

//! Seeks secrets in every form in which they could show.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::given;
use crate::sandbox::windows;

/// A part of this many bytes of a secret counts as the secret.
const PART: usize = 12;

/// Texts that must not be found, each with what it is.
pub(super) struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    /// Every form of these secrets.
    pub(super) fn new(secrets: &[(&str, &str)]) -> Self {
        let mut needles = Vec::new();
        for (name, secret) in secrets {
            for (form, text) in forms(secret) {
                needles.push((format!("{name} as {form}"), text));
            }
        }
        Self(needles)
    }

    /// Says which are in these bytes.
    pub(super) fn found_in(&self, place: &str, bytes: impl AsRef<[u8]>) -> Vec<String> {
        // The search in texts is the library's, compiled with optimisation; bytes beyond ASCII are only
        // in forms whose other parts are sought too.
        let text = String::from_utf8_lossy(bytes.as_ref());
        let is_in = |needle: &[u8]| match std::str::from_utf8(needle) {
            Ok(needle) => text.contains(needle),
            Err(_) => given::contains(bytes.as_ref(), needle),
        };
        let found: BTreeSet<&str> =
            self.0.iter().filter(|(_, needle)| is_in(needle)).map(|(what, _)| what.as_str()).collect();
        found.into_iter().map(|what| format!("{what} in {place}")).collect()
    }

    /// Says which are in the names or contents of the files below a folder, but for those allowed.
    pub(super) fn found_below(&self, folder: &Path, allowed: &[PathBuf]) -> Vec<String> {
        let files = given::files_below(folder);
        let names = files
            .iter()
            .flat_map(|file| self.found_in("the name of a file", file.to_string_lossy().as_bytes()));
        let contents = files.iter().filter(|file| !allowed.contains(file)).flat_map(|file| {
            let place = file.strip_prefix(folder).expect("it lies below").display().to_string();
            let bytes = std::fs::read(file).unwrap_or_default();
            match is_of_wine(file, &bytes) {
                true => Vec::new(),
                false => self.found_in(&place, bytes),
            }
        });
        names.chain(contents).collect()
    }
}

/// Tells whether this is a part of Wine's registry in which nothing was changed: megabytes that hold nothing of ours.
fn is_of_wine(file: &Path, bytes: &[u8]) -> bool {
    let Some(windows) = windows().filter(|_| file.extension().is_some_and(|it| it == "reg")) else {
        return false;
    };
    let made = Path::new(&windows).join("prefix").join(file.file_name().expect("a file has a name"));
    std::fs::read(made).is_ok_and(|made| made == bytes)
}

/// Every form of one secret: parts of its text, base64 wherever it stands in what is encoded (so also
/// behind `x-access-token:` or a login), both alphabets, percent-encoded, hexadecimal, as lists of numbers.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = secret.as_bytes();
    // A prefix such as `github_pat_` is no secret.
    let start =
        ["github_pat_", "ghp_"].iter().find_map(|prefix| secret.starts_with(prefix).then_some(prefix.len()));
    let random = &bytes[start.unwrap_or(0)..];
    let part = PART.min(random.len());
    let mut forms: Vec<(&str, Vec<u8>)> = random.windows(part).map(|part| ("text", part.to_vec())).collect();
    for before in 0..3 {
        let shifted = [&b"..."[..before], bytes].concat();
        for (form, engine) in [("base64", &STANDARD), ("base64 for URLs", &URL_SAFE)] {
            let encoded = engine.encode(&shifted);
            // What comes from the bytes around it is left out.
            let inner = &encoded.as_bytes()[if before == 0 { 0 } else { 4 }..shifted.len() / 3 * 4];
            // Parts of it, wherever they begin: an encoded prefix of the token is no secret either.
            let skip = if start.is_some() { 16 } else { 0 };
            forms.extend(inner[skip..].windows(16.min(inner.len() - skip)).map(|part| (form, part.to_vec())));
        }
    }
    let all = |form: fn(&u8) -> String| bytes.iter().map(form).collect::<String>().into_bytes();
    let some = |form: fn(u8) -> String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        bytes
            .iter()
            .map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { form(*byte) })
            .collect::<String>()
    };
    forms.push(("percent-encoded text", some(|byte| format!("%{byte:02X}")).into_bytes()));
    forms.push(("percent-encoded text", some(|byte| format!("%{byte:02x}")).into_bytes()));
    forms.push(("form-encoded text", some(|byte| format!("%{byte:02X}")).replace("%20", "+").into_bytes()));
    forms.push(("percent-encoded bytes", all(|byte| format!("%{byte:02X}"))));
    forms.push(("hexadecimal", all(|byte| format!("{byte:02x}"))));
    forms.push(("hexadecimal", all(|byte| format!("{byte:02X}"))));
    forms.push(("escaped bytes", all(|byte| format!("\\x{byte:02x}"))));
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    forms.push(("numbers", numbers.join(", ").into_bytes()));
    // Where nothing needs an escape, the parts of the text are sought already.
    forms.retain(|(_, form)| form != bytes);
    forms
}

#[test]
fn the_search_finds_what_is_planted_in_every_form() {
    let secret = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
    let odd = "p@ss w/örd+%&\"quoted\"";
    let needles = Needles::new(&[("token", &secret), ("password", odd)]);
    let finds = |text: &str| !needles.found_in("here", text).is_empty();
    for secret in [secret.as_str(), odd] {
        for user in ["x-access-token:", "mona:", "a:", ":", "ab:", ""] {
            let encoded = STANDARD.encode(format!("{user}{secret}"));
            assert!(finds(&format!("Authorization: Basic {encoded}")), "behind {user:?}");
            assert!(finds(&URL_SAFE.encode(format!("{user}{secret}\n"))));
        }
        let percent = |byte: &u8| {
            if byte.is_ascii_alphanumeric() || *byte == b'_' {
                char::from(*byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        };
        assert!(finds(&secret.bytes().map(|byte| percent(&byte)).collect::<String>()));
        assert!(finds(&format!("{:?}", secret.as_bytes())), "as Rust prints bytes");
        assert!(finds(&format!("x{secret}y")) && finds(&secret[..secret.len() - 5]), "a part is enough");
    }
    assert!(
        !finds("github_pat_")
            && !finds("Authorization: Basic")
            && !finds(&STANDARD.encode("x-access-token:github_pat_"))
    );
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("a/b");
    std::fs::create_dir_all(&inside).expect("ours");
    std::fs::write(inside.join("log"), format!("...{secret}...")).expect("ours");
    assert_eq!(needles.found_below(folder.path(), &[]), ["token as text in a/b/log"]);
    assert_eq!(needles.found_below(folder.path(), &[inside.join("log")]), [] as [String; 0]);
    std::fs::rename(inside.join("log"), inside.join(&secret)).expect("ours");
    assert!(needles.found_below(folder.path(), &[inside.join(&secret)])[0].contains("the name of a file"));
}

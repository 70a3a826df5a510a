//! Which certificate authorities are believed.
//!
//! The order is git's own settings first, then what other programs of the user go by, then the system:
//! `GIT_SSL_CAINFO` and `GIT_SSL_CAPATH`, `http.sslCAInfo` and `http.sslCAPath`, `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`, the platform's verifier. The first of them that is set holds alone, as curl documents for
//! a CA file: with a file of one's own, the system's authorities are not believed any more.
//!
//! The platform's verifier would look at `SSL_CERT_FILE` by itself, but on Linux only, and a file it cannot
//! read it passes over in silence (read in `rustls-native-certs`): every answer would be an unknown issuer,
//! and nobody would know why. Here a setting that gives no certificate is an error that names it.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use ureq::tls::{PemItem, parse_pem};

/// The most bytes of one file that are read; the largest bundles have about 500 KiB.
const MAX_FILE: u64 = 8 * 1024 * 1024;

/// Where the believed authorities stand, each place with the setting that names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Authorities {
    files: Vec<(&'static str, PathBuf)>,
    folders: Vec<(&'static str, PathBuf)>,
}

/// Why a setting gives no authorities.
#[derive(Debug)]
pub(crate) struct BadAuthorities {
    /// The setting: a git key or a variable.
    pub setting: &'static str,
    /// The file or folder it names.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fact: String,
}

impl fmt::Display for BadAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (set by {}) {}", self.path.display(), self.setting, self.fact)
    }
}

impl std::error::Error for BadAuthorities {}

impl Authorities {
    /// Believes the system's, whatever else is named: so git does on Windows with `http.sslBackend=schannel`.
    pub(crate) fn of_system() -> Self {
        Self::default()
    }

    /// Finds the places from git's `http.sslCAInfo` and `http.sslCAPath` (as git gives them for this URL) and
    /// the environment. Reads nothing.
    pub(crate) fn find(
        git_file: Option<PathBuf>,
        git_folder: Option<PathBuf>,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Self {
        let var = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let git_env = (var("GIT_SSL_CAINFO"), var("GIT_SSL_CAPATH"));
        let (file, folders) = if git_env.0.is_some() || git_env.1.is_some() {
            (git_env.0.map(|path| ("GIT_SSL_CAINFO", path)), named("GIT_SSL_CAPATH", git_env.1))
        } else if git_file.is_some() || git_folder.is_some() {
            (git_file.map(|path| ("http.sslCAInfo", path)), named("http.sslCAPath", git_folder))
        } else {
            let list = env("SSL_CERT_DIR").unwrap_or_default();
            let folders = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty());
            (var("SSL_CERT_FILE").map(|path| ("SSL_CERT_FILE", path)), named("SSL_CERT_DIR", folders))
        };
        Self { files: file.into_iter().collect(), folders }
    }

    /// Tells whether the system's authorities are believed, nothing else being set.
    pub(crate) fn is_platform(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }

    /// Gives the places, each with the setting that names it.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.files.iter().chain(&self.folders).map(|(setting, path)| (*setting, path.as_path()))
    }

    /// Reads the certificates; none where the system's are believed.
    pub(super) fn load(&self) -> Result<Option<Vec<Vec<u8>>>, BadAuthorities> {
        if self.is_platform() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for (setting, path) in &self.files {
            let bad = |fact: String| BadAuthorities { setting, path: path.clone(), fact };
            let certificates = read(path).map_err(|error| bad(format!("cannot be read: {error}")))?;
            if certificates.is_empty() {
                return Err(bad("holds no certificate (PEM is expected)".to_owned()));
            }
            found.extend(certificates);
        }
        for (_, path) in &self.folders {
            // A folder holds links, lists of revoked certificates, texts: what is no certificate is passed over.
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                found.extend(read(&entry.path()).unwrap_or_default());
            }
        }
        match self.folders.first() {
            Some((setting, path)) if found.is_empty() => {
                Err(BadAuthorities { setting, path: path.clone(), fact: "holds no certificate".to_owned() })
            }
            _ => {
                // A folder's hash links name each file twice.
                found.sort_unstable();
                found.dedup();
                Ok(Some(found))
            }
        }
    }
}

fn named(setting: &'static str, paths: impl IntoIterator<Item = PathBuf>) -> Vec<(&'static str, PathBuf)> {
    paths.into_iter().map(|path| (setting, path)).collect()
}

/// Reads the usable certificates of one file.
fn read(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    let about = fs::metadata(path)?;
    // A pipe would be waited for.
    if !about.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if about.len() > MAX_FILE {
        return Err(io::Error::other("it is larger than 8 MiB"));
    }
    let text = fs::read(path)?;
    let usable = |item: Result<PemItem<'static>, ureq::Error>| match item {
        Ok(PemItem::Certificate(certificate)) => {
            let der = certificate.der().to_vec();
            RootCertStore::empty().add(CertificateDer::from_slice(&der)).is_ok().then_some(der)
        }
        _ => None,
    };
    Ok(parse_pem(&text).filter_map(usable).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(git: (Option<&str>, Option<&str>), env: &[(&str, &str)]) -> Authorities {
        let get = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
        Authorities::find(git.0.map(PathBuf::from), git.1.map(PathBuf::from), &get)
    }

    #[test]
    fn the_first_setting_holds_alone() {
        let all = [("GIT_SSL_CAINFO", "/a"), ("SSL_CERT_FILE", "/c"), ("SSL_CERT_DIR", "/d:/e")];
        assert_eq!(found((Some("/b"), None), &all).files, [("GIT_SSL_CAINFO", PathBuf::from("/a"))]);
        assert_eq!(found((Some("/b"), None), &all).folders, []);
        assert_eq!(found((Some("/b"), None), &all[1..]).files, [("http.sslCAInfo", PathBuf::from("/b"))]);
        let rest = found((None, None), &all[1..]);
        assert_eq!(rest.files, [("SSL_CERT_FILE", PathBuf::from("/c"))]);
        let folders = ["/d", "/e"].map(|path| ("SSL_CERT_DIR", PathBuf::from(path)));
        assert_eq!(rest.folders, folders);
        assert_eq!(found((None, Some("/f")), &all[1..]).folders, [("http.sslCAPath", PathBuf::from("/f"))]);
        assert!(found((None, None), &[("SSL_CERT_FILE", ""), ("GIT_SSL_CAINFO", "")]).is_platform());
    }

    #[test]
    fn a_setting_that_gives_no_certificate_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
        fs::write(path("text"), "no certificate").expect("written");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        fs::write(path("broken"), broken).expect("written");
        fs::write(path("half"), "-----BEGIN CERTIFICATE-----\nAAAA\n").expect("written");
        fs::write(path("binary"), [0xff; 300]).expect("written");
        fs::create_dir(path("empty")).expect("made");
        for name in ["text", "broken", "half", "binary", "empty", "missing"] {
            let error = found((None, None), &[("GIT_SSL_CAINFO", &path(name))]).load().expect_err(name);
            assert!(
                error.to_string().starts_with(&format!("{} (set by GIT_SSL_CAINFO) ", path(name))),
                "{error}"
            );
        }
        for name in ["empty", "missing"] {
            let error = found((None, Some(&path(name))), &[]).load().expect_err(name);
            assert_eq!(error.setting, "http.sslCAPath");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_place_of_a_file_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
        assert!(made.success());
        let error = found((Some(pipe.to_str().expect("UTF-8")), None), &[]).load().expect_err("a pipe");
        assert!(error.fact.contains("it is no file"), "{error}");
    }
}

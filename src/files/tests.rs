//! Files as they should not be, writers that are killed, and locks that are held.

use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

fn locks_of(path: &Path) -> PathBuf {
    path.with_file_name("locks")
}

fn secret_file(folder: &Path, mode: u32) -> PathBuf {
    let path = folder.join("secrets.toml");
    lock(&path, &locks_of(&path), Duration::from_secs(1))
        .expect("a lock")
        .replace(b"x", Care::Secret)
        .expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
    path
}

fn fact(result: Result<Option<Zeroizing<Vec<u8>>>, FileError>) -> String {
    result.expect_err("refused").to_string()
}

#[test]
fn a_secret_file_is_made_for_its_user_alone_and_read_only_like_that() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("a/b");
    let path = secret_file(&folder, 0o600);
    assert_eq!(fs::metadata(&folder).expect("made").permissions().mode() & 0o777, 0o700);
    assert_eq!(read(&path, Care::Secret).expect("read").as_deref().map(Vec::as_slice), Some(&b"x"[..]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
    let trouble = read(&path, Care::Secret).expect_err("refused");
    assert!(trouble.remedy().is_some_and(|remedy| remedy.starts_with("chmod 600 ")));
    assert_eq!(
        fs::metadata(&path).expect("there").permissions().mode() & 0o777,
        0o640,
        "never mended silently"
    );
    assert!(read(&path, Care::Deciding).is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("chmod");
    assert!(fact(read(&path, Care::Secret)).contains("can be written by others"));
}

#[test]
fn fifos_devices_folders_loops_and_second_names_are_refused_without_waiting() {
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name);
    assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().expect("mkfifo").success());
    assert!(fact(read(&at("fifo"), Care::Deciding)).contains("not a regular file"));
    assert!(fact(read(home.path(), Care::Deciding)).contains("not a regular file"));
    symlink("/dev/zero", at("device")).expect("linked");
    assert!(fact(read(&at("device"), Care::Deciding)).contains("not a regular file"));
    symlink(at("loop"), at("loop")).expect("linked");
    assert!(fact(read(&at("loop"), Care::Deciding)).contains("follow the link"));
    let path = secret_file(home.path(), 0o600);
    fs::hard_link(&path, at("second")).expect("linked");
    assert!(fact(read(&path, Care::Secret)).contains("more than one name"));
    assert!(read(&at("absent"), Care::Secret).expect("fine").is_none());
}

#[test]
fn a_reader_beside_a_writer_always_has_a_whole_file() {
    let home = tempfile::tempdir().expect("a folder");
    let path = secret_file(home.path(), 0o600);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..2000 {
                let lock = lock(&path, &locks_of(&path), Duration::from_secs(9)).expect("a lock");
                lock.replace_unflushed(b"x", Care::Secret).expect("written");
            }
        });
        while !writer.is_finished() {
            assert_eq!(**read(&path, Care::Secret).expect("fine").expect("there"), *b"x");
        }
    });
}

#[test]
fn a_link_is_followed_and_the_new_file_lies_beside_its_target() {
    let home = tempfile::tempdir().expect("a folder");
    let target = secret_file(&home.path().join("dotfiles"), 0o600);
    let link = home.path().join("secrets.toml");
    symlink(&target, &link).expect("linked");
    lock(&link, &locks_of(&link), Duration::from_secs(1))
        .expect("a lock")
        .replace(b"new", Care::Secret)
        .expect("written");
    assert_eq!(fs::read(&target).expect("there"), b"new");
    assert!(fs::symlink_metadata(&link).expect("there").file_type().is_symlink());
}

#[test]
fn a_link_to_nothing_or_in_the_place_of_what_is_begun_anew_is_not_written_through() {
    let home = tempfile::tempdir().expect("a folder");
    let link = home.path().join("outcomes.toml");
    symlink(home.path().join("nothing"), &link).expect("linked");
    let second = Duration::from_secs(1);
    assert!(
        lock(&link, &locks_of(&link), second).expect_err("refused").to_string().contains("follow the link")
    );
    let precious = secret_file(home.path(), 0o644);
    fs::remove_file(&link).expect("ours");
    symlink(&precious, &link).expect("linked");
    lock_in_place(&link, &locks_of(&link), second)
        .expect("a lock")
        .replace(b"new", Care::Deciding)
        .expect("written");
    assert_eq!(fs::read(&precious).expect("there"), b"x");
    assert_eq!(fs::read(&link).expect("there"), b"new");
    let meta = fs::symlink_metadata(&link).expect("there");
    assert!(meta.is_file() && meta.permissions().mode() & 0o777 == 0o600);
}

#[test]
fn a_writer_removes_what_a_killed_one_left() {
    let home = tempfile::tempdir().expect("a folder");
    let path = secret_file(home.path(), 0o600);
    let left = home.path().join(".secrets.toml.4711.tmp");
    fs::write(&left, b"half").expect("written");
    lock(&path, &locks_of(&path), Duration::from_secs(1))
        .expect("a lock")
        .replace(b"y", Care::Secret)
        .expect("written");
    assert!(!left.exists());
}

#[test]
fn a_held_lock_is_waited_for_and_named() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.toml");
    let _held = lock(&path, &locks_of(&path), Duration::from_secs(1)).expect("a lock");
    let busy = lock(&path, &locks_of(&path), Duration::from_millis(20)).expect_err("busy");
    assert!(busy.to_string().contains("locks/accounts.toml.lock"), "{busy}");
}

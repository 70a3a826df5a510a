//! What is kept, what is known again, and what is forgotten.

use super::*;

fn fresh() -> (tempfile::TempDir, Outcomes) {
    let home = tempfile::tempdir().expect("a folder");
    let outcomes = Outcomes::load(&home.path().join("state/outcomes.toml"));
    (home, outcomes)
}

/// A token as GitHub makes them, always the same one of this name. Built here: scanners revoke what they find.
fn token(name: impl std::fmt::Display) -> Token {
    let digest = hex(&hmac_sha256::Hash::hash(name.to_string().as_bytes())[..20]);
    Token::new(["gh", "p_", &digest].concat().into_bytes())
}

fn remote() -> Remote {
    Remote::from_url("https://github.com/acme/secret").expect("a URL")
}

#[test]
fn a_secret_is_known_by_its_fingerprint_and_the_file_holds_no_part_of_it() {
    let (_home, mut outcomes) = fresh();
    let token = token("a");
    outcomes.change(|o| _ = o.note_secret("a", &token)).expect("written");
    let again = Outcomes::load(&outcomes.path);
    assert!(again.knows("a", &token) && !again.knows("b", &token));
    assert!(!again.knows("a", &super::tests::token("b")));
    let (prefix, rest) = token.expose().split_at(4);
    let shouted = Token::new([prefix, &rest.to_ascii_uppercase()].concat());
    assert!(!again.knows("a", &shouted) && again.accounts_with(&shouted).is_empty(), "secrets have case");
    assert_eq!(again.accounts_with(&token), HashSet::from(["a".to_owned()]));
    let text = std::fs::read_to_string(&outcomes.path).expect("there");
    assert!(!text.contains(&String::from_utf8_lossy(&token.expose()[4..12])[..]));
}

#[test]
fn that_it_worked_once_outlives_any_number_of_refusals() {
    let (_home, mut outcomes) = fresh();
    let other = Remote::from_url("https://github.com/ACME/tools").expect("a URL");
    let owner = |name: &str| Owner::parse(name).expect("an owner");
    outcomes
        .change(|o| {
            o.note_refused(
                "a",
                (&other, Direction::Fetch),
                100,
                VerdictId::SsoRequired,
                Some("https://github.com/settings/tokens"),
            )
        })
        .expect("written");
    assert!(!outcomes.accepted_for_owner("a", &owner("acme")));
    outcomes.change(|o| o.note_accepted("a", &remote(), Direction::Fetch, 200)).expect("written");
    for time in [300, 400] {
        let change = |o: &mut Outcomes| {
            o.note_refused(
                "a",
                (&remote(), Direction::Fetch),
                time,
                VerdictId::SsoRequired,
                Some("https://github.com/settings/tokens"),
            )
        };
        outcomes.change(change).expect("written");
    }
    let again = Outcomes::load(&outcomes.path);
    let last = again.at("a", &remote(), Direction::Fetch).expect("noted");
    assert_eq!((last.state, last.at), (State::Refused(VerdictId::SsoRequired), 400));
    assert!(again.accepted_at("a", &remote(), Direction::Fetch));
    assert!(!again.accepted_at("a", &remote(), Direction::Push));
    assert!(!again.accepted_at("a", &other, Direction::Fetch));
    assert!(again.accepted_for_owner("a", &owner("Acme")) && again.ever_accepted("a"));
    assert!(!again.accepted_for_owner("a", &owner("acme-labs")) && !again.ever_accepted("b"));
}

#[test]
fn a_rejected_account_is_tried_at_once_and_then_after_growing_pauses() {
    let (_home, mut outcomes) = fresh();
    let mut now = 1_800_000_000;
    outcomes.change(|o| o.note_rejected("a", now)).expect("written");
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let start = now;
        while !outcomes.rejection("a").expect("rejected").may_try(now) {
            now += 30;
        }
        pauses.push(now - start);
        outcomes
            .change(|o| {
                o.note_try("a", now);
                o.note_rejected("a", now);
            })
            .expect("written");
    }
    assert_eq!(pauses, [0, 60, 300, 900, 3600, 3600]);
    assert!(outcomes.rejection("a").expect("rejected").may_try(0), "a clock that jumped back ends the pause");
    outcomes.change(|o| o.note_accepted("a", &remote(), Direction::Fetch, now)).expect("written");
    assert_eq!(outcomes.rejection("a"), None);
    assert_eq!(outcomes.last("a").map(|last| last.state), Some(State::Accepted));
}

#[test]
fn outcomes_are_kept_for_each_repository_and_direction() {
    let (_home, mut outcomes) = fresh();
    let change = |o: &mut Outcomes| {
        o.note_accepted("a", &remote(), Direction::Fetch, 5);
        o.note_refused(
            "a",
            (&remote(), Direction::Push),
            6,
            VerdictId::WritePermissionMissing,
            Some("https://github.com/settings/tokens"),
        );
    };
    outcomes.change(change).expect("written");
    let again = Outcomes::load(&outcomes.path);
    let refused = State::Refused(VerdictId::WritePermissionMissing);
    assert_eq!(again.at("a", &remote(), Direction::Fetch).map(|o| o.state), Some(State::Accepted));
    assert_eq!(
        again.last("a"),
        Some(Outcome { state: refused, at: 6, page: Some("https://github.com/settings/tokens".to_owned()) })
    );
    assert!(again.ever_accepted("a") && !again.ever_accepted("b"));
    let many = |o: &mut Outcomes| {
        for number in 0..400 {
            let remote = Remote::from_url(&format!("https://github.com/acme/r{number}")).expect("a URL");
            o.note_accepted("a", &remote, Direction::Fetch, 100 + number);
        }
    };
    outcomes.change(many).expect("written");
    assert_eq!(places(&outcomes.known("a")).count(), MOST);
    assert!(outcomes.accepted_for_owner("a", &Owner::parse("acme").expect("an owner")));
    assert!(outcomes.change(|o| o.note_accepted("a", &remote(), Direction::Fetch, 900)).is_ok());
    assert!(outcomes.at("a", &remote(), Direction::Fetch).is_some(), "the newest is never the one that goes");
}

/// E4: the oldest would always be the one that is asked next.
#[test]
fn repositories_asked_one_after_the_other_each_day_are_not_all_forgotten() {
    let (_home, mut outcomes) = fresh();
    let repository =
        |number: i64| Remote::from_url(&format!("https://github.com/acme/r{number}")).expect("a URL");
    for many in [264, 300] {
        let mut forgotten = 0;
        let day = |o: &mut Outcomes| {
            for number in 0..many {
                forgotten += i64::from(o.at("a", &repository(number), Direction::Fetch).is_none());
                o.note_accepted("a", &repository(number), Direction::Fetch, 100 + number);
            }
        };
        outcomes.change(|o| o.forget("a")).expect("written");
        outcomes.change(day).expect("written");
        let mut asked_again = 0;
        let next_day = |o: &mut Outcomes| {
            for number in 0..many {
                asked_again += i64::from(o.at("a", &repository(number), Direction::Fetch).is_none());
                o.note_accepted("a", &repository(number), Direction::Fetch, 900 + number);
            }
        };
        outcomes.change(next_day).expect("written");
        assert!(asked_again < many / 2, "{asked_again} of {many}");
        assert_eq!(forgotten, many);
    }
}

/// A6: the key of a hash that lies beside it makes guessing cheap.
#[test]
fn what_can_be_guessed_has_no_fingerprint() {
    let (_home, mut outcomes) = fresh();
    let text = |text: &str| Token::new(text.as_bytes().to_vec());
    let guessable = ["sunshine7", "", "correct horse battery staple and more", "gho_sunshine7"].map(text);
    let padded = Token::new([&b"ghp_"[..], &[b'a'; 40]].concat());
    for secret in guessable.iter().chain([&padded]) {
        outcomes
            .change(|o| {
                o.note_secret("a", secret);
                o.note_fallback(secret, 7);
            })
            .expect("written");
        let text = std::fs::read_to_string(&outcomes.path).expect("there");
        assert!(!text.contains(FINGERPRINT) && !outcomes.is_fallbacks(secret), "{text}");
        // Nothing to note, so no lock to take with each `get`.
        assert_eq!(outcomes.compared("a", secret), LastSecret::Guessable);
    }
    assert_eq!(outcomes.compared("a", &token(1)), LastSecret::Unknown);
}

#[test]
fn a_secret_that_can_be_guessed_takes_the_place_of_one_that_cannot() {
    let (_home, mut outcomes) = fresh();
    let guessable = Token::new(b"sunshine7".to_vec());
    outcomes.change(|o| assert!(!o.note_secret("a", &token(1)), "the first")).expect("written");
    assert_eq!(outcomes.compared("a", &token(1)), LastSecret::This);
    assert_eq!(outcomes.compared("a", &guessable), LastSecret::Another);
    outcomes.change(|o| assert!(o.note_secret("a", &guessable), "another")).expect("written");
    assert_eq!(outcomes.compared("a", &guessable), LastSecret::Guessable);
    assert_eq!(outcomes.compared("a", &token(1)), LastSecret::Unknown);
}

/// A6: version 1 had fingerprints of passwords.
#[test]
fn fingerprints_of_an_earlier_version_go_at_the_first_write_and_all_else_stays() {
    let (_home, mut outcomes) = fresh();
    outcomes
        .change(|o| {
            o.note_secret("a", &token(1));
            o.note_secret("a", &token(2));
            o.note_accepted("a", &remote(), Direction::Fetch, 100);
            o.note_fallback(&token(3), 100);
            o.note_rejected("b", 100);
            let id = o.id_of_fallback(&token(3)).expect("noted");
            o.note_rejected(&id, 100);
        })
        .expect("written");
    let text = std::fs::read_to_string(&outcomes.path).expect("there");
    let key = outcomes.head.key.clone();
    std::fs::write(&outcomes.path, text.replace("version = 2", "version = 1")).expect("written");
    outcomes.change(|o| o.note_rejected("c", 100)).expect("written");
    let again = Outcomes::load(&outcomes.path);
    assert!(!again.knows("a", &token(2)) && !again.is_fallbacks(&token(3)));
    assert!(again.at("a", &remote(), Direction::Fetch).is_some() && again.rejection("b").is_some());
    let text = std::fs::read_to_string(&outcomes.path).expect("there");
    for gone in [&key[..], FINGERPRINT, "former", FALLBACK] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
}

/// E10.
#[test]
fn a_file_of_a_newer_version_is_read_and_never_written() {
    let (_home, mut outcomes) = fresh();
    outcomes.change(|o| o.note_rejected("a", 7)).expect("written");
    let text = std::fs::read_to_string(&outcomes.path).expect("there").replace("version = 2", "version = 3");
    for newer in [
        format!("[later]\nx = 1\n{text}").replacen("[later]\nx = 1\n", "later = [1]\n", 1),
        text.replace("key = ", "former = { a = 1 }\nkey = "),
        text.replace("[account.a]", "[later]\nx = 1\n\n[account.a]"),
    ] {
        std::fs::write(&outcomes.path, &newer).expect("written");
        let mut again = Outcomes::load(&outcomes.path);
        assert!(again.rejection("a").is_some(), "{newer}");
        assert!(again.change(|o| o.note_rejected("b", 7)).is_err());
        assert_eq!(std::fs::read_to_string(&outcomes.path).expect("there"), newer);
    }
}

#[test]
fn a_secret_that_was_ours_is_known_for_a_while_at_its_host() {
    let (_home, mut outcomes) = fresh();
    let host = |name: &str| Host::parse(name.as_bytes()).expect("a host");
    let id = "https://github.com/acme#mona";
    let numbered = |number: usize| token(number);
    outcomes
        .change(|o| (0..=70).for_each(|number| _ = o.note_secret(id, &numbered(number))))
        .expect("written");
    let again = Outcomes::load(&outcomes.path);
    let was = |number| again.was_ours(&host("github.com"), &numbered(number));
    assert!(!was(70) && was(69) && was(6) && !was(5), "the last 64, and not the present one");
    assert!(!again.was_ours(&host("github.com.evil.test"), &numbered(69)));
    outcomes
        .change(|o| {
            o.forget(id);
            o.note_secret("mine", &numbered(1));
            o.forget("mine");
            o.note_secret(id, &numbered(69));
        })
        .expect("written");
    assert!(outcomes.was_ours(&host("github.com"), &numbered(70)), "forgotten, and yet known");
    assert!(outcomes.was_ours(&host("example.com"), &numbered(1)), "an id that names no host");
    assert!(!outcomes.was_ours(&host("github.com"), &numbered(69)), "it is the present one again");
}

#[test]
fn what_a_fallback_answered_is_known_again() {
    let (_home, mut outcomes) = fresh();
    let numbered = |number: i64| token(number);
    outcomes.change(|o| (0..70).for_each(|at| o.note_fallback(&numbered(at), 1_000 + at))).expect("written");
    let again = Outcomes::load(&outcomes.path);
    assert!(again.is_fallbacks(&numbered(69)) && again.is_fallbacks(&numbered(6)));
    assert!(!again.is_fallbacks(&numbered(5)) && !again.is_fallbacks(&numbered(70)));
}

#[test]
fn any_id_is_found_again_in_a_file_that_is_toml_and_a_broken_account_hides_no_other() {
    let (_home, mut outcomes) = fresh();
    let ids = ["odd", "https://github.com/a#b", "q\"u'o\\te", "x]\n[account.odd]\ny", "\u{fc} [account.", ""];
    let note = |o: &mut Outcomes| {
        for id in ids {
            o.note_secret(id, &token(id));
            o.note_rejected(id, 7);
        }
        o.note_fallback(&token("another"), 7);
    };
    outcomes.change(note).expect("written");
    let text = std::fs::read_to_string(&outcomes.path).expect("there");
    let table: toml::Table = text.parse().expect("TOML");
    assert_eq!(table["account"].as_table().map(toml::Table::len), Some(ids.len()));
    let broken = text.replace("[account.odd]\n", "[account.odd]\nnot toml\n");
    assert_ne!(broken, text);
    std::fs::write(&outcomes.path, broken).expect("written");
    let again = Outcomes::load(&outcomes.path);
    for id in &ids[1..] {
        assert!(again.knows(id, &token(id)) && again.rejection(id).is_some(), "{id}");
        assert_eq!(again.accounts_with(&token(id)), HashSet::from([(*id).to_owned()]));
    }
    assert!(again.is_fallbacks(&token("another")));
    assert!(!again.accounts_with_fingerprint().contains("odd") && again.rejection("odd").is_none());
}

#[test]
fn a_file_that_cannot_be_read_counts_as_nothing_known_and_is_begun_anew() {
    let (home, _) = fresh();
    for (name, content) in [("text", &b"not [toml"[..]), ("bytes", b"\xff\0"), ("empty", b"")] {
        let path = home.path().join(name);
        std::fs::write(&path, content).expect("written");
        let mut outcomes = Outcomes::load(&path);
        assert_eq!(outcomes.last("a"), None);
        outcomes.change(|o| o.note_rejected("a", 7)).expect("written");
        assert!(Outcomes::load(&path).rejection("a").is_some());
    }
    let folder = home.path().join("folder");
    std::fs::create_dir(&folder).expect("made");
    assert!(Outcomes::load(&folder).change(|o| o.note_rejected("a", 7)).is_err());
}

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
        for number in 0..300 {
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
    let many = 264;
    let mut day = |start: i64| {
        let mut asked = 0;
        let all = |o: &mut Outcomes| {
            for number in 0..many {
                asked += i64::from(o.at("a", &repository(number), Direction::Fetch).is_none());
                o.note_accepted("a", &repository(number), Direction::Fetch, start + number);
            }
        };
        outcomes.change(all).expect("written");
        asked
    };
    assert_eq!(day(100), many);
    let asked_again = day(900);
    assert!(asked_again < many / 2, "{asked_again} of {many}");
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

/// Notes one thing after the other, and reads what was written.
fn noted(outcomes: &mut Outcomes, note: impl FnOnce(&mut Outcomes)) -> Outcomes {
    outcomes.change(note).expect("written");
    Outcomes::load(&outcomes.path)
}

fn at(url: &str) -> Remote {
    Remote::from_url(url).expect("a URL")
}

#[test]
fn a_rejection_is_proven_once_the_host_has_said_it_and_keeps_its_beginning() {
    let (_home, mut outcomes) = fresh();
    let read = noted(&mut outcomes, |o| o.note_unproven_rejection("a", 100));
    let unproven = Rejection { since: 100, tries: 0, last: 100, is_proven: false };
    assert_eq!((read.rejection("a"), read.rejection("b")), (Some(unproven), None));
    assert_eq!(noted(&mut outcomes, |o| o.note_try("a", 150)).rejection("a").map(|it| it.last), Some(150));
    let read = noted(&mut outcomes, |o| {
        o.note_rejected("a", 161);
        o.note_unproven_rejection("a", 162);
        o.note_try("b", 160);
    });
    let proven = Rejection { since: 100, tries: 1, last: 162, is_proven: true };
    assert_eq!((read.rejection("a"), read.rejection("b")), (Some(proven), None), "nobody tries what is fine");
    assert_eq!([unproven, proven].map(|it| it.next_try()), [100, 222]);
    assert_eq!(Rejection { tries: 99, ..proven }.next_try(), 162 + 3600);
    assert_eq!(noted(&mut outcomes, |o| o.note_known("a")).rejection("a"), None);
}

#[test]
fn an_account_is_good_if_its_token_is_known_there_and_was_not_rejected_since() {
    let refused = |verdict| {
        move |o: &mut Outcomes| o.note_refused("a", (&remote(), Direction::Fetch), 5, verdict, None)
    };
    let accepted = |o: &mut Outcomes| o.note_accepted("a", &remote(), Direction::Fetch, 5);
    let good = |notes: &[&dyn Fn(&mut Outcomes)]| {
        let (_home, mut outcomes) = fresh();
        noted(&mut outcomes, |o| notes.iter().for_each(|note| note(o))).is_good("a")
    };
    assert!(!good(&[]));
    assert!(good(&[&accepted]) && good(&[&refused(VerdictId::SsoRequired)]));
    assert!(OF_THE_TOKEN.iter().all(|verdict| !good(&[&refused(*verdict)])));
    assert!(!good(&[&accepted, &|o| o.note_rejected("a", 6)]));
    assert!(!good(&[&|o| o.note_accepted("b", &remote(), Direction::Fetch, 5)]), "another account");
}

#[test]
fn a_refusal_of_all_that_an_owner_has_is_known_at_the_next_repository_for_a_while() {
    let (_home, mut outcomes) = fresh();
    let page = "https://github.com/settings/tokens/7";
    let read = noted(&mut outcomes, |o| {
        o.note_refused("a", (&remote(), Direction::Fetch), 100, VerdictId::ApprovalPending, Some(page));
        o.note_refused("b", (&remote(), Direction::Fetch), 100, VerdictId::SsoRequired, Some(page));
    });
    let at_owner = |id: &str, owner: &str, now| {
        read.refused_at_owner(id, &Owner::parse(owner).expect("an owner"), (now, 60))
    };
    let pending = Some((VerdictId::ApprovalPending, Some(page.to_owned())));
    assert_eq!([100, 159].map(|now| at_owner("a", "ACME", now)), [pending.clone(), pending]);
    assert_eq!(
        [99, 160].map(|now| at_owner("a", "acme", now)),
        [None, None],
        "a clock that was set back, and later"
    );
    assert_eq!(at_owner("a", "acm", 100), None);
    assert_eq!(at_owner("b", "acme", 100), None, "GitHub says it of each repository");
}

#[test]
fn refusals_are_listed_the_latest_first_with_what_was_to_be_done_where() {
    let (_home, mut outcomes) = fresh();
    let (tools, wiki) = (at("https://github.com/acme/tools"), at("https://github.com/acme/wiki"));
    let page = Some("https://github.com/settings/tokens");
    let read = noted(&mut outcomes, |o| {
        o.note_refused("a", (&wiki, Direction::Fetch), 50, VerdictId::SsoRequired, page);
        o.note_refused("b", (&tools, Direction::Push), 50, VerdictId::Archived, None);
        o.note_refused("a", (&remote(), Direction::Fetch), 70, VerdictId::SsoRequired, None);
        o.note_refused("a", (&tools, Direction::Fetch), 10, VerdictId::SsoRequired, None);
        o.note_accepted("b", &remote(), Direction::Fetch, 90);
        for id in ["c", "d"] {
            o.note_said(id, (&tools, Direction::Push), 60, VerdictId::TokenExpired);
        }
        o.note_rejected("c", 55);
        o.note_unproven_rejection("d", 55);
    });
    let refusals = read.refusals(50);
    let shown: Vec<_> = refusals
        .iter()
        .map(|it| (&it.id[..], it.direction, it.place.as_deref().unwrap_or_default(), it.verdict, it.at))
        .collect();
    let (fetch, push) = (Some(Direction::Fetch), Some(Direction::Push));
    assert_eq!(
        shown,
        [
            ("a", fetch, "acme/secret", VerdictId::SsoRequired, 70),
            ("c", push, "acme/tools", VerdictId::TokenExpired, 60),
            ("b", push, "acme/tools", VerdictId::Archived, 50),
            ("a", fetch, "acme/wiki", VerdictId::SsoRequired, 50),
        ]
    );
    assert_eq!(refusals[3].page.as_deref(), page);
    // It was explained before it began: it is about this one all the same.
    let read = noted(&mut outcomes, |o| {
        o.note_said("e", (&tools, Direction::Push), 30, VerdictId::TokenExpired);
        o.note_rejected("e", 40);
    });
    assert_eq!(read.refusals_of("e").first().map(|it| it.at), Some(40));
}

#[test]
fn of_two_outcomes_in_one_second_the_one_that_went_wrong_is_the_last() {
    let (_home, mut outcomes) = fresh();
    let read = noted(&mut outcomes, |o| {
        o.note_accepted("a", &remote(), Direction::Fetch, 5);
        o.note_refused("a", (&remote(), Direction::Push), 5, VerdictId::NoWriteRole, None);
        o.note_accepted("b", &remote(), Direction::Fetch, 9);
        o.note_accepted("b", &remote(), Direction::Push, 7);
        o.note_rejected("c", 5);
    });
    let last = |id| read.last(id).map(|last| (last.state.name(), last.at));
    assert_eq!(
        ["a", "b", "c", "d"].map(last),
        [Some(("refused", 5)), Some(("accepted", 9)), Some(("rejected", 5)), None]
    );
    assert_eq!(["a", "b", "c"].map(|id| read.accepted_since(id)), [Some(5), Some(7), None]);
}

#[test]
fn what_an_app_was_refused_is_over_when_it_is_given_a_token_and_nothing_else_is() {
    for (verdict, is_over) in
        OF_THE_APP.map(|id| (id, true)).into_iter().chain([(VerdictId::SsoRequired, false)])
    {
        let (_home, mut outcomes) = fresh();
        let read = noted(&mut outcomes, |o| {
            for direction in [Direction::Fetch, Direction::Push] {
                o.note_refused("a", (&remote(), direction), 5, verdict, None);
            }
            o.note_minted("a", &remote(), Direction::Fetch);
            o.note_minted("b", &remote(), Direction::Fetch);
        });
        assert_eq!(read.at("a", &remote(), Direction::Fetch).is_none(), is_over, "{verdict}");
        assert!(read.at("a", &remote(), Direction::Push).is_some(), "{verdict}: another direction");
    }
}

#[test]
fn a_renamed_account_keeps_its_fingerprint_alone_and_one_that_stays_keeps_all() {
    let (_home, mut outcomes) = fresh();
    let read = noted(&mut outcomes, |o| {
        for id in ["a", "b", "c"] {
            o.note_accepted(id, &remote(), Direction::Fetch, 5);
        }
        o.note_secret("a", &token(1));
        o.note_secret("b", &token(2));
        o.rename("a", "a");
        o.rename("b", "new");
        o.rename("c", "newer");
    });
    let known =
        |id| (read.accepted_since(id).is_some(), read.knows(id, &token(1)) || read.knows(id, &token(2)));
    assert_eq!(
        ["a", "b", "new", "c"].map(known),
        [(true, true), (false, false), (false, true), (false, false)]
    );
    assert!(!read.tables.as_str().contains("newer"), "{}", read.tables.as_str());
    assert_eq!(read.accounts_with_fingerprint(), HashSet::from(["a".to_owned(), "new".to_owned()]));
}

#[test]
fn how_a_fallbacks_secret_fared_is_forgotten_with_it_and_the_oldest_goes_first() {
    let (_home, mut outcomes) = fresh();
    let read = noted(&mut outcomes, |o| {
        // The first is the newest: the order of noting is not what counts.
        for number in 0..=64 {
            o.note_fallback(&token(number), 1_000 - number);
            if let Some(id) = o.id_of_fallback(&token(number)) {
                o.note_accepted(&id, &remote(), Direction::Fetch, 5);
            }
        }
        o.note_fallback(&token(63), 1);
    });
    assert!(read.is_fallbacks(&token(63)) && !read.is_fallbacks(&token(64)), "since when, not how lately");
    assert_eq!(read.id_of_fallback(&token(64)), None);
    assert_eq!(read.tables.each().count(), MOST_KNOWN);
    let id = read.id_of_fallback(&token(0)).expect("known");
    assert!(id.starts_with(FALLBACK) && read.accepted_since(&id).is_some());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_is_said_to_be_and_one_that_is_not_there_is_nothing_to_say() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_home, mut outcomes) = fresh();
    assert!(outcomes.unsafe_file.is_none());
    assert!(noted(&mut outcomes, |o| o.note_rejected("a", 7)).unsafe_file.is_none());
    std::fs::set_permissions(&outcomes.path, std::fs::Permissions::from_mode(0o666)).expect("it is ours");
    let mut read = Outcomes::load(&outcomes.path);
    assert!(read.unsafe_file.is_some() && read.rejection("a").is_none());
    std::fs::set_permissions(&outcomes.path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    read.reload();
    assert!(read.unsafe_file.is_none() && read.rejection("a").is_some());
}

#[test]
fn that_an_owner_let_git_in_is_known_by_its_own_note_or_by_a_repository() {
    let (_home, mut outcomes) = fresh();
    let read = noted(&mut outcomes, |o| {
        o.tables.change("note", |known| {
            known.insert("let-in:acme".to_owned(), "2026-01-01T00:00:00Z".to_owned())
        });
        let accepted = "accepted 2026-01-01T00:00:00Z".to_owned();
        o.tables.change("place", |known| known.insert("fetch acme/secret".to_owned(), accepted));
        o.tables.change("none", |known| known.insert("said".to_owned(), String::new()));
    });
    let acme = Owner::parse("Acme").expect("an owner");
    assert_eq!(["note", "place", "none"].map(|id| read.accepted_for_owner(id, &acme)), [true, true, false]);
}

#[test]
fn an_account_that_is_forgotten_takes_nothing_of_another_one_along() {
    let (_home, mut outcomes) = fresh();
    let ids = ["a", "https://github.com/acme#mona", "q\"o", "z"];
    let with = |o: &mut Outcomes, left: &[&str]| left.iter().for_each(|id| o.note_rejected(id, 7));
    for at in 0..ids.len() {
        let others = [&ids[..at], &ids[at + 1..]].concat();
        let removed = noted(&mut outcomes, |o| {
            with(o, &ids);
            o.forget(ids[at]);
        });
        let (_home, mut never) = fresh();
        let never = noted(&mut never, |o| with(o, &others));
        assert_eq!(removed.tables.as_str(), never.tables.as_str(), "{}", ids[at]);
        outcomes.change(|o| others.iter().for_each(|id| o.forget(id))).expect("written");
    }
}

#[test]
fn a_damaged_head_of_our_own_version_is_nothing_known() {
    let (_home, mut outcomes) = fresh();
    outcomes.change(|o| o.note_rejected("a", 7)).expect("written");
    let text = std::fs::read_to_string(&outcomes.path).expect("there");
    std::fs::write(&outcomes.path, text.replace("key = ", "former = { a = 1 }\nkey = ")).expect("written");
    assert_eq!(Outcomes::load(&outcomes.path).rejection("a"), None);
}

#[test]
fn what_goes_of_too_many_is_drawn() {
    let drawn: HashSet<usize> = (0..64).map(|_| random_below(1_000)).collect();
    assert!(drawn.len() > 8 && drawn.iter().all(|number| *number < 1_000), "{drawn:?}");
}

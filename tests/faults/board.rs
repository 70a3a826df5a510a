//! The 48 faults, each with what is injected, what must come of it, and the tests that hold it.
//!
//! `tests/faults/run` runs those tests and prints the board; with `PATRON_BLESS=1` it writes it to `SCOREBOARD.md`.
//! In every one of these tests no secret goes to a host that is not listed (I1), stdout is empty or one whole answer
//! (I2), nothing hangs (I3), no stored token is lost or cut (I4), no secret shows where it does not belong (I5), at
//! most one page opens (I6), what is said is said in one block (I7), and nothing holds git's pipe at the end (I8).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One fault.
struct Fault {
    id: &'static str,
    what: &'static str,
    injected: &'static str,
    expected: &'static str,
    /// Names of tests as Cargo prints them; those of the program's own rooms begin with `room `.
    held_by: &'static [&'static str],
}

const fn fault(
    id: &'static str,
    what: &'static str,
    injected: &'static str,
    expected: &'static str,
    held_by: &'static [&'static str],
) -> Fault {
    Fault { id, what, injected, expected, held_by }
}

#[rustfmt::skip]
const BOARD: &[Fault] = &[
    fault("F01", "disk full on store", "a full tmpfs of 64 KiB; ENOSPC from each system call",
        "old files byte for byte, no temporary file left, said", &[
        "faults::disk::on_a_full_disk_nothing_is_kept_and_nothing_is_lost",
        "faults::disk::with_a_little_room_all_is_kept_or_nothing",
        "faults::disk::an_error_from_any_system_call_of_store_loses_nothing",
        "faults::disk::an_error_from_any_system_call_of_get_leaves_a_whole_answer_or_none",
    ]),
    fault("F02", "disk full under the state alone", "a full tmpfs", "get answers; the state is given up", &[
        "faults::disk::a_full_disk_under_the_state_alone_stops_no_answer",
    ]),
    fault("F03", "quota, file size limit, broken disk", "`ulimit -f 0`; EDQUOT, EIO, EROFS from fsync and rename",
        "as F01; the signal of the limit does not kill", &[
        "faults::disk::a_file_size_limit_is_told_like_a_full_disk",
        "faults::disk::a_file_size_limit_stops_no_answer",
        "faults::disk::an_error_of_the_disk_is_named_as_what_it_is_and_loses_nothing",
    ]),
    fault("F04", "read-only home", "mode 500; a read-only mount; no locks (ENOLCK)",
        "get answers; store names what it cannot write", &[
        "faults::disk::where_a_folder_cannot_be_written_get_answers_and_store_names_it_and_keeps_nothing",
        "faults::disk::on_a_disk_mounted_read_only_get_answers_and_store_says_where",
        "faults::disk::where_nothing_can_be_locked_a_file_takes_the_part_of_the_lock",
        "faults::disk::a_file_that_is_mounted_by_itself_is_named_and_nothing_is_left_half_done",
    ]),
    fault("F05", "no home", "`env -i`", "refused and said; no file in the working folder", &[
        "faults::places::without_a_home_nothing_is_read_or_written_and_it_is_said",
    ]),
    fault("F06", "a home that is relative, absent or a file", "HOME and the XDG variables",
        "refused or made for its user alone, said", &[
        "faults::places::a_home_that_is_a_file_gives_no_accounts_and_cannot_keep_any",
        "faults::places::a_home_that_is_not_there_yet_is_made_for_its_user_alone",
        "faults::places::relative_xdg_folders_are_ignored_as_the_specification_says",
    ]),
    fault("F07", "accounts.toml or secrets.toml corrupt", "every cut, every bit, BOM, CRLF, NUL, 10 MB",
        "the right token or none; never written anew", &[
        "faults::content::a_list_with_any_bit_flipped_gives_the_right_token_or_none_and_is_not_rewritten",
        "faults::content::a_list_cut_anywhere_gives_the_right_token_or_none",
        "faults::content::a_byte_order_mark_and_other_line_ends_are_fine",
        "faults::content::a_list_of_ten_megabytes_is_read_or_refused_in_time",
        "faults::content::a_damaged_vault_gives_no_part_of_a_secret_to_anybody",
        "faults::content::an_entry_that_is_not_understood_is_skipped_with_a_word_and_the_others_are_given",
        "faults::content::the_place_of_a_wrong_value_is_its_own_and_no_other_that_looks_like_it",
    ]),
    fault("F08", "unknown keys, a newer version", "files of version 2", "kept; read, and never written", &[
        "faults::content::unknown_keys_stay_and_a_newer_version_is_read_and_never_written",
    ]),
    fault("F09", "state corrupt, empty, a folder", "eleven contents; links, FIFOs, folders",
        "nothing known, begun anew; no token lost", &[
        "faults::content::a_damaged_state_is_nothing_known_and_is_begun_anew",
        "faults::places::a_state_that_is_no_plain_file_stops_no_answer",
    ]),
    fault("F10", "killed while it stores", "SIGKILL at each system call, and at random",
        "old or new, never half; the next one cleans up", &[
        "faults::races::killed_at_any_system_call_a_store_leaves_old_or_new_files_and_the_next_one_cleans_up",
        "faults::races::killed_at_random_while_others_work_writers_lose_nothing",
        "half_done::a_token_whose_account_was_not_listed_yet_gets_it",
        "half_done::an_account_whose_token_was_removed_already_goes_too",
        "half_done::a_token_that_is_kept_again_outlives_a_removal_that_was_broken_off",
        "half_done::what_was_broken_off_is_brought_to_an_end_before_the_same_account_is_changed_again",
        "setup::trouble::killed_at_any_moment_it_leaves_the_old_file_or_the_new_one",
        "lifecycle::renew::whenever_it_is_killed_one_of_the_two_is_kept_and_named",
    ]),
    fault("F11", "killed or stopped with the lock", "SIGSTOP, SIGKILL at fsync; a lock held for ever",
        "readers wait for nobody; the next goes on at once", &[
        "faults::races::a_stopped_holder_of_the_lock_delays_writers_alone_and_a_killed_one_nobody",
        "faults::races::a_lock_that_is_never_given_up_is_named",
        "apps::minting::a_minter_that_is_killed_blocks_nobody",
        "half_done::a_rename_that_waited_looks_again_whether_the_account_is_there_and_its_name_free",
        "half_done::a_rename_that_waited_for_a_removal_which_was_killed_does_not_keep_the_account_without_its_token",
    ]),
    fault("F12", "power cut", "strace shows the order of writing", "fsync of file, rename, fsync of folder", &[
        "faults::disk::a_store_has_each_file_on_the_disk_before_its_name_and_the_name_before_it_ends",
    ]),
    fault("F13", "64 gets at once", "64 processes; 64 fetches of what is refused",
        "64 equal answers; one probe, one block, one page", &[
        "faults::races::sixty_four_gets_at_once_give_sixty_four_equal_answers",
        "notice::first::sixty_four_fetches_at_once_of_a_refused_repository_cause_one_probe_one_block_and_one_page",
        "apps::minting::sixty_four_that_ask_at_once_mint_once",
    ]),
    fault("F14", "64 stores at once", "64 processes, each another owner or host", "64 entries", &[
        "faults::races::sixty_four_stores_at_once_keep_sixty_four_secrets",
        "setup::trouble::eight_at_once_lose_nothing",
    ]),
    fault("F15", "a storm of 401", "many fetches with a revoked token",
        "asked twice at most, explained once; the token kept", &[
        "notice::tokens::a_storm_of_fetches_with_a_revoked_token_asks_twice_at_most_and_explains_once",
    ]),
    fault("F16", "store beside get", "two readers, 60 stores of four passwords; erase beside store",
        "old or new, never mixed; no half account", &[
        "faults::races::a_get_beside_a_store_sees_the_old_or_the_new_password",
        "faults::races::an_erase_beside_a_store_leaves_no_half_account",
    ]),
    fault("F17", "keyring locked", "a locked gnome-keyring; keepassxc that wants to ask",
        "nothing, at once, with what unlocks it; no dialog", &[
        "keyring::trouble::a_locked_keyring_is_named_with_what_unlocks_it_and_nothing_is_answered",
        "keyring::keepassxc::where_keepassxc_wants_to_ask_git_gets_nothing_at_once_and_is_told_the_setting",
    ]),
    fault("F18", "keyring or bus stopped, slow, gone on", "SIGSTOP before any of the calls, SIGCONT later",
        "3 s once, then next to nothing; asked again at once when it goes on", &[
        "keyring::trouble::a_stopped_keyring_costs_its_bound_once_and_the_next_calls_next_to_nothing",
        "keyring::trouble::a_keyring_that_stops_before_any_of_the_calls_costs_the_bound",
        "keyring::trouble::a_stopped_bus_costs_the_bound_and_the_next_call_next_to_nothing",
        "keyring::trouble::a_keyring_that_goes_on_is_asked_again_at_once",
        "keyring::trouble::a_slow_keyring_is_waited_for_within_the_bound",
        "keyring::trouble::keeping_and_removing_have_the_bound_too",
    ]),
    fault("F19", "keyring killed in between", "SIGKILL at exact points of the talk",
        "named; no file takes its place", &[
        "keyring::trouble::a_keyring_killed_in_between_is_named_and_no_file_takes_its_place",
        "keyring::trouble::a_keyring_killed_while_a_token_is_kept_is_a_failure_and_never_an_absent_one",
    ]),
    fault("F20", "no bus", "no address; a dead socket", "said at once; the file only where it is in use", &[
        "keyring::absent::an_account_of_the_keyring_is_named_when_the_keyring_is_gone",
        "keyring::absent::store_keeps_nothing_and_says_how_until_the_file_is_in_use",
    ]),
    fault("F21", "no service, no collection", "a bus with nobody on it; a keyring without default collection",
        "each with its own words", &[
        "keyring::absent::add_takes_the_file_and_says_so_unless_the_keyring_is_asked_for",
    ]),
    fault("F22", "two items match", "a second item with the same attributes", "nothing; both are named", &[
        "keyring::everyday::two_items_that_match_are_named_and_never_guessed_between",
    ]),
    fault("F23", "an item goes between search and read", "deleted at that point of the talk",
        "no item, said", &[
        "room vault::keyring::tests::an_item_deleted_between_search_and_read_is_no_item",
        "keyring::everyday::a_token_that_is_gone_from_the_keyring_is_named_and_can_be_added_again",
    ]),
    fault("F24", "files others can read or write", "modes, owners, folders of 0777",
        "refused with the chmod; left as they are", &[
        "faults::places::a_vault_that_others_can_read_or_write_is_refused_and_left_as_it_is",
        "faults::places::a_list_that_others_can_write_is_refused_and_left_as_it_is",
        "faults::places::a_file_of_another_user_is_refused",
        "faults::places::a_list_in_a_folder_that_others_can_write_runs_no_command_of_theirs",
    ]),
    fault("F25", "links, FIFOs, devices in place of files", "each in place of list, vault, lock, trace",
        "refused at once; never written through", &[
        "faults::places::a_vault_or_list_that_is_no_plain_file_is_refused_at_once_and_never_written_through",
        "faults::places::a_lock_or_a_left_over_file_that_is_something_else_hangs_nobody",
        "faults::places::a_trace_to_something_that_nobody_reads_hangs_nobody",
        "faults::places::a_trace_goes_neither_into_the_answer_nor_into_a_file_with_something_else_in_it",
    ]),
    fault("F26", "umask 000", "and other umasks", "0600 and 0700", &[
        "faults::places::whatever_the_umask_files_and_folders_are_for_their_user_alone",
        "faults::places::no_file_or_folder_is_open_to_others_even_for_a_moment",
    ]),
    fault("F27", "clocks", "times years off in both directions",
        "expiry obeyed, pauses never longer than their length, tokens kept", &[
        "faults::process::an_expiry_is_obeyed_and_no_clock_deletes_a_token",
        "faults::process::a_rejection_from_the_future_or_the_far_past_blocks_nothing",
        "apps::refused::a_clock_that_is_wrong_is_set_right_and_named",
    ]),
    fault("F28", "no network", "a network namespace with nothing in it", "the token is given", &[
        "notice::network::without_any_network_the_token_is_given",
    ]),
    fault("F29", "DNS", "a name server that refuses, one that never answers",
        "the token in time, \"could not be asked\"", &[
        "notice::network::where_names_are_not_known_or_nobody_tells_them_the_token_is_given_in_time",
    ]),
    fault("F30", "black holes, silence, one byte a second, lies", "proxies and servers that do so",
        "the bound and no more; the token is given", &[
        "notice::network::whoever_accepts_and_is_silent_or_sends_a_byte_a_second_costs_the_bound",
        "room github::tests::whoever_lets_us_wait_gets_the_bound_and_no_more",
        "diagnose::pace::nothing_hangs_where_nobody_answers",
    ]),
    fault("F31", "TLS", "expired, not yet valid, wrong name, unknown issuer, no TLS",
        "no token sent; named as TLS", &[
        "room github::tests::no_token_goes_to_a_server_that_cannot_prove_its_name",
        "diagnose::verdicts::every_verdict_is_produced_as_the_table_says",
    ]),
    fault("F32", "captive portal", "200 and a page, 302 to plain http, 511",
        "no verdict on the token, and it goes nowhere else", &[
        "notice::network::a_portal_in_between_is_no_verdict_on_the_token",
    ]),
    fault("F33", "proxies", "407, a dead one, malformed, excepted hosts, SOCKS, TLS",
        "never silently direct; named without its password", &[
        "room github::tests::a_proxy_that_fails_is_named_as_such",
        "room github::proxy::tests::what_is_no_proxy_is_an_error_and_never_no_proxy",
        "room github::proxy::tests::a_proxy_never_shows_its_password",
        "room github::proxy::tests::no_proxy_names_hosts_domains_addresses_and_networks",
        "notice::ways::the_proxy_of_the_callers_own_remote_is_obeyed_and_no_other_remotes",
    ]),
    fault("F34", "GitHub in trouble", "500, 502, 503, 504, cut bodies, wrong lengths, gzip",
        "\"server-error\" or nothing; nothing held against the token, no page", &[
        "notice::network::trouble_of_githubs_is_said_as_such_and_changes_nothing",
        "notice::told::no_answer_a_slow_answer_and_trouble_of_githubs_change_nothing_and_the_token_is_given",
        "room github::tests::half_an_answer_is_none",
        "room github::tests::of_a_huge_body_the_beginning_is_read",
        "room github::tests::a_flood_of_headers_is_cut_off",
    ]),
    fault("F35", "rate limits", "429, 403 with Retry-After, 403 with words alone",
        "said; no later process asks; not a bad token", &[
        "notice::network::a_host_that_wants_to_be_left_alone_is_asked_no_more_by_us",
        "notice::ways::one_429_that_has_healed_is_spoken_of_once_and_not_above_what_works",
    ]),
    fault("F36", "locked out after bad logins", "403 with GitHub's words", "said; no later process asks", &[
        "notice::network::a_host_that_wants_to_be_left_alone_is_asked_no_more_by_us",
        "room outcomes::memory::tests::bad_logins_have_a_budget_per_host_and_hour",
    ]),
    fault("F37", "a 401 that was a blip", "401 once, then 200", "the token survives and works", &[
        "notice::tokens::an_outage_that_answers_401_once_changes_nothing",
        "notice::tokens::an_outage_of_everything_marks_the_token_and_its_next_use_brings_it_back",
    ]),
    fault("F38", "hostile bodies and headers", "addresses of eight kinds, escapes, 10 MB",
        "nothing of it opened or printed", &[
        "notice::places::a_servers_addresses_are_never_opened_and_its_escapes_never_printed",
        "notice::places::ten_megabytes_a_cut_body_and_a_redirect_to_elsewhere_are_no_reason_for_anything",
        "room git::handover::tests::what_a_server_makes_git_print_is_no_question",
    ]),
    fault("F39", "redirects", "301, 302, 303, 307, 308 to another host", "no token goes there", &[
        "room github::tests::a_redirect_is_given_back_and_not_followed",
        "notice::doors::add_and_rest_follow_nobody_with_a_token",
        "notice::doors::a_door_that_sends_everybody_elsewhere_costs_no_token_and_condemns_none",
        "notice::doors::a_door_that_sends_who_shows_a_token_elsewhere_costs_no_token_and_condemns_none",
        "notice::doors::githubs_words_from_elsewhere_are_not_believed",
    ]),
    fault("F40", "old gits", "each git of this machine; those of Debian 11 and 12 in the step `roots`",
        "get works; what is missing is off silently", &[
        "callers::git_itself_takes_a_url_apart_as_we_do",
        "fallback::rough::a_bearer_token_opens_the_repository_for_each_git_that_knows_of_such_and_for_no_older_one",
        "git::three_owners_on_one_host_are_cloned_fetched_and_pushed_each_with_its_own_token",
    ]),
    fault("F41", "git not on PATH, or in the checkout", "PATH that begins with `.`; programs in the checkout",
        "none of them is run", &[
        "notice::ways::no_program_of_the_checkout_is_run_though_the_search_path_begins_there",
        "room git::program::tests::relative_entries_of_path_are_skipped",
        "exec::a_checkouts_own_program_does_not_get_the_token",
        "setup::trouble::without_git_in_an_absolute_folder_of_path_nothing_is_done",
    ]),
    fault("F42", "bytes that are no text, huge values", "62 vectors in every shape; HOME, variables",
        "as the vectors say", &[
        "vectors::every_vector_in_every_shape_yields_its_answer_or_nothing",
        "faults::process::a_home_and_an_environment_that_are_no_text_are_fine",
        "faults::process::a_huge_environment_is_fine",
    ]),
    fault("F43", "signals during a question", "Ctrl-C, SIGTERM, SIGHUP, SIGTSTP on a terminal",
        "echo restored, nothing stored", &[
        "room terminal::tests::ctrl_c_ends_the_question_and_gives_the_echo_back",
        "room terminal::tests::a_signal_from_outside_gives_the_echo_back",
        "room terminal::tests::a_terminal_that_goes_away_ends_the_question",
        "room terminal::tests::a_stopped_question_gives_the_echo_back_and_goes_on_later",
        "notice::lifetime::whatever_ends_a_git_that_is_asked_about_nothing_is_left",
    ]),
    fault("F44", "streams", "closed, silent, slow, full, a reader that has gone; 0 to 2 closed",
        "within the bound, no word of a panic, no file of ours as stdout", &[
        "vectors::shapes::stdin_that_never_sends_anything_is_given_up_after_five_seconds_for_every_word",
        "vectors::shapes::a_closed_stdin_is_an_empty_request",
        "vectors::shapes::a_closed_stdout_gets_nothing_and_breaks_nothing",
        "vectors::shapes::a_full_stdout_is_said_in_one_line",
        "vectors::shapes::a_reader_that_is_gone_is_no_trouble_to_speak_of",
        "vectors::shapes::a_closed_or_full_stderr_does_not_touch_the_answer",
        "vectors::shapes::no_file_of_ours_takes_the_place_of_a_closed_stdout",
        "vectors::shapes::a_signal_while_reading_ends_it_without_a_word",
        "faults::process::an_asker_that_closes_its_end_in_the_midst_gets_nothing_and_breaks_nothing",
    ]),
    fault("F45", "few descriptors, little memory, small stacks, no threads, no /proc", "`ulimit`, EAGAIN, a mount",
        "a whole answer or none, and why", &[
        "faults::process::with_few_descriptors_it_answers_or_says_why_not",
        "faults::process::with_little_memory_there_is_a_whole_answer_or_none",
        "faults::process::with_a_small_stack_there_is_a_whole_answer_or_none",
        "faults::process::without_proc_git_is_served_and_what_it_gives_is_kept",
        "faults::process::git_is_served_without_a_thread",
    ]),
    fault("F46", "the browser's launcher", "missing, hangs, fails, prints, leaves children",
        "git does not wait; the page is printed", &[
        "notice::places::a_launcher_that_hangs_fails_prints_or_is_missing_never_delays_git",
    ]),
    fault("F47", "files of another version", "list, vault, state, setup of a newer patron",
        "read where possible, never written", &[
        "faults::content::unknown_keys_stay_and_a_newer_version_is_read_and_never_written",
        "faults::content::a_damaged_state_is_nothing_known_and_is_begun_anew",
        "setup::trouble::a_file_of_a_newer_patron_is_not_written_anew",
        "room git::settings::tests::what_a_newer_version_knows_is_passed_over",
    ]),
    fault("F48", "hostile environment", "24 variables, each alone and all together; GIT_TRACE, RUST_LOG, tr_TR",
        "the same answer, no secret in any trace", &[
        "faults::process::no_environment_changes_the_answer_or_makes_a_secret_show",
        "leaks::no_secret_shows_at_the_highest_verbosity",
        "leaks::scenes::the_probe_writes_nothing_into_traces_that_show_what_is_sent",
    ]),
];

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/SCOREBOARD.md")
}

#[test]
fn the_board_and_the_kept_result_have_exactly_the_48_faults_in_their_order() {
    let all: Vec<String> = (1..=48).map(|number| format!("F{number:02}")).collect();
    let ids: Vec<&str> = BOARD.iter().map(|fault| fault.id).collect();
    assert_eq!(ids, all);
    let text =
        std::fs::read_to_string(file()).expect("a result is kept; PATRON_BLESS=1 tests/faults/run writes it");
    let rows: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("| F")).collect();
    let kept: Vec<String> =
        rows.iter().filter_map(|row| row.split_once(' ')).map(|(number, _)| format!("F{number}")).collect();
    assert_eq!(kept, all);
    let failed: Vec<&&str> = rows.iter().filter(|row| row.contains("NOT HELD")).collect();
    assert!(failed.is_empty(), "a result in which a fault is not held is not kept: {failed:?}");
    for fault in BOARD {
        assert!(!fault.held_by.is_empty(), "{}: no test holds it", fault.id);
    }
}

/// Runs some tests of a test program and gives how each ended.
fn run(program: &str, names: &[&str], seen: &Path) -> BTreeMap<String, bool> {
    // More than one thread: some tests must not run on the main one.
    let output = Command::new(program)
        .args(["--exact", "--test-threads", "2"])
        .args(names)
        .env("PATRON_FAULTS_SEEN", seen)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        println!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let ended = text.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    ended.map(|(name, how)| (name.to_owned(), how == "ok")).collect()
}

#[test]
#[ignore = "tests/faults/run: it runs all of the others"]
fn every_fault_is_injected_and_held() {
    let rooms =
        std::env::var("PATRON_ROOMS").expect("tests/faults/run names the program with the rooms' tests");
    let this = std::env::current_exe().expect("a path");
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("seen");
    std::fs::write(&seen, "").expect("ours");
    let named: BTreeSet<&str> = BOARD.iter().flat_map(|fault| fault.held_by.iter().copied()).collect();
    let (inside, outside): (Vec<&str>, Vec<&str>) = named.iter().partition(|name| name.starts_with("room "));
    let inside: Vec<&str> = inside.iter().map(|name| name.trim_start_matches("room ")).collect();
    let mut ended = run(&this.display().to_string(), &outside, &seen);
    ended
        .extend(run(&rooms, &inside, &seen).into_iter().map(|(name, is_ok)| (format!("room {name}"), is_ok)));

    let seen = std::fs::read_to_string(&seen).expect("ours");
    let mut table = format!(
        "# The 48 faults\n\nWritten by `PATRON_BLESS=1 tests/faults/run` on {}, {} {} with {} processors, git {}, as {}.\n\n\
         | id | fault | injected | expected | seen | tests |\n|---|---|---|---|---|---|\n",
        jiff::Zoned::now().date(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        std::thread::available_parallelism().map_or(0, usize::from),
        crate::sandbox::gits().iter().map(|git| git.version.as_str()).collect::<Vec<_>>().join(", "),
        if super::is_root() { "root" } else { "a user" },
    );
    let mut missed = Vec::new();
    for Fault { id, what, injected, expected, held_by } in BOARD {
        let failed: Vec<&&str> = held_by.iter().filter(|name| ended.get(**name) != Some(&true)).collect();
        let figures: BTreeSet<&str> = seen
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter(|(of, _)| of == id)
            .map(|seen| seen.1)
            .collect();
        let figures: Vec<&str> = figures.into_iter().collect();
        let outcome = match (failed.is_empty(), figures.is_empty()) {
            (true, true) => "held".to_owned(),
            (true, false) => format!("held: {}", figures.join("; ")),
            (false, _) => format!("NOT HELD: {failed:?} failed or did not run"),
        };
        if !failed.is_empty() {
            missed.push(*id);
        }
        let tests: Vec<String> = held_by.iter().map(|name| format!("`{name}`")).collect();
        let _ =
            writeln!(table, "| {id} | {what} | {injected} | {expected} | {outcome} | {} |", tests.join(", "));
    }
    println!("{table}");
    println!("{} of {} faults held, {} tests", BOARD.len() - missed.len(), BOARD.len(), named.len());
    assert!(missed.is_empty(), "not held: {missed:?}");
    if std::env::var_os("PATRON_BLESS").is_some() {
        std::fs::write(file(), table).expect("the repository can be written");
    }
}

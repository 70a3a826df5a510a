//! Git's configuration as git itself sees it: who answers for a URL, where our lines go, what is set.
//!
//! Nothing here decides what a token is for, and nothing prints. The effective configuration is always asked
//! from the git program ([`Listing`]); matching, editing and quoting are our own, and each rule is checked
//! against real git in `tests/setup.rs`. libgit2 only reads settings: it cannot show where a value comes from
//! once files include each other, and what it writes drops other people's lines (measured).

mod chain;
mod child;
mod config_file;
mod edit;
mod handover;
mod held;
mod http;
mod listing;
mod messages;
mod netrc;
mod ours;
mod places;
mod probe;
mod program;
mod quote;
pub(crate) mod repository;
mod settings;
mod shown;
mod urls;

pub(crate) use chain::{Chain, ConfigSource, Helper, git_bool};
pub(crate) use child::{RUN, run};
pub(crate) use config_file::{ConfigFile, FileTrouble, KeyAndValue, Locked};
pub(crate) use edit::{Changed, Without, block_lines, with_block, without_block};
pub(crate) use handover::{HELPER, ask as ask_for_credential, far_end, from_git};
pub(crate) use held::{Files, differ_by_our_include, remove_empty_folder};
pub(crate) use http::{HttpContext, http_settings, is_remote_name};
pub(crate) use listing::{Entry, Level, Listing};
pub(crate) use netrc::netrc_entry;
pub(crate) use ours::{Commands, LeftOut, Ours, OursTrouble, with_gists};
pub(crate) use places::{BadPlace, Env, Place, process_env, setting_files, system_ours, user_home};
pub(crate) use probe::{InfoRefs, Probe, Probed, Way};
pub(crate) use program::{Cwd, Git, GitTrouble, own_program};
pub(crate) use quote::{config_quoted, helper_command, shell_path};
pub(crate) use settings::{Permission, Settings, VaultChoice};
pub(crate) use shown::{shown, shown_whole};
pub(crate) use urls::NamedSetting;

use crate::redact::holds_secret;
use edit::is_our_file;
use quote::{names_patron, subsection_quoted};

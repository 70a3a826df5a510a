//! `diagnose` against the forge: every verdict, the words people read, what is asked and what is remembered.

mod hiding;
mod pace;
mod remembering;
mod samples;
mod scene;
mod senders;
mod snapshots;
mod targets;
mod verdicts;

//! confwarden: the guardian of a gateway's configuration file.
//!
//! This page is the map. Every write, whoever asks for it, is one transaction:
//!
//! ```text
//! lock -> read base -> propose -> parse -> judge -> commit, only if the base is still there -> tell
//! ```
//!
//! # Layers
//!
//! Each module may use those above it and none below; a test and the ban list in `.clippy.toml` hold
//! that. Everything down to [`heal`] decides and is pure; [`fs`] acts; [`ops`] joins the two.
//!
//! | module | its noun | never |
//! | --- | --- | --- |
//! | [`text`] | bytes and positions: spans, layout, splices | knows a format |
//! | [`clock`] | the time now | is read where time can be an argument |
//! | [`doc`] | a parsed file: values with their places, edits, differences | touches a file, knows a policy |
//! | [`finding`] | what a rule reports | quotes a value |
//! | [`schema`] | the shape that a gateway asks for | quotes a value, reads a file |
//! | [`profile`] | what is known of one gateway, as data | reads a file or the environment |
//! | [`redact`] | what may be shown | shows a secret |
//! | [`compose`] | a configuration of several files (`$include`) | opens a file |
//! | [`policy`] | rules over the step from base to candidate | does IO |
//! | [`heal`] | what a foreign write is put right to | does IO |
//! | [`fs`] | locks, reads, atomic replaces | parses a document |
//! | [`child`] | a program that runs under the guard | opens a file, knows a configuration |
//! | [`signal`] | how a gateway is told to take its configuration | decides whether it is told |
//! | [`watch`] | what others do to files, seen from outside | reads what stands in a file |
//! | [`history`] | records and snapshots of a guarded file | parses a document, knows a secret |
//! | [`pending`] | writes that are undone unless they are confirmed | writes a configuration |
//! | [`author`] | who wrote a file, and how certain that is | shows an argument of a program |
//! | [`gateway`] | the gateway that runs: found, proved, asked | writes a file, signals a process, gives the secret to another |
//! | [`event`] | what the watcher tells: lines, log, socket, hooks | quotes a value, decides about a configuration |
//! | [`ops`] | the use cases; one write transaction | prints, reads the environment |
//! | `bin/confwarden` | arguments, settings, output, exit codes | decides about a configuration |
//!
//! # Invariants
//!
//! - **A serialiser never writes a user's file.** An edit is a list of [`text::Splice`]s. Its result is
//!   read again and must mean what was asked, with every comment outside of what was removed and every
//!   one of what was brought along ([`doc::Document::edit`]); two independent halves, the planner of the format and the arithmetic on
//!   values, must agree.
//! - **No write without the lock.** Only an [`fs::LockGuard`] can replace a file, and it must say what it
//!   read. The lock is a courtesy among writers that ask for it; the comparison at the commit is the
//!   safety against those that do not.
//! - **Nothing is lost between two files.** A write of several files is not one step; a value that moves
//!   is added before it is removed ([`compose::Edited::writing_order`]).
//! - **A rule judges what a write does.** A fault that the base had is reported and never blocks.
//! - **Findings are values, errors are for what could not be done.** Neither quotes a value of a
//!   document: it may be a secret. `Debug` of documents, strings and inputs shows sizes only.
//! - **The engine knows no gateway.** Paths, secrets, reload classes and locks of OpenClaw are data in
//!   `profile/builtin/openclaw.toml`.
//!
//! # Files
//!
//! What confwarden reads and writes, and which module owns it:
//!
//! | file | owner | is |
//! | --- | --- | --- |
//! | the configuration and what it includes | [`fs`] | replaced, never truncated; in place only on a mount point |
//! | beside it: locks, stage, journal | [`fs`] | see the table there |
//! | `openclaw.json.lock` | [`fs::GatewayLock`] | OpenClaw's own lock, held during a write |
//! | `$XDG_STATE_HOME/confwarden/key` | [`fs::install_key`] | the key of secret fingerprints, 0600 |
//! | `$XDG_STATE_HOME/confwarden/files/` | [`history`] | what stood in each guarded file, since when, by whom |
//! | `$XDG_STATE_HOME/confwarden/files/*/pending/` | [`pending`] | when which write is undone, and what became of it |
//! | `$XDG_STATE_HOME/confwarden/files/*/events.jsonl` | [`event`] | what the watcher saw and did, one old file kept |
//! | `$XDG_STATE_HOME/confwarden/watch.sock` | [`event`] | where the watcher answers its own user |
//! | `header.file` of `[signal]` in a profile | a person | the value of a header, read when a gateway is told |
//! | `$XDG_CONFIG_HOME/confwarden/hooks.toml` | a person | programs that run on events |
//! | `$XDG_STATE_HOME/confwarden/history-recipients` | a person | whom snapshots are encrypted to |
//!
//! # Where to add what
//!
//! A rule: `policy/rules/mod.rs` says how. A gateway: a TOML file, see [`profile`]. A command: one file in
//! `bin/confwarden/commands`, one use case in [`ops`]. A way to tell a gateway: one file in [`signal`], and
//! what it needs to know in `profile/signal.rs`. A format: a folder in `doc` with a reader and a
//! planner.
//!
//! # Limits
//!
//! Advisory locks bind only those who ask for them. What Linux cannot promise on a file system without
//! exchange-rename, and what is not kept on macOS and Windows, is listed in [`fs`].

pub mod author;
pub mod child;
pub mod clock;
pub mod compose;
pub mod doc;
pub mod event;
pub mod finding;
pub mod fs;
pub mod gateway;
pub mod heal;
pub mod history;
pub mod ops;
pub mod pending;
pub mod policy;
pub mod profile;
pub mod redact;
pub mod schema;
pub mod signal;
pub mod text;
pub mod watch;

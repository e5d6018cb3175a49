//! The real program in a sandbox: what people and scripts can rely on.
//!
//! One binary, so that it links once. Every suite is listed below with what belongs in it; `tidy`
//! holds the list. All suites pass as root and as a user; what needs a tool or a right that is missing
//! here says so, past the capture of the test runner, and checks nothing. `.ci/run` sets
//! `CONFWARDEN_TEST_REQUIRE_STRACE` and `CONFWARDEN_TEST_REQUIRE_TOOLS`, with which a missing strace
//! or another missing program is a failure.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests look at files directly")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

// The contract: exit codes, reports, what never gets out.
mod confirm_secrets; // the same of what is said of a gateway, and to it
mod exit_codes; // one test a row of the table
mod json_output; // `--output json` of every command and ending, against its schema
mod secrets; // a planted secret is searched for in everything that a run leaves
mod usage; // wrong arguments, help, version, settings

// The commands, one file each.
mod apply;
mod asked; // what else a gateway that runs is asked: pairings, its state, costs
mod check;
mod confirm; // whether the gateway has taken a write, by gateways that behave as a test wants
mod confirm_watched; // the same of what others wrote, told by the watcher
mod demo; // what a newcomer sees first
mod diff;
mod dry_run;
mod edit;
mod events; // what the watcher tells, read from its log
mod exec;
mod explain;
mod get;
mod history; // what is recorded, and what damage to it does
mod includes; // values put together from several files
mod mv;
mod patch;
mod probation; // writes that are undone unless they are confirmed
mod program; // what runs under `exec`: its signals, its terminal, what it leaves behind
mod reload; // what a change costs the gateway
mod restore;
mod set;
mod signals; // how the gateway is told of a write, by each way and of what
mod status;
mod unset;
mod wait; // until a configuration is at rest
mod watch; // what the watcher heals, tells, and leaves alone

// What goes wrong in the field.
mod bad_input; // what cannot be read or written, and stays as it was
mod field_cases; // cases of the public tracker, named after their ids
mod watch_faults; // what a watcher finds in the place of a file, and outlives
mod watch_load; // ten thousand writes by eight writers
mod watch_time; // a watcher that slept, lost reports, or whose clock jumped

// The proof: real processes, real file systems, real failures.
mod crash; // killed at every system call: old or new, and no work for a person
mod faults; // every system call of a write fails once
mod gateway; // real gateways, where some are installed
mod history_faults; // folders, disks, records and clocks that are no good
mod lock; // who waits for whom, and what the dead leave
mod mounts; // links, mounts, owners, modes, access lists
mod probation_faults; // killed and failed around a write that is to be confirmed, and around its undo
mod writers; // other programs write the same file, and ask for no lock

// What is shipped beside the program.
mod caddy; // a real service beside OpenClaw, told by the shipped profile
mod examples; // the shipped configurations
mod service; // units, property list and entry point of a service
mod tidy; // layers, headers, sizes, lists: what no compiler checks

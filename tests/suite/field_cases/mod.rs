//! Cases of the public tracker. Each test is named after the id of its case; the comment above it says
//! what happened.

// As far as they concern our own writes.
mod concurrent; // CC: several writers at once
mod files; // FS: mounts, permissions, full disks
mod includes; // IS: values that live in other files
mod junk; // JV: strings that are no token
mod secrets; // SE: references and marks of redaction
mod text; // FM: comments, commas, line ends
mod tokens; // TK: the token lost or replaced
mod wiped; // WP: the file wiped or shrunk

// As far as another program does the damage, and a person wants the past back.
mod access; // FS: owners, modes, access lists
mod foreign; // what these have in common
mod migrated; // MG: upgrades and doctors
mod restored; // RB, CC: old copies, and one change taken back
mod rewritten; // TK, SE, FM: tokens, secrets and comments
mod shrunk; // WP: little is left of the file
mod turns; // CC: several programs at once

// As far as the gateway restarts for nothing.
mod reloaded; // RL: what a write costs, and what must not be a write

// As far as the watcher alone is there.
mod watched; // TK, CC, RL, FS, AG: whoever writes, at any time

use crate::support::{Run, Sandbox};

/// Applies `desired` as a whole file; every rule of `rules` must refuse it, and the file stays.
#[track_caller]
fn refuses_to_apply(text: &str, desired: &str, rules: &[&str]) -> Run {
    let sandbox = Sandbox::config(text);
    sandbox.untouched(|| {
        let run = sandbox.invoke(["apply", "-"]).stdin(desired).run();
        run.code(3).says("is as it was");
        for rule in rules {
            run.says(&format!("\n  {rule}: "));
        }
        run
    })
}

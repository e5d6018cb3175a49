//! Tests: what has become of a gateway between two looks.

use super::*;
use crate::gateway::{AskError, Readiness, Running};

fn look(pid: Option<u32>, uptime: Option<u64>) -> Look {
    Look::of(
        pid.map(|pid| Running::of(pid, 1, 1)).ok_or(AskError::NotRunning),
        uptime.map(|ms| Readiness::up(Duration::from_millis(ms))).ok_or(AskError::NotRunning),
    )
}

#[track_caller]
fn check(before: &Look, now: &Look, expected: Option<&str>) {
    let found = fell(before, now, AGAIN);
    match (found.as_deref(), expected) {
        (None, None) => {}
        (Some(found), Some(expected)) => assert!(found.contains(expected), "{found}"),
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

/// RL-08: taken, and dead ten seconds later.
#[test]
fn rl_08_a_gateway_that_falls_a_while_after_a_change_is_seen() {
    let before = look(Some(7), Some(60_000));
    check(&before, &look(Some(7), Some(72_000)), None);
    check(&before, &look(None, None), Some("process 7 is gone, 12 s after"));
    check(&before, &look(Some(8), Some(2_000)), Some("restarted after the change"));
    // The same process, and another start.
    check(&before, &look(Some(7), Some(2_000)), Some("restarted after the change"));
    check(&before, &look(Some(7), None), Some("12 s after the change"));
}

//! Tests of deadlines and of what is stored.

#![expect(clippy::disallowed_methods, reason = "the tests damage files")]

use std::time::Duration;

use super::*;
use crate::history::History;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

fn now() -> Now {
    let at = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    Now { at, boot: Some("one".to_owned()), since_boot: HOUR }
}

#[test]
fn a_clock_that_is_set_changes_no_deadline_while_the_machine_runs() {
    let began = now();
    let deadline = Deadline::after(&began, 60 * SECOND);
    let left =
        |at, since_boot| deadline.left(&Now { at, since_boot, ..began.clone() }, began.made_at());
    for at in [began.at - 9000 * HOUR, began.at, began.at + 9000 * HOUR] {
        assert_eq!(left(at, HOUR + 59 * SECOND), SECOND, "{at:?}");
        assert_eq!(left(at, HOUR + 60 * SECOND), Duration::ZERO);
        assert_eq!(left(at, HOUR + 9000 * HOUR), Duration::ZERO);
    }
}

#[test]
fn after_another_start_the_time_of_day_counts() {
    let began = now();
    let deadline = Deadline::after(&began, 60 * SECOND);
    let rebooted = |at| Now { at, boot: Some("two".to_owned()), since_boot: SECOND };
    let left = |at| deadline.left(&rebooted(at), began.at);
    assert_eq!(left(began.at + 20 * SECOND), 40 * SECOND);
    assert_eq!(left(began.at + 60 * SECOND), Duration::ZERO);
    // A machine without a clock of its own starts in the past: nobody knows how much is left.
    assert_eq!(left(began.at - SECOND), Duration::ZERO);
    // Where the system names no start, it is never the same one.
    let nameless = Now { boot: None, ..began.clone() };
    let deadline = Deadline::after(&nameless, 60 * SECOND);
    assert_eq!(deadline.left(&nameless, nameless.at), 60 * SECOND);
    let later = Now { at: nameless.at + 61 * SECOND, ..nameless.clone() };
    assert_eq!(deadline.left(&later, nameless.at), Duration::ZERO);
}

#[test]
fn an_extension_moves_both_clocks() {
    let began = now();
    let deadline = Deadline::after(&began, 60 * SECOND).extended(30 * SECOND);
    assert_eq!(deadline.left(&began, began.at), 90 * SECOND);
    let rebooted = Now { boot: None, ..began.clone() };
    assert_eq!(deadline.left(&rebooted, began.at), 90 * SECOND);
}

#[test]
fn a_clock_that_shows_what_cannot_be_written_stores_all_the_same() {
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let began = Now { at: last, ..now() };
    let deadline = Deadline::after(&began, 60 * SECOND).extended(HOUR);
    assert_eq!(deadline.at, last);
    let (_dir, commits) = commits();
    let commit = Pending::new(RecordId(1), &began, deadline, "set".to_owned(), Vec::new());
    commits.store(&commit).unwrap();
    assert_eq!(commits.list().unwrap().commits, [commit]);
}

impl Now {
    fn made_at(&self) -> SystemTime {
        self.at
    }
}

#[test]
fn the_clocks_of_this_machine_agree_with_each_other() {
    let (one, two) = (Now::read(), Now::read());
    assert_eq!(one.boot, two.boot);
    assert!(one.since_boot <= two.since_boot && one.since_boot > Duration::ZERO);
    #[cfg(target_os = "linux")]
    assert_eq!(one.boot.unwrap().len(), 36);
}

fn commit(id: u64) -> Pending {
    let began = now();
    let deadline = Deadline::after(&began, 60 * SECOND);
    Pending::new(RecordId(id), &began, deadline, "set".to_owned(), Vec::new())
}

fn commits() -> (tempfile::TempDir, PendingCommits) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::of(&dir.path().join("state"), std::path::Path::new("/a.json"));
    (dir, PendingCommits::of(&history))
}

#[test]
fn what_is_stored_is_listed_in_order_with_what_became_of_it() {
    let (_dir, commits) = commits();
    assert_eq!(commits.list().unwrap(), Listing::default());
    assert!(!commits.folder().exists(), "a question makes nothing");
    for id in [10, 9] {
        commits.store(&commit(id)).unwrap();
    }
    let kept = Pending { state: State::Kept { at: now().at }, ..commit(9) };
    commits.store(&kept).unwrap();
    assert_eq!(commits.list().unwrap().commits, [kept.clone(), commit(10)]);
    assert!(commits.list().unwrap().commits[1].is_due(&Now { since_boot: 2 * HOUR, ..now() }));
    assert!(!kept.is_due(&Now { since_boot: 2 * HOUR, ..now() }), "it was confirmed");
    commits.forget(RecordId(10)).unwrap();
    commits.forget(RecordId(10)).unwrap();
    assert_eq!(commits.list().unwrap().commits.len(), 1);
}

#[test]
fn what_is_newer_or_damaged_is_named_and_left() {
    let (_dir, commits) = commits();
    commits.store(&commit(1)).unwrap();
    let path = |id: u64| commits.folder().join(format!("{id}.json"));
    let text = std::fs::read_to_string(path(1)).unwrap();
    for (id, text) in
        [(2, text.replace("\"v\":1", "\"v\":2")), (3, text[..9].to_owned()), (4, text)]
    {
        std::fs::write(path(id), &text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(path(id), mode).unwrap();
    }
    std::fs::write(commits.folder().join("05.json"), "").unwrap();
    let listing = commits.list().unwrap();
    assert_eq!(listing.commits, [commit(1)]);
    assert_eq!(listing.unreadable, [RecordId(2), RecordId(3), RecordId(4)]);
    commits.forget_old(now().at + 9000 * HOUR).unwrap();
    assert_eq!(commits.list().unwrap(), listing);
}

#[test]
fn a_state_is_told_once_and_forgotten_after_a_week() {
    let (_dir, commits) = commits();
    let waiting = commit(1);
    commits.store(&waiting).unwrap();
    commits.set_told(&waiting).unwrap();
    assert!(commits.is_told(&waiting));
    let cause = Cause::Overdue;
    let undone = Pending { state: State::Undone { at: now().at, cause }, ..waiting };
    commits.store(&undone).unwrap();
    assert!(!commits.is_told(&undone));
    commits.set_told(&undone).unwrap();
    assert!(commits.is_told(&undone));
    commits.forget_old(now().at + 6 * 24 * HOUR).unwrap();
    assert_eq!(commits.list().unwrap().commits, [undone]);
    commits.forget_old(now().at + 8 * 24 * HOUR).unwrap();
    assert_eq!(std::fs::read_dir(commits.folder()).unwrap().count(), 0);
}

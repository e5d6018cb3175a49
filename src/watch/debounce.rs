//! When a foreign write is over, so that it can be judged: pure functions of what was seen and when.
//!
//! Too early, and the author's own command fails: OpenClaw 2026.9 looks at the file's identity right
//! after its rename, and a heal within 0-5 ms of it made `config set` end with 1; from 10 ms on it was
//! clean in 24 of 24 runs. Too late, and a live gateway has read the file: it does so 503-515 ms after
//! the last write (2026.3.8 and 2026.9.6, measured), and what is healed within 480 ms it never sees.
//!
//! This module never looks at a file or a clock.

use std::time::Duration;

/// How long a text that can be read must stand unchanged.
const QUIET: Duration = Duration::from_millis(40);
/// The same in a folder that another program keeps the same as elsewhere: it writes in steps, late.
const QUIET_SYNCED: Duration = Duration::from_millis(150);
/// How long a text that cannot be read must stand unchanged: most often its author is not done.
const QUIET_BROKEN: Duration = Duration::from_millis(200);
/// How long the gateway's own lock must be gone: 2026.9 holds it until about 200 ms after its rename.
const AFTER_RELEASE: Duration = Duration::from_millis(15);
/// How long after the last write nothing is waited for any more, since the gateway is about to read.
const WINDOW: Duration = Duration::from_millis(400);

/// Whether the author of a write is known to be at work still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A live process holds the gateway's own lock.
    AtWork,
    /// Nothing tells.
    Unknown,
}

/// What there is to do about the file now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing has changed.
    Nothing,
    /// Look again after this time.
    In(Duration),
    /// Look into it.
    Now,
}

/// The times of a foreign write, each as time since some fixed moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Debounce {
    /// When the file was last seen to be another one; nothing where it has been looked into since.
    changed: Option<Duration>,
    /// When the gateway's lock was last seen to be held.
    held: Option<Duration>,
    broken: bool,
    pace: Pace,
}

/// How fast those who write are done, as far as the place of the file tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As programs on this machine are.
    #[default]
    Usual,
    /// As a client that copies from elsewhere is.
    Synced,
}

impl Debounce {
    /// For a file whose writers have this pace.
    #[must_use]
    pub fn at(pace: Pace) -> Self {
        Self { pace, ..Self::default() }
    }

    /// The file is another one than at the last look.
    pub fn changed(&mut self, now: Duration) {
        self.changed = Some(now);
        self.broken = false;
    }

    /// It was looked into, and there is nothing more to do until it changes again.
    pub fn settled(&mut self) {
        *self = Self::at(self.pace);
    }

    /// It was looked into, and does not parse, or is gone.
    pub fn found_broken(&mut self) {
        self.broken = true;
    }

    /// Whether it was looked into, and could not be read.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether something has changed that was not looked into.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.changed.is_some()
    }

    /// When the file was last seen to be another one; nothing where it has been looked into since.
    #[must_use]
    pub fn last_change(&self) -> Option<Duration> {
        self.changed
    }

    /// What is due at `now`. A clock that goes back makes it later, never earlier.
    pub fn due(&mut self, now: Duration, activity: Activity) -> Due {
        let Some(changed) = self.changed else { return Due::Nothing };
        if activity == Activity::AtWork {
            self.held = Some(now);
        }
        let over = changed + WINDOW;
        let quiet = changed
            + match (self.broken, self.pace) {
                (true, _) => QUIET_BROKEN,
                (false, Pace::Usual) => QUIET,
                (false, Pace::Synced) => QUIET_SYNCED,
            };
        let released = self.held.map_or(quiet, |held| held + AFTER_RELEASE);
        let at = quiet.max(released).min(over);
        match at.checked_sub(now) {
            None | Some(Duration::ZERO) => Due::Now,
            Some(left) => Due::In(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Plays `events`, times in milliseconds, in steps of one millisecond, and says when the file is
    /// looked into.
    #[track_caller]
    fn check(events: &[(u64, Event)], expected: &[u64]) {
        let mut debounce = Debounce::default();
        let (mut author, mut is_torn) = (Activity::Unknown, false);
        let mut looks = Vec::new();
        let mut left = events.iter().peekable();
        for now in 0..3_000 {
            while let Some((_, event)) = left.next_if(|(at, _)| *at == now) {
                match event {
                    Event::Good | Event::Torn => {
                        debounce.changed(ms(now));
                        is_torn = matches!(event, Event::Torn);
                    }
                    Event::Lock => author = Activity::AtWork,
                    Event::Unlock => author = Activity::Unknown,
                }
            }
            if debounce.due(ms(now), author) == Due::Now {
                looks.push(now);
                if is_torn && !debounce.broken {
                    debounce.found_broken();
                } else {
                    debounce.settled();
                }
            }
        }
        assert_eq!(looks, expected);
    }

    #[derive(Clone, Copy)]
    enum Event {
        /// A text that parses was written.
        Good,
        /// One that does not.
        Torn,
        Lock,
        Unlock,
    }

    #[test]
    fn nothing_happens_where_nothing_changed() {
        check(&[], &[]);
        check(&[(10, Event::Lock), (500, Event::Unlock)], &[]);
    }

    #[test]
    fn a_rename_is_looked_into_after_the_author_has_checked_its_work() {
        check(&[(100, Event::Good)], &[140]);
    }

    #[test]
    fn jq_and_mv_in_a_row_are_one_look() {
        check(&[(100, Event::Good), (120, Event::Good), (155, Event::Good)], &[195]);
    }

    #[test]
    fn sed_in_place_and_openclaw_v3_are_one_rename() {
        // `sed -i` and OpenClaw 2026.3 write beside the file and rename, without a lock.
        check(&[(100, Event::Good)], &[140]);
    }

    #[test]
    fn the_macos_app_renames_again_for_each_setting() {
        // Foundation's atomic write, and another as soon as the next switch is clicked.
        check(&[(100, Event::Good), (420, Event::Good)], &[140, 460]);
    }

    #[test]
    fn vim_that_keeps_a_backup_leaves_no_file_for_a_moment() {
        // Renamed to `~`, made empty, written, synced, its access list set: two milliseconds, or forty
        // where the disk is slow.
        let quick =
            [(100, Event::Torn), (100, Event::Torn), (101, Event::Good), (102, Event::Good)];
        check(&quick, &[142]);
        let slow = [(100, Event::Torn), (101, Event::Good), (139, Event::Good)];
        check(&slow, &[179]);
    }

    #[test]
    fn vs_code_and_vim_in_place_truncate_and_write() {
        // Node's `writeFile`: two reports of one moment. What is found between them is not judged.
        check(&[(100, Event::Torn), (100, Event::Good)], &[140]);
        // Saves in a row, as with `files.autoSave`: the gateway too waits until the file rests.
        let strokes: Vec<(u64, Event)> = (0..30).map(|n| (100 + n * 30, Event::Good)).collect();
        check(&strokes, &[1_010]);
    }

    #[test]
    fn a_link_that_is_switched_is_one_change_and_the_old_directory_is_removed_later() {
        // A dotfile manager's link, or `..data` of a mounted ConfigMap: a rename, and a millisecond
        // later the directory that it led to goes.
        check(&[(100, Event::Good), (101, Event::Good)], &[141]);
    }

    #[test]
    fn a_client_that_syncs_is_given_more_time() {
        let mut debounce = Debounce::at(Pace::Synced);
        for start in [100, 900] {
            // Made, filled, its times set, its attributes: a moment each.
            for later in [0, 60, 130] {
                debounce.changed(ms(start + later));
                assert_ne!(debounce.due(ms(start + later + 69), Activity::Unknown), Due::Now);
            }
            assert_eq!(debounce.due(ms(start + 280), Activity::Unknown), Due::Now);
            debounce.settled();
        }
    }

    #[test]
    fn a_file_that_is_deleted_and_made_again_is_not_judged_between() {
        check(&[(100, Event::Torn), (130, Event::Torn), (131, Event::Good)], &[171]);
    }

    #[test]
    fn a_report_after_sleep_is_judged_as_soon_as_one_that_came_in_time() {
        // The machine slept; the clock of the watcher stood still or went on. What was written before
        // counts from when it is seen.
        let mut debounce = Debounce::default();
        debounce.changed(ms(100));
        assert_eq!(debounce.due(ms(110), Activity::Unknown), Due::In(ms(30)));
        let hours = Duration::from_hours(9);
        assert_eq!(debounce.due(hours, Activity::Unknown), Due::Now);
        // A lock of before the sleep, whose holder is alive, is not waited for any more.
        assert_eq!(debounce.due(hours, Activity::AtWork), Due::Now);
        debounce.settled();
        debounce.changed(hours);
        assert_eq!(debounce.due(hours, Activity::Unknown), Due::In(QUIET));
    }

    #[test]
    fn openclaw_v9_is_looked_into_after_it_lets_go_of_its_lock() {
        // Lock, rename 700 ms later, release 200 ms after that.
        check(&[(0, Event::Lock), (700, Event::Good), (900, Event::Unlock)], &[914]);
    }

    #[test]
    fn a_lock_that_is_held_too_long_is_not_waited_for() {
        check(&[(0, Event::Lock), (700, Event::Good), (2_000, Event::Unlock)], &[1_100]);
    }

    #[test]
    fn a_truncating_writer_has_time_to_finish() {
        // A file cut to nothing, and written again in pieces.
        let pieces =
            [(100, Event::Torn), (160, Event::Torn), (250, Event::Torn), (400, Event::Good)];
        check(&pieces, &[140, 200, 290, 440]);
    }

    #[test]
    fn a_text_that_stays_torn_is_looked_into_again_inside_the_window() {
        check(&[(100, Event::Torn)], &[140, 300]);
    }

    #[test]
    fn every_look_is_inside_the_window_of_the_gateway() {
        for release in (0..1_000).step_by(37) {
            let mut debounce = Debounce::default();
            debounce.changed(ms(50));
            let first = (50..2_000).find(|now| {
                let author = if *now < release { Activity::AtWork } else { Activity::Unknown };
                debounce.due(ms(*now), author) == Due::Now
            });
            let after = first.expect("there is a look") - 50;
            assert!((10..=480).contains(&after), "{after} ms after the write");
        }
    }

    #[test]
    fn a_clock_that_goes_back_only_delays() {
        let mut debounce = Debounce::default();
        debounce.changed(ms(1_000));
        assert_eq!(debounce.due(ms(500), Activity::Unknown), Due::In(ms(540)));
    }
}

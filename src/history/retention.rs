//! Which records are dropped: by content and age, never by number alone.
//!
//! A ring of the last few writes is of no use: a gateway that writes every minute has pushed the last
//! good text out before anybody looks. Here a text earns its place by how long it stood. All of the
//! last days are kept; of the time before that, of each hour and later of each day, the text that
//! stood longest. So a thousand writes in five minutes take the place of nothing but each other.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Record, RecordId};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// How long records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Younger than this, all are.
    pub all: Duration,
    /// Younger than this, of each hour the one whose text stood longest.
    pub hourly: Duration,
    /// Younger than this, of each day the one whose text stood longest.
    pub daily: Duration,
    /// Of that many of the latest days on which anything was recorded, the same, however long ago
    /// they are: a clock that is wrong, or a long silence, must not empty the history.
    pub least_days: usize,
}

/// Two days, two weeks, half a year, and 16 days.
impl Default for Retention {
    fn default() -> Self {
        Self { all: DAY * 2, hourly: DAY * 14, daily: DAY * 180, least_days: 16 }
    }
}

impl Retention {
    /// The records of `records`, which are oldest first, that may go at `now`.
    ///
    /// Never among them: the latest one, the latest one whose text was meant to stand, and those that
    /// hold a text that was set aside. None at all is where a record is from the future: then the
    /// clock was set back, and no age can be told.
    #[must_use]
    pub fn dropped(&self, records: &[Record], now: SystemTime) -> Vec<RecordId> {
        if records.iter().any(|record| record.at > now) {
            return Vec::new();
        }
        let age = |record: &Record| now.duration_since(record.at).unwrap_or_default();
        let mut kept: HashSet<RecordId> = HashSet::new();
        kept.extend(records.last().map(|record| record.id));
        kept.extend(
            records.iter().rev().find(|record| record.kind.stands()).map(|record| record.id),
        );
        kept.extend(records.iter().filter(|record| !record.kind.stands()).map(|record| record.id));

        let mut days: Vec<u64> = records.iter().map(|record| slot(record, DAY)).collect();
        days.sort_unstable();
        days.dedup();
        let first_day = days[days.len().saturating_sub(self.least_days)..].first().copied();

        let mut hourly = Best::default();
        let mut daily = Best::default();
        for (index, record) in records.iter().enumerate() {
            let age = age(record);
            if age < self.all {
                kept.insert(record.id);
            }
            let stood = records.get(index + 1).map_or(Duration::MAX, |next| {
                next.at.duration_since(record.at).unwrap_or_default()
            });
            if age < self.hourly {
                hourly.offer(slot(record, HOUR), stood, record.id);
            }
            let day = slot(record, DAY);
            if age < self.daily || first_day.is_some_and(|first| day >= first) {
                daily.offer(day, stood, record.id);
            }
        }
        kept.extend(hourly.ids());
        kept.extend(daily.ids());
        let ids = records.iter().map(|record| record.id);
        ids.filter(|id| !kept.contains(id)).collect()
    }
}

/// Of each slot of time the record that stood longest, the later one where two stood as long.
#[derive(Default)]
struct Best(HashMap<u64, (Duration, RecordId)>);

impl Best {
    fn offer(&mut self, slot: u64, stood: Duration, id: RecordId) {
        let best = self.0.entry(slot).or_insert((stood, id));
        if stood >= best.0 {
            *best = (stood, id);
        }
    }

    fn ids(&self) -> impl Iterator<Item = RecordId> {
        self.0.values().map(|(_, id)| *id)
    }
}

/// Which stretch of `length`, counted from 1970, a record falls into.
fn slot(record: &Record, length: Duration) -> u64 {
    record.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / length.as_secs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Author, Certainty, Kind};
    use super::*;

    /// Records at so many seconds, of so many kinds.
    fn records(of: &[(u64, Kind)]) -> Vec<Record> {
        let author = Author { name: String::new(), pid: None, certainty: Certainty::Own };
        of.iter()
            .enumerate()
            .map(|(index, (at, kind))| Record {
                id: RecordId(index as u64 + 1),
                at: time(*at),
                kind: *kind,
                command: "set".to_owned(),
                author: author.clone(),
                files: Vec::new(),
                changes: Vec::new(),
                more_changes: 0,
                rules: Vec::new(),
            })
            .collect()
    }

    fn time(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    const D: u64 = 24 * 3600;
    const H: u64 = 3600;
    /// A midnight, as days are counted.
    const T: u64 = 20_000 * D;

    #[track_caller]
    fn check(of: &[(u64, Kind)], now: u64, expected: &[u64]) {
        let dropped = Retention::default().dropped(&records(of), time(now));
        let expected: Vec<_> = expected.iter().copied().map(RecordId).collect();
        assert_eq!(dropped, expected);
    }

    use Kind::{Quarantined, Write};

    #[test]
    fn all_of_the_last_two_days_are_kept() {
        check(&[], T, &[]);
        let of = [(T, Write), (T + 1, Write), (T + 2, Write)];
        check(&of, T + 2 * D - 1, &[]);
        check(&of, T + 2 * D, &[1]);
    }

    #[test]
    fn later_the_one_that_stood_longest_of_each_hour_is() {
        let of =
            [(T, Write), (T + 1, Write), (T + 3000, Write), (T + H, Write), (T + 3 * D, Write)];
        check(&of, T + 3 * D, &[1, 3]);
    }

    #[test]
    fn then_the_one_that_stood_longest_of_each_day_is() {
        let of = [(T, Write), (T + H, Write), (T + 9 * H, Write), (T + D, Write)];
        check(&of, T + 20 * D, &[1, 2]);
    }

    #[test]
    fn the_latest_days_stay_however_old_they_are() {
        let of: Vec<_> = (0..40).map(|day| (T + day * D, Write)).collect();
        let expected: Vec<u64> = (1..=24).collect();
        check(&of, T + 400 * D, &expected);
    }

    #[test]
    fn rb07_a_thousand_writes_in_five_minutes_do_not_push_out_yesterdays_text() {
        let mut of = vec![(T + 10 * H, Write)];
        of.extend((0..1000).map(|n| (T + D + 12 * H + n * 3 / 10, Write)));
        for later in [0, 3, 30, 300, 3000] {
            let now = T + D + 13 * H + later * D;
            let dropped = Retention::default().dropped(&records(&of), time(now));
            assert!(!dropped.contains(&RecordId(1)), "after {later} days");
            assert_eq!(dropped.is_empty(), later == 0, "after {later} days");
        }
    }

    #[test]
    fn what_was_set_aside_and_what_stood_last_are_kept() {
        let of = [(T, Quarantined), (T + 1, Write), (T + 2, Write), (T + 3, Quarantined)];
        let policy = Retention { least_days: 0, ..Retention::default() };
        let dropped = policy.dropped(&records(&of), time(T + 900 * D));
        assert_eq!(dropped, [RecordId(2)]);
    }

    #[test]
    fn a_clock_that_was_set_back_drops_nothing() {
        let of = [(T, Write), (T + 1, Write), (T + 900 * D, Write)];
        check(&of, T + 900 * D, &[1]);
        check(&of, T + 900 * D - 1, &[]);
    }

    fn some_records() -> impl Strategy<Value = Vec<(u64, Kind)>> {
        let kind = prop_oneof![4 => Just(Write), 1 => Just(Quarantined), 1 => Just(Kind::Observed)];
        let step = prop_oneof![0..60_u64, 0..3 * H, 0..3 * D, 0..60 * D];
        prop::collection::vec((step, kind), 1..80).prop_map(|steps| {
            let mut at = T;
            let after = |(step, kind)| {
                at += step;
                (at, kind)
            };
            steps.into_iter().map(after).collect()
        })
    }

    proptest! {
        #[test]
        fn the_latest_and_the_last_that_stood_are_never_dropped(
            of in some_records(), later in 0..900 * D,
        ) {
            let records = records(&of);
            let last = records.last().expect("there is one");
            let dropped = Retention::default().dropped(&records, last.at + Duration::from_secs(later));
            prop_assert!(!dropped.contains(&last.id));
            if let Some(stood) = records.iter().rev().find(|record| record.kind.stands()) {
                prop_assert!(!dropped.contains(&stood.id));
            }
            for record in records.iter().filter(|record| !record.kind.stands()) {
                prop_assert!(!dropped.contains(&record.id));
            }
        }

        #[test]
        fn no_day_is_emptied_by_pruning_again_and_again(
            of in some_records(), pauses in prop::collection::vec(0..9 * D, 1..12),
        ) {
            let all = records(&of);
            let mut left = all.clone();
            let mut now = all.last().expect("there is one").at;
            for pause in pauses {
                now += Duration::from_secs(pause);
                let dropped = Retention::default().dropped(&left, now);
                left.retain(|record| !dropped.contains(&record.id));
            }
            let days = |records: &[Record]| -> HashSet<u64> {
                // Of the day that is just becoming too old, the best may be its oldest.
                let is_young = |day: &u64| now < time(day * D) + Retention::default().daily;
                records.iter().map(|record| slot(record, DAY)).filter(is_young).collect()
            };
            prop_assert_eq!(days(&left), days(&all));
        }

        #[test]
        fn a_burst_takes_the_place_of_nothing_from_another_hour(
            of in some_records(), writes in 1..300_u64, later in 0..10 * D,
        ) {
            let quiet = records(&of);
            let (last, _) = *of.last().expect("there is one");
            // In the hour after the next, so that no record shares it.
            let burst = (last / D + 2) * D;
            let mut all = of.clone();
            all.extend((0..writes).map(|n| (burst + n, Write)));
            let now = time(burst + 300 + later);
            let without = Retention::default().dropped(&quiet, now);
            let policy = Retention { least_days: 17, ..Retention::default() };
            let with = policy.dropped(&records(&all), now);
            // What the latest one owes to being the latest aside.
            for record in &quiet[..quiet.len() - 1] {
                if !without.contains(&record.id) && record.kind == Write {
                    let was_last = !quiet.iter().any(|r| r.kind.stands() && r.id > record.id);
                    prop_assert!(was_last || !with.contains(&record.id), "{}", record.id);
                }
            }
        }
    }
}

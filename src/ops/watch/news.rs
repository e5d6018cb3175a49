//! What a look has to say, as events.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use crate::event::{EventKind, Origin, PutBackNote, ReloadNote};
use crate::finding::Finding;
use crate::history::{Author, ChangeNote, Record, RecordId, RuleNote};
use crate::ops::foreign::{Settled, Told};
use crate::ops::recorder::{note, rules};
use crate::ops::{Reload, outcome};

/// The class of a change that touches authentication.
const AUTH: &str = "auth";

/// What confwarden's own commands wrote, as their records tell.
pub(super) fn taken_up(records: &[Record]) -> Vec<EventKind> {
    let told = |record: &Record| {
        let (changes, rules) = (record.changes.clone(), record.rules.clone());
        let reload = Reload::of_notes(&changes).as_ref().map(Reload::note);
        accepted(Some(record.id), &record.author, changes, reload, rules)
    };
    records.iter().flat_map(told).collect()
}

/// What another author wrote, and what became of it. `took` is the time from the last write that was
/// seen to what stands there now.
pub(super) fn settled(
    settled: &Settled,
    told: &Told,
    author: &Author,
    took: Duration,
    allow: &[String],
) -> Vec<EventKind> {
    let changes: Vec<ChangeNote> = settled.outcome.changes.iter().map(note).collect();
    let foreign = told.foreign.map(RecordId);
    let quarantined = settled.set_aside.iter().map(|set| EventKind::Quarantined {
        record: foreign,
        author: author.clone(),
        part: shown(&set.file),
        size: set.size.map(|size| size as u64),
        why: match &set.fault {
            Some(fault) => outcome::with_causes("it does not parse", fault),
            None => "it is gone".to_owned(),
        },
    });
    let mut news: Vec<EventKind> = quarantined.collect();
    if !(settled.put_back.is_empty() && settled.uncured.is_empty() && settled.repaired.is_empty()) {
        news.push(EventKind::Healed {
            record: told.ours.map(RecordId).or(foreign),
            author: author.clone(),
            put_back: put_back(settled),
            repaired: settled.repaired.iter().map(|one| shown(&one.file)).collect(),
            uncured: settled.uncured.iter().map(uncured).collect(),
            changes,
            reload: settled.outcome.reload.as_ref().map(Reload::note),
            took_ms: millis(took),
        });
    } else if told.foreign.is_some() && settled.set_aside.is_empty() {
        let reload = settled.outcome.reload.as_ref().map(Reload::note);
        news.extend(accepted(foreign, author, changes, reload, rules(&settled.outcome, allow)));
    }
    news
}

/// That layout and comments are back; nothing where there was nothing to bring back.
pub(super) fn dressed(settled: &Settled, told: &Told, author: &Author) -> Option<EventKind> {
    let lost = settled.lost_comments.iter().map(|(_, comments)| comments.len() as u64).sum();
    (!settled.redressed.is_empty()).then(|| EventKind::Redressed {
        record: told.ours.map(RecordId),
        author: author.clone(),
        files: settled.redressed.iter().map(|file| shown(file)).collect(),
        lost_comments: lost,
    })
}

/// What was put back, without a value.
pub(super) fn put_back(settled: &Settled) -> Vec<PutBackNote> {
    let note = |put: &crate::heal::PutBack| PutBackNote {
        path: put.path.to_string(),
        rule: put.rule.to_owned(),
    };
    settled.put_back.iter().map(note).collect()
}

/// That something could not be done, and when it is tried again.
pub(super) fn failed(what: &str, error: &dyn Error, next: Option<Duration>) -> EventKind {
    EventKind::Failed {
        from: Origin::Watcher,
        what: what.to_owned(),
        why: outcome::causes(error),
        next_try_ms: next.map(millis),
    }
}

/// That a profile which was read anew is no good, and the former one stays.
pub(super) fn profile_kept(why: &str) -> EventKind {
    EventKind::Failed {
        from: Origin::Watcher,
        what: "read the profile anew".to_owned(),
        why: why.to_owned(),
        next_try_ms: None,
    }
}

/// Milliseconds, as events have them.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn accepted(
    record: Option<RecordId>,
    author: &Author,
    changes: Vec<ChangeNote>,
    reload: Option<ReloadNote>,
    rules: Vec<RuleNote>,
) -> Vec<EventKind> {
    let auth = changes.iter().filter(|change| change.class == AUTH);
    let paths: Vec<String> = auth.map(|change| change.path.clone()).collect();
    let author = author.clone();
    let auth_changed = (!paths.is_empty()).then(|| EventKind::AuthChanged {
        record,
        author: author.clone(),
        paths,
    });
    auth_changed
        .into_iter()
        .chain([EventKind::Accepted { record, author, changes, reload, rules }])
        .collect()
}

fn uncured(finding: &Finding) -> RuleNote {
    RuleNote {
        rule: finding.rule.to_owned(),
        action: "deny".to_owned(),
        path: finding.path.as_ref().map(ToString::to_string),
    }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

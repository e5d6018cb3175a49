//! Events for people: one line each, whatever a newer version has put into them.

use confwarden::event::{EventKind, PutBackNote, ReloadNote, RollBack, Seen, Sight};
use confwarden::history::{Author, Certainty, ChangeNote, NoteKind, RecordId};

/// How many paths a line shows.
const PATHS: usize = 3;

/// The event as one line, without its end. Times are UTC.
pub(crate) fn event_line(seen: &Seen) -> String {
    let what = match &seen.event {
        Some(event) => said(&event.kind),
        None => "(by a newer confwarden: `--output json` shows it)".to_owned(),
    };
    let time = humantime::format_rfc3339_seconds(seen.at);
    let line = format!("{:<4}  {time}  {:<12}  {what}", seen.seq, seen.kind);
    // A path or a name may hold what moves a terminal's cursor.
    line.trim_end().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The kind and what there is to say, for a log that has times of its own.
pub(crate) fn event_text(kind: &EventKind) -> String {
    let said = said(kind);
    let colon = if said.is_empty() { "" } else { ": " };
    format!("{}{colon}{said}", kind.name().as_str())
}

fn said(kind: &EventKind) -> String {
    match kind {
        EventKind::Watching { how, why } => {
            let how = match how {
                Sight::Events => "the system tells of changes",
                Sight::Polling => "looked at many times a second",
            };
            why.as_ref().map_or_else(|| how.to_owned(), |why| format!("{how}: {why}"))
        }
        EventKind::Accepted { record, author, changes, reload, .. } => {
            format!("{}: {}{}{}", by(author), paths(changes), cost(reload.as_ref()), kept(*record))
        }
        EventKind::Healed {
            record, author, put_back, repaired, uncured, took_ms, reload, ..
        } => {
            let left = match uncured.len() {
                0 => String::new(),
                number => format!(", {number} not cured"),
            };
            let mut back = Vec::new();
            if !put_back.is_empty() {
                back.push(put(put_back));
            }
            if !repaired.is_empty() {
                back.push("owner, mode or place".to_owned());
            }
            let back = if back.is_empty() { "nothing".to_owned() } else { back.join(", ") };
            let (who, cost) = (by(author), cost(reload.as_ref()));
            format!("{who}: {back} back in {took_ms} ms{left}{cost}{}", kept(*record))
        }
        EventKind::Redressed { record, author, lost_comments, .. } => {
            let lost = match lost_comments {
                0 => String::new(),
                number => format!(", without {number} that have no place any more"),
            };
            format!("{}: comments are back{lost}{}", by(author), kept(*record))
        }
        EventKind::Quarantined { record, author, why, .. } => {
            format!("{}: set aside, {why}{}", by(author), kept(*record))
        }
        EventKind::AuthChanged { record, author, paths } => {
            format!("{}: {}{}", by(author), list(paths.iter().cloned()), kept(*record))
        }
        EventKind::Contested { author, put_back, heals, next_try_ms } => format!(
            "{} damages {} again and again (put back {heals} times); next try in {next_try_ms} ms",
            by(author),
            put(put_back)
        ),
        EventKind::Failed { what, why, next_try_ms, .. } => match next_try_ms {
            Some(millis) => format!("could not {what}: {why}; next try in {millis} ms"),
            None => format!("could not {what}: {why}"),
        },
        EventKind::ReloadConfirmed { record, proof, took_ms, .. } => {
            let what = match proof.as_str() {
                "applied" => "the gateway says that it is in effect",
                "read" => "the gateway has read it and is ready",
                _ => "the gateway is ready with it",
            };
            format!("{what}, after {took_ms} ms{}", kept(*record))
        }
        EventKind::Signalled { what, took_ms, .. } => format!("{what}, in {took_ms} ms"),
        EventKind::Kept { commit } => format!("record {commit} was confirmed"),
        EventKind::RolledBack { commit, cause } => match cause {
            RollBack::Overdue => {
                format!("record {commit} was not confirmed in time, and is undone")
            }
            RollBack::Cancelled => format!("record {commit} was cancelled, and is undone"),
        },
        EventKind::Calm | EventKind::Stopped => String::new(),
    }
}

fn by(author: &Author) -> String {
    let Author { name, pid, certainty } = author;
    match (certainty, pid) {
        (Certainty::Unknown, _) => "somebody".to_owned(),
        (_, Some(pid)) => format!("{name} ({pid})"),
        (_, None) => name.clone(),
    }
}

/// What the change costs the gateway, as one more clause.
fn cost(reload: Option<&ReloadNote>) -> String {
    reload.map_or_else(String::new, |reload| format!("; {}", reload.summary))
}

fn kept(record: Option<RecordId>) -> String {
    record.map_or_else(|| ", not recorded".to_owned(), |record| format!(", record {record}"))
}

fn put(notes: &[PutBackNote]) -> String {
    list(notes.iter().map(|note| note.path.clone()))
}

fn paths(changes: &[ChangeNote]) -> String {
    if changes.is_empty() {
        return "nothing in meaning".to_owned();
    }
    list(changes.iter().map(|change| {
        let sign = match change.kind {
            NoteKind::Added => "+",
            NoteKind::Removed => "-",
            NoteKind::Changed => "",
        };
        format!("{sign}{}", change.path)
    }))
}

fn list(paths: impl ExactSizeIterator<Item = String>) -> String {
    let more = paths.len().saturating_sub(PATHS);
    let shown: Vec<String> = paths.take(PATHS).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

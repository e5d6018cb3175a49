//! Histories on a real disk: what is kept, what damage does, what is pruned.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests damage files directly")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, UNIX_EPOCH};

use super::*;

const T: u64 = 1_764_000_000;

struct Kept {
    dir: tempfile::TempDir,
    history: History,
}

impl Kept {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let history = History::of(&dir.path().join("state"), Path::new("/etc/gw/openclaw.json"));
        Self { dir, history }
    }

    fn with(texts: &[&str]) -> Self {
        let kept = Self::new();
        for (index, text) in texts.iter().enumerate() {
            kept.record(Kind::Write, text, T + index as u64).unwrap();
        }
        kept
    }

    fn record(&self, kind: Kind, text: &str, at: u64) -> Result<RecordId, HistoryError> {
        self.history.record(&entry(kind, None, text), time(at))
    }

    fn records_file(&self) -> PathBuf {
        self.history.folder().join(store::RECORDS)
    }

    fn append(&self, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).open(self.records_file()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn ids(&self) -> Vec<u64> {
        self.history.list().unwrap().records.iter().map(|record| record.id.0).collect()
    }

    fn text(&self, reference: &str) -> Result<String, HistoryError> {
        let record = self.history.find(&reference.parse().unwrap())?;
        let id = record.files[0].after.unwrap();
        let bytes = self.history.snapshot(&id, &Identities::none())?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    fn snapshot_file(&self, text: &str) -> PathBuf {
        let id = self.history.id_of(text.as_bytes()).unwrap();
        store::snapshots_in(self.history.folder()).join(id.to_string())
    }
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn entry<'a>(kind: Kind, before: Option<&'a str>, text: &'a str) -> Entry<'a> {
    Entry {
        command: "set",
        kind,
        author: Author {
            name: "confwarden set".to_owned(),
            pid: Some(7),
            certainty: Certainty::Own,
        },
        files: vec![FileEntry {
            file: Path::new("/etc/gw/openclaw.json"),
            before: before.map(str::as_bytes),
            after: Some(text.as_bytes()),
        }],
        changes: vec![ChangeNote {
            path: "a.b".to_owned(),
            kind: NoteKind::Changed,
            class: "hot".to_owned(),
            uptake: Some("live".to_owned()),
        }],
        rules: Vec::new(),
    }
}

#[test]
fn what_is_recorded_is_found_again() {
    let kept = Kept::with(&["one", "two", "three"]);
    assert_eq!(kept.ids(), [1, 2, 3]);
    assert_eq!(kept.text("@").unwrap(), "three");
    assert_eq!(kept.text("@~2").unwrap(), "one");
    assert_eq!(kept.text("2").unwrap(), "two");
    assert!(matches!(kept.text("@~3"), Err(HistoryError::NoRecord { .. })));
    assert!(matches!(kept.text("4"), Err(HistoryError::NoRecord { .. })));
    let record = kept.history.find(&RecordRef::Back(0)).unwrap();
    assert_eq!((record.at, record.changes.len()), (time(T + 2), 1));
}

#[test]
fn a_history_that_does_not_exist_is_empty_and_stays_away() {
    let kept = Kept::new();
    assert!(kept.history.list().unwrap().records.is_empty());
    assert!(kept.text("@").is_err());
    let pruned = kept.history.prune(&Retention::default(), time(T), Pruning::Real).unwrap();
    assert_eq!(pruned, Pruned::default());
    assert!(!kept.dir.path().join("state").exists());
}

#[test]
fn everything_is_private() {
    let kept = Kept::with(&["one"]);
    let mut open = vec![kept.dir.path().join("state")];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        seen += 1;
    }
    assert_eq!(seen, 8, "four folders, the key, the lock, the records and a snapshot");
}

#[test]
fn equal_texts_are_stored_once() {
    let kept = Kept::with(&["one", "two", "one", "two"]);
    let snapshots = store::snapshots_in(kept.history.folder());
    assert_eq!(fs::read_dir(snapshots).unwrap().count(), 2);
}

#[test]
fn a_line_that_was_cut_off_is_taken_away_by_the_next_record() {
    let kept = Kept::with(&["one"]);
    let whole = fs::read(kept.records_file()).unwrap();
    for length in 1..whole.len() {
        fs::write(kept.records_file(), [&whole[..], &whole[..length]].concat()).unwrap();
        let listing = kept.history.list().unwrap();
        assert_eq!((listing.records.len(), listing.faults.len()), (1, 0), "cut at {length}");
    }
    // The last of them lacks only the end of the line, and has the number of the first.
    assert_eq!(kept.record(Kind::Write, "two", T).unwrap().0, 2);
    fs::write(kept.records_file(), [&whole[..], &whole[..9]].concat()).unwrap();
    assert_eq!(kept.record(Kind::Write, "two", T).unwrap().0, 2);
    assert_eq!(kept.ids(), [1, 2]);
    assert!(kept.history.list().unwrap().faults.is_empty());
}

#[test]
fn a_record_that_lacks_only_the_end_of_its_line_is_kept() {
    let kept = Kept::with(&["one", "two"]);
    let whole = fs::read(kept.records_file()).unwrap();
    fs::write(kept.records_file(), &whole[..whole.len() - 1]).unwrap();
    assert_eq!(kept.record(Kind::Write, "three", T).unwrap().0, 3);
    assert_eq!(kept.ids(), [1, 2, 3]);
}

#[test]
fn damage_in_the_middle_is_named_and_left_alone() {
    let kept = Kept::with(&["one"]);
    kept.append("{\"v\":1,\"id\":2,garbage\n\n\0\0\0\n");
    kept.record(Kind::Write, "two", T).unwrap();
    let listing = kept.history.list().unwrap();
    assert_eq!(listing.faults, [Fault::Damaged { line: 2 }, Fault::Damaged { line: 4 }]);
    assert_eq!(kept.text("@").unwrap(), "two");
    kept.history.prune(&Retention::default(), time(T + 99_999_999), Pruning::Real).unwrap();
    assert_eq!(kept.history.list().unwrap().faults.len(), 2);
}

#[test]
fn a_number_that_stands_twice_is_one_record() {
    let kept = Kept::with(&["one", "two"]);
    let text = fs::read_to_string(kept.records_file()).unwrap();
    kept.append(text.lines().next().unwrap());
    kept.append("\n");
    assert_eq!(kept.ids(), [2, 1], "the later line is the one that counts");
    assert_eq!(kept.record(Kind::Write, "three", T).unwrap().0, 3);
}

#[test]
fn a_record_of_a_newer_version_is_named_numbered_and_never_rewritten() {
    let kept = Kept::with(&["one"]);
    let orphan = kept.history.begin().unwrap().keep(b"of the newer one").unwrap();
    let newer = format!("{{\"v\":3,\"id\":7,\"texts\":[\"{orphan}\"]}}\n");
    kept.append(&newer);
    assert_eq!(kept.record(Kind::Write, "two", T + 1).unwrap().0, 8);
    assert_eq!(
        kept.history.list().unwrap().faults,
        [Fault::Newer { id: Some(RecordId(7)), version: 3 }]
    );
    assert!(matches!(kept.text("7"), Err(HistoryError::Newer { version: 3, .. })));
    let policy = Retention { all: Duration::ZERO, hourly: Duration::ZERO, ..Retention::default() };
    let pruned = kept.history.prune(&policy, time(T + 9), Pruning::Real).unwrap();
    assert_eq!(pruned.records, [RecordId(1)]);
    assert!(fs::read_to_string(kept.records_file()).unwrap().contains(&newer));
    assert!(kept.history.snapshot(&orphan, &Identities::none()).is_ok(), "it names its text");
}

#[test]
fn a_record_is_of_the_first_version_that_knows_its_author() {
    let kept = Kept::with(&["one"]);
    let certainties = [
        (Certainty::UnderExec, 1),
        (Certainty::KernelEvent, 2),
        (Certainty::LockHolder, 1),
        (Certainty::OpenFile, 2),
        (Certainty::RecentProcess, 2),
        (Certainty::Unknown, 1),
    ];
    for (certainty, _) in certainties {
        let author = Author { certainty, ..Author::unknown() };
        kept.history
            .record(&Entry { author, ..entry(Kind::Foreign, None, "two") }, time(T))
            .unwrap();
    }
    let records = kept.history.list().unwrap().records;
    let read: Vec<_> = records.iter().skip(1).map(|record| record.author.certainty).collect();
    assert_eq!(read, certainties.map(|(certainty, _)| certainty));
    let lines = fs::read_to_string(kept.records_file()).unwrap();
    for (line, (certainty, version)) in lines.lines().skip(1).zip(certainties) {
        assert!(line.starts_with(&format!("{{\"v\":{version},")), "{certainty:?}: {line}");
    }
}

#[test]
fn a_snapshot_that_is_missing_or_damaged_is_told_from_the_others() {
    let kept = Kept::with(&["one", "two", "three"]);
    fs::remove_file(kept.snapshot_file("one")).unwrap();
    fs::write(kept.snapshot_file("two"), "tw").unwrap();
    assert!(matches!(kept.text("1"), Err(HistoryError::Missing { .. })));
    assert!(matches!(kept.text("2"), Err(HistoryError::Damaged { .. })));
    assert_eq!(kept.text("3").unwrap(), "three");
    // What is recorded again is stored again.
    kept.record(Kind::Write, "two", T).unwrap();
    assert_eq!(kept.text("2").unwrap(), "two");
}

#[test]
fn a_snapshot_that_others_may_read_is_not_trusted() {
    let kept = Kept::with(&["one"]);
    let file = kept.snapshot_file("one");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(kept.text("1"), Err(HistoryError::Fs(_))));
}

#[test]
fn what_was_found_follows_what_the_last_record_ended_in() {
    let kept = Kept::with(&["one"]);
    kept.record(Kind::Observed, "two", T + 1).unwrap();
    let records = kept.history.list().unwrap().records;
    assert_eq!(records[1].files[0].before, records[0].files[0].after);
    let recording = kept.history.begin().unwrap();
    let file = Path::new("/etc/gw/openclaw.json");
    assert!(recording.ends_in([(file, Some(&b"two"[..]))]));
    assert!(!recording.ends_in([(file, Some(&b"one"[..]))]));
    assert!(!recording.ends_in([(file, None)]));
    let named_so = Path::new("/etc/gw/link.json");
    assert!(recording.ends_in([(named_so, Some(&b"two"[..]))]), "the root has many names");
    let more = [(file, Some(&b"two"[..])), (named_so, Some(&b"two"[..]))];
    assert!(!recording.ends_in(more));
}

#[test]
fn pruning_drops_texts_that_no_record_names_and_what_the_dead_left() {
    let kept = Kept::with(&["one", "two", "three"]);
    kept.history.begin().unwrap().keep(b"nobody's").unwrap();
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let snapshots = store::snapshots_in(kept.history.folder());
    let stray = kept.history.folder().join(format!(".stage.confwarden.{}-0f.tmp", child.id()));
    let own = snapshots.join("notes.txt");
    fs::write(&stray, "").unwrap();
    fs::write(&own, "").unwrap();
    let policy = Retention { all: Duration::ZERO, hourly: Duration::ZERO, ..Retention::default() };
    let now = time(T + 9);
    let planned = kept.history.prune(&policy, now, Pruning::Dry).unwrap();
    assert_eq!(kept.ids(), [1, 2, 3], "that was dry");
    let pruned = kept.history.prune(&policy, now, Pruning::Real).unwrap();
    assert_eq!(planned, pruned);
    assert_eq!((pruned.records.len(), pruned.left, pruned.snapshots), (2, 1, 3));
    assert_eq!(kept.ids(), [3]);
    assert_eq!(kept.text("@").unwrap(), "three");
    assert!(!stray.exists() && own.exists());
    assert_eq!(kept.record(Kind::Write, "four", T + 9).unwrap().0, 4);
    assert_eq!(kept.ids(), [3, 4]);
}

#[test]
fn a_history_is_pruned_by_itself_now_and_then() {
    let kept = Kept::new();
    for number in 0..256 {
        let at = T + if number < 255 { number } else { 90 * 24 * 3600 };
        kept.record(Kind::Write, "one", at).unwrap();
    }
    assert!(kept.ids().len() <= 3, "{:?}", kept.ids());
}

#[test]
fn many_records_at_once_get_numbers_of_their_own() {
    let kept = Kept::new();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let kept = &kept;
            scope.spawn(move || {
                for number in 0..8 {
                    kept.record(Kind::Write, &format!("{writer} {number}"), T).unwrap();
                }
            });
        }
    });
    assert_eq!(kept.ids(), (1..=64).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_written_is_an_error_and_leaves_the_rest() {
    let kept = Kept::with(&["one"]);
    fs::remove_dir_all(store::snapshots_in(kept.history.folder())).unwrap();
    fs::write(store::snapshots_in(kept.history.folder()), "in the way").unwrap();
    assert!(kept.record(Kind::Write, "two", T).is_err());
    assert_eq!(kept.ids(), [1]);
}

#[test]
fn texts_are_encrypted_where_there_are_recipients_and_to_nobody_else() {
    use age::secrecy::ExposeSecret as _;
    let kept = Kept::with(&["plain"]);
    let identity = age::x25519::Identity::generate();
    let recipients = kept.dir.path().join("state/history-recipients");
    crate::fs::write_private(&recipients, format!("{}\n", identity.to_public()).as_bytes())
        .unwrap();
    kept.record(Kind::Write, "the secret text", T).unwrap();
    kept.record(Kind::Write, "the secret text", T).unwrap();
    assert!(!kept.snapshot_file("the secret text").exists());
    assert!(matches!(kept.text("2"), Err(HistoryError::Sealed { .. })));
    assert_eq!(kept.text("1").unwrap(), "plain");
    let id = kept.history.id_of(b"the secret text").unwrap();
    let identities = Identities::parse(identity.to_string().expose_secret()).unwrap();
    assert_eq!(kept.history.snapshot(&id, &identities).unwrap(), b"the secret text");
    crate::fs::write_private(&recipients, b"# none\n").unwrap();
    assert!(matches!(
        kept.record(Kind::Write, "more", T),
        Err(HistoryError::Recipients { line: 1, .. })
    ));
    assert!(!kept.snapshot_file("more").exists(), "never in the clear by mistake");
}

#[test]
fn a_path_that_is_no_text_is_kept_to_the_byte() {
    use std::os::unix::ffi::OsStrExt as _;
    let kept = Kept::new();
    let file = Path::new(std::ffi::OsStr::from_bytes(b"/etc/\xff.json"));
    let mut entry = entry(Kind::Write, None, "one");
    entry.files[0].file = file;
    kept.history.record(&entry, time(T)).unwrap();
    assert_eq!(kept.history.list().unwrap().records[0].files[0].file, file);
}

#[test]
fn references_are_read_and_anything_else_is_refused_unseen() {
    for (text, expected) in [
        ("17", RecordRef::Id(RecordId(17))),
        ("@", RecordRef::Back(0)),
        ("@~", RecordRef::Back(1)),
        ("@~3", RecordRef::Back(3)),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    for text in ["", "-1", "+1", "@1", "@~-1", "@~~1", "x", "1 ", "99999999999999999999"] {
        assert_eq!(text.parse::<RecordRef>(), Err(RecordRefError), "{text}");
    }
}

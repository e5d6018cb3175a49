//! Why a command could not be carried out: exit code, chain of causes, hints.
//!
//! The one place that maps the library's errors to exit codes and advice. Messages never quote
//! what is in a file or an argument; the library's errors do not either.

use std::path::{Path, PathBuf};

use confwarden::doc::{EditError, SyntaxError};
use confwarden::event::EventError;
use confwarden::fs::{FsError, LockError, ReplaceError};
use confwarden::history::HistoryError;
use confwarden::ops::OpsError;
use confwarden::text::Position;

use crate::exit::Exit;

/// A command that failed.
pub(crate) struct CommandError {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What was attempted on what, with its causes.
    pub(crate) source: anyhow::Error,
    /// What a person can do, each one imperative clause.
    pub(crate) hints: Vec<String>,
    /// Where in a file the fault is.
    pub(crate) place: Option<Place>,
}

/// A place in a file.
pub(crate) struct Place {
    /// The file, as it was named.
    pub(crate) file: PathBuf,
    /// Line and column.
    pub(crate) position: Position,
}

impl CommandError {
    /// A failure without advice.
    pub(crate) fn new(exit: Exit, source: anyhow::Error) -> Self {
        Self { exit, source, hints: Vec::new(), place: None }
    }

    /// The same failure with one more piece of advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same failure with its place.
    pub(crate) fn at(mut self, file: &Path, position: Position) -> Self {
        self.place = Some(Place { file: file.to_owned(), position });
        self
    }

    /// A text that does not parse, named `what`.
    pub(crate) fn syntax(what: &str, file: &Path, error: SyntaxError) -> Self {
        let (position, hint) = (error.position, error.hint);
        let source = anyhow::Error::new(error).context(format!("{what} does not parse"));
        Self::new(Exit::Invalid, source).at(file, position).hints(hint)
    }

    /// The message: what was attempted, on what.
    pub(crate) fn message(&self) -> String {
        self.source.to_string()
    }

    /// The causes, outermost first; none repeats what was said before it.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut said = self.message();
        let mut causes = Vec::new();
        for cause in self.source.chain().skip(1) {
            let cause = cause.to_string();
            if cause != said {
                causes.push(cause.clone());
                said = cause;
            }
        }
        causes
    }

    fn hints(mut self, hints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hints.extend(hints.into_iter().map(Into::into));
        self
    }
}

impl From<OpsError> for CommandError {
    fn from(error: OpsError) -> Self {
        let exit = exit_of(&error);
        let hints = hints_of(&error);
        let place = match &error {
            OpsError::Syntax { file, source } | OpsError::Recorded { file, source, .. } => {
                Some(Place { file: file.clone(), position: source.position })
            }
            _ => None,
        };
        let source = match error {
            // What was typed for a rule may be anything, also a misplaced secret.
            OpsError::UnknownRule(_) => {
                anyhow::anyhow!("`--allow` names a rule that does not exist")
            }
            error => anyhow::Error::new(error),
        };
        Self { exit, source, hints, place }
    }
}

impl From<FsError> for CommandError {
    fn from(error: FsError) -> Self {
        OpsError::from(error).into()
    }
}

fn exit_of(error: &OpsError) -> Exit {
    match error {
        OpsError::Edit { source: EditError::Unverified { .. }, .. } => Exit::Internal,
        // Of a history, all but a record that does not exist is our own state.
        OpsError::History(error) if !matches!(error, HistoryError::NoRecord { .. }) => Exit::Setup,
        OpsError::Event(EventError::Watched { .. }) | OpsError::Pairing { .. } => Exit::Locked,
        OpsError::Event(_)
        | OpsError::Start(_)
        | OpsError::NoProbe { .. }
        | OpsError::Ask(_)
        | OpsError::Fs(_)
        | OpsError::Missing { .. }
        | OpsError::Managed { .. }
        | OpsError::NotHandedOver { .. }
        | OpsError::NoTimekeeper(_) => Exit::Setup,
        OpsError::Lock(error) => exit_of_lock(error),
        OpsError::History(_)
        | OpsError::NothingRecorded { .. }
        | OpsError::NothingToAccept { .. }
        | OpsError::NotPending { .. }
        | OpsError::Recorded { .. }
        | OpsError::Syntax { .. }
        | OpsError::Value { .. }
        | OpsError::Path(_)
        | OpsError::Edit { .. }
        | OpsError::NoObject { .. }
        | OpsError::AcrossFiles { .. }
        | OpsError::Opposed { .. }
        | OpsError::Composed { .. } => Exit::Invalid,
        OpsError::ArrayShrinks { .. } => Exit::Refused,
        OpsError::Conflict { .. }
        | OpsError::Collision { .. }
        | OpsError::ChangedSince { .. }
        | OpsError::Contended { .. } => Exit::Conflict,
        OpsError::UnknownRule(_)
        | OpsError::ManyPending { .. }
        | OpsError::NothingToReturnTo { .. } => Exit::Usage,
        OpsError::Replace { source, .. } => exit_of_replace(source),
        // Whether the program runs is unknown then, and nobody looks at what it writes.
        OpsError::Incomplete { .. } | OpsError::Wait(_) | OpsError::NotUndone { .. } => {
            Exit::Incomplete
        }
        _ => Exit::Internal,
    }
}

fn exit_of_lock(error: &LockError) -> Exit {
    match error {
        LockError::TimedOut { .. } => Exit::Locked,
        // An earlier write was cut off half way, and what it left is still there.
        LockError::Recover { .. } => Exit::Incomplete,
        _ => Exit::Setup,
    }
}

fn exit_of_replace(error: &ReplaceError) -> Exit {
    match error {
        ReplaceError::Drifted => Exit::Conflict,
        ReplaceError::HardLinked { .. } => Exit::Refused,
        ReplaceError::NotPutBack { .. } | ReplaceError::Torn { .. } => Exit::Incomplete,
        _ => Exit::Setup,
    }
}

fn hints_of(error: &OpsError) -> Vec<String> {
    let hint: String = match error {
        OpsError::Missing { .. } | OpsError::Fs(FsError::MissingDirectory { .. }) => {
            "name another file with `--config PATH`; \
             `--create` makes it, on a command that writes"
                .into()
        }
        OpsError::Managed { variable, .. } => format!(
            "change it where it is made; `env -u {variable} confwarden ...` writes it all the same"
        ),
        OpsError::Syntax { source, .. } | OpsError::Value { source, .. } => match source.hint {
            Some(hint) => hint.into(),
            None => return Vec::new(),
        },
        OpsError::Lock(error) => return hints_of_lock(error),
        OpsError::History(error) => return hints_of_history(error),
        OpsError::NothingRecorded { .. }
        | OpsError::NothingToAccept { .. }
        | OpsError::Recorded { .. } => LIST.into(),
        OpsError::ArrayShrinks { path, .. } => {
            format!("`--replace-array '{path}'` lets the array lose elements")
        }
        OpsError::Edit { source: EditError::Unverified { .. }, .. } => {
            "nothing was written; please report this, with the command but without values".into()
        }
        OpsError::Edit { source: EditError::Exists { .. }, .. } => {
            "`unset` it first, or choose another place".into()
        }
        OpsError::Composed { .. } => {
            "edit the file that the value stands in, with `--config`".into()
        }
        OpsError::AcrossFiles { .. } => {
            "move it in two steps: `set` it at its new place, then `unset` it at the old one".into()
        }
        OpsError::Opposed { .. } => "move one of them in a write of its own".into(),
        OpsError::Conflict { .. } | OpsError::Collision { .. } | OpsError::Contended { .. } => {
            "look at what the other writer did, then try again".into()
        }
        OpsError::NotUndone { id, .. } => format!(
            "`history diff {id}` shows what it changed; put right what must be, then `confirm {id}` \
             settles it"
        ),
        OpsError::NotPending { .. } => "`confwarden status` says what waits to be confirmed".into(),
        OpsError::ManyPending { ids } => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!("name one of them: {}", ids.join(", "))
        }
        OpsError::NothingToReturnTo { .. } => {
            "make the file first, without `--confirm-within`".into()
        }
        OpsError::ChangedSince { .. } => {
            "`history list` says by whom; `restore ID --path PATH` brings a value back all the same"
                .into()
        }
        OpsError::Pairing { .. } => {
            "let a person approve or reject it at the gateway; `--now` does not wait for it, \
             `--pairing-timeout DURATION` waits longer"
                .into()
        }
        OpsError::NoProbe { .. } => {
            "nothing was written; a table `[probe]` in the profile says how to ask, `--confirm none` \
             does not ask"
                .into()
        }
        OpsError::UnknownRule(error) => return hints_of_unknown_rule(&error.similar),
        OpsError::Replace { source, .. } => return hints_of_replace(source),
        _ => return Vec::new(),
    };
    vec![hint]
}

/// Where records are found.
const LIST: &str = "`confwarden history list` says what there is";

fn hints_of_history(error: &HistoryError) -> Vec<String> {
    let hint = match error {
        HistoryError::NoRecord { .. } => LIST,
        HistoryError::Newer { .. } => "use the confwarden that wrote it, or a newer one",
        HistoryError::Missing { .. } => "another record may hold what you look for",
        HistoryError::Damaged { .. } => {
            "another record may hold what you look for; all are damaged where the file `key` of the \
             state directory was replaced"
        }
        HistoryError::Sealed { .. } => "`--identity FILE` opens it with an age identity",
        HistoryError::Recipients { .. } => {
            "a recipient is a line that begins with `age1`; without the file nothing is encrypted"
        }
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}

fn hints_of_lock(error: &LockError) -> Vec<String> {
    let hint = match error {
        LockError::TimedOut { .. } => "`--lock-timeout DURATION` waits longer",
        LockError::Unsupported { .. } => {
            "keep the configuration on a file system with locks: \
             without them two writers can undo each other's changes"
        }
        LockError::Untrusted { .. } => "find out who made that file, then remove it",
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}

fn hints_of_replace(error: &ReplaceError) -> Vec<String> {
    let hint = match error {
        ReplaceError::HardLinked { .. } => {
            "`--break-hard-link` replaces it; its other names keep the old content"
        }
        ReplaceError::OwnerNotKept { .. } | ReplaceError::AttributeNotKept { .. } => {
            "run the command as the owner of the file"
        }
        ReplaceError::NotPutBack { .. } => "compare both files, and keep what is right of each",
        ReplaceError::Torn { .. } => {
            "make room, or repair the file system; any further command then restores the file"
        }
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}

fn hints_of_unknown_rule(similar: &[&str]) -> Vec<String> {
    let mut hints = Vec::new();
    if !similar.is_empty() {
        hints.push(format!("there is `{}`", similar.join("`, `")));
    }
    hints.push("`confwarden explain` lists the rules".to_owned());
    hints
}

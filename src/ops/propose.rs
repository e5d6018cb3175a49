//! From a request to changes: what the caller asks of this base.

use std::sync::Arc;

use super::{Assignment, Input, OpsError, Request};
use crate::compose::Configuration;
use crate::doc::{
    Change, Document, Format, Incoming, KeyPath, Kind, Value, merge_patch, reconcile,
};
use crate::policy::Scope;
use crate::profile::Profile;

/// Whose paths the changes of a proposal speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The whole configuration's, includes resolved: each change goes into the file it concerns.
    Composed,
    /// The root file's own, in which an include is a key like any other.
    RootFile,
}

/// The changes a request comes down to.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) changes: Vec<Change>,
    pub(super) reach: Reach,
    pub(super) scope: Scope,
}

/// What `request` changes in `base`.
pub(super) fn propose(
    request: &Request,
    base: &Configuration,
    profile: &Profile,
) -> Result<Proposal, OpsError> {
    let value = base.effective();
    let mut proposal =
        Proposal { changes: Vec::new(), reach: Reach::Composed, scope: Scope::Paths };
    match request {
        Request::Set(assignments) => {
            for assignment in assignments {
                proposal.changes.extend(assign(assignment, base, profile)?);
            }
        }
        Request::Unset(paths) => proposal.changes = unset(paths, &base.root().document),
        Request::Move { from, to } => {
            proposal.changes.push(Change::Move { from: from.clone(), to: to.clone() });
        }
        Request::Edit(changes) => proposal.changes.clone_from(changes),
        Request::Patch { patch, replace_arrays } => {
            let patch = Incoming::of(&Arc::new(patch.clone()));
            if patch.value.kind() != Kind::Object {
                return Err(OpsError::NoObject {
                    what: "a merge patch",
                    found: patch.value.kind(),
                });
            }
            proposal.changes = merge_patch(value, &patch, replace_arrays)?;
        }
        Request::Install { edited, .. } => {
            if edited.root().kind() != Kind::Object {
                let found = edited.root().kind();
                return Err(OpsError::NoObject { what: "a configuration", found });
            }
            // The text itself is the proposal: see `transaction`.
            proposal.reach = Reach::RootFile;
            proposal.scope = Scope::WholeFile;
        }
        Request::Restore(restoration) => {
            proposal.changes = restoration.changes(base);
            if restoration.is_whole() {
                proposal.scope = Scope::WholeFile;
            }
        }
        Request::Apply { desired } => {
            let target = Incoming::of(&Arc::new(desired.clone()));
            if target.value.kind() != Kind::Object {
                let found = target.value.kind();
                return Err(OpsError::NoObject { what: "a configuration", found });
            }
            proposal.scope = Scope::WholeFile;
            // A desired text with includes speaks of the root file; one without, of the whole.
            let own = base.root().document.root().to_value();
            let includes =
                profile.include_key.as_deref().is_some_and(|key| holds(&target.value, key));
            let current = if includes { &own } else { value };
            if includes {
                proposal.reach = Reach::RootFile;
            }
            let mut changes = reconcile(&KeyPath::root(), current, &target);
            // A rendered text has the stamp of another day, or none: nobody asks for that.
            let stamped = profile.stamps.iter().filter(|stamp| current.at(stamp).is_some());
            let stamps: Vec<&KeyPath> = stamped.collect();
            changes.retain(|change| {
                !change.paths().all(|path| stamps.iter().any(|stamp| path.starts_with(stamp)))
            });
            proposal.changes = changes;
        }
    }
    Ok(proposal)
}

/// The changes that put one value in its place; an existing container is changed, not replaced, so
/// that what stays keeps its comments.
fn assign(
    assignment: &Assignment,
    base: &Configuration,
    profile: &Profile,
) -> Result<Vec<Change>, OpsError> {
    let Assignment { path, input } = assignment;
    let current = base.effective().at(path);
    let secret = profile.secrets.is_secret(path);
    let value = match input {
        Input::Value(value) => value.clone(),
        Input::String(text) => Value::string(text),
        Input::Text(text) => read(text, path, current, secret)?,
    };
    Ok(match current {
        Some(current)
            if current.kind() == value.kind()
                && matches!(value.kind(), Kind::Object | Kind::Array) =>
        {
            reconcile(path, current, &value.into())
        }
        _ => vec![Change::Set { path: path.clone(), value: value.into() }],
    })
}

/// Reads `text` as a person means it at `path`, where `current` stands.
fn read(
    text: &str,
    path: &KeyPath,
    current: Option<&Value>,
    secret: bool,
) -> Result<Value, OpsError> {
    let plain = || Value::string(text);
    let stays_string = secret || matches!(current, Some(Value::String(_)));
    if stays_string && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(plain());
    }
    if matches!(current, Some(Value::Datetime(_)))
        && let Ok(document) = Document::parse(format!("x = {text}"), Format::Toml)
        && let Some(node) = document.root().get(&"x".into())
        && node.kind() == Kind::Datetime
        && document.root().children().count() == 1
    {
        return Ok(node.to_value());
    }
    match Document::parse(text, Format::Json5) {
        // `12e45` is a number and a likely token: as a number it would lose its spelling.
        Ok(document) if secret && document.root().kind() == Kind::Number => Ok(plain()),
        Ok(document) => Ok(document.root().to_value()),
        // No secret is an array, so `[` is how this one starts.
        Err(_) if secret && text.starts_with('[') => Ok(plain()),
        // A text that starts like JSON5 was meant as it; anything else is a plain string.
        Err(source) if text.trim_start().starts_with(['{', '[', '"', '\'']) => {
            Err(OpsError::Value { path: path.clone(), source })
        }
        Err(_) => Ok(plain()),
    }
}

/// Removals in an order in which no index of a later one has moved.
fn unset(paths: &[KeyPath], root: &Document) -> Vec<Change> {
    let place = |path: &KeyPath| match root.get(path) {
        Ok(Some(node)) => node.path(),
        _ => path.clone(),
    };
    let mut sorted: Vec<(KeyPath, &KeyPath)> =
        paths.iter().map(|path| (place(path), path)).collect();
    sorted.sort();
    sorted.dedup();
    sorted.into_iter().rev().map(|(_, path)| Change::Remove { path: path.clone() }).collect()
}

/// Whether some object below `value` has a member `key`.
fn holds(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(name, member)| *name == key || holds(member, key))
        }
        Value::Array(elements) => elements.iter().any(|element| holds(element, key)),
        _ => false,
    }
}

//! A copy of the configuration for a person to edit, and what became of it.
//!
//! The copy lies in a private directory below the state directory, under the configuration's own
//! name so that an editor knows its language. No lock is held while a person thinks; what others
//! change meanwhile is merged when the edit is installed.
//!
//! An edited copy is removed only when it was installed or a person says so: whatever goes wrong, it
//! stays, and its place is told.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::session::Session;
use super::snapshot::{Unparsable, empty};
use super::{Missing, OpsError, Outcome, Request, Workspace};
use crate::doc::{Document, Format, SyntaxError, marked};
use crate::fs::{
    Loaded, PrivateDirectory, abandoned_directories, create_state_dir, read_input, write_private,
};

/// Where copies lie, below the state directory.
const DIRECTORY: &str = "edits";

/// A copy of the configuration that is being edited.
#[derive(Debug)]
pub struct Draft {
    /// The file when the copy was made; nothing where there was none.
    base: Option<Loaded>,
    directory: PrivateDirectory,
    copy: PathBuf,
    format: Format,
}

/// What stands in a copy.
#[derive(Debug)]
pub enum DraftText {
    /// What stood in the file.
    Unchanged,
    /// Nothing but white space, which no gateway can read: most often the sign of a full disk, or
    /// of an editor that failed.
    Empty,
    /// Something that does not parse.
    Broken(SyntaxError),
    /// Another configuration.
    Edited(Document),
}

impl Draft {
    /// Makes a copy. A file that does not parse can be copied too, so that a person can mend it.
    ///
    /// # Errors
    ///
    /// [`OpsError`] where the file cannot be read, or the copy not be made.
    pub fn open(workspace: &Workspace, missing: Missing) -> Result<Self, OpsError> {
        // A person who has typed for an hour should not learn it then.
        workspace.refuse_managed()?;
        let mut session = Session::reading(workspace)?;
        let snapshot = session.load(missing, Unparsable::Tolerate)?;
        let root = session.root();
        let name = root.file_name().ok_or_else(|| OpsError::Missing { file: root.to_owned() })?;
        let format = Format::of_path(root);
        let base = snapshot.into_root();
        create_state_dir(&workspace.state_dir)?;
        let directory = PrivateDirectory::create(&workspace.state_dir.join(DIRECTORY))?;
        let copy = directory.path().join(name);
        let draft = Self { base, directory, copy, format };
        write_private(&draft.copy, &draft.began())?;
        Ok(draft)
    }

    /// The copy.
    #[must_use]
    pub fn copy(&self) -> &Path {
        &self.copy
    }

    /// What stands in the copy now.
    ///
    /// # Errors
    ///
    /// [`OpsError::Fs`] where it cannot be read.
    pub fn text(&self) -> Result<DraftText, OpsError> {
        let bytes = read_input(&self.copy)?;
        if self.began() == bytes {
            return Ok(DraftText::Unchanged);
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(DraftText::Empty);
        }
        Ok(match Document::parse_bytes(bytes, self.format) {
            Ok(document) => DraftText::Edited(document),
            Err(error) => DraftText::Broken(error),
        })
    }

    /// What stood in the copy before the edit.
    fn began(&self) -> Cow<'_, [u8]> {
        match &self.base {
            Some(base) => Cow::Borrowed(&base.bytes),
            None => Cow::Owned(empty(self.format).source().as_bytes().to_vec()),
        }
    }

    /// What there is to say of a copy that is unchanged.
    ///
    /// # Errors
    ///
    /// [`OpsError::Syntax`] where the file does not parse, so that it still has to be mended.
    pub fn unchanged(&self, workspace: &Workspace) -> Result<Outcome, OpsError> {
        if let Some(base) = &self.base {
            Document::parse_bytes(base.bytes.clone(), self.format)
                .map_err(|source| OpsError::Syntax { file: workspace.config.clone(), source })?;
        }
        Ok(Outcome::unchanged())
    }

    /// The write that installs `edited`.
    #[must_use]
    pub fn request(&self, edited: Document) -> Request {
        let base = self.base.as_ref();
        Request::Install { base: base.cloned(), edited }
    }

    /// Takes up what others have made of the file since: the copy gets both texts, with markers
    /// where they collide, and the file as it is now is the base from here on.
    ///
    /// # Errors
    ///
    /// [`OpsError`] where the file cannot be read or the copy not be written; the copy is then as it
    /// was.
    pub fn take_up(&mut self, workspace: &Workspace) -> Result<(), OpsError> {
        let mut session = Session::reading(workspace)?;
        let now = session.load(Missing::Create, Unparsable::Tolerate)?;
        let edited = read_input(&self.copy)?;
        let base = self.base.as_ref().map(|base| base.bytes.as_slice()).unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let both = marked(&text(base), &text(&edited), &text(now.root_bytes()));
        write_private(&self.copy, both.as_bytes())?;
        self.base = now.into_root();
        Ok(())
    }

    /// Removes the copy, with whatever an editor left beside it.
    ///
    /// # Errors
    ///
    /// [`OpsError::Fs`] where something cannot be removed.
    pub fn discard(self) -> Result<(), OpsError> {
        Ok(self.directory.remove()?)
    }
}

/// Copies that earlier edits left: those that were not installed.
///
/// # Errors
///
/// [`OpsError::Fs`] where the state directory cannot be read.
pub fn abandoned_drafts(workspace: &Workspace) -> Result<Vec<PathBuf>, OpsError> {
    Ok(abandoned_directories(&workspace.state_dir.join(DIRECTORY))?)
}

//! What was read of a configuration's files at one time: the base that a commit compares with.

use std::path::{Path, PathBuf};

use crate::compose::Configuration;
use crate::doc::{Document, Format, SyntaxError};
use crate::fs::Loaded;

/// What was read of the files at one time.
pub(super) struct Snapshot {
    pub(super) configuration: Configuration,
    /// What the compare-and-swap expects of each part; nothing where the file does not exist.
    pub(super) loaded: Vec<(PathBuf, Option<Loaded>)>,
    /// Included files that exist where they may, also those that could not be parsed.
    pub(super) included: Vec<PathBuf>,
    /// Why the root file does not parse, where that is tolerated; it then stands in `configuration`
    /// as if it were empty.
    pub(super) fault: Option<SyntaxError>,
}

/// What becomes of a root file that does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unparsable {
    /// An error: what cannot be read cannot be changed.
    Refuse,
    /// It is about to be replaced as a whole.
    Tolerate,
}

impl Snapshot {
    /// Whether the root file exists.
    pub(super) fn exists(&self) -> bool {
        self.loaded.first().is_some_and(|(_, loaded)| loaded.is_some())
    }

    /// What rules may compare with; nothing where there is no file, or none that parses.
    pub(super) fn judged(&self) -> Option<&Configuration> {
        (self.exists() && self.fault.is_none()).then_some(&self.configuration)
    }

    /// The bytes of the root file; none where it does not exist.
    pub(super) fn root_bytes(&self) -> &[u8] {
        let root = self.loaded.first().and_then(|(_, loaded)| loaded.as_ref());
        root.map(|loaded| loaded.bytes.as_slice()).unwrap_or_default()
    }

    /// What was read of the root file; nothing where it does not exist.
    pub(super) fn into_root(self) -> Option<Loaded> {
        self.loaded.into_iter().next().and_then(|(_, loaded)| loaded)
    }

    /// What stands in `file`; nothing where it does not exist or does not parse.
    pub(super) fn document(&self, file: &Path) -> Option<Document> {
        let (index, (_, loaded)) =
            self.loaded.iter().enumerate().find(|(_, (name, _))| name == file)?;
        let loaded = loaded.as_ref()?;
        if index == 0 && self.fault.is_some() {
            return None;
        }
        match self.configuration.parts().iter().find(|part| part.file == file) {
            Some(part) => Some(part.document.clone()),
            None => Document::parse_bytes(loaded.bytes.clone(), Format::of_path(file)).ok(),
        }
    }

    pub(super) fn expected(&self, file: &Path) -> Option<&Loaded> {
        self.loaded.iter().find(|(name, _)| name == file).and_then(|(_, loaded)| loaded.as_ref())
    }
}

/// What a file that does not exist is taken for.
pub(super) fn empty(format: Format) -> Document {
    let source = match format {
        Format::Json5 => "{}\n",
        Format::Toml => "",
    };
    Document::parse(source, format).expect("an empty configuration parses")
}

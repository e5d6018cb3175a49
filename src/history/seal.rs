//! Encryption of snapshots to age recipients, for those who ask for it.
//!
//! Where the file of recipients is there, no text is stored that they alone could not read: where it
//! is no good, nothing is stored.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::Path;

use age::x25519;

use super::HistoryError;
use crate::fs;

/// The file of recipients in the state directory.
const RECIPIENTS: &str = "history-recipients";

/// Whom snapshots are encrypted to; nobody where they are stored as they are.
#[derive(Default)]
pub(super) struct Recipients(Vec<x25519::Recipient>);

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipients({})", self.0.len())
    }
}

impl Recipients {
    /// Those of an installation.
    pub(super) fn of(state_dir: &Path) -> Result<Self, HistoryError> {
        let path = state_dir.join(RECIPIENTS);
        let Some(bytes) = fs::read_private(&path)? else { return Ok(Self::default()) };
        let text = String::from_utf8_lossy(&bytes);
        entries(&text).map(Self).map_err(|line| HistoryError::Recipients { path, line })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `bytes`, for the recipients alone.
    pub(super) fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, HistoryError> {
        let recipients = self.0.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor =
            age::Encryptor::with_recipients(recipients).map_err(|_| HistoryError::Seal)?;
        let mut sealed = Vec::with_capacity(bytes.len() + 512);
        encryptor
            .wrap_output(&mut sealed)
            .and_then(|mut writer| {
                writer.write_all(bytes)?;
                writer.finish()
            })
            .map_err(|_| HistoryError::Seal)?;
        Ok(sealed)
    }
}

/// Who opens encrypted snapshots.
#[derive(Default)]
pub struct Identities(Vec<x25519::Identity>);

/// Shows how many there are: they are secrets.
impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identities({})", self.0.len())
    }
}

impl Identities {
    /// Nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Those in the text of an age identity file (`AGE-SECRET-KEY-1…`, `#` for comments).
    ///
    /// # Errors
    ///
    /// [`HistoryError::Identity`] where a line is none, or there is none at all.
    pub fn parse(text: &str) -> Result<Self, HistoryError> {
        entries(text).map(Self).map_err(|line| HistoryError::Identity { line })
    }

    /// What is in `sealed`; else why it cannot be opened.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, &'static str> {
        const DAMAGED: &str = "it cannot be opened: it is damaged";
        if self.0.is_empty() {
            return Err("no identity is given");
        }
        let decryptor = age::Decryptor::new(sealed).map_err(|_| DAMAGED)?;
        let identities = self.0.iter().map(|identity| identity as &dyn age::Identity);
        let mut reader = decryptor.decrypt(identities).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => "not to the identity that is given",
            _ => DAMAGED,
        })?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|_| DAMAGED)?;
        Ok(bytes)
    }
}

/// One of each line that is neither empty nor a comment, at least one; else the line at fault.
fn entries<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, usize> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            found.push(line.parse().map_err(|_| index + 1)?);
        }
    }
    if found.is_empty() { Err(text.lines().count().max(1)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_a_recipient_alone() {
        let (one, two) = (x25519::Identity::generate(), x25519::Identity::generate());
        let recipients = Recipients(vec![one.to_public()]);
        let sealed = recipients.seal(b"text").expect("it can be sealed");
        assert!(!sealed.windows(4).any(|window| window == b"text"));
        let open = |identity: &x25519::Identity| {
            let text = format!("# mine\n\n{}\n", identity.to_string().expose_secret());
            Identities::parse(&text).expect("an identity").open(&sealed)
        };
        assert_eq!(open(&one), Ok(b"text".to_vec()));
        assert_eq!(open(&two), Err("not to the identity that is given"));
        assert_eq!(Identities::none().open(&sealed), Err("no identity is given"));
        assert!(Identities(vec![one]).open(b"age?").is_err());
    }

    #[test]
    fn a_line_that_is_no_identity_is_named_by_its_number() {
        for (text, expected) in [("", 1), ("# a\n\n", 2), ("# a\nAGE-SECRET-KEY-1X\n", 2)] {
            let error = Identities::parse(text).expect_err("no identity");
            assert!(matches!(error, HistoryError::Identity { line } if line == expected), "{text}");
        }
    }
}

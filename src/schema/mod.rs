//! The shape that a gateway asks of its configuration: JSON Schema, as gateways write it.
//!
//! A schema is read along the document only, so that one of 2.4 MB costs what the document uses of
//! it. What cannot be used of it (a pattern that no engine reads, a reference that leads nowhere) is
//! said once, and neither passes nor fails a document: the answer of such a part is unknown, and
//! unknown it goes up through `anyOf`, `not` and the rest.
//!
//! It promises that no fault quotes a value of the document; names and values of the schema are the
//! gateway's own. It never reads a file, and knows no gateway.
//!
//! `required` does not ask for what has a `default`: gateways publish the schema of what they have
//! after reading.
//!
//! Draft 7 with the words of later drafts that gateways use (`$defs`, `dependentRequired`); other
//! words are annotations, `format` but for `uri` too.

mod evaluation;
mod fault;
mod kinds;
mod patterns;
mod variants;

#[cfg(test)]
mod tests;

pub use fault::{About, Fault, FaultKind, Unusable};

use serde_json::Value as Json;

use crate::doc::Value;
use evaluation::Evaluation;

/// A schema.
#[derive(Clone, Debug)]
pub struct Schema {
    root: Json,
}

/// Why a text is no schema.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// It is no JSON.
    #[error("it is no JSON")]
    Json(#[from] serde_json::Error),
    /// Its outermost value is neither an object nor a boolean.
    #[error("a schema is an object or a boolean")]
    NoSchema,
    /// It has no word of a schema.
    #[error("it says nothing about a configuration: neither `type` nor `properties` nor `$ref`")]
    SaysNothing,
}

/// What a schema says of a document.
#[derive(Debug, Default)]
pub struct Checked {
    /// What it does not allow, in the order of the document.
    pub faults: Vec<Fault>,
    /// Parts of the schema that were needed and cannot be used, each once.
    pub unusable: Vec<Unusable>,
}

/// Words of which a schema for an object has at least one.
const WORDS: [&str; 7] = ["type", "properties", "$ref", "anyOf", "oneOf", "allOf", "const"];

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] where the text is no schema.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        Self::of(serde_json::from_str(text)?)
    }

    /// Takes a schema that was read already.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] where it is none.
    pub fn of(root: Json) -> Result<Self, SchemaError> {
        match &root {
            Json::Bool(_) => Ok(Self { root }),
            Json::Object(words) if WORDS.iter().any(|word| words.contains_key(*word)) => {
                Ok(Self { root })
            }
            Json::Object(_) => Err(SchemaError::SaysNothing),
            _ => Err(SchemaError::NoSchema),
        }
    }

    /// What it says of `document`. A part that is tagged with the first version it holds for (`x-from`)
    /// or the first it no longer does (`x-until`) counts where `holds` says so of both; a key that is
    /// left out so is an unknown one.
    #[must_use]
    pub fn check(&self, document: &Value, holds: &Holds<'_>) -> Checked {
        Evaluation::of(&self.root, holds).check(document)
    }
}

/// Whether what holds from one version on, until another, holds for the gateway.
pub type Holds<'h> = dyn Fn(Option<&str>, Option<&str>) -> bool + 'h;

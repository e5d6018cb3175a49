//! confwarden: the guardian of a gateway's configuration file.

pub mod compose;
pub mod doc;
pub mod finding;
pub mod fs;
pub mod ops;
pub mod policy;
pub mod profile;
pub mod redact;
pub mod text;

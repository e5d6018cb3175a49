//! confwarden: the guardian of a gateway's configuration file.

pub mod doc;
pub mod fs;
pub mod text;

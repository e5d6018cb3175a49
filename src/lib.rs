//! confwarden: the guardian of a gateway's configuration file.

pub mod fs;
pub mod text;

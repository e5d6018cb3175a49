//! Bytes and positions: spans, places for people, layout of a file, splices.
//!
//! Everything here is a pure function of its arguments.
//!
//! This module never knows a format and never does IO.

mod layout;
mod position;
mod span;
mod splice;

pub use layout::{Layout, Newline};
pub use position::Position;
pub use span::Span;
pub use splice::{Splice, SpliceError, apply};

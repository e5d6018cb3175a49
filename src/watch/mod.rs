//! Seeing what others do to files, from outside: where to look, what changed, and when it is over.
//!
//! [`Sight`] says which names lead to a file, [`Source`] reports that one of them changed, [`Debounce`]
//! when its author is done, [`Budget`] when to stop fighting.
//!
//! A change that is reported may be none: only reading tells. One that is not reported was made where
//! the system does not tell of it, and [`Source`] says which files have to be looked at in turn.
//!
//! This module never reads what stands in a file.

mod budget;
mod debounce;
mod sight;
mod source;

pub use budget::{Budget, Standing};
pub use debounce::{Activity, Debounce, Due, Pace};
pub use sight::Sight;
pub use source::{Seen, Source, Unwatched};

//! The only module that opens, locks, writes, renames or removes files.

//! Tests of JSON5 as a whole: reading, faults, edits, properties.

mod cases;

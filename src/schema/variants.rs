//! `anyOf` and `oneOf`: which of several shapes was meant.

use super::fault::{Fault, FaultKind};
use crate::doc::KeyPath;

/// The faults of a value that fits none of several shapes: those of the one that it was meant to have,
/// where that can be told, else that it has none.
pub(super) fn best(shapes: Vec<Vec<Fault>>, path: &KeyPath) -> Vec<Fault> {
    let depth = path.segments().len();
    let is_here = |fault: &Fault| fault.path.segments().len() == depth;
    // One whose kind or mark (`source: "env"`) is another was not meant.
    let is_other = |fault: &Fault| {
        let kind = fault.kind;
        (is_here(fault)
            && matches!(kind, FaultKind::Kind | FaultKind::NotListed | FaultKind::NoShape))
            || (fault.path.segments().len() == depth + 1 && kind == FaultKind::NotListed)
    };
    let expected: Vec<String> = shapes
        .iter()
        .flatten()
        .filter(|fault| is_here(fault) && is_other(fault))
        .map(|fault| fault.expected.clone())
        .collect();
    let mut meant: Vec<Vec<Fault>> =
        shapes.into_iter().filter(|faults| !faults.iter().any(is_other)).collect();
    meant.sort_by_key(Vec::len);
    match meant.into_iter().next() {
        Some(faults) if !faults.is_empty() => faults,
        _ => {
            let mut words: Vec<&str> = Vec::new();
            for one in &expected {
                if !words.contains(&one.as_str()) {
                    words.push(one);
                }
            }
            let words = match words.as_slice() {
                [] => "one of the shapes of the schema".to_owned(),
                words => words.join(", or "),
            };
            vec![Fault::new(path, FaultKind::NoShape, words)]
        }
    }
}

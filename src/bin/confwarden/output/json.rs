//! Reports for programs: one JSON object, in the shape of `schemas/report.v1.schema.json`.
//!
//! Within version 1 members are added, never renamed, removed or given another meaning.

use super::Report;

/// The report as one line of JSON.
pub(super) fn render(report: &Report) -> String {
    line(report)
}

/// `value` as one line of JSON.
pub(super) fn line(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("keys are strings and numbers are finite");
    text.push('\n');
    text
}

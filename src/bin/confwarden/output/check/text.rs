//! What a check has found, for people.

use std::fmt::Write as _;

use confwarden::finding::Action;

use super::{CheckReport, CheckedFile, sentence};
use crate::output::paint::Paint;

pub(super) fn render(report: &CheckReport, paint: Paint) -> String {
    let mut out = String::new();
    let is_told = |file: &&CheckedFile| {
        !file.changes.is_empty() || file.findings.iter().any(|one| one.action != Action::Audit)
    };
    for file in report.files.iter().filter(is_told) {
        told(&mut out, file, paint);
    }
    for part in &report.unusable {
        line(&mut out, &format!("{} of the schema not used: {part}", paint.note("note:")));
    }
    let files = match report.files.as_slice() {
        [file] => file.file.clone(),
        files => format!("{} files", files.len()),
    };
    let found = match (report.errors, report.warnings) {
        (0, 0) => paint.added("ok").to_string(),
        (errors, warnings) => [many(errors, "error"), many(warnings, "warning")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", "),
    };
    line(&mut out, &format!("{files}: {found}"));
    out
}

fn told(out: &mut String, file: &CheckedFile, paint: Paint) {
    line(out, &paint.strong(&file.file).to_string());
    for finding in file.findings.iter().filter(|finding| finding.action != Action::Audit) {
        let place = match (finding.line, finding.column) {
            (Some(line), Some(column)) => format!("{line}:{column}"),
            _ => "-".to_owned(),
        };
        // In an included file the place is that file's.
        let elsewhere = finding.file.as_ref().filter(|other| **other != file.file);
        let place = elsewhere.map_or_else(|| place.clone(), |other| format!("{other}:{place}"));
        let severity = match finding.action {
            Action::Deny => paint.error("error").to_string(),
            _ => paint.warning("warning").to_string(),
        };
        let sentence = paint.data(&sentence(finding)).into_owned();
        line(out, &format!("  {place:<8} {severity} {}: {sentence}", finding.rule));
    }
    for change in &file.changes {
        line(out, &format!("  {:<8} {} {}", change.class, change.kind, paint.data(&change.path)));
    }
    if let Some(reload) = &file.reload {
        line(out, &format!("  {}", paint.data(reload)));
    }
}

fn many(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        number => Some(format!("{number} {what}s")),
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes every text");
}

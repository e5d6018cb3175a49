//! Annotations of a GitHub workflow: one command a line on standard output.

use std::fmt::Write as _;

use confwarden::finding::Action;

use super::{CheckReport, sentence, uri};

pub(super) fn render(report: &CheckReport) -> String {
    let mut out = String::new();
    for (file, finding) in report.findings() {
        let severity = if finding.action == Action::Deny { "error" } else { "warning" };
        let at = finding.file.as_ref().unwrap_or(&file.file);
        let mut place = format!("file={}", property(&uri(at)));
        if let (Some(line), Some(column)) = (finding.line, finding.column) {
            write!(place, ",line={line},col={column}").expect("a string takes every text");
        }
        let title = property(finding.rule);
        let message = data(&sentence(finding));
        writeln!(out, "::{severity} {place},title={title}::{message}")
            .expect("a string takes every text");
    }
    out
}

/// What may stand in the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What may stand in a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

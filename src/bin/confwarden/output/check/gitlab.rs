//! A code quality report of GitLab: one JSON list.

use confwarden::finding::Action;
use serde_json::json;

use super::{CheckReport, sentence, uri};

pub(super) fn render(report: &CheckReport) -> String {
    let issues = report.findings().map(|(file, finding)| {
        let at = uri(finding.file.as_ref().unwrap_or(&file.file));
        let path = finding.path.as_deref().unwrap_or_default();
        // The same finding in the next run, wherever its line has moved to.
        let fingerprint = blake3::hash(format!("{}\0{at}\0{path}", finding.rule).as_bytes());
        json!({
            "description": sentence(finding),
            "check_name": finding.rule,
            "fingerprint": &fingerprint.to_hex()[..32],
            "severity": if finding.action == Action::Deny { "major" } else { "minor" },
            "location": { "path": at, "lines": { "begin": finding.line.unwrap_or(1) } },
        })
    });
    crate::output::json::line(&issues.collect::<Vec<_>>())
}

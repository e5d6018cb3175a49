//! SARIF 2.1.0, for code scanning.

use std::collections::BTreeSet;

use confwarden::finding::Action;
use confwarden::policy;
use serde_json::{Value as Json, json};

use super::{CheckReport, sentence, uri};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn render(report: &CheckReport) -> String {
    let used: BTreeSet<&str> = report.findings().map(|(_, finding)| finding.rule).collect();
    let rules = policy::rules().filter(|rule| used.contains(rule.id)).map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": { "text": rule.summary },
            "fullDescription": { "text": rule.why },
        })
    });
    let results = report.findings().map(|(file, finding)| {
        let at = uri(finding.file.as_ref().unwrap_or(&file.file));
        let mut place = json!({ "artifactLocation": { "uri": at } });
        if let (Some(line), Some(column)) = (finding.line, finding.column) {
            place["region"] = json!({ "startLine": line, "startColumn": column });
        }
        let path = finding.path.as_deref().unwrap_or_default();
        json!({
            "ruleId": finding.rule,
            "level": if finding.action == Action::Deny { "error" } else { "warning" },
            "message": { "text": sentence(finding) },
            "locations": [{ "physicalLocation": place }],
            "partialFingerprints": { "rulePath/v1": format!("{}:{path}", finding.rule) },
        })
    });
    let run = json!({
        "tool": { "driver": {
            "name": "confwarden",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules.collect::<Vec<Json>>(),
        } },
        // Columns count characters, as editors do.
        "columnKind": "unicodeCodePoints",
        "results": results.collect::<Vec<Json>>(),
    });
    crate::output::json::line(&json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }))
}

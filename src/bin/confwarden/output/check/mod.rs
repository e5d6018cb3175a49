//! What a check has found, for people and for the tools that read it.
//!
//! No renderer sees a document, so none can show a value.

mod github;
mod gitlab;
mod junit;
mod sarif;
mod text;

use std::path::Path;

use confwarden::finding::{Action, Finding};
use confwarden::ops::Checked;
use confwarden::schema::Unusable;
use serde::Serialize;

use super::Printer;
use super::entry::{ChangeNote, FindingEntry};
use super::report::shown;
use crate::args::{OutputFormat, Threshold};
use crate::exit::Exit;

/// The name of the shape; its version grows when a member changes its meaning.
const SCHEMA: &str = "confwarden.check.v1";

/// What a check has found.
#[derive(Serialize)]
pub(crate) struct CheckReport {
    schema: &'static str,
    exit: u8,
    errors: usize,
    warnings: usize,
    files: Vec<CheckedFile>,
    /// Parts of the schema that cannot be used, each once.
    unusable: Vec<String>,
}

/// One configuration.
#[derive(Serialize)]
struct CheckedFile {
    file: String,
    profile: String,
    gateway_version: Option<String>,
    findings: Vec<FindingEntry>,
    changes: Vec<ChangeNote>,
    /// What the step costs the gateway, in one line.
    reload: Option<String>,
}

impl CheckReport {
    pub(crate) fn new() -> Self {
        let (files, unusable) = (Vec::new(), Vec::new());
        Self { schema: SCHEMA, exit: 0, errors: 0, warnings: 0, files, unusable }
    }

    /// Adds one configuration, judged by `profile`.
    pub(crate) fn add(&mut self, checked: Checked, profile: &str, threshold: Threshold) {
        let count = |action| of(&checked.outcome.findings, action).count();
        self.errors += count(Action::Deny);
        self.warnings += count(Action::Warn);
        let failed = match threshold {
            Threshold::Error => self.errors > 0,
            Threshold::Warning => self.errors + self.warnings > 0,
        };
        self.exit = if failed { Exit::Findings.code() } else { Exit::Ok.code() };
        for Unusable { what, why } in checked.unusable {
            let told = format!("{what}: {why}");
            if !self.unusable.contains(&told) {
                self.unusable.push(told);
            }
        }
        self.files.push(CheckedFile {
            file: shown(&checked.file),
            profile: profile.to_owned(),
            gateway_version: checked.outcome.gateway_version.map(|known| known.version),
            reload: checked.outcome.reload.map(|reload| reload.summary()),
            findings: checked.outcome.findings.iter().map(FindingEntry::of).collect(),
            changes: checked.outcome.changes.iter().map(ChangeNote::of).collect(),
        });
    }

    /// Prints it, and says how the process ends.
    pub(crate) fn print(&self, printer: &Printer) -> Exit {
        let exit = if self.exit == 0 { Exit::Ok } else { Exit::Findings };
        let text = match printer.format {
            OutputFormat::Text => return printer.say(exit, |paint| text::render(self, paint)),
            OutputFormat::Json => super::json::line(self),
            OutputFormat::Sarif => sarif::render(self),
            OutputFormat::Github => github::render(self),
            OutputFormat::Gitlab => gitlab::render(self),
            OutputFormat::Junit => junit::render(self),
        };
        Printer::put(exit, &text)
    }

    /// Every finding that is more than a note, with its file.
    fn findings(&self) -> impl Iterator<Item = (&CheckedFile, &FindingEntry)> {
        self.files.iter().flat_map(|file| {
            let told = file.findings.iter().filter(|finding| finding.action != Action::Audit);
            told.map(move |finding| (file, finding))
        })
    }
}

fn of(findings: &[Finding], action: Action) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(move |finding| finding.action == action)
}

/// The path as tools want it: relative, with `/`.
fn uri(file: &str) -> String {
    Path::new(file).components().fold(String::new(), |uri, part| {
        let part = part.as_os_str().to_string_lossy();
        match part.as_ref() {
            "." => uri,
            "/" => "/".to_owned(),
            part if uri.is_empty() || uri.ends_with('/') => uri + part,
            part => uri + "/" + part,
        }
    })
}

/// What is wrong and what was expected, in one sentence.
fn sentence(finding: &FindingEntry) -> String {
    let head = match &finding.path {
        Some(path) => format!("`{path}` {}", finding.message),
        None => finding.message.clone(),
    };
    format!("{head}; expected: {}", finding.expected)
}

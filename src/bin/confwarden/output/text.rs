//! Reports for people.
//!
//! [`data`] is what goes to standard output: a value, a plan, the rules. [`talk`] is everything
//! else: what was done, what it means for the gateway, findings, errors.

use std::borrow::Cow;
use std::fmt::Write as _;

use confwarden::finding::{Action, Origin};
use confwarden::ops::{ChangeKind, NO_RESTART, Publication};
use confwarden::profile::{ReloadClass, Uptake};

use super::entry::{ChangeEntry, FindingEntry, RuleEntry};
use super::exec::{self, ExecEntry};
use super::overview::{self, About};
use super::paint::Paint;
use super::report::{ErrorEntry, ReportStatus, Shows};
use super::signal::SignalEntry;
use super::value;
use super::{Report, asked, past, reaction};

/// What the command was asked for.
pub(super) fn data(report: &Report, paint: Paint) -> String {
    let mut out = String::new();
    match report.shows {
        Shows::Answer => {
            if let Some(value) = &report.value {
                line(&mut out, &paint.data(&value::printed(value)));
            }
            match (&report.texts, &report.records) {
                (Some(texts), _) => past::texts(&mut out, texts, paint),
                (None, Some(records)) => past::list(&mut out, records, "", paint),
                (None, None) => {}
            }
            match report.rules.as_slice() {
                [] => {}
                [rule] => explain(&mut out, rule, paint),
                rules => list(&mut out, rules, paint),
            }
        }
        Shows::Summary => {}
        Shows::Plan => {
            for file in &report.files {
                diff(&mut out, &file.diff, paint);
            }
            if !out.is_empty() && !report.changes.is_empty() {
                out.push('\n');
            }
            changes(&mut out, &report.changes, "", paint);
        }
        Shows::Changes => changes(&mut out, &report.changes, "", paint),
        Shows::Overview => {
            if let Some(state) = &report.state {
                let about = About {
                    file: report.config.as_deref().unwrap_or_default(),
                    profile: report.profile.as_deref().unwrap_or_default(),
                    gateway_version: report.gateway_version.as_deref(),
                    pending: report.pending.as_deref().unwrap_or_default(),
                };
                let latest = report.records.as_deref().unwrap_or_default();
                overview::page(&mut out, state, &about, &report.changes, latest, paint);
            }
        }
    }
    out
}

/// Everything beside what the command was asked for.
pub(super) fn talk(report: &Report, summary: Summary, paint: Paint) -> String {
    let mut out = String::new();
    if summary == Summary::Shown {
        match &report.exec {
            Some(program) => ran(&mut out, report, program, paint),
            None => done(&mut out, report, paint),
        }
        if let Some(asked) = &report.asked {
            asked::talk(&mut out, asked, paint);
        }
        if let Some(confirmation) = &report.confirmation {
            reaction::taken(&mut out, confirmation, paint);
        }
    }
    let (denied, rest): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.action == Action::Deny);
    for finding in rest.into_iter().filter(|finding| finding.action == Action::Warn) {
        warn(&mut out, finding, paint);
    }
    for notice in &report.notices {
        line(&mut out, &format!("{} {notice}", paint.note("note:")));
    }
    for finding in report.exec.iter().flat_map(|program| &program.uncured) {
        line(&mut out, &format!("{} {}", paint.error("not healed:"), sentence(finding)));
        details(&mut out, finding);
    }
    if report.error.is_none() && report.status == ReportStatus::Refused {
        refused(&mut out, report, &denied, paint);
    }
    for file in &report.files {
        if file.publication == Some(Publication::DurabilityUnsure) {
            let error = paint.error("error:");
            line(
                &mut out,
                &format!(
                    "{error} `{}` is written, but its directory could not be synced: after a power \
                     cut it may be as before",
                    file.file
                ),
            );
        }
    }
    if let Some(confirmation) = &report.confirmation {
        reaction::talk(&mut out, confirmation, paint);
    }
    if let Some(signal) = report.signal.as_ref().filter(|signal| signal.has_failed()) {
        let what = if report.shows == Shows::Answer { "" } else { "written, but " };
        let error = paint.error("error:");
        line(&mut out, &format!("{error} {what}the gateway was not told: {}", signal.failure()));
        line(&mut out, &format!("  {} `confwarden signal` tells it again", paint.note("hint:")));
    }
    if let Some(error) = &report.error {
        failed(&mut out, error, paint);
    }
    out
}

/// Whether a person wants to read what was done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Summary {
    Shown,
    Hidden,
}

fn done(out: &mut String, report: &Report, paint: Paint) {
    let config = report.config.as_deref().unwrap_or_default();
    if let Some(pruned) = &report.pruned {
        line(out, &past::pruned(pruned, report.status == ReportStatus::Planned));
    }
    if report.records.as_ref().is_some_and(Vec::is_empty) && report.shows == Shows::Answer {
        line(out, &format!("nothing is recorded of `{config}` yet"));
    }
    match (report.status, report.shows) {
        (ReportStatus::Written | ReportStatus::RolledBack, _) => {
            for file in &report.files {
                let how = match file.publication {
                    Some(Publication::InPlace) => {
                        ", in place because it is a mount point: readers may have seen half of it"
                    }
                    _ => "",
                };
                line(out, &format!("{} `{}`{how}", paint.strong("wrote"), file.file));
            }
            changes(out, &report.changes, "  ", paint);
            effect(out, report, paint);
            told(out, report.signal.as_ref());
            pending(out, report);
        }
        (ReportStatus::Unchanged, _) => {
            line(out, &format!("`{config}` means this already: nothing was written"));
        }
        (ReportStatus::Planned, _) => {
            effect(out, report, paint);
            line(out, "this is a dry run: nothing was written");
        }
        (ReportStatus::Ok, Shows::Plan | Shows::Changes) if report.changes.is_empty() => {
            let texts = if report.files.is_empty() { "" } else { "; the texts differ" };
            line(out, &format!("both files mean the same{texts}"));
        }
        (ReportStatus::Ok, Shows::Plan | Shows::Changes) => effect(out, report, paint),
        (ReportStatus::Ok, Shows::Answer) => {
            if let Some(answer) = report.signal.as_ref().and_then(SignalEntry::answer) {
                line(out, &answer);
            }
            pending(out, report);
        }
        _ => {}
    }
}

fn pending(out: &mut String, report: &Report) {
    for commit in report.pending.iter().flatten() {
        line(out, &commit.sentence());
    }
}

fn told(out: &mut String, signal: Option<&SignalEntry>) {
    if let Some(summary) = signal.and_then(SignalEntry::summary) {
        line(out, &summary);
    }
}

/// The most changes of a program that are told one by one.
const MOST_CHANGES: usize = 12;

/// What became of the writes of a program. Nothing where there were none.
fn ran(out: &mut String, report: &Report, program: &ExecEntry, paint: Paint) {
    if report.status == ReportStatus::Refused {
        exec::unreadable(out, program, paint);
        line(out, "the program's whole change was undone");
        return;
    }
    if !report.changes.is_empty() {
        let config = report.config.as_deref().unwrap_or_default();
        let kept = paint.strong("kept");
        line(out, &format!("{kept} what the program changed in `{config}`"));
        let shown = report.changes.len().min(MOST_CHANGES);
        changes(out, &report.changes[..shown], "  ", paint);
        if shown < report.changes.len() {
            line(out, &format!("  and {} more", report.changes.len() - shown));
        }
        effect(out, report, paint);
        told(out, report.signal.as_ref());
    }
    exec::talk(out, program, paint);
}

/// What it costs the gateway, and how sure that is.
fn effect(out: &mut String, report: &Report, paint: Paint) {
    let Some(reload) = &report.reload else { return };
    line(out, &paint.data(&reload.summary));
    if let Some(doubt) = &reload.doubt {
        line(out, &format!("{} {}", paint.note("note:"), paint.data(doubt)));
    }
}

/// One line for each change: path, values, class, in columns as far as they are short.
pub(super) fn changes(out: &mut String, changes: &[ChangeEntry], indent: &str, paint: Paint) {
    const WIDEST: usize = 60;
    let width = |text: &str| text.chars().count();
    let rows: Vec<(String, String)> = changes
        .iter()
        .map(|change| (paint.data(&change.path).into_owned(), values(change)))
        .collect();
    let column = |of: fn(&(String, String)) -> &String| {
        rows.iter().map(|row| width(of(row))).filter(|width| *width <= WIDEST).max().unwrap_or(0)
    };
    let (paths, values) = (column(|row| &row.0), column(|row| &row.1));
    for (change, (path, shown)) in changes.iter().zip(&rows) {
        let class = class(change);
        let class = match change.class {
            ReloadClass::None | ReloadClass::Hot => paint.added(&class),
            ReloadClass::Restart | ReloadClass::Auth => paint.warning(&class),
        };
        line(out, &format!("{indent}{path:paths$}  {shown:values$}  {class}"));
    }
}

fn values(change: &ChangeEntry) -> String {
    let short = |json: &Option<serde_json::Value>| {
        json.as_ref().map_or_else(|| "?".to_owned(), value::short)
    };
    match change.kind {
        ChangeKind::Added => format!("+ {}", short(&change.after)),
        ChangeKind::Removed => format!("- {}", short(&change.before)),
        ChangeKind::Changed => format!("{} -> {}", short(&change.before), short(&change.after)),
    }
}

/// The class, with what there is to say beside it.
fn class(change: &ChangeEntry) -> Cow<'static, str> {
    let class = change.class.as_str();
    match (change.class, change.uptake) {
        (_, Uptake::Waits) => format!("{class} (waits)").into(),
        (ReloadClass::Auth, Uptake::Live) => format!("{class} (live)").into(),
        _ if change.actions.is_empty() => class.into(),
        _ => format!("{class} ({})", change.actions.join(", ")).into(),
    }
}

fn diff(out: &mut String, diff: &str, paint: Paint) {
    for text in diff.lines() {
        let shown = paint.data(text);
        let painted = match text.as_bytes().first() {
            Some(b'-') => paint.removed(&shown),
            Some(b'+') => paint.added(&shown),
            Some(b'@') => paint.note(&shown),
            _ => {
                line(out, &shown);
                continue;
            }
        };
        line(out, &painted.to_string());
    }
}

fn warn(out: &mut String, finding: &FindingEntry, paint: Paint) {
    let before = match finding.origin {
        Origin::Base => " (it was so before)",
        Origin::Write => "",
    };
    let head = paint.warning("warning:");
    line(out, &format!("{head} {}{before}", sentence(finding)));
    details(out, finding);
}

fn refused(out: &mut String, report: &Report, denied: &[&FindingEntry], paint: Paint) {
    let config = report.config.as_deref().unwrap_or_default();
    let head = paint.error("refused:");
    line(out, &format!("{head} `{config}` is as it was"));
    for finding in denied {
        line(out, &format!("  {}", sentence(finding)));
        details(out, finding);
        match &finding.allow {
            _ if finding.rule == NO_RESTART => {}
            Some(flag) => line(out, &format!("    allow it on this command: {flag}")),
            None => line(out, "    nothing allows this"),
        }
    }
    let mut rules = denied.iter().map(|finding| finding.rule);
    if rules.clone().any(|rule| rule == NO_RESTART) {
        line(out, &format!("  {} without `--no-restart` it is written", paint.note("hint:")));
    }
    if let Some(rule) = rules.find(|rule| *rule != NO_RESTART) {
        line(out, &format!("  {} `confwarden explain {rule}` says why", paint.note("hint:")));
    }
}

/// Rule, path and what is wrong.
fn sentence(finding: &FindingEntry) -> String {
    match &finding.path {
        Some(path) => format!("{}: `{path}`: {}", finding.rule, finding.message),
        None => format!("{}: {}", finding.rule, finding.message),
    }
}

fn details(out: &mut String, finding: &FindingEntry) {
    line(out, &format!("    expected: {}", finding.expected));
    if let (Some(file), Some(at), Some(column)) = (&finding.file, finding.line, finding.column) {
        line(out, &format!("    at: {file}, line {at}, column {column}"));
    }
}

fn failed(out: &mut String, error: &ErrorEntry, paint: Paint) {
    line(out, &format!("{} {}", paint.error("error:"), error.message));
    for cause in &error.causes {
        line(out, &format!("  caused by: {cause}"));
    }
    for hint in &error.hints {
        line(out, &format!("  {} {hint}", paint.note("hint:")));
    }
}

fn list(out: &mut String, rules: &[RuleEntry], paint: Paint) {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        let padding = width - rule.id.len();
        line(out, &format!("{}{:padding$}  {}", paint.strong(rule.id), "", rule.summary));
    }
}

fn explain(out: &mut String, rule: &RuleEntry, paint: Paint) {
    line(out, &format!("{}: {}", paint.strong(rule.id), rule.summary));
    line(out, &format!("\n{}", rule.why));
    line(out, &format!("\nSeen: {}.", rule.seen));
    let does = match rule.action {
        Action::Deny => "It refuses the write",
        Action::Warn => "It warns",
        Action::Audit => "It is noted in reports",
    };
    let unless = match (&rule.allow, rule.action) {
        (Some(flag), Action::Deny) => format!(", unless there is `{flag}`"),
        _ => String::new(),
    };
    line(out, &format!("\n{does}{unless}."));
    for (title, example) in [("Bad", &rule.bad), ("Good", &rule.good)] {
        line(out, &format!("\n{title}, from"));
        indented(out, example.before);
        line(out, "to");
        indented(out, example.after);
    }
}

fn indented(out: &mut String, text: &str) {
    for text in text.lines() {
        line(out, &format!("    {text}"));
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes every text");
}

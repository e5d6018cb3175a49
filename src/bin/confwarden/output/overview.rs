//! The state of a guarded configuration, for programs and for people.

use std::fmt::Write as _;

use confwarden::doc::Format;
use confwarden::fs::Held;
use confwarden::ops::{Access, Condition, Drift, Guard, Overview, Waiting};
use serde::Serialize;

use super::entry::ChangeEntry;
use super::paint::Paint;
use super::past::{self, RecordEntry};
use super::pending::PendingEntry;
use super::report::shown;
use super::running::GatewayEntry;
use super::text::changes;

/// The state of a guarded configuration.
#[derive(Serialize)]
pub(super) struct OverviewEntry {
    target: String,
    is_link: bool,
    format: &'static str,
    managed_by: Option<String>,
    synced_by: Option<&'static str>,
    condition: &'static str,
    fault: Option<String>,
    size: Option<usize>,
    mode: Option<String>,
    sha256: Option<String>,
    includes: Vec<IncludeEntry>,
    lock: HeldEntry,
    gateway_lock: Option<HeldEntry>,
    awaits_recovery: bool,
    records: usize,
    unreadable_records: usize,
    drift: DriftEntry,
    watcher: WatcherEntry,
    waiting: WaitingEntry,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<GatewayEntry>,
}

#[derive(Serialize)]
struct IncludeEntry {
    file: String,
    fault: Option<String>,
}

#[derive(Serialize)]
struct HeldEntry {
    held: bool,
    pid: Option<u32>,
    command: Option<String>,
}

#[derive(Serialize)]
struct DriftEntry {
    kind: &'static str,
    since: Option<u64>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct WatcherEntry {
    kind: &'static str,
    reason: Option<String>,
    fresh: Option<bool>,
    drift: Option<bool>,
    state: Option<&'static str>,
}

#[derive(Serialize)]
struct WaitingEntry {
    kind: &'static str,
    paths: Vec<String>,
}

impl OverviewEntry {
    pub(super) fn of(overview: &Overview) -> Self {
        let (condition, size, mode, fault) = match &overview.condition {
            Condition::Missing => ("missing", None, None, None),
            Condition::Good { size, mode } => ("good", Some(*size), Some(*mode), None),
            Condition::Unparsable { size, mode, error } => {
                ("unparsable", Some(*size), Some(*mode), Some(error.to_string()))
            }
        };
        let (kind, since, reason) = match &overview.drift {
            Drift::Unrecorded => ("unrecorded", None, None),
            Drift::None(id) => ("none", Some(id.0), None),
            Drift::Changed(id, _) => ("changed", Some(id.0), None),
            Drift::Unknown(id, why) => ("unknown", Some(id.0), Some(why.clone())),
        };
        Self {
            target: shown(&overview.target),
            is_link: overview.is_link,
            format: match overview.format {
                Format::Json5 => "json5",
                Format::Toml => "toml",
            },
            synced_by: overview.synced_by,
            managed_by: match &overview.access {
                Access::Writable => None,
                Access::Managed { variable } => Some(variable.clone()),
            },
            condition,
            fault,
            size,
            mode: mode.map(|mode| format!("{mode:04o}")),
            sha256: overview.sha256.clone(),
            includes: overview
                .includes
                .iter()
                .map(|(file, fault)| IncludeEntry { file: shown(file), fault: fault.clone() })
                .collect(),
            lock: HeldEntry::of(&overview.lock),
            gateway_lock: overview.gateway_lock.as_ref().map(HeldEntry::of),
            awaits_recovery: overview.awaits_recovery,
            records: overview.records,
            unreadable_records: overview.faults,
            drift: DriftEntry { kind, since, reason },
            watcher: WatcherEntry::of(&overview.watcher),
            waiting: WaitingEntry::of(&overview.waiting),
            gateway: overview.gateway.as_ref().map(GatewayEntry::of),
        }
    }
}

impl HeldEntry {
    fn of(held: &Held) -> Self {
        match held {
            Held::No => Self { held: false, pid: None, command: None },
            Held::By(holder) => Self {
                held: true,
                pid: holder.as_ref().map(|holder| holder.pid),
                command: holder.as_ref().map(|holder| holder.command.clone()),
            },
        }
    }

    fn sentence(&self) -> String {
        match (self.held, &self.command, self.pid) {
            (false, ..) => "free".to_owned(),
            (true, Some(command), Some(pid)) => format!("held by `{command}` (process {pid})"),
            (true, ..) => "held by another process".to_owned(),
        }
    }
}

impl WatcherEntry {
    fn of(guard: &Guard) -> Self {
        let nothing = Self { kind: "none", reason: None, fresh: None, drift: None, state: None };
        match guard {
            Guard::None => nothing,
            Guard::Silent(why) => Self { kind: "silent", reason: Some(why.clone()), ..nothing },
            Guard::Guards(seen) => Self {
                kind: "guards",
                fresh: Some(seen.fresh),
                drift: Some(seen.drift),
                state: Some(seen.state.as_str()),
                ..nothing
            },
        }
    }

    fn sentence(&self) -> String {
        match (self.kind, self.fresh, self.drift, self.state) {
            ("none", ..) => "none runs".to_owned(),
            ("silent", ..) => format!("no help: {}", self.reason.as_deref().unwrap_or_default()),
            (_, Some(true), Some(false), Some("stable")) => {
                "guards it; no drift as of now".to_owned()
            }
            (_, Some(true), Some(true), _) => "guards it; not what was accepted last".to_owned(),
            (_, Some(true), _, Some(state)) => format!("guards it; it is {state}"),
            _ => "guards it; has not seen everything yet".to_owned(),
        }
    }
}

impl WaitingEntry {
    fn of(waiting: &Waiting) -> Self {
        let (kind, paths) = match waiting {
            Waiting::Nothing => ("nothing", Vec::new()),
            Waiting::Paths(paths) => ("paths", paths.clone()),
            Waiting::AtMost(paths) => ("at-most", paths.clone()),
        };
        Self { kind, paths }
    }

    /// Nothing where nothing waits.
    fn sentence(&self) -> Option<String> {
        let paths = self.paths.join(", ");
        match (self.kind, self.paths.is_empty()) {
            (_, true) => None,
            ("paths", _) => Some(format!("for a restart of the gateway: {paths}")),
            _ => Some(format!(
                "for a restart of the gateway, if it has not been since (not known): {paths}"
            )),
        }
    }
}

/// The state as a page.
pub(super) fn page(
    out: &mut String,
    entry: &OverviewEntry,
    about: &About<'_>,
    drift: &[ChangeEntry],
    latest: &[RecordEntry],
    paint: Paint,
) {
    let mut line = |text: &str| writeln!(out, "{text}").expect("a string takes every text");
    line(&paint.strong(about.file).to_string());
    let format = if entry.format == "toml" { "TOML" } else { "JSON5" };
    let mut is = match entry.condition {
        "missing" => format!("{}: there is no file", paint.error("missing")),
        "unparsable" => format!("{}: {format} that does not parse", paint.error("broken")),
        _ => format.to_owned(),
    };
    if let (Some(size), Some(mode)) = (entry.size, &entry.mode) {
        write!(is, ", {size} bytes, mode {mode}").expect("a string takes every text");
    }
    line(&format!("  file      {is}"));
    if let Some(fault) = &entry.fault {
        line(&format!("            {fault}"));
    }
    if entry.is_link {
        line(&format!("  link to   {}", entry.target));
        line(
            "            confwarden writes through it; OpenClaw's own writer replaces it by a file",
        );
    } else if entry.target != about.file {
        line(&format!("  lies at   {}", entry.target));
    }
    if let Some(variable) = &entry.managed_by {
        line(&format!("  managed   `{variable}` is set: made elsewhere, not written here"));
    }
    if let Some(client) = entry.synced_by {
        let risk = paint.warning("synced");
        line(&format!(
            "  {risk}    {client} keeps its folder the same as elsewhere: writes come late, or twice"
        ));
    }
    let version = about.gateway_version.map(|version| format!(", gateway {version}"));
    line(&format!("  profile   {}{}", about.profile, version.unwrap_or_default()));
    for include in &entry.includes {
        match &include.fault {
            None => line(&format!("  includes  {}", include.file)),
            Some(fault) => {
                line(&format!("  includes  {} {}: {fault}", paint.error("fault in"), include.file));
            }
        }
    }
    let gateway = entry.gateway_lock.as_ref();
    let gateway = gateway.map(|lock| format!("; the gateway's own: {}", lock.sentence()));
    line(&format!("  lock      {}{}", entry.lock.sentence(), gateway.unwrap_or_default()));
    if entry.awaits_recovery {
        line("  beside it a write was cut off or is going on; the next write clears it away");
    }
    let since = entry.drift.since.unwrap_or_default();
    line(&match (entry.drift.kind, drift.len()) {
        ("unrecorded", _) => "  drift     unknown: there is no record yet".to_owned(),
        ("none", _) => format!("  drift     none since record {since}"),
        ("changed", 0) => format!("  drift     only the text changed since record {since}"),
        ("changed", _) => {
            format!("  drift     {} since record {since}:", paint.warning("changed"))
        }
        _ => format!(
            "  drift     {} since record {since}: {}",
            paint.warning("changed"),
            entry.drift.reason.as_deref().unwrap_or_default()
        ),
    });
    changes(out, drift, "    ", paint);
    if let Some(waits) = entry.waiting.sentence() {
        let waits = paint.data(&waits);
        writeln!(out, "  waits     {waits}").expect("a string takes every text");
    }
    writeln!(out, "  watcher   {}", entry.watcher.sentence()).expect("a string takes every text");
    if let Some(gateway) = &entry.gateway {
        writeln!(out, "  gateway   {}", gateway.sentence()).expect("a string takes every text");
    }
    for (index, commit) in about.pending.iter().enumerate() {
        let head = if index == 0 { "pending" } else { "" };
        writeln!(out, "  {head:<8}  {}", commit.sentence()).expect("a string takes every text");
    }
    let more = entry.records.saturating_sub(latest.len());
    let more = if more > 0 { format!(", and {more} before") } else { String::new() };
    if entry.records > 0 {
        writeln!(out, "  history   the last {}{more}:", latest.len()).expect("a string");
        past::list(out, latest, "    ", paint);
    }
}

/// What a page says beside the state.
pub(super) struct About<'a> {
    pub(super) file: &'a str,
    pub(super) profile: &'a str,
    pub(super) gateway_version: Option<&'a str>,
    /// Writes that are to be confirmed.
    pub(super) pending: &'a [PendingEntry],
}

//! A configuration as it would be deployed, judged before anything is written.

use std::path::{Path, PathBuf};

use super::session::Session;
use super::snapshot::{Snapshot, Unparsable};
use super::{Missing, OpsError, Outcome, Status, Workspace, outcome};
use crate::compose::Configuration;
use crate::finding::Finding;
use crate::policy::{self, Scope, Transition, Verdict, judge_shape, syntax_finding};
use crate::profile::{Profile, Version};
use crate::schema::{Schema, Unusable};

/// What a configuration is held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measure<'a> {
    /// The configuration that it would replace: the rules judge the step between both.
    pub against: Option<&'a Path>,
    /// The shape that its gateway asks for; nothing where none is known.
    pub schema: Option<&'a Schema>,
    /// Rules whose findings are no more than a warning.
    pub allow: &'a [String],
}

/// What was found of one configuration. Nothing was changed.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The root file, as it was named.
    pub file: PathBuf,
    /// What the rules and the schema say, in the order of syntax, shape and policy; and, where it
    /// was held against another, what differs.
    pub outcome: Outcome,
    /// Parts of the schema that were needed and cannot be used.
    pub unusable: Vec<Unusable>,
}

/// Judges the configuration of `workspace` as it would be deployed.
///
/// # Errors
///
/// [`OpsError`] where a file cannot be read, a rule in `measure` is misspelt, or what the configuration is
/// held against does not parse. That it does not parse itself is a finding.
pub fn check(workspace: &Workspace, measure: &Measure<'_>) -> Result<Checked, OpsError> {
    let file = workspace.config.clone();
    let candidate = load(workspace, &file, Unparsable::Tolerate)?;
    let base = measure.against.map(|base| load(workspace, base, Unparsable::Refuse)).transpose()?;
    let base = base.as_ref().map(|base| &base.configuration);
    let Some(configuration) = candidate.judged() else {
        let faults = candidate.fault.iter().map(|fault| syntax_finding(&file, fault));
        // What stood there before is no help to a text that does not parse.
        let findings = Verdict::of(faults.collect(), measure.allow)?.into_findings();
        let outcome = Outcome { findings, ..Outcome::unchanged() };
        return Ok(Checked { file, outcome, unusable: Vec::new() });
    };
    let profile = &workspace.profile;
    let mut outcome = match base {
        Some(base) => outcome::differences(Some(base), configuration, workspace),
        None => Outcome {
            gateway_version: workspace
                .known_version(configuration.effective(), configuration.effective()),
            ..Outcome::unchanged()
        },
    };
    outcome.status = Status::Unchanged;
    let version = outcome.gateway_version.as_ref().map(|known| known.version.as_str());
    let (mut findings, unusable) = match measure.schema {
        Some(schema) => shape(configuration, schema, version, profile),
        None => (Vec::new(), Vec::new()),
    };
    let transition = Transition { base, candidate: configuration, scope: Scope::WholeFile };
    findings.extend(policy::judge(&transition, profile));
    outcome.findings = Verdict::of(findings, measure.allow)?.into_findings();
    for location in outcome.findings.iter_mut().filter_map(|one| one.location.as_mut()) {
        location.file = as_named(&location.file, &file);
    }
    Ok(Checked { file, outcome, unusable })
}

/// `found`, an absolute path, as somebody names it who calls the root file `root`.
fn as_named(found: &Path, root: &Path) -> PathBuf {
    let directory = std::path::absolute(root).ok();
    let directory = directory.as_deref().and_then(Path::parent);
    match directory.and_then(|directory| found.strip_prefix(directory).ok()) {
        Some(rest) => root.parent().unwrap_or(Path::new("")).join(rest),
        None => found.to_owned(),
    }
}

fn load(workspace: &Workspace, file: &Path, unparsable: Unparsable) -> Result<Snapshot, OpsError> {
    let workspace = Workspace { config: file.to_owned(), ..workspace.clone() };
    Session::reading(&workspace)?.load(Missing::Refuse, unparsable)
}

/// What `schema` says of the configuration, for a gateway of `version`; of what is not known to hold or
/// not to hold for it, everything holds.
fn shape(
    configuration: &Configuration,
    schema: &Schema,
    version: Option<&str>,
    profile: &Profile,
) -> (Vec<Finding>, Vec<Unusable>) {
    let at: Option<Version> = version.and_then(|version| version.parse().ok());
    let holds = |from: Option<&str>, until: Option<&str>| {
        let bound = |text: Option<&str>| text.and_then(|text| text.parse::<Version>().ok());
        let Some(at) = &at else { return true };
        at.is_within(bound(from).as_ref(), bound(until).as_ref())
    };
    judge_shape(configuration, schema, &holds, profile)
}

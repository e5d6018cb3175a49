//! What a schema says of a configuration, as findings.

use super::rules::{schema, unknown_key};
use crate::compose::Configuration;
use crate::finding::{Finding, Origin};
use crate::profile::Profile;
use crate::schema::{About, Fault, FaultKind, Holds, Schema, Unusable};

/// Holds the effective configuration against `schema`, as far as it `holds` for the gateway's version: see
/// [`Schema::check`]. Findings come with the action of the profile;
/// beside them stands what of the schema cannot be used.
#[must_use]
pub fn judge_shape(
    configuration: &Configuration,
    schema: &Schema,
    holds: &Holds<'_>,
    profile: &Profile,
) -> (Vec<Finding>, Vec<Unusable>) {
    let checked = schema.check(configuration.effective(), holds);
    let finding = |fault| finding(fault, configuration, profile);
    (checked.faults.into_iter().map(finding).collect(), checked.unusable)
}

fn finding(fault: Fault, configuration: &Configuration, profile: &Profile) -> Finding {
    let rule = match fault.kind {
        FaultKind::UnknownKey => &unknown_key::RULE.doc,
        _ => &schema::RULE.doc,
    };
    let location = match fault.about {
        About::Key => configuration.locate_key(&fault.path),
        About::Value => configuration.locate(&fault.path),
    };
    Finding {
        rule: rule.id,
        action: profile.actions.get(rule.id).copied().unwrap_or(rule.action),
        allowed_by: rule.allowed_by,
        origin: Origin::Write,
        message: fault.message().to_owned(),
        expected: if fault.expected.is_empty() { NO_IDEA.to_owned() } else { fault.expected },
        path: Some(fault.path),
        location: Some(location),
    }
}

/// Said where no known key is like the unknown one.
const NO_IDEA: &str = "a key of the schema, or none";

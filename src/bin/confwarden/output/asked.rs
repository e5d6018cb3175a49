//! What the gateway says that changes cost, for programs and for people.

use std::fmt::Write as _;

use confwarden::ops::{Agreement, Asked};
use confwarden::profile::ReloadClass;
use serde::Serialize;

use super::paint::Paint;

/// What the gateway says of one path.
#[derive(Serialize)]
pub(super) struct AskedEntry {
    path: String,
    table: ReloadClass,
    gateway: Option<String>,
    agreement: &'static str,
    reason: Option<String>,
}

impl AskedEntry {
    pub(super) fn of(asked: &Asked) -> Self {
        Self {
            path: asked.path.to_string(),
            table: asked.table,
            gateway: asked.gateway.clone().ok(),
            agreement: asked.agreement.as_str(),
            reason: asked.gateway.clone().err(),
        }
    }
}

/// Where both say the same, how often; where not, what.
pub(super) fn talk(out: &mut String, asked: &[AskedEntry], paint: Paint) {
    let mut line = |text: &str| writeln!(out, "{text}").expect("a string takes every text");
    let same = asked.iter().filter(|entry| entry.agreement == Agreement::Same.as_str()).count();
    line(&format!("the gateway says the same of {same} of {} paths", asked.len()));
    for entry in asked.iter().filter(|entry| entry.agreement != Agreement::Same.as_str()) {
        let path = paint.data(&entry.path);
        match (&entry.gateway, &entry.reason) {
            (Some(gateway), _) => {
                let table = entry.table.as_str();
                let note = paint.warning("it differs:");
                let gateway = paint.data(gateway);
                line(&format!("{note} `{path}` is {table} here, the gateway says {gateway}"));
            }
            (None, reason) => {
                let reason = reason.as_deref().unwrap_or_default();
                line(&format!("it does not say what `{path}` costs: {reason}"));
            }
        }
    }
}

//! The costs of many changes of one step from a configuration to the next.
//!
//! What depends on the step alone (the version, what is loaded, the mode) is found out once; a change
//! is a few comparisons then.
//!
//! This module never looks at anything but its arguments.

use std::collections::HashMap;

use super::super::{Auth, ReloadClass};
use super::loaded::Certainty;
use super::{
    AuthUptake, Basis, Containers, Cost, Holds, ReloadMode, ReloadRule, ReloadTable, ReloadTables,
    Uptake,
};
use crate::doc::{KeyPath, Segment, Value};

/// What a [`Classifier`] needs to know beside the version; what is left out is not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// The whole configuration before the step, includes resolved.
    pub before: Option<&'a Value>,
    /// The whole configuration after it.
    pub after: Option<&'a Value>,
    /// The protected block of authentication.
    pub auth: Option<&'a Auth>,
}

/// Says what each change of one step costs.
#[derive(Debug)]
pub struct Classifier<'a> {
    tables: Vec<Table<'a>>,
    basis: Basis,
}

/// One table, with what holds of it for this step.
#[derive(Debug)]
struct Table<'a> {
    known: &'a ReloadTable,
    /// The rules that hold or may hold, by their first step, the deciding ones first.
    by_name: HashMap<&'a str, Vec<Entry<'a>>>,
    /// Those whose first step is `*`.
    by_any: Vec<Entry<'a>>,
    mode: Mode,
    rotation: Rotation,
}

#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    rule: &'a ReloadRule,
    count: usize,
    is_certain: bool,
}

/// What the gateway does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    /// Nothing.
    Off,
    /// Everything but restarts.
    HotOnly,
    /// What the change costs.
    Usual,
    /// A restart for every change.
    Always,
}

/// Whether another token or password is taken live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rotation {
    /// It is: the mode stays.
    Live,
    /// It is not, or it is not known.
    Restart,
}

impl<'a> Classifier<'a> {
    /// For a step of a gateway of `version`.
    #[must_use]
    pub fn new(
        tables: &'a ReloadTables,
        version: Option<&str>,
        surroundings: &Surroundings<'_>,
    ) -> Self {
        let covering = tables.table(version);
        let chosen = covering.map_or_else(|| tables.tables.iter().collect(), |table| vec![table]);
        let tables = chosen.into_iter().map(|table| Table::new(tables, table, surroundings));
        let basis = if covering.is_some() { Basis::Version } else { Basis::Dearest };
        Self { tables: tables.collect(), basis }
    }

    /// What the answers rest on.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// What it costs that the value at `path` was `before` and is `after`; nothing where there is none.
    ///
    /// A path into an array stands for the array: gateways compare arrays as a whole.
    #[must_use]
    pub fn cost(&self, path: &KeyPath, before: Option<&Value>, after: Option<&Value>) -> Cost {
        let mut steps = steps_outside_arrays(path);
        let is_whole = steps.len() == path.segments().len();
        let (before, after) = if is_whole { (before, after) } else { (None, None) };
        let costs = self.tables.iter().map(|table| table.cost(&mut steps, before, after));
        let dearest = costs.reduce(|one, other| one.or(&other));
        // A gateway of which nothing is known restarts.
        dearest.unwrap_or(Cost {
            class: ReloadClass::Restart,
            uptake: Uptake::Restart,
            actions: Vec::new(),
        })
    }
}

impl<'a> Table<'a> {
    fn new(tables: &ReloadTables, table: &'a ReloadTable, known: &Surroundings<'_>) -> Self {
        let mut certain: HashMap<&Holds, Certainty> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<Entry<'_>>> = HashMap::new();
        let mut by_any = Vec::new();
        for rule in &table.rules {
            let certainty = match (&rule.holds, &tables.plugins, known.before) {
                (Holds::Always, ..) => Certainty::Yes,
                (holds, Some(plugins), Some(before)) => {
                    *certain.entry(holds).or_insert_with(|| plugins.certainty(holds, before))
                }
                _ => Certainty::Unknown,
            };
            if certainty == Certainty::No {
                continue;
            }
            let entry =
                Entry { rule, count: rule.prefix.count(), is_certain: certainty == Certainty::Yes };
            match rule.prefix.steps().next() {
                Some("*") | None => by_any.push(entry),
                Some(first) => by_name.entry(first).or_default().push(entry),
            }
        }
        for entries in by_name.values_mut().chain([&mut by_any]) {
            // Of equal prefixes the one of a plugin comes first, and then the dearer one.
            entries.sort_by_key(|entry| {
                let rule = entry.rule;
                let rank = (entry.count, rule.prefix.count_of_names());
                std::cmp::Reverse((rank, rule.holds != Holds::Always, rule.class))
            });
        }
        let mode = table.mode.as_ref().map_or(Mode::Usual, |mode| {
            let of = |value: Option<&Value>| value.map_or(Mode::Usual, |value| mode.of(value));
            // The one may hold or the other, by when the gateway reads it.
            of(known.before).max(of(known.after))
        });
        let rotation = match (known.auth, known.before, known.after) {
            (Some(auth), Some(before), Some(after)) => rotation(auth, before, after),
            _ => Rotation::Restart,
        };
        Self { known: table, by_name, by_any, mode, rotation }
    }

    /// Every rule that may speak of a path with this first step, the deciding ones first within each
    /// of the two lists.
    fn entries(&self, first: Option<&str>) -> impl Iterator<Item = &Entry<'a>> {
        let named = first.and_then(|first| self.by_name.get(first));
        // Above every name: each of them lies below.
        let all = self.by_name.values().take(if first.is_none() { usize::MAX } else { 0 });
        named.into_iter().chain(all).flatten().chain(&self.by_any)
    }

    /// See [`Classifier::cost`]. Leaves `steps` as they were.
    fn cost<'v>(
        &self,
        steps: &mut Vec<&'v str>,
        before: Option<&'v Value>,
        after: Option<&'v Value>,
    ) -> Cost {
        let members = |value: Option<&'v Value>| value.and_then(Value::as_object);
        let (old, new) = (members(before), members(after));
        let is_container = old.is_some() || new.is_some();
        let is_above = is_container && {
            let mut entries = self.entries(steps.first().copied());
            entries.any(|entry| entry.count > steps.len() && entry.rule.prefix.fits(steps))
        };
        if !is_above {
            let is_gone = after.is_none() && before.is_some();
            return self.cost_of_steps(steps, is_gone);
        }
        let mut sum = match self.known.containers {
            Containers::Refined => Cost::NOTHING,
            Containers::Whole => self.cost_of_steps(steps, after.is_none()),
        };
        let mut add = |name: &'v str, before, after| {
            steps.push(name);
            let cost = self.cost(steps, before, after);
            steps.pop();
            sum = std::mem::replace(&mut sum, Cost::NOTHING).and(cost);
        };
        for (name, value) in old.unwrap_or_default() {
            let twin = after.and_then(|after| after.member(name));
            if twin != Some(value) {
                add(step(name.as_str()), Some(value), twin);
            }
        }
        for (name, value) in new.unwrap_or_default() {
            if before.and_then(|before| before.member(name)).is_none() {
                add(step(name.as_str()), None, Some(value));
            }
        }
        sum
    }

    /// What it costs that the value at exactly these steps changes.
    fn cost_of_steps(&self, steps: &[&str], is_gone: bool) -> Cost {
        // By rank over both lists: what a certain rule says is final, what an uncertain one says may
        // be.
        let mut fitting: Vec<&Entry<'_>> = self
            .entries(steps.first().copied())
            .filter(|entry| entry.count <= steps.len() && entry.rule.prefix.fits(steps))
            .collect();
        fitting.sort_by_key(|entry| {
            std::cmp::Reverse((entry.count, entry.rule.prefix.count_of_names()))
        });
        let mut dearest: Option<Cost> = None;
        let mut is_settled = false;
        for entry in fitting {
            let rule = entry.rule;
            let is_live_auth = match rule.auth {
                AuthUptake::Restart => false,
                // A credential that goes is not taken: the gateway keeps the old one.
                AuthUptake::WhileModeStays => self.rotation == Rotation::Live && !is_gone,
                AuthUptake::Live => true,
            };
            let cost = self.cost_of_class(rule.class, &rule.actions, is_live_auth);
            dearest = Some(match dearest {
                Some(before) => before.or(&cost),
                None => cost,
            });
            if entry.is_certain {
                is_settled = true;
                break;
            }
        }
        if is_settled && let Some(cost) = dearest {
            return cost;
        }
        let unmatched = self.cost_of_class(self.known.unmatched, &[], false);
        dearest.map_or(unmatched.clone(), |cost| cost.or(&unmatched))
    }

    fn cost_of_class(&self, class: ReloadClass, actions: &[String], is_live_auth: bool) -> Cost {
        let uptake = match class {
            ReloadClass::None => Uptake::Nothing,
            ReloadClass::Hot => Uptake::Live,
            ReloadClass::Auth if is_live_auth => Uptake::Live,
            ReloadClass::Restart | ReloadClass::Auth => Uptake::Restart,
        };
        let (class, uptake) = match (self.mode, uptake) {
            (Mode::Always, _) => (class.max(ReloadClass::Restart), Uptake::Restart),
            (Mode::Off, Uptake::Live | Uptake::Restart) | (Mode::HotOnly, Uptake::Restart) => {
                (class, Uptake::Waits)
            }
            _ => (class, uptake),
        };
        let actions = if uptake == Uptake::Live { actions.to_vec() } else { Vec::new() };
        Cost { class, uptake, actions }
    }
}

impl ReloadMode {
    fn of(&self, configuration: &Value) -> Mode {
        let value = configuration.at(&self.path).and_then(Value::as_str);
        let is_in = |list: &[String]| list.iter().any(|known| Some(known.as_str()) == value);
        if is_in(&self.off) {
            Mode::Off
        } else if is_in(&self.hot_only) {
            Mode::HotOnly
        } else if is_in(&self.always) {
            Mode::Always
        } else {
            Mode::Usual
        }
    }
}

/// Whether the mode of authentication is known, needs a credential, and stays.
fn rotation(auth: &Auth, before: &Value, after: &Value) -> Rotation {
    let needs = |mode: &str| {
        let mut modes = auth.token_modes.iter().chain(&auth.password_modes);
        modes.any(|known| known == mode)
    };
    match (mode(auth, before), mode(auth, after)) {
        (Some(one), Some(other)) if one == other && needs(one) => Rotation::Live,
        _ => Rotation::Restart,
    }
}

/// The mode that a gateway with this configuration has; nothing where a reference leaves it open.
fn mode<'v>(auth: &'v Auth, configuration: &'v Value) -> Option<&'v str> {
    if let Some(mode) = configuration.at(&auth.mode) {
        return mode.as_str();
    }
    let (token, password) = (configuration.at(&auth.token), configuration.at(&auth.password));
    if [token, password].iter().flatten().any(|value| value.as_object().is_some()) {
        return None;
    }
    let modes = if password.is_some() { &auth.password_modes } else { &auth.token_modes };
    modes.first().map(String::as_str)
}

/// The names on the way, up to the first array.
fn steps_outside_arrays(path: &KeyPath) -> Vec<&str> {
    let names = path.segments().iter().map_while(|segment| match segment {
        Segment::Key(key) => Some(step(key.as_str())),
        _ => None,
    });
    names.collect()
}

/// A name that is no Unicode fits only `*`, as the replacement character does.
fn step(name: Option<&str>) -> &str {
    name.unwrap_or("\u{fffd}")
}

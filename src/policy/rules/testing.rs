//! Writes as short texts, and findings as short words, for the tests of the rules.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::compose::{Configuration, IncludeFaultKind, Part, Rules};
use crate::doc::{Document, Format};
use crate::finding::{Action, Finding, Origin, Override};
use crate::policy::rule::Example;
use crate::policy::{Scope, Transition, Verdict, judge, judge_shape};
use crate::profile::Profile;
use crate::schema::Schema;

const DIRECTORY: &str = "/etc/gw";
const ROOT: &str = "openclaw.json";

/// The profile the examples are judged by.
pub(crate) fn openclaw() -> Profile {
    static OPENCLAW: LazyLock<Profile> =
        LazyLock::new(|| Profile::builtin("openclaw").expect("it is built in"));
    OPENCLAW.clone()
}

/// A configuration of one text.
pub(crate) fn single(text: &str) -> Configuration {
    compose(&[(ROOT, text)], Modes::default())
}

/// One write, judged under the profile `openclaw`.
pub(crate) struct Case {
    base: Option<Configuration>,
    candidate: Configuration,
    scope: Scope,
    allow: Vec<String>,
    profile: Profile,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Modes {
    pub(crate) file: Option<u32>,
    pub(crate) directory: Option<u32>,
}

impl Case {
    fn new(base: Option<Configuration>, candidate: Configuration, scope: Scope) -> Self {
        Self { base, candidate, scope, allow: Vec::new(), profile: openclaw() }
    }

    pub(crate) fn paths(base: &str, candidate: &str) -> Self {
        Self::new(Some(single(base)), single(candidate), Scope::Paths)
    }

    pub(crate) fn whole_file(base: &str, candidate: &str) -> Self {
        Self::new(Some(single(base)), single(candidate), Scope::WholeFile)
    }

    pub(crate) fn new_file(candidate: &str) -> Self {
        Self::new(None, single(candidate), Scope::WholeFile)
    }

    /// A write of several files by name; the root is `openclaw.json`.
    pub(crate) fn files(base: &[(&str, &str)], candidate: &[(&str, &str)]) -> Self {
        let modes = Modes::default();
        Self::new(Some(compose(base, modes)), compose(candidate, modes), Scope::Paths)
    }

    /// A write of single paths to a TOML file.
    pub(crate) fn toml(base: &str, candidate: &str) -> Self {
        let single = |text: &str| {
            let document = Document::parse(text, Format::Toml).expect("it parses");
            let file = Path::new(DIRECTORY).join("gateway.toml");
            Configuration::single(Part { file, document, mode: None, directory_mode: None })
        };
        Self::new(Some(single(base)), single(candidate), Scope::Paths)
    }

    /// The same empty object before and after, under other permission bits.
    pub(crate) fn modes(base: Option<Modes>, candidate: Modes) -> Self {
        let empty = |modes| compose(&[(ROOT, "{}")], modes);
        Self::new(base.map(empty), empty(candidate), Scope::Paths)
    }

    pub(crate) fn of(example: &Example) -> Self {
        let modes = Modes { file: Some(example.mode), directory: Some(0o700) };
        let included =
            [("channels.json5", "{ telegram: { enabled: true } }"), ("more.json5", "{}")];
        let of = |text, modes| compose(&[[(ROOT, text)].as_slice(), &included].concat(), modes);
        let base = of(example.base, Modes { file: Some(0o600), ..modes });
        let candidate = of(example.candidate, modes);
        Self::new(Some(base), candidate, example.scope)
    }

    pub(crate) fn allowing(mut self, rule: &str) -> Self {
        self.allow.push(rule.to_owned());
        self
    }

    pub(crate) fn by(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        let transition =
            Transition { base: self.base.as_ref(), candidate: &self.candidate, scope: self.scope };
        let findings = judge(&transition, &self.profile);
        Verdict::of(findings, &self.allow).expect("the rules allowed exist").into_findings()
    }

    /// What the schema of the built-in profile says of the candidate.
    pub(crate) fn misshapes(&self) -> Vec<Finding> {
        let schema = Profile::builtin_schema(&self.profile.name).expect("it has one");
        let schema = Schema::parse(schema).expect("a test reads it");
        judge_shape(&self.candidate, &schema, &|_, _| true, &self.profile).0
    }

    /// Compares all findings with `expected`, in whatever order.
    #[track_caller]
    pub(crate) fn check(&self, expected: &[Expected]) {
        let mut found: Vec<String> =
            self.findings().iter().map(|finding| Expected::of(finding).to_string()).collect();
        let mut wanted: Vec<String> = expected.iter().map(ToString::to_string).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    }
}

fn compose(files: &[(&str, &str)], modes: Modes) -> Configuration {
    let texts: HashMap<PathBuf, String> = files
        .iter()
        .map(|(name, text)| (Path::new(DIRECTORY).join(name), (*text).to_owned()))
        .collect();
    let load = |file: &Path| {
        let text = texts.get(file).ok_or_else(|| IncludeFaultKind::Missing(file.to_owned()))?;
        let document = Document::parse(text.as_str(), Format::of_path(file)).expect("it parses");
        let Modes { file: mode, directory: directory_mode } = modes;
        Ok(Part { file: file.to_owned(), document, mode, directory_mode })
    };
    let rules = Rules { key: Some("$include".into()), depth: 10, roots: vec![DIRECTORY.into()] };
    let root = load(&Path::new(DIRECTORY).join(ROOT)).expect("there is a root");
    Configuration::compose(root, &rules, &mut { load })
}

/// What a finding comes down to.
#[derive(Debug)]
pub(crate) struct Expected {
    rule: String,
    path: String,
    action: Action,
    origin: Origin,
    allowed_by: Override,
}

impl Expected {
    fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.to_owned(),
            path: finding.path.as_ref().map(ToString::to_string).unwrap_or_default(),
            action: finding.action,
            origin: finding.origin,
            allowed_by: finding.allowed_by,
        }
    }

    pub(crate) fn fits(&self, finding: &Finding) -> bool {
        Self::of(finding).to_string() == self.to_string()
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, path, action, origin, allowed_by } = self;
        write!(f, "{rule} at `{path}`: {action:?} {origin:?} {allowed_by:?}")
    }
}

fn expected(rule: &str, path: &str, action: Action, origin: Origin, by: Override) -> Expected {
    Expected { rule: rule.to_owned(), path: path.to_owned(), action, origin, allowed_by: by }
}

/// The write brings it and is refused.
pub(crate) fn denied(rule: &str, path: &str) -> Expected {
    expected(rule, path, Action::Deny, Origin::Write, Override::ByFlag)
}

/// The write brings it and is refused, whatever is allowed.
pub(crate) fn never(rule: &str, path: &str) -> Expected {
    expected(rule, path, Action::Deny, Origin::Write, Override::Never)
}

/// The write brings it, and that is worth a warning.
pub(crate) fn warned(rule: &str, path: &str) -> Expected {
    expected(rule, path, Action::Warn, Origin::Write, Override::ByFlag)
}

/// The write brings it and would be refused, were it not allowed.
pub(crate) fn allowed(rule: &str, path: &str) -> Expected {
    warned(rule, path)
}

/// The base had it.
pub(crate) fn noted(rule: &str, path: &str) -> Expected {
    expected(rule, path, Action::Warn, Origin::Base, Override::ByFlag)
}

/// The base had it, where nothing would let it in.
pub(crate) fn noted_never(rule: &str, path: &str) -> Expected {
    expected(rule, path, Action::Warn, Origin::Base, Override::Never)
}

/// The base had it, and it is worth no more than a note.
pub(crate) fn audited(rule: &str, path: &str) -> Expected {
    expected(rule, path, Action::Audit, Origin::Base, Override::ByFlag)
}

//! Foreign writes as short texts, for the tests of this module.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Context, Healing, PutBackKind, Redress, heal, redress_root};
use crate::compose::{Configuration, IncludeFaultKind, Part, Rules};
use crate::doc::{Change, Document, Format, KeyPath, Value, changed};
use crate::profile::Profile;

const DIRECTORY: &str = "/etc/gw";
const ROOT: &str = "openclaw.json";

/// A gateway's file as people keep it.
pub(super) const BASE: &str = "\
// The gateway of the house.
{
  gateway: {
    mode: 'local',
    bind: 'lan', // the tablets
    port: 18789,
    auth: {
      mode: 'token',
      // Rotated on Mondays.
      token: '4f1c9ab27d',
      allowTailscale: true,
    },
  },
  // Who answers.
  agents: {
    defaults: { model: 'vendor/a', pdfModel: 'vendor/pdf' },
    list: [
      { id: 'main', workspace: '~/main' },
      // The night shift.
      { id: 'ops', workspace: '~/ops' }, // until six
    ],
  },
  channels: {
    // Keep the reference.
    telegram: { botToken: '${TELEGRAM_BOT_TOKEN}', enabled: true },
    discord: { token: 'dc-3f9a', maxTokens: 16384 },
  },
  bindings: [{ agentId: 'main', match: { channel: 'telegram' } }],
  // For the scripts.
  secrets: { a: '1', b: '2', c: '3' },
  mcp: { servers: { files: { command: 'files' } } }, // local only
  logging: { level: 'info' },
}
";

/// A configuration of several files by name; the root is `openclaw.json`.
pub(super) fn compose(files: &[(&str, &str)]) -> Configuration {
    let root = part(files, &Path::new(DIRECTORY).join(ROOT)).expect("there is a root");
    Configuration::compose(root, &rules(), &mut |file: &Path| part(files, file))
}

fn part(files: &[(&str, &str)], file: &Path) -> Result<Part, IncludeFaultKind> {
    let texts: HashMap<PathBuf, &str> =
        files.iter().map(|(name, text)| (Path::new(DIRECTORY).join(name), *text)).collect();
    let text = texts.get(file).ok_or_else(|| IncludeFaultKind::Missing(file.to_owned()))?;
    let document = Document::parse(*text, Format::of_path(file)).expect("it parses");
    Ok(Part { file: file.to_owned(), document, mode: None, directory_mode: None })
}

fn rules() -> Rules {
    Rules { key: Some("$include".into()), depth: 10, roots: vec![DIRECTORY.into()] }
}

/// One foreign write under the profile `openclaw`.
pub(super) struct Write<'t> {
    pub(super) base: Vec<(&'t str, &'t str)>,
    pub(super) theirs: Vec<(&'t str, &'t str)>,
    pub(super) allow: Vec<String>,
}

impl<'t> Write<'t> {
    pub(super) fn of(base: &'t str, theirs: &'t str) -> Self {
        Self { base: vec![(ROOT, base)], theirs: vec![(ROOT, theirs)], allow: Vec::new() }
    }

    pub(super) fn heal(&self) -> Healing {
        let profile = Profile::builtin("openclaw").expect("it is built in");
        let (base, theirs) = (compose(&self.base), compose(&self.theirs));
        let rules = rules();
        let context = Context { profile: &profile, allow: &self.allow, rules: &rules };
        let mut load = |file: &Path| part(&self.theirs, file).or_else(|_| part(&self.base, file));
        let healing = heal(&base, &theirs, &context, &mut load);
        let again = heal(&base, &healing.configuration, &context, &mut load);
        assert_eq!(again.put_back, [], "what was healed is healed again");
        healing
    }

    /// Heals, and compares what was put back, as lines of kind, rule and path, and the text.
    #[track_caller]
    pub(super) fn check(&self, put_back: &[&str], expected: &str) -> Healing {
        let healing = self.heal();
        assert_eq!(described(&healing), put_back, "{}", text(&healing));
        assert_eq!(healing.uncured, []);
        assert_eq!(text(&healing), expected);
        healing
    }

    /// Heals and re-dresses, and compares what was put back and the text.
    #[track_caller]
    pub(super) fn check_dressed(&self, put_back: &[&str], expected: &str) {
        let healing = self.heal();
        assert_eq!(described(&healing), put_back, "{}", text(&healing));
        assert_eq!(healing.uncured, []);
        let (base, theirs) = (compose(&self.base), compose(&self.theirs));
        match redress_root(&base, &theirs, &healing.configuration) {
            Redress::Dressed { document, .. } => assert_eq!(document.source(), expected),
            Redress::NotNeeded => assert_eq!(text(&healing), expected),
            Redress::Kept(why) => panic!("{why}"),
        }
    }
}

pub(super) fn text(healing: &Healing) -> &str {
    healing.configuration.root().document.source()
}

fn described(healing: &Healing) -> Vec<String> {
    let lines = healing.put_back.iter().map(|put_back| {
        let kind = match put_back.kind {
            PutBackKind::Restored => "restored",
            PutBackKind::Reverted => "reverted",
            PutBackKind::Removed => "removed",
            PutBackKind::Dressed => "dressed",
        };
        format!("{kind} {} by {}", put_back.path, put_back.rule)
    });
    lines.collect()
}

/// `base` as a program writes it that knows no comments, after some changes of values: each a path,
/// and JSON5 or nothing to remove it.
pub(super) fn rewritten(base: &str, changes: &[(&str, Option<&str>)]) -> String {
    let value =
        |text: &str| Document::parse(text, Format::Json5).expect("it parses").root().to_value();
    let changes: Vec<Change> = changes
        .iter()
        .map(|(path, new)| {
            let path: KeyPath = path.parse().expect("a path");
            match new {
                Some(new) => Change::Set { path, value: value(new).into() },
                None => Change::Remove { path },
            }
        })
        .collect();
    stringify(&changed(&value(base), &changes).expect("paths lead somewhere"))
}

/// What `JSON.stringify(value, null, 2)` gives.
pub(super) fn stringify(value: &Value) -> String {
    serde_json::to_string_pretty(&json(value)).expect("plain values")
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(text) => text.to_str_lossy().into_owned().into(),
        Value::Array(elements) => elements.iter().map(json).collect(),
        Value::Object(members) => serde_json::Value::Object(
            members
                .iter()
                .map(|(key, value)| (key.to_str_lossy().into_owned(), json(value)))
                .collect(),
        ),
        Value::Null | Value::Datetime(_) => serde_json::Value::Null,
    }
}

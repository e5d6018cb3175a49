//! `check`: judges configurations before they are deployed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use confwarden::fs;
use confwarden::ops::{self, Measure};
use confwarden::profile::Profile;
use confwarden::schema::Schema;
use walkdir::WalkDir;

use crate::args::{CheckArgs, GlobalArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{CheckReport, Printer, Report};
use crate::settings;

const NAME: &str = "check";
/// How a file ends that is taken for a configuration in a directory, whatever it is called.
const ENDING: &str = "json5";

/// Prints what it finds. A file that cannot be read ends it: half an answer would be taken for a whole.
pub(super) fn run(args: &CheckArgs, global: &GlobalArgs) -> Exit {
    let printer = Printer::new(global);
    match judged(args, global) {
        Ok(report) => report.print(&printer),
        Err(error) => printer.print(&Report::failed(Some(NAME), &error)),
    }
}

fn judged(args: &CheckArgs, global: &GlobalArgs) -> Result<CheckReport, CommandError> {
    let given = args.schema.as_deref().map(schema_of).transpose()?;
    let mut built_in = BTreeMap::new();
    let mut report = CheckReport::new();
    for file in files(args, global)? {
        let global =
            GlobalArgs { config: file.or_else(|| global.config.clone()), ..global.clone() };
        let workspace = settings::workspace(&global, NAME)?;
        let profile = &workspace.profile.name;
        let known = built_in.entry(profile.clone()).or_insert_with(|| {
            let schema = Profile::builtin_schema(profile).filter(|_| given.is_none())?;
            Some(Schema::parse(schema).expect("a test reads every built-in schema"))
        });
        let measure = Measure {
            against: args.against.as_deref(),
            schema: given.as_ref().or(known.as_ref()),
            allow: &args.allow,
        };
        let checked = ops::check(&workspace, &measure)?;
        report.add(checked, profile, args.fail_on);
    }
    Ok(report)
}

/// The files to judge; nothing stands for the one that the profile finds.
fn files(args: &CheckArgs, global: &GlobalArgs) -> Result<Vec<Option<PathBuf>>, CommandError> {
    if args.files.is_empty() {
        return Ok(vec![None]);
    }
    let mut files = Vec::new();
    for named in &args.files {
        if named.is_dir() {
            let before = files.len();
            files.extend(below(named, global)?.into_iter().map(Some));
            if files.len() == before {
                let message = format!("there is no configuration below `{}`", named.display());
                return Err(CommandError::new(Exit::Setup, anyhow::anyhow!(message))
                    .hint("name the file itself, whatever it is called"));
            }
        } else {
            files.push(Some(named.clone()));
        }
    }
    Ok(files)
}

/// The configurations below a directory, in the order of their names. Links to directories are not
/// followed: they may lead around in circles.
fn below(directory: &Path, global: &GlobalArgs) -> Result<Vec<PathBuf>, CommandError> {
    let workspace = settings::workspace(global, NAME)?;
    let names = &workspace.profile.discovery.names;
    let mut found = Vec::new();
    for entry in WalkDir::new(directory).sort_by_file_name() {
        let entry = entry
            .with_context(|| format!("could not look through `{}`", directory.display()))
            .map_err(|error| CommandError::new(Exit::Setup, error))?;
        let name = entry.file_name().to_string_lossy();
        let is_one = names.iter().any(|known| *known == name)
            || entry.path().extension().is_some_and(|ending| ending == ENDING);
        if is_one && !entry.file_type().is_dir() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

fn schema_of(file: &Path) -> Result<Schema, CommandError> {
    let what = || format!("could not use the schema `{}`", file.display());
    let failed = |error: anyhow::Error| CommandError::new(Exit::Setup, error);
    let bytes = fs::read_input(file).with_context(what).map_err(failed)?;
    let text = String::from_utf8(bytes).context("it is not UTF-8").with_context(what);
    Schema::parse(&text.map_err(failed)?).with_context(what).map_err(failed)
}

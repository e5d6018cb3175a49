//! The commands: each turns its arguments into one request to the library.
//!
//! A command holds no decision about configurations; where it needs an `if` about one, that
//! belongs in `confwarden::ops`.

mod accept;
mod apply;
mod cancel;
mod check;
mod confirm;
mod demo;
mod diff;
mod edit;
mod events;
mod exec;
mod explain;
mod get;
mod history;
mod keep_time;
mod mv;
mod patch;
mod prompt;
mod restore;
mod set;
mod signal;
mod status;
mod unset;
mod wait;
mod watch;

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context as _;
use clap::Parser as _;
use clap::error::ErrorKind;
use confwarden::doc::{Document, Format};
use confwarden::fs;
use confwarden::gateway::Depth;
use confwarden::history::Identities;
use confwarden::ops::{
    self, ConfirmWithin, Confirming, DryRun, HardLinks, Missing, OpsError, Outcome, Patience,
    Request, Restarts, Signalling, Workspace, WriteOptions,
};

use crate::args::{
    Command, CommandLine, ConfigCommand, ConfirmDepth, GlobalArgs, IdentityArgs, OutputFormat,
    PendingArgs, WriteArgs,
};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Printer, Reply, Report, Sight};
use crate::{settings, usage};

/// Runs the command that the process was started with, and prints its result.
pub(crate) fn run() -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let line = match CommandLine::try_parse_from(&arguments) {
        Ok(line) => line,
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Printer::help(&help);
        }
        Err(error) => {
            let printer = Printer::for_format(usage::output_format(&arguments));
            return printer.print(&Report::failed(None, &usage::explain(&error, &arguments)));
        }
    };
    if let Command::Check(args) = &line.command {
        return check::run(args, &line.global);
    }
    if !matches!(line.global.output, OutputFormat::Text | OutputFormat::Json) {
        let error = anyhow::anyhow!("only `check` has this form of output");
        let error = CommandError::new(Exit::Usage, error).hint("`text` and `json` are for all");
        return Printer::for_format(OutputFormat::Text).print(&Report::failed(None, &error));
    }
    // Not one report but a stream.
    if let Command::Events(args) = &line.command {
        return events::run(args, &line.global);
    }
    if let Command::Watch(args) = &line.command {
        return watch::run(args, &line.global);
    }
    if let Command::Demo = &line.command {
        return demo::run(&line.global);
    }
    Printer::new(&line.global).print(&report(&line))
}

fn report(line: &CommandLine) -> Report {
    match &line.command {
        Command::Explain(args) => match explain::run(args) {
            Ok(rules) => Report::of_rules("explain", &rules),
            Err(error) => Report::failed(Some("explain"), &error),
        },
        // They have printed what they had to say.
        Command::Check(_) | Command::Events(_) | Command::Watch(_) | Command::Demo => {
            Report::of_rules("events", &[])
        }
        Command::Config(command) => report_on_config(command, &line.global),
    }
}

fn report_on_config(command: &ConfigCommand, global: &GlobalArgs) -> Report {
    let name = command.name();
    let mut workspace = match settings::workspace(global, name) {
        Ok(workspace) => workspace,
        Err(error) => return Report::failed(Some(name), &error),
    };
    if workspace.gateway_version.is_none() && command.tells_costs() {
        workspace.gateway_version = ops::running_version(&workspace, settings::variables());
    }
    let dry_run = if global.dry_run { DryRun::Yes } else { DryRun::No };
    let context = Context { workspace: &workspace, dry_run, global, name };
    let reply = match command {
        ConfigCommand::Get(args) => get::run(args, &context),
        ConfigCommand::Set(args) => set::run(args, &context),
        ConfigCommand::Unset(args) => unset::run(args, &context),
        ConfigCommand::Mv(args) => mv::run(args, &context),
        ConfigCommand::Patch(args) => patch::run(args, &context),
        ConfigCommand::Apply(args) => apply::run(args, &context),
        ConfigCommand::Edit(args) => edit::run(args, &context),
        ConfigCommand::Exec(args) => exec::run(args, &context),
        ConfigCommand::Diff(args) => diff::run(args, &context),
        ConfigCommand::History(args) => history::run(args, &context),
        ConfigCommand::Restore(args) => restore::run(args, &context),
        ConfigCommand::Accept(args) => accept::run(args, &context),
        ConfigCommand::Status => status::run(&context),
        ConfigCommand::Wait(args) => wait::run(args, &context),
        ConfigCommand::Signal => Ok(signal::run(&context)),
        ConfigCommand::Confirm(args) => confirm::run(args, &context),
        ConfigCommand::Cancel(args) => cancel::run(args, &context),
        ConfigCommand::KeepTime => keep_time::run(&context),
    };
    match reply {
        Ok(reply) => context.reply(reply),
        Err(error) => context.failed(&error),
    }
}

/// What every command is given.
struct Context<'a> {
    workspace: &'a Workspace,
    dry_run: DryRun,
    global: &'a GlobalArgs,
    /// The command's name.
    name: &'static str,
}

impl Context<'_> {
    /// Makes one write.
    fn write(
        &self,
        request: &Request,
        args: &WriteArgs,
        pending: &PendingArgs,
    ) -> Result<Reply, CommandError> {
        let confirm = match pending.confirm_within {
            Some(limit) => {
                let timekeeper = settings::timekeeper(self.global, self.workspace)?;
                Some(ConfirmWithin { limit, timekeeper })
            }
            None => None,
        };
        let options = WriteOptions { confirm, ..self.options(args) };
        let write = |options: &WriteOptions| ops::write(self.workspace, request, options);
        Ok(Reply::Write(self.made(args, &options, write)?))
    }

    /// Makes a write, after the devices that are being paired, and has it confirmed where that is
    /// asked for.
    fn made(
        &self,
        args: &WriteArgs,
        options: &WriteOptions,
        write: impl Fn(&WriteOptions) -> Result<Outcome, OpsError>,
    ) -> Result<Outcome, OpsError> {
        let patience = if args.gateway.now {
            Patience::Now
        } else {
            Patience::UpTo { limit: args.gateway.pairing_timeout, variables: settings::variables() }
        };
        let write = || ops::patiently(self.workspace, &patience, options, &write);
        let depth = match args.gateway.confirm {
            ConfirmDepth::None => return write(),
            ConfirmDepth::Probe => Depth::Probe,
            ConfirmDepth::Applied => Depth::Applied,
        };
        if self.dry_run == DryRun::Yes {
            return write();
        }
        let (timeout, variables) = (args.gateway.confirm_timeout, settings::variables());
        ops::confirmed(self.workspace, &Confirming { depth, timeout, variables }, write)
    }

    /// How a write is made.
    fn options(&self, args: &WriteArgs) -> WriteOptions {
        WriteOptions {
            dry_run: self.dry_run,
            allow: args.allow.clone(),
            hard_links: if args.break_hard_link { HardLinks::Break } else { HardLinks::Refuse },
            missing: if args.create { Missing::Create } else { Missing::Refuse },
            restarts: if args.no_restart { Restarts::Refuse } else { Restarts::Allow },
            signalling: signalling(args.gateway.no_signal),
            confirm: None,
        }
    }

    /// What the library answered, without a secret in it.
    fn reply(&self, reply: Reply) -> Report {
        self.seen(reply, self.dry_run)
    }

    /// As [`Context::reply`], with the text of what would be written.
    fn plan(&self, reply: Reply) -> Report {
        self.seen(reply, DryRun::Yes)
    }

    fn seen(&self, reply: Reply, dry_run: DryRun) -> Report {
        let sight = Sight { workspace: self.workspace, dry_run, format: self.global.output };
        Report::of(self.name, reply, &sight)
    }

    /// Why the command failed.
    fn failed(&self, error: &CommandError) -> Report {
        Report::failed(Some(self.name), error).about(self.workspace)
    }

    /// Tells a person before the command has ended.
    fn explain(&self, report: &Report) {
        Printer::new(self.global).explain(report);
    }

    /// Reads a document that is no configuration: FILE, or standard input for `-`.
    fn document(&self, file: &Path) -> Result<Document, CommandError> {
        let (bytes, format, what) = if file == Path::new("-") {
            (
                fs::read_stdin()?,
                Format::of_path(&self.workspace.config),
                "standard input".to_owned(),
            )
        } else {
            (fs::read_input(file)?, Format::of_path(file), format!("`{}`", file.display()))
        };
        Document::parse_bytes(bytes, format)
            .map_err(|error| CommandError::syntax(&what, file, error))
    }
}

/// There is none of what settles a write.
fn refuse_dry_run(context: &Context<'_>) -> Result<(), CommandError> {
    match context.dry_run {
        DryRun::No => Ok(()),
        DryRun::Yes => {
            let error = anyhow::anyhow!("`{}` cannot be a dry run", context.name);
            Err(CommandError::new(Exit::Usage, error)
                .hint("`confwarden status` says what waits to be confirmed"))
        }
    }
}

fn signalling(no_signal: bool) -> Signalling {
    if no_signal { Signalling::None } else { Signalling::AsNeeded }
}

/// Who opens encrypted texts of the history.
fn identities(args: &IdentityArgs) -> Result<Identities, CommandError> {
    let Some(file) = &args.identity else { return Ok(Identities::none()) };
    let what = || format!("could not use the identity file `{}`", file.display());
    let failed = |error: anyhow::Error| CommandError::new(Exit::Setup, error);
    let bytes = fs::read_input(file).with_context(what).map_err(failed)?;
    Identities::parse(&String::from_utf8_lossy(&bytes)).with_context(what).map_err(failed)
}

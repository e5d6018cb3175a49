//! What may be typed after `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Judge a configuration before it is deployed
///
/// Syntax, then the shape that its gateway asks for, then the rules. Nothing is written, and no gateway
/// need be installed. Ends with code 1 where something is at or above the threshold, a text that does
/// not parse included.
#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The files [default: the configuration]
    ///
    /// Of a directory, every file below it whose name a gateway's configuration has, or that ends in
    /// `.json5`.
    #[arg(value_name = "FILE|DIR")]
    pub(crate) files: Vec<PathBuf>,

    /// The configuration that it would replace: judge the step from there too
    #[arg(long, value_name = "BASE")]
    pub(crate) against: Option<PathBuf>,

    /// The schema of the gateway, as `openclaw config schema` prints it [default: what is built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,

    /// From what on findings end with code 1
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t)]
    pub(crate) fail_on: Threshold,

    /// Take findings of this rule for warnings
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
}

/// From what on findings fail a check.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Threshold {
    /// What would refuse a write.
    #[default]
    Error,
    /// What would be warned of, too.
    Warning,
}

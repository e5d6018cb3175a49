//! One finished run of the program, and what is expected of it.

use std::fmt;
use std::process::Output;
use std::sync::LazyLock;

use serde_json::Value;

/// One finished run. The checks return the run, so that they chain.
pub(crate) struct Run {
    command: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// The schema of `--output json`.
static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../schemas/report.v1.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

impl Run {
    pub(crate) fn new(command: String, output: Output) -> Self {
        Self {
            command,
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("output is UTF-8"),
        }
    }

    /// It ended with `code`.
    #[track_caller]
    pub(crate) fn code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "the exit code of {self}");
        self
    }

    /// The exit code; nothing where a signal ended it.
    pub(crate) fn ended(&self) -> Option<i32> {
        self.code
    }

    /// Standard output is exactly `text`.
    #[track_caller]
    pub(crate) fn prints(&self, text: &str) -> &Self {
        assert_eq!(self.stdout, text, "standard output of {self}");
        self
    }

    /// Standard output holds `text`.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "standard output should hold {text:?} in {self}");
        self
    }

    /// Standard error is exactly `text`.
    #[track_caller]
    pub(crate) fn tells(&self, text: &str) -> &Self {
        assert_eq!(self.stderr, text, "standard error of {self}");
        self
    }

    /// Standard error holds `text`.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "standard error should hold {text:?} in {self}");
        self
    }

    /// Neither stream holds `text`.
    #[track_caller]
    pub(crate) fn never_says(&self, text: &str) -> &Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "no output should hold {text:?} in {self}"
        );
        self
    }

    /// Both streams.
    pub(crate) fn everything(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Standard output.
    pub(crate) fn stdout(&self) -> &str {
        &self.stdout
    }

    /// The report of a run with `--output json`: one object, after its schema, that agrees with the
    /// exit code.
    #[track_caller]
    pub(crate) fn report(&self) -> Value {
        let report = self.report_in(&self.stdout);
        assert_eq!(self.stderr, "", "a report is all there is in {self}");
        report
    }

    /// As [`Run::report`], where people were told something before on standard error.
    #[track_caller]
    pub(crate) fn last_report(&self) -> Value {
        self.report_in(&self.stdout)
    }

    /// As [`Run::report`], on standard error, where standard output is another program's.
    #[track_caller]
    pub(crate) fn report_beside(&self) -> Value {
        self.report_in(&self.stderr)
    }

    #[track_caller]
    fn report_in(&self, stream: &str) -> Value {
        let report: Value = match serde_json::from_str(stream) {
            Ok(report) => report,
            Err(error) => panic!("a report should be one JSON value ({error}) in {self}"),
        };
        let faults: Vec<String> = SCHEMA
            .iter_errors(&report)
            .map(|fault| format!("{} at {}", fault, fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "the report breaks its schema: {faults:#?} in {self}");
        assert_eq!(report["exit"]["code"].as_i64(), self.code.map(i64::from), "{self}");
        assert_eq!(stream.lines().count(), 1, "a report is one line in {self}");
        report
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "`{command}`\ncode: {code:?}\n-- stdout\n{stdout}\n-- stderr\n{stderr}\n--")
    }
}

//! Sets one key of a configuration, as a program would that embeds confwarden.
//!
//! ```text
//! cargo run --example set_one_key -- openclaw.json gateway.port 18790
//! ```

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use confwarden::ops::{self, Access, Assignment, Input, Request, Status, Workspace, WriteOptions};
use confwarden::profile::Profile;

#[expect(clippy::print_stdout, reason = "this is what the example is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(config), Some(path), Some(value)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: set_one_key CONFIG PATH VALUE".into());
    };

    let workspace = Workspace {
        config: config.into(),
        profile: Arc::new(Profile::builtin("openclaw").ok_or("there is no profile `openclaw`")?),
        state_dir: std::env::temp_dir().join("confwarden-example"),
        lock_timeout: Duration::from_secs(5),
        command: "set_one_key".to_owned(),
        include_roots: Vec::new(),
        access: Access::Writable,
        gateway_version: None,
    };
    let assignment = Assignment { path: path.parse()?, input: Input::Text(value) };
    let request = Request::Set(vec![assignment]);

    // A refusal by a rule is an outcome; an error means that it could not be tried.
    let outcome = ops::write(&workspace, &request, &WriteOptions::default())?;
    for finding in &outcome.findings {
        println!("{}: {}", finding.rule, finding.message);
    }
    for change in &outcome.changes {
        // Values may be secrets: `confwarden::redact` shows them safely.
        println!("{} changes: {:?}", change.path, change.class);
    }
    match outcome.status {
        Status::Refused => Err("the write was refused, the file is as it was".into()),
        _ => Ok(()),
    }
}

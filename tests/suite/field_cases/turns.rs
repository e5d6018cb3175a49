//! CC: other programs read, think, and write the whole file, and each has its turn.

use std::time::Duration;

use super::foreign::{exec, exec_unread, house, jq};
use crate::support::{Sandbox, TOKEN};

/// A program that reads the file, takes its time, and stores what it has read, changed.
fn slow(change: &str) -> String {
    format!("touch began; cp \"$1\" mine; sleep 0.3; sed '{change}' mine > new && mv new \"$1\"")
}

fn until_begun(sandbox: &Sandbox) {
    while !sandbox.path("began").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// openclaw#112718: two installs of plugins at once, one fails, in 12 of 12 runs.
#[test]
fn cc_06_two_installs_at_once_take_turns() {
    let sandbox = Sandbox::config(house());
    std::thread::scope(|scope| {
        for plugin in 0..4 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let install = slow(&format!("s/^  logging/  plugin{plugin}: {{ on: true }},\\n&/"));
                // Each has its own names, as two processes have.
                let install = install.replace("mine", &format!("mine{plugin}"));
                exec_unread(sandbox, &[], &install).code(0);
            });
        }
    });
    for plugin in 0..4 {
        sandbox.run(["get", &format!("plugin{plugin}.on")]).code(0).prints("true\n");
    }
    assert!(sandbox.text().contains("// local only"));
}

/// NemoClaw#12120: a tool of the host reads and replaces the whole file, an edit in between is lost.
#[test]
fn cc_09_an_edit_in_between_waits_or_is_merged() {
    let sandbox = Sandbox::config(house());
    std::thread::scope(|scope| {
        let tool = scope.spawn(|| exec_unread(&sandbox, &[], &slow("s/18789/18790/")));
        until_begun(&sandbox);
        sandbox.run(["set", "logging.level", "debug"]).code(0);
        tool.join().unwrap().code(0);
    });
    let expected = house().replace("18789", "18790").replace("\"info\"", "\"debug\"");
    sandbox.holds(&expected);
    // In an editor nothing is held, so what others write meanwhile is merged.
    let config = sandbox.config_path().display();
    let editor = format!("sh -c 'sed -i s/debug/trace/ {config}; sed -i s/large/huge/ \"$1\"' sh");
    sandbox.invoke(["edit"]).env("EDITOR", editor).run().code(0).never_says(TOKEN);
    sandbox.holds(&expected.replace("debug", "trace").replace("large", "huge"));
}

/// openclaw PR#147120: the doctor is refused once, and writes by a second path all the same.
#[test]
fn cc_11_what_was_refused_does_not_come_in_by_the_back_door() {
    let other = "fake-token-9b1deb4d3b7d4bad";
    let program = env!("CARGO_BIN_EXE_confwarden");
    let sandbox = Sandbox::config(house());
    let repair = jq(&format!(".gateway.auth.token = \"{other}\" | .logging.level = \"debug\""));
    let script = format!(
        "printf %s {other} | {program} set --stdin gateway.auth.token; [ $? -eq 3 ] || exit 9\n{repair}"
    );
    let run = exec(&sandbox, &["--strict"], &script);
    run.code(3).says("put back the value of `gateway.auth.token`").never_says(other);
    sandbox.holds(&house().replace("\"info\"", "\"debug\""));
}

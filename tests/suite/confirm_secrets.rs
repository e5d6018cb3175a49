//! Planted secrets, where a gateway is asked: what it is shown, what it says, what comes of both.

use crate::secrets::{BASE, Watched};
use crate::support::{FakeGateway, Release, Sandbox};

/// The token of [`BASE`].
const CANARY: &str = "canary-token-0123456789";

/// A gateway that has the token of [`BASE`], and says secrets itself in each of its errors.
fn start() -> (Watched, FakeGateway) {
    let after = BASE.replace("level: \"info\"", "level: \"debug\"").replace("lan", "auto");
    let sandbox = Sandbox::config(BASE).with("after.json5", after);
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| CANARY.clone_into(&mut manners.token));
    (Watched::new(sandbox), gateway)
}

fn ask_everything(watched: &Watched) {
    let set =
        ["set", "cron.enabled", "true", "--confirm", "applied", "--confirm-timeout", "1500ms"];
    watched.check(&set, "");
    watched.check(&["status"], "");
    watched.check(&["wait", "--for", "reloaded", "--timeout", "1s"], "");
    let files = ["openclaw.json", "after.json5"].map(|name| watched.sandbox.path(name));
    let files = files.each_ref().map(|file| file.to_str().unwrap());
    watched.check(&["diff", "--ask-gateway", files[0], files[1]], "");
}

#[test]
fn a_gateway_that_is_asked_tells_no_secret_through_us() {
    let (watched, gateway) = start();
    ask_everything(&watched);
    assert!(
        gateway.shown().iter().any(|frame| frame.contains(CANARY)),
        "it is shown the token, or nothing was proved"
    );
    gateway.set(|manners| manners.refuses = Some("cron".to_owned()));
    ask_everything(&watched);
}

#[test]
fn a_gateway_that_does_not_let_us_in_tells_no_secret_through_us() {
    let (watched, gateway) = start();
    gateway.set(|manners| manners.token = "another".to_owned());
    ask_everything(&watched);
    gateway.set(|manners| manners.pending = 1);
    let restart = ["set", "gateway.bind", "auto", "--pairing-timeout", "10ms"];
    watched.check(&restart, "");
    gateway.set(|manners| CANARY.clone_into(&mut manners.token));
    watched.check(&restart, "");
}

#[test]
fn a_new_token_is_confirmed_without_being_told() {
    let (watched, gateway) = start();
    let rotate = [
        "set",
        "gateway.auth.token",
        "--stdin",
        "--allow=auth-token-changed",
        "--confirm=applied",
        "--confirm-timeout=1500ms",
    ];
    watched.check(&rotate, "canary-rotated-0123456789");
    gateway.set(|manners| manners.keeps_old = true);
    watched.check(&rotate, "canary-rotated-0123456789");
}

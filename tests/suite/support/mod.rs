//! What the suites share: a sandbox to run the real program in, and checks of what it leaves.

mod fake_gateway;
mod faults;
mod mounts;
mod run;
mod running;
mod sandbox;
mod seen;
mod tools;

pub(crate) use fake_gateway::{FakeGateway, Release, lock_file, start_of};
pub(crate) use faults::{Call, Faults, not_checked, tell};
pub(crate) use mounts::Mounts;
pub(crate) use run::Run;
pub(crate) use running::Running;
pub(crate) use sandbox::{Invocation, Sandbox, is_root};
pub(crate) use seen::Seen;
pub(crate) use tools::{faked_clock, tools};

/// A gateway in the local network, with comments.
pub(crate) const GATEWAY: &str = r#"// The gateway at home.
{
  gateway: {
    mode: "local",
    port: 18789, // behind the proxy
    bind: "lan",
    auth: {
      mode: "token",
      // Every client has this one.
      token: "fake-token-5d41402abc4b2a76",
      allowTailscale: true,
    },
  },
  // Who answers.
  agents: {
    list: [
      { id: "main", model: "large" },
      { id: "clerk", model: "small" }, // sorts the mail
    ],
  },
  logging: { level: "info" },
}
"#;

/// The token of [`GATEWAY`], which no output may hold.
pub(crate) const TOKEN: &str = "fake-token-5d41402abc4b2a76";

//! Against real gateways of two releases: what they make of our writes, and what happens to them under
//! the guard.
//!
//! They run where `CONFWARDEN_GATEWAY_TESTS` is set and `tests/gateway/install.sh` has installed them,
//! and say elsewhere that they did not.

mod asked; // what they say that changes cost
mod client; // a WebSocket client that stays connected
mod commands; // the gateway's own command line under the guard, and ours beside it
mod confirm; // whether they have taken a write
mod drops; // tokens dropped by five writers, with the guard and without
mod guard; // the guard in the background
mod installed; // the releases, one test at a time
mod reload; // what changes cost them, as it is said beforehand
mod running; // a gateway that runs
mod writers; // the five writers
mod writes; // our writes and theirs

//! The `confwarden` command.

fn main() {}

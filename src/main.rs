//! The `daypass` command.

fn main() {}

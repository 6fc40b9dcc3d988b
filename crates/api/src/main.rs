//! The `circle` command.
fn main() {}

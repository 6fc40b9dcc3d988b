//! The whole product, started in-process.

fn main() {}

//! The `wirebench` program.

fn main() {}

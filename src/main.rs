//! The `wirebench` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    wirebench::run::run()
}

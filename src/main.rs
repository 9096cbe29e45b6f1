//! The `cwmpd` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cwmpd::cli::run(std::env::args_os())
}

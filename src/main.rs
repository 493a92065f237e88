//! The `standstill` program: see [`standstill::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    standstill::cli::main()
}

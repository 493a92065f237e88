//! The `standstill` program: see [`standstill::cli`].

use std::process::ExitCode;

/// Verifying a log makes millions of short-lived statements, on every core.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    standstill::cli::main()
}

//! The `circle` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives memory that was only needed for a moment back, where the system's own allocator keeps it for each thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    api::cli::main()
}

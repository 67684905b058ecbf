//! The `daypass` command.

/// Wipes what is freed, also what libraries held of a secret: a buffer of a connection, a document on its way out.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    daypass::cli::main()
}

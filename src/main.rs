//! The `daypass` command.

/// Wipes freed memory, including what libraries held of a secret: a buffer of a connection, an answer on its way out. Every
/// request makes hundreds of small allocations on several threads: the system's own allocator took an eighth of the time of a
/// secret's read.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> = zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn main() -> std::process::ExitCode {
    daypass::cli::main()
}

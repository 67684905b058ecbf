//! `daypass sidecar` and nothing else: what a pod runs (`docs/decisions/0021-the-sidecar-is-a-binary-of-its-own.md`).

/// Wipes freed memory, as in the complete program (`main.rs`).
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    daypass::cli::sidecar_main()
}

//! Keeps secrets out of core dumps and out of the messages of panics.

use rustix::io::Result;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use std::io::Write;
use std::sync::OnceLock;

/// The limit of core dumps that this process was started with. `None` inside is no limit.
static GIVEN: OnceLock<Option<u64>> = OnceLock::new();

/// Keeps secrets out of core dumps, and other processes from reading them. A panic prints its place, but not its message.
///
/// Every command calls it before it reads its arguments: most of them hold a key, a token or a secret sooner or later. The limit can be
/// raised again, which a command that `exec` starts may need.
pub fn harden() {
    let _ = GIVEN.set(getrlimit(Resource::Core).current);
    let results = [set_dumpable_behavior(DumpableBehavior::NotDumpable), set_limit(Some(0))];
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if tracing::dispatcher::has_been_set() {
            tracing::error!(place, "a panic; its message is not printed");
        } else {
            let _ = writeln!(std::io::stderr(), "daypass: a panic at {place}; its message is not printed");
        }
    }));
    if results.iter().any(std::result::Result::is_err) {
        let _ = writeln!(std::io::stderr(), "daypass: core dumps cannot be turned off on this system");
    }
}

/// Also for the processes that this one starts, and for good.
pub fn forbid_core_dumps() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Starts a process with the limit that this one was started with. Until it has started, this one has the limit too, and writes no core
/// dump all the same: it is not dumpable, which a new program does not inherit.
pub fn with_given_limit<T>(start: impl FnOnce() -> T) -> T {
    let Some(given) = GIVEN.get() else { return start() };
    let _ = set_limit(*given);
    let started = start();
    let _ = set_limit(Some(0));
    started
}

fn set_limit(current: Option<u64>) -> Result<()> {
    setrlimit(Resource::Core, Rlimit { current, ..getrlimit(Resource::Core) })
}

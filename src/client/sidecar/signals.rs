//! Signals by which applications are told something, or end.

use rustix::process::Signal;

/// Those that are sent, by their names.
pub(super) const SIGNALS: [(&str, Signal); 7] = [
    ("HUP", Signal::HUP),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
];

/// Their names, for whoever writes another one.
pub(super) fn signal_names() -> String {
    SIGNALS.map(|(name, _)| name).join(", ")
}

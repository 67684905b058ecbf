//! Signals that notify applications, or end them.

use rustix::process::Signal;

/// The supported signals, by their names.
pub(super) const SIGNALS: [(&str, Signal); 7] = [
    ("HUP", Signal::HUP),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
];

/// Their names, for an error message.
pub(super) fn signal_names() -> String {
    SIGNALS.map(|(name, _)| name).join(", ")
}

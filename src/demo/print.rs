//! How the demo speaks.

use anstyle::{Reset, Style};

pub(super) fn say(text: &str) {
    anstream::println!("{text}");
}

pub(super) fn note(text: &str) {
    anstream::println!("\n{text}\n");
}

/// Indented and dimmed: what a file or a program says.
pub(super) fn show(text: impl AsRef<str>) {
    let style = Style::new().dimmed();
    for line in text.as_ref().lines() {
        anstream::println!("  {style}{line}{Reset}");
    }
}

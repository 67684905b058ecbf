//! How the demo prints.

use anstyle::{Reset, Style};

pub(super) fn paragraph(text: &str) {
    anstream::println!("{text}");
}

pub(super) fn note(text: &str) {
    anstream::println!("\n{text}\n");
}

/// Prints the text of a file or a program, indented and dimmed.
pub(super) fn show(text: impl AsRef<str>) {
    let style = Style::new().dimmed();
    for line in text.as_ref().lines() {
        anstream::println!("  {style}{line}{Reset}");
    }
}

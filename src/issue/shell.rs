//! Quotes words of shell commands that are printed for people to run.

/// Quotes any text as one word of a POSIX shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

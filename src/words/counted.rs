//! A number with its noun, for messages.

/// A count and its noun, such as `2 policies`.
pub fn counted(count: usize, what: &str) -> String {
    match what.strip_suffix('y') {
        _ if count == 1 => format!("1 {what}"),
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_singular() {
        let counts = |count| (counted(count, "fault"), counted(count, "policy"));
        assert_eq!(counts(1), ("1 fault".to_owned(), "1 policy".to_owned()));
        assert_eq!(counts(0), ("0 faults".to_owned(), "0 policies".to_owned()));
        assert_eq!(counts(2), ("2 faults".to_owned(), "2 policies".to_owned()));
    }
}

//! Writes JSON pointers (RFC 6901).

/// The pointer to a member of what `at` points to.
pub fn pointer_below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_and_a_tilde_within_a_name_are_escaped() {
        assert_eq!(pointer_below("", "a"), "/a");
        assert_eq!(pointer_below("/a", "b/c~1"), "/a/b~1c~01");
    }
}

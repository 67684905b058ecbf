//! IAM's wildcards: `*` matches any characters, `?` matches one.

/// Whether a pattern matches the whole text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&one) if one == b'?' || one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn it_matches_what_iam_matches() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("sts:*", "sts:assumerole", true),
            ("sts:assume*with*", "sts:assumerole", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("arn:*:role/a*b", "arn:x:role/a-b-b", true),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}

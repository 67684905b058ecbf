//! `StringLike` of IAM: `*` matches any characters, also `/` and `:`; `?` matches one.

use super::pieces::{LikeError, Piece, Wildcard, write};

/// The pattern of a policy that matches no more than the text, and a note if it matches less.
pub(super) fn translate(text: &str) -> Result<(String, Option<String>), LikeError> {
    if text.contains('?') {
        return Err(LikeError::OneCharacter { text: text.to_owned() });
    }
    if text.contains("${") {
        return Err(LikeError::Variable { text: text.to_owned() });
    }
    let piece = |character| match character {
        '*' => Piece::Wild(Wildcard { crosses: true, least: 0 }),
        other => Piece::Literal(other),
    };
    let written = write(&text.chars().map(piece).collect::<Vec<_>>());
    let written = written.map_err(|reason| LikeError::Piece { text: text.to_owned(), reason })?;
    let note = written.narrowed.then(|| format!("`{text}`: narrower as `{}`: `*` stays within a segment", written.text));
    Ok((written.text, note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pattern;
    use proptest::prelude::*;

    /// The obvious matcher of `*`.
    fn fits(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|from| fits(rest, &text[from..])),
            [first, rest @ ..] => text.first() == Some(first) && fits(rest, &text[1..]),
        }
    }

    #[test]
    fn a_star_matches_further_segments_where_it_begins_one() {
        for (text, pattern, narrowed) in [
            ("repo:o/r:*", "repo:o/r:**", false),
            ("repo:o/*", "repo:o/**", false),
            ("repo:o*:x", "repo:o*:x", true),
            ("**", "**", false),
        ] {
            let (translated, note) = translate(text).unwrap();
            assert_eq!((translated.as_str(), note.is_some()), (pattern, narrowed), "{text}");
        }
        assert!(translate("a?").is_err() && translate("${aws:x}").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn no_translation_is_wider(original in "[ab/:@*]{1,8}", text in "[ab/:@]{0,8}") {
            let (pattern, _) = translate(&original).unwrap();
            if Pattern::parse(&pattern).unwrap().matches(&text) {
                prop_assert!(fits(original.as_bytes(), text.as_bytes()), "{pattern} matches {text}, and {original} does not");
            }
        }
    }
}

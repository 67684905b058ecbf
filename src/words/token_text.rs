//! How a token looks in text: a JWT (RFC 7519), compact and signed or encrypted (RFC 7515, RFC 7516), and those with a beginning of their
//! own. A job may send its own in the place of a name, and whoever reads the name could use it; a provider may write one into a message.

use std::ops::Range;

/// How the first part may begin: base64url of a brace, with a quote or white space behind it.
const BEGINS: [&str; 5] = ["eyJ", "eyA", "ewo", "ewk", "ew0"];
/// How our own session tokens begin, by which secret scanners find leaked ones.
pub(crate) const SESSION_BEGIN: &str = "daypass-session.";
/// How other tokens begin, and the fewest bytes behind that: ours; GitHub's, which have 36 at least (GitHub, "Token formats"); Google's
/// access tokens.
const OWN_BEGINS: [(&str, usize); 8] = [
    (SESSION_BEGIN, BYTES_MIN),
    ("github_pat_", GITHUB_BYTES_MIN),
    ("ghp_", GITHUB_BYTES_MIN),
    ("gho_", GITHUB_BYTES_MIN),
    ("ghu_", GITHUB_BYTES_MIN),
    ("ghs_", GITHUB_BYTES_MIN),
    ("ghr_", GITHUB_BYTES_MIN),
    ("ya29.", BYTES_MIN),
];
const GITHUB_BYTES_MIN: usize = 36;
/// The dots of a signed token. An encrypted one has more.
const DOTS_MIN: usize = 2;
/// The shortest token that is signed: a header of HS256 has 20 characters, a signature of it 43. A shorter text is a name.
const BYTES_MIN: usize = 64;

/// Where tokens stand, in order, without the beginning that says what they are.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split(|one: char| !is_of_token(one)).filter_map(move |word| {
        let at = start;
        // A character that ends a word may have several bytes, so the next word begins where the slice says.
        start += word.len();
        start += text[start..].chars().next().map_or(0, char::len_utf8);
        token(word).map(|token| at + token.start..at + token.end)
    })
}

fn token(word: &str) -> Option<Range<usize>> {
    // Nearly every word ends here: names are short, and each search takes longer than all of their other checks.
    if word.len() < GITHUB_BYTES_MIN {
        return None;
    }
    let word = word.trim_end_matches('.');
    let behind =
        |(begin, least): &(&str, usize)| word.find(begin).map(|at| at + begin.len()).filter(|at| word.len() - at >= *least);
    if let Some(begin) = OWN_BEGINS.iter().filter_map(behind).min() {
        return Some(begin..word.len());
    }
    // If the first beginning is none of a token, a later one has fewer bytes and dots.
    let (begin, first) = BEGINS.iter().filter_map(|first| word.find(first).map(|begin| (begin, first))).min()?;
    let dots = word[begin..].bytes().filter(|byte| *byte == b'.').count();
    (word.len() - begin >= BYTES_MIN && dots >= DOTS_MIN).then_some(begin + first.len()..word.len())
}

/// The alphabet of base64url, and the dot between two parts.
const fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut shown = text.to_owned();
        tokens(text).collect::<Vec<_>>().into_iter().rev().for_each(|token| shown.replace_range(token, "…"));
        shown
    }

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        let signed = format!("eyJhbGciOiJIUzI1NiJ9.e30.{}", "a".repeat(43));
        let encrypted = format!("eyJhbGciOiJkaXIifQ..{}.{}.{}", "i".repeat(16), "c".repeat(30), "t".repeat(22));
        for token in [signed, encrypted] {
            assert_eq!(shown(&token), "eyJ…");
            assert_eq!(
                shown(&format!("no policy grants id_token {token}. ü`{token}`")),
                "no policy grants id_token eyJ…. ü`eyJ…`"
            );
            assert_eq!(shown(&format!("secret shop/x-{token}#/a")), "secret shop/x-eyJ…#/a");
        }
    }

    #[test]
    fn a_token_with_white_space_in_its_header_and_a_session_are_found() {
        let rest = format!("{}.e30.{}", "a".repeat(20), "a".repeat(43));
        for begin in ["eyA", "ewo", "ewk", "ew0"] {
            assert_eq!(shown(&format!("secret {begin}{rest}")), format!("secret {begin}…"));
        }
        assert_eq!(shown(&format!("a daypass-session.{}", "a".repeat(80))), "a daypass-session.…");
        assert_eq!(shown("daypass-session.short"), "daypass-session.short");
        let token = "a1B2".repeat(9);
        assert_eq!(shown(&format!("use ghs_{token} now, github_pat_{token}")), "use ghs_… now, github_pat_…");
        assert_eq!(shown(&format!("ghs_4711_eyJhbGciOiJIUzI1NiJ9.e30.{token}")), "ghs_…");
        assert_eq!(shown(&format!("ya29.{token}{token}")), "ya29.…");
        assert_eq!(shown("shop/ghs_token"), "shop/ghs_token");
    }

    #[test]
    fn names_stay_as_they_are() {
        let long = "a".repeat(100);
        for text in ["eyJ-canary", "shop/eyJ.a.b", &format!("eyJ{long}"), &format!("eyJ{long}.b"), &format!("{long}.b.c"), ""] {
            assert_eq!(shown(text), text);
        }
    }
}

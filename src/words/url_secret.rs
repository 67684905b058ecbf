//! What a URL holds beside an address: a user with a password or a token (RFC 3986, section 3.2.1), and a query, in which forges take
//! tokens too. People write them where an address alone belongs, and whoever tells them so shows what they wrote.

use std::ops::Range;

/// Where a scheme ends.
const SCHEME_END: &str = "://";
/// Where the authority of a URL ends. A reader that follows the WHATWG takes `\` for `/`.
const AUTHORITY_ENDS: [char; 4] = ['/', '?', '#', '\\'];
/// What may follow a URL in a sentence, a list or a mapping. None of it is needed to tell where a query is.
const PUNCTUATION: [char; 8] = [':', ',', ';', '.', ')', ']', '}', '\''];

/// Where secrets of URLs stand, in order. Each byte is looked at a few times only, whatever the text.
pub(super) fn url_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for word in text.split(is_end) {
        add_of_word(word, start, &mut found);
        // Every character that ends a word is looked up again, because it may have several bytes.
        start += word.len();
        start += text[start..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// Whether a character stands in no URL.
fn is_end(character: char) -> bool {
    character.is_whitespace() || character.is_control() || matches!(character, '"' | '`' | '<' | '>')
}

/// Adds those of a word, which begins here in the text. A URL may be part of another one's path.
fn add_of_word(word: &str, start: usize, found: &mut Vec<Range<usize>>) {
    let Some(mut at) = word.find(SCHEME_END) else { return };
    let (last_at, mut query) = (word.rfind('@'), word.find('?'));
    loop {
        let begin = at + SCHEME_END.len();
        let authority = word[begin..].split(AUTHORITY_ENDS).next().unwrap_or_default();
        let scheme = &word[..at];
        at = begin + authority.len();
        match (authority.rfind('@'), last_at) {
            (Some(end), _) if is_mere_user(scheme, &authority[..end]) => {}
            (Some(end), _) => found.push(start + begin..start + begin + end),
            // A password with a slash: no authority ends like this.
            (None, Some(last_at)) if last_at > begin && has_no_port(authority) => {
                found.push(start + begin..start + last_at);
                at = last_at;
                query = word[at..].find('?').map(|query| at + query);
            }
            (None, _) => {}
        }
        match (word[at..].find(SCHEME_END).map(|next| at + next), query) {
            (Some(next), query) if query.is_none_or(|query| next < query) => at = next,
            (_, Some(query)) => {
                let secret = start + query + 1..start + word.trim_end_matches(PUNCTUATION).len();
                if !secret.is_empty() {
                    found.push(secret);
                }
                return;
            }
            (_, None) => return,
        }
    }
}

/// `ssh://git@host`: a user of ssh is no secret, and forges have one name for everybody.
fn is_mere_user(scheme: &str, user: &str) -> bool {
    scheme.as_bytes().last_chunk().is_some_and(|end: &[u8; 3]| end.eq_ignore_ascii_case(b"ssh")) && !user.contains(':')
}

/// Whether a colon is there, and no port behind it.
fn has_no_port(authority: &str) -> bool {
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    !authority.starts_with('[') && port.is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut shown = text.to_owned();
        url_secrets(text).into_iter().rev().for_each(|secret| shown.replace_range(secret, "…"));
        shown
    }

    #[test]
    fn users_and_queries_of_urls_are_found() {
        for (text, expected) in [
            ("`https://u:HUNTER2@127.0.0.1:1/x.git`: no", "`https://…@127.0.0.1:1/x.git`: no"),
            ("https://HUNTER2@h/x", "https://…@h/x"),
            ("git://u:HUNTER2@h/x HTTP://u:HUNTER2@h", "git://…@h/x HTTP://…@h"),
            ("ssh://u:HUNTER2@h/x and ssh://git@h/x", "ssh://…@h/x and ssh://git@h/x"),
            ("git+ssh://git@h/x", "git+ssh://git@h/x"),
            ("https://h/x?private_token=HUNTER2", "https://h/x?…"),
            ("(https://h?token=HUNTER2), and more", "(https://h?…), and more"),
            ("{ git: 'https://h/x?a=HUNTER2', b: c }", "{ git: 'https://h/x?…', b: c }"),
            ("https://h/x?: answered 404", "https://h/x?: answered 404"),
            ("https://u:HUNTER2/HUNTER2@h/x?a=HUNTER2", "https://…@h/x?…"),
            ("https://u:HUN?TER2@h/x", "https://…@h/x"),
            ("https://u:HUN@TER2@h/x", "https://…@h/x"),
            ("https://proxy/https://u:HUNTER2@h/x", "https://proxy/https://…@h/x"),
            ("https://h/x?to=https://u:HUNTER2@h", "https://h/x?…"),
            ("ü https://ü:HUNTER2@h\u{2028}https://HUNTER2@h", "ü https://…@h\u{2028}https://…@h"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn an_address_and_other_texts_stay_as_they_are() {
        for text in [
            "https://git.acme.com:8443/a.git",
            "https://npm.acme.com/@scope/x",
            "http://[fd00::7]/@x http://[fd00::7]:80/@x",
            "git@git.acme.com:platform/access.git",
            "acme/shop@456789?",
            "oci://registry/shop@sha256:12ab",
            "what? a://b and c",
            "https://…?",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    /// Whoever pushes writes such a text.
    #[test]
    fn a_text_full_of_urls_is_read_in_one_pass() {
        for piece in ["a://", "a://b:c/", "a://b@c/", "://@", "a://b?c ", "\u{2028}", "@", "?"] {
            let text = piece.repeat(1024 * 1024 / piece.len());
            assert!(url_secrets(&text).iter().all(|secret| secret.end <= text.len()), "{piece}");
        }
    }
}

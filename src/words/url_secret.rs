//! What a URL holds beside an address: a user with a password or a token (RFC 3986, section 3.2.1), and a query, in which forges take
//! tokens too. People write them where an address alone belongs, and whoever tells them so shows what they wrote.

use std::ops::Range;

/// Schemes behind which a reader that follows the WHATWG needs no `//`: `https:/u:p@host` and `https:u:p@host` are addresses to it.
const SPECIAL: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];
/// What stands before the authority behind any other scheme.
const SLASHES: &str = "//";
/// Where the authority of a URL ends. A reader that follows the WHATWG takes `\` for `/`.
const AUTHORITY_ENDS: [char; 4] = ['/', '?', '#', '\\'];
/// What may follow a URL in a sentence, a list or a mapping. None of it is needed to tell where a query is.
const PUNCTUATION: [char; 11] = [':', ',', ';', '.', ')', ']', '}', '\'', '"', '`', '>'];
/// URLs of a line that are looked at for a password with a space. A line that is shown has few.
const URLS_OF_LINE_MAX: usize = 32;

/// Where secrets of URLs stand in a text of words, in order. Each byte is looked at a few times only, whatever the text.
pub(super) fn url_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Most texts have no URL, and messages may quote a whole file.
    if !text.contains(':') {
        return found;
    }
    let mut start = 0;
    for words in text.split(is_space) {
        add_of_words(words, start, &mut found);
        // Every character that ends a word is looked up again, because it may have several bytes.
        start += words.len();
        start += text[start..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// Where they stand in a text that is one URL as a whole, whatever characters it has: the value of a key that has an address.
pub(super) fn secrets_of_url(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    add_of_word(text, 0, &mut found);
    found
}

/// Whether a URL that begins in this line may have a password with a space, which ends a URL elsewhere.
pub(super) fn may_be_cut(line: &str) -> bool {
    let ends_early = |at: usize| {
        let authority = line[at..].split(AUTHORITY_ENDS).next().unwrap_or_default();
        let first = authority.split(|one| is_space(one) || is_quote(one)).next().unwrap_or_default();
        first.len() < authority.len()
            && (has_no_port(first.trim_end_matches(PUNCTUATION)) || authority[first.len()..].starts_with(['<', '>']))
    };
    let last_at = line.rfind('@').unwrap_or_default();
    let authorities = std::iter::successors(next_authority(line, 0), |found| next_authority(line, found.end));
    authorities.take_while(|found| found.end < last_at).take(URLS_OF_LINE_MAX).any(|found| ends_early(found.end))
}

/// Whether no URL goes on behind a character, in a text of any kind.
fn is_space(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Whether a character stands in no URL, and around many.
const fn is_quote(character: char) -> bool {
    matches!(character, '"' | '`' | '<' | '>')
}

/// Adds those of the words between two spaces. A password may have a character that ends a word: then all of it is one URL.
fn add_of_words(words: &str, start: usize, found: &mut Vec<Range<usize>>) {
    let last_at = words.rfind('@').unwrap_or_default();
    let mut at = 0;
    while at < words.len() {
        let word = words[at..].split(is_quote).next().unwrap_or_default();
        let end = at + word.len();
        if end < last_at && is_cut(word, &words[end..]) {
            add_of_word(&words[at..], start + at, found);
            return;
        }
        add_of_word(word, start + at, found);
        at = end + 1;
    }
}

/// Whether the last URL of a word has no whole authority, because the user or password has the character behind it.
fn is_cut(word: &str, behind: &str) -> bool {
    let urls = std::iter::successors(next_authority(word, 0), |found| next_authority(word, found.end));
    let Some(found) = urls.last() else { return false };
    let rest = &word[found.end..];
    let authority = rest.split(AUTHORITY_ENDS).next().unwrap_or_default();
    !rest.contains('@')
        && (has_no_port(authority.trim_end_matches(PUNCTUATION))
            || (authority.len() == rest.len() && behind.starts_with(['<', '>'])))
}

/// The next place where a scheme ends and an authority begins: the colon, and the first byte of the authority.
fn next_authority(word: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let colon = at + word[at..].find(':')?;
        let behind = &word[colon + 1..];
        let begins = if is_special(&word[..colon]) {
            Some(behind.len() - behind.trim_start_matches(['/', '\\']).len())
        } else {
            behind.starts_with(SLASHES).then_some(SLASHES.len())
        };
        match begins {
            Some(slashes) => return Some(colon..colon + 1 + slashes),
            None => at = colon + 1,
        }
    }
}

/// Whether a special scheme ends here.
fn is_special(text: &str) -> bool {
    let is_one = |scheme: &&str| {
        let begin = text.len().checked_sub(scheme.len());
        let begin = begin.filter(|begin| text.as_bytes()[*begin..].eq_ignore_ascii_case(scheme.as_bytes()));
        begin.is_some_and(|begin| !text.as_bytes()[..begin].last().is_some_and(u8::is_ascii_alphanumeric))
    };
    SPECIAL.iter().any(is_one)
}

/// Adds those of a word, which begins here in the text. A URL may be part of another one's path.
fn add_of_word(word: &str, start: usize, found: &mut Vec<Range<usize>>) {
    let Some(mut url) = next_authority(word, 0) else { return };
    // What stands before a URL is no query of it.
    let query_behind = |at: usize| word[at..].find('?').map(|query| at + query);
    let (last_at, mut query) = (word.rfind('@'), query_behind(url.end));
    loop {
        let begin = url.end;
        let authority = word[begin..].split(AUTHORITY_ENDS).next().unwrap_or_default();
        let scheme = &word[..url.start];
        // `ws:https://host`: what follows the first scheme is the next one, whose colon ends this authority.
        let mut at = begin + authority.len() - usize::from(authority.ends_with(':'));
        match (authority.rfind('@'), last_at) {
            (Some(end), _) if is_mere_user(scheme, &authority[..end]) => {}
            (Some(end), _) => found.push(start + begin..start + begin + end),
            // A password with a slash: no authority ends like this.
            (None, Some(last_at)) if last_at > begin && has_no_port(authority) => {
                found.push(start + begin..start + last_at);
                at = last_at;
                query = query_behind(at);
            }
            (None, _) => {}
        }
        match (next_authority(word, at), query) {
            (Some(next), query) if query.is_none_or(|query| next.start < query) => url = next,
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
    use proptest::prelude::*;

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
            ("`https://u:HUN<TER2@h/x?HUNTER2`: no", "`https://…@h/x?…`: no"),
            ("`https://u:HUN\"HUN`TER2@h/x`: no", "`https://…@h/x`: no"),
            ("<https://HUN<TER2@h/x>, no", "<https://…@h/x>, no"),
            ("https:/u:HUNTER2@h https:u:HUNTER2@h https:\\\\u:HUNTER2@h", "https:/…@h https:…@h https:\\\\…@h"),
            ("back?to=https://u:HUNTER2@h/x?a=HUNTER2", "back?to=https://…@h/x?…"),
            ("what?https://h/x", "what?https://h/x"),
            ("ws:https://u:HUNTER2@h/x http:\\\\https://u:HUNTER2@h", "ws:https://…@h/x http:\\\\https://…@h"),
            ("http:@https://u:HUNTER2@h", "http:…@https://…@h"),
            ("https:///u:HUNTER2@h 'HTTP:\\HUNTER2@h'", "https:///…@h 'HTTP:\\…@h'"),
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
            "https: or http:// alone, user@host:path, and a docker image git:latest@sha256:12ab",
            "{\"a\":\"https://h:8080/x\",\"b\":\"u@h\"}",
            "`https://h:8080`/`u@h`",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_value_that_is_one_url_may_have_any_character_in_its_password() {
        for password in ["HUN TER2", "HUN<TER2", "HUN>TER2", "HUN\"TER2", "HUN`TER2", "HUN\tTER2", "u:HUN/TER2", "u:HUN TER2"] {
            let text = format!("https://{password}@h/x");
            let found = secrets_of_url(&text);
            assert_eq!(found.iter().map(|secret| &text[secret.clone()]).collect::<Vec<_>>(), [password]);
        }
        for (line, is_cut) in [
            ("{ git: 'https://u:HUN TER2@h/x', colour: red }", true),
            ("git: https://HUN<TER2@h/x", true),
            ("git: ssh://git@h/x", false),
            ("{ issuer: https://a.example, match: { repository: acme/shop@456789 } }", false),
            ("{ issuer: 'https://a.example:8443', match: { repository: acme/shop@456789 } }", false),
        ] {
            assert_eq!(may_be_cut(line), is_cut, "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn secrets_are_in_order_and_do_not_overlap(text in "([:/?@#\"< uü]|ws:|://){0,24}") {
            for secrets in [url_secrets(&text), secrets_of_url(&text)] {
                prop_assert!(secrets.iter().all(|secret| text.get(secret.clone()).is_some()), "{secrets:?}");
                prop_assert!(secrets.is_sorted_by(|one, next| one.end <= next.start), "{secrets:?}");
            }
        }
    }

    /// Whoever pushes writes such a text.
    #[test]
    fn a_text_full_of_urls_is_read_in_one_pass() {
        for piece in
            ["a://", "a://b:c/", "a://b@c/", "://@", "a://b?c ", "\u{2028}", "@", "?", "http:", "http:/", "a://b:c<", "a:b\"@"]
        {
            let text = piece.repeat(1024 * 1024 / piece.len());
            assert!(url_secrets(&text).iter().all(|secret| secret.end <= text.len()), "{piece}");
        }
    }
}

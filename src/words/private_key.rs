//! How a private key looks in text. People give one where a name, a path or an address belongs, and whoever tells them so shows what
//! they gave. Files that should hold none are searched for them.

use std::borrow::Cow;
use std::ops::Range;

/// How an identity of age begins (c2sp.org/age). Bech32 has one case throughout; text may have any.
const AGE: &[u8] = b"AGE-SECRET-KEY-";
/// What may follow: a post-quantum identity, and the separator of Bech32.
const AGE_KINDS: [&[u8]; 2] = [b"PQ-1", b"1"];
/// Characters of an identity behind the separator: 32 bytes and the checksum.
const AGE_CHARACTERS: usize = 58;
/// From so many on it is a key and not shown. Fewer reveal it to nobody, and what stands behind a mere beginning stays visible.
const AGE_KEY_MIN: usize = 50;
/// From so many on it counts as one where files are searched: a false alarm is better there than a part of a key.
const AGE_PART_MIN: usize = 20;
/// The characters of Bech32 (BIP 173).
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// How the first line of a PEM file begins and ends (RFC 7468), and how OpenPGP's does (RFC 9580, section 6.2).
const PEM: &[u8] = b"-----BEGIN ";
const PEM_LABELS: [&[u8]; 2] = [b"PRIVATE KEY", b"PRIVATE KEY BLOCK"];
const PEM_END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const LABEL_MAX: usize = 40;
/// Headers of a key (RFC 1421, section 4.6; RFC 9580, section 6.2.2) and their sizes.
const HEADERS: [&[u8]; 7] = [b"Proc-Type: ", b"DEK-Info: ", b"Version: ", b"Comment: ", b"Hash: ", b"Charset: ", b"MessageID: "];
const HEADERS_MAX: usize = 6;
const HEADER_MAX: usize = 120;
/// Lines of a key have 64 characters, and those of the shortest key as many. Shorter words behind a beginning are text.
const LINE_MIN: usize = 16;

/// The kind of private key that these bytes seem to hold: whole, a part of it, or its first line.
pub fn holds_private_key(bytes: &[u8]) -> Option<&'static str> {
    KeyMarks { bytes, at: 0 }.find_map(|mark| match mark {
        Mark::Age { end, .. } => (age_key(&bytes[end..]).characters >= AGE_PART_MIN).then_some("an age identity"),
        Mark::Pem { .. } => Some("a private key"),
    })
}

/// Leaves out private keys of a text that was given by mistake. Everything else stays visible: somebody may write the beginning of a
/// key to hide what stands behind it.
pub(super) fn without_keys(text: &str) -> Cow<'_, str> {
    let (mut shown, mut done) = (String::new(), 0);
    for key in private_keys(text.as_bytes()) {
        shown.push_str(&text[done..key.start]);
        shown.push('…');
        done = key.end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

/// Where private keys stand, in order, without the words that name their kinds.
pub(super) fn private_keys(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut done = 0;
    KeyMarks { bytes, at: 0 }.filter_map(move |mark| {
        let key = match mark {
            Mark::Age { name, end } => {
                let key = age_key(&bytes[end..]);
                (key.characters >= AGE_KEY_MIN).then_some(name..end + key.length)
            }
            Mark::Pem { end } => pem_key(&bytes[end..]).map(|length| end..end + length),
        }?;
        // A header of a PEM file may hold a key of age.
        let rest = key.start.max(done)..key.end;
        done = done.max(key.end);
        (!rest.is_empty()).then_some(rest)
    })
}

/// The beginning of a key.
enum Mark {
    /// Where its name ends, and where its characters begin.
    Age { name: usize, end: usize },
    /// Where its first line ends.
    Pem { end: usize },
}

/// The beginnings in these bytes.
struct KeyMarks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for KeyMarks<'_> {
    type Item = Mark;

    fn next(&mut self) -> Option<Mark> {
        loop {
            self.at += count(&self.bytes[self.at..], |byte| !matches!(byte, b'A' | b'a' | b'-'));
            let here = self.bytes.get(self.at..).filter(|here| !here.is_empty())?;
            if let Some(kind) = behind(here, AGE)
                && let Some(key) = AGE_KINDS.iter().find_map(|name| behind(kind, name))
            {
                let (name, end) = (self.bytes.len() - kind.len(), self.bytes.len() - key.len());
                self.at = end;
                return Some(Mark::Age { name, end });
            }
            if let Some(body) = pem_label(here) {
                self.at = self.bytes.len() - body.len();
                return Some(Mark::Pem { end: self.at });
            }
            self.at += 1;
        }
    }
}

/// What may be an identity of age.
struct AgeKey {
    characters: usize,
    length: usize,
}

/// Reads the characters behind the beginning of an identity: one word, which may be misspelt, or the pieces of a key that was broken.
fn age_key(bytes: &[u8]) -> AgeKey {
    let word = count(&bytes[..bytes.len().min(AGE_CHARACTERS)], |byte| byte.is_ascii_alphanumeric());
    let (mut key, mut at) = (AgeKey { characters: word, length: word }, 0);
    if word >= AGE_KEY_MIN {
        return key;
    }
    key = AgeKey { characters: 0, length: 0 };
    while key.characters < AGE_CHARACTERS {
        at += breaks(&bytes[at..]);
        let rest = &bytes[at..bytes.len().min(at + AGE_CHARACTERS - key.characters)];
        let piece = count(rest, |byte| BECH32.contains(&byte.to_ascii_lowercase()));
        if piece == 0 {
            break;
        }
        at += piece;
        key = AgeKey { characters: key.characters + piece, length: at };
        // What is missing of a key is less than a word of text.
        if key.characters >= AGE_KEY_MIN {
            break;
        }
    }
    key
}

/// Where the first line of a PEM file ends, if one begins here: what is behind it.
fn pem_label(bytes: &[u8]) -> Option<&[u8]> {
    let label = behind(bytes, PEM)?;
    let length = label_length(label);
    let is_key = |name: &&[u8]| length >= name.len() && label[length - name.len()..length].eq_ignore_ascii_case(name);
    PEM_LABELS.iter().any(is_key).then(|| behind(&label[length..], DASHES)).flatten()
}

fn label_length(bytes: &[u8]) -> usize {
    count(&bytes[..bytes.len().min(LABEL_MAX)], |byte| byte.is_ascii_alphanumeric() || byte == b' ')
}

/// The length of a key behind its first line: up to the last line, or else as far as there are lines of base64.
fn pem_key(bytes: &[u8]) -> Option<usize> {
    let mut at = headers(bytes);
    let body = at + count(&bytes[at..], |byte| is_base64(byte) || is_break(byte));
    if let Some(label) = behind(&bytes[body..], PEM_END) {
        let end = &label[label_length(label)..];
        return Some(bytes.len() - behind(end, DASHES).unwrap_or(end).len());
    }
    let mut length = None;
    loop {
        at += breaks(&bytes[at..]);
        let line = count(&bytes[at..], is_base64);
        if line < LINE_MIN {
            return length;
        }
        at += line;
        length = Some(at);
    }
}

/// The length of the headers. Where line ends became spaces, a value is one word.
fn headers(bytes: &[u8]) -> usize {
    let mut at = 0;
    for _ in 0..HEADERS_MAX {
        let line = &bytes[at..];
        let line = &line[breaks(line)..];
        let named = HEADERS.iter().find_map(|name| behind(line, name));
        let Some(value) = named else { break };
        let window = &value[..value.len().min(HEADER_MAX)];
        let length = count(window, |byte| !matches!(byte, b'\n' | b'\r' | b'\\'));
        let is_line = length < window.len() && !window[..length].windows(DASHES.len()).any(|five| five == DASHES);
        let length = if is_line { length } else { count(window, |byte| !is_break(byte)) };
        at = bytes.len() - value[length..].len();
    }
    at
}

/// The length of what breaks a key into pieces: line ends, also the literal ones of JSON, spaces and quotes.
fn breaks(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += count(&bytes[at..], |byte| is_break(byte) && byte != b'\\');
        match bytes.get(at..).unwrap_or_default() {
            [b'\\', b'n' | b'r' | b't', ..] => at += 2,
            [b'\\', ..] => at += 1,
            _ => return at,
        }
    }
}

/// The letter of a literal line end counts as base64, which hides it too.
fn is_break(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'"' | b'\'')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// What is behind this beginning, in any case.
fn behind<'a>(bytes: &'a [u8], beginning: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = bytes.split_at_checked(beginning.len())?;
    first.eq_ignore_ascii_case(beginning).then_some(rest)
}

/// How many bytes from the first one on are like this.
fn count(bytes: &[u8], is_one: impl Fn(u8) -> bool) -> usize {
    let found = bytes.iter().take_while(|byte| is_one(**byte)).count();
    #[cfg(test)]
    tests::LOOKED_AT.with(|looked_at| looked_at.set(looked_at.get() + found + 1));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How many bytes this thread has looked at.
        pub(super) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    }

    const KEY: &str = "AGE-SECRET-KEY-136MASCKFA5A3RMWTKD4REL0CMW3YPVP53H2SE5J6DZ24HHXNNQTSPXYHDL";

    fn line() -> String {
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj".to_owned()
    }

    fn label(name: &str) -> (String, String) {
        (format!("-----BEGIN {name}-----"), format!("-----END {name}-----"))
    }

    #[test]
    fn an_age_identity_is_left_out_in_any_case_and_in_pieces() {
        let (one, other) = KEY.split_at(40);
        let hybrid = KEY.replace("KEY-1", "KEY-PQ-1");
        for (text, shown) in [
            (format!("cfg/{KEY}: No such file"), "cfg/AGE-SECRET-KEY-…: No such file"),
            (format!("{hybrid} {}", KEY.to_lowercase()), "AGE-SECRET-KEY-… age-secret-key-…"),
            (format!("{one}\n  {other}!"), "AGE-SECRET-KEY-…!"),
            (format!("{one}\\n{other}\\n"), "AGE-SECRET-KEY-…\\n"),
            (format!("{one}' '{other}' is no file"), "AGE-SECRET-KEY-…' is no file"),
            (format!("{KEY}{KEY}"), "AGE-SECRET-KEY-…AGE-SECRET-KEY-…"),
            // An `O` in place of the `0` is no character of Bech32.
            (KEY.replace('0', "O"), "AGE-SECRET-KEY-…"),
            (format!("{} is cut", &KEY[..70]), "AGE-SECRET-KEY-… is cut"),
        ] {
            assert_eq!(without_keys(&text), shown, "{text}");
            assert_eq!(holds_private_key(text.as_bytes()), Some("an age identity"), "{text}");
        }
    }

    #[test]
    fn a_pem_key_is_left_out_with_real_and_with_literal_line_ends() {
        let line = line();
        for name in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK", "encrypted private key"] {
            let (begin, end) = label(name);
            for between in ["\n", "\r\n", "\\n", "\\r\\n", " ", "\" \"", "\\\\n"] {
                let whole = [&begin, &line, &line, "QUJD==", "=x1Y2", &end].join(between);
                assert_eq!(
                    without_keys(&format!("{{\"key\":\"{whole}\"}} is no URL")),
                    format!("{{\"key\":\"{begin}…\"}} is no URL")
                );
                let cut = [&begin, &line, &line[..40]].join(between);
                assert_eq!(without_keys(&format!("`{cut}` is no URL")), format!("`{begin}…` is no URL"));
                let headers = [&begin, "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,12AB", "", &line, &end].join(between);
                assert_eq!(without_keys(&headers), format!("{begin}…"));
            }
            let version = [&begin, "Version: GnuPG v2.0.22 (GNU/Linux)", "", &line, &end].join("\n");
            assert_eq!(without_keys(&version), format!("{begin}…"));
            assert_eq!(without_keys(&format!("{begin}{line}{end}, {KEY}.")), format!("{begin}…, AGE-SECRET-KEY-…."));
            assert_eq!(holds_private_key(begin.as_bytes()), Some("a private key"));
        }
    }

    #[test]
    fn what_stands_behind_a_beginning_stays_visible() {
        let begin = label("PRIVATE KEY").0;
        for text in [
            "PRIVATE KEY-----abcdefgh, production",
            "AGE-SECRET-KEY-production-team and others",
            "AGE-SECRET-KEY-1… (X25519), AGE-SECRET-KEY-PQ-1…",
            "AGE-SECRET-KEY-1 see these letters and decide",
            &format!("{begin} production, staging, repo:acme/shop:environment:production"),
            &format!("no PEM key (`{begin}`) in policies/shop/production.yaml"),
            &format!("{begin}: No such file or directory"),
            &format!("{begin} Comment: a, Version: 1 production"),
        ] {
            assert!(matches!(without_keys(text), Cow::Borrowed(shown) if shown == text), "{text}: {}", without_keys(text));
        }
        let told = format!("{begin}{} production and policies/shop/production.yaml", line());
        assert_eq!(without_keys(&told), format!("{begin}… production and policies/shop/production.yaml"));
    }

    /// Whoever pushes writes such a text. A call for each key overflowed the stack, and a copy of the rest for each filled the memory.
    #[test]
    fn a_text_full_of_keys_takes_little_stack_and_a_few_looks_at_each_byte() {
        const LOOKS_MAX: usize = 8;
        let (begin, end) = label("PRIVATE KEY");
        let pieces = [
            "AGE-SECRET-KEY-12345678 ",
            KEY,
            &KEY[..30],
            "AGE-SECRET-KEY-1 ",
            "AGE-SECRET-KEY-",
            "-",
            "\\",
            &begin,
            &format!("{begin}Version: "),
            &format!("{begin}Proc-Type: a b c d DEK-Info: x "),
            &format!("{begin}{}", line()),
            &format!("{begin}{}{end}", line()),
            "-----BEGIN ",
            "a",
        ];
        for piece in pieces {
            let text = piece.repeat(1024 * 1024 / piece.len());
            let work = move || {
                let shown = without_keys(&text).len() + usize::from(holds_private_key(text.as_bytes()).is_some());
                assert!(shown <= text.len() + 1);
                (text.len(), LOOKED_AT.with(Cell::get))
            };
            let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(work);
            let (bytes, looked_at) = thread.unwrap().join().unwrap();
            assert!(looked_at <= LOOKS_MAX * bytes, "{piece}: {looked_at} looks at {bytes} bytes");
        }
    }
}

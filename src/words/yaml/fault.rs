//! A fault of a file: its place, what is wrong, and how to fix it. It is shown with a caret.

use super::{FileName, Place};
use crate::words::private_key::private_keys;
use crate::words::url_secret::{may_be_cut, url_secrets};
use crate::words::{holds_private_key, is_control, plain, without_commands, without_secrets};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Map, Value};
use std::fmt;
use std::ops::Range;

/// The severity of a fault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file loads, and a person should look at it.
    Warning,
    /// The file does not load.
    Error,
}

/// The most errors that are kept of a file, and the most warnings. Nobody reads more at once, and a file of a megabyte can have a hundred
/// thousand, each of which would be logged and recorded.
pub const FAULTS_MAX: usize = 100;

/// Characters of a message. It may quote a value, and a value may be a whole file: the rest is in the file itself.
const MESSAGE_CHARACTERS_MAX: usize = 2000;

/// Characters of a line that are kept for the caret. A file may be one long line with a fault in each word.
const LINE_CHARACTERS_MAX: usize = 240;

/// As far around a line a private key is looked for that the line is a part of: an RSA key of 16,384 bits has 13 KiB.
const KEY_BYTES_MAX: usize = 16 * 1024;

/// The code of faults of form.
const FORM: &str = "invalid";

/// The code of what stands in the place of the faults of a file that are not kept.
const NOT_LISTED: &str = "not_listed";

/// One fault.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Fault {
    /// Its severity.
    pub severity: Severity,
    /// A stable word for machines; `invalid` for faults of form.
    pub code: &'static str,
    /// The file, as the user names it.
    pub file: FileName,
    /// The place in it.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong.
    pub message: Box<str>,
    /// How to fix it.
    pub help: Option<Box<str>>,
    /// The claims of a token that the fault affects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Box<Map<String, Value>>>,
    /// The text of the line.
    #[serde(skip)]
    line: Box<str>,
    /// Whether its line holds a secret, and no fault shows it.
    #[serde(skip)]
    hides_line: bool,
}

impl Fault {
    /// An error at this place. The message may quote the value, which may be a private key or an address with a token: it goes into logs,
    /// records and answers.
    pub fn new(file: &str, place: Place, message: impl fmt::Display) -> Self {
        Self {
            severity: Severity::Error,
            code: "invalid",
            file: FileName::new(file),
            place,
            message: shortened(without_secrets(&message.to_string()).into()).into(),
            help: None,
            example: None,
            line: Box::default(),
            hides_line: false,
        }
    }

    /// Makes it a warning with this code.
    pub fn warning(mut self, code: &'static str) -> Self {
        (self.severity, self.code) = (Severity::Warning, code);
        self
    }

    /// Sets the code.
    pub fn coded(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// Makes it an error.
    pub fn as_error(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// Adds the claims of a token that the fault affects, if there are any.
    pub fn showing(mut self, example: Option<Map<String, Value>>) -> Self {
        let shown = |value: Value| match value {
            Value::String(text) => without_secrets(&text).into(),
            other => other,
        };
        self.example = example.map(|claims| Box::new(claims.into_iter().map(|(name, value)| (name, shown(value))).collect()));
        self
    }

    /// Adds how to fix it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(without_secrets(&help.into()).into());
        self
    }

    /// The faults of one file, as many as are kept. The last one says that there are more.
    pub fn kept(faults: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut faults = faults.into_iter();
        let mut kept: Vec<Self> = faults.by_ref().take(FAULTS_MAX).collect();
        kept.extend(faults.next().map(Self::last_kept));
        kept
    }

    /// What stands in its place, and in that of every later one, if so many are kept already.
    pub(super) fn last_kept(self) -> Self {
        let message = format!("what is wrong from here on is not listed: mend the {FAULTS_MAX} before it first").into();
        Self { code: NOT_LISTED, message, help: None, example: None, ..self }
    }

    /// Adds its line, for the caret, with this key alone. What an unknown key has may be a secret, and so may what stands beside it.
    pub(super) fn in_text_at_key(self, text: &str, key: &str) -> Self {
        let mut shown = self.in_text(text);
        if !shown.line.is_empty() {
            let before = " ".repeat(shown.place.column.saturating_sub(1));
            let line = format!("{before}{}: …", plain(key));
            shown.line = if line.chars().count() > LINE_CHARACTERS_MAX { Box::default() } else { line.into() };
        }
        shown
    }

    /// Whether its line is shown, and is this one.
    pub(super) fn shows(&self, line: usize) -> bool {
        self.place.line == line && !self.line.is_empty()
    }

    /// Takes its line away.
    pub(super) fn hide_line(&mut self) {
        self.line = Box::default();
    }

    /// Says that its line holds a secret.
    pub(super) fn hiding_line(self) -> Self {
        Self { hides_line: true, ..self }
    }

    /// Whether no fault shows this line.
    pub(super) fn hides(&self, line: usize) -> bool {
        self.hides_line && self.place.line == line
    }

    /// Adds its line, for the caret.
    pub fn in_text(mut self, text: &str) -> Self {
        let line = text.lines().nth(self.place.line.saturating_sub(1)).unwrap_or_default();
        let end = line.char_indices().nth(LINE_CHARACTERS_MAX).map_or(line.len(), |(end, _)| end);
        let kept = &line[..end];
        if kept.is_empty() || holds_private_key(kept.as_bytes()).is_some() || is_in_key(text, kept) || holds_url_secret(line, end)
        {
            return self;
        }
        // One character replaces one, so that the caret stays at its place.
        self.line =
            kept.chars().map(|one| if is_control(one) && one != '\t' { char::REPLACEMENT_CHARACTER } else { one }).collect();
        self
    }
}

/// The message without its middle if it is long: what is wrong with a value stands behind it.
fn shortened(message: String) -> String {
    let Some(left_out) = message.chars().count().checked_sub(MESSAGE_CHARACTERS_MAX).filter(|left_out| *left_out > 0) else {
        return message;
    };
    let kept = MESSAGE_CHARACTERS_MAX / 2;
    let (head, tail) = (message.chars().take(kept), message.chars().skip(kept + left_out));
    head.chain(['…']).chain(tail).collect()
}

/// Whether a secret of a URL begins in what is shown of this line. It may end behind that.
fn holds_url_secret(line: &str, shown: usize) -> bool {
    let around = &line[..line.floor_char_boundary(shown + KEY_BYTES_MAX)];
    url_secrets(around).first().is_some_and(|secret| secret.start < shown) || may_be_cut(around)
}

/// Whether this part of the text is a part of a private key: then the wrong file was named.
fn is_in_key(text: &str, part: &str) -> bool {
    let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let around = around(text.len(), start..start + part.len());
    let key_at = |key: Range<usize>| around.start + key.start < start + part.len() && start < around.start + key.end;
    private_keys(&text.as_bytes()[around.clone()]).any(key_at)
}

/// The bytes that are searched for a key. A file may have a fault in each word of one line, so they are as few for each of them.
fn around(length: usize, part: Range<usize>) -> Range<usize> {
    part.start.saturating_sub(KEY_BYTES_MAX)..length.min(part.end + KEY_BYTES_MAX)
}

/// Escapes names of files and texts, because anybody who may push chooses them.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

impl Fault {
    /// Where and what, in one line.
    pub fn brief(&self) -> String {
        format!("{}:{}: {}", self.file, self.place.line, self.message)
    }

    /// The text with colours, for a stream that removes them if it is not a terminal.
    pub fn coloured(&self) -> String {
        self.render(&Renderer::styled())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = if self.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
        let start: usize = self.line.chars().take(self.place.column.saturating_sub(1)).map(char::len_utf8).sum();
        let length = self.line[start..].find([' ', ',', '#']).filter(|length| *length > 0).unwrap_or(self.line.len() - start);
        let name = self.file.to_string();
        let (file, message) = (plain(&name), plain(&self.message));
        let snippet = Snippet::source(&*self.line)
            .line_start(self.place.line.max(1))
            .path(&*file)
            .annotation(AnnotationKind::Primary.span(start..start + length));
        let mut title = level.primary_title(&*message);
        if self.code != FORM {
            title = title.id(self.code);
        }
        let mut group: Group<'_> = title.element(snippet);
        let example = self.example.as_deref().map(|claims| format!("for example a job with {}", plain(&one_line(claims))));
        if let Some(example) = &example {
            group = group.element(Level::NOTE.message(example));
        }
        let help = self.help.as_deref().map(plain);
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(&**help));
        }
        // The line itself may hold a command.
        without_commands(&renderer.render(&[group])).into_owned()
    }
}

/// Claims for people, as `name=value`.
pub fn one_line(claims: &Map<String, Value>) -> String {
    let text_of = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    claims.iter().map(|(name, value)| format!("{name}={}", text_of(value))).collect::<Vec<_>>().join(" ")
}

impl serde::Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut place = serializer.serialize_struct("Place", 2)?;
        place.serialize_field("line", &self.line)?;
        place.serialize_field("column", &self.column)?;
        place.end()
    }
}

/// The known word nearest to an unknown one, if it is near enough to have been meant.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let enough = |candidate: &str| 2.max(candidate.len() / 3);
    // A word of a very different length is never near, so the distance to it need not be computed.
    let alike = known.iter().filter(|candidate| candidate.len().abs_diff(word.len()) <= enough(candidate));
    let distances = alike.map(|candidate| (distance(word, candidate), *candidate));
    distances.min().filter(|(distance, candidate)| *distance <= enough(candidate)).map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, one row at a time.
pub fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_searches_little_of_a_long_line() {
        let mebibyte = 1024 * 1024;
        assert!(around(mebibyte, 500_000..500_240).len() <= 2 * KEY_BYTES_MAX + LINE_CHARACTERS_MAX);
        let words = "AGE-SECRET-KEY-12345678, ".repeat(2000);
        let fault = Fault::new("p.yaml", Place { line: 1, column: 1 }, "no event").in_text(&words);
        assert_eq!(fault.line.chars().count(), LINE_CHARACTERS_MAX);
    }

    #[test]
    fn a_message_that_quotes_a_whole_file_is_cut() {
        let of = |length| Fault::new("a.yaml", Place { line: 1, column: 1 }, format!("`{}`: no name", "ü".repeat(length)));
        let cut = of(500_000).message;
        assert_eq!(cut.chars().count(), MESSAGE_CHARACTERS_MAX + 1);
        assert!(cut.starts_with("`ü") && cut.contains("ü…ü") && cut.ends_with("ü`: no name"), "{cut}");
        assert!(!of(MESSAGE_CHARACTERS_MAX - 11).message.contains('…') && of(MESSAGE_CHARACTERS_MAX - 10).message.contains('…'));
    }

    #[test]
    fn what_stands_for_the_faults_of_a_file_that_are_not_kept_has_a_code_of_its_own() {
        let faults = |count| Fault::kept((1..=count).map(|line| Fault::new("a", Place { line, column: 1 }, "x").coded("x")));
        assert!(faults(FAULTS_MAX).iter().all(|fault| fault.code == "x"));
        let cut = faults(5000);
        assert_eq!((cut.len(), cut[FAULTS_MAX].code, cut[FAULTS_MAX].place.line), (FAULTS_MAX + 1, NOT_LISTED, FAULTS_MAX + 1));
    }

    #[test]
    fn the_caret_stands_under_the_word() {
        let fault = Fault::new("a.yaml", Place { line: 2, column: 3 }, "unknown key `wehn`")
            .in_text("a:\n  wehn: 1\n")
            .help("did you mean `when`?");
        let output = fault.to_string();
        assert!(output.contains("a.yaml:2:3") && output.contains("^^^^^") && output.contains("did you mean"), "{output}");
    }

    #[test]
    fn a_long_line_is_cut_and_still_shown() {
        let fault = Fault::new("a.yaml", Place { line: 1, column: 900 }, "bad").in_text(&"ü".repeat(1000));
        assert_eq!(fault.line.chars().count(), LINE_CHARACTERS_MAX);
        assert!(fault.to_string().contains("a.yaml:1:"), "{fault}");
    }

    #[test]
    fn a_line_of_a_private_key_is_not_shown() {
        let age = format!("AGE-SECRET-KEY-1HUNTER2{}", "Q".repeat(51));
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{0}\nHUNTER2{0}\nHUNTER2=\n-----END PRIVATE KEY-----\n", "M".repeat(57));
        for (key, line) in [(&age, 1), (&age.to_lowercase(), 1), (&pem, 1), (&pem, 3), (&pem, 4), (&format!("{pem}a: 1\n"), 5)] {
            let fault = Fault::new("a.yaml", Place { line, column: 1 }, "bad").in_text(key).to_string();
            assert!(!fault.to_lowercase().contains("hunter2"), "{fault}");
        }
        let behind = Fault::new("a.yaml", Place { line: 6, column: 1 }, "bad").in_text(&format!("{pem}a: 1\n"));
        assert!(behind.to_string().contains("a: 1"), "{behind}");
    }

    /// A fault stands in the server's log, in its durable records and in answers.
    #[test]
    fn a_private_key_in_place_of_a_value_is_in_no_part_of_a_fault() {
        let key = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
        let place = Place { line: 1, column: 1 };
        let fault = Fault::new(&key, place, format!("`{key}` is no issuer, and `-----BEGIN PRIVATE KEY-----` stays"))
            .help(format!("write `issuer: github` in place of {key}"))
            .showing(serde_json::json!({ "sub": key, "n": 1 }).as_object().cloned());
        for shown in [fault.to_string(), fault.coloured(), serde_json::to_string(&fault).unwrap(), format!("{fault:?}")] {
            assert!(shown.contains("AGE-SECRET-KEY-…") && !shown.contains("QQQ"), "{shown}");
        }
        assert_eq!(&*fault.message, "`AGE-SECRET-KEY-…` is no issuer, and `-----BEGIN PRIVATE KEY-----` stays");
    }

    #[test]
    fn an_address_with_a_password_is_in_no_part_of_a_fault() {
        let place = Place { line: 1, column: 6 };
        for address in
            ["https://user:HUNTER2@h/x.git", "git://HUNTER2@h/x", "ssh://u:HUNTER2@h/x", "https://h/x?private_token=HUNTER2"]
        {
            let fault = Fault::new("a.yaml", place, format!("`{address}`: refused")).in_text(&format!("git: {address}\n"));
            let fault = fault.help(format!("not {address}")).showing(serde_json::json!({ "iss": address }).as_object().cloned());
            for shown in [fault.to_string(), fault.coloured(), serde_json::to_string(&fault).unwrap(), format!("{fault:?}")] {
                assert!(!shown.contains("HUNTER2") && shown.contains("://"), "{shown}");
            }
        }
        let long = format!("{} git: https://user:{}HUNTER2@h\n", "x".repeat(200), "p".repeat(100));
        let fault = Fault::new("a.yaml", place, "bad").in_text(&long);
        assert_eq!(&*fault.line, "");
        let good = Fault::new("a.yaml", place, "bad").in_text("git: ssh://git@h/x\n");
        assert!(good.to_string().contains("ssh://git@h/x"), "{good}");
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("isuer", &["issuer", "match"]), Some("issuer"));
        assert_eq!(nearest("zzzzzzzz", &["issuer", "match"]), None);
    }
}

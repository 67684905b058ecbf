//! Why a JSON value does not fit one of our types.

use serde::de::{Expected, Unexpected};
use std::fmt;

/// Characters of an error's text: it may hold a name of any length.
const MESSAGE_CHARACTERS_MAX: usize = 300;
/// The longest text that may be a misspelt word of ours.
const WORD_BYTES_MAX: usize = 16;

/// Why not. A text in the value may be a token, so it is kept only if it looks like a word of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FormError {
    /// A value of another type.
    Type {
        /// What stands there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// A value of the right type that is not allowed.
    Value {
        /// What stands there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// More or fewer elements.
    Length {
        /// How many there are.
        found: usize,
        /// How many belong there.
        expected: String,
    },
    /// A word that is not known.
    UnknownWord {
        /// The word, if it cannot be a secret.
        word: Option<String>,
        /// Those that are known.
        known: &'static [&'static str],
    },
    /// A member that is not known.
    UnknownMember {
        /// Its name, if it cannot be a secret.
        member: Option<String>,
        /// Those that are known.
        known: &'static [&'static str],
    },
    /// A member that is not there.
    MissingMember {
        /// Its name.
        member: &'static str,
    },
    /// A member that is there twice.
    TwiceMember {
        /// Its name.
        member: &'static str,
    },
    /// An error of the type's own parser, such as that of a name. serde passes on only its text.
    Own {
        /// Its text.
        words: String,
    },
}

impl serde::de::Error for FormError {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::Own { words: words.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type { found: describe(found), expected: expected.to_string() }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Value { found: describe(found), expected: expected.to_string() }
    }

    fn invalid_length(found: usize, expected: &dyn Expected) -> Self {
        Self::Length { found, expected: expected.to_string() }
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownWord { word: is_word(word).then(|| word.to_owned()), known }
    }

    fn unknown_field(member: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownMember { member: is_word(member).then(|| member.to_owned()), known }
    }

    fn missing_field(member: &'static str) -> Self {
        Self::MissingMember { member }
    }

    fn duplicate_field(member: &'static str) -> Self {
        Self::TwiceMember { member }
    }
}

/// A value in JSON's terms. A text that may be a secret is only called a string.
fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) if !is_word(text) => "a string".to_owned(),
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Float(number) => format!("floating point `{}`", serde_json::Value::from(number)),
        found => found.to_string(),
    }
}

/// Whether a text looks like one of our words: no secret does.
fn is_word(text: &str) -> bool {
    text.len() <= WORD_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The words that are known, as serde lists them.
fn listed(known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    match &quoted[..] {
        [one] => one.clone(),
        [one, two] => format!("{one} or {two}"),
        more => format!("one of {}", more.join(", ")),
    }
}

impl FormError {
    /// The text in serde's words.
    fn words(&self) -> String {
        match self {
            Self::Type { found, expected } => format!("invalid type: {found}, expected {expected}"),
            Self::Value { found, expected } => format!("invalid value: {found}, expected {expected}"),
            Self::Length { found, expected } => format!("invalid length {found}, expected {expected}"),
            Self::UnknownWord { word, known } => {
                let word = word.as_ref().map_or_else(|| "an unknown word".to_owned(), |word| format!("unknown variant `{word}`"));
                if known.is_empty() {
                    format!("{word}, there are no variants")
                } else {
                    format!("{word}, expected {}", listed(known))
                }
            }
            Self::UnknownMember { member, known } => {
                let member =
                    member.as_ref().map_or_else(|| "an unknown field".to_owned(), |member| format!("unknown field `{member}`"));
                if known.is_empty() {
                    format!("{member}, there are no fields")
                } else {
                    format!("{member}, expected {}", listed(known))
                }
            }
            Self::MissingMember { member } => format!("missing field `{member}`"),
            Self::TwiceMember { member } => format!("duplicate field `{member}`"),
            Self::Own { words } => words.clone(),
        }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().chars().take(MESSAGE_CHARACTERS_MAX).collect::<String>())
    }
}

impl std::error::Error for FormError {}

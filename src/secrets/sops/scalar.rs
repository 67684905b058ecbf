//! One value: its type and its text in the form that SOPS encrypts and hashes.

use super::error::ValueError;
use crate::words::Secret;

/// SOPS's types. Null is none of them: it is neither encrypted nor hashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    Text,
    Integer,
    Float,
    Boolean,
    Time,
}

/// A value in SOPS's own spelling: `True`, `1.5`, `2001-12-14T00:00:00Z`. Wiped on drop.
pub(super) struct Scalar {
    pub(super) kind: Kind,
    text: Secret,
}

impl Clone for Scalar {
    fn clone(&self) -> Self {
        Self { kind: self.kind, text: self.text.duplicate() }
    }
}

impl Scalar {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { kind: Kind::Text, text: Secret::from(text.into()) }
    }

    pub(super) fn integer(number: i64) -> Self {
        Self { kind: Kind::Integer, text: number.to_string().into() }
    }

    pub(super) fn float(number: f64) -> Self {
        Self { kind: Kind::Float, text: float_text(number).into() }
    }

    pub(super) fn boolean(truth: bool) -> Self {
        Self { kind: Kind::Boolean, text: if truth { "True" } else { "False" }.to_owned().into() }
    }

    /// A time in the form of RFC 3339, as `yaml/timestamp.rs` makes it.
    pub(super) fn time(text: String) -> Self {
        Self { kind: Kind::Time, text: text.into() }
    }

    /// A decrypted text of this type, in SOPS's own spelling. `None`: the text is not of the type.
    pub(super) fn typed(kind: &str, plain: Secret) -> Option<Self> {
        match kind {
            "str" | "bytes" => Some(Self { kind: Kind::Text, text: plain }),
            "time" => Some(Self { kind: Kind::Time, text: plain }),
            "int" => plain.expose_text()?.parse().ok().map(Self::integer),
            "float" => parse_float(plain.expose_text()?).map(Self::float),
            "bool" => plain.expose_text()?.to_ascii_lowercase().parse().ok().map(Self::boolean),
            _ => None,
        }
    }

    /// The name of the type in `ENC[…,type:…]`.
    pub(super) const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Text => "str",
            Kind::Integer => "int",
            Kind::Float => "float",
            Kind::Boolean => "bool",
            Kind::Time => "time",
        }
    }

    /// The bytes that are encrypted and hashed into the MAC.
    pub(super) fn expose(&self) -> &[u8] {
        self.text.expose()
    }

    /// The same as text. Only a binary file may hold other bytes.
    pub(super) fn expose_text(&self) -> Result<&str, ValueError> {
        self.text.expose_text().ok_or(ValueError::NotUtf8)
    }

    /// Whether the text is empty. SOPS does not encrypt an empty text.
    pub(super) fn is_empty(&self) -> bool {
        self.text.expose().is_empty()
    }

    /// Its text for callers: `true`, not SOPS's `True`.
    pub(super) fn plain_text(&self) -> Secret {
        match self.kind {
            Kind::Boolean => (self.text.expose() == b"True").to_string().into(),
            _ => self.text.duplicate(),
        }
    }

    /// Whether the value and its type are the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.text == other.text
    }
}

/// Go's `strconv.FormatFloat(f, 'f', -1, 64)`: the shortest decimal text that reads back as the same number.
fn float_text(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    number.to_string()
}

fn parse_float(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_text_that_go_gives_them() {
        for (number, text) in [
            (1.5, "1.5"),
            (1000.0, "1000"),
            (-0.0, "-0"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
            (1e-7, "0.0000001"),
        ] {
            assert_eq!(Scalar::float(number).expose(), text.as_bytes());
        }
        assert_eq!(Scalar::typed("float", Secret::from("1.50".to_owned())).unwrap().expose(), b"1.5");
        assert_eq!(Scalar::typed("bool", Secret::from("true".to_owned())).unwrap().plain_text().expose(), b"true");
        assert!(Scalar::typed("int", Secret::from("1.5".to_owned())).is_none());
        assert!(Scalar::typed("map", Secret::from("x".to_owned())).is_none());
    }
}

//! The meaning of a YAML scalar in SOPS, whose YAML library mixes YAML 1.1 and 1.2: `017` is 15, `yes` is text.

use super::timestamp;
use crate::secrets::sops::error::SyntaxFault;
use crate::secrets::sops::scalar::Scalar;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A plain scalar without a tag; `None` is null.
pub(super) fn plain(text: &str) -> Result<Option<Scalar>, SyntaxFault> {
    Ok(Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(None),
        "true" | "True" | "TRUE" => Scalar::boolean(true),
        "false" | "False" | "FALSE" => Scalar::boolean(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Scalar::float(f64::NAN),
        _ => match number(text)? {
            Some(number) => number,
            None => Scalar::text(text),
        },
    }))
}

/// A scalar with a tag of YAML's own, such as `!!int`.
pub(super) fn tagged(tag: &str, text: &str) -> Result<Option<Scalar>, SyntaxFault> {
    let fault = || SyntaxFault::WrongTag { tag: tag.to_owned() };
    let scalar = match tag {
        "str" => Some(Scalar::text(text)),
        "binary" => {
            let packed: String = text.split_ascii_whitespace().collect();
            let bytes = STANDARD.decode(packed).map_err(|_| fault())?;
            Some(Scalar::text(String::from_utf8(bytes).map_err(|_| SyntaxFault::BinaryNotUtf8)?))
        }
        "float" => Some(Scalar::float(text.parse().map_err(|_| fault())?)),
        "int" | "bool" | "null" | "timestamp" => plain(text)?,
        _ => return Err(SyntaxFault::UnknownTag { tag: tag.to_owned() }),
    };
    let found = scalar.as_ref().map_or("null", Scalar::name);
    let expected = match tag {
        "binary" => "str",
        "timestamp" => "time",
        tag => tag,
    };
    if found == expected { Ok(scalar) } else { Err(fault()) }
}

fn number(text: &str) -> Result<Option<Scalar>, SyntaxFault> {
    match text.as_bytes()[0] {
        b'.' => Ok(if is_float(text) { text.parse().ok().and_then(finite) } else { None }),
        b'+' | b'-' | b'0'..=b'9' => signed(text),
        _ => Ok(None),
    }
}

fn signed(text: &str) -> Result<Option<Scalar>, SyntaxFault> {
    if let Some(moment) = timestamp::normalize(text) {
        return Ok(Some(Scalar::time(moment)));
    }
    let digits = text.replace('_', "");
    if let Some(number) = integer(&digits) {
        match i64::try_from(number) {
            Ok(number) => return Ok(Some(Scalar::integer(number))),
            Err(_) if u64::try_from(number).is_ok() => {
                return Err(SyntaxFault::IntegerTooLarge);
            }
            Err(_) => {}
        }
    }
    Ok(if is_float(&digits) { digits.parse().ok().and_then(finite) } else { None })
}

/// As in SOPS, a number beyond a float's range is text.
fn finite(number: f64) -> Option<Scalar> {
    number.is_finite().then(|| Scalar::float(number))
}

/// An integer as Go reads it with base 0; this includes the `0o` of YAML 1.2.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes()[0] {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    i128::from_str_radix(digits, base).ok().map(|number| sign * number)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(mantissa, rest)| (mantissa, Some(rest)));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = mantissa.split_once('.').map_or((mantissa, None), |(whole, rest)| (whole, Some(rest)));
    let good = match (whole, rest) {
        ("", rest) => rest.is_some_and(|rest| !rest.is_empty() && digits(rest)),
        (whole, rest) => digits(whole) && rest.is_none_or(digits),
    };
    good && exponent.is_none_or(|rest| {
        let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        !rest.is_empty() && digits(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_they_mean_to_sops() {
        // Observed with sops 3.11: the text that it encrypted, and the type that it wrote.
        for (text, expected, name) in [
            ("0x1F", "31", "int"),
            ("0o17", "15", "int"),
            ("017", "15", "int"),
            ("08", "8", "float"),
            ("1_000", "1000", "int"),
            ("1__0", "10", "int"),
            ("1_0.5", "10.5", "float"),
            ("-0x1F", "-31", "int"),
            ("0b11", "3", "int"),
            ("+5", "5", "int"),
            (".5", "0.5", "float"),
            ("1e3", "1000", "float"),
            ("1.50", "1.5", "float"),
            ("-0.0", "-0", "float"),
            ("1e400", "1e400", "str"),
            (".inf", "+Inf", "float"),
            ("yes", "yes", "str"),
            ("True", "True", "bool"),
            ("2001-12-14", "2001-12-14T00:00:00Z", "time"),
            ("-", "-", "str"),
            ("1.2.3", "1.2.3", "str"),
            ("0x", "0x", "str"),
            ("-9223372036854775808", "-9223372036854775808", "int"),
            ("99999999999999999999", "100000000000000000000", "float"),
        ] {
            let scalar = plain(text).unwrap().unwrap();
            assert_eq!((scalar.expose_text().unwrap(), scalar.name()), (expected, name), "{text}");
        }
        assert!(plain("~").unwrap().is_none());
        assert_eq!(plain("18446744073709551615").err(), Some(SyntaxFault::IntegerTooLarge));
    }

    #[test]
    fn tags_of_yaml_itself_decide_the_type() {
        assert_eq!(tagged("str", "123").unwrap().unwrap().name(), "str");
        assert_eq!(tagged("int", "3").unwrap().unwrap().name(), "int");
        assert_eq!(tagged("float", "3").unwrap().unwrap().name(), "float");
        assert_eq!(tagged("binary", "aGVs\nbG8=").unwrap().unwrap().expose(), b"hello");
        for (tag, text) in [("int", "x"), ("null", "x"), ("binary", "%"), ("binary", "/w=="), ("what", "x")] {
            assert!(tagged(tag, text).is_err(), "{tag} {text}");
        }
    }
}

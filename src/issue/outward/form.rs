//! The body of a form request (WHATWG URL, "application/x-www-form-urlencoded serializing").

use crate::words::Secret;

/// The media type.
pub(in crate::issue) const FORM: &str = "application/x-www-form-urlencoded";

/// Writes the pairs in their order.
pub(in crate::issue) fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Secret {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into()
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn values_of_a_form_are_escaped() {
        let hostile = "a&b=c+d %\n\0\u{202e}/";
        let body = form([("scope", hostile), ("b", "")]);
        assert_eq!(body.expose_text(), Some("scope=a%26b%3Dc%2Bd+%25%0A%00%E2%80%AE%2F&b="));
    }
}

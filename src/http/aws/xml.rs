//! XML as AWS's query APIs answer it: elements and text, in one namespace. Text is always escaped.

use crate::words::Secret;

/// AWS STS API reference, version 2011-06-15.
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A document that is being written.
pub(super) struct Xml(String);

impl Xml {
    /// A whole document.
    pub(super) fn document(root: &'static str, inside: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self(format!("<{root} xmlns=\"{NAMESPACE}\">"));
        inside(&mut xml);
        xml.0 + "</" + root + ">"
    }

    /// An element with others in it.
    pub(super) fn element(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        self.0.extend(["<", name, ">"]);
        inside(self);
        self.0.extend(["</", name, ">"]);
    }

    /// An element with text in it.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        self.element(name, |xml| text.chars().for_each(|character| xml.escape(character)));
    }

    /// The same with a secret.
    pub(super) fn secret(&mut self, name: &'static str, secret: &Secret) {
        self.text(name, secret.expose_text().unwrap_or_default());
    }

    /// The last element of every answer.
    pub(super) fn metadata(&mut self, decision: &str) {
        self.element("ResponseMetadata", |xml| xml.text("RequestId", decision));
    }

    /// XML 1.0, sections 2.2 and 2.4. A character that no document may hold becomes U+FFFD.
    fn escape(&mut self, character: char) {
        match character {
            '&' => self.0.push_str("&amp;"),
            '<' => self.0.push_str("&lt;"),
            '>' => self.0.push_str("&gt;"),
            '"' => self.0.push_str("&quot;"),
            '\'' => self.0.push_str("&apos;"),
            '\r' => self.0.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => self.0.push(character),
            _ => self.0.push('\u{fffd}'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "</Message><Code a='1' b=\"2\">&lt;]]>\0\u{1b}\r\u{ffff}\u{202e}é";
        let document = Xml::document("ErrorResponse", |xml| xml.element("Error", |xml| xml.text("Message", hostile)));
        assert_eq!(
            document,
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Message>&lt;/Message&gt;&lt;Code a=&apos;1&apos; \
             b=&quot;2&quot;&gt;&amp;lt;]]&gt;\u{fffd}\u{fffd}&#13;\u{fffd}\u{202e}é</Message></Error></ErrorResponse>"
        );
    }
}

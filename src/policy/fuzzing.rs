//! Entry points for the fuzz targets into private code of this module.

use super::template::{Row, Template, fill_row, fill_row_text};
use crate::identity::Facts;
use crate::token::Claims;
use crate::words::names::IssuerName;

/// The first line is a text with placeholders, the rest a row's value.
pub(crate) fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (first, value) = text.split_once('\n').unwrap_or((&text, ""));
    let row: Row = [("name".to_owned(), value.to_owned())].into();
    for row in [None, Some(&row)] {
        if let (Ok(pieces), Ok(filled)) = (fill_row(first, row), fill_row_text(first, row)) {
            assert_eq!(pieces.len(), filled.chars().count());
        }
    }
    let (Ok(template), Ok(issuer), Ok(claims)) = (Template::parse(first), IssuerName::parse("a"), Claims::parse(b"{}")) else {
        return;
    };
    let (attributes, unreadable, garbled) = Default::default();
    let nobody = Facts { issuer, attributes, unreadable, garbled, claims };
    assert_eq!(template.fill(&nobody).is_ok(), template.attributes().next().is_none(), "what is absent is never filled in");
}

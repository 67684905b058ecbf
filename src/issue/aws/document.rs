//! The form of an answer of STS. The library takes a document that ends in the middle of a value for a whole one, and of an element that
//! stands twice the last; another reader takes the first. STS sends neither.

use aws_sdk_sts::config::interceptors::AfterDeserializationInterceptorContextRef as Context;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::BoxError;
use std::collections::BTreeSet;
use std::error::Error;

/// Refuses an answer with another form than STS's before anything of it is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct WholeDocument;

/// What is wrong with the form. Holds no byte of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum DocumentError {
    #[error("the answer is cut off")]
    Cut,
    #[error("the answer has an element twice")]
    Twice,
    #[error("the answer is no document of an STS")]
    Form,
}

impl DocumentError {
    /// The fault of the form because of which a call failed, if that is why.
    pub(super) fn behind(fault: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(fault);
        while let Some(found) = cause {
            if let Some(own) = found.downcast_ref::<Self>() {
                return Some(*own);
            }
            cause = found.source();
        }
        None
    }
}

impl Intercept for WholeDocument {
    fn name(&self) -> &'static str {
        "WholeDocument"
    }

    fn read_after_deserialization(
        &self,
        context: &Context<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.output_or_error().is_ok() {
            let text = std::str::from_utf8(context.response().body().bytes().unwrap_or_default());
            check(text.map_err(|_| DocumentError::Form)?)?;
        }
        Ok(())
    }
}

/// One root with every element closed, each once within its parent. STS writes no comment, no CDATA, and no declaration but the first.
fn check(text: &str) -> Result<(), DocumentError> {
    let text = text.trim_ascii();
    let mut rest = match text.strip_prefix("<?xml ") {
        Some(declared) => declared.split_once("?>").ok_or(DocumentError::Cut)?.1,
        None => text,
    };
    let mut open: Vec<(&str, BTreeSet<&str>)> = Vec::new();
    let mut has_root = false;
    while !rest.is_empty() {
        let (before, tag) = rest.split_once('<').ok_or(if open.is_empty() { DocumentError::Form } else { DocumentError::Cut })?;
        if open.is_empty() && (has_root || !before.trim_ascii().is_empty()) {
            return Err(DocumentError::Form);
        }
        let (tag, after) = tag.split_once('>').ok_or(DocumentError::Cut)?;
        rest = after;
        if let Some(closed) = tag.strip_prefix('/') {
            let is_open = open.pop().is_some_and(|(name, _)| name == closed.trim_ascii_end());
            has_root |= open.is_empty();
            if is_open { continue } else { return Err(DocumentError::Form) }
        }
        let name = tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default();
        if name.is_empty() || name.starts_with(['!', '?']) {
            return Err(DocumentError::Form);
        }
        if open.last_mut().is_some_and(|(_, children)| !children.insert(name)) {
            return Err(DocumentError::Twice);
        }
        if tag.ends_with('/') {
            has_root |= open.is_empty();
        } else {
            open.push((name, BTreeSet::new()));
        }
    }
    if open.is_empty() && has_root { Ok(()) } else { Err(DocumentError::Cut) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "<?xml version='1.0' encoding=\"UTF-8\"?>\n<R xmlns=\"https://x/\">\n <A><B>1&lt;</B><C/></A>\n <M><B>2</B></M>\n</R>\n";

    #[test]
    fn a_document_is_whole_and_has_each_element_once() {
        assert_eq!(check(GOOD), Ok(()));
        assert_eq!(check("<R/>"), Ok(()));
        for cut in (0..GOOD.trim_ascii().len()).filter(|at| GOOD.is_char_boundary(*at)) {
            assert!(check(&GOOD[..cut]).is_err(), "{cut}");
        }
        for (bad, fault) in [
            ("<R><A>1</A><A>2</A></R>", DocumentError::Twice),
            ("<R><A>1</A><B/><A/></R>", DocumentError::Twice),
            ("<R><A>1</B></R>", DocumentError::Form),
            ("<R></R><R></R>", DocumentError::Form),
            ("<R></R>x", DocumentError::Form),
            ("x<R></R>", DocumentError::Form),
            ("<R><!-- <A> --></R>", DocumentError::Form),
            ("<R><![CDATA[x]]></R>", DocumentError::Form),
            ("<!DOCTYPE R><R></R>", DocumentError::Form),
            ("</R>", DocumentError::Form),
            ("<R><A>1", DocumentError::Cut),
            ("<R><A>1</A", DocumentError::Cut),
            ("", DocumentError::Cut),
        ] {
            assert_eq!(check(bad), Err(fault), "{bad}");
        }
    }
}

//! Flexible credentials: `claims['sub'] matches 'repo:acme/shop:*' and claims['job_workflow_ref'] eq '…'`.
//!
//! Source: Entra docs, "Flexible federated identity credentials". `*` matches any characters, `?` matches one.

/// One claim, and what it is compared with.
pub(in crate::policy) struct Term<'a> {
    pub(in crate::policy) claim: &'a str,
    /// Whether the text is a pattern; otherwise it is compared exactly.
    pub(in crate::policy) matches: bool,
    pub(in crate::policy) text: &'a str,
}

/// Why an expression is not read.
pub(super) const WHY: &str =
    "expected claims['NAME'] eq 'TEXT' or claims['NAME'] matches 'PATTERN', joined by ` and `: write the policy by hand";

/// Reads an expression whose terms all have to hold; `None` if it has another form.
pub(in crate::policy) fn read(text: &str) -> Option<Vec<Term<'_>>> {
    let (mut terms, mut rest) = (Vec::new(), text);
    loop {
        let (claim, behind) = rest.strip_prefix("claims['").and_then(|rest| rest.split_once("'] "))?;
        let (operator, behind) = behind.split_once(" '")?;
        let (text, behind) = behind.split_once('\'')?;
        let matches = match operator {
            "eq" => false,
            "matches" => true,
            _ => return None,
        };
        let odd = |text: &str| text.is_empty() || text.contains(['\\', '\'', '"']);
        if odd(claim) || odd(text) {
            return None;
        }
        terms.push(Term { claim, matches, text });
        if behind.is_empty() {
            return Some(terms);
        }
        rest = behind.strip_prefix(" and ")?;
    }
}

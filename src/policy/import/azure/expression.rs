//! Flexible credentials: `claims['sub'] matches 'repo:acme/shop:*' and claims['job_workflow_ref'] eq '…'`.
//!
//! Source: Entra docs, "Flexible federated identity credentials". `*` is any characters and `?` is one of them.

use super::error::AzureError;

/// One claim, and what it is compared with.
pub(super) struct Term<'a> {
    pub(super) claim: &'a str,
    /// As a pattern; else as it stands.
    pub(super) matches: bool,
    pub(super) text: &'a str,
}

const WHY: &str =
    "expected claims['NAME'] eq 'TEXT' or claims['NAME'] matches 'PATTERN', joined by ` and `: write the policy by hand";

/// Reads an expression: every term has to hold.
pub(super) fn read(text: &str) -> Result<Vec<Term<'_>>, AzureError> {
    let refused = || AzureError::Field { field: "claimsMatchingExpression", why: WHY };
    let (mut terms, mut rest) = (Vec::new(), text);
    loop {
        let (claim, behind) = rest.strip_prefix("claims['").and_then(|rest| rest.split_once("'] ")).ok_or_else(refused)?;
        let (operator, behind) = behind.split_once(" '").ok_or_else(refused)?;
        let (text, behind) = behind.split_once('\'').ok_or_else(refused)?;
        let matches = match operator {
            "eq" => false,
            "matches" => true,
            _ => return Err(refused()),
        };
        let odd = |text: &str| text.is_empty() || text.contains(['\\', '\'', '"']);
        if odd(claim) || odd(text) {
            return Err(refused());
        }
        terms.push(Term { claim, matches, text });
        if behind.is_empty() {
            return Ok(terms);
        }
        rest = behind.strip_prefix(" and ").ok_or_else(refused)?;
    }
}

//! Why no token can be what an operator's denial names.

use crate::identity::Attribute;

/// It would deny nobody; the words say what to write.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImpossibleStop {
    /// A denial names one.
    #[error(
        "`{text}` is a pattern, and this denies one {}: name it whole, once for each; a denial in guardrails.yaml takes patterns: `match: {{ {attribute}: \"{text}\" }}`",
        one(*.attribute)
    )]
    Pattern {
        /// Of what.
        attribute: Attribute,
        /// As it is written.
        text: String,
    },
    /// No CI of these tells it.
    #[error("no token of these issuers claims `{attribute}`: deny by the policy or the issuer")]
    NeverClaimed {
        /// What they do not tell.
        attribute: Attribute,
    },
    /// The tokens have it in another form.
    #[error("no token is of the {} `{text}`: write {}", one(*.attribute), form(*.attribute, .meant.as_deref()))]
    OtherForm {
        /// Of what.
        attribute: Attribute,
        /// As it is written.
        text: String,
        /// What a token can have, and may have been meant.
        meant: Option<String>,
    },
}

fn one(attribute: Attribute) -> &'static str {
    if attribute == Attribute::Repository { "repository" } else { "run" }
}

fn form(attribute: Attribute, meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("`{meant}`"),
        None if attribute == Attribute::Repository => "owner/name, or name@id, as `daypass whoami` shows it".to_owned(),
        None => "the id that the CI gives the run, as `daypass whoami` shows it (`pipeline`)".to_owned(),
    }
}

//! Why an operator's denial is refused.

use crate::identity::Attribute;
use crate::words::names::{IssuerName, PolicyName};

/// Why an operator's denial is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StopError {
    /// It would deny everybody.
    #[error("name at least one of policy, repository, issuer and run")]
    NamesNothing,
    /// It would deny nobody.
    #[error("a repository or a run without a name fits nobody")]
    Nameless,
    /// Nobody would know what it is for.
    #[error("say the reason")]
    NoReason,
    /// Nobody could read it.
    #[error("`{line}` is longer than {} characters", super::STOP_CHARACTERS_MAX)]
    TooLong {
        /// Which line.
        line: &'static str,
    },
    /// It would deny nobody.
    #[error("no issuer `{issuer}` is configured{}", meant(.near.as_deref()))]
    UnknownIssuer {
        /// By this name.
        issuer: IssuerName,
        /// One that there is.
        near: Option<String>,
    },
    /// It would deny nobody.
    #[error("no policy `{policy}` is in force{}", meant(.near.as_deref()))]
    UnknownPolicy {
        /// By this name.
        policy: PolicyName,
        /// One that there is.
        near: Option<String>,
    },
    /// It would deny nobody.
    #[error("the policy `{policy}` is for the issuer `{own}` and grants nothing to tokens of `{issuer}`: leave one of them out")]
    OtherIssuer {
        /// Which policy.
        policy: PolicyName,
        /// For whom it is.
        own: IssuerName,
        /// For whom it is not.
        issuer: IssuerName,
    },
    /// It would deny nobody.
    #[error("the policy `{policy}` grants nothing to the {} `{text}`: leave one of them out, or deny each by itself", one(*.attribute))]
    NeverOfPolicy {
        /// Which policy.
        policy: PolicyName,
        /// Of what.
        attribute: Attribute,
        /// As it is written.
        text: String,
    },
    /// The tokens for which the policy is are never so.
    #[error("the policy `{policy}` is named too, and {fault}")]
    Impossible {
        /// Which policy.
        policy: PolicyName,
        /// Why.
        #[source]
        fault: ImpossibleStop,
    },
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

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
    /// Nobody who reads it knows what it says.
    #[error("`{}` has a character that nobody sees: type the {} instead of copying it", .text, one(*.attribute))]
    Invisible {
        /// Of what.
        attribute: Attribute,
        /// As it is written, with what is not seen written out.
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

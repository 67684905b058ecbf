//! Why an operator's denial is refused.

use crate::identity::Attribute;
use crate::words::names::{IssuerName, PolicyName};

/// Why an operator's denial is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StopError {
    /// It names nothing, so it would deny everybody.
    #[error("name at least one of policy, repository, issuer and run")]
    NamesNothing,
    /// It has an empty name, so it would deny nobody.
    #[error("a repository or a run without a name fits nobody")]
    Nameless,
    /// It has no reason.
    #[error("say the reason")]
    NoReason,
    /// One of its texts holds a secret, which would stand in records and in the refusals that it causes.
    #[error("`{line}` holds what looks like a token, a private key or an address with a user: leave it out")]
    Secret {
        /// Which one.
        line: &'static str,
    },
    /// One of its texts is too long.
    #[error("`{line}` is longer than {} characters", super::STOP_CHARACTERS_MAX)]
    TooLong {
        /// Which line.
        line: &'static str,
    },
    /// Its issuer is not configured, so it would deny nobody.
    #[error("no issuer `{issuer}` is configured{}", suggestion(.near.as_deref()))]
    UnknownIssuer {
        /// The issuer's name.
        issuer: IssuerName,
        /// The most similar issuer.
        near: Option<String>,
    },
    /// Its policy is not in force, so it would deny nobody.
    #[error("no policy `{policy}` is in force{}", suggestion(.near.as_deref()))]
    UnknownPolicy {
        /// The policy's name.
        policy: PolicyName,
        /// The most similar policy.
        near: Option<String>,
    },
    /// Its policy is for another issuer, so it would deny nobody.
    #[error("the policy `{policy}` is for the issuer `{own}` and grants nothing to tokens of `{issuer}`: leave one of them out")]
    OtherIssuer {
        /// The policy.
        policy: PolicyName,
        /// The policy's issuer.
        own: IssuerName,
        /// The issuer of the denial.
        issuer: IssuerName,
    },
    /// Its policy never matches its repository or run, so it would deny nobody.
    #[error("the policy `{policy}` grants nothing to the {} `{text}`: leave one of them out, or deny each by itself", one(*.attribute))]
    NeverOfPolicy {
        /// The policy.
        policy: PolicyName,
        /// The attribute of the repository or the run.
        attribute: Attribute,
        /// The repository or run, as it is written.
        text: String,
    },
    /// No token of its policy's issuer can have its repository or run.
    #[error("the policy `{policy}` is named too, and {fault}")]
    Impossible {
        /// The policy.
        policy: PolicyName,
        /// Why.
        #[source]
        fault: ImpossibleStop,
    },
}

fn suggestion(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Why no token fits a denial. The message says what to write.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImpossibleStop {
    /// It is a pattern, and a denial names one repository or run.
    #[error(
        "`{text}` is a pattern, and this denies one {}: name it whole, once for each; a denial in guardrails.yaml takes patterns: `match: {{ {attribute}: \"{text}\" }}`",
        one(*.attribute)
    )]
    Pattern {
        /// The attribute.
        attribute: Attribute,
        /// The text, as it is written.
        text: String,
    },
    /// It has an invisible character, so its reader does not know what it names.
    #[error("`{}` has a character that nobody sees: type the {} instead of copying it", .text, one(*.attribute))]
    Invisible {
        /// The attribute.
        attribute: Attribute,
        /// The text, with invisible characters escaped.
        text: String,
    },
    /// No token of the issuers has the attribute.
    #[error("no token of these issuers claims `{attribute}`: deny by the policy or the issuer")]
    NeverClaimed {
        /// The attribute.
        attribute: Attribute,
    },
    /// Tokens have it in another form.
    #[error("no token has the {} `{text}`: write {}", one(*.attribute), form(*.attribute, .suggestion.as_deref()))]
    OtherForm {
        /// The attribute.
        attribute: Attribute,
        /// The text, as it is written.
        text: String,
        /// A value that a token can have, and that may have been meant.
        suggestion: Option<String>,
    },
}

fn one(attribute: Attribute) -> &'static str {
    if attribute == Attribute::Repository { "repository" } else { "run" }
}

fn form(attribute: Attribute, suggestion: Option<&str>) -> String {
    match suggestion {
        Some(suggestion) => format!("`{suggestion}`"),
        None if attribute == Attribute::Repository => "owner/name, or name@id, as `daypass whoami` shows it".to_owned(),
        None => "the id that the CI gives the run, as `daypass whoami` shows it (`pipeline`)".to_owned(),
    }
}

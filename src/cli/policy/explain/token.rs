//! The token in question, as the arguments describe it: its issuer and its claims.

use crate::cli::policy::of_source::SourceArgs;
use crate::client::{Failure, STATUS_USAGE};
use crate::identity::{Attribute, Facts, Mapping};
use crate::issuers::{IssuerSettings, chosen};
use crate::token::{Claims, JsonError, parse_json};
use crate::words::names::{Audience, IssuerName, NameError};
use crate::words::{Denial, NAMED_FILE_MAX, PlainPath, read_named, value_without_secrets};
use clap::Args;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The token's issuer and claims.
#[derive(Args, Debug)]
pub(in crate::cli::policy) struct TokenArgs {
    /// The issuer's name in the configuration; a saved `whoami` names its own.
    #[arg(long)]
    issuer: Option<String>,
    /// A file with claims, or with the output of `daypass whoami --output json`.
    #[arg(long)]
    claims: Option<PathBuf>,
    /// NAME=VALUE: a claim, which replaces that of the file.
    #[arg(long = "claim")]
    claim: Vec<String>,
}

/// A token as the arguments describe it.
pub(in crate::cli::policy) struct DescribedToken {
    issuers: Vec<IssuerSettings>,
    /// Its issuer, as named.
    issuer: IssuerSettings,
    claims: Claims,
    /// Claims of the command line that the issuer does not document.
    pub(in crate::cli::policy) not_documented: Vec<String>,
}

/// Why there is no token to explain.
#[derive(Debug, thiserror::Error)]
enum NoToken {
    /// The file of claims cannot be read.
    #[error("{}: {fault}", .path.plain())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: std::io::Error,
    },
    /// The file of claims is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The issuer is not named.
    #[error(
        "whose token it is, is not said: name the --issuer with a --claim NAME=VALUE for each of its claims, or a file of `daypass whoami --output json` by --claims"
    )]
    NoIssuer,
    /// The issuer's name is not valid.
    #[error(transparent)]
    Issuer(#[from] NameError),
    /// The issuer is not configured.
    #[error("no issuer `{issuer}` is configured")]
    UnknownIssuer {
        /// Its name.
        issuer: IssuerName,
    },
    /// The file names another issuer.
    #[error("the claims are those of the issuer `{saved}`, and --issuer names `{named}`: leave it out")]
    OtherIssuer {
        /// As the file has it.
        saved: String,
        /// As --issuer names it.
        named: String,
    },
    /// The claims are JSON, but no object.
    #[error("the claims are no object")]
    NoObject,
    /// A claim has no value.
    #[error("expected --claim NAME=VALUE")]
    NoClaim,
    /// A claim has the name of an attribute.
    #[error("--claim {name}: `{name}` is an attribute: the claim is `{claim}`")]
    Attribute {
        /// As it is written.
        name: String,
        /// Which is meant.
        claim: String,
    },
    /// A claim is probably misspelled.
    #[error("--claim {name}: no token of the mapping {mapping} is documented to claim it; did you mean `{suggestion}`?")]
    Slip {
        /// As it is written.
        name: String,
        /// The issuer's mapping.
        mapping: String,
        /// Which is meant.
        suggestion: String,
    },
}

impl DescribedToken {
    pub(in crate::cli::policy) fn read(arguments: &TokenArgs, of: &SourceArgs) -> Result<Self, Failure> {
        let issuers = of.at.issuers()?;
        Self::of(arguments, issuers).map_err(|fault| Failure::new(STATUS_USAGE, fault))
    }

    fn of(arguments: &TokenArgs, issuers: Vec<IssuerSettings>) -> Result<Self, NoToken> {
        let document = match &arguments.claims {
            Some(path) => {
                parse_json(&read_named(path, NAMED_FILE_MAX).map_err(|fault| NoToken::File { path: path.clone(), fault })?)?
            }
            None => Value::Object(Map::new()),
        };
        let saved = document.get("issuer").and_then(Value::as_str).filter(|_| document.get("claims").is_some());
        if let (Some(saved), Some(named)) = (saved, arguments.issuer.as_deref())
            && saved != named
        {
            return Err(NoToken::OtherIssuer { saved: saved.to_owned(), named: named.to_owned() });
        }
        let name = IssuerName::parse(arguments.issuer.as_deref().or(saved).ok_or(NoToken::NoIssuer)?)?;
        let mut claims = document.get("claims").unwrap_or(&document).as_object().ok_or(NoToken::NoObject)?.clone();
        let issuer = issuers.iter().find(|issuer| issuer.name == name).cloned();
        let issuer = issuer.ok_or(NoToken::UnknownIssuer { issuer: name })?;
        let mut not_documented = Vec::new();
        for claim in &arguments.claim {
            let (name, value) = claim.split_once('=').ok_or(NoToken::NoClaim)?;
            if !is_documented(&issuer.mapping, name)? {
                not_documented.push(name.to_owned());
            }
            claims.insert(name.to_owned(), value.into());
        }
        Ok(Self { issuers, issuer, claims: Claims::from(claims), not_documented })
    }

    /// What the server reads from the token, or why it refuses the token before it looks at any policy. What the arguments leave
    /// out counts as right.
    pub(in crate::cli::policy) fn facts(&self) -> Result<Facts, Denial> {
        let (expected, claims) = (&self.issuer.expected, &self.claims);
        let issuer = claims.claim("iss").map_or(expected.issuer.as_str(), |issuer| issuer.as_str().unwrap_or_default());
        let audience = match claims.claim("aud") {
            Some(_) => claims.addressee(),
            None => expected.audiences.first().map(Audience::as_str),
        };
        let issuer = chosen(&self.issuers, |issuer| &issuer.expected, issuer, audience)?;
        issuer.mapping.facts(&issuer.name, claims.clone())
    }

    /// A note for each claim of the command line that the mapping does not document.
    pub(in crate::cli::policy) fn undocumented(&self) -> impl Iterator<Item = String> {
        let mapping = self.issuer.mapping.name();
        self.not_documented.iter().map(move |name| {
            let name = value_without_secrets(name);
            format!("no token of the mapping {mapping} is documented to claim `{name}`")
        })
    }
}

/// Whether the issuer documents the claim, or its claims are not known at all. A name that is probably a mistake is refused.
fn is_documented(mapping: &Mapping, name: &str) -> Result<bool, NoToken> {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    if mapping.knows_claim(&pointer) {
        return Ok(true);
    }
    if let Some(claim) = Attribute::parse(name).and_then(|attribute| mapping.claim_of(attribute)) {
        return Err(NoToken::Attribute { name: name.to_owned(), claim: claim.to_owned() });
    }
    if let Some(suggestion) = mapping.nearest_claim(&pointer) {
        let suggestion = suggestion.trim_start_matches('/').replace("~1", "/").replace("~0", "~");
        return Err(NoToken::Slip { name: name.to_owned(), mapping: mapping.name().to_owned(), suggestion });
    }
    Ok(!mapping.lists_claims())
}

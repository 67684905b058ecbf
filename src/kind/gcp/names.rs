//! Names of Google Cloud: the e-mail addresses of service accounts, and OAuth scopes. Each has its own grammar, so that a row's value
//! cannot become another address or a second word.

/// RFC 5321, section 4.5.3.1.3: the longest address. Google's own limits (30 for the account, 30 for the project) hold for accounts
/// that users make; those of Google's agents are longer.
pub(in crate::kind) const SERVICE_ACCOUNT_BYTES_MAX: usize = 254;
/// The longest scope that Google lists ("OAuth 2.0 Scopes for Google APIs") has fewer than 100 bytes.
const SCOPE_BYTES_MAX: usize = 256;
/// The prefix of nearly every scope.
const SCOPES: &str = "https://www.googleapis.com/auth/";
/// The scopes of OpenID Connect, which Google lists without that prefix.
const SHORT_SCOPES: [&str; 3] = ["openid", "email", "profile"];
/// The end of every service account's address.
const DOMAIN: &str = ".gserviceaccount.com";

/// The pattern for JSON Schema. The parser refuses more.
pub(in crate::kind) const SERVICE_ACCOUNT: &str =
    "^[a-z0-9][a-z0-9-]{0,62}@[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63}){0,4}\\.gserviceaccount\\.com$";

/// Why a text is not a name of Google Cloud.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GcpNameError {
    /// It is not a service account.
    #[error("a service account is named by its address, such as `deploy@acme-prod.iam.gserviceaccount.com`, in lower case")]
    ServiceAccount,
    /// It is not a scope.
    #[error(
        "a scope is written as Google lists it, in lower case and with nothing behind its name, such as `{SCOPES}cloud-platform`; `openid`, `email` and `profile` are scopes too"
    )]
    Scope,
}

/// A service account, by its address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServiceAccount(Box<str>);

/// An OAuth scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GcpScope(Box<str>);

impl ServiceAccount {
    /// The form of an address, as a regular expression.
    pub const FORM: &str = SERVICE_ACCOUNT;

    /// Parses an address.
    pub fn parse(text: &str) -> Result<Self, GcpNameError> {
        let label = |label: &str| {
            let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=63).contains(&label.len()) && label.bytes().all(good)
        };
        let good = |(name, domain): (&str, &str)| {
            let labels = domain.strip_suffix(DOMAIN).map(|labels| labels.split('.').collect::<Vec<_>>());
            let of_project = labels.is_some_and(|labels| labels.len() <= 5 && labels.into_iter().all(label));
            label(name) && !name.starts_with('-') && of_project
        };
        let is_one = text.len() <= SERVICE_ACCOUNT_BYTES_MAX && text.split_once('@').is_some_and(good);
        if is_one { Ok(Self(text.into())) } else { Err(GcpNameError::ServiceAccount) }
    }
}

impl GcpScope {
    /// Parses a scope in its only spelling: Google might accept other spellings, which guardrails would not match.
    pub fn parse(text: &str) -> Result<Self, GcpNameError> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        let part = |part: &str| part.bytes().all(inner) && part.starts_with(is_outer) && part.ends_with(is_outer);
        let is_listed = text.strip_prefix(SCOPES).is_some_and(|name| name.split('.').all(part));
        let is_one = text.len() <= SCOPE_BYTES_MAX && (is_listed || SHORT_SCOPES.contains(&text));
        if is_one { Ok(Self(text.into())) } else { Err(GcpNameError::Scope) }
    }
}

/// Whether a part of a scope's name may begin and end with it.
const fn is_outer(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit()
}

crate::words::holds_text! { ServiceAccount GcpScope }

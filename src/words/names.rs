//! Names. They are parsed where they come in, so that no bare string stands for an issuer, a role, a policy or a path.

mod error;
pub mod patterns;

pub use error::{NameError, PointerError};

use super::holds_secret;
use std::fmt;

/// The longest name of any kind, in bytes: AWS's limit of issuer URLs and ARNs. No other name is longer.
pub const NAME_BYTES_MAX: usize = 2048;
/// IAM API reference, `roleNameType`.
const IAM_ROLE_BYTES_MAX: usize = 64;
/// IAM API reference, `policyNameType`.
const IAM_POLICY_BYTES_MAX: usize = 128;
/// IAM API reference, `pathType`, with a slash at both ends.
const IAM_PATH_BYTES_MAX: usize = 512;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $check:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// Parses it; the error says what was expected.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                if text.len() > NAME_BYTES_MAX {
                    return Err(NameError::TooLong);
                }
                $check(text)?;
                if holds_secret(text) { Err(NameError::Secret) } else { Ok(Self(text.to_owned())) }
            }
        }

        super::holds_text! { $name }
    )*};
}

names! {
    /// An OIDC issuer (OpenID Connect Discovery 1.0, section 3): https, or http on loopback. Compared byte for byte.
    IssuerUrl, check_issuer;
    /// A value of `aud` (RFC 7519, section 4.1.3), compared byte for byte.
    Audience, check_visible;
    /// The name that the configuration gives an issuer, such as `github`.
    IssuerName, check_label;
    /// A source's name, such as `team-a`; the root repository's is `root`.
    SourceName, check_label;
    /// A trust policy's name: its path below `policies/` without the ending, such as `shop/deploy`.
    PolicyName, check_path;
    /// The name of a row of a `for_each` file, such as `web`.
    RowName, check_path;
    /// A secret's path below `secrets/`, such as `shop/production/db.yaml`.
    SecretPath, check_path;
    /// A transit key's name: its path below `transit/`, such as `flux` or `shop/backup`.
    TransitKey, check_transit_key;
    /// An IAM role's ARN: `arn:PARTITION:iam::ACCOUNT:role/PATH`.
    RoleArn, check_role_arn;
    /// A key of AWS KMS: `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`, or `alias/NAME` instead of `key/ID`.
    KmsKeyArn, check_kms_key_arn;
    /// The 40 or 64 hexadecimal digits of a Git commit.
    CommitId, check_commit;
    /// The id of one decision: a UUID (RFC 9562, version 7).
    DecisionId, check_uuid;
}

impl TransitKey {
    /// The name within this source, if it begins with the source's name.
    pub fn below(&self, source: &SourceName) -> Option<Self> {
        Self::parse(source.within(self.as_str())?).ok()
    }
}

impl PolicyName {
    /// The name with its first `_` replaced by `/`, for clients that cannot write a `/`; `None` if that is not a valid name.
    pub fn in_folder(&self) -> Option<Self> {
        let (folder, name) = self.0.split_once('_')?;
        Self::parse(&format!("{folder}/{name}")).ok()
    }
}

impl SourceName {
    /// The root repository, which has no bounds and no prefix.
    pub fn root() -> Self {
        Self("root".to_owned())
    }

    /// Whether it is the root repository.
    pub fn is_root(&self) -> bool {
        self.0 == "root"
    }

    /// The part of a name below the source's folder, if it is below.
    pub fn within<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.as_str())?.strip_prefix('/')
    }
}

impl RoleArn {
    /// The partition of AWS, such as `aws` or `aws-cn`.
    pub fn partition(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The account that owns the role: 12 digits.
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }

    /// The role's name, without its path.
    pub fn role_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl KmsKeyArn {
    /// The key's region, such as `eu-west-1`.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }

    /// Whether it names a key by an alias, which can be moved to another key.
    pub fn is_alias(&self) -> bool {
        self.0.contains(":alias/")
    }
}

impl DecisionId {
    /// A new id. Later ids are greater.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes decision ids")]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }
}

impl Default for DecisionId {
    fn default() -> Self {
        Self::new()
    }
}

/// A secret document, or one value of it by JSON pointer (RFC 6901): `shop/db.yaml#/password`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SecretName {
    /// The document.
    pub path: SecretPath,
    /// The value's JSON pointer, which starts with `/`; absent for the whole document.
    pub key: Option<String>,
}

impl SecretName {
    /// Parses `path` or `path#/pointer`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (path, key) = match text.split_once('#') {
            Some((path, key)) => (path, Some(key)),
            None => (text, None),
        };
        if let Some(key) = key {
            check_pointer(key)?;
        }
        Ok(Self { path: SecretPath::parse(path)?, key: key.map(str::to_owned) })
    }
}

impl serde::Serialize for SecretName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl SecretName {
    /// The name within this source, if it begins with the source's name.
    pub fn below(&self, source: &SourceName) -> Option<Self> {
        let path = source.within(self.path.as_str())?;
        Some(Self { path: SecretPath::parse(path).ok()?, key: self.key.clone() })
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}#{key}", self.path),
            None => write!(f, "{}", self.path),
        }
    }
}

fn check_issuer(text: &str) -> Result<(), NameError> {
    check_visible(text)?;
    let rest = text.strip_prefix("https://").or_else(|| loopback_rest(text));
    let rest = rest.ok_or(NameError::IssuerScheme)?;
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return Err(NameError::IssuerHost);
    }
    if text.contains(['?', '#', '\\']) || rest.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(NameError::IssuerPath);
    }
    Ok(())
}

fn loopback_rest(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("http://")?;
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    (host == "127.0.0.1" || host == "localhost").then_some(rest)
}

fn check_visible(text: &str) -> Result<(), NameError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NameError::NotVisible);
    }
    Ok(())
}

fn check_label(text: &str) -> Result<(), NameError> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > patterns::LABEL_BYTES_MAX || !text.bytes().all(good) || text.starts_with('-') {
        return Err(NameError::NoLabel);
    }
    Ok(())
}

fn check_path(text: &str) -> Result<(), NameError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let segment_bad = |segment: &str| segment.is_empty() || segment.starts_with('.');
    if !text.bytes().all(good) || text.split('/').any(segment_bad) {
        return Err(NameError::NoPath);
    }
    Ok(())
}

/// A key's name has no segment `encrypt` or `decrypt`, because in an address the operation is a segment next to the name.
fn check_transit_key(text: &str) -> Result<(), NameError> {
    check_path(text)?;
    match text.split('/').find(|segment| matches!(*segment, "encrypt" | "decrypt")) {
        Some(operation) => Err(NameError::Operation { operation: operation.to_owned() }),
        None => Ok(()),
    }
}

/// One of AWS's partitions, such as `aws` or `aws-us-gov`.
fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_role_arn(text: &str) -> Result<(), NameError> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, iam, region, account, resource] = fields[..] else { return Err(NameError::NoRoleArn) };
    let name = resource.strip_prefix("role/").ok_or(NameError::NoRoleArn)?;
    if arn != "arn" || !is_partition(partition) || iam != "iam" || !region.is_empty() || !is_account(account) {
        return Err(NameError::NoRoleArn);
    }
    if is_iam_name(name, IAM_ROLE_BYTES_MAX) { Ok(()) } else { Err(NameError::RoleName) }
}

/// Whether it is a name of IAM, perhaps with a path before it (IAM API reference, `roleNameType`, `policyNameType`, `pathType`). Paths may
/// have further characters, which no policy needs.
fn is_iam_name(text: &str, most: usize) -> bool {
    let good = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte));
    let (path, name) = text.rsplit_once('/').map_or((None, text), |(path, name)| (Some(path), name));
    let path_good = path.is_none_or(|path| (1..=IAM_PATH_BYTES_MAX - 2).contains(&path.len()) && good(path));
    (1..=most).contains(&name.len()) && good(name) && path_good
}

fn check_kms_key_arn(text: &str) -> Result<(), NameError> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "kms", region, account, resource] = fields[..] else { return Err(NameError::NoKmsKeyArn) };
    let name = resource.strip_prefix("key/").or_else(|| resource.strip_prefix("alias/")).unwrap_or_default();
    // The region becomes a part of a host name.
    let region_good = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let name_good = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte));
    let whole = is_partition(partition) && is_account(account) && !region.is_empty() && !name.is_empty();
    if whole && region_good && name_good { Ok(()) } else { Err(NameError::NoKmsKeyArn) }
}

/// Checks the ARN of a managed policy: `arn:PARTITION:iam::ACCOUNT:policy/NAME`, of 20 to 2,048 characters. AWS's own policies have the
/// account `aws`.
pub fn check_managed_policy_arn(text: &str) -> Result<(), NameError> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = fields[..] else { return Err(NameError::NoManagedPolicyArn) };
    let name = resource.strip_prefix("policy/").unwrap_or_default();
    let named = is_iam_name(name, IAM_POLICY_BYTES_MAX);
    let owned = account == "aws" || is_account(account);
    let sized = (20..=NAME_BYTES_MAX).contains(&text.len());
    if is_partition(partition) && owned && named && sized { Ok(()) } else { Err(NameError::NoManagedPolicyArn) }
}

fn check_commit(text: &str) -> Result<(), NameError> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !matches!(text.len(), 40 | 64) || !text.bytes().all(hex) {
        return Err(NameError::NoCommit);
    }
    Ok(())
}

fn check_uuid(text: &str) -> Result<(), NameError> {
    uuid::Uuid::try_parse(text)?;
    Ok(())
}

/// Checks a JSON pointer (RFC 6901) to a value below the root.
pub fn check_pointer(text: &str) -> Result<(), PointerError> {
    if !text.starts_with('/') || text.chars().any(char::is_control) {
        return Err(PointerError::NoSlash { pointer: text.trim_start_matches('/').to_owned() });
    }
    if text.split('~').skip(1).any(|after| !after.starts_with(['0', '1'])) {
        return Err(PointerError::Tilde);
    }
    if holds_secret(text) {
        return Err(PointerError::Secret);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! What a job asks for: the body of `POST /v1/exchange`.

use super::aws_parameters::AwsParameters;
use super::past::PastSecret;
use super::permission::Permission;
use super::transit::TransitUse;
use crate::token::{from_json, parse_json};
use crate::words::Digest;
use crate::words::names::{Audience, PolicyName, RoleArn, SecretName, SecretPath};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fmt;

/// More credentials than any job needs at once; each may be a call to a cloud.
pub const CREDENTIALS_MAX: usize = 32;

/// One request for one or several credentials.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is asked for, each once.
    #[serde(deserialize_with = "bounded")]
    pub credentials: Vec<Wanted>,
    /// The policy to use where several grant the same.
    #[serde(default, deserialize_with = "there")]
    pub policy: Option<PolicyName>,
    /// What an AWS API lets its caller say further; no body of ours does.
    #[serde(skip)]
    pub aws_parameters: AwsParameters,
}

/// One credential that is asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Wanted {
    /// AWS credentials; without a role the one that is granted.
    Aws {
        /// The role.
        #[serde(default, deserialize_with = "there")]
        role: Option<RoleArn>,
    },
    /// A secret, whole or one key.
    #[serde(deserialize_with = "secret_name")]
    Secret(SecretName),
    /// A secret as an older commit had it.
    SecretAt(PastSecret),
    /// A token of our own issuer.
    IdToken {
        /// Whom it is for.
        audience: Audience,
    },
    /// A use of a transit key, at the Vault API: no body of ours can ask for it.
    #[serde(skip_deserializing)]
    Transit(TransitUse),
    /// The file key of one header of a document, by which all of the document opens. No body names it: a document is found by the
    /// stanzas that its holder shows.
    #[serde(skip_deserializing)]
    FileKey {
        /// The document.
        document: SecretPath,
        /// Which of its headers.
        header: Digest,
    },
    /// A use of daypass itself: no credential, so no body can ask for it.
    #[serde(skip_deserializing)]
    Daypass(Permission),
}

impl Request {
    /// Reads a body. Objects are objects and each member stands once; the error holds no value of the body.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let body = parse_json(body)?;
        let listed = body.get("credentials").and_then(Value::as_array).into_iter().flatten();
        if !body.is_object() || listed.filter_map(Value::as_object).flat_map(Map::values).any(Value::is_array) {
            return Err("an array stands where an object belongs".to_owned());
        }
        from_json(body)
    }

    /// A request for nothing: a login, which only says who.
    pub fn nothing(policy: Option<PolicyName>) -> Self {
        Self { credentials: Vec::new(), policy, aws_parameters: AwsParameters::default() }
    }

    /// A request for one credential.
    pub fn one(wanted: Wanted, policy: Option<PolicyName>) -> Self {
        Self { credentials: vec![wanted], policy, aws_parameters: AwsParameters::default() }
    }
}

impl Wanted {
    /// What policies look at: a transit key's use whatever it was used on, a secret of the past whichever commit it is of.
    pub fn without_input(self) -> Self {
        match self {
            Self::Transit(wanted) => Self::Transit(TransitUse { input: None, ..wanted }),
            Self::SecretAt(wanted) => Self::SecretAt(PastSecret { commit: None, ..wanted }),
            other => other,
        }
    }

    /// The secret that is read by it, whichever way: a file key is as good as the whole document.
    pub(super) fn secret(&self) -> Option<SecretName> {
        match self {
            Self::Secret(name) => Some(name.clone()),
            Self::SecretAt(past) => Some(past.name.clone()),
            Self::FileKey { document, .. } => Some(SecretName { path: document.clone(), key: None }),
            Self::Aws { .. } | Self::IdToken { .. } | Self::Transit(_) | Self::Daypass(_) => None,
        }
    }

    /// Reads the line that the audit log has.
    pub fn parse(line: &str) -> Result<Self, String> {
        match line.split_once(' ').map_or((line, None), |(kind, name)| (kind, Some(name))) {
            ("aws", None) => Ok(Self::Aws { role: None }),
            ("aws", Some(role)) => Ok(Self::Aws { role: Some(RoleArn::parse(role)?) }),
            ("secret", Some(name)) => SecretName::parse(name).map(Self::Secret),
            ("secret_at", Some(past)) => PastSecret::parse(past).map(Self::SecretAt),
            ("id_token", Some(audience)) => Ok(Self::IdToken { audience: Audience::parse(audience)? }),
            ("transit", Some(wanted)) => TransitUse::parse(wanted).map(Self::Transit),
            ("file_key", Some(name)) => {
                let (document, header) = name.split_once(' ').ok_or("expected a document and a header")?;
                Ok(Self::FileKey {
                    document: SecretPath::parse(document)?,
                    header: Digest::parse(header).ok_or("a header is 64 hexadecimal digits")?,
                })
            }
            ("daypass", Some(permission)) => Permission::parse(permission).map(Self::Daypass),
            _ => Err(format!("`{line}` is no credential")),
        }
    }
}

/// One line for the audit log and the replay key.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws { role: None } => f.write_str("aws"),
            Self::Aws { role: Some(role) } => write!(f, "aws {role}"),
            Self::Secret(name) => write!(f, "secret {name}"),
            Self::SecretAt(past) => write!(f, "secret_at {past}"),
            Self::IdToken { audience } => write!(f, "id_token {audience}"),
            Self::Transit(wanted) => write!(f, "transit {wanted}"),
            Self::FileKey { document, header } => write!(f, "file_key {document} {header}"),
            Self::Daypass(permission) => write!(f, "daypass {permission}"),
        }
    }
}

fn secret_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretName, D::Error> {
    SecretName::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// What may be left out is no `null`: there is one way to leave it out.
fn there<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Wanted>, D::Error> {
    let credentials = Vec::<Wanted>::deserialize(deserializer)?;
    let mut sorted: Vec<&Wanted> = credentials.iter().collect();
    sorted.sort();
    if credentials.is_empty() || credentials.len() > CREDENTIALS_MAX {
        return Err(serde::de::Error::custom(format!("ask for 1 to {CREDENTIALS_MAX} credentials")));
    }
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(serde::de::Error::custom("a credential is asked for twice"));
    }
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Request, String> {
        Request::parse(body.as_bytes())
    }

    #[test]
    fn reads_the_documented_body() {
        let request = read(r#"{"credentials":[{"aws":{"role":"arn:aws:iam::123456789012:role/d"}},{"secret":"shop/db.yaml#/password"}],"policy":"shop/deploy"}"#).unwrap();
        let lines: Vec<_> = request.credentials.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["aws arn:aws:iam::123456789012:role/d", "secret shop/db.yaml#/password"]);
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let past = format!(r#"{{"credentials":[{{"secret_at":{{"commit":"{commit}","secret":"shop/db.yaml#/password"}}}}]}}"#);
        let wanted = read(&past).unwrap().credentials.remove(0);
        assert_eq!(wanted.to_string(), format!("secret_at {commit} shop/db.yaml#/password"));
        assert_eq!(wanted.without_input().to_string(), "secret_at shop/db.yaml#/password");
    }

    #[test]
    fn the_audit_logs_lines_are_read_back() {
        let lines = [
            "aws",
            "aws arn:aws:iam::123456789012:role/d",
            "secret a/b.yaml#/x y",
            "secret_at a/b.yaml#/x y",
            "secret_at 0123456789abcdef0123456789abcdef01234567 a/b.yaml#/x y",
            "secret_at 0123456789abcdef0123456789abcdef01234567",
            "id_token https://x",
            "file_key a/b.yaml e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "daypass policy.replay",
            "transit encrypt shop/backup",
            "transit decrypt flux e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ];
        for line in lines {
            assert_eq!(Wanted::parse(line).map(|wanted| wanted.to_string()).as_deref().unwrap_or("?"), line);
        }
        for bad in [
            "",
            "secret",
            "secret_at",
            "secret_at 0123456789abcdef a/b.yaml",
            "secret_at 0123456789abcdef0123456789abcdef01234567 ",
            "gold x",
            "aws role",
            "daypass all",
            "file_key a/b.yaml",
            "file_key a/b.yaml 00",
            "transit flux",
            "transit rewrap flux",
            "transit decrypt a/encrypt",
            "transit decrypt flux e3",
        ] {
            assert!(Wanted::parse(bad).is_err(), "{bad}");
        }
    }

    /// A token in the wrong place is in nobody's log.
    #[test]
    fn a_fault_holds_no_value() {
        let bodies = [
            r#""eyJ-canary""#,
            r#"{"credentials":"eyJ-canary"}"#,
            r#"{"credentials":["eyJ-canary"]}"#,
            r#"{"credentials":[{"secret":"canary canary"}]}"#,
        ];
        for body in bodies {
            assert!(read(body).is_err_and(|fault| !fault.contains("canary")), "{body}");
        }
        assert!(read(r#"{"credentials":[{"gold":{}}]}"#).is_err_and(|fault| fault.contains("`gold`")));
        let long = format!("{{\"credentials\":[],\"{}\":1}}", "x".repeat(50_000));
        assert!(read(&long).is_err_and(|fault| fault.len() < 1000));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let bad = [
            r#"{}"#,
            r#"{"credentials":[]}"#,
            r#"{"credentials":[{"gold":{}}]}"#,
            r#"{"credentials":[{"aws":{"rol":"x"}}]}"#,
            r#"{"credentials":[{"secret":"../x"}]}"#,
            r#"{"credentials":[{"daypass":"policy.replay"}]}"#,
            r#"{"credentials":[{"transit":"decrypt flux"}]}"#,
            r#"{"credentials":[{"file_key":{"document":"x.age","header":"00"}}]}"#,
            r#"{"credentials":[{"aws":{}},{"aws":{}}]}"#,
            r#"{"credentials":[{"aws":{}}],"x":1}"#,
            r#"{"credentials":[{"aws":{}}],"policy":null}"#,
            r#"{"credentials":[{"aws":{"role":null}}]}"#,
            r#"{"credentials":[{"aws":[]}]}"#,
            r#"{"credentials":[{"id_token":["https://x"]}]}"#,
            r#"{"credentials":[{"secret_at":"x"}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x"}}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x","commit":null}}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x","commit":"HEAD"}}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x","commit":"0123456789abcdef0123456789abcdef01234567","key":"/a"}}]}"#,
            r#"{"credentials":[{"secret_at":["0123456789abcdef0123456789abcdef01234567","x"]}]}"#,
            r#"[[{"secret":"x"}]]"#,
            r#"{"credentials":[{"secret":"x"}],"credentials":[{"secret":"x"}]}"#,
            r#"{"credentials":[{"secret":"x","secret":"y"}]}"#,
            r#"{"credentials":[{"secret":"x","aws":{}}]}"#,
        ];
        for body in bad {
            assert!(read(body).is_err(), "{body}");
        }
    }
}

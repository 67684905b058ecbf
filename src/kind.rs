//! Kinds of credentials: what a job can ask for. Each kind has a module of its name here and in every other room that deals with
//! it, and one line in the list below. What all kinds share is written once, over the list.

mod answered;
mod aws;
mod azure;
mod daypass;
mod error;
mod file_key;
mod gcp;
mod github;
mod id_token;
mod member;
mod schema;
mod secret;
mod secret_at;
mod token_exchange;
mod transit;

pub use answered::{Answered, Credential, Hidden, IssuedValues, LISTED_VALUES_BYTES_MAX, Listed};
pub use aws::{AwsKeys, AwsSession, AwsTarget, ContainerCredentials};
pub use azure::{AzureTarget, AzureTargetError, AzureToken, AzureUse, Guid, GuidError, Scope, ScopeError};
pub use daypass::{Permission, PermissionError};
pub use error::NamedError;
pub use file_key::{FileKey, FileKeyError, FileKeyTarget};
pub use gcp::{DIRECT, GcpNameError, GcpScope, GcpTarget, GcpTargetError, GcpToken, Principal, ServiceAccount};
pub use github::{GitHubTarget, GitHubTargetError, GitHubToken, RepositoryScope};
pub use id_token::{IdToken, IdTokenTarget};
pub use schema::{POINTER, closed, nullable, object, reference};
pub use secret::{Encoding, SecretName, SecretValue, only_issued};
pub use secret_at::{PastSecret, PastValue};
pub use token_exchange::{ExchangeFields, ExchangedToken, FieldError, ServiceName, TokenExchangeError, TokenExchangeTarget};
pub use transit::{Operation, OperationError, TransitError, TransitUse};

use crate::words::names::{SecretPath, TransitKey};
use serde::Deserialize;
use serde_json::Value;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::hash::Hash;

/// Hands the list of all kinds to a macro: the kind, the type of its target, its word, and the type of its answer if it is given out.
macro_rules! each_kind {
    ($($then:tt)*) => {
        $($then)*! {
            Aws(AwsTarget) "aws" => AwsKeys;
            Secret(SecretName) "secret" => SecretValue;
            SecretAt(PastSecret) "secret_at" => PastValue;
            IdToken(IdTokenTarget) "id_token" => IdToken;
            GitHub(GitHubTarget) "github" => GitHubToken;
            Azure(AzureTarget) "azure" => AzureToken;
            TokenExchange(TokenExchangeTarget) "token_exchange" => ExchangedToken;
            Gcp(GcpTarget) "gcp" => GcpToken;
            /// A use of a transit key, at the Vault API: no body of our own API can ask for it.
            #[serde(skip_deserializing)]
            Transit(TransitUse) "transit";
            /// No body names it: the document is found by the stanzas that the client sends.
            #[serde(skip_deserializing)]
            FileKey(FileKeyTarget) "file_key" => FileKey;
            /// A use of daypass itself. It is not a credential, so no body can name it.
            #[serde(skip_deserializing)]
            Daypass(Permission) "daypass";
        }
    };
}

pub(crate) use each_kind;

/// A target of one kind. Its text follows the kind's word in the audit log.
pub trait Kind: Clone + Ord + Hash + Debug + Display {
    /// An example of how people write it in a policy's test, if they can. Errors show it.
    const EXAMPLE: Option<&'static str>;

    /// Why a text is no such target.
    type Error: Error + Clone + Eq;

    /// Who makes it.
    const MADE: Maker;

    /// Reads the text of the audit log; `None` if the line has only the word, so that the policies choose.
    fn read(text: Option<&str>) -> Result<Self, Self::Error>;

    /// Reads what people write in tests and questions, which name neither a commit nor an input.
    fn question(text: &str) -> Result<Self, Self::Error> {
        Self::read(Some(text))
    }

    /// Whether a text without the kind's word is such a target.
    fn looks_like(_text: &str) -> bool {
        false
    }

    /// Whether it names nothing, so that the policies choose.
    fn is_open(&self) -> bool {
        false
    }

    /// The target of an answer, by the answer's description in the audit log. Each kind that a request may leave open reads it: the
    /// record of the request does not name what the policies chose.
    fn described(_answer: &Value) -> Option<Self> {
        None
    }

    /// What it leaves open, so that a question about who has it has no answer; `None` if nothing is open. The policies complete
    /// what a job leaves open.
    fn left_open(&self) -> Option<&'static str> {
        None
    }

    /// The target as policies see it.
    fn for_policies(self) -> Self {
        self
    }

    /// The file that holds it, if it is committed.
    fn committed(&self) -> Option<Committed<'_>> {
        None
    }

    /// The one value of that file, by JSON pointer.
    fn pointer(&self) -> Option<&str> {
        None
    }

    /// The schema of its part of a request's body (JSON Schema), if a body can name it.
    fn body() -> Option<Value> {
        None
    }
}

/// Who makes a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Maker {
    /// A provider outside, which may not answer: the intent is recorded before, and the release after it.
    Outside,
    /// This server alone: the credential is made first, and leaves after its only record (decision 22).
    Here,
    /// Nobody: it is used on this server, and never given out.
    Never,
}

/// The file that holds a committed target, and which revision has to have it. Whoever asks says which of the two counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Committed<'a> {
    /// The revision in question has the file, or the target is missing.
    Current(TreeFile<'a>),
    /// An older revision had it: the present files do not limit the target.
    Past(TreeFile<'a>),
}

impl<'a> Committed<'a> {
    /// The file, of whichever revision: its name tells whose tree it is in.
    pub const fn file(self) -> TreeFile<'a> {
        match self {
            Self::Current(file) | Self::Past(file) => file,
        }
    }

    /// The file, if the revision in question has to have it.
    pub const fn current(self) -> Option<TreeFile<'a>> {
        match self {
            Self::Current(file) => Some(file),
            Self::Past(_) => None,
        }
    }

    /// The file, if an older revision had it.
    pub const fn past(self) -> Option<TreeFile<'a>> {
        match self {
            Self::Past(file) => Some(file),
            Self::Current(_) => None,
        }
    }
}

/// A file of a revision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TreeFile<'a> {
    /// Below `secrets/`.
    Document(&'a SecretPath),
    /// Below `transit/`.
    TransitKey(&'a TransitKey),
}

impl TreeFile<'_> {
    /// Its name, with which the patterns of policies are compared.
    pub fn name(&self) -> &str {
        match self {
            Self::Document(path) => path.as_str(),
            Self::TransitKey(key) => key.as_str(),
        }
    }
}

/// The path of the document, or of the folder with the key's versions.
impl Display for TreeFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(path) => write!(f, "secrets/{path}"),
            Self::TransitKey(key) => write!(f, "transit/{key}/"),
        }
    }
}

macro_rules! declare {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        /// One requested credential.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
        pub enum Target {$(
            #[doc = concat!("`", $word, "`.")]
            #[serde(rename = $word)]
            $(#[$attribute])*
            $kind($target),
        )*}

        /// Why a text names no credential.
        #[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
        pub enum TargetError {
            /// It does not begin with the word of a kind.
            #[error("`{line}` is no credential")]
            NoCredential {
                /// The line.
                line: String,
            },
            /// No kind has this word.
            #[error("`{word}` is no kind of credential")]
            NoKind {
                /// The word.
                word: String,
            },
            $(
            #[doc = concat!("The text behind `", $word, "`.")]
            #[error(transparent)]
            $kind(<$target as Kind>::Error),
            )*
        }

        $(impl From<$target> for Target {
            fn from(target: $target) -> Self {
                Self::$kind(target)
            }
        })*

        impl Target {
            /// Reads a line of the audit log.
            pub fn parse(line: &str) -> Result<Self, TargetError> {
                let (word, text) = line.split_once(' ').map_or((line, None), |(word, text)| (word, Some(text)));
                match word {
                    $($word => <$target>::read(text).map(Self::$kind).map_err(TargetError::$kind),)*
                    _ => Err(TargetError::NoCredential { line: line.to_owned() }),
                }
            }

            /// Reads what people write for the kind with this word.
            pub fn question(word: &str, text: &str) -> Result<Self, TargetError> {
                match word {
                    $($word => <$target>::question(text).map(Self::$kind).map_err(TargetError::$kind),)*
                    _ => Err(TargetError::NoKind { word: word.to_owned() }),
                }
            }

            /// Finds the kind by its word or by the form of the text. A text without a form of its own is a secret's name.
            pub fn guess(text: &str) -> Result<Self, TargetError> {
                $(if let Some(text) = text.strip_prefix(concat!($word, " ")) {
                    return Self::question($word, text);
                })*
                $(if <$target>::looks_like(text) {
                    return Self::question($word, text);
                })*
                SecretName::question(text).map(Self::Secret).map_err(TargetError::Secret)
            }

            /// The words that people can write, each with an example.
            pub fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
                [$(($word, <$target>::EXAMPLE)),*].into_iter().filter_map(|(word, example)| Some((word, example?)))
            }

            /// The JSON Schemas of what a request's body can name, by kind.
            pub fn bodies() -> impl Iterator<Item = Value> {
                let all = [$(($word, <$target>::body())),*];
                all.into_iter().filter_map(|(word, body)| Some(closed(&[word], serde_json::json!({ word: body? }))))
            }

            /// How people write targets, kind by kind.
            pub fn forms() -> String {
                let open = [$((<$target>::read(None).is_ok(), $word)),*].into_iter().filter(|(is_open, _)| *is_open);
                let open = open.map(|(_, word)| format!("`{word}`"));
                let named = Self::examples().map(|(word, example)| format!("`{{ {word}: {example} }}`"));
                let mut forms: Vec<String> = open.chain(named).collect();
                let last = forms.pop().unwrap_or_default();
                format!("{} or {last}", forms.join(", "))
            }

            /// What the policies chose if it left everything open. `issued` describes its answer in the audit log.
            pub fn chosen(&self, issued: &Value) -> Option<Self> {
                match self {
                    $(Self::$kind(target) if target.is_open() => <$target>::described(&issued[$word]).map(Self::$kind),)*
                    _ => None,
                }
            }

            /// What it leaves open, so that a question about who has it has no answer.
            pub fn left_open(&self) -> Option<&'static str> {
                match self {
                    $(Self::$kind(target) => target.left_open(),)*
                }
            }

            /// The target as policies see it: without the input of a use, or the commit of a past secret.
            pub fn for_policies(self) -> Self {
                match self {
                    $(Self::$kind(target) => Self::$kind(target.for_policies()),)*
                }
            }

            /// The file that holds it, if it is committed.
            pub fn committed(&self) -> Option<Committed<'_>> {
                match self {
                    $(Self::$kind(target) => target.committed(),)*
                }
            }

            /// The one value of that file, by JSON pointer.
            pub fn pointer(&self) -> Option<&str> {
                match self {
                    $(Self::$kind(target) => target.pointer(),)*
                }
            }

            /// The kind's word.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $word,)*
                }
            }
        }

        /// One line for the audit log and the replay key.
        impl Display for Target {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.kind())?;
                match self {
                    $(Self::$kind(target) if !target.is_open() => write!(f, " {target}"),)*
                    _ => Ok(()),
                }
            }
        }
    };
}
each_kind!(declare);

/// Parses the text after a kind's word, for kinds that need one.
fn named<T, E>(text: Option<&str>, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, NamedError<E>> {
    parse(text.ok_or(NamedError::NoName)?).map_err(NamedError::Name)
}

#[cfg(test)]
mod tests;

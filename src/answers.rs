//! What a server answers, as types that it and its clients share.

mod aws;
pub mod exposed;
mod file_key;
mod findings;
mod id_token;
mod rewritten;
mod secret;
mod session;
mod used;

pub use aws::{AwsKeys, AwsSession, ContainerCredentials};
pub use file_key::FileKey;
pub use findings::{Fault, Findings, Line, Lost, NearMiss};
pub use id_token::IdToken;
pub use rewritten::{Rewritten, RewrittenFile};
pub use secret::{Encoding, PastSecret, SecretValue};
pub use session::Session;
pub use used::{Outcome, Plaintext, TransitResult, Used};

use crate::words::names::{DecisionId, SecretName};
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Hands the list of the kinds that are handed out to a macro: the kind, its answer, and its word.
macro_rules! each_answer {
    ($($then:tt)*) => {
        $($then)*! {
            Aws(AwsKeys) "aws";
            IdToken(IdToken) "id_token";
            Secret(SecretValue) "secret";
            SecretAt(PastSecret) "secret_at";
            FileKey(FileKey) "file_key";
        }
    };
}

/// What is answered of one kind.
pub trait Answered: Listed {
    /// When it ends, if it does.
    fn expires_at(&self) -> Option<UnixTime>;

    /// For the audit log: what it is, and nothing that opens anything.
    fn describe(&self) -> Value;

    /// What a log must not show.
    fn hidden(&self) -> Vec<Hidden<'_>>;
}

/// An answer of the list, which finds its own among others.
pub trait Listed: Sized {
    /// The credential, if it is of this kind.
    fn of(credential: &Credential) -> Option<&Self>;

    /// The same, taken out.
    fn take(credential: Credential) -> Option<Self>;
}

/// A secret of an answer, and the name under which a repository has it, where one does.
pub struct Hidden<'a> {
    /// The secret.
    pub value: Secret,
    /// Its name.
    pub name: Option<&'a SecretName>,
}

impl From<&Secret> for Hidden<'_> {
    fn from(value: &Secret) -> Self {
        Self { value: value.duplicate(), name: None }
    }
}

macro_rules! declare {
    ($($kind:ident($answer:ident) $word:literal;)*) => {
        /// One credential that is handed out.
        #[derive(Serialize, Deserialize, Debug)]
        pub enum Credential {$(
            #[doc = concat!("`", $word, "`.")]
            #[serde(rename = $word)]
            $kind($answer),
        )*}

        $(impl From<$answer> for Credential {
            fn from(answer: $answer) -> Self {
                Self::$kind(answer)
            }
        })*

        impl Credential {
            /// When it ends, if it does.
            pub fn expires_at(&self) -> Option<UnixTime> {
                match self {
                    $(Self::$kind(answer) => answer.expires_at(),)*
                }
            }

            /// The kind's word.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $word,)*
                }
            }

            /// For the audit log, under the kind's word.
            pub fn describe(&self) -> Value {
                match self {
                    $(Self::$kind(answer) => serde_json::json!({ $word: answer.describe() }),)*
                }
            }

            /// What a log must not show.
            pub fn hidden(&self) -> Vec<Hidden<'_>> {
                match self {
                    $(Self::$kind(answer) => answer.hidden(),)*
                }
            }
        }

        $(impl Listed for $answer {
            fn of(credential: &Credential) -> Option<&Self> {
                match credential {
                    Credential::$kind(answer) => Some(answer),
                    _ => None,
                }
            }

            fn take(credential: Credential) -> Option<Self> {
                match credential {
                    Credential::$kind(answer) => Some(answer),
                    _ => None,
                }
            }
        })*
    };
}
each_answer!(declare);

/// Credentials: all that were asked for, in the order of the request.
#[derive(Serialize, Deserialize, Debug)]
pub struct Document {
    /// The decision.
    pub decision_id: DecisionId,
    /// The policies that grant, with a comma between them.
    pub policy: String,
    /// The commits in force that grant.
    pub policy_revision: String,
    /// When the first of them ends, if one does.
    pub expires_at: Option<UnixTime>,
    /// The credentials.
    pub credentials: Vec<Credential>,
}

impl Document {
    /// The first credential of this kind that is the one.
    pub fn find<A: Answered>(&self, is_it: impl Fn(&A) -> bool) -> Option<&A> {
        self.credentials.iter().filter_map(A::of).find(|answer| is_it(answer))
    }

    /// The same, taken out.
    pub fn take<A: Answered>(&mut self, is_it: impl Fn(&A) -> bool) -> Option<A> {
        let place = self.credentials.iter().position(|credential| A::of(credential).is_some_and(&is_it))?;
        A::take(self.credentials.remove(place))
    }
}

/// Every answer to a request that uses a token. No two have the same members.
#[derive(Serialize, Deserialize, Debug)]
#[serde(untagged)]
pub enum Answer {
    /// To an exchange.
    Credentials(Document),
    /// To a login.
    Session(Session),
    /// To a use of what stays on the server.
    Used(Used),
}

impl From<Document> for Answer {
    fn from(document: Document) -> Self {
        Self::Credentials(document)
    }
}

impl Answer {
    /// The decision that it is of.
    pub const fn decision(&self) -> &DecisionId {
        match self {
            Self::Credentials(document) => &document.decision_id,
            Self::Session(session) => &session.decision_id,
            Self::Used(used) => &used.decision_id,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

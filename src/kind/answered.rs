//! Answers: the credentials that are given out. Each is a type of its kind's module.

use super::{SecretName, each_kind, object};
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The most bytes of JSON pointers of one document that the audit log names. Policies may grant as many values as their files have room
/// for.
pub const LISTED_VALUES_BYTES_MAX: usize = 16 * 1024;

/// The values that were issued of a document that was not issued whole.
#[derive(PartialEq, Eq, Debug)]
pub enum IssuedValues {
    /// These, by JSON pointer.
    Named(Vec<String>),
    /// So many that the audit log does not name them all.
    NotAllNamed,
}

/// The answer of one kind.
pub trait Answered: Listed {
    /// What lives on after an operator revoked it, and what to do about that.
    const LIVES_ON: &'static str;

    /// When it ends, if it does.
    fn expires_at(&self) -> Option<UnixTime>;

    /// Describes it for the audit log, without secrets.
    fn describe(&self) -> Value;

    /// The secrets that a log must not show.
    fn hidden(&self) -> Vec<Hidden<'_>>;

    /// Its JSON Schema, if the native API returns it.
    fn schema() -> Option<Value> {
        None
    }

    /// A named schema that this schema refers to.
    fn component() -> Option<(&'static str, Value)> {
        None
    }

    /// An example. Each of its secrets is `hunter2` or its base64.
    #[cfg(test)]
    fn sample() -> Value;
}

/// An answer of the list, which finds its own variant of [`Credential`].
pub trait Listed: Sized {
    /// The kind's word.
    const WORD: &'static str;

    /// The credential, if it is of this kind.
    fn of(credential: &Credential) -> Option<&Self>;

    /// The credential by value, if it is of this kind.
    fn take(credential: Credential) -> Option<Self>;
}

/// A secret of an answer, and its name in the repository, if it is committed.
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
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $($(use super::$answer;)?)*

        /// One credential that is given out.
        #[derive(Serialize, Deserialize, Debug)]
        pub enum Credential {$($(
            #[doc = concat!("`", $word, "`.")]
            #[serde(rename = $word)]
            $kind($answer),
        )?)*}

        $($(impl From<$answer> for Credential {
            fn from(answer: $answer) -> Self {
                Self::$kind(answer)
            }
        })?)*

        impl Credential {
            /// When it ends, if it does.
            pub fn expires_at(&self) -> Option<UnixTime> {
                match self {
                    $($(Self::$kind(answer) => <$answer>::expires_at(answer),)?)*
                }
            }

            /// The kind's word.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $($(Self::$kind(_) => <$answer as Listed>::WORD,)?)*
                }
            }

            /// Describes it for the audit log, under the kind's word.
            pub fn describe(&self) -> Value {
                match self {
                    $($(Self::$kind(answer) => json!({ $word: <$answer>::describe(answer) }),)?)*
                }
            }

            /// What lives on of a credential of the kind with this word after an operator revoked it.
            pub fn lives_on(word: &str) -> Option<&'static str> {
                match word {
                    $($($word => Some(<$answer as Answered>::LIVES_ON),)?)*
                    _ => None,
                }
            }

            /// The schemas of the answers of the native API, each under its kind's word, and the schemas that they refer to.
            pub fn schemas() -> (Vec<Value>, Vec<(&'static str, Value)>) {
                let (mut schemas, mut components) = (Vec::new(), Vec::new());
                $($(
                    schemas.extend(<$answer>::schema().map(|schema| object(&[$word], json!({ $word: schema }))));
                    components.extend(<$answer>::component());
                )?)*
                (schemas, components)
            }

            /// An example of each kind, as JSON.
            #[cfg(test)]
            pub(crate) fn samples() -> Vec<Value> {
                vec![$($(json!({ $word: <$answer>::sample() }),)?)*]
            }

            /// The secrets that a log must not show.
            pub fn hidden(&self) -> Vec<Hidden<'_>> {
                match self {
                    $($(Self::$kind(answer) => <$answer>::hidden(answer),)?)*
                }
            }
        }

        $($(impl Listed for $answer {
            const WORD: &'static str = $word;

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
        })?)*
    };
}
each_kind!(declare);

//! What is answered: the credentials that are handed out, each a type of its kind's own module.

use super::{SecretName, each_kind, object};
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is answered of one kind.
pub trait Answered: Listed {
    /// When it ends, if it does.
    fn expires_at(&self) -> Option<UnixTime>;

    /// For the audit log: what it is, and nothing that opens anything.
    fn describe(&self) -> Value;

    /// What a log must not show.
    fn hidden(&self) -> Vec<Hidden<'_>>;

    /// Its JSON Schema, where the native API answers it.
    fn schema() -> Option<Value> {
        None
    }

    /// A schema to which that one refers, by its name.
    fn component() -> Option<(&'static str, Value)> {
        None
    }

    /// One, whose every secret is `hunter2` or its base64.
    #[cfg(test)]
    fn sample() -> Value;
}

/// An answer of the list, which finds its own among others.
pub trait Listed: Sized {
    /// The kind's word.
    const WORD: &'static str;

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
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $($(use super::$answer;)?)*

        /// One credential that is handed out.
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

            /// For the audit log, under the kind's word.
            pub fn describe(&self) -> Value {
                match self {
                    $($(Self::$kind(answer) => json!({ $word: <$answer>::describe(answer) }),)?)*
                }
            }

            /// The schemas of those that the native API answers, each under its kind's word, and those to which they refer.
            pub fn schemas() -> (Vec<Value>, Vec<(&'static str, Value)>) {
                let (mut schemas, mut components) = (Vec::new(), Vec::new());
                $($(
                    schemas.extend(<$answer>::schema().map(|schema| object(&[$word], json!({ $word: schema }))));
                    components.extend(<$answer>::component());
                )?)*
                (schemas, components)
            }

            /// One of each kind, as it is written.
            #[cfg(test)]
            pub(crate) fn samples() -> Vec<Value> {
                vec![$($(json!({ $word: <$answer>::sample() }),)?)*]
            }

            /// What a log must not show.
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

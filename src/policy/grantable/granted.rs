//! A credential that a policy grants, on the terms of its kind.

use crate::kind::{Kind, each_kind};
use crate::policy::subject::subject;
use crate::token::Possession;
use crate::words::UnixTime;
use crate::words::names::{PolicyName, RowName, SourceName};
use std::fmt::Debug;
use std::time::Duration;

/// One credential, and the policy that grants it.
#[derive(PartialEq, Eq, Debug)]
pub struct Granted {
    /// The repository that the policy comes from.
    pub source: SourceName,
    /// The policy.
    pub policy: PolicyName,
    /// The row of the policy, if its rows have names.
    pub row: Option<RowName>,
    /// The terms of the credential.
    pub terms: Terms,
    /// Whether the policy lets a token be used only once.
    pub once: bool,
    /// The proof of possession that the policy demands besides the token.
    pub proof: Possession,
    /// How long the policy lets a session last after its token has ended.
    pub session: Option<Duration>,
    /// When the last of the policies ends that grant it, if all of them end.
    pub expires: Option<UnixTime>,
}

impl Granted {
    /// Whether a session of this age may have it after its token has ended. Credentials that live on by themselves, such as an AWS
    /// session or a token of our own, are not for such a session.
    pub(in crate::policy) fn outlasts_token(&self, session_age: Duration) -> bool {
        self.terms.outlasts_token() && self.session.is_some_and(|lasting| session_age < lasting)
    }

    /// The subject of a token that we sign for it: source, policy and row.
    pub fn subject(&self) -> String {
        subject(&self.source, &self.policy, self.row.as_ref())
    }
}

/// A kind that is granted on terms.
pub trait HasTerms: Kind {
    /// The terms for one identity.
    type Terms: Clone + Eq + Debug;
}

macro_rules! declare {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $(use crate::kind::$target;)*

        /// The terms of one credential.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Terms {
            $(
                #[doc = concat!("`", $word, "`.")]
                $kind(<$target as HasTerms>::Terms),
            )*
        }
    };
}
each_kind!(declare);

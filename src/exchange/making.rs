//! How each kind of credential is made: the only place that asks a provider, signs, or decrypts. Each kind without a provider has a
//! module of its name below.

mod daypass;
mod file_key;
mod id_token;
mod secret;
mod secret_at;
mod transit;

use crate::app::{App, Live};
use crate::issue::{ProviderKind, RevocableToken, each_provider};
use crate::kind::Credential;
use crate::kind::each_kind;
use crate::policy::HasTerms;
use crate::store::{Licence, Licensed};
use crate::words::{Denial, Reason};
use std::time::Instant;

/// A kind of credential that can be made.
trait Issuable: HasTerms {
    /// Makes one by its licence.
    async fn make(app: &App, live: &Live, licence: Licence<'_, Self::Terms>) -> Result<NewCredential, Denial>;
}

/// A credential that was made and not released.
pub(super) struct NewCredential {
    pub(super) credential: Credential,
    /// What its provider can end, if it can.
    pub(super) revocable: Option<RevocableToken>,
}

impl NewCredential {
    /// Of what was made here.
    fn here(credential: impl Into<Credential>) -> Self {
        Self { credential: credential.into(), revocable: None }
    }
}

macro_rules! declare {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $(use crate::kind::$target;)*

        /// Makes one credential.
        pub(super) async fn make(app: &App, live: &Live, licensed: Licensed<'_>) -> Result<NewCredential, Denial> {
            match licensed {
                // Boxed: a future that waits for a provider is large, and would enlarge that of every request.
                $(Licensed::$kind(licence) => {
                    let (started, step) = (Instant::now(), app.traces.making(concat!("make ", $word), $word));
                    let made = step.ends(Box::pin(<$target>::make(app, live, licence)).await);
                    app.metrics.minted($word, started.elapsed());
                    made
                })*
            }
        }
    };
}
each_kind!(declare);

macro_rules! ask {
    ($($section:ident: $name:ident($target:ident);)*) => {$(
        impl Issuable for $target {
            async fn make(app: &App, _: &Live, licence: Licence<'_, Self::Terms>) -> Result<NewCredential, Denial> {
                let answer = app.providers.issue::<Self>(&licence, app.now()).await?;
                let revocable = Self::revocable(licence.terms(), &answer);
                Ok(NewCredential { credential: answer.into(), revocable })
            }
        }
    )*};
}
each_provider!(ask);

fn not_issuable(what: &impl std::fmt::Display) -> Denial {
    Reason::BadRequest.with_cause(format!("`{what}` is used here, and never handed out"))
}

//! Providers, which make credentials outside of this server: how each is configured and asked. A provider has a module of its kind's
//! name in this folder, and a line in the list of [`issue`](super).

use super::outward::{ProviderClientError, client};
use super::{OwnIssuers, ProviderMismatch, RateLimit, RevocableToken, RevocationHandle};
use crate::kind::{Credential, Target};
use crate::policy::HasTerms;
use crate::store::Licence;
use crate::words::yaml::{Fields, Node};
use crate::words::{Denial, Reason, UnixTime};
use reqwest::{Client, Url};
use std::error::Error;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// Finds files that the configuration names, and checks that nobody else can read or change them.
pub trait Places {
    /// A file that holds a private key.
    fn private<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf>;
    /// A file that decides whom the server trusts.
    fn trusted<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf>;
    /// A credential of this systemd service: its name, and the folder of credentials if systemd gave one.
    fn credential<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(String, Option<PathBuf>)>;
}

/// An address of a provider, and how it is reached.
#[derive(Clone, Debug)]
pub struct Endpoint<'a> {
    /// The address.
    pub url: Url,
    /// The authorities of its certificate, PEM; absent: the system's.
    pub ca: Option<&'a Path>,
    /// The proxy on the way to it.
    pub proxy: Option<&'a str>,
}

impl Endpoint<'_> {
    /// A client for it.
    pub fn client(&self) -> Result<Client, ProviderClientError> {
        client(self.ca, self.proxy)
    }
}

/// A kind that a provider makes.
pub trait ProviderKind: HasTerms {
    /// Its section of the configuration.
    type Settings: Clone + Debug;
    /// The provider, ready for requests.
    type Provider: Send + Sync;
    /// The credential.
    type Answer: Into<Credential>;
    /// Why the provider cannot be used.
    type ConnectError: Error + Send + Sync;

    /// Whether its section is a top-level key of the configuration, for compatibility: it is older than `providers`.
    const AT_TOP: bool = false;

    /// Reads the section.
    fn settings(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Self::Settings>;

    /// Prepares the provider. Sends no request yet.
    fn connect(
        settings: Self::Settings,
        own: &OwnIssuers,
    ) -> impl Future<Output = Result<Self::Provider, Self::ConnectError>> + Send;

    /// Requests a credential on these terms.
    fn issue(
        provider: &Self::Provider,
        licence: &Licence<'_, Self::Terms>,
        now: UnixTime,
    ) -> impl Future<Output = Result<Self::Answer, Denial>> + Send;

    /// What the provider needs to end this credential before its time, if it can.
    fn revocable(_terms: &Self::Terms, _answer: &Self::Answer) -> Option<RevocableToken> {
        None
    }

    /// Ends a credential at the provider. One that has ended already is no error.
    fn revoke(_provider: &Self::Provider, _handle: &RevocationHandle) -> impl Future<Output = Result<(), Denial>> + Send {
        std::future::ready(Err(Reason::Internal.with_cause("this provider ends no credential")))
    }

    /// The addresses of the provider.
    fn endpoints(settings: &Self::Settings) -> Vec<Endpoint<'_>>;

    /// Why the provider would refuse everything that a policy grants, as it is configured.
    fn misfit(_settings: &Self::Settings, _granted: &Self) -> Option<ProviderMismatch> {
        None
    }

    /// The rate limits that the provider's answers reported and that still hold, by the names of the configuration.
    fn rate_limits(_provider: &Self::Provider, _now: UnixTime) -> Vec<(&str, RateLimit)> {
        Vec::new()
    }

    /// The denial where the configuration has no such section.
    fn absent() -> Denial;
}

/// A kind of the list, which finds its provider among all.
pub trait Connected: ProviderKind {
    /// The provider, if it is configured.
    fn of(providers: &Providers) -> Option<&Self::Provider>;
    /// Its configuration, if it is configured.
    fn settings_of(settings: &ProviderSettings) -> Option<&Self::Settings>;
}

macro_rules! declare {
    ($($section:ident: $name:ident($target:ident);)*) => {
        $(use crate::kind::$target;)*

        /// Why a provider cannot be used.
        #[derive(Debug, thiserror::Error)]
        pub enum ConnectError {
            $(
                #[doc = concat!("`", stringify!($section), "`.")]
                #[error(transparent)]
                $name(<$target as ProviderKind>::ConnectError),
            )*
        }

        /// The providers' sections of the configuration.
        #[derive(Clone, Debug)]
        pub struct ProviderSettings {
            /// Whether the configuration has a section `providers`.
            is_listed: bool,
            $($section: Option<<$target as ProviderKind>::Settings>,)*
        }

        impl ProviderSettings {
            /// Reads all sections before it returns `None`, so that all faults are reported.
            pub fn read(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Self> {
                let node = fields.optional("providers");
                let mut inner = node.map(|node| fields.below(node));
                $(let $section = match &mut inner {
                    Some(inner) if !<$target>::AT_TOP => section::<$target>(stringify!($section), inner, places),
                    _ => Some(None),
                };)*
                if let Some(inner) = inner {
                    inner.finish();
                }
                $(let $section = if <$target>::AT_TOP {
                    section::<$target>(stringify!($section), fields, places)
                } else {
                    $section
                };)*
                Some(Self { is_listed: node.is_some(), $($section: $section?,)* })
            }

            /// Whether a provider makes this kind.
            pub const fn makes(granted: &Target) -> bool {
                matches!(granted, $(Target::$name(_))|*)
            }

            /// Why no provider would make what is granted; `None` if the configuration does not tell.
            pub fn misfits(&self, granted: &Target) -> Option<Vec<ProviderMismatch>> {
                match granted {
                    $(Target::$name(granted) => match &self.$section {
                        Some(settings) => Some(<$target>::misfit(settings, granted).into_iter().collect()),
                        None if self.is_listed && !<$target>::AT_TOP => Some(vec![self.no_provider(stringify!($section))]),
                        None => None,
                    },)*
                    _ => Some(Vec::new()),
                }
            }

            /// Why no provider would make it, where what is not described here is made by nobody: in a server's configuration.
            pub fn misfits_on_server(&self, granted: &Target) -> Vec<ProviderMismatch> {
                let absent = || vec![self.no_provider(granted.kind())];
                self.misfits(granted).unwrap_or_else(absent)
            }

            /// The addresses of each provider, with its name.
            pub fn endpoints(&self) -> Vec<(&'static str, Endpoint<'_>)> {
                let mut all = Vec::new();
                $(all.extend(self.$section.iter().flat_map(<$target>::endpoints).map(|endpoint| (stringify!($section), endpoint)));)*
                all
            }

            fn no_provider(&self, name: &str) -> ProviderMismatch {
                let all = [$((stringify!($section), self.$section.is_some() && !<$target>::AT_TOP)),*];
                let known = all.into_iter().filter(|(_, is_there)| *is_there).map(|(section, _)| section.to_owned()).collect();
                ProviderMismatch::NoName { what: "provider", name: name.to_owned(), known }
            }
        }

        /// All providers.
        pub struct Providers {
            settings: ProviderSettings,
            $($section: Option<<$target as ProviderKind>::Provider>,)*
        }

        impl Providers {
            /// Prepares all of them.
            pub async fn connect(settings: ProviderSettings, own: &OwnIssuers) -> Result<Self, ConnectError> {
                Ok(Self {
                    settings: settings.clone(),
                    $($section: match settings.$section {
                        Some(settings) => Some(<$target>::connect(settings, own).await.map_err(ConnectError::$name)?),
                        None => None,
                    },)*
                })
            }

            /// How they are configured.
            pub const fn settings(&self) -> &ProviderSettings {
                &self.settings
            }

            /// The provider's section of the configuration, if there is one of this name.
            pub fn section_named(name: &str) -> Option<&'static str> {
                [$(stringify!($section)),*].into_iter().find(|section| *section == name)
            }

            /// Ends a credential at the provider of this section of the configuration.
            pub async fn revoke(&self, provider: &str, handle: &RevocationHandle) -> Result<(), Denial> {
                match provider {
                    $(stringify!($section) => {
                        let connected = self.$section.as_ref().ok_or_else(|| unconfigured(<$target>::absent()))?;
                        <$target>::revoke(connected, handle).await
                    })*
                    other => Err(Reason::Internal.with_cause(format!("there is no provider `{other}`"))),
                }
            }

            /// The rate limits that still hold, each with its provider's name and its name in the configuration. Sends no request.
            pub fn rate_limits(&self, now: UnixTime) -> Vec<(&'static str, &str, RateLimit)> {
                let mut all = Vec::new();
                $(if let Some(provider) = &self.$section {
                    let reported = <$target>::rate_limits(provider, now).into_iter();
                    all.extend(reported.map(|(name, limit)| (stringify!($section), name, limit)));
                })*
                all
            }

            /// Refuses what no provider would make, as they are configured. Sends no request.
            pub fn check(&self, granted: &Target) -> Result<(), Denial> {
                match granted {
                    $(Target::$name(granted) => {
                        let settings = self.settings.$section.as_ref().ok_or_else(|| unconfigured(<$target>::absent()))?;
                        let refused = |misfit| Reason::ProviderDenied.with_cause(misfit).by(stringify!($section));
                        <$target>::misfit(settings, granted).map_or(Ok(()), |misfit| Err(refused(misfit)))
                    })*
                    _ => Ok(()),
                }
            }
        }

        $(impl Connected for $target {
            fn of(providers: &Providers) -> Option<&Self::Provider> {
                providers.$section.as_ref()
            }

            fn settings_of(settings: &ProviderSettings) -> Option<&Self::Settings> {
                settings.$section.as_ref()
            }
        })*
    };
}
each_provider!(declare);

impl Providers {
    /// Requests a credential from the provider of this kind.
    pub async fn issue<K: Connected>(&self, licence: &Licence<'_, K::Terms>, now: UnixTime) -> Result<K::Answer, Denial> {
        K::issue(K::of(self).ok_or_else(|| unconfigured(K::absent()))?, licence, now).await
    }
}

/// The configuration has no provider, so another attempt changes nothing.
fn unconfigured(denial: Denial) -> Denial {
    denial.with_detail("This server gives out no such credentials: its configuration names nobody who makes them.").with_hint(
        "Ask the operator to configure the provider: `daypass doctor` on the server names what policies grant and nobody makes.",
    )
}

/// Reads the section of one provider. `Some(None)`: it is absent, and nothing of this kind can be issued. `None`: it has a fault.
#[expect(clippy::option_option, reason = "absent and faulty are two things")]
fn section<K: ProviderKind>(name: &'static str, fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Option<K::Settings>> {
    let Some(node) = fields.optional(name) else { return Some(None) };
    let mut inner = fields.below(node);
    let settings = K::settings(&mut inner, places);
    inner.finish();
    settings.map(Some)
}

//! What somebody outside makes: how each provider is configured, reached and asked. A provider has a module of its kind's name in
//! this room, and one line in the list of [`issue`](super).

use super::outward::{OutwardError, client};
use super::{Misfit, OwnIssuers};
use crate::kind::{Credential, Target};
use crate::policy::OnTerms;
use crate::store::Licence;
use crate::words::yaml::{Fields, Node};
use crate::words::{Denial, Reason, UnixTime};
use reqwest::{Client, Url};
use std::error::Error;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// Where files are that the configuration names, and whether nobody else can reach them.
pub trait Places {
    /// A file that holds a private key.
    fn private<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf>;
    /// A file by which it is decided whom the server trusts.
    fn trusted<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf>;
    /// A credential of this service: its name, and systemd's folder where there is one.
    fn credential<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(String, Option<PathBuf>)>;
}

/// An address at which a provider is asked, and how it is reached.
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
    /// The way to it.
    pub fn client(&self) -> Result<Client, OutwardError> {
        client(self.ca, self.proxy)
    }
}

/// A kind that somebody outside makes.
pub trait Provided: OnTerms {
    /// Its section of the configuration.
    type Settings: Clone + Debug;
    /// Whoever makes it, ready to be asked.
    type Provider: Send + Sync;
    /// What is handed out.
    type Answer: Into<Credential>;
    /// Why whoever makes it cannot be asked at all.
    type ConnectError: Error + Send + Sync;

    /// Whether its section stands at the top of the configuration, where it stood before there was `providers`.
    const AT_TOP: bool = false;

    /// Reads the section.
    fn settings(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Self::Settings>;

    /// Gets ready, and asks nobody yet.
    fn connect(
        settings: Self::Settings,
        own: &OwnIssuers,
    ) -> impl Future<Output = Result<Self::Provider, Self::ConnectError>> + Send;

    /// Has one made on these terms.
    fn issue(
        provider: &Self::Provider,
        licence: &Licence<'_, Self::Terms>,
        now: UnixTime,
    ) -> impl Future<Output = Result<Self::Answer, Denial>> + Send;

    /// Where it is asked.
    fn endpoints(settings: &Self::Settings) -> Vec<Endpoint<'_>>;

    /// For what it would refuse all that a policy grants, as it is configured.
    fn misfit(_settings: &Self::Settings, _granted: &Self) -> Option<Misfit> {
        None
    }

    /// The denial where the configuration has no such section.
    fn absent() -> Denial;
}

/// A provider of the list, which finds its own among others.
pub trait Connected: Provided {
    /// The provider, where it is configured.
    fn of(providers: &Providers) -> Option<&Self::Provider>;
    /// How it is configured, where it is.
    fn settings_of(settings: &ProviderSettings) -> Option<&Self::Settings>;
}

macro_rules! declare {
    ($($section:ident: $name:ident($target:ident);)*) => {
        $(use crate::kind::$target;)*

        /// Why a provider cannot be asked at all.
        #[derive(Debug, thiserror::Error)]
        pub enum ConnectError {
            $(
                #[doc = concat!("`", stringify!($section), "`.")]
                #[error(transparent)]
                $name(<$target as Provided>::ConnectError),
            )*
        }

        /// The providers' sections of the configuration.
        #[derive(Clone, Debug)]
        pub struct ProviderSettings {
            /// Whether there is `providers` at all.
            is_listed: bool,
            $($section: Option<<$target as Provided>::Settings>,)*
        }

        impl ProviderSettings {
            /// Reads them. Every section is read before any is required, so that all faults are told.
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

            /// Whether somebody outside makes what is granted.
            pub const fn makes(granted: &Target) -> bool {
                matches!(granted, $(Target::$name(_))|*)
            }

            /// Why nobody would make what is granted; `None` where the configuration does not say who makes it.
            pub fn misfits(&self, granted: &Target) -> Option<Vec<Misfit>> {
                match granted {
                    $(Target::$name(granted) => match &self.$section {
                        Some(settings) => Some(<$target>::misfit(settings, granted).into_iter().collect()),
                        None if self.is_listed && !<$target>::AT_TOP => Some(vec![self.no_provider(stringify!($section))]),
                        None => None,
                    },)*
                    _ => Some(Vec::new()),
                }
            }

            /// Where each provider is asked, beside its name.
            pub fn endpoints(&self) -> Vec<(&'static str, Endpoint<'_>)> {
                let mut all = Vec::new();
                $(all.extend(self.$section.iter().flat_map(<$target>::endpoints).map(|endpoint| (stringify!($section), endpoint)));)*
                all
            }

            fn no_provider(&self, name: &str) -> Misfit {
                let all = [$((stringify!($section), self.$section.is_some() && !<$target>::AT_TOP)),*];
                let known = all.into_iter().filter(|(_, is_there)| *is_there).map(|(section, _)| section.to_owned()).collect();
                Misfit::NoName { what: "provider", name: name.to_owned(), known }
            }
        }

        /// Everybody outside who is asked for credentials.
        pub struct Providers {
            settings: ProviderSettings,
            $($section: Option<<$target as Provided>::Provider>,)*
        }

        impl Providers {
            /// Gets all of them ready.
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

            /// Refuses what nobody here would make, as the configuration is. Nobody is asked.
            pub fn check(&self, granted: &Target) -> Result<(), Denial> {
                match granted {
                    $(Target::$name(granted) => {
                        let settings = self.settings.$section.as_ref().ok_or_else(|| unconfigured(<$target>::absent()))?;
                        let refused = |misfit| Reason::ProviderDenied.because(misfit).by(stringify!($section));
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
    /// Has one made by whoever makes this kind.
    pub async fn issue<K: Connected>(&self, licence: &Licence<'_, K::Terms>, now: UnixTime) -> Result<K::Answer, Denial> {
        K::issue(K::of(self).ok_or_else(|| unconfigured(K::absent()))?, licence, now).await
    }
}

/// Absent: nothing of this kind can be issued. The outer `None` is a fault.
/// Nobody was asked, and another try changes nothing.
fn unconfigured(denial: Denial) -> Denial {
    denial.saying("This server gives out no such credentials: its configuration names nobody who makes them.")
}

#[expect(clippy::option_option, reason = "absent and faulty are two things")]
fn section<K: Provided>(name: &'static str, fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Option<K::Settings>> {
    let Some(node) = fields.optional(name) else { return Some(None) };
    let mut inner = fields.below(node);
    let settings = K::settings(&mut inner, places);
    inner.finish();
    settings.map(Some)
}

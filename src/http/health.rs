//! The server's state, as `/readyz`, the metrics, the log and `daypass status` report it.

use super::tls::Certificate;
use crate::answers::{Alarm, Checks, ListenerName, Readiness};
use crate::app::App;
use crate::issue::{RateLimit, Reachability};
use crate::issuers::Unreadable;
use crate::words::PlainPath;
use crate::words::names::IssuerName;
use arc_swap::ArcSwapOption;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often the server looks for alarms; it logs the new ones.
const LOOK_PAUSE: Duration = Duration::from_secs(60);

/// The server, and its certificates.
pub struct Health {
    pub(super) app: Arc<App>,
    /// That of the listener that jobs reach.
    public: Arc<Certificate>,
    /// That of the webhook, if there is one.
    webhook: Option<Arc<Certificate>>,
    /// Whether each provider answered when it was last asked.
    providers: ArcSwapOption<Vec<Reachability>>,
}

impl Health {
    /// The health of this server.
    pub fn new(app: Arc<App>, public: Arc<Certificate>, webhook: Option<Arc<Certificate>>) -> Self {
        Self { app, public, webhook, providers: ArcSwapOption::empty() }
    }

    fn certificates(&self) -> impl Iterator<Item = (ListenerName, &Certificate)> {
        let webhook = self.webhook.iter().map(|webhook| (ListenerName::Webhook, &**webhook));
        std::iter::once((ListenerName::Public, &*self.public)).chain(webhook)
    }

    /// What somebody has to repair, apart from faults of sources: certificates, issuers whose keys cannot be read, and providers
    /// that do not answer.
    pub async fn alarms(&self) -> Vec<Alarm> {
        self.alarms_of(&self.app.issuers.unreadable().await)
    }

    fn alarms_of(&self, unreadable: &[Unreadable]) -> Vec<Alarm> {
        let now = self.app.now();
        // Only for the public listener: the server does not know the name by which the API server calls the webhook.
        let misnamed = self.public.fault_for(&self.app.public_url).map(|fault| (ListenerName::Public, &*self.public, fault));
        let times = self.certificates().filter_map(|(listener, certificate)| {
            let validity = certificate.validity();
            let fault = validity.fault(now).or_else(|| validity.warning(now))?;
            Some((listener, certificate, fault))
        });
        let certificates = times.chain(misnamed).map(|(listener, certificate, fault)| {
            let file = certificate.path().plain().to_string();
            Alarm::Certificate { listener, file, fault }
        });
        let issuers = unreadable.iter().map(|issuer| Alarm::Issuer {
            issuer: issuer.name.clone(),
            fault: issuer.fault.to_string(),
            serves_on: issuer.serves_on,
        });
        certificates.chain(issuers).chain(self.silent_providers()).collect()
    }

    fn silent_providers(&self) -> Vec<Alarm> {
        let alarm = |Reachability { provider, origin, fault }: &Reachability| {
            let fault = fault.as_ref()?.to_string();
            Some(Alarm::Provider { provider: (*provider).to_owned(), origin: origin.to_string(), fault })
        };
        self.providers.load().iter().flat_map(|asked| asked.iter()).filter_map(alarm).collect()
    }

    fn provider_states(&self) -> String {
        let silent = self.silent_providers();
        let mut states = match self.providers.load().as_deref() {
            None => vec!["not asked yet".to_owned()],
            Some(asked) if asked.is_empty() => vec!["none is configured".to_owned()],
            Some(_) if silent.is_empty() => vec!["they answer".to_owned()],
            Some(_) => silent.iter().map(ToString::to_string).collect(),
        };
        let limits = self.app.providers.rate_limits(self.app.now()).into_iter().filter(|(.., limit)| limit.is_scarce());
        states.extend(limits.map(|(provider, app, RateLimit { remaining, resets_at, .. })| {
            format!("the provider `{provider}` takes {remaining} more requests of the App `{app}` until {resets_at}")
        }));
        states.join("; ")
    }

    /// Whether it can serve anybody, and why not. Faulty files are reported, and do not make it unready.
    pub async fn ready(&self) -> Readiness {
        let app = &self.app;
        let (live, unreadable) = (app.live.load_full(), app.issuers.unreadable().await);
        let revision = live.revision();
        let (store, fresh) = (app.store.is_writable().await, app.in_force().is_ok());
        let certificate = self.public.validity().fault(app.now());
        let issuers = app.issuers.count() > unreadable.iter().filter(|issuer| issuer.serves_nobody()).count();
        let draining = app.draining.is_cancelled();
        let state = |holds: bool, yes: &str, no: &str| if holds { yes.to_owned() } else { no.to_owned() };
        Readiness {
            ready: revision.is_ok() && store && fresh && certificate.is_none() && issuers && !draining,
            draining,
            revision: revision.as_ref().ok().map(|commit| (*commit).clone()),
            faults: live.listed_faults(),
            faults_left_out: live.faults_left_out(),
            held: live.pending_files(),
            held_left_out: live.waiting_left_out(),
            alarm: app.alarm(&live),
            alarms: self.alarms_of(&unreadable).iter().map(ToString::to_string).collect(),
            sources: app.source_statuses(&live),
            checks: Checks {
                revision: revision.map_or_else(|denial| denial.cause, |_| "in force".to_owned()),
                store: state(store, "writable", "cannot be written"),
                space: app.store.space().1.unwrap_or_else(|| "enough".to_owned()),
                clock: app.store.clock_fault().unwrap_or_else(|| "agrees with the time since boot".to_owned()),
                repository: state(fresh, "read", "not read for longer than max_stale"),
                certificate: certificate
                    .map_or_else(|| format!("counts until {}", self.public.validity().not_after), |fault| fault.to_string()),
                issuers: state(issuers, "keys can be had", "no issuer's keys can be read"),
                providers: self.provider_states(),
            },
        }
    }

    /// Sets the gauges whose values change without a request.
    pub async fn measure(&self) {
        let app = &self.app;
        let live = app.live.load_full();
        app.metrics.sources(app.source_states(&live).into_iter());
        app.metrics.space(app.store.space().0);
        app.metrics.clock(app.store.clock_steps());
        app.metrics.crowded_addresses.set(i64::try_from(app.clients.crowded().len()).unwrap_or(i64::MAX));
        app.metrics.keys_waiting(app.own_issuers.waiting_to_be_hosted());
        app.metrics.certificates(
            self.certificates().map(|(listener, certificate)| (listener.as_str(), certificate.validity().not_after)),
        );
        let unreadable = app.issuers.unreadable().await;
        let is_unreadable = |name: &IssuerName| unreadable.iter().any(|issuer| issuer.name == *name);
        let read_at = |age| app.now().minus(age);
        app.metrics.keys_read(app.issuers.ages().map(|(name, age)| (name, read_at(age))));
        app.metrics.issuers(app.issuers.names().map(|name| (name, is_unreadable(name))));
        let asked = self.providers.load();
        let asked = asked.iter().flat_map(|asked| asked.iter());
        app.metrics.providers(asked.map(|reach| (reach.provider, reach.fault.is_some())));
        app.metrics.rate_limits(app.providers.rate_limits(app.now()).into_iter());
    }

    /// Logs the alarms at the start, and each new one later.
    pub async fn watch(self: Arc<Self>) {
        let mut known = BTreeSet::new();
        loop {
            self.providers.store(Some(Arc::new(self.app.providers.settings().reach().await)));
            let alarms: BTreeSet<Alarm> = self.alarms().await.into_iter().collect();
            alarms.difference(&known).for_each(|alarm| tracing::error!(%alarm, "somebody has to see to this"));
            known = alarms;
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }
}

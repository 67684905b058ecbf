//! One issuer's keys: fetched once for all who wait, refreshed within five minutes, and served on for an hour when it is dead.

use super::http::Fetcher;
use super::settings::{IssuerSettings, JwksSource};
use crate::token::{JWKS_BYTES_MAX, KeySet, RawJws};
use crate::words::names::IssuerUrl;
use crate::words::{Clock, Denial, Reason, UnixTime};
use arc_swap::ArcSwapOption;
use moka::future::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A removed key stops being trusted within five minutes: this, and the time of a fetch.
const KEYS_FRESH_MAX: Duration = Duration::from_secs(270);
/// A dead issuer's keys serve on this long: its outage is not every job's.
const KEYS_STALE_MAX: Duration = Duration::from_secs(3600);
/// An unknown `kid` causes at most one fetch in this time, whoever sends it.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);
/// After a failure nobody waits for the next one.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// A file is cheap to read.
const FILE_FRESH_MAX: Duration = Duration::from_secs(10);
/// Discovery documents are near 1 KiB; large ones 10.
const DISCOVERY_BYTES_MAX: usize = 64 * 1024;

pub(super) struct Keyring {
    issuer: IssuerUrl,
    source: JwksSource,
    hosts: Vec<String>,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    /// Coalesces fetches: whoever comes while one runs waits for it, and no lock is held meanwhile.
    fresh: Cache<(), Arc<KeySet>>,
    last_good: ArcSwapOption<(UnixTime, Arc<KeySet>)>,
    forced_at: AtomicI64,
    failed_at: AtomicI64,
}

impl Keyring {
    pub(super) fn new(settings: &IssuerSettings, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let (ca, fresh_for) = match &settings.jwks {
            JwksSource::Url { ca, .. } => (ca.as_ref(), KEYS_FRESH_MAX),
            JwksSource::File(_) => (None, FILE_FRESH_MAX),
            JwksSource::Discovery => (None, KEYS_FRESH_MAX),
        };
        let ca = ca.map(std::fs::read).transpose().map_err(|fault| format!("issuer {}: its CA file: {fault}", settings.name))?;
        Ok(Self {
            issuer: settings.expected.issuer.clone(),
            source: settings.jwks.clone(),
            hosts: settings.jwks_hosts.clone(),
            fetcher: Fetcher::new(&settings.addresses, ca.as_deref(), settings.proxy.as_deref())?,
            clock,
            fresh: Cache::builder().max_capacity(1).time_to_live(fresh_for).build(),
            last_good: ArcSwapOption::empty(),
            forced_at: AtomicI64::new(i64::MIN),
            failed_at: AtomicI64::new(i64::MIN),
        })
    }

    /// The keys; fetched again, at most every 30 s, when the token's is not among them.
    pub(super) async fn keys(&self, jws: &RawJws) -> Result<Arc<KeySet>, Denial> {
        let keys = self.current().await?;
        if keys.holds(jws) || !self.may(&self.forced_at, UNKNOWN_KEY_PAUSE) {
            return Ok(keys);
        }
        self.fresh.invalidate(&()).await;
        self.current().await
    }

    async fn current(&self) -> Result<Arc<KeySet>, Denial> {
        let fetched = self.fresh.try_get_with((), async {
            if self.within(self.failed_at.load(Ordering::Relaxed), FAILURE_PAUSE) {
                return self.stale().ok_or_else(|| "the last try failed a moment ago".to_owned());
            }
            match self.fetch().await {
                Ok(keys) => {
                    let keys = Arc::new(keys);
                    self.last_good.store(Some(Arc::new((self.clock.now(), keys.clone()))));
                    Ok(keys)
                }
                Err(fault) => {
                    tracing::warn!(issuer = %self.issuer, %fault, "the issuer's keys cannot be fetched");
                    self.failed_at.store(self.clock.now().millis(), Ordering::Relaxed);
                    self.stale().ok_or(fault)
                }
            }
        });
        fetched.await.map_err(|fault| Reason::IssuerUnavailable.because(fault.to_string()))
    }

    /// The last good keys, within their bound.
    fn stale(&self) -> Option<Arc<KeySet>> {
        let held = self.last_good.load_full()?;
        self.within(held.0.millis(), KEYS_STALE_MAX).then(|| held.1.clone())
    }

    async fn fetch(&self) -> Result<KeySet, String> {
        let bytes = match &self.source {
            JwksSource::File(path) => tokio::fs::read(path).await.map_err(|fault| format!("{}: {fault}", path.display()))?,
            JwksSource::Url { url, token_file, .. } => {
                let bearer = token_file
                    .as_ref()
                    .map(std::fs::read_to_string)
                    .transpose()
                    .map_err(|fault| format!("its token file: {fault}"))?;
                self.fetcher.fetch(url, bearer.as_deref().map(str::trim), JWKS_BYTES_MAX).await?
            }
            JwksSource::Discovery => {
                let address = self.discover().await?;
                self.fetcher.fetch(&address, None, JWKS_BYTES_MAX).await?
            }
        };
        KeySet::import(&bytes)
    }

    /// OpenID Connect Discovery 1.0, section 4: the document has to be this issuer's own, byte for byte.
    async fn discover(&self) -> Result<String, String> {
        #[derive(serde::Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer.as_str().trim_end_matches('/'));
        let document: Discovery = serde_json::from_slice(&self.fetcher.fetch(&address, None, DISCOVERY_BYTES_MAX).await?)
            .map_err(|fault| format!("{address}: {fault}"))?;
        if document.issuer != self.issuer.as_str() {
            return Err(format!("{address}: the document is of another issuer"));
        }
        self.check_host(&document.jwks_uri)?;
        Ok(document.jwks_uri)
    }

    /// The keys are on the issuer's own host and scheme, or on a host that the operator names, by https.
    fn check_host(&self, jwks_uri: &str) -> Result<(), String> {
        let parse = |text: &str| reqwest::Url::parse(text).map_err(|fault| format!("{text}: {fault}"));
        let (keys, issuer) = (parse(jwks_uri)?, parse(self.issuer.as_str())?);
        let own = keys.scheme() == issuer.scheme()
            && keys.host_str() == issuer.host_str()
            && keys.port_or_known_default() == issuer.port_or_known_default();
        let named = keys.scheme() == "https" && self.hosts.iter().any(|host| Some(host.as_str()) == keys.host_str());
        if own || named { Ok(()) } else { Err(format!("{jwks_uri}: not on the issuer's host nor one of its `jwks_hosts`")) }
    }

    /// Whether `pause` has gone by since the mark; if so, moves the mark, for one caller alone.
    fn may(&self, mark: &AtomicI64, pause: Duration) -> bool {
        let (last, now) = (mark.load(Ordering::Relaxed), self.clock.now().millis());
        !self.within(last, pause) && mark.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn within(&self, mark: i64, span: Duration) -> bool {
        mark != i64::MIN && self.clock.now() < UnixTime::from_millis(mark).plus(span)
    }
}

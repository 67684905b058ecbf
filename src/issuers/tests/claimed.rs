//! The issuer that an unverified token claims, and the keys for it.

use super::*;

impl Issuers {
    /// Both steps, as a request takes them.
    pub(super) async fn keys_for(&self, raw: &RawToken) -> Result<(Arc<Issuer>, Arc<KeySet>), Denial> {
        let issuer = self.choose(raw)?;
        let keys = issuer.keys(raw).await?;
        Ok((issuer, keys))
    }
}

/// Only the audience tells two issuers at one address apart.
#[tokio::test]
async fn a_token_of_another_audience_claims_the_only_issuer_at_its_address() {
    let (us, them) = (settings("https://issuer.example", |_| ()), settings("https://issuer.example", |_| ()));
    let shared: Arc<dyn Clock> = Arc::new(TestClock(Arc::new(AtomicI64::new(1_800_000_000))));
    let raw = token("https://issuer.example", "others", "k1");
    let claimed = |settings| Issuers::new(settings, &shared).unwrap().claimed(&raw).map(ToString::to_string);
    assert_eq!(claimed(vec![us.clone()]), Some(us.name.to_string()));
    assert_eq!(claimed(vec![us, them]), None);
}

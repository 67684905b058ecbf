//! A cache of decrypted values: a document that many pods read is decrypted once for all of them.
//!
//! Each set of policies in force has its own cache, so that a value is forgotten together with its grant.

use super::not_in_force::NoValue;
use crate::policy::SecretTerms;
use crate::secrets::Plaintext;
use crate::words::names::SourceName;
use moka::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// How long a value is kept: well below the minute that is promised.
const CACHE_TTL: Duration = Duration::from_secs(30);
/// The size of the cache; beyond it the least used values are dropped.
const CACHE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The size of an entry without its value: its name, and its place in the table.
const ENTRY_BYTES: usize = 512;

/// The key of an entry: a document of a source, or some of its values, and whether the policy allows unauthenticated values, so
/// that no other policy gets them.
#[derive(PartialEq, Eq, Hash)]
struct CacheKey {
    source: SourceName,
    name: String,
    only: Option<Vec<String>>,
    unauthenticated: bool,
}

/// The cache of values.
pub(super) struct PlaintextCache(Cache<CacheKey, Arc<Plaintext>>);

impl Default for PlaintextCache {
    fn default() -> Self {
        let weight = |part: &CacheKey, plaintext: &Arc<Plaintext>| {
            u32::try_from(part.name.len() + plaintext.value.expose().len() + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(CACHE_BYTES_MAX).time_to_live(CACHE_TTL).weigher(weight).build())
    }
}

impl PlaintextCache {
    /// The value, which is decrypted now if it is not in the cache. A failure is not kept.
    pub(super) fn value(
        &self,
        source: &SourceName,
        terms: &SecretTerms,
        open: impl FnOnce() -> Result<Plaintext, NoValue>,
    ) -> Result<Arc<Plaintext>, NoValue> {
        let (name, only) = (terms.name.to_string(), terms.only.clone());
        let part = CacheKey { source: source.clone(), name, only, unauthenticated: terms.unauthenticated };
        if let Some(cached) = self.0.get(&part) {
            return Ok(cached);
        }
        let opened = Arc::new(open()?);
        self.0.insert(part, opened.clone());
        Ok(opened)
    }

    /// Drops, and so wipes, expired values. The cache itself does that only when it is used.
    pub(super) fn forget_old(&self) {
        self.0.run_pending_tasks();
    }
}

#[cfg(test)]
mod tests {
    use super::super::not_in_force::NotInForce;
    use super::*;
    use crate::words::Secret;
    use crate::words::names::SecretName;

    fn terms(name: &str, only: Option<&str>) -> SecretTerms {
        let only = only.map(|key| vec![key.to_owned()]);
        SecretTerms { name: SecretName::parse(name).unwrap(), only, offline: Duration::ZERO, unauthenticated: false }
    }

    fn plain(bytes: &[u8]) -> Plaintext {
        Plaintext { value: Secret::new(bytes.to_vec()), unauthenticated: false }
    }

    #[test]
    fn each_part_of_each_source_is_opened_once() {
        let (opened, root, team) = (PlaintextCache::default(), SourceName::root(), SourceName::parse("team-a").unwrap());
        let mut count = 0;
        for _ in 0..3 {
            for (source, name, only) in
                [(&root, "a.yaml", None), (&root, "a.yaml", Some("/x")), (&root, "a.yaml#/x", None), (&team, "a.yaml", None)]
            {
                let value = opened.value(source, &terms(name, only), || {
                    count += 1;
                    Ok(plain(format!("{source} {name} {only:?}").as_bytes()))
                });
                assert_eq!(value.unwrap().value.expose(), format!("{source} {name} {only:?}").as_bytes());
            }
        }
        assert_eq!(count, 4);
    }

    #[test]
    fn an_unauthenticated_value_is_given_only_where_the_policy_allows_it() {
        let (opened, root, strict) = (PlaintextCache::default(), SourceName::root(), terms("a.yaml", None));
        let loose = SecretTerms { unauthenticated: true, ..strict.clone() };
        assert!(opened.value(&root, &loose, || Ok(plain(b"forged"))).is_ok());
        assert!(opened.value(&root, &strict, || Err(NotInForce::Missing.into())).is_err());
    }

    #[test]
    fn a_failure_is_not_kept_and_the_size_is_bounded() {
        let (opened, root) = (PlaintextCache::default(), SourceName::root());
        assert!(opened.value(&root, &terms("a", None), || Err(NotInForce::Missing.into())).is_err());
        assert!(opened.value(&root, &terms("a", None), || Ok(plain(&[7]))).is_ok());
        for number in 0..64 {
            let name = format!("b{number}");
            opened.value(&root, &terms(&name, None), || Ok(plain(&[7; 1024 * 1024]))).unwrap();
        }
        opened.forget_old();
        assert!(opened.0.weighted_size() <= CACHE_BYTES_MAX, "{}", opened.0.weighted_size());
    }
}

//! `grant: gcp`: tokens of Google Cloud, for service accounts or for the federated identity itself.

mod boundary;
mod credential;
mod impersonators;
mod schema;
mod terms;

pub use boundary::Boundary;
pub use impersonators::{GcpUse, Impersonators};
pub use terms::GcpTerms;

use super::{Section, bounded, within};
use crate::kind::{DIRECT, GcpNameError, GcpScope, ServiceAccount, Target};
use crate::policy::error::FilledError;
use crate::policy::pattern::{NameForm, NamePatternError, Pattern};
use crate::policy::template::{Row, fill_row_text};
use crate::policy::trusting::SubjectTrust;
use crate::words::names::Audience;
use crate::words::yaml::{Fields, Node, Place};
use std::collections::BTreeSet;
use std::time::Duration;

/// A token that lives shorter than a request takes is of no use.
const TTL_MIN: Duration = Duration::from_secs(60);
/// IAM Service Account Credentials API, `generateAccessToken`: an hour, and 12 hours for accounts that the organization's policy
/// `iam.allowServiceAccountCredentialLifetimeExtension` lists. The configuration says which it lists.
const TTL_MAX: Duration = Duration::from_secs(12 * 3600);
const TTL_DEFAULT: Duration = Duration::from_secs(3600);
/// The most scopes. A longer list can be written as `cloud-platform`.
const SCOPES_MAX: usize = 20;
/// The most delegates. Nobody can follow a longer chain, and each account in it can act as the last one.
const DELEGATES_MAX: usize = 4;
/// The scope that limits nothing: only the account's IAM roles decide.
const SCOPE_DEFAULT: &str = "https://www.googleapis.com/auth/cloud-platform";
/// The service accounts' addresses.
const ACCOUNTS: NameForm = NameForm {
    kind: "service account",
    form: ServiceAccount::FORM,
    example: "its address, such as `*@acme-prod.iam.gserviceaccount.com`, or `direct`",
};

/// One token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct GcpGrant {
    place: Place,
    terms: GcpTerms,
}

impl GcpGrant {
    /// What it grants.
    pub(in crate::policy) const fn terms(&self) -> &GcpTerms {
        &self.terms
    }
}

impl Section for GcpGrant {
    const WORD: &'static str = "gcp";

    type PatternError = NamePatternError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        let place = node.place;
        within(fields, node, |inner| read_terms(inner, place, row).map(|terms| Self { place, terms }))
    }

    fn acts(&self) -> bool {
        true
    }

    fn named(&self) -> Option<Target> {
        Some(self.terms.target().into())
    }

    fn between(&self) -> Option<Target> {
        (!self.terms.delegates().is_empty()).then(|| self.terms.whole().into())
    }

    fn trusting(&self) -> Option<SubjectTrust> {
        let by = format!("Google's `{}`", self.terms.principal().as_str());
        Some(SubjectTrust { by, most: None, takes: |_| Ok(()), among: Self::WORD, gives_token: self.terms.is_federated_token() })
    }

    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        let pattern = Pattern::parse(text)?;
        if !pattern.matches(DIRECT) {
            pattern.check_can_name(&ACCOUNTS)?;
        }
        Ok(pattern)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        let of = self.terms.principal();
        let on_the_way = self.terms.delegates().iter().map(ServiceAccount::as_str);
        std::iter::once(of.as_str()).chain(on_the_way).any(|account| pattern.matches(account))
    }

    super::of!(Gcp);
}

/// Reads every key before it refuses any, so that all faults are reported at once.
fn read_terms(fields: &mut Fields<'_, '_>, place: Place, row: Option<&Row>) -> Option<GcpTerms> {
    let is_direct = fields.word("access", DIRECT);
    let account = fields.optional("service_account");
    let named = account.map(|node| read_account(fields, node, row));
    let id_token = fields.optional("id_token");
    let audience = id_token.map(|node| within(fields, node, |inner| read_audience(inner, row)));
    let lasts = fields.optional("ttl");
    let ttl = lasts.map(|node| fields.parsed(node, |text| bounded(text, TTL_MIN, TTL_MAX)));
    let scoped = fields.optional("scopes");
    let scopes = scoped.map(|list| read_scopes(fields, list, row));
    let bounds = fields.optional("boundary");
    let boundary = bounds.map(|list| Boundary::read(fields, list, row));
    let through = fields.optional("delegates");
    let last = named.as_ref().and_then(Option::as_ref);
    let delegates = through.map(|list| read_delegates(fields, list, row, last));
    let refused = if is_direct {
        refuse(
            fields,
            "a federated token belongs to no service account, and Google says how long it lives",
            [account, id_token, lasts, through],
        )
    } else {
        let why = "an ID token has no scope and no boundary, and it lives for an hour";
        id_token.is_some() && refuse(fields, why, [lasts, scoped, bounds, None])
    };
    if is_direct && scoped.is_none() {
        fields.fault(place, "`scopes` is missing: only they limit what a federated token can be used for");
    }
    if !is_direct && account.is_none() {
        fields.fault(place, "`service_account` is missing: name one, or grant the federated token by `access: direct`");
    }
    // A key that cannot be read is a fault: it does not count as absent.
    let boundary = boundary.map_or(Some(None), |boundary| boundary.map(Some))?;
    let ttl = ttl.unwrap_or(Some(TTL_DEFAULT))?;
    let delegates = delegates.unwrap_or_else(|| Some(Vec::new()))?;
    match (is_direct, audience) {
        _ if refused => None,
        (true, _) => Some(GcpTerms::Direct { scopes: scopes??, boundary }),
        (false, Some(audience)) => Some(GcpTerms::IdToken { account: named??, delegates, audience: audience? }),
        (false, None) => {
            let scopes = scopes.unwrap_or_else(|| GcpScope::parse(SCOPE_DEFAULT).ok().map(|scope| BTreeSet::from([scope])))?;
            Some(GcpTerms::Access { account: named??, delegates, ttl, scopes, boundary })
        }
    }
}

/// Reports each of these keys that is there, because it may not be.
fn refuse<'a>(fields: &mut Fields<'a, '_>, why: &str, nodes: [Option<&'a Node>; 4]) -> bool {
    let there: Vec<&Node> = nodes.into_iter().flatten().collect();
    there.iter().for_each(|node| fields.fault(node.place, why));
    !there.is_empty()
}

fn read_account<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<ServiceAccount> {
    fields.parsed(node, |text| ServiceAccount::parse(&fill_row_text(text, row)?).map_err(FilledError::Value))
}

fn read_audience(fields: &mut Fields<'_, '_>, row: Option<&Row>) -> Option<Audience> {
    let node = fields.required("audience")?;
    fields.parsed(node, |text| Audience::parse(&fill_row_text(text, row)?).map_err(FilledError::Value))
}

fn read_scopes<'a>(fields: &mut Fields<'a, '_>, list: &'a Node, row: Option<&Row>) -> Option<BTreeSet<GcpScope>> {
    let nodes = fields.one_or_many(list);
    if nodes.is_empty() || nodes.len() > SCOPES_MAX {
        fields.fault(list.place, format!("name 1 to {SCOPES_MAX} scopes"));
        return None;
    }
    let parse = |text: &str| -> Result<GcpScope, FilledError<GcpNameError>> {
        GcpScope::parse(&fill_row_text(text, row)?).map_err(FilledError::Value)
    };
    let read: Vec<_> = nodes.iter().map(|node| fields.parsed(node, parse)).collect();
    read.into_iter().collect()
}

/// Reads the chain that ends at the account `last`.
fn read_delegates<'a>(
    fields: &mut Fields<'a, '_>,
    list: &'a Node,
    row: Option<&Row>,
    last: Option<&ServiceAccount>,
) -> Option<Vec<ServiceAccount>> {
    let nodes = fields.one_or_many(list);
    if nodes.len() > DELEGATES_MAX {
        fields.fault(list.place, format!("a chain has {DELEGATES_MAX} delegates at most"));
        return None;
    }
    let read: Vec<_> = nodes.iter().map(|node| read_account(fields, node, row)).collect();
    let read: Vec<ServiceAccount> = read.into_iter().collect::<Option<_>>()?;
    for (at, node) in nodes.iter().enumerate() {
        if last == Some(&read[at]) || read[..at].contains(&read[at]) {
            let twice = format!("`{}` stands twice: a chain of impersonation goes through each account once", read[at]);
            fields.fault(node.place, twice);
        }
    }
    Some(read)
}

#[cfg(test)]
mod tests;

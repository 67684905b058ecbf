//! The decision: which policy grants a request, by default none. It has no side effects, and only it makes a [`Decision`].

use super::admission::Admission;
use super::file::{DANGERS, Rule, TrustPolicy};
use super::grant::Decision;
use super::grantable::Granted;
use super::guardrail::{Guardrails, unreadable};
use super::index::Indexed;
use super::request::Request;
use crate::identity::{Facts, Identity};
use crate::kind::Target;
use crate::token::Possession;
use crate::words::names::PolicyName;
use crate::words::{Denial, Reason, UnixTime};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// The policies in force, indexed so that a decision looks at few of them.
#[derive(Debug, Default)]
pub struct PolicySet {
    policies: Vec<Arc<TrustPolicy>>,
    /// Most of them: those of the last time that all were indexed.
    base: Arc<Indexed>,
    /// Which of `base` are gone, or are in `recent` in another form.
    gone: HashSet<u32>,
    /// Those that are new or changed since.
    recent: Indexed,
    guardrails: Arc<Guardrails>,
}

/// When a request is decided.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    now: UnixTime,
    /// How long the session has lasted, if its token has ended.
    session_age: Option<Duration>,
}

impl Moment {
    /// This time, while the token is valid.
    pub(super) const fn at(now: UnixTime) -> Self {
        Self { now, session_age: None }
    }
}

/// After more changes than this everything is indexed anew. That takes a tenth of a second for a hundred thousand policies.
const RECENT_MAX: usize = 1000;

impl PolicySet {
    /// Indexes the policies; they are evaluated in the order of their files. If few have changed since `before`, only those are
    /// indexed, and the rest of its index is used again.
    pub fn new(mut policies: Vec<Arc<TrustPolicy>>, guardrails: Arc<Guardrails>, before: Option<&Self>) -> Self {
        policies.sort_by(|one, other| one.file.cmp(&other.file));
        let changed = before.map(|before| (&before.base, changes(before.base.policies(), &policies)));
        let (base, gone, recent) = match changed {
            Some((base, (gone, came))) if gone.len() + came.len() <= RECENT_MAX => (base.clone(), gone, Indexed::new(came)),
            Some(_) | None => (Arc::new(Indexed::new(policies.clone())), HashSet::new(), Indexed::default()),
        };
        Self { policies, base, gone, recent, guardrails }
    }

    /// Every policy, in the order of their files.
    pub fn policies(&self) -> &[Arc<TrustPolicy>] {
        &self.policies
    }

    /// The policy of this name, whomever it is for.
    pub fn named(&self, name: &PolicyName) -> Option<&TrustPolicy> {
        files_of(name).find_map(|file| {
            let place = self.policies.binary_search_by(|policy| policy.file.cmp(&file)).ok()?;
            self.policies.get(place).map(|policy| &**policy)
        })
    }

    /// Whether a policy has this name in whatever case. Looks at each policy.
    pub fn is_named_in_any_case(&self, name: &PolicyName) -> bool {
        files_of(name).any(|file| self.policies.iter().any(|policy| policy.file.eq_ignore_ascii_case(&file)))
    }

    /// The guardrails, which no policy overrides.
    pub fn guardrails(&self) -> &Guardrails {
        &self.guardrails
    }

    /// Decides a whole request: all of its credentials are granted, or the request is denied.
    pub fn decide<'a>(&self, identity: &Identity, request: &'a Request, now: UnixTime) -> Result<Decision<'a>, Denial> {
        let moment = Moment { now, session_age: identity.session_age() };
        let one = |target: &Target| self.grant_whole_or_parts(identity.facts(), target, request.policy.as_ref(), moment);
        let mut granted = request.credentials.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        granted.iter_mut().try_for_each(|granted| request.aws_parameters.narrow(&mut granted.terms))?;
        check_differ(&granted)?;
        let required = granted.iter().map(|granted| granted.proof).max().unwrap_or(Possession::Nothing);
        check_possession(required, identity.possession()).map(|()| Decision::new(granted, request))
    }

    /// Admits an identity that a rule in force matches, by default nobody. Only this makes an [`Admission`]. What the rule grants is
    /// decided at every use. Some clients cannot name a folder: if no policy of the name matches the identity, the first `_` of the
    /// name stands for `/`.
    pub fn admit(&self, identity: &Identity, policy: Option<&PolicyName>, now: UnixTime) -> Result<Admission, Denial> {
        let lasting =
            |named: Option<&PolicyName>| self.matching(identity.facts(), named, now).map(|(policy, _)| policy.session).max();
        let admitted = match policy {
            None => lasting(None).map(|session| Admission::new(None, session)),
            Some(named) => {
                let mut names = [Some(named.clone()), named.in_folder()].into_iter().flatten();
                names.find_map(|name| lasting(Some(&name)).map(|session| Admission::new(Some(name), session)))
            }
        };
        admitted.ok_or_else(|| Reason::NoMatchingPolicy.with_cause("no policy is for this identity"))
    }

    /// Which policy would grant this to an identity with these unverified claims. It grants nothing.
    pub fn would_grant(
        &self,
        facts: &Facts,
        target: &Target,
        policy: Option<&PolicyName>,
        now: UnixTime,
    ) -> Result<PolicyName, Denial> {
        self.grant_one(facts, target, policy, Moment::at(now)).map(|granted| granted.policy)
    }

    /// The same with the server's answer for a document that is not granted whole: it has the values that are granted.
    pub fn would_answer(&self, facts: &Facts, target: &Target, now: UnixTime) -> Result<PolicyName, Denial> {
        self.grant_whole_or_parts(facts, target, None, Moment::at(now)).map(|granted| granted.policy)
    }

    /// Whether some policy may be for this identity: each of its lines holds that pins who somebody is (repository, owner, account).
    pub fn could_be_for(&self, facts: &Facts) -> bool {
        let base = self.base.candidates(facts).filter(|(number, ..)| !self.gone.contains(number));
        base.chain(self.recent.candidates(facts)).any(|(_, _, rule)| rule.pins_fit(facts))
    }

    pub(super) fn grant_one(
        &self,
        facts: &Facts,
        target: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<Granted, Denial> {
        let decided = self.grant_readable(facts, target, named, moment);
        let danger = || DANGERS.into_iter().find(|attribute| facts.unreadable.contains(attribute));
        match decided {
            Err(denial) if denial.reason == Reason::NoMatchingPolicy => Err(danger().map_or(denial, |attribute| {
                unreadable(attribute.as_str(), "the denial that stands unless a policy names the attribute")
            })),
            decided => decided,
        }
    }

    /// What every matching policy grants, before denials are evaluated; and the target, chosen if the request left it open.
    pub(super) fn offered<'a>(
        &self,
        facts: &Facts,
        target: &'a Target,
        named: Option<&PolicyName>,
        now: UnixTime,
    ) -> Result<(Cow<'a, Target>, Vec<Granted>), Denial> {
        let matching: Vec<_> = self.matching(facts, named, now).collect();
        let chosen = target.choose(matching.iter().map(|(_, rule)| *rule))?.map_or(Cow::Borrowed(target), Cow::Owned);
        let mut granted: Vec<Granted> = Vec::new();
        for (policy, rule) in matching {
            granted.extend(rule.grant(policy, facts, &chosen).transpose()?);
        }
        if granted.is_empty() {
            return Err(Reason::NoMatchingPolicy.with_cause(format!("no policy grants {chosen} to this identity")));
        }
        Ok((chosen, granted))
    }

    fn grant_readable(
        &self,
        facts: &Facts,
        target: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<Granted, Denial> {
        let (chosen, mut granted) = self.offered(facts, target, named, moment.now)?;
        for target in std::iter::once(Cow::Borrowed(&*chosen)).chain(between(&granted).map(Cow::Owned)) {
            if let Some(denial) = self.guardrails.against(facts, &target) {
                return Err(denial);
            }
        }
        if let Some(age) = moment.session_age {
            granted.retain(|granted| granted.outlasts_token(age));
            if granted.is_empty() {
                return Err(session_over(&chosen));
            }
        }
        agreed(granted, &chosen)
    }

    fn matching<'a>(
        &'a self,
        facts: &'a Facts,
        named: Option<&'a PolicyName>,
        now: UnixTime,
    ) -> impl Iterator<Item = (&'a TrustPolicy, &'a Rule)> {
        let base = self.base.candidates(facts).filter(|(number, ..)| !self.gone.contains(number));
        let mut candidates: Vec<_> = base.chain(self.recent.candidates(facts)).map(|(_, policy, rule)| (policy, rule)).collect();
        if !self.recent.policies().is_empty() {
            candidates.sort_by(|(one, _), (other, _)| one.file.cmp(&other.file));
        }
        candidates.into_iter().filter(move |(policy, rule)| {
            named.is_none_or(|named| *named == policy.name) && policy.in_force(now) && rule.matches(facts)
        })
    }
}

/// The files that a policy of this name can have: in the first source, and in a further one.
fn files_of(name: &PolicyName) -> impl Iterator<Item = String> {
    let of_further = name.as_str().split_once('/').map(|(source, rest)| format!("{source}:policies/{rest}.yaml"));
    std::iter::once(format!("policies/{name}.yaml")).chain(of_further)
}

/// The numbers of the known policies that are gone or changed, and the policies that are new or changed. Both arguments have to be
/// in the order of their files.
fn changes(known: &[Arc<TrustPolicy>], policies: &[Arc<TrustPolicy>]) -> (HashSet<u32>, Vec<Arc<TrustPolicy>>) {
    let (mut gone, mut came) = (HashSet::new(), Vec::new());
    let mut rest = policies.iter().peekable();
    for (number, old) in (0..).zip(known) {
        came.extend(std::iter::from_fn(|| rest.next_if(|new| new.file < old.file)).cloned());
        match rest.next_if(|new| new.file == old.file) {
            Some(new) if Arc::ptr_eq(old, new) => {}
            new => {
                gone.insert(number);
                came.extend(new.cloned());
            }
        }
    }
    came.extend(rest.cloned());
    (gone, came)
}

/// The one grant of all that several policies give of this. They have to agree on its terms.
fn agreed(mut granted: Vec<Granted>, wanted: &Target) -> Result<Granted, Denial> {
    // A policy that demands no proof of possession, or no single use, grants without it, whatever another policy demands.
    granted.sort_by_key(|granted| (granted.proof, granted.once));
    let expires = last_to_end(&granted);
    let mut granted = granted.into_iter();
    let first = granted.next().ok_or_else(|| Reason::NoMatchingPolicy.with_cause(format!("no policy grants {wanted}")))?;
    if granted.any(|other| other.terms != first.terms) {
        return Err(Reason::PolicyAmbiguous
            .with_cause(format!("{wanted} is granted with different terms by {} and others", first.policy)));
    }
    Ok(Granted { expires, ..first })
}

/// When the last of the policies ends that grant this, if all of them end. Policies that demand more proof than the first do not
/// count.
fn last_to_end(granted: &[Granted]) -> Option<UnixTime> {
    let first = granted.first()?;
    let alike = granted.iter().filter(|other| other.proof == first.proof).map(|granted| granted.expires);
    alike.reduce(|one, other| Some(one?.max(other?))).flatten()
}

/// What is used on the way to these grants. Nobody receives it, and a denial of it counts.
pub(super) fn between(granted: &[Granted]) -> impl Iterator<Item = Target> {
    granted.iter().filter_map(|granted| granted.terms.between())
}

fn check_possession(required: Possession, presented: Possession) -> Result<(), Denial> {
    let cause = |what: &str| format!("the policy says `dpop: {}`, and {what}", required.as_str());
    match presented {
        _ if required <= presented => Ok(()),
        Possession::Nothing => Err(Reason::ProofRequired.with_cause(cause("the token is bound to no key"))),
        Possession::Key | Possession::Request => Err(Reason::ProofRequired
            .with_cause(cause("the proof does not cover the query and the body"))
            .with_detail("The policy wants a proof that covers the request's query and body.")
            .with_hint(
                "Put `query_sha256` and `body_sha256` into the proof (docs/api.md, proof of possession): `daypass` does.",
            )),
    }
}

/// Refuses a request for the same credential both by name and without a name.
fn check_differ(granted: &[Granted]) -> Result<(), Denial> {
    let mut chosen: Vec<Target> = granted.iter().filter_map(|granted| granted.terms.chosen()).collect();
    chosen.sort();
    match chosen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Reason::BadRequest
            .with_cause(format!("{} is asked for twice", pair[0]))
            .with_detail("The same credential is asked for twice: by its name, and without a name.")),
        None => Ok(()),
    }
}

/// The denial for a session whose token has ended, if no policy lets the session last so long for this.
fn session_over(target: &Target) -> Denial {
    Reason::SessionRefused
        .with_cause(format!("its token has ended, and no policy lets a session have {target} so long"))
        .with_detail(
            "The session's token has ended. The session now opens only secrets and transit keys, where a policy allows it.",
        )
}

mod values;

#[cfg(test)]
mod denials;
#[cfg(test)]
mod following;
#[cfg(test)]
mod injection;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod raw_claims;
#[cfg(test)]
mod several;
#[cfg(test)]
mod tests;

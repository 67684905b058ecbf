//! The decision: which policy grants what is asked for, by default none. Pure, and the only maker of a [`Decision`].

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
    /// Most of them, from when they were last indexed together.
    base: Arc<Indexed>,
    /// Which of those are gone, or are among the recent ones in another form.
    gone: HashSet<u32>,
    /// Those that came since.
    recent: Indexed,
    guardrails: Arc<Guardrails>,
}

/// When something is asked for.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    now: UnixTime,
    /// In a session whose token has ended: how long the session has lasted.
    session_age: Option<Duration>,
}

impl Moment {
    /// This one, while a token lasts.
    pub(super) const fn at(now: UnixTime) -> Self {
        Self { now, session_age: None }
    }
}

/// Beyond so many changes everything is indexed anew: it takes a tenth of a second for a hundred thousand policies.
const RECENT_MAX: usize = 1000;

impl PolicySet {
    /// Indexes the policies; they are asked in the order of their files. What few changes since `before` need is indexed
    /// anew, beside what was.
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

    /// What no policy overrides.
    pub fn guardrails(&self) -> &Guardrails {
        &self.guardrails
    }

    /// Decides over a whole request: everything in it is granted, or it is denied.
    pub fn decide(&self, identity: &Identity, request: &Request, now: UnixTime) -> Result<Decision, Denial> {
        let moment = Moment { now, session_age: identity.session_age() };
        let one = |wanted: &Target| self.grant_whole_or_parts(identity.facts(), wanted, request.policy.as_ref(), moment);
        let mut granted = request.credentials.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        granted.iter_mut().try_for_each(|granted| request.aws_parameters.narrow(&mut granted.terms))?;
        check_differ(&granted)?;
        let wanted = granted.iter().map(|granted| granted.proof).max().unwrap_or(Possession::Nothing);
        check_possession(wanted, identity.possession()).map(|()| Decision::new(granted))
    }

    /// Admits an identity that some rule in force is for, by default nobody: the only maker of an [`Admission`]. What the rule
    /// grants is decided with every use. Some clients can name no folder: where no policy of the name is for the identity, its
    /// first `_` stands for `/`.
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
        admitted.ok_or_else(|| Reason::NoMatchingPolicy.because("no policy is for this identity"))
    }

    /// The same for claims that nobody proved: says what would be, and grants nothing.
    pub fn would_grant(
        &self,
        facts: &Facts,
        wanted: &Target,
        policy: Option<&PolicyName>,
        now: UnixTime,
    ) -> Result<PolicyName, Denial> {
        self.grant_one(facts, wanted, policy, Moment::at(now)).map(|granted| granted.policy)
    }

    /// The same as the server answers: a document that is not granted whole with the values of it that are.
    pub fn would_answer(&self, facts: &Facts, wanted: &Target, now: UnixTime) -> Result<PolicyName, Denial> {
        self.grant_whole_or_parts(facts, wanted, None, Moment::at(now)).map(|granted| granted.policy)
    }

    /// Whether some policy could be for this identity, by what it pins of who somebody is: then it is no stranger here.
    pub fn could_be_for(&self, facts: &Facts) -> bool {
        let base = self.base.candidates(facts).filter(|(number, ..)| !self.gone.contains(number));
        base.chain(self.recent.candidates(facts)).any(|(_, _, rule)| rule.pins_fit(facts))
    }

    pub(super) fn grant_one(
        &self,
        facts: &Facts,
        wanted: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<Granted, Denial> {
        let decided = self.grant_readable(facts, wanted, named, moment);
        let danger = || DANGERS.into_iter().find(|attribute| facts.unreadable.contains(attribute));
        match decided {
            Err(denial) if denial.reason == Reason::NoMatchingPolicy => Err(danger().map_or(denial, |attribute| {
                unreadable(attribute.as_str(), "the denial that stands unless a policy names the attribute")
            })),
            decided => decided,
        }
    }

    /// What every policy that matches grants, before any denial is looked at; and what it is, where that was left open.
    pub(super) fn offered<'a>(
        &self,
        facts: &Facts,
        wanted: &'a Target,
        named: Option<&PolicyName>,
        now: UnixTime,
    ) -> Result<(Cow<'a, Target>, Vec<Granted>), Denial> {
        let matching: Vec<_> = self.matching(facts, named, now).collect();
        let chosen = wanted.choose(matching.iter().map(|(_, rule)| *rule))?.map_or(Cow::Borrowed(wanted), Cow::Owned);
        let mut granted: Vec<Granted> = Vec::new();
        for (policy, rule) in matching {
            granted.extend(rule.grant(policy, facts, &chosen).transpose()?);
        }
        if granted.is_empty() {
            return Err(Reason::NoMatchingPolicy.because(format!("no policy grants {chosen} to this identity")));
        }
        Ok((chosen, granted))
    }

    fn grant_readable(
        &self,
        facts: &Facts,
        wanted: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<Granted, Denial> {
        let (chosen, mut granted) = self.offered(facts, wanted, named, moment.now)?;
        for wanted in std::iter::once(Cow::Borrowed(&*chosen)).chain(between(&granted).map(Cow::Owned)) {
            if let Some(denial) = self.guardrails.against(facts, &wanted) {
                return Err(denial);
            }
        }
        if let Some(age) = moment.session_age {
            granted.retain(|granted| granted.outlasts_token(age));
            if granted.is_empty() {
                return Err(session_over(&chosen));
            }
        }
        // A policy that wants no proof of possession allows without one, whatever another wants.
        granted.sort_by_key(|granted| granted.proof);
        let expires = last_to_end(&granted);
        let first = granted.remove(0);
        if granted.iter().any(|other| other.terms != first.terms) {
            return Err(Reason::PolicyAmbiguous
                .because(format!("{chosen} is granted with different terms by {} and others", first.policy)));
        }
        Ok(Granted { expires, ..first })
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

/// By their numbers the known policies that are gone or changed, and the policies that came or changed. Both are in the
/// order of their files.
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

/// Whoever is let in by several policies is let in until the last of them ends; those that ask for more proof than the first
/// are left out.
fn last_to_end(granted: &[Granted]) -> Option<UnixTime> {
    let first = granted.first()?;
    let alike = granted.iter().filter(|other| other.proof == first.proof).map(|granted| granted.expires);
    alike.reduce(|one, other| Some(one?.max(other?))).flatten()
}

/// What is used on the way is given out to nobody, and a denial of it counts all the same.
pub(super) fn between(granted: &[Granted]) -> impl Iterator<Item = Target> {
    granted.iter().filter_map(|granted| granted.terms.between())
}

fn check_possession(wanted: Possession, shown: Possession) -> Result<(), Denial> {
    let cause = |what: &str| format!("the policy says `dpop: {}`, and {what}", wanted.as_str());
    match shown {
        _ if wanted <= shown => Ok(()),
        Possession::Nothing => Err(Reason::ProofRequired.because(cause("the token is bound to no key"))),
        Possession::Key | Possession::Request => Err(Reason::ProofRequired
            .because(cause("the proof does not cover the query and the body"))
            .saying("The policy wants a proof that covers the request's query and body.")
            .advising("Put `query_sha256` and `body_sha256` into the proof (docs/api.md, proof of possession): `daypass` does.")),
    }
}

/// What is asked for by its name and without it is asked for twice.
fn check_differ(granted: &[Granted]) -> Result<(), Denial> {
    let mut chosen: Vec<Target> = granted.iter().filter_map(|granted| granted.terms.chosen()).collect();
    chosen.sort();
    match chosen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Reason::BadRequest
            .because(format!("{} is asked for twice", pair[0]))
            .saying("A credential is asked for twice: the role that is granted, and the same by its name.")),
        None => Ok(()),
    }
}

/// The job's token has ended, and no policy lets its session go on for this.
fn session_over(wanted: &Target) -> Denial {
    Reason::SessionRefused
        .because(format!("its token has ended, and no policy lets a session have {wanted} so long"))
        .saying("The session's token has ended. What is left opens secrets and transit keys alone, where a policy lets it.")
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
mod tests;

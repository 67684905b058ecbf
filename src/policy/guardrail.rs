//! `guardrails.yaml`: denials that no policy overrides.

use super::access::{Literal, Region};
use super::catalogue::{Catalogue, Tree};
use super::condition::{Condition, Effect, Subject};
use super::file::read_conditions;
use super::pattern::Pattern;
use super::sections::{Grants, PATTERNS, Section, own};
use crate::identity::{Attribute, Facts, Mapping};
use crate::kind::Target;
use crate::words::names::IssuerName;
use crate::words::yaml::{Fault, Fields, Node, Place, Severity, Yaml};
use crate::words::{Denial, Reason};
use std::sync::Arc;

/// The file's name.
pub const GUARDRAILS_FILE: &str = "guardrails.yaml";

/// All denials of the root repository.
#[derive(Clone, Debug, Default)]
pub struct Guardrails {
    denied: Vec<DenyRule>,
    silent: Vec<SilentDenial>,
}

/// A denial that can never apply to an issuer, because its tokens never have the attribute that a line tests.
#[derive(Clone, Debug)]
pub(super) struct SilentDenial {
    pub(super) place: Place,
    pub(super) description: String,
    pub(super) issuer: IssuerName,
    pub(super) attribute: Attribute,
}

/// One denial for one issuer: whom it is for, and what it denies.
#[derive(Clone, Debug)]
struct DenyRule {
    place: Place,
    description: String,
    issuer: IssuerName,
    conditions: Vec<Condition>,
    what: Option<DeniedTargets>,
}

/// What is denied, or what bounds allow: patterns, each with its section and its place.
#[derive(Clone, Debug, Default)]
pub(super) struct DeniedTargets(Vec<(&'static str, Pattern, Place)>);

impl Guardrails {
    /// The guardrails of a tree. Without the file nothing is denied.
    pub fn of(tree: &Tree, catalogue: &Catalogue) -> Result<Self, Vec<Fault>> {
        tree.get(GUARDRAILS_FILE).map_or_else(|| Ok(Self::default()), |bytes| Self::parse(bytes, catalogue))
    }

    /// Reads the file. Any fault refuses the whole file. A denial that names no issuer becomes one denial for each issuer, read by the
    /// issuer's mapping.
    pub fn parse(bytes: &[u8], catalogue: &Catalogue) -> Result<Self, Vec<Fault>> {
        let node = Node::parse(GUARDRAILS_FILE, bytes).map_err(|fault| vec![fault])?;
        let text = String::from_utf8_lossy(bytes);
        let mut faults = Vec::new();
        let mut fields = Fields::new(GUARDRAILS_FILE, &text, &node, &mut faults);
        let mut read = Self::default();
        if let Some(list) = fields.required("denials") {
            for node in fields.one_or_many(list) {
                let mut inner = fields.below(node);
                read.read_one(&mut inner, node.place, catalogue);
                inner.finish();
            }
        }
        fields.finish();
        if faults.iter().any(|fault| fault.severity == Severity::Error) { Err(faults) } else { Ok(read) }
    }

    /// These denials and the others, each once.
    pub(super) fn merge(mut self, others: &Self) -> Self {
        let further: Vec<DenyRule> = others.denied.iter().filter(|denied| !self.has(denied)).cloned().collect();
        self.denied.extend(further);
        self
    }

    /// Whether each denial of the others is one of these.
    pub(super) fn cover(&self, others: &Self) -> bool {
        others.denied.iter().all(|denied| self.has(denied))
    }

    /// The others' denials that these lack, each with its place. A denial for several issuers is listed once.
    pub fn missing_from<'a>(&self, others: &'a Self) -> Vec<(String, &'a str)> {
        let lacking = others.denied.iter().filter(|denied| !self.has(denied));
        let mut missing: Vec<(String, &str)> =
            lacking.map(|denied| (format!("{GUARDRAILS_FILE}:{}", denied.place.line), &*denied.description)).collect();
        missing.dedup();
        missing
    }

    fn has(&self, other: &DenyRule) -> bool {
        self.denied.iter().any(|denied| denied.denies_as(other))
    }

    /// The denial against this. If none applies for certain and one depends on an unreadable attribute, the token is refused.
    pub fn against(&self, facts: &Facts, target: &Target) -> Option<Denial> {
        let mut doubt = None;
        for denied in self.denied.iter().filter(|denied| denied.concerns(&facts.issuer, target)) {
            match denied.applies(facts) {
                Some(true) => return Some(Reason::Denied.with_cause(format!("guardrail: {}", denied.description))),
                Some(false) => {}
                None => doubt = doubt.or(Some(denied)),
            }
        }
        let denied = doubt?;
        let unknown = denied.conditions.iter().find(|condition| condition.denies(facts).is_none())?;
        Some(unreadable(unknown.subject.as_str(), &format!("guardrail: {}:", denied.description)))
    }

    /// Every denial against this, with its place. Denials that depend on an unreadable attribute are among them.
    pub(super) fn all_against(&self, facts: &Facts, target: &Target) -> impl Iterator<Item = (Place, &str)> {
        let concerned = self.denied.iter().filter(move |denied| denied.concerns(&facts.issuer, target));
        let against = concerned.filter(move |denied| denied.applies(facts) != Some(false));
        against.map(|denied| (denied.place, denied.description.as_str()))
    }

    /// Denials that can never apply to one of their issuers.
    pub(super) fn silent(&self) -> &[SilentDenial] {
        &self.silent
    }
}

/// The rejection of a token that lacks an attribute, or has it in an unreadable form, if a denial depends on the attribute.
pub(super) fn unreadable(attribute: &str, denial: &str) -> Denial {
    Reason::ClaimUnreadable
        .with_cause(format!("{denial} looks at `{attribute}`, which the token lacks or claims in a form that cannot be read"))
        .with_detail(format!("A denial looks at `{attribute}`, which the token lacks or claims in a form that cannot be read."))
}

/// One denial as it stands in the file.
pub(super) struct Listed<'a> {
    pub(super) place: Place,
    pub(super) description: &'a str,
    pub(super) issuers: Vec<&'a IssuerName>,
    what: Option<&'a DeniedTargets>,
}

impl Listed<'_> {
    /// Whether it denies a part of these grants.
    pub(super) fn overlaps(&self, grants: &Grants) -> bool {
        self.what.is_none_or(|what| what.meets(grants))
    }

    /// Each of its patterns that fits nothing in these grants, with its place.
    pub(super) fn idle(&self, granted: &[&Grants]) -> impl Iterator<Item = (&Pattern, Place)> {
        let patterns = self.what.into_iter().flat_map(|DeniedTargets(patterns)| patterns);
        let idle = patterns.filter(|(word, pattern, _)| !granted.iter().any(|grants| meets(grants, word, pattern)));
        idle.map(|(_, pattern, place)| (pattern, *place))
    }
}

fn meets(grants: &Grants, word: &str, pattern: &Pattern) -> bool {
    grants.entries().iter().any(|entry| entry.meets(word, pattern))
}

impl Guardrails {
    /// The denials as they stand in the file.
    pub(super) fn listed(&self) -> Vec<Listed<'_>> {
        let mut listed: Vec<Listed<'_>> = Vec::new();
        for denied in &self.denied {
            match listed.iter_mut().find(|known| (known.place, known.description) == (denied.place, denied.description.as_str()))
            {
                Some(known) => known.issuers.push(&denied.issuer),
                None => listed.push(Listed {
                    place: denied.place,
                    description: &denied.description,
                    issuers: vec![&denied.issuer],
                    what: denied.what.as_ref(),
                }),
            }
        }
        listed
    }

    /// The patterns that denials have of things that are files of a revision, each with the key of its section.
    pub(super) fn of_files(&self) -> impl Iterator<Item = (&'static str, &Pattern)> {
        let what = || self.denied.iter().filter_map(|denied| denied.what.as_ref());
        own().flat_map(move |(word, _)| what().flat_map(move |what| what.of(word)).map(move |pattern| (word, pattern)))
    }

    /// Whether a part of this entry is denied to every identity of the issuer.
    pub(super) fn denies_to_all<S: Section>(&self, issuer: &IssuerName, entry: &S) -> bool {
        let is_met = |what: &DeniedTargets| what.of(S::WORD).any(|pattern| entry.meets(pattern));
        let to_all = self.denied.iter().filter(|denied| denied.issuer == *issuer && denied.conditions.is_empty());
        to_all.into_iter().any(|denied| denied.what.as_ref().is_none_or(is_met))
    }

    /// How many denials stand in the file.
    pub fn count(&self) -> usize {
        self.listed().len()
    }

    /// The attributes and claims that the denials for this issuer test.
    pub(super) fn subjects(&self, issuer: &IssuerName) -> impl Iterator<Item = &Subject> {
        let concerned = self.denied.iter().filter(move |denied| denied.issuer == *issuer);
        concerned.flat_map(|denied| denied.conditions.iter().map(|condition| &condition.subject))
    }

    /// The raw claims that lines of denials test, for each issuer that they concern.
    pub(super) fn claims(&self) -> impl Iterator<Item = (Place, &IssuerName, &str)> {
        self.denied.iter().flat_map(|denied| {
            denied.conditions.iter().filter_map(|line| match &line.subject {
                Subject::Claim(pointer) => Some((line.place, &denied.issuer, pointer.as_str())),
                Subject::Attribute(_) => None,
            })
        })
    }

    /// The identities of this issuer to whom a denial denies this.
    pub(super) fn regions_against(&self, issuer: &IssuerName, mapping: &Mapping, target: &Target) -> Vec<Region> {
        let concerned = self.denied.iter().filter(|denied| denied.issuer == *issuer);
        concerned.flat_map(|denied| denied.regions_against(mapping, target)).collect()
    }

    /// The patterns that are denied of one section, with their issuer. Denials to the same identities count as one.
    pub(super) fn denied_of(&self, word: &str) -> impl Iterator<Item = (&IssuerName, Vec<&Pattern>)> {
        let mut all: Vec<(&DenyRule, Vec<&Pattern>)> = Vec::new();
        for denied in &self.denied {
            let patterns = denied.what.iter().flat_map(|what| what.of(word));
            match all.iter_mut().find(|(other, _)| denied.is_to_the_same(other)) {
                Some((_, others)) => others.extend(patterns),
                None => all.push((denied, patterns.collect())),
            }
        }
        all.into_iter().map(|(denied, patterns)| (&denied.issuer, patterns))
    }

    fn read_one<'a>(&mut self, fields: &mut Fields<'a, '_>, place: Place, catalogue: &Catalogue) {
        let description = fields.required("description").and_then(|node| fields.text(node)).map(str::to_owned);
        let issuer = fields.optional("issuer").map(|node| (node, fields.parsed(node, IssuerName::parse)));
        let (matches, claims) = (fields.optional("match"), fields.optional("claims"));
        let named = issuer.is_some();
        let concerned: Vec<IssuerName> = match issuer {
            None => catalogue.names().cloned().collect(),
            Some((node, Some(name))) if catalogue.issuer(&name).is_none() => {
                fields.fault(node.place, format!("no issuer `{name}` is configured, so nothing would be denied"));
                Vec::new()
            }
            Some((_, name)) => name.into_iter().collect(),
        };
        let concerned: Vec<(IssuerName, Arc<Mapping>)> =
            concerned.into_iter().filter_map(|name| Some((name.clone(), catalogue.issuer(&name)?.mapping.clone()))).collect();
        let mappings: Vec<_> = concerned.iter().map(|(_, mapping)| mapping.clone()).collect();
        let conditions = read_conditions(fields, matches, claims, (None, &mappings, Effect::Denies));
        let what = fields.optional("deny").map(|node| {
            let mut inner = fields.below(node);
            let what = DeniedTargets::read(&mut inner);
            refuse_empty(&mut inner, node);
            inner.finish();
            what
        });
        let Some(description) = description else { return };
        let never_claimed = |mapping: &Mapping| conditions.iter().find_map(|line| Some((line, line.never_claimed(mapping)?)));
        // An attribute that no issuer claims is a mistake. If only some claim it, the denial cannot apply to the others: the linter
        // reports those.
        if let Some((line, attribute)) = concerned.first().and_then(|(_, mapping)| never_claimed(mapping))
            && concerned.iter().all(|(_, mapping)| never_claimed(mapping).is_some())
        {
            let issuers = if named { "this issuer never claims" } else { "no configured issuer claims" };
            let message = format!("{issuers} `{attribute}`, so nothing would be denied");
            fields.report(fields.draft(line.place, message).coded("attribute_never_claimed"));
        }
        for (issuer, mapping) in concerned {
            let description = description.clone();
            match never_claimed(&mapping) {
                Some((_, attribute)) => self.silent.push(SilentDenial { place, description, issuer, attribute }),
                None => {
                    let conditions = conditions.iter().cloned().map(|condition| condition.read_by(&mapping)).collect();
                    self.denied.push(DenyRule { place, description, issuer, conditions, what: what.clone() });
                }
            }
        }
    }
}

/// Refuses empty lists: they deny nothing, and their author believes the opposite.
fn refuse_empty<'a>(fields: &mut Fields<'a, '_>, deny: &'a Node) {
    let lists: Vec<Place> = fields
        .members()
        .iter()
        .filter(|(_, _, list)| matches!(&list.value, Yaml::List(items) if items.is_empty()))
        .map(|(_, place, _)| *place)
        .collect();
    if fields.members().is_empty() {
        fields.fault(deny.place, "nothing is named, so nothing would be denied: leave `deny` out to deny everything");
    }
    lists.into_iter().for_each(|place| fields.fault(place, "an empty list denies nothing: take it out"));
}

impl DenyRule {
    /// Whether both deny the same to the same identities, wherever they stand and whatever their descriptions are.
    fn denies_as(&self, other: &Self) -> bool {
        self.what == other.what && self.is_to_the_same(other)
    }

    fn is_to_the_same(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.conditions.len() == other.conditions.len()
            && self.conditions.iter().zip(&other.conditions).all(|(own, other)| own.tests_as(other))
    }

    /// Whether every line holds; `None` if that depends on an unreadable attribute. One line that does not hold decides.
    fn applies(&self, facts: &Facts) -> Option<bool> {
        let mut verdict = Some(true);
        for condition in &self.conditions {
            match condition.denies(facts) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => verdict = None,
            }
        }
        verdict
    }

    /// The identities to whom it denies this. A denial of the caller's own repository depends on the repository's name.
    fn regions_against(&self, mapping: &Mapping, target: &Target) -> Vec<Region> {
        let regions = || Region::denied(&self.conditions, mapping);
        match &self.what {
            Some(what) if !what.covers(target) => match (target.own_pattern(), target.compared_with(what)) {
                (None, _) => Vec::new(),
                (Some(_), patterns) if patterns.is_empty() => Vec::new(),
                (Some(_), patterns) => {
                    let called = Literal::is_called_like(Attribute::Repository, &patterns);
                    regions().into_iter().map(|region| region.and(called.clone())).collect()
                }
            },
            Some(_) | None => regions(),
        }
    }

    fn concerns(&self, issuer: &IssuerName, target: &Target) -> bool {
        self.issuer == *issuer && self.what.as_ref().is_none_or(|what| what.covers(target))
    }
}

/// Compares the patterns without their places.
impl PartialEq for DeniedTargets {
    fn eq(&self, other: &Self) -> bool {
        let named = |what: &Self| what.0.iter().map(|(word, pattern, _)| (*word, pattern.clone())).collect::<Vec<_>>();
        named(self) == named(other)
    }
}

impl DeniedTargets {
    /// Reads patterns by section.
    pub(super) fn read(fields: &mut Fields<'_, '_>) -> Self {
        let mut patterns = Vec::new();
        for (word, parse) in PATTERNS {
            let Some(list) = fields.optional(word) else { continue };
            let nodes = fields.one_or_many(list);
            patterns.extend(nodes.iter().filter_map(|node| Some((*word, fields.parsed(node, parse)?, node.place))));
        }
        Self(patterns)
    }

    /// Whether one of its patterns fits something that these entries grant, or use on the way.
    pub(super) fn meets(&self, grants: &Grants) -> bool {
        self.0.iter().any(|(word, pattern, _)| meets(grants, word, pattern))
    }

    /// The patterns of one section.
    pub(super) fn of(&self, word: &str) -> impl Iterator<Item = &Pattern> + Clone {
        self.0.iter().filter(move |(section, ..)| *section == word).map(|(_, pattern, _)| pattern)
    }

    /// Each of its patterns: as it is written, and as a `DeniedTargets` with this pattern only.
    pub(super) fn patterns(&self) -> impl Iterator<Item = (String, Self)> {
        self.0.iter().map(|one| (one.1.to_string(), Self(vec![one.clone()])))
    }
}

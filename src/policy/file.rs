//! A trust policy file. It is read whole, with all faults at once: a policy that is only partly read never leaves here.

use super::accepted::{self, Accepted};
use super::catalogue::{Catalogue, IssuerEntry, Tree};
use super::condition::{Condition, Effect, Subject};
use super::expectation::Expectation;
use super::miss::Mismatch;
use super::row_names::RowNames;
use super::rows;
use super::sections::{Grants, TermChange};
use super::session;
use super::template::Row;
use crate::identity::{Attribute, Facts, Mapping, Value};
use crate::token::Possession;
use crate::words::names::{IssuerName, PolicyName, RowName, SourceName};
use crate::words::yaml::{Fault, Fields, Node, Place, Severity, Yaml};
use crate::words::{UnixTime, duration_text};
use std::sync::Arc;
use std::time::Duration;

/// The name of the term that lets a session outlive its token.
pub(super) const SESSION: &str = "session";

/// A trust policy.
#[derive(Clone, Debug)]
pub struct TrustPolicy {
    /// The repository that it comes from.
    pub source: SourceName,
    /// Its name: the path below `policies/` without the ending.
    pub name: PolicyName,
    /// Its file.
    pub file: String,
    /// Whether it has a description.
    pub described: bool,
    /// Its owners.
    pub owners: Vec<String>,
    /// The issuer whose identities it is about.
    pub issuer: IssuerName,
    /// Its conditions and grants: one rule, or one for each row of `for_each`.
    pub rules: Vec<Rule>,
    /// `mode: audit`: it is evaluated and logged, and never grants.
    pub audit_only: bool,
    /// `replay: once`: a token may be used only once.
    pub once: bool,
    /// `dpop`: the proof of possession that it demands besides the token.
    pub proof: Possession,
    /// How long a session may last after its token has ended.
    pub session: Option<Duration>,
    /// From when on it grants nothing.
    pub expires: Option<UnixTime>,
    /// Its own tests.
    pub expectations: Vec<Expectation>,
    /// The linter's findings that its authors accept.
    pub(super) accepted: Box<[Accepted]>,
    /// The file of its rows.
    rows: Option<String>,
}

/// Conditions that all have to hold, and what they grant.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The row that it was made from, if the row has a name and somebody outside sees the rule's subject.
    pub(super) row: Option<RowName>,
    pub(super) conditions: Vec<Condition>,
    pub(super) grants: Grants,
}

impl TrustPolicy {
    /// Reads a file. A good file comes with its warnings; a file with an error does not load.
    pub fn parse(file: &str, bytes: &[u8], tree: &Tree, catalogue: &Catalogue) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        let node = Node::parse(file, bytes).map_err(|fault| vec![fault])?;
        let text = String::from_utf8_lossy(bytes);
        let mut faults = Vec::new();
        let mut fields = Fields::new(file, &text, &node, &mut faults);
        let policy = read(&mut fields, file, tree, catalogue);
        fields.finish();
        let broken = faults.iter().any(|fault| fault.severity == Severity::Error);
        match policy {
            Some(policy) if !broken => Ok((policy.fitted(), faults)),
            _ => Err(faults),
        }
    }

    /// Frees unused capacity: a list that grew to one entry has room for four, and a hundred thousand policies have many lists.
    fn fitted(mut self) -> Self {
        for rule in &mut self.rules {
            rule.conditions.iter_mut().for_each(Condition::fit);
            rule.conditions.shrink_to_fit();
        }
        self.rules.shrink_to_fit();
        self.owners.shrink_to_fit();
        self.expectations.shrink_to_fit();
        self
    }

    /// The other files of the repository that it was read from.
    pub(super) fn other_files(&self) -> impl Iterator<Item = &str> {
        self.rows.as_deref().into_iter().chain(self.expectations.iter().map(Expectation::claims_file))
    }

    /// The file of its rows, if that has none: then it grants nothing.
    pub(super) fn empty_rows(&self) -> Option<&str> {
        self.rows.as_deref().filter(|_| self.rules.is_empty())
    }

    /// Whether it has rows: each is for one of several repositories, services or the like.
    pub const fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Whether it may grant anything at this time.
    pub(super) fn in_force(&self, now: UnixTime) -> bool {
        !self.audit_only && self.expires.is_none_or(|expires| now < expires)
    }

    /// The policy's own terms by which it gives more than its old form, whatever it grants.
    pub(super) fn beyond(&self, old: &Self) -> impl Iterator<Item = TermChange> {
        let end = |of: &Self| of.expires.map_or_else(|| "never".to_owned(), |end| end.to_string());
        let longer = old.expires.is_some_and(|ends| self.expires.is_none_or(|later| later > ends));
        let terms = [
            longer.then(|| TermChange::more("expires", end(old), end(self))),
            (old.once && !self.once).then(|| TermChange::more("replay", "once", "any number of times")),
            (old.proof > self.proof).then(|| TermChange::more("dpop", old.proof.as_str(), self.proof.as_str())),
            (self.session > old.session).then(|| TermChange::more(SESSION, lasting(old.session), lasting(self.session))),
        ];
        terms.into_iter().flatten()
    }
}

fn lasting(session: Option<Duration>) -> String {
    session.map_or_else(|| "none".to_owned(), duration_text)
}

fn read<'a>(fields: &mut Fields<'a, '_>, file: &str, tree: &Tree, catalogue: &Catalogue) -> Option<TrustPolicy> {
    let stem = file.strip_prefix("policies/")?.strip_suffix(".yaml")?;
    let name = PolicyName::parse(stem);
    read_version(fields);
    let described = fields.optional("description").and_then(|node| fields.text(node)).is_some();
    let mut owners = Vec::new();
    if let Some(list) = fields.optional("owners") {
        for owner in fields.one_or_many(list) {
            owners.extend(fields.text(owner).map(str::to_owned));
        }
    }
    let issuer = fields.required("issuer").and_then(|node| read_issuer(fields, node, catalogue));
    let for_each = fields.optional("for_each");
    let rows = match for_each {
        Some(node) => rows::read(fields, node, tree).map(|rows| rows.into_iter().map(Some).collect()),
        None => Some(vec![None]),
    };
    let rows: Vec<Option<Row>> = rows.unwrap_or_default();
    let (matches, claims, grant) = (fields.optional("match"), fields.optional("claims"), fields.required("grant"));
    let (mut rules, mut names) = (Vec::new(), RowNames::default());
    for row in &rows {
        let mapping: Vec<_> = issuer.iter().map(|(_, entry)| entry.mapping.clone()).collect();
        let mut conditions = read_conditions(fields, matches, claims, (row.as_ref(), &mapping, Effect::Grants));
        if let Some((_, entry)) = &issuer {
            check_conditions(fields, &mut conditions, entry, matches.unwrap_or_else(|| grant.unwrap_or(&EMPTY)));
        }
        let grants = grant.and_then(|node| Grants::read(&mut fields.below(node), row.as_ref()));
        if let (Some((_, entry)), Some(grants), Some(node)) = (&issuer, &grants, grant) {
            check_templates(fields, grants, &entry.mapping, node.place);
        }
        let named = grants.as_ref().filter(|grants| grants.show_subject()).and(row.as_ref());
        let row = named.zip(for_each).and_then(|(row, node)| names.read(fields, node, row));
        rules.extend(grants.map(|grants| Rule { row, conditions, grants }));
    }
    let expires = fields.optional("expires").and_then(|node| {
        fields.parsed(node, |text| {
            UnixTime::from_rfc3339(text).ok_or_else(|| "expected an instant such as 2027-06-30T00:00:00Z".to_owned())
        })
    });
    let audit_only = fields.word("mode", "audit");
    let once = fields.word("replay", "once");
    let proof = fields.optional("dpop").and_then(|node| fields.parsed(node, Possession::parse)).unwrap_or(Possession::Nothing);
    let entries = rules.iter().flat_map(|rule| rule.grants.entries());
    let session = session::read(fields, issuer.as_ref().map(|(_, entry)| *entry), entries);
    let accepted = accepted::read(fields);
    let expectations = fields.optional("tests").map(|node| Expectation::read_list(fields, node)).unwrap_or_default();
    let name =
        name.map_err(|fault| fields.fault(crate::words::yaml::Place::default(), format!("the file's name: {fault}"))).ok()?;
    let rows = for_each.and_then(|node| node.as_text()).map(str::to_owned);
    Some(TrustPolicy {
        source: SourceName::root(),
        rows,
        described,
        name,
        file: file.to_owned(),
        owners,
        issuer: issuer?.0,
        rules,
        audit_only,
        once,
        proof,
        session,
        expires,
        expectations,
        accepted,
    })
}

const EMPTY: Node = Node { place: crate::words::yaml::Place { line: 1, column: 1 }, value: Yaml::Null };

fn read_version(fields: &mut Fields<'_, '_>) {
    if let Some(node) = fields.optional("version")
        && node.value != Yaml::Integer(1)
    {
        fields.fault(node.place, "expected `version: 1`");
    }
}

fn read_issuer<'a, 'c>(
    fields: &mut Fields<'a, '_>,
    node: &'a Node,
    catalogue: &'c Catalogue,
) -> Option<(IssuerName, &'c IssuerEntry)> {
    let name = fields.parsed(node, IssuerName::parse)?;
    let Some(entry) = catalogue.issuer(&name) else {
        let known: Vec<&str> = catalogue.names().map(IssuerName::as_str).collect();
        fields.report(
            fields.draft(node.place, format!("no issuer `{name}` is configured")).help(format!("there are {}", known.join(", "))),
        );
        return None;
    };
    Some((name, entry))
}

/// Reads `match` and `claims`; a value has to be one that an issuer of one of these mappings can claim.
pub(super) fn read_conditions<'a>(
    fields: &mut Fields<'a, '_>,
    matches: Option<&'a Node>,
    claims: Option<&'a Node>,
    (row, mappings, effect): (Option<&Row>, &[Arc<Mapping>], Effect),
) -> Vec<Condition> {
    let mut conditions = Vec::new();
    if let Some(node) = matches {
        let mut inner = fields.below(node);
        for (key, place, node) in inner.members() {
            conditions.extend(Condition::read_attribute(&mut inner, key, *place, node, (row, mappings)));
        }
    }
    if let Some(node) = claims {
        let mut inner = fields.below(node);
        for (pointer, place, node) in inner.members() {
            conditions.extend(Condition::read_claim(&mut inner, pointer, *place, node, (row, mappings, effect)));
        }
    }
    conditions
}

/// Checks these conditions against the issuer's mapping.
fn check_conditions(fields: &mut Fields<'_, '_>, conditions: &mut [Condition], entry: &IssuerEntry, at: &Node) {
    for condition in &mut *conditions {
        let Subject::Attribute(attribute) = condition.subject else { continue };
        condition.ignore_case = entry.mapping.ignores_case(attribute);
        condition.exclude_unnamed_events();
        if !entry.mapping.claims(attribute) {
            let message =
                format!("issuers of the mapping {} never claim `{attribute}`, so this can never match", entry.mapping.name());
            fields.report(fields.draft(condition.place, message).coded("attribute_never_claimed"));
        }
    }
    // A faulty line has its own error, and is not missing.
    let is_faulty = fields.has_errors();
    let stands = |attribute: Attribute| match &at.value {
        Yaml::Mapping(lines) => is_faulty && lines.iter().any(|(key, ..)| key == attribute.as_str()),
        _ => false,
    };
    let names =
        |attribute| conditions.iter().any(|condition| condition.subject == Subject::Attribute(attribute)) || stands(attribute);
    if entry.mapping.is_ci() && entry.mapping.claims(Attribute::Event) && !names(Attribute::Event) {
        let help = "add for example `event: [push, manual]`: without it a pull request would match too";
        fields.report(fields.draft(at.place, "a policy for a CI names its events").coded("event_missing").help(help));
    }
    if conditions.is_empty() {
        fields.report(
            fields.draft(at.place, "a policy without `match` or `claims` would be for everybody").coded("matches_everybody"),
        );
    }
    if entry.mapping.is_shared(entry.url.as_str()) && !pins_tenant(conditions, &entry.mapping) {
        let message = "this issuer is shared by tenants that do not know each other, and no line pins one of them";
        fields.report(
            fields.draft(at.place, message).coded("tenant_not_pinned").help("match `repository: name@id` or `owner: name@id`"),
        );
    }
}

/// Refuses a template with an attribute that no token has: filling it would fail each time.
fn check_templates(fields: &mut Fields<'_, '_>, grants: &Grants, mapping: &Mapping, place: Place) {
    for attribute in grants.attributes().filter(|attribute| !mapping.claims(*attribute)) {
        let message =
            format!("issuers of the mapping {} never claim `{attribute}`, so `{{{attribute}}}` has no value", mapping.name());
        fields.report(fields.draft(place, message).coded("attribute_never_claimed"));
    }
}

/// Whether a line pins a repository or an owner that has an id in this mapping: by its id, or by a literal name, for which the
/// linter has a warning.
fn pins_tenant(conditions: &[Condition], mapping: &Mapping) -> bool {
    let pinned = |attribute: &Attribute| {
        mapping.has_id(*attribute) && conditions.iter().any(|condition| condition.pinned(*attribute).is_some())
    };
    [Attribute::Repository, Attribute::Owner].iter().any(pinned)
}

/// Attributes whose `true` is denied unless a policy names the attribute.
pub(super) const DANGERS: [Attribute; 2] = [Attribute::Fork, Attribute::SshSession];

/// The attributes that say who an identity is, not what it does just now.
const WHO: [Attribute; 7] = [
    Attribute::Repository,
    Attribute::RepositoryName,
    Attribute::Owner,
    Attribute::Namespace,
    Attribute::ServiceAccount,
    Attribute::Pod,
    Attribute::User,
];

impl Rule {
    /// Whether both let in the same identities to the same, on the same terms, wherever their lines stand.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.row == other.row
            && self.conditions.len() == other.conditions.len()
            && self.conditions.iter().zip(&other.conditions).all(|(own, other)| own.tests_as(other))
            && self.grants.are_like(&other.grants)
    }

    /// A copy without the conditions.
    pub(super) fn without_conditions(&self) -> Self {
        Self { row: self.row.clone(), conditions: Vec::new(), grants: self.grants.clone() }
    }

    /// Whether each line holds that pins who the identity is.
    pub(super) fn pins_fit(&self, facts: &Facts) -> bool {
        let pins = |condition: &Condition| WHO.iter().any(|who| condition.pinned(*who).is_some());
        self.conditions.iter().filter(|condition| pins(condition)).all(|condition| condition.holds(facts))
    }

    /// The conditions that do not hold; empty when the rule matches.
    pub(super) fn misses(&self, facts: &Facts) -> Vec<Mismatch<'_>> {
        let failed = self.conditions.iter().filter(|condition| !condition.holds(facts)).map(Mismatch::Condition);
        failed.chain(self.unnamed_danger(facts).map(Mismatch::Unnamed)).collect()
    }

    /// Whether everything holds. This is the hot path: it stops at the first line that does not hold.
    pub(super) fn matches(&self, facts: &Facts) -> bool {
        self.conditions.iter().all(|condition| condition.holds(facts)) && self.unnamed_danger(facts).is_none()
    }

    /// The dangers that this rule does not name, and that are therefore denied: code from forks, and jobs with a person's SSH session.
    pub(super) fn unnamed_dangers(&self) -> impl Iterator<Item = Attribute> {
        DANGERS.into_iter().filter(|attribute| {
            let names = |condition: &Condition| condition.subject == Subject::Attribute(*attribute) && condition.is_positive();
            !self.conditions.iter().any(names)
        })
    }

    /// A danger that this rule does not name and the identity has. An unreadable attribute counts as true.
    fn unnamed_danger(&self, facts: &Facts) -> Option<Attribute> {
        let is_true = |attribute: &Attribute| {
            facts.attribute(*attribute) == Some(&Value::Flag(true)) || facts.unreadable.contains(attribute)
        };
        self.unnamed_dangers().find(is_true)
    }
}

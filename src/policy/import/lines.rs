//! Writes conditions on claims as the lines of `match` and `claims`. An attribute replaces a claim only if it means the same.

use super::super::condition::Single;
use super::super::condition::possible::is_possible;
use super::super::pattern::{Pattern, is_plain};
use super::error::{LinesError, WantedError};
use super::event;
use super::pieces::{self, Piece};
use super::subject::{self, SubjectClaims};
use crate::identity::{Attribute, ClaimForm, ClaimType, Mapping};
use crate::words::pointer_below;
use std::collections::{BTreeMap, BTreeSet};

/// A condition: the claim matches one of these patterns of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ClaimCondition {
    pub(super) claim: String,
    pub(super) patterns: Vec<String>,
    /// It matches none of these. The empty text may be one of them.
    pub(super) excluded: Vec<String>,
    /// Only a plain text matches (see [`Pattern::of_plain_texts`]).
    pub(super) plain: bool,
    /// The original compares types too. An attribute that also reads a flag or a number would match more.
    pub(super) typed: bool,
    /// The original takes a flag as the text `true` or `false`.
    pub(super) flags: bool,
}

/// A condition on a claim by its JSON pointer, which no attribute expresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Raw {
    pub(super) pointer: String,
    /// Texts are patterns of a policy.
    pub(super) values: Vec<Scalar>,
    pub(super) excluded: Vec<String>,
}

impl Raw {
    /// The claim has to be a text.
    pub(super) fn some_text(pointer: String) -> Self {
        Self { pointer, values: vec![Scalar::Text("**".to_owned())], excluded: Vec::new() }
    }
}

/// Whether one of these patterns matches the text.
fn is_among(patterns: &[String], text: &str) -> bool {
    let fits = |pattern: &String| {
        if pattern.is_empty() { text.is_empty() } else { Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(text)) }
    };
    patterns.iter().any(fits)
}

impl ClaimCondition {
    /// The claim has to be exactly this text.
    pub(super) fn exact(claim: &str, text: &str) -> Result<Self, WantedError> {
        let pieces: Vec<Piece> = text.chars().map(Piece::Literal).collect();
        let claim = claim.to_owned();
        let written = match pieces::write(&pieces) {
            Ok(written) => written,
            Err(reason) => return Err(WantedError::Exact { claim, text: text.to_owned(), reason }),
        };
        Ok(Self { claim, patterns: vec![written.text], excluded: Vec::new(), plain: false, typed: false, flags: false })
    }

    /// The texts that satisfy both conditions, if one of them lists texts without wildcards.
    pub(super) fn and(&self, other: &Self) -> Result<Self, WantedError> {
        let literal = |condition: &Self| condition.patterns.iter().all(|pattern| !pattern.contains('*'));
        let (excluded, plain) = ([&self.excluded[..], &other.excluded].concat(), self.plain || other.plain);
        let (typed, flags) = (self.typed || other.typed, self.flags && other.flags);
        if self.patterns == other.patterns {
            return Ok(Self { excluded, plain, typed, flags, ..self.clone() });
        }
        let (texts, patterns) = match (literal(self), literal(other)) {
            (true, _) => (self, other),
            (_, true) => (other, self),
            _ => return Err(WantedError::Both { claim: self.claim.clone() }),
        };
        let fits =
            |text: &&String| is_among(&patterns.patterns, text) && !is_among(&excluded, text) && (!plain || is_plain(text));
        let both: Vec<String> = texts.patterns.iter().filter(fits).cloned().collect();
        if both.is_empty() {
            return Err(WantedError::Exclusive { claim: self.claim.clone() });
        }
        Ok(Self { claim: self.claim.clone(), patterns: both, excluded: Vec::new(), plain: false, typed, flags })
    }
}

/// A value in YAML.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Scalar {
    Text(String),
    Flag(bool),
    Number(i64),
}

/// What a line has in addition to its values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct LineExtras {
    pub(super) excluded: Vec<String>,
    pub(super) plain: bool,
}

/// The lines of a policy.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) attributes: BTreeMap<Attribute, Vec<Scalar>>,
    /// By JSON pointer.
    pub(super) claims: BTreeMap<String, Vec<Scalar>>,
    /// By attribute or pointer: what a line has in addition to its values.
    pub(super) extras: BTreeMap<String, LineExtras>,
    pub(super) notes: BTreeSet<String>,
}

/// Writes conditions that all have to hold. A claim occurs in one of them only.
pub(super) fn write(conditions: &[ClaimCondition], raw: &[Raw], mapping: &Mapping) -> Result<Lines, LinesError> {
    let subjects = conditions.iter().find(|condition| condition.claim == "sub").map_or(&[][..], |condition| &condition.patterns);
    subjects.iter().try_for_each(|subject| subject::check_ends(mapping, subject))?;
    let parsed = subject::read(mapping, subjects);
    let mut writer = Writer { mapping, parsed: &parsed, lines: Lines::default(), ids: BTreeMap::new() };
    for condition in conditions {
        writer.one(condition)?;
    }
    writer.pin_ids();
    raw.iter().for_each(|raw| writer.lines.add_raw(raw));
    writer.add_parsed();
    // The events that are added below bind the policy to nobody.
    if mapping.is_ci() && writer.lines.attributes.is_empty() && writer.lines.claims.is_empty() {
        return Err(LinesError::AudienceAlone);
    }
    writer.add_events(conditions)?;
    writer.drop_tags();
    Ok(writer.lines)
}

struct Writer<'a> {
    mapping: &'a Mapping,
    parsed: &'a SubjectClaims,
    lines: Lines,
    ids: BTreeMap<Attribute, Vec<String>>,
}

impl Writer<'_> {
    fn one(&mut self, condition: &ClaimCondition) -> Result<(), LinesError> {
        let Some((attribute, form, same)) = self.mapping.claim_form(&condition.claim) else {
            self.raw(condition);
            return Ok(());
        };
        let literal = condition.patterns.iter().all(|pattern| !pattern.contains('*'));
        let is_exact = match form {
            ClaimForm::Text if same => self.text(attribute, condition),
            ClaimForm::Name if condition.patterns.iter().all(|pattern| !pattern.contains('@')) => {
                self.text(attribute, condition) && same
            }
            ClaimForm::Id if literal => {
                self.ids.insert(attribute, condition.patterns.clone());
                same
            }
            ClaimForm::Flag => self.flags(attribute, &condition.patterns) && same,
            ClaimForm::Words => self.words(attribute, condition)?,
            ClaimForm::Text | ClaimForm::Name | ClaimForm::Id => false,
        };
        let reads_more = condition.typed && matches!(form, ClaimForm::Flag | ClaimForm::Id);
        if !is_exact || condition.plain || reads_more {
            self.raw(condition);
        }
        Ok(())
    }

    /// Writes the attribute, and returns whether it suffices alone. It does not where the CI compares without case.
    fn text(&mut self, attribute: Attribute, condition: &ClaimCondition) -> bool {
        self.lines.attributes.insert(attribute, condition.patterns.iter().cloned().map(Scalar::Text).collect());
        // An empty attribute counts as absent, and matches nothing anyway.
        let excluded: Vec<String> = condition.excluded.iter().filter(|text| !text.is_empty()).cloned().collect();
        // A policy that excludes what no token has does not load. The line for the claim excludes it all the same.
        let (excluded, never): (Vec<String>, Vec<String>) = excluded.into_iter().partition(|text| self.may_be(attribute, text));
        self.lines.add_extras(attribute.as_str(), excluded, false);
        never.is_empty() && !self.mapping.ignores_case(attribute)
    }

    fn may_be(&self, attribute: Attribute, text: &str) -> bool {
        Pattern::parse(text).is_ok_and(|pattern| is_possible(self.mapping, attribute, &Single::Text(pattern)))
    }

    fn flags(&mut self, attribute: Attribute, patterns: &[String]) -> bool {
        let flags: Option<Vec<Scalar>> = patterns.iter().map(|text| text.parse().ok().map(Scalar::Flag)).collect();
        let is_exact = flags.is_some();
        self.lines.attributes.extend(flags.map(|flags| (attribute, flags)));
        is_exact
    }

    fn words(&mut self, attribute: Attribute, condition: &ClaimCondition) -> Result<bool, LinesError> {
        let words = event::words(self.mapping, attribute, &condition.patterns, &condition.excluded)?;
        self.lines.notes.extend(words.notes);
        if words.ours.is_empty() {
            return Ok(false);
        }
        self.lines.attributes.insert(attribute, words.ours.into_iter().map(Scalar::Text).collect());
        Ok(words.is_exact)
    }

    /// Writes a line for the claim itself.
    fn raw(&mut self, condition: &ClaimCondition) {
        let pointer = pointer_of(&condition.claim);
        self.lines.add_extras(&pointer, condition.excluded.clone(), condition.plain);
        let texts = condition.patterns.iter().cloned().map(Scalar::Text);
        let kind = self.mapping.claim_type(&pointer);
        let values = match (kind, self.flags_of(condition)) {
            (Some(ClaimType::Flag), flags) if !flags.is_empty() => flags,
            (None, flags) => texts.chain(flags).collect(),
            _ => texts.collect(),
        };
        self.lines.claims.insert(pointer, values);
    }

    /// The flags that the original takes for texts.
    fn flags_of(&mut self, condition: &ClaimCondition) -> Vec<Scalar> {
        let fits = |patterns: &[String], flag: bool| is_among(patterns, &flag.to_string());
        let is_taken = |flag: &bool| fits(&condition.patterns, *flag) && !fits(&condition.excluded, *flag);
        let taken: Vec<bool> = [true, false].into_iter().filter(|flag| condition.flags && is_taken(flag)).collect();
        let is_wild = condition.patterns.iter().any(|pattern| pattern.contains('*'));
        if is_wild && !taken.is_empty() && self.mapping.claim_type(&pointer_of(&condition.claim)).is_none() {
            let note = format!("{}: narrower: a wildcard here matches no flag, and in the original it does", condition.claim);
            self.lines.notes.insert(note);
        }
        taken.into_iter().filter(|_| !is_wild).map(Scalar::Flag).collect()
    }

    /// Writes `name@id`. The id alone decides then, so a condition on the name becomes a line for its claim.
    fn pin_ids(&mut self) {
        for (attribute, ids) in std::mem::take(&mut self.ids) {
            let named = self.lines.attributes.remove(&attribute).unwrap_or_default();
            let name = self.name_of_id(attribute, &named, &ids);
            if name.is_none() {
                let note = format!(
                    "`{attribute}` is matched by id, and the id stands in place of the name, which the original does not contain"
                );
                self.lines.notes.insert(note);
            }
            let extra = self.lines.extras.remove(attribute.as_str()).unwrap_or_default();
            if let Some(claim) = self.mapping.name_claim(attribute).filter(|claim| !named.is_empty() && self.is_alone(claim)) {
                self.lines.add_extras(&pointer_of(claim), extra.excluded, false);
                self.lines.claims.insert(pointer_of(claim), named);
            }
            let pinned = ids.iter().map(|id| Scalar::Text(format!("{}@{id}", name.as_deref().unwrap_or(id)))).collect();
            self.lines.attributes.insert(attribute, pinned);
        }
    }

    /// The name for an id, if there is one name and one id.
    fn name_of_id(&self, attribute: Attribute, named: &[Scalar], ids: &[String]) -> Option<String> {
        let parsed = self.parsed.attributes.get(&attribute).map_or(&[][..], Vec::as_slice);
        let name = match (named, parsed, ids) {
            ([Scalar::Text(name)], _, [_]) => name,
            ([], [name], [_]) => name.split('@').next().unwrap_or_default(),
            _ => return None,
        };
        (!name.contains('*')).then(|| name.to_owned())
    }

    /// Whether the attribute is made of this claim alone, so that no line for the claim was written.
    fn is_alone(&self, claim: &str) -> bool {
        self.mapping.claim_form(claim).is_some_and(|(.., same)| same)
    }

    /// Adds the attributes that the subject names and the conditions do not.
    fn add_parsed(&mut self) {
        for (attribute, values) in &self.parsed.attributes {
            let is_implied = *attribute == Attribute::Owner
                && values.iter().all(|value| !value.contains('@'))
                && self.parsed.attributes.contains_key(&Attribute::Repository);
            if !is_implied {
                let values = || values.iter().cloned().map(Scalar::Text).collect();
                self.lines.attributes.entry(*attribute).or_insert_with(values);
            }
        }
    }

    /// Adapts `push` and `tag` to the branches or tags that the conditions match, and keeps the events that this CI has.
    fn of_this_ci(&self, events: Vec<&'static str>, conditions: &[ClaimCondition]) -> Result<Vec<&'static str>, LinesError> {
        let kind = conditions.iter().find(|condition| condition.claim == "ref_type").map(|condition| &condition.patterns[..]);
        let refs = self.lines.attributes.get(&Attribute::Ref).map_or(&[][..], Vec::as_slice);
        let is_below = |texts: &[&str], folder: &str| !texts.is_empty() && texts.iter().all(|text| text.starts_with(folder));
        let refs: Vec<&str> = refs.iter().map(|value| value.as_text().unwrap_or_default()).collect();
        // A claim that the attribute does not replace may hold a full ref too, such as GitLab's `ref_path`.
        let below = |folder: &str| {
            let of_claim =
                |condition: &ClaimCondition| is_below(&condition.patterns.iter().map(String::as_str).collect::<Vec<_>>(), folder);
            is_below(&refs, folder) || conditions.iter().any(of_claim)
        };
        let is = |word: &str, folder: &str| kind.map_or_else(|| below(folder), |kind| kind.iter().all(|known| known == word));
        let (tags, branches) = (is("tag", "refs/tags/"), is("branch", "refs/heads/"));
        let mut mapped: Vec<&'static str> = Vec::new();
        for event in events {
            let event = match event {
                "push" if tags => "tag",
                "tag" if branches => "push",
                other => other,
            };
            let known = self.mapping.closed_set(Attribute::Event).is_none_or(|words| words.contains(event));
            mapped.extend((known && !mapped.contains(&event)).then_some(event));
        }
        if mapped.is_empty() { Err(LinesError::NoEvent) } else { Ok(mapped) }
    }

    fn add_events(&mut self, conditions: &[ClaimCondition]) -> Result<(), LinesError> {
        let needs_events = self.mapping.is_ci() && self.mapping.claims(Attribute::Event);
        if !needs_events || self.lines.attributes.contains_key(&Attribute::Event) {
            return Ok(());
        }
        let events = if self.parsed.events.is_empty() { vec!["push", "manual"] } else { self.parsed.events.clone() };
        let events = self.of_this_ci(events, conditions)?;
        if self.parsed.events.is_empty() || self.parsed.events_supposed {
            let list = events.join(", ");
            let note = format!(
                "the original names no event, and a policy for a CI has to: narrower as {list}; add the events that you need"
            );
            self.lines.notes.insert(note);
        }
        if events.contains(&"pull-request") {
            let note =
                "`pull-request` leaves out events that run with the repository's rights, even if their subject is the same";
            self.lines.notes.insert(note.to_owned());
        }
        let events = events.iter().map(|event| Scalar::Text((*event).to_owned())).collect();
        self.lines.attributes.insert(Attribute::Event, events);
        Ok(())
    }

    /// Removes the event `tag` if all refs are branches.
    fn drop_tags(&mut self) {
        let of_branches = |value: &Scalar| value.as_text().is_some_and(|text| text.starts_with("refs/heads/"));
        let branches_alone = self.lines.attributes.get(&Attribute::Ref).is_some_and(|refs| refs.iter().all(of_branches));
        if let Some(events) = self.lines.attributes.get_mut(&Attribute::Event).filter(|events| branches_alone && events.len() > 1)
        {
            events.retain(|event| event.as_text() != Some("tag"));
        }
    }
}

/// The JSON pointer of a claim (RFC 6901).
pub(super) fn pointer_of(claim: &str) -> String {
    pointer_below("", claim)
}

impl Lines {
    /// The same lines with every text changed like this.
    pub(super) fn with_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let scalar = |value: &Scalar| value.as_text().map_or_else(|| value.clone(), |text| Scalar::Text(change(text)));
        let all = |values: &Vec<Scalar>| values.iter().map(scalar).collect::<Vec<_>>();
        let extra = |extra: &LineExtras| LineExtras {
            excluded: extra.excluded.iter().map(|text| change(text)).collect(),
            plain: extra.plain,
        };
        Self {
            attributes: self.attributes.iter().map(|(attribute, values)| (*attribute, all(values))).collect(),
            claims: self.claims.iter().map(|(pointer, values)| (pointer.clone(), all(values))).collect(),
            extras: self.extras.iter().map(|(line, known)| (line.clone(), extra(known))).collect(),
            notes: self.notes.clone(),
        }
    }

    /// Notes what is matched by name where the mapping has an id too.
    pub(super) fn note_names(&mut self, mapping: &Mapping) {
        for (attribute, values) in &self.attributes {
            let by_name = |value: &Scalar| value.as_text().is_some_and(|text| !text.contains('@'));
            if mapping.has_id(*attribute) && values.iter().any(by_name) {
                let note = format!("`{attribute}` is by name, and names change hands: `daypass policy lock` proposes ids");
                self.notes.insert(note);
            }
        }
    }

    fn add_raw(&mut self, raw: &Raw) {
        self.add_extras(&raw.pointer, raw.excluded.clone(), false);
        self.claims.insert(raw.pointer.clone(), raw.values.clone());
    }

    fn add_extras(&mut self, line: &str, excluded: Vec<String>, plain: bool) {
        if plain || !excluded.is_empty() {
            self.extras.insert(line.to_owned(), LineExtras { excluded, plain });
        }
    }
}

impl Scalar {
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Flag(_) | Self::Number(_) => None,
        }
    }
}

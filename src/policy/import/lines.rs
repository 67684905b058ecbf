//! Writes conditions on claims as the lines of `match` and `claims`. An attribute replaces a claim only if it means the same.

use super::super::condition::Single;
use super::super::condition::possible::is_possible;
use super::super::pattern::{Pattern, is_plain};
use super::error::{LinesError, WantedError};
use super::event;
use super::pieces::{self, Piece};
use super::subject::{self, Told};
use crate::identity::{Attribute, Mapping, Said};
use crate::words::pointer_below;
use std::collections::{BTreeMap, BTreeSet};

/// A condition: the claim matches one of these patterns of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) claim: String,
    pub(super) patterns: Vec<String>,
    /// It matches none of these. The empty text may be one of them.
    pub(super) excluded: Vec<String>,
    /// Only a plain text matches (see [`Pattern::of_plain_texts`]).
    pub(super) plain: bool,
    /// The original compares types too. An attribute that also reads a flag or a number would match more.
    pub(super) typed: bool,
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

impl Wanted {
    /// The claim has to be exactly this text.
    pub(super) fn exact(claim: &str, text: &str) -> Result<Self, WantedError> {
        let pieces: Vec<Piece> = text.chars().map(Piece::Literal).collect();
        let claim = claim.to_owned();
        let written = match pieces::write(&pieces) {
            Ok(written) => written,
            Err(reason) => return Err(WantedError::Exact { claim, text: text.to_owned(), reason }),
        };
        Ok(Self { claim, patterns: vec![written.text], excluded: Vec::new(), plain: false, typed: false })
    }

    /// The texts that satisfy both conditions, if one of them lists texts without wildcards.
    pub(super) fn and(&self, other: &Self) -> Result<Self, WantedError> {
        let literal = |wanted: &Self| wanted.patterns.iter().all(|pattern| !pattern.contains('*'));
        let (excluded, plain) = ([&self.excluded[..], &other.excluded].concat(), self.plain || other.plain);
        let typed = self.typed || other.typed;
        if self.patterns == other.patterns {
            return Ok(Self { excluded, plain, typed, ..self.clone() });
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
        Ok(Self { claim: self.claim.clone(), patterns: both, excluded: Vec::new(), plain: false, typed })
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
pub(super) struct Beside {
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
    pub(super) beside: BTreeMap<String, Beside>,
    pub(super) notes: BTreeSet<String>,
}

/// Writes conditions that all have to hold. A claim occurs in one of them only.
pub(super) fn write(conditions: &[Wanted], raw: &[Raw], mapping: &Mapping) -> Result<Lines, LinesError> {
    let subjects = conditions.iter().find(|wanted| wanted.claim == "sub").map_or(&[][..], |wanted| &wanted.patterns);
    subjects.iter().try_for_each(|subject| subject::check_ends(mapping, subject))?;
    let told = subject::read(mapping, subjects);
    let mut writer = Writer { mapping, told: &told, lines: Lines::default(), ids: BTreeMap::new() };
    for wanted in conditions {
        writer.one(wanted)?;
    }
    writer.pin_ids();
    raw.iter().for_each(|raw| writer.lines.add_raw(raw));
    writer.add_told();
    // The events that are added below bind the policy to nobody.
    if mapping.is_ci() && writer.lines.attributes.is_empty() && writer.lines.claims.is_empty() {
        return Err(LinesError::AudienceAlone);
    }
    writer.add_events(conditions)?;
    writer.drop_tags();
    writer.note_names();
    Ok(writer.lines)
}

struct Writer<'a> {
    mapping: &'a Mapping,
    told: &'a Told,
    lines: Lines,
    ids: BTreeMap<Attribute, Vec<String>>,
}

impl Writer<'_> {
    fn one(&mut self, wanted: &Wanted) -> Result<(), LinesError> {
        let Some((attribute, said, same)) = self.mapping.said(&wanted.claim) else {
            self.raw(wanted);
            return Ok(());
        };
        let literal = wanted.patterns.iter().all(|pattern| !pattern.contains('*'));
        let says_it = match said {
            Said::Text if same => self.text(attribute, wanted),
            Said::Name if wanted.patterns.iter().all(|pattern| !pattern.contains('@')) => self.text(attribute, wanted) && same,
            Said::Id if literal => {
                self.ids.insert(attribute, wanted.patterns.clone());
                same
            }
            Said::Flag => self.flags(attribute, &wanted.patterns) && same,
            Said::Words => self.words(attribute, wanted)?,
            Said::Text | Said::Name | Said::Id => false,
        };
        let reads_more = wanted.typed && matches!(said, Said::Flag | Said::Id);
        if !says_it || wanted.plain || reads_more {
            self.raw(wanted);
        }
        Ok(())
    }

    /// Writes the attribute, and returns whether it suffices alone. It does not where the CI compares without case.
    fn text(&mut self, attribute: Attribute, wanted: &Wanted) -> bool {
        self.lines.attributes.insert(attribute, wanted.patterns.iter().cloned().map(Scalar::Text).collect());
        // An empty attribute counts as absent, and matches nothing anyway.
        let excluded: Vec<String> = wanted.excluded.iter().filter(|text| !text.is_empty()).cloned().collect();
        // A policy that excludes what no token has does not load. The line for the claim excludes it all the same.
        let (excluded, never): (Vec<String>, Vec<String>) = excluded.into_iter().partition(|text| self.may_be(attribute, text));
        self.lines.say_beside(attribute.as_str(), excluded, false);
        never.is_empty() && !self.mapping.ignores_case(attribute)
    }

    fn may_be(&self, attribute: Attribute, text: &str) -> bool {
        Pattern::parse(text).is_ok_and(|pattern| is_possible(self.mapping, attribute, &Single::Text(pattern)))
    }

    fn flags(&mut self, attribute: Attribute, patterns: &[String]) -> bool {
        let flags: Option<Vec<Scalar>> = patterns.iter().map(|text| text.parse().ok().map(Scalar::Flag)).collect();
        let says_it = flags.is_some();
        self.lines.attributes.extend(flags.map(|flags| (attribute, flags)));
        says_it
    }

    fn words(&mut self, attribute: Attribute, wanted: &Wanted) -> Result<bool, LinesError> {
        let words = event::words(self.mapping, attribute, &wanted.patterns, &wanted.excluded)?;
        self.lines.notes.extend(words.notes);
        if words.ours.is_empty() {
            return Ok(false);
        }
        self.lines.attributes.insert(attribute, words.ours.into_iter().map(Scalar::Text).collect());
        Ok(words.says_it)
    }

    /// Writes a line for the claim itself.
    fn raw(&mut self, wanted: &Wanted) {
        let pointer = pointer_of(&wanted.claim);
        self.lines.say_beside(&pointer, wanted.excluded.clone(), wanted.plain);
        self.lines.claims.insert(pointer, wanted.patterns.iter().cloned().map(Scalar::Text).collect());
    }

    /// Writes `name@id`. The id alone decides then, so a condition on the name becomes a line for its claim.
    fn pin_ids(&mut self) {
        for (attribute, ids) in std::mem::take(&mut self.ids) {
            let named = self.lines.attributes.remove(&attribute).unwrap_or_default();
            let name = self.name_beside(attribute, &named, &ids);
            if name.is_none() {
                let note = format!(
                    "`{attribute}` is matched by id, and the id stands in place of the name, which the original does not contain"
                );
                self.lines.notes.insert(note);
            }
            let beside = self.lines.beside.remove(attribute.as_str()).unwrap_or_default();
            if let Some(claim) = self.mapping.name_claim(attribute).filter(|claim| !named.is_empty() && self.is_alone(claim)) {
                self.lines.say_beside(&pointer_of(claim), beside.excluded, false);
                self.lines.claims.insert(pointer_of(claim), named);
            }
            let pinned = ids.iter().map(|id| Scalar::Text(format!("{}@{id}", name.as_deref().unwrap_or(id)))).collect();
            self.lines.attributes.insert(attribute, pinned);
        }
    }

    /// The name for an id, if there is one name and one id.
    fn name_beside(&self, attribute: Attribute, named: &[Scalar], ids: &[String]) -> Option<String> {
        let told = self.told.attributes.get(&attribute).map_or(&[][..], Vec::as_slice);
        let name = match (named, told, ids) {
            ([Scalar::Text(name)], _, [_]) => name,
            ([], [name], [_]) => name.split('@').next().unwrap_or_default(),
            _ => return None,
        };
        (!name.contains('*')).then(|| name.to_owned())
    }

    /// Whether the attribute is made of this claim alone, so that no line for the claim was written.
    fn is_alone(&self, claim: &str) -> bool {
        self.mapping.said(claim).is_some_and(|(.., same)| same)
    }

    /// Adds the attributes that the subject names and the conditions do not.
    fn add_told(&mut self) {
        for (attribute, values) in &self.told.attributes {
            let repository_told = *attribute == Attribute::Owner
                && values.iter().all(|value| !value.contains('@'))
                && self.told.attributes.contains_key(&Attribute::Repository);
            if !repository_told {
                let values = || values.iter().cloned().map(Scalar::Text).collect();
                self.lines.attributes.entry(*attribute).or_insert_with(values);
            }
        }
    }

    /// Adapts `push` and `tag` to the branches or tags that the conditions match, and keeps the events that this CI has.
    fn of_this_ci(&self, events: Vec<&'static str>, conditions: &[Wanted]) -> Result<Vec<&'static str>, LinesError> {
        let kind = conditions.iter().find(|wanted| wanted.claim == "ref_type").map(|wanted| &wanted.patterns[..]);
        let refs = self.lines.attributes.get(&Attribute::Ref).map_or(&[][..], Vec::as_slice);
        let is_below = |texts: &[&str], folder: &str| !texts.is_empty() && texts.iter().all(|text| text.starts_with(folder));
        let refs: Vec<&str> = refs.iter().map(|value| value.as_text().unwrap_or_default()).collect();
        // A claim that the attribute does not replace may hold a full ref too, such as GitLab's `ref_path`.
        let below = |folder: &str| {
            let of_claim = |wanted: &Wanted| is_below(&wanted.patterns.iter().map(String::as_str).collect::<Vec<_>>(), folder);
            is_below(&refs, folder) || conditions.iter().any(of_claim)
        };
        let is = |word: &str, folder: &str| kind.map_or_else(|| below(folder), |kind| kind.iter().all(|known| known == word));
        let (tags, branches) = (is("tag", "refs/tags/"), is("branch", "refs/heads/"));
        let mut meant: Vec<&'static str> = Vec::new();
        for event in events {
            let event = match event {
                "push" if tags => "tag",
                "tag" if branches => "push",
                other => other,
            };
            let known = self.mapping.closed_set(Attribute::Event).is_none_or(|words| words.contains(event));
            meant.extend((known && !meant.contains(&event)).then_some(event));
        }
        if meant.is_empty() { Err(LinesError::NoEvent) } else { Ok(meant) }
    }

    fn add_events(&mut self, conditions: &[Wanted]) -> Result<(), LinesError> {
        let needs_events = self.mapping.is_ci() && self.mapping.claims(Attribute::Event);
        if !needs_events || self.lines.attributes.contains_key(&Attribute::Event) {
            return Ok(());
        }
        let events = if self.told.events.is_empty() { vec!["push", "manual"] } else { self.told.events.clone() };
        let events = self.of_this_ci(events, conditions)?;
        if self.told.events.is_empty() || self.told.events_supposed {
            let shown = events.join(", ");
            let note = format!(
                "the original names no event, and a policy for a CI has to: narrower as {shown}; add the events that you need"
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

    fn note_names(&mut self) {
        for (attribute, values) in &self.lines.attributes {
            let by_name = |value: &Scalar| value.as_text().is_some_and(|text| !text.contains('@'));
            if self.mapping.has_id(*attribute) && values.iter().any(by_name) {
                let note = format!("`{attribute}` is by name, and names change hands: `daypass policy lock` proposes ids");
                self.lines.notes.insert(note);
            }
        }
    }
}

/// The JSON pointer of a claim (RFC 6901).
pub(super) fn pointer_of(claim: &str) -> String {
    pointer_below("", claim)
}

impl Lines {
    fn add_raw(&mut self, raw: &Raw) {
        self.say_beside(&raw.pointer, raw.excluded.clone(), false);
        self.claims.insert(raw.pointer.clone(), raw.values.clone());
    }

    fn say_beside(&mut self, line: &str, excluded: Vec<String>, plain: bool) {
        if plain || !excluded.is_empty() {
            self.beside.insert(line.to_owned(), Beside { excluded, plain });
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

//! One line of `match` or `claims`: a condition on an identity.

use super::pattern::Pattern;
use super::template::Row;
use crate::identity::{Attribute, Facts, Mapping, Presence, Value};
use crate::words::yaml::{Fields, Node, Place};
use serde_json::Value as Json;
use std::sync::Arc;

pub(super) mod possible;
mod read;
mod single;

pub(super) use single::{EVENTS, Pin, Single, Test, UNNAMED_EVENTS};

use read::{Form, read_claimed, read_single, read_tests, render};

/// Stands for the value of a claim that is there and cannot be read.
const UNREAD: &str = "what cannot be read: the token claims it in a form that its issuer's mapping does not know";

/// A condition and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Condition {
    pub(super) subject: Subject,
    pub(super) test: Test,
    pub(super) ignore_case: bool,
    pub(super) place: Place,
    /// The line as its author wrote it.
    pub(super) written: String,
}

/// What happens to whom a line fits. A line of a denial fits a list by any of its entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    Grants,
    Denies,
}

/// What a condition tests.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Subject {
    Attribute(Attribute),
    Claim(String),
}

impl Subject {
    /// The attribute's word, or the claim's pointer.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Attribute(attribute) => attribute.as_str(),
            Self::Claim(pointer) => pointer,
        }
    }
}

impl Condition {
    /// Reads one line of `match`: a condition, or two if it has both `like` and `not`.
    pub(super) fn read_attribute<'a>(
        fields: &mut Fields<'a, '_>,
        key: &str,
        place: Place,
        node: &'a Node,
        (row, mappings): (Option<&Row>, &[Arc<Mapping>]),
    ) -> Vec<Self> {
        let Some(attribute) = Attribute::parse(key) else {
            let known: Vec<&str> = Attribute::ALL.iter().map(|attribute| attribute.as_str()).collect();
            let mut fault = fields.draft(place, format!("`{key}` is no attribute")).coded("unknown_attribute");
            if let Some(near) = crate::words::yaml::nearest(key, &known) {
                fault = fault.help(format!("did you mean `{near}`?"));
            }
            fields.report(fault);
            return Vec::new();
        };
        let single = |fields: &mut Fields<'a, '_>, node: &'a Node, _: Form| {
            let single = read_single(fields, attribute, node, row)?;
            if let Err(impossible) = possible::check(mappings, attribute, &single) {
                let fault = fields.draft(node.place, impossible.message).coded("value_never_claimed");
                fields.report(fault.help(impossible.help));
            }
            Some(single)
        };
        let tests = read_tests(fields, node, &[Form::Like, Form::Not], single);
        Self::of(&Subject::Attribute(attribute), place, &format!("{key}: {}", render(node)), tests)
    }

    /// Reads one line of `claims`: JSON values compared exactly, texts by pattern.
    pub(super) fn read_claim<'a>(
        fields: &mut Fields<'a, '_>,
        pointer: &str,
        place: Place,
        node: &'a Node,
        (row, mappings, effect): (Option<&Row>, &[Arc<Mapping>], Effect),
    ) -> Vec<Self> {
        if let Err(fault) = crate::words::names::check_pointer(pointer) {
            fields.fault(place, fault);
            return Vec::new();
        }
        if let Err(slip) = possible::check_claim(mappings, pointer) {
            fields.report(fields.draft(place, slip.message).coded("claim_misspelt").help(slip.help));
        }
        let single = |fields: &mut Fields<'a, '_>, node: &'a Node, form: Form| {
            if let Err(impossible) = possible::check_claim_type(mappings, pointer, &node.value, (effect, form)) {
                let fault = fields.draft(node.place, impossible.message).coded("value_never_claimed");
                fields.report(fault.help(impossible.help));
            }
            read_claimed(fields, node, form, row)
        };
        let tests = read_tests(fields, node, &[Form::Like, Form::Plain, Form::Not], single);
        Self::of(&Subject::Claim(pointer.to_owned()), place, &format!("{pointer}: {}", render(node)), tests)
    }

    /// Whether both test the same, wherever they stand and however they are written.
    pub(super) fn tests_as(&self, other: &Self) -> bool {
        (&self.subject, &self.test, self.ignore_case) == (&other.subject, &other.test, other.ignore_case)
    }

    fn of(subject: &Subject, place: Place, written: &str, tests: Vec<Test>) -> Vec<Self> {
        let one = |test| Self { subject: subject.clone(), test, ignore_case: false, place, written: written.to_owned() };
        tests.into_iter().map(one).collect()
    }

    /// The same line for an issuer of this mapping: the mapping says whether the CI ignores case.
    pub(super) fn read_by(mut self, mapping: &Mapping) -> Self {
        if let Subject::Attribute(attribute) = self.subject {
            self.ignore_case = mapping.ignores_case(attribute);
        }
        self
    }

    /// The same line in a policy: `not` also excludes the events that a policy has to name.
    pub(super) fn exclude_unnamed_events(&mut self) {
        if let (Subject::Attribute(Attribute::Event), Test::Not(singles)) = (&self.subject, &mut self.test) {
            singles.extend(UNNAMED_EVENTS.map(|event| Single::Text(Pattern::literal_of(event))));
        }
    }

    /// The attribute that it tests, if no token of this mapping has it.
    pub(super) fn never_claimed(&self, mapping: &Mapping) -> Option<Attribute> {
        match self.subject {
            Subject::Attribute(attribute) => (mapping.presence(attribute) == Presence::Never).then_some(attribute),
            Subject::Claim(_) => None,
        }
    }

    /// Frees the unused capacity that reading left.
    pub(super) fn fit(&mut self) {
        let (Test::Any(singles) | Test::Not(singles)) = &mut self.test;
        singles.shrink_to_fit();
        self.written.shrink_to_fit();
    }

    /// Whether it holds in a policy. With a value that is absent, or that is a claim of another type, neither a positive line nor `not`
    /// holds.
    pub(super) fn holds(&self, facts: &Facts) -> bool {
        let (Test::Any(singles) | Test::Not(singles)) = &self.test;
        let comparable = |claim: &&Json| singles.iter().any(|single| single.is_comparable(claim));
        let fits = |single: &Single| match &self.subject {
            Subject::Attribute(attribute) => facts.attribute(*attribute).map(|value| single.fits_value(value, self.ignore_case)),
            Subject::Claim(pointer) => facts.claims.pointer(pointer).filter(comparable).map(|claim| single.fits_claim(claim)),
        };
        match &self.test {
            Test::Any(singles) => singles.iter().any(|single| fits(single) == Some(true)),
            Test::Not(singles) => singles.iter().all(|single| fits(single) == Some(false)),
        }
    }

    /// Whether it holds in a denial, where an unknown value must not let anything pass. `None` if nobody can tell: every token has
    /// the attribute and this one lacks it, or it cannot be read, or it is a claim of another type than the values. An absent optional
    /// attribute has none of the values, so `not` holds, as it does for a claim of another type.
    pub(super) fn denies(&self, facts: &Facts) -> Option<bool> {
        let (Test::Any(singles) | Test::Not(singles)) = &self.test;
        let any = match &self.subject {
            Subject::Claim(pointer) => match facts.claims.pointer(pointer) {
                None => false,
                Some(claim) if self.is_positive() => any_fits(singles, claim)?,
                // A list is none of the values, also one that holds them.
                Some(claim) => singles.iter().any(|single| single.fits_claim(claim)),
            },
            Subject::Attribute(attribute) => {
                let (value, unreadable) = (facts.attribute(*attribute), facts.unreadable.contains(attribute));
                let by_name = self.is_positive() && !unreadable;
                let fits = |value: &Value| {
                    let fits =
                        |single: &Single| single.fits_value(value, self.ignore_case) || (by_name && single.is_called(value));
                    singles.iter().any(fits)
                };
                let any = value.is_some_and(fits);
                let needs_id = || singles.iter().any(|single| matches!(single, Single::Id { .. }));
                if !any && unreadable && (value.is_none() || needs_id()) {
                    return None;
                }
                any
            }
        };
        Some(any == self.is_positive())
    }

    /// Whether it lists what may match, and not (`not`) what is excluded.
    pub(super) const fn is_positive(&self) -> bool {
        matches!(self.test, Test::Any(_))
    }

    /// Whether its value may name a person: that of a raw claim, and of the attributes that identify people.
    pub(super) const fn is_personal(&self) -> bool {
        match self.subject {
            Subject::Claim(_) => true,
            Subject::Attribute(attribute) => matches!(attribute, Attribute::Actor | Attribute::User | Attribute::Groups),
        }
    }

    /// The identity's value for this line.
    pub(super) fn saw(&self, facts: &Facts) -> Option<String> {
        match &self.subject {
            Subject::Attribute(attribute) => match facts.attribute(*attribute) {
                Some(value) => Some(value.to_string()),
                None => facts.garbled.contains(attribute).then(|| UNREAD.to_owned()),
            },
            Subject::Claim(pointer) => facts.claims.pointer(pointer).map(ToString::to_string),
        }
    }

    /// The ids or names that it pins, if it can hold for those only.
    pub(super) fn pinned(&self, expected: Attribute) -> Option<Vec<Pin<'_>>> {
        match (&self.subject, &self.test) {
            (Subject::Attribute(attribute), Test::Any(singles)) if *attribute == expected => {
                singles.iter().map(Single::pin).collect()
            }
            _ => None,
        }
    }
}

/// Whether any of the values of a denial fits the claim, or an entry of the claim. `null` has none of them. `None` if one of the claim's
/// values has another type, and none fits.
fn any_fits(singles: &[Single], claim: &Json) -> Option<bool> {
    let fits = |claim: &Json| {
        let fits = singles.iter().any(|single| single.fits_claim(claim));
        (fits || singles.iter().any(|single| single.is_comparable(claim))).then_some(fits)
    };
    match claim {
        Json::Null => Some(false),
        Json::Array(entries) if entries.iter().any(|entry| fits(entry) == Some(true)) => Some(true),
        Json::Array(entries) => entries.iter().all(|entry| fits(entry).is_some()).then_some(false),
        claim => fits(claim),
    }
}

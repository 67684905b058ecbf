//! One line of `match` or `claims`: what has to hold of an identity.

use super::pattern::Pattern;
use super::template::{Piece, Row, fill_row};
use crate::identity::{Attribute, Facts, Mapping, Value};
use crate::words::yaml::{Fields, Node, Place, Yaml};
use serde_json::Value as Json;

/// The words of `event`.
pub(super) const EVENTS: [&str; 10] = [
    "push",
    "tag",
    "pull-request",
    "merge-queue",
    "schedule",
    "manual",
    "api",
    "deployment",
    "upstream",
    "privileged-pull-request",
];

/// A condition and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Condition {
    pub(super) subject: Subject,
    pub(super) test: Test,
    pub(super) ignore_case: bool,
    pub(super) place: Place,
    /// The line in a person's words.
    pub(super) shown: String,
}

/// What is looked at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Subject {
    Attribute(Attribute),
    Claim(String),
}

/// What has to hold.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Test {
    Any(Vec<Single>),
    Not(Vec<Single>),
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Single {
    Text(Pattern),
    /// The id decides; the name before it is for people.
    Id {
        name: String,
        id: String,
    },
    Json(Json),
}

impl Condition {
    /// Reads one line of `match`.
    pub(super) fn read_attribute<'a>(
        fields: &mut Fields<'a, '_>,
        key: &str,
        place: Place,
        node: &'a Node,
        row: Option<&Row>,
    ) -> Option<Self> {
        let Some(attribute) = Attribute::parse(key) else {
            let known: Vec<&str> = Attribute::ALL.iter().map(|attribute| attribute.as_str()).collect();
            let mut fault = fields.draft(place, format!("`{key}` is no attribute")).coded("unknown_attribute");
            if let Some(near) = crate::words::yaml::nearest(key, &known) {
                fault = fault.help(format!("did you mean `{near}`?"));
            }
            fields.report(fault);
            return None;
        };
        let single = |fields: &mut Fields<'a, '_>, node: &'a Node| read_single(fields, attribute, node, row);
        let test = read_test(fields, node, single)?;
        Some(Self {
            subject: Subject::Attribute(attribute),
            test,
            ignore_case: false,
            place,
            shown: format!("{key}: {}", shown(node)),
        })
    }

    /// Reads one line of `claims`: JSON values compared exactly, texts by pattern.
    pub(super) fn read_claim<'a>(
        fields: &mut Fields<'a, '_>,
        pointer: &str,
        place: Place,
        node: &'a Node,
        row: Option<&Row>,
    ) -> Option<Self> {
        if let Err(fault) = crate::words::names::check_pointer(pointer) {
            fields.fault(place, fault);
            return None;
        }
        let single = |fields: &mut Fields<'a, '_>, node: &'a Node| match &node.value {
            Yaml::Text(text) => read_pattern(fields, node, text, row).map(Single::Text),
            Yaml::List(_) | Yaml::Mapping(_) | Yaml::Null => {
                fields.fault(node.place, format!("expected text, a number or true or false, found {}", node.kind()));
                None
            }
            Yaml::Flag(_) | Yaml::Integer(_) | Yaml::Float(_) => Some(Single::Json(node.to_json())),
        };
        let test = read_test(fields, node, single)?;
        Some(Self {
            subject: Subject::Claim(pointer.to_owned()),
            test,
            ignore_case: false,
            place,
            shown: format!("{pointer}: {}", shown(node)),
        })
    }

    /// The same line for an issuer of this mapping, which says whether the CI compares without regard to case.
    pub(super) fn read_by(mut self, mapping: &Mapping) -> Self {
        if let Subject::Attribute(attribute) = self.subject {
            self.ignore_case = mapping.ignores_case(attribute);
        }
        self
    }

    /// Gives back the room that reading left.
    pub(super) fn fit(&mut self) {
        let (Test::Any(singles) | Test::Not(singles)) = &mut self.test;
        singles.shrink_to_fit();
        self.shown.shrink_to_fit();
    }

    /// Whether it holds. What is absent never matches, and `not` on what is absent does not hold either.
    pub(super) fn holds(&self, facts: &Facts) -> bool {
        let fits = |single: &Single| match &self.subject {
            Subject::Attribute(attribute) => facts.attribute(*attribute).map(|value| single.fits_value(value, self.ignore_case)),
            Subject::Claim(pointer) => facts.claims.pointer(pointer).map(|claim| single.fits_claim(claim)),
        };
        match &self.test {
            Test::Any(singles) => singles.iter().any(|single| fits(single) == Some(true)),
            Test::Not(singles) => singles.iter().all(|single| fits(single) == Some(false)),
        }
    }

    /// Whether it says what may be, and not what may not.
    pub(super) const fn is_positive(&self) -> bool {
        matches!(self.test, Test::Any(_))
    }

    /// Whether it looks at what may name a person: raw claims, and the attributes that people are known by.
    pub(super) const fn is_personal(&self) -> bool {
        match self.subject {
            Subject::Claim(_) => true,
            Subject::Attribute(attribute) => matches!(attribute, Attribute::Actor | Attribute::User | Attribute::Groups),
        }
    }

    /// What the identity shows at this line.
    pub(super) fn saw(&self, facts: &Facts) -> Option<String> {
        match &self.subject {
            Subject::Attribute(attribute) => facts.attribute(*attribute).map(ToString::to_string),
            Subject::Claim(pointer) => facts.claims.pointer(pointer).map(ToString::to_string),
        }
    }

    /// The ids or names that it pins, when it can only hold for those.
    pub(super) fn pinned(&self, wanted: Attribute) -> Option<Vec<Pin<'_>>> {
        match (&self.subject, &self.test) {
            (Subject::Attribute(attribute), Test::Any(singles)) if *attribute == wanted => {
                singles.iter().map(Single::pin).collect()
            }
            _ => None,
        }
    }
}

/// One thing that a condition pins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Pin<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl Single {
    fn fits_value(&self, value: &Value, ignore_case: bool) -> bool {
        match (self, value) {
            (Self::Text(pattern), Value::Text(text) | Value::Named { name: text, .. }) if ignore_case => {
                pattern.matches(text) || (pattern.literal().is_some_and(|literal| literal.eq_ignore_ascii_case(text)))
            }
            (Self::Text(pattern), Value::Text(text) | Value::Named { name: text, .. }) => pattern.matches(text),
            (Self::Id { id, .. }, Value::Named { id: Some(claimed), .. }) => id == claimed,
            (Self::Json(Json::Bool(expected)), Value::Flag(flag)) => expected == flag,
            _ => false,
        }
    }

    fn fits_claim(&self, claim: &Json) -> bool {
        match (self, claim) {
            (Self::Text(pattern), Json::String(text)) => pattern.matches(text),
            (Self::Json(expected), claim) => expected == claim,
            _ => false,
        }
    }

    fn pin(&self) -> Option<Pin<'_>> {
        match self {
            Self::Id { id, .. } => Some(Pin::Id(id)),
            Self::Text(pattern) => pattern.literal().map(Pin::Name),
            Self::Json(_) => None,
        }
    }
}

fn read_test<'a>(
    fields: &mut Fields<'a, '_>,
    node: &'a Node,
    mut single: impl FnMut(&mut Fields<'a, '_>, &'a Node) -> Option<Single>,
) -> Option<Test> {
    if let Yaml::Mapping(members) = &node.value {
        let [(key, _, inner)] = &members[..] else {
            fields.fault(node.place, "expected `not: …`");
            return None;
        };
        if key != "not" {
            fields.fault(node.place, format!("`{key}`: expected `not`"));
            return None;
        }
        let singles = fields.one_or_many(inner).iter().map(|node| single(fields, node)).collect::<Option<Vec<_>>>()?;
        return Some(Test::Not(singles));
    }
    let nodes = fields.one_or_many(node);
    if nodes.is_empty() {
        fields.fault(node.place, "an empty list matches nothing");
    }
    let singles: Vec<_> = nodes.iter().filter_map(|node| single(fields, node)).collect();
    (!singles.is_empty() && singles.len() == nodes.len()).then_some(Test::Any(singles))
}

fn read_single<'a>(fields: &mut Fields<'a, '_>, attribute: Attribute, node: &'a Node, row: Option<&Row>) -> Option<Single> {
    use Attribute as A;
    match attribute {
        A::RefProtected | A::Fork | A::SshSession => fields.flag(node).map(|flag| Single::Json(flag.into())),
        A::Event => {
            let text = fields.text(node)?;
            if EVENTS.contains(&text) {
                return read_pattern(fields, node, text, None).map(Single::Text);
            }
            let fault =
                fields.draft(node.place, format!("`{text}` is no event")).help(format!("events are {}", EVENTS.join(", ")));
            fields.report(fault);
            None
        }
        A::Repository | A::Owner | A::Actor | A::ServiceAccount | A::Pod => {
            let text = fields.text(node)?;
            read_named(fields, node, text, row)
        }
        A::RepositoryName
        | A::Ref
        | A::Environment
        | A::Workflow
        | A::Commit
        | A::Runner
        | A::Pipeline
        | A::RunUrl
        | A::Cluster
        | A::Namespace
        | A::User
        | A::Groups => {
            let text = fields.text(node)?;
            read_pattern(fields, node, text, row).map(Single::Text)
        }
    }
}

/// `name@id`: the id decides. Without an id the name is a pattern.
fn read_named<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, text: &str, row: Option<&Row>) -> Option<Single> {
    let pieces = filled(fields, node, text, row)?;
    let Some(at) = pieces.iter().rposition(|piece| piece.character == '@') else {
        return from_pieces(fields, node, &pieces).map(Single::Text);
    };
    let text = |pieces: &[Piece]| pieces.iter().map(|piece| piece.character).collect::<String>();
    let (name, id) = (text(&pieces[..at]), text(&pieces[at + 1..]));
    let wild = pieces[at + 1..].iter().any(|piece| piece.character == '*' && !piece.literal);
    if id.is_empty() || wild {
        fields.fault(node.place, "an id after `@` is exact");
        return None;
    }
    Some(Single::Id { name, id })
}

fn read_pattern<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, text: &str, row: Option<&Row>) -> Option<Pattern> {
    let pieces = filled(fields, node, text, row)?;
    from_pieces(fields, node, &pieces)
}

fn filled<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, text: &str, row: Option<&Row>) -> Option<Vec<Piece>> {
    fill_row(text, row).map_err(|fault| fields.fault(node.place, fault)).ok()
}

fn from_pieces<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, pieces: &[Piece]) -> Option<Pattern> {
    Pattern::from_pieces(pieces).map_err(|fault| fields.fault(node.place, fault)).ok()
}

fn shown(node: &Node) -> String {
    match node.to_json() {
        Json::String(text) => text,
        Json::Array(items) => format!(
            "[{}]",
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect::<Vec<_>>().join(", ")
        ),
        other => other.to_string().replace('"', ""),
    }
}

//! Reads the values of one line: one or several, directly or below `like`, `plain` or `not`.

use super::single::{EVENTS, Single, Test};
use crate::identity::Attribute;
use crate::policy::pattern::Pattern;
use crate::policy::template::{Piece, Row, fill_row};
use crate::words::yaml::{Fields, Node, Yaml, nearest};
use serde_json::Value as Json;

/// The form of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Like,
    /// A pattern that only plain texts fit, as for subjects of octo-sts.
    Plain,
    Not,
}

impl Form {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Plain => "plain",
            Self::Not => "not",
        }
    }
}

/// Reads a value, a list of values, or a mapping of these forms. `not` comes last.
pub(super) fn read_tests<'a>(
    fields: &mut Fields<'a, '_>,
    node: &'a Node,
    forms: &[Form],
    mut single: impl FnMut(&mut Fields<'a, '_>, &'a Node, Form) -> Option<Single>,
) -> Vec<Test> {
    let Yaml::Mapping(members) = &node.value else {
        return read_test(fields, node, Form::Like, &mut single).into_iter().collect();
    };
    let words: Vec<String> = forms.iter().map(|form| format!("`{}`", form.as_str())).collect();
    let (mut tests, mut positive) = (Vec::new(), false);
    for (key, place, inner) in members {
        let Some(form) = forms.iter().find(|form| form.as_str() == key) else {
            fields.fault(*place, format!("`{key}`: expected {}", words.join(" or ")));
            continue;
        };
        if *form != Form::Not && std::mem::replace(&mut positive, true) {
            fields.fault(*place, "a line has either `like` or `plain`");
        }
        tests.extend(read_test(fields, inner, *form, &mut single));
    }
    if members.is_empty() {
        fields.fault(node.place, format!("expected {}", words.join(" or ")));
    }
    tests.sort_by_key(|test| matches!(test, Test::Not(_)));
    tests
}

fn read_test<'a>(
    fields: &mut Fields<'a, '_>,
    node: &'a Node,
    form: Form,
    single: &mut impl FnMut(&mut Fields<'a, '_>, &'a Node, Form) -> Option<Single>,
) -> Option<Test> {
    let nodes = fields.one_or_many(node);
    if nodes.is_empty() {
        let nothing =
            if form == Form::Not { "an empty list leaves out nothing: take it out" } else { "an empty list matches nothing" };
        fields.fault(node.place, nothing);
        return None;
    }
    let singles: Vec<_> = nodes.iter().filter_map(|node| single(fields, node, form)).collect();
    if singles.len() != nodes.len() {
        return None;
    }
    Some(if form == Form::Not { Test::Not(singles) } else { Test::Any(singles) })
}

pub(super) fn read_single<'a>(
    fields: &mut Fields<'a, '_>,
    attribute: Attribute,
    node: &'a Node,
    row: Option<&Row>,
) -> Option<Single> {
    use Attribute as A;
    match attribute {
        A::RefProtected | A::Fork | A::SshSession => fields.flag(node).map(|flag| Single::Json(flag.into())),
        A::Event => {
            let text = fields.text(node)?;
            if EVENTS.contains(&text) {
                return read_pattern(fields, node, text, None).map(Single::Text);
            }
            let all = format!("events are {}", EVENTS.join(", "));
            let help = nearest(&text.replace('_', "-"), &EVENTS)
                .map_or_else(|| all.clone(), |near| format!("did you mean `{near}`? {all}"));
            fields.report(fields.draft(node.place, format!("`{text}` is no event")).help(help));
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

/// A value of a raw claim: texts by pattern, other JSON exactly.
pub(super) fn read_claimed<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, form: Form, row: Option<&Row>) -> Option<Single> {
    match &node.value {
        // Only `not` can use the empty text: as a pattern it would match nothing.
        Yaml::Text(text) if text.is_empty() && form == Form::Not => Some(Single::Json(node.to_json())),
        Yaml::Text(text) => {
            let pattern = read_pattern(fields, node, text, row)?;
            Some(Single::Text(if form == Form::Plain { pattern.of_plain_texts() } else { pattern }))
        }
        Yaml::List(_) | Yaml::Mapping(_) | Yaml::Null => {
            fields.fault(node.place, format!("expected text, a whole number or true or false, found {}", node.kind()));
            None
        }
        // Two tokens' fractions, or numbers above 64 bits, may be read as one, so no line compares them.
        Yaml::Float(_) => {
            fields.fault(node.place, "expected text, a whole number from -2^63 to 2^63-1 or true or false, found another number");
            None
        }
        Yaml::Flag(_) | Yaml::Integer(_) if form == Form::Plain => {
            fields.fault(node.place, format!("expected text, found {}", node.kind()));
            None
        }
        Yaml::Flag(_) | Yaml::Integer(_) => Some(Single::Json(node.to_json())),
    }
}

/// Reads `name@id`, where the id decides, or a pattern of names.
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

pub(super) fn render(node: &Node) -> String {
    match node.to_json() {
        Json::String(text) => text,
        Json::Array(items) => format!(
            "[{}]",
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect::<Vec<_>>().join(", ")
        ),
        other => other.to_string().replace('"', ""),
    }
}

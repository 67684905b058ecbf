//! Texts of a grant with placeholders for attributes: session tags and claims.

use super::term::joined_pairs;
use crate::identity::Facts;
use crate::policy::template::{Row, Template, fill_row_text};
use crate::words::yaml::{Fields, Node};
use crate::words::{Denial, Reason};
use serde_json::{Value, json};

/// AWS STS: a tag's key has at most 128 characters. The same limit counts for names of claims.
const TAG_KEY_MAX: usize = 128;

/// Names and their templates, sorted by name. There are few, and a list is smaller than a tree.
pub(in crate::policy) type Templates = Box<[(String, Template)]>;

/// Templates as they are written.
pub(in crate::policy) fn render_templates(templates: &Templates) -> String {
    joined_pairs(templates.iter().map(|(name, template)| (name, template)))
}

pub(super) fn fill(name: &str, template: &Template, facts: &Facts) -> Result<String, Denial> {
    template.fill(facts).map_err(|attribute| {
        let detail = format!("The value `{name}` needs the attribute `{attribute}`, which this token does not claim.");
        Reason::TagRefused.with_cause(detail.clone()).with_detail(detail)
    })
}

/// What the schemas say of the names.
pub(super) fn names_schema() -> Value {
    json!({ "minLength": 1, "maxLength": TAG_KEY_MAX, "not": { "pattern": "^[aA][wW][sS]:" } })
}

pub(super) fn read_templates<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Templates {
    let mut inner = fields.below(node);
    let mut templates = Vec::new();
    for (key, place, node) in inner.members() {
        if key.is_empty() || key.chars().count() > TAG_KEY_MAX || key.to_ascii_lowercase().starts_with("aws:") {
            inner.fault(*place, format!("a key has 1 to {TAG_KEY_MAX} characters and does not start with `aws:`"));
        }
        if let Some(template) = inner.parsed(node, |text| Template::parse(&fill_row_text(text, row)?)) {
            templates.push((key.clone(), template));
        }
    }
    templates.sort_by(|(one, _), (other, _): &(String, Template)| one.cmp(other));
    templates.into()
}

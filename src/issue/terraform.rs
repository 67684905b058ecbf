//! Escapes texts of Terraform's JSON configuration syntax ("Strings and Templates"), so that Terraform evaluates none as a template.

use serde_json::Value;

/// Escapes all texts of a value.
pub(super) fn literal(value: impl Into<Value>) -> Value {
    match value.into() {
        Value::String(text) => text.replace("${", "$${").replace("%{", "%%{").into(),
        Value::Array(items) => items.into_iter().map(literal).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, literal(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_in_a_value_is_no_template() {
        let hostile = json!({ "a": ["${file(\"/etc/passwd\")}", "%{ if true }x%{ endif }"], "b": 1, "c": "$5 %" });
        let escaped = literal(hostile);
        assert_eq!(escaped, json!({ "a": ["$${file(\"/etc/passwd\")}", "%%{ if true }x%%{ endif }"], "b": 1, "c": "$5 %" }));
    }
}

//! Prints a schema for people who read it: what fits in a line stands in one.

use serde_json::Value;

/// The longest line that is not broken.
const WIDTH: usize = 130;
const INDENT: usize = 2;

/// The schema as its file has it.
pub(super) fn print(schema: &Value) -> String {
    block(schema, 0, 0) + "\n"
}

/// A value at this depth, with `before` characters in front of it on its line.
fn block(value: &Value, depth: usize, before: usize) -> String {
    let line = line(value);
    // A comma may follow.
    if before + line.chars().count() < WIDTH {
        return line;
    }
    let indent = " ".repeat((depth + 1) * INDENT);
    let items: Vec<String> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| {
                let key = format!("{indent}{}: ", Value::from(key.as_str()));
                let before = key.chars().count();
                key + &block(member, depth + 1, before)
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| format!("{indent}{}", block(item, depth + 1, indent.len()))).collect(),
        _ => return line,
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    format!("{open}\n{}\n{}{close}", items.join(",\n"), " ".repeat(depth * INDENT))
}

fn line(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter().map(|(key, member)| format!("{}: {}", Value::from(key.as_str()), line(member)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        _ => value.to_string(),
    }
}

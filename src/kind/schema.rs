//! JSON Schema of requests and answers, as OpenAPI 3.1 has it.

use serde_json::{Value, json};

/// RFC 6901, below the root.
pub const POINTER: &str = "^/([^~\\u0000-\\u001f\\u007f-\\u009f]|~[01])*$";

/// A schema that the document has by this name.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object that may learn further members.
pub fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

/// What the server refuses to read with a member more.
pub fn closed(required: &[&str], properties: Value) -> Value {
    let mut schema = object(required, properties);
    schema["additionalProperties"] = false.into();
    schema
}

/// The same, or `null`.
pub fn nullable(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

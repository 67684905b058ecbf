//! JSON Schema of requests and answers, for OpenAPI 3.1.

use serde_json::{Value, json};

/// The pattern of a JSON pointer (RFC 6901) below the root.
pub const POINTER: &str = "^/([^~\\u0000-\\u001f\\u007f-\\u009f]|~[01])*$";

/// Refers to a named schema of the document.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object that may get further members later.
pub fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

/// An object of a request: the server refuses further members.
pub fn closed(required: &[&str], properties: Value) -> Value {
    let mut schema = object(required, properties);
    schema["additionalProperties"] = false.into();
    schema
}

/// The same schema, or `null`.
pub fn nullable(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

//! A JSON Patch (RFC 6902) that only adds, and the pod as it will be.

use crate::words::pointer_below;
use serde_json::{Map, Value, json};

/// The additions so far. Each is also made in a copy of the pod, so that the next one sees it.
pub(super) struct Patch {
    pod: Value,
    operations: Vec<Value>,
}

/// At which end of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListEnd {
    /// Before all others: init containers run in this order.
    Front,
    /// After all others.
    Back,
}

impl Patch {
    pub(super) const fn new(pod: Value) -> Self {
        Self { pod, operations: Vec::new() }
    }

    /// The pod with the additions so far.
    pub(super) const fn pod(&self) -> &Value {
        &self.pod
    }

    /// The operations, in order.
    pub(super) fn operations(&self) -> &[Value] {
        &self.operations
    }

    /// Sets a missing member, and makes the missing objects above it. Each of `path` is a key, or an index of a list.
    pub(super) fn set(&mut self, path: &[&str], value: Value) {
        if let Some((_, above)) = path.split_last() {
            (1..=above.len()).for_each(|length| self.make(&path[..length], Value::Object(Map::new())));
            self.add(path, value);
        }
    }

    /// Puts an item into a list, and makes the list if it is missing.
    pub(super) fn push(&mut self, list: &[&str], end: ListEnd, value: Value) {
        self.make(list, Value::Array(Vec::new()));
        self.add(&[list, &[if end == ListEnd::Front { "0" } else { "-" }]].concat(), value);
    }

    /// Makes a missing object or list. Null counts as missing: Kubernetes writes an empty list as null.
    fn make(&mut self, path: &[&str], empty: Value) {
        if self.pod.pointer(&pointer(path)).is_none_or(Value::is_null) {
            self.add(path, empty);
        }
    }

    fn add(&mut self, path: &[&str], value: Value) {
        let Some((last, above)) = path.split_last() else { return };
        match self.pod.pointer_mut(&pointer(above)) {
            Some(Value::Object(members)) => _ = members.insert((*last).to_owned(), value.clone()),
            Some(Value::Array(items)) if *last == "0" => items.insert(0, value.clone()),
            Some(Value::Array(items)) => items.push(value.clone()),
            _ => return,
        }
        self.operations.push(json!({ "op": "add", "path": pointer(path), "value": value }));
    }
}

fn pointer(path: &[&str]) -> String {
    path.iter().map(|key| pointer_below("", key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_made_and_keys_escaped() {
        let mut patch = Patch::new(json!({ "spec": { "volumes": null } }));
        patch.set(&["metadata", "annotations", "a~/b"], "x".into());
        patch.push(&["spec", "volumes"], ListEnd::Back, json!({ "name": "v" }));
        patch.push(&["spec", "volumes"], ListEnd::Front, json!({ "name": "u" }));
        let paths: Vec<&Value> = patch.operations().iter().map(|operation| &operation["path"]).collect();
        let expected = [
            "/metadata",
            "/metadata/annotations",
            "/metadata/annotations/a~0~1b",
            "/spec/volumes",
            "/spec/volumes/-",
            "/spec/volumes/0",
        ];
        assert_eq!(paths, expected);
        assert_eq!(
            *patch.pod(),
            json!({ "spec": { "volumes": [{ "name": "u" }, { "name": "v" }] }, "metadata": { "annotations": { "a~/b": "x" } } })
        );
    }
}

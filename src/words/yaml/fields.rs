//! Reads a mapping key by key and collects all faults. A key that was not asked for is a fault too.

use super::{Fault, Node, Place, Severity, Yaml, nearest};
use std::fmt;

/// The keys of one mapping, and the faults of the file.
pub struct Fields<'a, 'f> {
    file: &'a str,
    text: &'a str,
    place: Place,
    members: &'a [(String, Place, Node)],
    known: Vec<&'static str>,
    faults: &'f mut Vec<Fault>,
}

impl<'a, 'f> Fields<'a, 'f> {
    /// Reads `node` as a mapping. Anything else is a fault and is read as an empty mapping.
    pub fn new(file: &'a str, text: &'a str, node: &'a Node, faults: &'f mut Vec<Fault>) -> Self {
        let members: &[_] = match &node.value {
            Yaml::Mapping(members) => members,
            _ => {
                faults.push(Fault::new(file, node.place, format!("expected a mapping, found {}", node.kind())).in_text(text));
                &[]
            }
        };
        Self { file, text, place: node.place, members, known: Vec::new(), faults }
    }

    /// Reads a mapping below this one, with the same collection of faults.
    pub fn below<'b>(&'b mut self, node: &'a Node) -> Fields<'a, 'b> {
        Fields::new(self.file, self.text, node, self.faults)
    }

    /// The value of a key, if it is there.
    pub fn optional(&mut self, key: &'static str) -> Option<&'a Node> {
        #[cfg(test)]
        asked::note(self.place, key);
        self.known.push(key);
        self.members.iter().find(|(name, ..)| name == key).map(|(_, _, node)| node)
    }

    /// The value of a key that has to be there.
    pub fn required(&mut self, key: &'static str) -> Option<&'a Node> {
        let found = self.optional(key);
        if found.is_none() {
            self.fault(self.place, format!("`{key}` is missing"));
        }
        found
    }

    /// All members, for mappings whose keys are data.
    pub fn members(&mut self) -> &'a [(String, Place, Node)] {
        self.members
    }

    /// Reports a fault.
    pub fn fault(&mut self, place: Place, message: impl fmt::Display) {
        self.faults.push(Fault::new(self.file, place, message).in_text(self.text));
    }

    /// Whether the file has an error already, because of which nothing of it is taken.
    pub fn has_errors(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Reports a fault that has more than a message.
    pub fn report(&mut self, fault: Fault) {
        self.faults.push(fault.in_text(self.text));
    }

    /// Makes a fault at this place without reporting it.
    pub fn draft(&self, place: Place, message: impl fmt::Display) -> Fault {
        Fault::new(self.file, place, message)
    }

    /// Reads text. Otherwise reports a fault that says how to write it.
    pub fn text(&mut self, node: &'a Node) -> Option<&'a str> {
        if let Some(text) = node.as_text() {
            return Some(text);
        }
        let mut fault = self.draft(node.place, format!("expected text, found {}", node.kind()));
        if matches!(node.value, Yaml::Integer(_) | Yaml::Float(_) | Yaml::Flag(_)) {
            fault = fault.help("put it in quotes");
        }
        self.report(fault);
        None
    }

    /// Reads text and parses it.
    pub fn parsed<T, E: fmt::Display>(&mut self, node: &'a Node, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(node)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(node.place, format!("`{text}`: {fault}"));
                None
            }
        }
    }

    /// Whether a key is there whose only valid value is this word.
    pub fn word(&mut self, key: &'static str, word: &str) -> bool {
        let Some(node) = self.optional(key) else { return false };
        if node.as_text() != Some(word) {
            self.fault(node.place, format!("expected `{key}: {word}`, or nothing"));
        }
        true
    }

    /// `true` or `false`.
    pub fn flag(&mut self, node: &'a Node) -> Option<bool> {
        match node.value {
            Yaml::Flag(flag) => Some(flag),
            _ => {
                self.fault(node.place, format!("expected true or false, found {}", node.kind()));
                None
            }
        }
    }

    /// One value or a list of them.
    pub fn one_or_many(&mut self, node: &'a Node) -> &'a [Node] {
        match &node.value {
            Yaml::List(items) => items,
            _ => std::slice::from_ref(node),
        }
    }

    /// Reports every key that was not asked for, with the key that may have been meant.
    pub fn finish(self) {
        for (key, place, _) in self.members {
            if !self.known.contains(&key.as_str()) {
                let mut fault = Fault::new(self.file, *place, format!("unknown key `{key}`")).coded("unknown_key");
                if let Some(near) = nearest(key, &self.known) {
                    fault = fault.help(format!("did you mean `{near}`?"));
                }
                self.faults.push(fault.in_text(self.text));
            }
        }
    }
}

/// The keys that this thread asked for. A test compares the readers with their schemas by them.
#[cfg(test)]
pub(crate) mod asked {
    use super::Place;
    use std::cell::RefCell;

    thread_local! { static ASKED: RefCell<Vec<(Place, &'static str)>> = const { RefCell::new(Vec::new()) } }

    pub(super) fn note(mapping: Place, key: &'static str) {
        ASKED.with_borrow_mut(|keys| keys.push((mapping, key)));
    }

    /// The keys since the last call, each with the place of its mapping.
    pub(crate) fn take() -> Vec<(Place, &'static str)> {
        ASKED.take()
    }
}

//! Reads a mapping key by key and collects all faults. A key that was not asked for is a fault too.

use super::{FAULTS_MAX, Fault, Node, Place, Severity, Yaml, nearest};
use crate::words::value_without_secrets;
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
                let mut empty = Self { file, text, place: node.place, members: &[], known: Vec::new(), faults };
                let fault = empty.draft(node.place, format!("expected a mapping, found {}", node.kind()));
                let is_key = node.as_text().is_some_and(|text| text.contains(':') && !text.contains("://"));
                empty.report(if is_key { fault.help("write a space behind the colon: `key: value`") } else { fault });
                return empty;
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
        if !self.is_full(Severity::Error) {
            self.report(Fault::new(self.file, place, message));
        }
    }

    fn kept(&self, severity: Severity) -> usize {
        self.faults.iter().filter(|fault| fault.severity == severity).count()
    }

    /// Whether no more of this severity are kept.
    fn is_full(&self, severity: Severity) -> bool {
        self.kept(severity) > FAULTS_MAX
    }

    /// Whether the file has an error already, because of which nothing of it is taken.
    pub fn has_errors(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Reports a fault that has more than a message. The last one that is kept says that there are more.
    pub fn report(&mut self, fault: Fault) {
        self.keep(fault, Fault::in_text);
    }

    fn keep(&mut self, fault: Fault, with_line: impl FnOnce(Fault, &str) -> Fault) {
        let kept = self.kept(fault.severity);
        if kept < FAULTS_MAX {
            let is_hidden = self.faults.iter().any(|other| other.hides(fault.place.line));
            self.faults.push(if is_hidden { fault } else { with_line(fault, self.text) });
        } else if kept == FAULTS_MAX {
            self.faults.push(fault.last_kept());
        }
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

    /// Reads text and parses it. The fault quotes the text. Where that is a URL with a password, it is known here alone where the password
    /// ends: it may have spaces and quotes.
    pub fn parsed<T, E: fmt::Display>(&mut self, node: &'a Node, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(node)?;
        let fault = match parse(text) {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        let shown = value_without_secrets(text);
        if *shown == *text {
            self.fault(node.place, format!("`{text}`: {fault}"));
        } else {
            self.unseen(node.place, format!("`{shown}`: {fault}"));
        }
        None
    }

    /// Reads the address of a repository, which has more forms than a URL. A fault does not repeat one with a user or a query, nor its line.
    pub fn address<T, E: fmt::Display>(&mut self, node: &'a Node, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(node)?;
        if !text.contains(['@', '?']) {
            return self.parsed(node, parse);
        }
        parse(text).map_err(|fault| self.unseen(node.place, fault)).ok()
    }

    /// Reports a fault whose line holds a secret: no other fault shows it either.
    pub fn unseen(&mut self, place: Place, message: impl fmt::Display) {
        self.faults.iter_mut().filter(|fault| fault.shows(place.line)).for_each(Fault::hide_line);
        let fault = self.draft(place, message).hiding_line();
        self.keep(fault, |fault, _| fault);
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

    /// Reports every key that was not asked for, with the key that may have been meant. Nobody knows what such a key has, as in
    /// `credentials: { token: … }` for `token_file`, so no fault shows its line.
    pub fn finish(mut self) {
        for (key, place, _) in self.members {
            if !self.known.contains(&key.as_str()) && !self.is_full(Severity::Error) {
                let mut fault = self.draft(*place, format!("unknown key `{key}`")).coded("unknown_key");
                if let Some(near) = nearest(key, &self.known) {
                    fault = fault.help(format!("did you mean `{near}`?"));
                }
                self.faults.iter_mut().filter(|fault| fault.shows(place.line)).for_each(Fault::hide_line);
                self.keep(fault, |fault, text| fault.in_text_at_key(text, key));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(text: &str, read: impl FnOnce(&mut Fields<'_, '_>, &Node)) -> Vec<Fault> {
        let node = Node::parse("a.yaml", text.as_bytes()).unwrap();
        let mut faults = Vec::new();
        let mut fields = Fields::new("a.yaml", text, &node, &mut faults);
        read(&mut fields, &node);
        fields.finish();
        faults
    }

    #[test]
    fn a_file_has_as_many_faults_as_a_person_reads() {
        let keys = |count: usize| (0..count).map(|key| format!("k{key}: 1\n")).collect::<String>();
        assert_eq!(faults_of(&keys(FAULTS_MAX), |_, _| ()).len(), FAULTS_MAX);
        let faults = faults_of(&keys(50_000), |_, _| ());
        assert_eq!(faults.len(), FAULTS_MAX + 1);
        assert_eq!((faults[FAULTS_MAX].place.line, faults[FAULTS_MAX].code), (FAULTS_MAX + 1, "not_listed"));
        assert!(faults[FAULTS_MAX].message.contains("is not listed"), "{}", faults[FAULTS_MAX]);
    }

    #[test]
    fn the_value_of_an_unknown_key_is_not_shown() {
        let read = |fields: &mut Fields<'_, '_>, _: &Node| {
            let node = fields.optional("credentials").unwrap();
            let mut inner = fields.below(node);
            let name = inner.optional("username").unwrap();
            inner.text(name);
            inner.finish();
        };
        for text in ["credentials: { token: HUNTER2abc, username: 5 }\n", "credentials:\n  username: 5\n  token: HUNTER2abc\n"] {
            let faults = faults_of(text, read);
            let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert_eq!(faults.len(), 2, "{shown:?}");
            assert!(shown.iter().all(|fault| !fault.contains("HUNTER2")), "{shown:?}");
            assert!(shown[1].contains("token: …") && shown[1].contains("^^^^^^"), "{}", shown[1]);
        }
    }

    #[test]
    fn a_password_with_any_character_is_in_no_fault() {
        for address in [
            "https://deploy:HUN<TER2@git.acme.com/team.git",
            "https://deploy:HUN TER2@git.acme.com/team.git",
            "https://deploy:HUN`TER2@git.acme.com/team.git",
            "https:/deploy:HUNTER2@git.acme.com",
            "https:deploy:HUN TER2@git.acme.com",
            "deploy:HUN TER2@git.acme.com:team.git",
            "https://HUN>TER2@git.acme.com/team.git",
        ] {
            let text = format!("{{ name: 5, git: '{address}', ref: 5 }}\n");
            let faults = faults_of(&text, |fields, _| {
                let (name, git, reference) = (fields.required("name"), fields.required("git"), fields.required("ref"));
                fields.text(name.unwrap());
                assert_eq!(fields.address(git.unwrap(), |_| Err::<(), _>("no user belongs here")), None);
                if !address.starts_with("deploy") {
                    assert_eq!(fields.parsed(git.unwrap(), |_| Err::<(), _>("no user belongs here")), None);
                }
                fields.text(reference.unwrap());
            });
            let shown: Vec<String> = faults.iter().map(|fault| format!("{fault}{fault:?}")).collect();
            assert!(shown.iter().all(|fault| !fault.contains("HUN") && !fault.contains("TER2")), "{shown:?}");
            assert!(shown[1].contains("no user belongs here"), "{shown:?}");
        }
    }

    #[test]
    fn an_error_behind_many_warnings_is_kept() {
        let faults = faults_of("a: 1\n", |fields, node| {
            let warning = fields.draft(node.place, "strange").warning("strange");
            (0..3 * FAULTS_MAX).for_each(|_| fields.report(warning.clone()));
        });
        let of = |severity| faults.iter().filter(|fault| fault.severity == severity).count();
        assert_eq!((of(Severity::Warning), of(Severity::Error)), (FAULTS_MAX + 1, 1));
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

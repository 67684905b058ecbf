//! Reads JSON (RFC 8259) and keeps the place of every value. Duplicate members are refused.

use crate::secrets::sops::error::{SyntaxError, SyntaxFault};
use crate::secrets::sops::flow;
use crate::secrets::sops::limits::{Budget, check_depth};
use crate::secrets::sops::scalar::Scalar;
use crate::secrets::sops::tree::{Collection, Entry, Form, Leaf, LeafSpan, Member, Node, Part, Section, Tree};

/// Reads the single document of the text, which must be an object.
pub(in crate::secrets::sops) fn parse(text: &str) -> Result<Tree, SyntaxError> {
    let mut reader = Reader { text, at: 0, budget: Budget::new() };
    let mut root = reader.value(0)?;
    reader.space();
    if reader.at != text.len() {
        return Err(reader.fault(SyntaxFault::JsonFollowed));
    }
    let Form::Mapping(members) = &mut root.form else {
        return Err(SyntaxFault::NoObject.into());
    };
    let found = members.members.iter().position(|member| matches!(member, Member::Entry(entry) if entry.key == "sops"));
    let mut section = None;
    if let Some(Member::Entry(entry)) = found.map(|at| members.members.remove(at)) {
        let cut = flow::removal(members, &(entry.start..entry.node.place.end));
        section = Some(Section { node: entry.node, cuts: vec![cut] });
    }
    let end = root.place.end - 1;
    Ok(Tree { parts: vec![Part { root, section, end }] })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    budget: Budget,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        check_depth(depth)?;
        self.budget.spend(1)?;
        self.space();
        let start = self.at;
        let scalar = match self.text.as_bytes().get(start) {
            Some(b'{') => return self.object(depth),
            Some(b'[') => return self.array(depth),
            Some(b'"') => Some(Scalar::text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => Some(self.number()?),
            _ if self.word("null") => None,
            _ if self.word("true") => Some(Scalar::boolean(true)),
            _ if self.word("false") => Some(Scalar::boolean(false)),
            _ => return Err(self.expected("a value")),
        };
        let spot = LeafSpan { place: start..self.at, flow: true, ..LeafSpan::default() };
        Ok(Node::new(start..self.at, Form::Leaf(Leaf::new(scalar, spot))))
    }

    fn object(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        let (start, mut members) = (self.at, Vec::new());
        let mut seen = std::collections::HashSet::new();
        self.at += 1;
        while self.more(b'}', members.is_empty())? {
            let start = self.at;
            if !self.text[start..].starts_with('"') {
                return Err(self.expected("a name in quotes"));
            }
            let key = self.string()?;
            if !seen.insert(key.clone()) {
                return Err(self.fault(SyntaxFault::Twice { name: key }));
            }
            self.space();
            if !self.word(":") {
                return Err(self.expected("a colon"));
            }
            let node = self.value(depth + 1)?;
            members.push(Member::Entry(Entry { key, start, node }));
        }
        Ok(Node::new(start..self.at, Form::Mapping(Collection { members, flow: true, column: 0 })))
    }

    fn array(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        let (start, mut members) = (self.at, Vec::new());
        self.at += 1;
        while self.more(b']', members.is_empty())? {
            let node = self.value(depth + 1)?;
            members.push(Member::Entry(Entry { key: String::new(), start: node.place.start, node }));
        }
        Ok(Node::new(start..self.at, Form::Sequence(Collection { members, flow: true, column: 0 })))
    }

    /// Skips a comma or the closing sign, and tells whether a member follows.
    fn more(&mut self, close: u8, first: bool) -> Result<bool, SyntaxError> {
        self.space();
        let next = self.text.as_bytes().get(self.at).copied();
        if next == Some(close) {
            self.at += 1;
            return Ok(false);
        }
        if !first {
            if next != Some(b',') {
                return Err(self.expected("a comma"));
            }
            self.at += 1;
            self.space();
        }
        Ok(true)
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let mut end = start + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        self.at = (end + 1).min(bytes.len());
        let text = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(text).map_err(|_| self.fault(SyntaxFault::JsonText))
    }

    /// Reads a number. As in SOPS, every number is a float.
    fn number(&mut self) -> Result<Scalar, SyntaxError> {
        let digits =
            self.text[self.at..].bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let text = &self.text[self.at..self.at + digits.count()];
        self.at += text.len();
        serde_json::from_str(text).map(Scalar::float).map_err(|_| self.fault(SyntaxFault::JsonNumber))
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn space(&mut self) {
        self.at += self.text[self.at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn expected(&self, what: &'static str) -> SyntaxError {
        self.fault(SyntaxFault::JsonExpected { what })
    }

    fn fault(&self, flaw: SyntaxFault) -> SyntaxError {
        let before = &self.text.as_bytes()[..self.at.min(self.text.len())];
        flaw.at(1 + before.iter().filter(|byte| **byte == b'\n').count())
    }
}

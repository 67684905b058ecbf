//! SOPS's INI format: lines of `name = value` in sections. All values are texts; the metadata is the section `[sops]`.
//!
//! Values before the first section belong to a section called `DEFAULT`. A comment belongs to what follows it; consecutive comment
//! lines are one comment.

use super::draft::Draft;
use super::error::{ChangeError, SyntaxError, SyntaxFault, ValueError};
use super::flat;
use super::limits::Budget;
use super::scalar::Scalar;
use super::tree::{Collection, Comment, Entry, Form, Leaf, LeafSpan, Member, Node, Part, Section, Tree};
use crate::words::Secret;
use std::ops::Range;

const DEFAULT: &str = "DEFAULT";
const SECTION: &str = "sops";

/// Reads the sections.
pub(super) fn parse(text: &str) -> Result<Tree, SyntaxError> {
    let mut reader = Reader { text, sections: Vec::new(), pending: None, cuts: Vec::new(), budget: Budget::new() };
    reader.open(DEFAULT.to_owned(), 0)?;
    let mut at = 0;
    for number in 1.. {
        let Some(line) = text[at..].split_inclusive('\n').next() else { break };
        at = reader.line(at, line).map_err(|flaw| flaw.at(number))?;
    }
    Ok(reader.finish())
}

struct Reader<'t> {
    text: &'t str,
    sections: Vec<(String, usize, Collection)>,
    /// Comment lines that wait for the line that they belong to.
    pending: Option<Range<usize>>,
    cuts: Vec<Range<usize>>,
    budget: Budget,
}

impl Reader<'_> {
    /// Reads one line, and returns where the next one starts.
    fn line(&mut self, at: usize, whole: &str) -> Result<usize, SyntaxFault> {
        self.budget.spend(1)?;
        let next = at + whole.len();
        let line = whole.trim();
        let start = at + whole.len() - whole.trim_start().len();
        let place = start..start + line.len();
        if self.in_metadata() && !line.starts_with('[') {
            self.cuts.push(at..next);
        }
        if line.is_empty() {
            return Ok(next);
        }
        if line.starts_with([';', '#']) {
            self.pending = Some(self.pending.as_ref().map_or(place.start, |before| before.start)..place.end);
            return Ok(next);
        }
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest.split_once(']').ok_or(SyntaxFault::SectionNotClosed)?.0.trim();
            self.open(name.to_owned(), start)?;
            if name == SECTION {
                self.cuts.push(at..next);
            }
            self.settle(name == SECTION);
            return Ok(next);
        }
        self.entry(place, next)
    }

    fn in_metadata(&self) -> bool {
        self.sections.last().is_some_and(|(name, ..)| name == SECTION)
    }

    fn open(&mut self, name: String, start: usize) -> Result<(), SyntaxFault> {
        if self.sections.iter().any(|(known, ..)| *known == name) && name != DEFAULT {
            return Err(SyntaxFault::SectionTwice { name });
        }
        self.sections.push((name, start, Collection { members: Vec::new(), flow: false, column: 0 }));
        Ok(())
    }

    /// Gives the waiting comment to the current section. A comment before the metadata is the last one of the document.
    fn settle(&mut self, metadata: bool) {
        let Some(place) = self.pending.take() else { return };
        let before = if metadata { 2 } else { 1 };
        let at = self.sections.len().saturating_sub(before);
        let comment = self.comment(place);
        self.sections[at].2.members.push(Member::Comment(comment));
    }

    fn comment(&self, place: Range<usize>) -> Comment {
        Comment::new(Secret::from(self.text[place.clone()][1..].trim_start().to_owned()), place)
    }

    fn entry(&mut self, line: Range<usize>, next: usize) -> Result<usize, SyntaxFault> {
        let text = &self.text[line.clone()];
        let sign = text.find(['=', ':']).ok_or(SyntaxFault::NoPair { form: "`name = value`" })?;
        let name = text[..sign].trim();
        if name.is_empty() || name.starts_with(['"', '`']) {
            return Err(SyntaxFault::NameQuoted);
        }
        let rest = &text[sign + 1..];
        let start = line.start + sign + 1 + rest.len() - rest.trim_start().len();
        let (value, length, next) = self.value(start, next)?;
        let place = start..start + length;
        // SOPS puts a comment after the name that it belongs to: a rule for comments then applies to the next name.
        let mut comments: Vec<Comment> = self.pending.take().map(|place| self.comment(place)).into_iter().collect();
        let comment = self.text[place.end..].lines().next().unwrap_or_default().trim();
        if comment.starts_with(['#', ';']) {
            let at = place.end + self.text[place.end..].find(['#', ';']).unwrap_or_default();
            comments.push(self.comment(at..at + comment.len()));
        }
        let Some((_, _, section)) = self.sections.last_mut() else { return Ok(next) };
        if section.entry(name).is_some() {
            return Err(SyntaxFault::TwiceInSection { name: name.to_owned() });
        }
        let leaf = Leaf::new(
            Some(Scalar::text(value)),
            LeafSpan { place: place.clone(), absent: self.text[..start].ends_with(['=', ':']), ..LeafSpan::default() },
        );
        section.members.push(Member::Entry(Entry {
            key: name.to_owned(),
            start: line.start,
            node: Node::new(place, Form::Leaf(leaf)),
        }));
        section.members.extend(comments.into_iter().map(Member::Comment));
        Ok(next)
    }

    /// A value, the length of its text, and where the next line starts.
    fn value(&self, start: usize, next: usize) -> Result<(String, usize, usize), SyntaxFault> {
        let rest = &self.text[start..];
        for quotes in ["\"\"\"", "`"] {
            if let Some(inner) = rest.strip_prefix(quotes) {
                let end = inner.find(quotes).ok_or(SyntaxFault::QuoteNotClosed)?;
                let length = end + 2 * quotes.len();
                let next =
                    start + length + self.text[start + length..].find('\n').map_or(self.text.len() - start - length, |at| at + 1);
                return Ok((inner[..end].to_owned(), length, next));
            }
        }
        let line = &self.text[start.min(next)..next];
        let value = line[..line.find(['#', ';']).unwrap_or(line.len())].trim();
        if value.ends_with('\\') {
            return Err(SyntaxFault::GoesOn);
        }
        let quoted = ['"', '\''].into_iter().find_map(|sign| {
            let inner = value.strip_prefix(sign)?.strip_suffix(sign)?;
            (!inner.contains(sign)).then_some(inner)
        });
        Ok((quoted.unwrap_or(value).to_owned(), value.len(), next))
    }

    fn finish(mut self) -> Tree {
        self.settle(self.in_metadata());
        let length = self.text.len();
        let mut root = Collection { members: Vec::new(), flow: false, column: 0 };
        let mut section = None;
        for (name, start, collection) in self.sections {
            let end = collection.entries().last().map_or(start, |entry| entry.node.place.end);
            if name == SECTION {
                let fields = collection.members.into_iter().filter_map(field).collect();
                section = Some(Section { node: flat::nested(fields, start..end), cuts: std::mem::take(&mut self.cuts) });
            } else if name != DEFAULT || !collection.members.is_empty() {
                let node = Node::new(start..end, Form::Mapping(collection));
                root.members.push(Member::Entry(Entry { key: name, start, node }));
            }
        }
        Tree { parts: vec![Part { root: Node::new(0..length, Form::Mapping(root)), section, end: length }] }
    }
}

/// A field of the metadata. Its line breaks are written as `\n`.
fn field(member: Member) -> Option<(String, Leaf)> {
    let Member::Entry(entry) = member else { return None };
    let text = entry.node.as_str()?.replace("\\n", "\n");
    let Form::Leaf(leaf) = entry.node.form else { return None };
    Some((entry.key, Leaf { scalar: Some(Scalar::text(text)), ..leaf }))
}

/// A value as it is written on its line, quoted if needed.
pub(super) fn value(scalar: &Scalar) -> Result<String, ValueError> {
    let text = scalar.plain_text();
    let text = text.expose_text().ok_or(ValueError::NotUtf8In { form: "INI" })?;
    let edges = text.trim() != text || text.ends_with('\\');
    let quotes =
        text.len() > 1 && (text.starts_with('"') && text.ends_with('"') || text.starts_with('\'') && text.ends_with('\''));
    match text {
        _ if text.contains('\n') || (text.contains('`') && (text.contains(['#', ';']) || text.starts_with('`'))) => {
            if text.contains("\"\"\"") || text.ends_with('"') {
                return Err(ValueError::IniQuotes);
            }
            Ok(format!("\"\"\"{text}\"\"\""))
        }
        _ if text.contains(['#', ';']) || edges || quotes || text.starts_with("\"\"\"") => Ok(format!("`{text}`")),
        _ => Ok(text.to_owned()),
    }
}

/// The lines of a section.
pub(super) fn section(section: &Draft) -> String {
    let lines = flat::flattened(section).into_iter().map(|(name, text)| format!("{name} = {text}\n"));
    std::iter::once(format!("[{SECTION}]\n")).chain(lines).collect()
}

/// Whether a name may be added.
pub(super) fn check_name(name: &str) -> Result<(), ChangeError> {
    if name.is_empty()
        || name.trim() != name
        || name.starts_with(['#', ';', '[', '"', '`'])
        || name.contains(['=', ':', '\n', '\r', ']'])
        || name == SECTION
    {
        return Err(ChangeError::Name { name: name.to_owned(), file: "an INI" });
    }
    Ok(())
}

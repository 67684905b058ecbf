//! Reads YAML and keeps the place of every part, comments and anchors included.

use super::resolve;
use crate::secrets::sops::error::{SyntaxError, SyntaxFault};
use crate::secrets::sops::limits::{self, Budget};
use crate::secrets::sops::splice::{line_start, next_line};
use crate::secrets::sops::tree::{Collection, Comment, Entry, Form, LeafSpan, Member, Node, Part, Section, Tree};
use crate::words::Secret;
use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput, StructureStyle, Tag};
use std::collections::HashMap;
use std::ops::Range;

/// Reads all documents of the text.
pub(in crate::secrets::sops) fn parse(text: &str) -> Result<Tree, SyntaxError> {
    if text.starts_with('\u{feff}') {
        return Err(SyntaxFault::ByteOrderMark.into());
    }
    let mut options = Options::default();
    options.max_buffered_comment_events = limits::NODES_MAX;
    options.block_nesting_limit = limits::DEPTH_MAX;
    options.flow_nesting_limit = limits::DEPTH_MAX;
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader =
        Reader { text, parser, peeked: None, pending: Vec::new(), anchors: HashMap::new(), budget: Budget::new(), last: 0 };
    reader.stream()
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    pub(super) peeked: Option<(Event<'t>, Span)>,
    /// Comments that are not assigned yet.
    pub(super) pending: Vec<Comment>,
    anchors: HashMap<usize, Node>,
    budget: Budget,
    /// The end of the last event that is not a comment.
    pub(super) last: usize,
}

impl<'t> Reader<'t> {
    fn stream(&mut self) -> Result<Tree, SyntaxError> {
        let mut parts = Vec::new();
        loop {
            match self.next()? {
                (Event::StreamStart, _) => {}
                (Event::DocumentStart(..), _) => parts.push(self.document()?),
                (Event::StreamEnd, _) => break,
                _ => return Err(SyntaxFault::YamlUnknown.into()),
            }
        }
        if parts.is_empty() { Err(SyntaxFault::NoDocument.into()) } else { Ok(Tree { parts }) }
    }

    fn document(&mut self) -> Result<Part, SyntaxError> {
        self.anchors.clear();
        let mut root = self.node(0, false)?;
        let (_, span) = self.next()?;
        let Form::Mapping(members) = &mut root.form else {
            return Err(self.fault(root.place.start, SyntaxFault::NoMapping));
        };
        members.members.extend(self.pending.drain(..).map(Member::Comment));
        let section = take_section(self.text, members);
        let end = start(&span);
        // The parser reports the end of a document where the next one starts: go back to the end of its text.
        let written = self.text[..end].trim_end().len();
        let end = if written == 0 { 0 } else { next_line(self.text, written) };
        Ok(Part { root, section, end })
    }

    fn node(&mut self, column: usize, flow: bool) -> Result<Node, SyntaxError> {
        let after = self.last;
        let (event, span) = self.next()?;
        self.budget.spend(1)?;
        let begin = start(&span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node =
                    self.leaf(&text, style, tag.as_deref(), &span, after, LeafSpan { flow, column, ..LeafSpan::default() })?;
                self.keep(anchor, &node);
                Ok(node)
            }
            Event::SequenceStart(style, anchor, _) => {
                let node = self.sequence(begin, span.start.col(), style == StructureStyle::Flow)?;
                self.keep(anchor, &node);
                Ok(node)
            }
            Event::MappingStart(style, anchor, _) => {
                let node = self.mapping(begin, span.start.col(), style == StructureStyle::Flow)?;
                self.keep(anchor, &node);
                Ok(node)
            }
            Event::Alias(anchor) => self.alias(anchor, begin..end(&span)),
            _ => Err(self.fault(begin, SyntaxFault::YamlUnknown)),
        }
    }

    fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    /// A copy of the anchor's node. Each copy is counted, so that a bomb of aliases exceeds the limit.
    fn alias(&mut self, anchor: usize, place: Range<usize>) -> Result<Node, SyntaxError> {
        self.last = place.end;
        let target = self.anchors.get(&anchor).ok_or_else(|| self.fault(place.start, SyntaxFault::AliasWithinAnchor))?;
        self.budget.spend(limits::nodes_of(target))?;
        Ok(Node { place, alias: true, ..target.clone() })
    }

    fn mapping(&mut self, begin: usize, column: usize, flow: bool) -> Result<Node, SyntaxError> {
        let mut members: Vec<Member> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut finish = begin;
        loop {
            let closing = matches!(self.peek()?.0, Event::MappingEnd);
            self.place_comments(&mut members, closing, column, flow);
            if closing {
                break;
            }
            let (event, span) = self.next()?;
            let Event::Scalar(key, style, _, tag) = event else {
                return Err(self.fault(start(&span), SyntaxFault::KeyNoText));
            };
            let start = start(&span);
            self.check_key(&key, style, tag.as_deref(), start)?;
            if !seen.insert(key.to_string()) {
                return Err(self.fault(start, SyntaxFault::Twice { name: key.into_owned() }));
            }
            self.last = end(&span);
            members.extend(self.head_comments(start).into_iter().map(Member::Comment));
            let node = self.node(column, flow)?;
            finish = node.place.end.max(self.last);
            let start = span.tag_span().and_then(|tag| tag.byte_range()).map_or(start, |tag| tag.start);
            members.push(Member::Entry(Entry { key: key.into_owned(), start, node }));
        }
        let place = self.close(begin, finish, flow)?;
        Ok(Node::new(place, Form::Mapping(Collection { members, flow, column })))
    }

    fn sequence(&mut self, begin: usize, column: usize, flow: bool) -> Result<Node, SyntaxError> {
        let mut members: Vec<Member> = Vec::new();
        let mut finish = begin;
        loop {
            let closing = matches!(self.peek()?.0, Event::SequenceEnd);
            self.place_comments(&mut members, closing, column, flow);
            if closing {
                break;
            }
            let next = start(&self.peek()?.1);
            if flow
                && matches!(self.peek()?.0, Event::MappingStart(StructureStyle::Flow, ..))
                && !self.text[next..].starts_with('{')
            {
                return Err(self.fault(next, SyntaxFault::PairWithinBrackets));
            }
            let node = self.node(column, flow)?;
            finish = node.place.end.max(self.last);
            let start = if flow { node.place.start } else { self.dash(next.max(node.place.start), column) };
            match item_comment(&node, flow) {
                Some(comment) => members.push(Member::Comment(Comment { place: start..comment.place.end, ..comment })),
                None => members.push(Member::Entry(Entry { key: String::new(), start, node })),
            }
        }
        let place = self.close(begin, finish, flow)?;
        Ok(Node::new(place, Form::Sequence(Collection { members, flow, column })))
    }

    /// Takes the closing event. Braces and brackets are part of the place.
    fn close(&mut self, begin: usize, finish: usize, flow: bool) -> Result<Range<usize>, SyntaxError> {
        let (_, span) = self.next()?;
        if flow {
            self.last = end(&span);
        }
        Ok(begin..if flow { end(&span) } else { finish })
    }

    fn check_key(&self, key: &str, style: ScalarStyle, tag: Option<&Tag>, at: usize) -> Result<(), SyntaxError> {
        let text = style != ScalarStyle::Plain || matches!(resolve::plain(key), Ok(Some(scalar)) if scalar.name() == "str");
        // SOPS writes a merge key with its tag.
        let tagged = tag.is_none_or(|tag| tag.core_suffix() == Some("str") || (tag.suffix() == "merge" && key == "<<"));
        if text && tagged { Ok(()) } else { Err(self.fault(at, SyntaxFault::KeyNotQuoted { key: key.to_owned() })) }
    }
}

/// The events, with comments collected separately.
impl<'t> Reader<'t> {
    pub(super) fn peek(&mut self) -> Result<&(Event<'t>, Span), SyntaxError> {
        if self.peeked.is_none() {
            self.peeked = Some(self.advance()?);
        }
        self.peeked.as_ref().ok_or_else(|| SyntaxFault::YamlEnds.into())
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), SyntaxError> {
        match self.peeked.take() {
            Some(event) => Ok(event),
            None => self.advance(),
        }
    }

    fn advance(&mut self) -> Result<(Event<'t>, Span), SyntaxError> {
        loop {
            match self.parser.next_event() {
                None => return Err(SyntaxFault::YamlEnds.into()),
                Some(Err(fault)) => {
                    let line = fault.marker().line();
                    return Err(SyntaxFault::Yaml(Box::new(fault)).at(line));
                }
                Some(Ok((Event::Comment(text, _), span))) => {
                    self.budget.spend(1)?;
                    let place = start(&span)..start(&span) + 1 + text.trim_end_matches('\r').len();
                    self.pending.push(Comment::new(Secret::from(text.trim_end_matches('\r').to_owned()), place));
                }
                Some(Ok(event)) => return Ok(event),
            }
        }
    }

    pub(super) fn fault(&self, at: usize, flaw: SyntaxFault) -> SyntaxError {
        flaw.at(1 + self.text[..at.min(self.text.len())].matches('\n').count())
    }
}

/// Removes the metadata from the document, with its lines.
fn take_section(text: &str, members: &mut Collection) -> Option<Section> {
    let at = members.members.iter().position(|member| matches!(member, Member::Entry(entry) if entry.key == "sops"))?;
    let Member::Entry(entry) = members.members.remove(at) else { return None };
    let cut = if members.flow {
        crate::secrets::sops::flow::removal(members, &(entry.start..entry.node.place.end))
    } else {
        line_start(text, entry.start)..next_line(text, entry.node.place.end)
    };
    Some(Section { node: entry.node, cuts: vec![cut] })
}

pub(super) fn start(span: &Span) -> usize {
    span.start.byte_offset().unwrap_or_default()
}

pub(super) fn end(span: &Span) -> usize {
    span.end.byte_offset().unwrap_or_default()
}

/// An item that SOPS wrote for a comment.
fn item_comment(node: &Node, flow: bool) -> Option<Comment> {
    let text = node.as_str().filter(|text| !flow && text.starts_with("ENC[") && text.ends_with(",type:comment]"))?;
    Some(Comment { item: true, ..Comment::new(Secret::from(text.to_owned()), node.place.clone()) })
}

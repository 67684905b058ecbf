//! Comments may be anywhere. This assigns each one to a collection.

use super::parse::Reader;
use crate::secrets::sops::splice::line_start;
use crate::secrets::sops::tree::{Comment, Member};
use granit_parser::Event;

impl<'t> Reader<'t> {
    /// Comments before an entry belong to the collection; at the end of the collection, those that are indented at least like it do. A
    /// comment after a value on the same line is moved before the entry, as in SOPS.
    pub(super) fn place_comments(&mut self, members: &mut Vec<Member>, closing: bool, column: usize, flow: bool) {
        let pending = std::mem::take(&mut self.pending);
        for comment in pending {
            let begin = line_start(self.text, comment.place.start);
            let inline = !self.text[begin..comment.place.start].trim().is_empty();
            let own = self.text[begin..comment.place.start].chars().count() >= column;
            let last = members.iter().rposition(|member| matches!(member, Member::Entry(_)));
            match last {
                Some(last) if inline => members.insert(last, Member::Comment(comment)),
                _ if inline && closing && !flow => self.pending.push(comment),
                _ if !closing || flow || own => members.push(Member::Comment(comment)),
                _ => self.pending.push(comment),
            }
        }
    }

    /// Comments on the line of a key whose value is a collection belong to the key.
    pub(super) fn head_comments(&mut self, key: usize) -> Vec<Comment> {
        if self.peek().is_err() {
            return Vec::new();
        }
        let collection = matches!(self.peeked, Some((Event::MappingStart(..) | Event::SequenceStart(..), _)));
        let line = line_start(self.text, key);
        let (head, rest) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|comment| collection && line_start(self.text, comment.place.start) == line);
        self.pending = rest;
        head
    }
}

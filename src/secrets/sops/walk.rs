//! Visits a document in order. For each value and comment it passes the path and whether the value is encrypted.

use super::rule::Rule;
use super::tree::{Collection, Comment, Form, Leaf, Member, Node, Tree};
use std::convert::Infallible;

/// A visited value or comment.
pub(super) enum Visited<'a> {
    Leaf(&'a mut Leaf),
    Comment(&'a mut Comment),
}

/// Where a visited value or comment is.
pub(super) struct VisitContext<'a> {
    /// The keys on the path, each with a colon after it: SOPS's additional data. Positions in lists are not part of it.
    pub(super) path: &'a str,
    pub(super) encrypted: bool,
    /// It is reached by a YAML alias.
    pub(super) alias: bool,
}

type Visit<'a, E> = dyn FnMut(&VisitContext, Visited) -> Result<(), E> + 'a;

/// Visits every value and comment.
pub(super) fn walk<E>(tree: &mut Tree, rule: &Rule, visit: &mut Visit<E>) -> Result<(), E> {
    let mut walk = Walk { rule, visit, path: String::new(), alias: false };
    tree.parts.iter_mut().try_for_each(|part| walk.node(&mut part.root, false))
}

/// Visits every value and comment with a function that cannot fail.
pub(super) fn look_through(tree: &mut Tree, rule: &Rule, look: &mut dyn FnMut(&VisitContext, Visited)) {
    let Ok(()) = walk(tree, rule, &mut |at, found| {
        look(at, found);
        Ok::<(), Infallible>(())
    });
}

struct Walk<'a, 'v, E> {
    rule: &'a Rule,
    visit: &'a mut Visit<'v, E>,
    path: String,
    alias: bool,
}

impl<E> Walk<'_, '_, E> {
    fn node(&mut self, node: &mut Node, named: bool) -> Result<(), E> {
        let outside = self.alias;
        self.alias |= node.alias;
        match &mut node.form {
            Form::Leaf(leaf) => self.found(Visited::Leaf(leaf), self.rule.encrypts(named))?,
            Form::Mapping(members) => self.collection(members, named, ":")?,
            Form::Sequence(items) => self.collection(items, named, "")?,
        }
        self.alias = outside;
        Ok(())
    }

    fn collection(&mut self, collection: &mut Collection, named: bool, colon: &str) -> Result<(), E> {
        // A comment applies from its place to the end of the next value.
        let mut commented = named;
        for member in &mut collection.members {
            match member {
                Member::Comment(comment) => {
                    // The first comment that the rule names stays readable. A further one is encrypted like the values.
                    let own = self.rule.names_comment(comment.text.expose());
                    let encrypted = self.rule.encrypts(commented) && (commented || !own);
                    commented |= own;
                    self.found(Visited::Comment(comment), encrypted)?;
                }
                Member::Entry(entry) => {
                    let length = self.path.len();
                    self.path.push_str(&entry.key);
                    self.path.push_str(colon);
                    let named_here = commented || (!colon.is_empty() && self.rule.names_key(&entry.key));
                    self.node(&mut entry.node, named_here)?;
                    self.path.truncate(length);
                    commented = named;
                }
            }
        }
        Ok(())
    }

    fn found(&mut self, found: Visited, encrypted: bool) -> Result<(), E> {
        // SOPS joins the keys and adds a colon: without any key, the path is one colon.
        let path = if self.path.is_empty() { ":" } else { &self.path };
        (self.visit)(&VisitContext { path, encrypted, alias: self.alias }, found)
    }
}

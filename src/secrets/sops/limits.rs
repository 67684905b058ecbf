//! What a file may cost. It comes from Git, and whoever can push may try.

use super::tree::{Form, Member, Node};

/// Values, collections and comments of one file, each use of an alias counted: a thousand are common, a hundred thousand are not.
pub(super) const NODES_MAX: usize = 100_000;
/// Kubernetes resources are at most 20 deep or so; each step costs stack, of which a worker has 2 MiB.
pub(super) const DEPTH_MAX: usize = 32;

/// What a file may not cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum LimitError {
    #[error("the file has more than {NODES_MAX} values, aliases counted each time: split it")]
    Nodes,
    #[error("the file is nested deeper than {DEPTH_MAX}")]
    Depth,
}

/// What is left of `NODES_MAX`.
pub(super) struct Budget(usize);

impl Budget {
    pub(super) const fn new() -> Self {
        Self(NODES_MAX)
    }

    pub(super) fn spend(&mut self, nodes: usize) -> Result<(), LimitError> {
        self.0 = self.0.checked_sub(nodes).ok_or(LimitError::Nodes)?;
        Ok(())
    }
}

/// A deeper document is refused.
pub(super) fn check_depth(depth: usize) -> Result<(), LimitError> {
    if depth > DEPTH_MAX { Err(LimitError::Depth) } else { Ok(()) }
}

/// How many nodes a copy makes.
pub(super) fn nodes_of(node: &Node) -> usize {
    let members = match &node.form {
        Form::Leaf(_) => return 1,
        Form::Mapping(collection) | Form::Sequence(collection) => &collection.members,
    };
    let below = |member: &Member| match member {
        Member::Comment(_) => 1,
        Member::Entry(entry) => nodes_of(&entry.node),
    };
    1 + members.iter().map(below).sum::<usize>()
}

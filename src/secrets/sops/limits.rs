//! Limits on the cost of reading a file: it comes from Git, and anybody who can push may send a hostile one.

use super::tree::{Form, Member, Node};

/// The values, collections and comments of one file, where each use of an alias counts. A thousand are common, a hundred thousand are
/// not.
pub(super) const NODES_MAX: usize = 100_000;
/// Kubernetes resources are at most about 20 deep. Each level costs stack, of which a worker has 2 MiB.
pub(super) const DEPTH_MAX: usize = 32;

/// Which limit a file exceeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum LimitError {
    #[error("the file has more than {NODES_MAX} values, with aliases counted each time: split it")]
    Nodes,
    #[error("the file is nested deeper than {DEPTH_MAX}")]
    Depth,
}

/// How many of `NODES_MAX` are left.
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

/// Refuses a document that is nested too deep.
pub(super) fn check_depth(depth: usize) -> Result<(), LimitError> {
    if depth > DEPTH_MAX { Err(LimitError::Depth) } else { Ok(()) }
}

/// The number of nodes in a copy of this node.
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

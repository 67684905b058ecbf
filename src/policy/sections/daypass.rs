//! `grant: daypass`: uses of daypass itself.

mod credential;
mod schema;

use super::Section;
use crate::kind::{Permission, PermissionError, Target};
use crate::policy::error::PatternError;
use crate::policy::pattern::Pattern;
use crate::policy::template::Row;
use crate::words::yaml::{Fields, Node, Place};

/// One permission.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct PermissionGrant {
    place: Place,
    pub(in crate::policy) permission: Permission,
}

/// Why a text names no permission.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum PermissionPatternError {
    /// It is no pattern at all.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// It names no permission.
    #[error(transparent)]
    Permission(#[from] PermissionError),
}

impl Section for PermissionGrant {
    const WORD: &'static str = "daypass";
    const SHOWS_SUBJECT: bool = false;

    type PatternError = PermissionPatternError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, _row: Option<&Row>) -> Option<Self> {
        fields.parsed(node, Permission::parse).map(|permission| Self { place: node.place, permission })
    }

    fn named(&self) -> Option<Target> {
        Some(Target::Daypass(self.permission))
    }

    /// Permissions are few and known by name.
    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        Ok(Pattern::literal_of(Permission::parse(text)?.as_str()))
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        pattern.matches(self.permission.as_str())
    }

    super::of!(Daypass);
}

//! What an entry grants by pattern, if the things are files of a revision: whoever has the entry gets every future file there too.

use super::Term;
use crate::kind::Target;
use crate::policy::pattern::Pattern;
use crate::words::names::SecretPath;

/// The credential that is granted for the file of a name, if there is one.
type OfName<'a> = Box<dyn Fn(&SecretPath) -> Option<Target> + 'a>;

/// The files that an entry grants.
pub(in crate::policy) struct Filed<'a> {
    /// The pattern that their names fit.
    pub(in crate::policy) pattern: &'a Pattern,
    /// The terms of the entry.
    pub(in crate::policy) terms: Vec<Term>,
    /// What is granted of each of them.
    pub(in crate::policy) each: Vec<OfFile<'a>>,
}

/// Something that is granted of a file.
pub(in crate::policy) struct OfFile<'a> {
    /// The credential in a report, with the pattern in place of a name.
    pub(in crate::policy) description: String,
    /// The credential for the file of this name, if a file can have it.
    pub(in crate::policy) wanted: OfName<'a>,
}

//! A door for `crate::fuzzing` to what this room alone reads.

pub(crate) use super::verify::fuzzing::signature;

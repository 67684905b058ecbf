//! A door for the fuzz targets to what this room alone reads.

pub(crate) use super::verify::fuzzing::signature;

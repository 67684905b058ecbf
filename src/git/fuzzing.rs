//! Exports a private reader of this module to the fuzz targets.

pub(crate) use super::verify::fuzzing::signature;

//! SOPS's JSON, and its binary form: one text `data` beside the metadata.

pub(super) mod emit;
mod parse;

pub(super) use parse::parse;

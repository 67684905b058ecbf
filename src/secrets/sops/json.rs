//! SOPS's JSON format, and its binary one: a JSON object with one text `data` and the metadata.

pub(super) mod emit;
mod parse;

pub(super) use parse::parse;

//! SOPS's YAML format: any number of documents, each with the metadata at its end.

pub(super) mod change;
mod comments;
pub(super) mod emit;
mod parse;
mod places;
mod resolve;
mod timestamp;

pub(super) use parse::parse;

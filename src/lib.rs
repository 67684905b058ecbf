//! daypass: CI jobs get a day pass, never a key.
//!
//! An OIDC credential broker and secrets service. Read `exchange` first; `docs/architecture.md` shows the rooms.

pub mod identity;
pub mod issue;
pub mod issuers;
pub mod policy;
pub mod secrets;
pub mod store;
pub mod token;
pub mod words;

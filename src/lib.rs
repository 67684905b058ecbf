//! daypass: CI jobs get a day pass, never a key.
//!
//! An OIDC credential broker and secrets service. Read [`exchange`] first; `docs/architecture.md` shows the rooms.

pub mod answers;
pub mod app;
pub mod cli;
pub mod client;
pub mod config;
pub mod custody;
pub mod demo;
pub mod exchange;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod git;
pub mod http;
pub mod identity;
pub mod issue;
pub mod issuers;
pub mod kind;
pub mod policy;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod token;
pub mod words;

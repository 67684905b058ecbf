//! Layer E: the edge. Thin faces of one `exchange()`, behind an accept loop with a limit on everything.

pub mod accept;
mod activity;
mod addresses;
pub mod admin;
pub mod admission;
mod age;
mod audit;
mod aws;
mod connection;
pub mod control;
mod durations;
mod events;
mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod handshakes;
pub mod health;
mod hooks;
mod hostname;
mod methods;
mod native;
mod oauth;
mod octo_sts;
mod openapi;
mod problem;
mod proxies;
mod reply;
mod rest;
mod routes;
mod secret;
mod secret_status;
pub mod stopping;
mod streams;
mod task;
pub mod tls;
mod traces;
mod validity;
mod vault;
mod watched;

pub use native::router;

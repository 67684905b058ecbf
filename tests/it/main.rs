//! The one integration binary: the real server over real TLS, real peers, vectors from elsewhere, and the shape of the code.
#![expect(clippy::unwrap_used, reason = "a test that fails should say so at once")]
#![expect(unreachable_pub, reason = "the modules of one binary")]

mod apis;
mod attacks;
mod audit;
mod aws_apis;
mod azure;
mod beliefs;
mod canaries;
mod clients;
mod corpora;
mod decisions;
mod docs;
mod dist;
mod doctor;
mod dry_run;
mod faces;
mod faults;
mod file_keys;
mod gcp;
mod github;
mod golden;
mod helpers;
mod hostile;
mod issuing;
mod job;
mod keys;
mod kubernetes;
mod layers;
mod library;
mod oauth;
mod operate;
mod peers;
mod policy;
mod possession;
mod proofs;
mod proxies;
mod relying_party;
mod replay;
mod restarts;
mod secret_files;
mod server;
mod sidecar;
mod sources;
mod store;
#[path = "../../src/policy/schema/structural.rs"]
mod structural;
mod sts;
mod support;
mod token_exchange;
mod transit;
mod truth;
mod values;
mod vault;
mod vault_paths;
mod widening;

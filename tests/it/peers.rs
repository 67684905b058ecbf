//! Real peers. Each test is passed over, and says so, where its peer is not installed.

mod aws;
mod aws_clients;
mod git_remotes;
mod google_auth;
mod oidc_provider;
mod openbao;
mod sops;
mod transit;
mod vault_clients;

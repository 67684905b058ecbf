//! Real peers. Each test is passed over, and says so, where its peer is not installed.

mod act;
mod age;
pub(crate) mod age_plugin;
mod aws;
mod aws_chained;
mod aws_clients;
mod aws_kms;
mod aws_refresh;
mod aws_rows;
mod azure_clients;
mod azure_identity;
mod docker_registry;
mod git_helper;
mod git_remotes;
mod github_kms;
mod google_auth;
mod google_cloud;
mod kubectl;
mod load_balancers;
mod octokit;
mod oidc_provider;
mod openbao;
mod schemathesis;
mod sops;
mod sops_forms;
mod transit;
mod vault_clients;

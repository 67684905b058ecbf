//! The readers of the files that have a schema. Each reads one document, from memory.

use super::{GUARDRAILS_SCHEMA, POLICY_SCHEMA, SOURCE_SCHEMA};
use crate::config::{FurtherSource, SourceFiles};
use crate::identity::{Attribute, Mapping};
use crate::policy::{Catalogue, Guardrails, IssuerEntry, Tree, TrustPolicy};
use crate::words::names::{IssuerName, IssuerUrl};
use crate::words::yaml::Fault;
use std::os::unix::fs::PermissionsExt;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Public keys without an owner.
const SSH_KEY: &str = "signer@acme.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILUKqWNr3Pk7JIDw4jEJcthxLg8me4QzkZO17S780d4C\n";
const OPENPGP_KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawRQrRYJKwYBBAHaRw8BAQdAYnZwXaNfXnO28/PPbZWCiCI/5hAOZnBqybyB
9M0LytC0E3NpZ25lckBhY21lLmV4YW1wbGWIkAQTFggAOBYhBER66Au8/M0G2nYw
VhPK4LTr5F1ZBQJrBFCtAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEBPK
4LTr5F1ZPrwBALn17XoTqikjEeemxKZAaYSGcHZCjGk9rcuchRjoycqjAQDa8yyz
mEBScP/5leoK0Yu+Z9oTbTlvLZSqYWysI2gvDQ==
=Fu4A
-----END PGP PUBLIC KEY BLOCK-----
";

/// A schema, and the reader of its files: it returns the faults, including warnings.
pub(super) type Case = (&'static LazyLock<String>, fn(&str) -> Vec<Fault>);
pub(super) const CASES: [Case; 3] =
    [(&POLICY_SCHEMA, read_policy), (&GUARDRAILS_SCHEMA, read_guardrails), (&SOURCE_SCHEMA, read_source)];

/// What the policies are read against. It is made once: thousands of documents are read.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalogue);

thread_local! {
    /// The server's folder with the files that sources name.
    static FOLDER: TempDir = folder();
}

/// One issuer that claims every attribute.
fn catalogue() -> Catalogue {
    use Attribute as A;
    let named = [A::Repository, A::Owner, A::Actor, A::ServiceAccount, A::Pod];
    let source = |attribute| if named.contains(attribute) { "{ name: c, id: d }" } else { "{ claim: c }" };
    let claims: String = A::ALL.iter().map(|attribute| format!("  {attribute}: [{}]\n", source(attribute))).collect();
    let mapping: Mapping =
        serde_saphyr::from_str(&format!("name: all\nreplay: per-job\nci: false\nattributes:\n{claims}")).unwrap();
    let entry = IssuerEntry {
        url: IssuerUrl::parse("https://idp.acme.example").unwrap(),
        mapping: mapping.into(),
        session_max: Some(crate::token::SESSION_MAX),
    };
    [(IssuerName::parse("github").unwrap(), entry)].into_iter().collect()
}

fn read_policy(text: &str) -> Vec<Fault> {
    let tree: Tree = [("repositories.yaml".to_owned(), b"- { name: shop }".as_slice().into())].into();
    TrustPolicy::parse("policies/a.yaml", text.as_bytes(), &tree, &CATALOGUE).map_or_else(|faults| faults, |(_, faults)| faults)
}

fn read_guardrails(text: &str) -> Vec<Fault> {
    Guardrails::parse(text.as_bytes(), &CATALOGUE).err().unwrap_or_default()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["team-a.key", "team-a.key.kms", "git-token", "git-ca.pem", "team-a-deploy-key", "known_hosts", "hook-secret"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

fn read_source(text: &str) -> Vec<Fault> {
    let folder = FOLDER.with(|folder| folder.path().to_owned());
    let files = SourceFiles { age_identities: Some(folder.clone()), credentials: Some(folder) };
    let file = |name: &str, text: &str| (format!("sources/{name}"), text.as_bytes().into());
    let tree: Tree = [file("team-a.yaml", text), file("team-a.signers", SSH_KEY), file("web-flow.asc", OPENPGP_KEY)].into();
    FurtherSource::parse("sources/team-a.yaml", &tree, &files, &CATALOGUE).err().unwrap_or_default()
}

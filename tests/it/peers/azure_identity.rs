//! azure-identity, unmodified, with the token file of `daypass exec --azure-token`, against a stand-in for Microsoft's authority.

use crate::helpers::{AUDIENCE, job, texts};
use crate::relying_party::RelyingParty;
use crate::support::{Setup, World, peer};

#[tokio::test(flavor = "multi_thread")]
async fn azure_identity_sends_its_authority_a_token_of_our_issuer() {
    let Some(python) = peer("python-azure") else { return };
    let world = World::start(Setup::default()).await;
    let authority = RelyingParty::start(&world, AUDIENCE).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/azure_identity.py");
    let (python, ca) = (python.display().to_string(), world.path("tls.crt").display().to_string());
    let arguments = ["exec", "--azure-token", AUDIENCE, "--", &python, script, &authority.url];
    let environment = [("REQUESTS_CA_BUNDLE", ca.as_str()), ("AZURE_TENANT_ID", "tenant"), ("AZURE_CLIENT_ID", "client")];
    let (out, fault) = texts(&job(&world, "push", &arguments, "", &environment).await);
    assert_eq!(out.trim(), "for \"root/shop/deploy\"", "{fault}");
    assert_eq!((authority.seen().len(), &authority.seen()[0]["aud"]), (1, &AUDIENCE.into()));
}

//! Tokens of services that exchange ours, against stand-ins for three documented protocols: Anthropic's (RFC 7523, JSON), Pulumi's
//! (RFC 8693, a form) and Tailscale's (its own).

mod exchange;
mod lies;
pub mod stand_in;

use crate::support::{Setup, World, certificate};
use serde_json::{Value, json};
use stand_in::StandInServices;

const POLICY: &str = "owners: [team-shop]
issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  token_exchange:
    - { service: anthropic, fields: { service_account_id: svac_1, workspace_id: wrkspc_1 } }
    - { service: pulumi, fields: { scope: \"team:deploy\" }, ttl: 2h }
    - { service: tailscale }
";

/// A server, and the services that it asks.
struct Scene {
    world: World,
    services: StandInServices,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        Self::with(POLICY).await
    }

    /// With this policy, called `acme/shop`.
    async fn with(policy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let services = StandInServices::start(folder.path()).await;
        let setup = Setup {
            policies: vec![("acme/shop", policy.to_owned())],
            more: section(&services.url),
            files: vec![("services.crt", std::fs::read(folder.path().join("tls.crt")).unwrap())],
            ..Setup::default()
        };
        let world = World::start(setup).await;
        let jwks = world.http.get(world.url("/id-tokens/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
        services.with(|inside| (inside.jwks, inside.issuer) = (jwks, world.url("/id-tokens")));
        Self { world, services, folder }
    }

    fn ca(&self) -> String {
        self.folder.path().join("tls.crt").display().to_string()
    }

    async fn ask(&self, body: Value) -> (u16, Value) {
        self.world.exchange(&self.world.token(), json!([{ "token_exchange": body }])).await
    }
}

/// The configuration of each service after its documentation. None has code of its own.
pub fn section(url: &str) -> String {
    format!(
        "providers:
  token_exchange:
    services:
      - name: anthropic
        url: \"{url}/v1/oauth/token\"
        encoding: json
        audience: https://api.anthropic.com
        assertion: assertion
        fields: {{ grant_type: \"urn:ietf:params:oauth:grant-type:jwt-bearer\", federation_rule_id: fdrl_1, organization_id: org-1 }}
        headers: {{ anthropic-beta: oauth }}
        policy_fields: [service_account_id, workspace_id]
        token: /access_token
        lifetime: /expires_in
        ca: services.crt
      - name: pulumi
        url: \"{url}/api/oauth/token\"
        encoding: form
        audience: urn:pulumi:org:acme
        assertion: subject_token
        fields:
          audience: urn:pulumi:org:acme
          grant_type: urn:ietf:params:oauth:grant-type:token-exchange
          subject_token_type: urn:ietf:params:oauth:token-type:id_token
          requested_token_type: urn:pulumi:token-type:access_token:team
        policy_fields: [scope]
        token: /access_token
        lifetime: /expires_in
        revoke: \"{url}/revoke\"
        ca: services.crt
      - name: tailscale
        url: \"{url}/api/v2/oauth/token-exchange\"
        encoding: form
        audience: api.tailscale.com/client-1
        assertion: jwt
        fields: {{ client_id: client-1 }}
        token: /access_token
        lifetime: 1h
        ca: services.crt
"
    )
}

/// With our token for the service's audience a job could ask the service for anything. So the request and the dry run are both denied.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_a_token_for_a_services_audience_is_denied_as_the_token_is() {
    let policy = "issuer: github\nmatch: { repository: acme/shop@456789, event: push, ref: refs/heads/main }\ngrant: { id_token: { audience: \"https://api.anthropic.com\" } }\n";
    let tried = Scene::with(policy).await;
    let request = |dry_run: bool| json!({ "credentials": [{ "id_token": { "audience": "https://api.anthropic.com" } }], "dry_run": dry_run });
    for dry_run in [false, true] {
        let address = tried.world.url("/v1/exchange");
        let answer =
            tried.world.http.post(address).bearer_auth(tried.world.token()).json(&request(dry_run)).send().await.unwrap();
        let (status, answer) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert_eq!((status.as_u16(), &answer["code"]), (403, &json!("denied")), "{dry_run}: {answer}");
    }
}

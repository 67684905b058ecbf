//! What is known of one request so far, for the audit log: more with every proof, and never the token.

use super::answer::Refused;
use crate::app::App;
use crate::identity::{Identity, ReplayRule};
use crate::policy::{AwsParameters, Grant, Request, Terms};
use crate::store::{Intent, NARROWED, Use};
use crate::token::Proof;
use crate::words::Digest;
use crate::words::names::{DecisionId, PolicyName};
use crate::words::{Denial, Reason, Secret};
use serde_json::{Value, json};
use std::net::IpAddr;

/// One request as it came in.
pub struct Call {
    /// The bearer token, or why there is none.
    pub token: Result<Secret, Denial>,
    /// Where the connection comes from.
    pub client: IpAddr,
    /// Which API was spoken, such as `native`.
    pub api: &'static str,
    /// The proof that the bearer holds the token's key, where the API takes one.
    pub proof: Option<Proof>,
}

/// By what a retry is known as the same client's: its key, else its address.
fn client(identity: &Identity, address: IpAddr) -> String {
    identity.token().bound_to().map_or_else(|| address.to_string(), |thumbprint| format!("key {thumbprint}"))
}

/// The request's evidence, as far as the proofs have come.
pub(super) struct Story {
    decision: DecisionId,
    client: IpAddr,
    api: &'static str,
    known: Option<Known>,
}

/// What a verified identity adds.
struct Known {
    issuer: String,
    subject: String,
    credentials: Vec<String>,
    policy: Option<PolicyName>,
    parameters: AwsParameters,
    attributes: Value,
    claims: Value,
}

impl Story {
    pub(super) fn begin(call: &Call) -> Self {
        Self { decision: DecisionId::new(), client: call.client, api: call.api, known: None }
    }

    pub(super) fn decision(&self) -> &DecisionId {
        &self.decision
    }

    /// From here on the audit log names who asked for what.
    pub(super) fn identified(&mut self, identity: &Identity, request: &Request) {
        self.known = Some(Known {
            issuer: identity.facts().issuer.to_string(),
            subject: identity.token().subject().to_owned(),
            credentials: request.credentials.iter().map(ToString::to_string).collect(),
            policy: request.policy.clone(),
            parameters: request.aws_parameters.clone(),
            attributes: identity.facts().attributes_json(),
            claims: Value::Object(identity.token().claims().as_map().clone()),
        });
    }

    /// The record of what is about to be released, and the uses that the replay check is about.
    pub(super) fn intent(&self, identity: &Identity, grant: &Grant, revision: String) -> Intent {
        let mut body = self.body();
        body["policy_revision"] = revision.into();
        body["policies"] = grant.granted().iter().map(|granted| granted.policy.as_str()).collect::<Vec<_>>().into();
        Intent {
            decision: self.decision.clone(),
            uses: self.uses(identity, rule(identity, grant)),
            client: client(identity, self.client),
            body,
            claims: self.known.as_ref().map_or(Value::Null, |known| known.claims.clone()),
        }
    }

    /// A use is a token (by `jti`, else by what was signed) and a credential (interface of replay: one token serves several).
    fn uses(&self, identity: &Identity, rule: ReplayRule) -> Vec<Use> {
        let token = identity.token();
        let issuer = token.issuer().as_str();
        let id = match token.token_id() {
            Some(id) => Digest::of(&[b"jti", issuer.as_bytes(), id.as_bytes()]),
            None => Digest::of(&[b"input", issuer.as_bytes(), token.signing_input_digest().as_bytes()]),
        };
        let credentials = self.known.iter().flat_map(|known| &known.credentials);
        let key = |credential: &String| Digest::of(&[id.as_bytes(), credential.as_bytes()]).as_bytes().to_owned();
        credentials.map(|credential| Use { key: key(credential), rule, expires_at: token.expires_at() }).collect()
    }

    /// The body that every record of this request shares.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "client": self.client.to_string(), "api": self.api });
        if let Some(known) = &self.known {
            body["issuer"] = known.issuer.as_str().into();
            body["subject"] = known.subject.as_str().into();
            body["credentials"] = known.credentials.clone().into();
            if let Some(policy) = &known.policy {
                body["policy"] = policy.as_str().into();
            }
            if let Some(name) = &known.parameters.session_name {
                body["session_name"] = name.as_str().into();
            }
            if let Some(narrowing) = known.parameters.narrowing() {
                body[NARROWED] = narrowing;
            }
            body["attributes"] = known.attributes.clone();
        }
        body
    }

    /// The same with why it came to nothing.
    pub(super) fn failure(&self, denial: &Denial) -> Value {
        let mut body = self.body();
        body["reason"] = denial.reason.code().into();
        body["cause"] = denial.cause.as_str().into();
        body
    }

    /// Records the refusal; one that cannot be recorded is answered as that.
    pub(super) async fn refuse(self, app: &App, denial: Denial) -> Refused {
        app.metrics.refused(denial.reason);
        let recorded = match &self.known {
            None => app.store.refuse_unverified(&self.decision, self.client, &denial).await,
            Some(known) => app.store.refuse(&self.decision, self.failure(&denial), known.claims.clone()).await,
        };
        let denial = match recorded {
            Ok(()) => denial,
            Err(fault) => fault,
        };
        if denial.reason == Reason::Internal {
            tracing::error!(decision = %self.decision, cause = %denial.cause, "a request failed inside of daypass");
        }
        Refused::new(self.decision, denial)
    }
}

/// How often the token may be used for what is granted. A use of daypass itself says more than its key holds, so where
/// tokens are cheap it is no retry of another one.
fn rule(identity: &Identity, grant: &Grant) -> ReplayRule {
    let once = grant.granted().iter().any(|granted| granted.once);
    let permission = grant.granted().iter().any(|granted| matches!(granted.terms, Terms::Daypass(_)));
    match identity.replay() {
        _ if once => ReplayRule::Once,
        ReplayRule::PerRequest if permission => ReplayRule::Once,
        rule => rule,
    }
}

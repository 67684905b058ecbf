//! What is known of one request so far, for the audit log. Every proof adds to it. It never holds the token.

use super::answer::RecordedRefusal;
use super::uses;
use crate::app::{App, Live, Revisions};
use crate::identity::{Attribute, Identity, SharedFacts};
use crate::policy::{AwsParameters, Grant, Request};
use crate::store::{self, Binding, Body, Class, DryRunRecord, Intent, Kept, NARROWED, ProofUse, TokenUse};
use crate::token::{Proof, RequestBody};
use crate::words::names::{CommitId, DecisionId, IssuerName, PolicyName, SourceName};
use crate::words::{Client, Denial, Digest, Reason, Secret};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;

/// Enough for the names of a few documents. Of longer lists a refusal's record has the count and the digest.
const NAMES_BYTES_MAX: usize = 2048;
/// A cause is a sentence, and may quote what was asked for.
const CAUSE_CHARACTERS_MAX: usize = 1000;
/// An identity's owner is the first of these that it has.
const OWNERS: [Attribute; 4] = [Attribute::Owner, Attribute::Namespace, Attribute::Repository, Attribute::ServiceAccount];
/// The steps of a trace in which the store makes a record durable.
pub(super) const RECORD_INTENT: &str = "record intent";
pub(super) const RECORD_RELEASE: &str = "record release";
pub(super) const RECORD_FAILURE: &str = "record failure";
pub(super) const RECORD_DRY_RUN: &str = "record dry run";
const RECORD_REFUSAL: &str = "record refusal";
/// The end of the hint of a refusal that is only counted.
const ONLY_COUNTED: &str = "Too many were refused: this one is only counted, and the audit log has no record of its id.";

/// One request as it came in.
pub struct RequestContext {
    /// The bearer token, or why there is none.
    pub token: Result<Secret, Denial>,
    /// Where the connection comes from.
    pub client: IpAddr,
    /// Which API was spoken, such as `native`.
    pub api: &'static str,
    /// The proof that the bearer holds the token's key, where the API takes one.
    pub proof: Option<Proof>,
}

impl RequestContext {
    /// Adds the body, which the proof may cover.
    pub fn with_body(self, body: &[u8]) -> Self {
        self.with(|| RequestBody::Read(Digest::plain(body)))
    }

    /// Says that [`Asked`](super::Asked) reads the body later.
    pub fn with_unread_body(self) -> Self {
        self.with(|| RequestBody::Unread)
    }

    fn with(mut self, body: impl FnOnce() -> RequestBody) -> Self {
        if let Some(proof) = &mut self.proof {
            proof.body = body();
        }
        self
    }
}

/// What the proofs so far say of the request.
pub(super) struct AuditContext {
    decision: DecisionId,
    client: IpAddr,
    api: &'static str,
    dry_run: bool,
    issuer: Option<TokenIssuer>,
    known: Option<VerifiedCaller>,
}

/// The issuer of a token that gave no identity.
enum TokenIssuer {
    /// The token names it, and its signature was not verified.
    Claimed(IssuerName),
    /// The token's signature was verified, or the server sealed it.
    Verified(IssuerName),
}

/// What a verified identity adds.
struct VerifiedCaller {
    evidence: Arc<SharedFacts>,
    session: Option<DecisionId>,
    token_ended: bool,
    credentials: Vec<String>,
    policy: Option<PolicyName>,
    parameters: AwsParameters,
    in_force: Option<CommitId>,
    /// The repositories of the further sources whose policies decide, or are named by the request.
    sources: Option<Value>,
    /// The granting policies, after the grant.
    granted: Vec<(&'static str, Value)>,
}

impl AuditContext {
    pub(super) fn begin(call: &RequestContext) -> Self {
        Self { decision: DecisionId::new(), client: call.client, api: call.api, dry_run: false, issuer: None, known: None }
    }

    /// Marks a dry run.
    pub(super) fn dry(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }

    pub(super) fn decision(&self) -> &DecisionId {
        &self.decision
    }

    /// The token names this issuer, and nothing verified it. The audit log records it so.
    pub(super) fn claims_issuer(&mut self, name: Option<&IssuerName>) {
        self.issuer = name.cloned().map(TokenIssuer::Claimed);
    }

    /// The token is verified to be of this issuer, whatever else is wrong with it.
    pub(super) fn has_issuer(&mut self, name: &IssuerName) {
        self.issuer = Some(TokenIssuer::Verified(name.clone()));
    }

    /// From here on the audit log names who asked for what.
    pub(super) fn identified(&mut self, identity: &Identity, request: &Request) {
        self.known = Some(VerifiedCaller {
            evidence: identity.evidence().clone(),
            session: identity.session().map(|session| session.id().clone()),
            token_ended: identity.session_age().is_some(),
            credentials: request.credentials.iter().map(ToString::to_string).collect(),
            policy: request.policy.clone().or_else(|| identity.session()?.policy().cloned()),
            parameters: request.aws_parameters.clone(),
            in_force: None,
            sources: None,
            granted: Vec::new(),
        });
    }

    /// The revision that decides, for the record of a refusal; that of a grant names its policies.
    pub(super) fn decided_under(&mut self, live: &Live) {
        if let Some(known) = &mut self.known {
            known.in_force = live.revision().ok().cloned();
            let source = known.policy.as_ref().and_then(|policy| live.further_of(policy));
            known.sources = source_repositories(live, source.into_iter());
        }
    }

    /// From here on every record names the granting policies, also that of a failure.
    pub(super) fn granted(&mut self, grant: &Grant, live: &Live) {
        if let Some(known) = &mut self.known {
            known.sources = source_repositories(live, grant.granted().iter().map(|granted| &granted.source));
            known.granted = policy_members(grant);
        }
    }

    /// The same for a login.
    pub(super) fn admitted(&mut self, policy: Option<&PolicyName>) {
        if let Some(known) = &mut self.known {
            known.granted = vec![("policies", json!(policy.iter().collect::<Vec<_>>()))];
        }
    }

    /// Replaces the requested credentials after a content-addressed request is resolved.
    pub(super) fn set_requested(&mut self, request: &Request) {
        if let Some(known) = &mut self.known {
            known.credentials = request.credentials.iter().map(ToString::to_string).collect();
        }
    }

    /// The same for a login, which asks for no credential.
    pub(super) fn logs_in(&mut self, identity: &Identity, policy: Option<&PolicyName>) {
        self.identified(identity, &Request::nothing(policy.cloned()));
    }

    /// The record before the release of a session, and the use that a login counts as.
    pub(super) fn intent_to_log_in(&self, app: &App, identity: &Identity, revisions: &Revisions) -> Intent {
        let policy = self.known.as_ref().and_then(|known| known.policy.as_ref());
        let mut body = self.body();
        add_revisions(&mut body, revisions);
        body.set("policies", policy.iter().map(|policy| policy.as_str()).collect::<Vec<_>>());
        body.set("session", json!({ "policy": policy }));
        self.intending(app, identity, body, uses::of_login(identity, policy.map(PolicyName::as_str)))
    }

    /// The record before a release, and the uses for the replay check.
    pub(super) fn intent(&self, app: &App, identity: &Identity, grant: &Grant, revisions: &Revisions) -> Intent {
        let mut body = self.body();
        add_revisions(&mut body, revisions);
        add_policies(&mut body, grant);
        let credentials = self.known.as_ref().map(|known| known.credentials.as_slice()).unwrap_or_default();
        self.intending(app, identity, body, uses::of_grant(identity, grant, credentials))
    }

    /// The record of a dry run.
    pub(super) fn dry_run(&self, identity: &Identity, grant: &Grant, revisions: &Revisions) -> DryRunRecord {
        let mut body = self.body();
        add_revisions(&mut body, revisions);
        add_policies(&mut body, grant);
        let evidence = identity.evidence();
        let asker = Digest::of(&[evidence.facts().issuer.as_str().as_bytes(), evidence.subject().as_bytes()]);
        DryRunRecord { decision: self.decision.clone(), identity: asker, body, claims: evidence.claims() }
    }

    fn intending(&self, app: &App, identity: &Identity, body: Body, uses: Vec<TokenUse>) -> Intent {
        let claims = self.known.as_ref().map_or_else(|| "null".into(), |known| known.evidence.claims());
        let who = self.known.as_ref().map(|known| (known.evidence.facts().issuer.as_str(), known.evidence.subject()));
        let (issuer, subject) = who.unwrap_or_default();
        let asker = Digest::of(&[issuer.as_bytes(), subject.as_bytes()]);
        let proven = identity.proven();
        let client = proven.map_or_else(|| app.egress.client(self.client), |proven| Client::Key(proven.thumbprint().to_owned()));
        let proof = proven.map(|proven| ProofUse { key: *proven.id().as_bytes(), until: proven.kept_until() });
        let binding = identity.serves_one_client().then(|| Binding {
            token: identity.token_identifier(),
            client: client.clone(),
            address: self.client,
            until: identity.remembered_until(),
        });
        Intent { decision: self.decision.clone(), identity: asker, uses, client, binding, proof, body, claims }
    }

    /// The body that every record of this request shares.
    pub(super) fn body(&self) -> Body {
        let mut body = Body::default();
        body.set_text("client", &self.client.to_string());
        body.set_text("api", self.api);
        if let Some(known) = &self.known {
            body.set_text("issuer", known.evidence.facts().issuer.as_str());
            body.set_text("subject", known.evidence.subject());
            if let Some(session) = &known.session {
                body.set_text("in_session", session.as_str());
            }
            if known.token_ended {
                body.set("token_ended", true);
            }
            body.set("credentials", known.credentials.clone());
            if let Some(policy) = &known.policy {
                body.set_text("policy", policy.as_str());
            }
            if let Some(name) = &known.parameters.session_name {
                body.set_text("session_name", name.as_str());
            }
            if let Some(narrowing) = known.parameters.narrowing() {
                body.set(NARROWED, narrowing);
            }
            if let Some(sources) = &known.sources {
                body.set("sources", sources.clone());
            }
            body.set_canonical("attributes", known.evidence.attributes());
            return body;
        }
        match &self.issuer {
            Some(TokenIssuer::Verified(issuer)) => body.set_text("issuer", issuer.as_str()),
            Some(TokenIssuer::Claimed(issuer)) => body.set_text("unverified_issuer", issuer.as_str()),
            None => {}
        }
        body
    }

    /// The body of a record of a refusal or failure. The refused caller chose the names, so their length is bounded.
    pub(super) fn failure(&self, denial: &Denial) -> Body {
        let mut body = self.body();
        for (member, value) in self.known.iter().flat_map(|known| &known.granted) {
            body.set(member, value.clone());
        }
        if let Some(known) = &self.known
            && known.credentials.iter().map(String::len).sum::<usize>() > NAMES_BYTES_MAX
        {
            let digest = Digest::plain(known.credentials.join("\n").as_bytes());
            body.set("credentials", json!([]));
            body.set("credentials_left_out", json!({ "count": known.credentials.len(), "sha256": digest.to_string() }));
        }
        if let Some(commit) = self.known.as_ref().and_then(|known| known.in_force.as_ref()) {
            body.set_text("revision_in_force", commit.as_str());
        }
        body.set_text("reason", denial.reason.code());
        body.set_text("cause", &shortened(&denial.cause));
        if let Some(first) = &denial.first_use {
            body.set("first_use", json!({ "client": first.client, "decision": first.decision }));
        }
        body
    }

    /// Records the refusal. If that fails, the answer is that failure. If the refusal is only counted, its hint says so.
    pub(super) async fn refuse(self, app: &App, denial: Denial) -> RecordedRefusal {
        if self.dry_run {
            app.metrics.tried();
        } else {
            app.metrics.refused(denial.reason);
        }
        if let Some(first) = &denial.first_use {
            app.metrics.tokens_used_elsewhere.inc();
            app.reuse_alarm.note(&self.decision, self.client, first, app.now());
        }
        let facts = self.known.as_ref().map(|known| known.evidence.facts());
        let class = match facts {
            None => Class::Unverified,
            Some(facts) if app.live.load().policies().is_ok_and(|set| set.could_be_for(facts)) => Class::Known,
            Some(_) => Class::Stranger,
        };
        let owner = facts.and_then(|facts| OWNERS.iter().find_map(|owner| facts.attribute(*owner))).map(ToString::to_string);
        let subject = self.known.as_ref().map(|known| known.evidence.subject()).unwrap_or_default();
        let refused = store::RefusalRecord {
            dry_run: self.dry_run,
            class,
            reason: denial.reason,
            client: self.client,
            issuer: facts.map(|facts| facts.issuer.as_str()).unwrap_or_default(),
            owner: owner.as_deref().unwrap_or(subject),
            subject,
            body: self.failure(&denial),
            claims: self.known.as_ref().map(|known| known.evidence.claims()),
        };
        let denial = match app.traces.record(RECORD_REFUSAL, &self.decision).ends(app.store.refuse(&self.decision, refused).await)
        {
            Ok(Kept::Recorded) => denial,
            Ok(Kept::Counted) => {
                let hint = format!("{} {ONLY_COUNTED}", denial.hint());
                denial.with_hint(hint)
            }
            Err(fault) => fault,
        };
        if denial.reason == Reason::Internal {
            tracing::error!(decision = %self.decision, cause = %denial.cause, "a request failed inside of daypass");
        }
        RecordedRefusal::new(self.decision, denial)
    }
}

/// The commits whose forms of the policies decided, and the commit in force where that is another one.
fn add_revisions(body: &mut Body, revisions: &Revisions) {
    body.set_text("policy_revision", revisions.of_policies());
    if let Some(in_force) = revisions.in_force() {
        body.set_text("revision_in_force", in_force);
    }
}

/// The granting policies, and their rows.
pub(super) fn add_policies(body: &mut Body, grant: &Grant) {
    policy_members(grant).into_iter().for_each(|(member, value)| body.set(member, value));
}

fn policy_members(grant: &Grant) -> Vec<(&'static str, Value)> {
    let rows = grant.rows().map(|rows| ("rows", json!(rows)));
    std::iter::once(("policies", json!(grant.policies()))).chain(rows).collect()
}

fn source_repositories<'a>(live: &'a Live, sources: impl Iterator<Item = &'a SourceName>) -> Option<Value> {
    let repositories = live.repositories(sources);
    (!repositories.is_empty()).then(|| json!(repositories))
}

fn shortened(cause: &str) -> String {
    match cause.char_indices().nth(CAUSE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &cause[..end], cause.len()),
        None => cause.to_owned(),
    }
}

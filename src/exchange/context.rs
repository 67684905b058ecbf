//! What is known of one request so far, for the audit log. Every proof adds to it. It never holds the token.

use super::answer::RecordedRefusal;
use super::uses;
use crate::answers::FirstUseOf;
use crate::app::{App, Live, Revisions};
use crate::identity::{Attribute, Identity, SharedFacts};
use crate::policy::{AwsParameters, Grant, Request};
use crate::store::{
    self, Binding, Class, CredentialsLeftOut, DryRunRecord, Intent, Kept, ProofUse, RecordedSources, RequestRecord,
    SessionRecord, TokenUse,
};
use crate::token::{Proof, RequestBody};
use crate::words::names::{CommitId, DecisionId, IssuerName, PolicyName, RowName, SourceName};
use crate::words::{Client, Denial, Digest, Reason, Secret, without_secrets};
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
#[derive(Clone)]
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
    sources: Option<RecordedSources>,
    /// The granting policies, after the grant.
    granted: Option<Vec<PolicyName>>,
    /// The rows of these policies, if they have some.
    rows: Option<Vec<Option<RowName>>>,
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
            granted: None,
            rows: None,
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
            known.granted = Some(policies_of(grant));
            known.rows = grant.rows();
        }
    }

    /// The same for a login.
    pub(super) fn admitted(&mut self, policy: Option<&PolicyName>) {
        if let Some(known) = &mut self.known {
            known.granted = Some(policy.into_iter().cloned().collect());
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
        let policy = self.known.as_ref().and_then(|known| known.policy.clone());
        let uses = uses::of_login(identity, policy.as_ref().map(PolicyName::as_str));
        let (policies, session) = (policy.iter().cloned().collect(), SessionRecord { policy, expires_at: None });
        let record = RequestRecord { policies: Some(policies), session: Some(session), ..self.record() };
        self.intending(app, identity, Box::new(under(record, revisions)), uses)
    }

    /// The record before a release, and the uses for the replay check.
    pub(super) fn intent(&self, app: &App, identity: &Identity, grant: &Grant, revisions: &Revisions) -> Intent {
        let credentials = self.known.as_ref().map(|known| known.credentials.as_slice()).unwrap_or_default();
        let uses = uses::of_grant(identity, grant, credentials);
        self.intending(app, identity, Box::new(under(self.record_of(grant), revisions)), uses)
    }

    /// The record of a dry run.
    pub(super) fn dry_run(&self, identity: &Identity, grant: &Grant, revisions: &Revisions) -> DryRunRecord {
        let body = Box::new(under(self.record_of(grant), revisions));
        let evidence = identity.evidence();
        let asker = Digest::of(&[evidence.facts().issuer.as_str().as_bytes(), evidence.subject().as_bytes()]);
        DryRunRecord { decision: self.decision.clone(), identity: asker, body, claims: evidence.claims() }
    }

    fn intending(&self, app: &App, identity: &Identity, body: Box<RequestRecord>, uses: Vec<TokenUse>) -> Intent {
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

    /// What every record of this request says.
    pub(super) fn record(&self) -> RequestRecord {
        let record = RequestRecord { api: Some(self.api.into()), client: Some(self.client), ..RequestRecord::default() };
        let Some(known) = &self.known else {
            return match self.issuer.clone() {
                Some(TokenIssuer::Verified(issuer)) => RequestRecord { issuer: Some(issuer), ..record },
                Some(TokenIssuer::Claimed(issuer)) => RequestRecord { unverified_issuer: Some(issuer), ..record },
                None => record,
            };
        };
        RequestRecord {
            attributes: Some(known.evidence.attributes()),
            credentials: Some(known.credentials.clone()),
            in_session: known.session.clone(),
            issuer: Some(known.evidence.facts().issuer.clone()),
            narrowed: known.parameters.narrowing(),
            policy: known.policy.clone(),
            session_name: known.parameters.session_name.clone(),
            sources: known.sources.clone(),
            subject: Some(known.evidence.subject().to_owned()),
            token_ended: known.token_ended.then_some(true),
            ..record
        }
    }

    /// The same with the granting policies, and their rows.
    pub(super) fn record_of(&self, grant: &Grant) -> RequestRecord {
        RequestRecord { policies: Some(policies_of(grant)), rows: grant.rows(), ..self.record() }
    }

    /// The record of a refusal or failure. The refused caller chose the names, so their length is bounded, and none of them is a secret.
    /// Names of a grant stand as they are: a policy has them, and `policy replay` reads them back.
    pub(super) fn failure(&self, denial: &Denial) -> Box<RequestRecord> {
        let first_use = denial.first_use.as_ref();
        let record = RequestRecord {
            reason: Some(denial.reason.code().into()),
            cause: Some(shortened(&denial.cause)),
            first_use: first_use.map(|first| FirstUseOf { client: first.client.clone(), decision: first.decision.clone() }),
            ..self.record()
        };
        let Some(known) = &self.known else { return record.into() };
        let record = RequestRecord {
            credentials: Some(known.credentials.iter().map(|name| without_secrets(name).into_owned()).collect()),
            policies: known.granted.clone(),
            rows: known.rows.clone(),
            revision_in_force: known.in_force.as_ref().map(ToString::to_string),
            ..record
        };
        if known.credentials.iter().map(String::len).sum::<usize>() <= NAMES_BYTES_MAX {
            return record.into();
        }
        let sha256 = Digest::plain(known.credentials.join("\n").as_bytes());
        let left_out = CredentialsLeftOut { count: known.credentials.len(), sha256 };
        Box::new(RequestRecord { credentials: Some(Vec::new()), credentials_left_out: Some(left_out), ..record })
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

/// Adds the commits whose forms of the policies decided, and the commit in force where that is another one.
fn under(record: RequestRecord, revisions: &Revisions) -> RequestRecord {
    let (policies, in_force) = (revisions.of_policies().to_owned(), revisions.in_force().map(str::to_owned));
    RequestRecord { policy_revision: Some(policies), revision_in_force: in_force, ..record }
}

fn policies_of(grant: &Grant) -> Vec<PolicyName> {
    grant.granted().iter().map(|granted| granted.policy.clone()).collect()
}

fn source_repositories<'a>(live: &'a Live, sources: impl Iterator<Item = &'a SourceName>) -> Option<RecordedSources> {
    let repositories = live.repositories(sources).into_iter();
    let repositories: RecordedSources = repositories.map(|(name, at)| (name.clone(), at.to_owned())).collect();
    (!repositories.is_empty()).then_some(repositories)
}

fn shortened(cause: &str) -> String {
    match cause.char_indices().nth(CAUSE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &cause[..end], cause.len()),
        None => cause.to_owned(),
    }
}

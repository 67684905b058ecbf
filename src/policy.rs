//! Layer B: trust policies. Parsed with every fault at once, matched whole-string without regex, denied by default.

mod accepted;
mod access;
mod admission;
mod bounds;
mod catalogue;
mod condition;
#[cfg(test)]
mod conformance;
mod decide;
mod error;
mod expectation;
mod explain;
mod file;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod grant;
mod grantable;
mod guardrail;
mod history;
mod import;
mod in_force;
mod index;
mod layout;
mod lint;
mod loading;
mod lock;
mod miss;
mod named_grants;
mod operator_denial;
mod pattern;
mod reading;
mod request;
mod row_names;
mod rows;
mod ruleset;
mod schema;
mod sections;
mod session;
mod source_rules;
mod standing;
mod subject;
mod template;
mod trusted_subjects;
mod trusting;
mod ways_in;

pub use access::{Change, ChangedPart, Direction, Entitlement, Reach, changes, credentials_like, missing, what_can, who_can};
pub use admission::Admission;
pub use bounds::Bounds;
pub use catalogue::{Catalogue, IssuerEntry, Tree};
pub use decide::PolicySet;
pub use error::{PatternError, RequestError};
pub use expectation::{Expectation, Outcome};
pub use explain::{Explanation, GuardrailHit, NearMiss, OperatorsDenial, explain};
pub use file::{Rule, TrustPolicy};
pub use grant::{Decision, Grant};
pub use grantable::{Granted, HasTerms, Terms};
pub use guardrail::{GUARDRAILS_FILE, Guardrails};
pub use history::{
    Candidate, CandidateError, CandidateSizeError, LookbackError, NotReplayable, PastDecision, PastUse, Replay, ReplayBodyError,
    ReplayRequest,
};
pub use import::{
    Exported, ImportSettings, Imported, ImportedRows, Listing, ListingError, NotImported, NotOfAccount, OF_ACCOUNT,
    TrustedIssuers, apart, import, import_export, is_octo_sts_file, is_of_export, with_rows,
};
pub use layout::{counts_unread, grants_nothing, is_looked_at, is_misfiled, is_read, may_be_guardrails, unread_files};
pub use lint::{CODES as LINT_CODES, LintContext, lint, lint_denying};
pub use loading::{Loaded, Widening};
pub use lock::{Lock, LockOutcome, NameFound, SeenId, Sightings, lock};
pub use named_grants::named_grants;
pub use operator_denial::{DenialUntil, DenyRequest, ImpossibleStop, LastingError, LiveChecks, OperatorDenial, StopError};
pub use pattern::Pattern;
pub use reading::{is_policy, read_policy, rows_file};
pub use request::{CREDENTIALS_MAX, Request};
pub use ruleset::Ruleset;
#[cfg(test)]
pub(crate) use schema::is_as_schema;
pub use schema::{GUARDRAILS_SCHEMA, POLICY_SCHEMA, SOURCE_SCHEMA};
pub use sections::terms::*;
pub use sections::{
    DECISION_NAMES, DocumentGrant, GcpUse, Impersonators, RoleUse, Roles, TermChange, document_grants, grants_of,
};
pub use source_rules::{left_out, of_further_source, with_left_out};
pub use subject::shared_subject;
pub use ways_in::{Export, ExportError, ExportFault, GrantedInClouds, WayIn, WayInKind, ways_in};

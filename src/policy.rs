//! Layer B: trust policies. Parsed with every fault at once, matched whole-string without regex, denied by default.

mod access;
mod bounds;
mod condition;
mod decide;
mod expectation;
mod explain;
mod file;
mod grant;
mod grant_section;
mod guardrail;
mod history;
mod index;
mod lint;
mod pattern;
mod permission;
mod reading;
mod request;
mod ruleset;
mod stop;
mod template;

pub use access::{Change, Direction, Part, Reach, changes, who_can};
pub use bounds::Bounds;
pub use decide::PolicySet;
pub use expectation::{Expectation, Outcome};
pub use explain::{Explanation, explain};
pub use file::{Rule, TrustPolicy};
pub use grant::{AwsTerms, Grant, Granted, IdTokenTerms, SecretTerms, Terms};
pub use guardrail::Guardrails;
pub use history::{Candidate, Findings, LeftOut, Past, PastUse, Replay, ReplayRequest};
pub use lint::{CODES as LINT_CODES, Look, lint};
pub use pattern::Pattern;
pub use permission::Permission;
pub use request::{Request, Wanted};
pub use ruleset::{Catalogue, IssuerEntry, Loaded, Ruleset, Tree, Widening};
pub use stop::{Standing, Stop, check_stops};

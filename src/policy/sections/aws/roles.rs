//! Who assumes the roles that policies grant: what the roles' trust policies in AWS have to allow, and no more.

use super::{AwsGrant, IntermediateRole};
use crate::policy::decide::PolicySet;
use crate::policy::subject::shared_subject;
use crate::words::UnixTime;
use crate::words::names::RoleArn;
use std::collections::{BTreeMap, BTreeSet};

/// The default name of a session, the decision's id (a UUID of version 7), as an IAM `StringLike`.
pub const DECISION_NAMES: &str = "????????-????-7???-????-????????????";

/// Roles by ARN, each with who assumes it.
pub type Roles = BTreeMap<RoleArn, RoleUse>;

/// Who assumes a role, and which roles are assumed from it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RoleUse {
    /// The subjects of our tokens that assume it.
    pub subjects: BTreeSet<String>,
    /// The intermediate roles that assume it, each with its external id.
    pub intermediates: BTreeSet<IntermediateRole>,
    /// The roles that are assumed from it.
    pub targets: BTreeSet<RoleArn>,
    /// The names of its sessions, as an IAM `StringLike`.
    pub session_names: BTreeSet<String>,
}

impl RoleUse {
    /// Also trusts the subject that all rows of a policy share while they have no names.
    pub fn trust_shared_subjects(&mut self) {
        let shared: Vec<String> = self.subjects.iter().filter_map(|own| shared_subject(own)).map(str::to_owned).collect();
        self.subjects.extend(shared);
    }
}

impl PolicySet {
    /// The roles that may be granted now, and their intermediate roles.
    pub fn roles(&self, now: UnixTime) -> Roles {
        let mut roles = Roles::new();
        for (subject, aws) in self.in_force::<AwsGrant>(now) {
            let name = aws.session.name_pattern().unwrap_or_else(|| DECISION_NAMES.to_owned());
            let target = roles.entry(aws.role.clone()).or_default();
            target.session_names.insert(name.clone());
            match aws.session.intermediate() {
                None => _ = target.subjects.insert(subject),
                Some(intermediate) => {
                    target.intermediates.insert(intermediate.clone());
                    let between = roles.entry(intermediate.role.clone()).or_default();
                    between.subjects.insert(subject);
                    between.targets.insert(aws.role.clone());
                    between.session_names.insert(name);
                }
            }
        }
        roles
    }
}

//! The parameters that AWS STS lets a caller set for a session, besides its role. They only narrow what a policy grants.

use super::AwsTerms;
use crate::policy::grantable::Terms;
use crate::words::{Denial, Reason};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The parameters of AssumeRoleWithWebIdentity (AWS STS API reference) that are not the role and not the token.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AwsParameters {
    /// The caller's name for the session. It is recorded and not used: the session is named after the decision.
    pub session_name: Option<String>,
    /// How long the session should live. It never lives longer than the policy allows.
    pub duration: Option<Duration>,
    /// A session policy, JSON.
    pub policy: Option<String>,
    /// Managed policies as session policies.
    pub policy_arns: Vec<String>,
}

/// The parameters that narrow a session. The members are in the order of their names, because canonical JSON has them so.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct AwsNarrowing {
    /// How long the session should live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// The session policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The managed policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
}

impl AwsParameters {
    /// The parameters that narrow the session, for the audit record; `None` if none does. A stored answer serves only a request
    /// with the same ones.
    pub fn narrowing(&self) -> Option<AwsNarrowing> {
        let duration_seconds = self.duration.map(|duration| duration.as_secs());
        let narrowing = AwsNarrowing { duration_seconds, policy: self.policy.clone(), policy_arns: self.policy_arns.clone() };
        (narrowing != AwsNarrowing::default()).then_some(narrowing)
    }

    /// Narrows the terms by these parameters. AWS allows what any one of several session policies allows: a caller's session
    /// policy next to the trust policy's would widen the session.
    pub(in crate::policy) fn narrow(&self, terms: &mut Terms) -> Result<(), Denial> {
        let Terms::Aws(terms) = terms else { return Ok(()) };
        let sets_one = terms.session_policy.is_some() || !terms.session_policy_arns.is_empty();
        if sets_one && (self.policy.is_some() || !self.policy_arns.is_empty()) {
            return Err(Reason::SessionPolicyDenied.with_cause("the trust policy sets a session policy, and so does the caller"));
        }
        let AwsTerms { ttl, session_policy, session_policy_arns, .. } = terms;
        *ttl = self.duration.map_or(*ttl, |requested| requested.min(*ttl));
        if let Some(policy) = &self.policy {
            *session_policy = Some(policy.clone());
        }
        session_policy_arns.extend(self.policy_arns.iter().cloned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::names::RoleArn;
    use std::collections::BTreeMap;

    fn terms(session_policy: Option<&str>) -> Terms {
        Terms::Aws(AwsTerms {
            role: RoleArn::parse("arn:aws:iam::123456789012:role/deploy").unwrap(),
            ttl: Duration::from_secs(1800),
            tags: BTreeMap::new(),
            transitive: Vec::new(),
            session_name: None,
            session_policy: session_policy.map(str::to_owned),
            session_policy_arns: Vec::new(),
            via: None,
        })
    }

    fn narrowed(parameters: &AwsParameters, session_policy: Option<&str>) -> Result<AwsTerms, Reason> {
        let mut terms = terms(session_policy);
        parameters.narrow(&mut terms).map_err(|denial| denial.reason)?;
        let Terms::Aws(terms) = terms else { panic!("an AWS grant") };
        Ok(terms)
    }

    #[test]
    fn a_session_lives_as_long_as_requested_and_never_longer_than_granted() {
        for (requested, lives) in [(None, 1800), (Some(900), 900), (Some(1800), 1800), (Some(3600), 1800), (Some(43_200), 1800)] {
            let parameters = AwsParameters { duration: requested.map(Duration::from_secs), ..AwsParameters::default() };
            assert_eq!(narrowed(&parameters, None).unwrap().ttl.as_secs(), lives, "{requested:?}");
        }
    }

    #[test]
    fn a_callers_session_policy_is_taken_where_the_trust_policy_sets_none() {
        let inline = AwsParameters { policy: Some("{}".to_owned()), ..AwsParameters::default() };
        let managed = AwsParameters { policy_arns: vec!["arn:aws:iam::aws:policy/X".to_owned()], ..AwsParameters::default() };
        assert_eq!(narrowed(&inline, None).unwrap().session_policy.as_deref(), Some("{}"));
        assert_eq!(narrowed(&managed, None).unwrap().session_policy_arns, ["arn:aws:iam::aws:policy/X"]);
        for parameters in [inline, managed] {
            assert_eq!(narrowed(&parameters, Some("{\"Version\":\"2012-10-17\"}")).unwrap_err(), Reason::SessionPolicyDenied);
        }
        let named = AwsParameters { session_name: Some("build".to_owned()), ..AwsParameters::default() };
        assert_eq!(narrowed(&named, Some("{}")).unwrap().session_policy.as_deref(), Some("{}"));
    }

    #[test]
    fn a_callers_session_policy_is_refused_next_to_managed_ones_of_the_trust_policy() {
        let arn = || "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned();
        let mut terms = terms(None);
        let Terms::Aws(aws) = &mut terms else { panic!("an AWS grant") };
        aws.session_policy_arns.push(arn());
        for parameters in [
            AwsParameters { policy: Some("{}".to_owned()), ..AwsParameters::default() },
            AwsParameters { policy_arns: vec![arn()], ..AwsParameters::default() },
        ] {
            assert_eq!(parameters.narrow(&mut terms.clone()).unwrap_err().reason, Reason::SessionPolicyDenied);
        }
        AwsParameters::default().narrow(&mut terms).unwrap();
        let Terms::Aws(aws) = terms else { panic!("an AWS grant") };
        assert_eq!(aws.session_policy_arns, [arn()]);
    }

    #[test]
    fn a_name_narrows_nothing() {
        let named = AwsParameters { session_name: Some("build".to_owned()), ..AwsParameters::default() };
        assert_eq!(named.narrowing(), None);
        let both = AwsParameters { duration: Some(Duration::from_secs(900)), policy: Some("{}".to_owned()), ..named };
        let written = serde_json::to_string(&both.narrowing()).unwrap();
        assert_eq!(written, r#"{"duration_seconds":900,"policy":"{}"}"#);
    }
}

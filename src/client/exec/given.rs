//! What the server gave, sorted by where it goes.

use super::Wishes;
use crate::client::Failure;
use crate::client::answer::{self, AwsCredential, IdToken};
use crate::words::Secret;
use serde_json::Value;
use std::path::PathBuf;

/// Everything for one command.
pub(super) struct Given {
    pub(super) aws: Option<AwsCredential>,
    /// Whether the AWS session goes into variables; otherwise it is served.
    aws_in_variables: bool,
    pub(super) secrets: Vec<(String, Secret)>,
    pub(super) files: Vec<(PathBuf, Secret)>,
    pub(super) azure_token: Option<IdToken>,
}

impl Given {
    pub(super) fn read(wishes: &Wishes, answer: &Value) -> Result<Self, Failure> {
        let variables = wishes.variables.iter().map(|(name, wanted)| Ok((name.clone(), answer::secret(answer, wanted)?)));
        let files = wishes.files.iter().map(|(path, wanted)| Ok((path.clone(), answer::secret(answer, wanted)?)));
        Ok(Self {
            aws: wishes.aws.is_some().then(|| answer::aws(answer)).transpose()?,
            aws_in_variables: !wishes.refresh,
            secrets: variables.collect::<Result<_, Failure>>()?,
            files: files.collect::<Result<_, Failure>>()?,
            azure_token: wishes.azure_token.as_ref().map(|audience| answer::id_token(answer, audience.as_str())).transpose()?,
        })
    }

    /// The variables that are set once.
    pub(super) fn variables(&self) -> Vec<(String, Secret)> {
        let aws = self.aws.iter().filter(|_| self.aws_in_variables).flat_map(|aws| {
            [
                ("AWS_ACCESS_KEY_ID", aws.access_key_id.clone().into()),
                ("AWS_SECRET_ACCESS_KEY", aws.secret_access_key.duplicate()),
                ("AWS_SESSION_TOKEN", aws.session_token.duplicate()),
                ("AWS_CREDENTIAL_EXPIRATION", aws.expires_at.to_string().into()),
            ]
        });
        let aws = aws.map(|(name, value)| (name.to_owned(), value));
        aws.chain(self.secrets.iter().map(|(name, value)| (name.clone(), value.duplicate()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::names::SecretName;
    use serde_json::json;

    fn wishes() -> Wishes {
        let secret = SecretName::parse("shop/db.yaml#/password").unwrap();
        Wishes { aws: Some(None), variables: vec![("DB".to_owned(), secret)], ..Wishes::default() }
    }

    fn answer() -> Value {
        json!({"credentials": [
            {"aws": {"AccessKeyId": "ASIA1", "SecretAccessKey": "s3cr%et", "SessionToken": "tok", "Expiration": "2027-01-01T00:00:00Z"}},
            {"secret": {"name": "shop/db.yaml#/password", "value": "two\nlines"}}]})
    }

    #[test]
    fn no_aws_key_is_in_a_variable_when_it_is_served() {
        let names = |wishes: &Wishes| {
            let given = Given::read(wishes, &answer()).unwrap();
            given.variables().into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&wishes()).len(), 5);
        assert_eq!(names(&Wishes { refresh: true, ..wishes() }), ["DB"]);
    }

    #[test]
    fn an_answer_that_lacks_something_is_refused() {
        assert!(Given::read(&wishes(), &json!({"credentials": [{"aws": {}}]})).is_err());
    }
}

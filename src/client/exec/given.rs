//! What the server gave, sorted by where it goes.

use super::Wishes;
use crate::answers::Document;
use crate::client::Failure;
use crate::client::answer;
use crate::kind::{AwsKeys, IdToken};
use crate::words::Secret;
use std::path::PathBuf;

/// Everything for one command.
pub(super) struct Given {
    pub(super) aws: Option<AwsKeys>,
    /// Whether the AWS session goes into variables; otherwise it is served.
    aws_in_variables: bool,
    pub(super) secrets: Vec<(String, Secret)>,
    pub(super) files: Vec<(PathBuf, Secret)>,
    pub(super) azure_token: Option<IdToken>,
}

impl Given {
    pub(super) fn read(wishes: &Wishes, mut answer: Document) -> Result<Self, Failure> {
        let variables = wishes.variables.iter().map(|(name, wanted)| Ok((name.clone(), answer::secret(&answer, wanted)?)));
        let files = wishes.files.iter().map(|(path, wanted)| Ok((path.clone(), answer::secret(&answer, wanted)?)));
        let (secrets, files) = (variables.collect::<Result<_, Failure>>()?, files.collect::<Result<_, Failure>>()?);
        Ok(Self {
            aws: wishes.aws.is_some().then(|| answer::aws(&mut answer)).transpose()?,
            aws_in_variables: !wishes.refresh,
            secrets,
            files,
            azure_token: wishes.azure_token.as_ref().map(|audience| answer::id_token(&mut answer, audience)).transpose()?,
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
    use crate::answers::tests::{document, sample};
    use crate::words::names::SecretName;

    fn wishes() -> Wishes {
        let secret = SecretName::parse("shop/db.yaml#/password").unwrap();
        Wishes { aws: Some(None), variables: vec![("DB".to_owned(), secret)], ..Wishes::default() }
    }

    fn answer() -> Document {
        let (mut aws, mut secret) = (sample("aws"), sample("secret"));
        secret["secret"]["name"] = "shop/db.yaml#/password".into();
        aws["aws"]["SecretAccessKey"] = "s3cr%et".into();
        serde_json::from_value(document(&[aws, secret])).unwrap()
    }

    #[test]
    fn no_aws_key_is_in_a_variable_when_it_is_served() {
        let names = |wishes: &Wishes| {
            let given = Given::read(wishes, answer()).unwrap();
            given.variables().into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&wishes()).len(), 5);
        assert_eq!(names(&Wishes { refresh: true, ..wishes() }), ["DB"]);
    }

    #[test]
    fn an_answer_that_lacks_something_is_refused() {
        let aws = sample("aws");
        assert!(Given::read(&wishes(), serde_json::from_value(document(&[aws])).unwrap()).is_err());
    }
}

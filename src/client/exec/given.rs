//! What the server gave, sorted by where it goes.

use super::Wishes;
use crate::client::Failure;
use crate::client::answer::{self, AwsCredential, IdToken};
use crate::words::Secret;
use serde_json::Value;
use std::io::Write;
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

    /// Masks everything that is secret; the access key's id and the expiry are not.
    pub(super) fn print_masks(&self, out: &mut impl Write) -> std::io::Result<()> {
        let secrets = self.secrets.iter().map(|(_, value)| value).chain(self.files.iter().map(|(_, value)| value));
        let all = self.aws.iter().flat_map(of_aws).chain(secrets).chain(self.azure_token.iter().map(|token| &token.token));
        print_masks(all, out)
    }
}

/// What is secret in an AWS session.
pub(super) fn of_aws(aws: &AwsCredential) -> [&Secret; 2] {
    [&aws.secret_access_key, &aws.session_token]
}

/// One mask a line, as GitHub masks line by line (GitHub docs, "Workflow commands").
pub(super) fn print_masks<'a>(secrets: impl Iterator<Item = &'a Secret>, out: &mut impl Write) -> std::io::Result<()> {
    for secret in secrets {
        for line in secret.expose_text().unwrap_or_default().lines().filter(|line| !line.trim().is_empty()) {
            writeln!(out, "::add-mask::{}", line.replace('%', "%25"))?;
        }
    }
    out.flush()
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
    fn secrets_are_masked_line_by_line_and_public_values_are_not() {
        let mut out = Vec::new();
        Given::read(&wishes(), &answer()).unwrap().print_masks(&mut out).unwrap();
        let expected = "::add-mask::s3cr%25et\n::add-mask::tok\n::add-mask::two\n::add-mask::lines\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
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

//! The AWS half of the demo: a real STS emulator gets one role, and the job's credentials make real calls.

use super::DemoError;
use std::path::Path;

/// The emulator's own root key, as its documentation states; it opens nothing else.
const ROOT_KEY: &str = "test";
const BUCKET_ALLOWED: &str = "shop-releases";
const ROLE: &str = "shop-deploy";

pub(super) struct Emulator<'a> {
    endpoint: &'a str,
    cli: &'a Path,
}

/// One call with the job's credentials, and whether the role allows it.
pub(super) struct AwsCall {
    pub(super) arguments: Vec<String>,
    pub(super) allowed: bool,
}

impl<'a> Emulator<'a> {
    pub(super) fn new(endpoint: &'a str, cli: &'a Path) -> Self {
        Self { endpoint, cli }
    }

    pub(super) fn endpoint(&self) -> &str {
        self.endpoint
    }

    pub(super) fn cli(&self) -> &str {
        self.cli.to_str().unwrap_or("aws")
    }

    /// What an account's administrator does once: trust our issuer, make the role, and give it permissions.
    pub(super) async fn prepare(&self, issuer: &str) -> Result<(), DemoError> {
        let host = issuer.trim_start_matches("https://");
        let trust = serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::000000000000:oidc-provider/{host}")},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": {"StringEquals": {format!("{host}:aud"): "sts.amazonaws.com", format!("{host}:sub"): "root/shop/deploy"}},
        }]});
        let permissions = serde_json::json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:ListBucket"], "Resource": [format!("arn:aws:s3:::{BUCKET_ALLOWED}"), format!("arn:aws:s3:::{BUCKET_ALLOWED}/*")]},
        ]});
        let thumbprint = "0".repeat(40);
        self.administer(&[
            "iam",
            "create-open-id-connect-provider",
            "--url",
            issuer,
            "--client-id-list",
            "sts.amazonaws.com",
            "--thumbprint-list",
            &thumbprint,
        ])
        .await?;
        self.administer(&["iam", "create-role", "--role-name", ROLE, "--assume-role-policy-document", &trust.to_string()])
            .await?;
        self.administer(&[
            "iam",
            "put-role-policy",
            "--role-name",
            ROLE,
            "--policy-name",
            "releases",
            "--policy-document",
            &permissions.to_string(),
        ])
        .await?;
        self.administer(&["s3api", "create-bucket", "--bucket", BUCKET_ALLOWED]).await
    }

    /// One call that the role's policy allows, and one that it does not allow.
    pub(super) fn calls(&self) -> [AwsCall; 2] {
        let call = |arguments: &[&str], allowed| {
            let words = arguments.iter().map(|word| (*word).to_owned());
            AwsCall {
                arguments: ["--endpoint-url", self.endpoint].iter().map(|word| (*word).to_owned()).chain(words).collect(),
                allowed,
            }
        };
        [call(&["s3api", "list-objects-v2", "--bucket", BUCKET_ALLOWED], true), call(&["iam", "list-users"], false)]
    }

    async fn administer(&self, arguments: &[&str]) -> Result<(), DemoError> {
        let mut command = tokio::process::Command::new(self.cli);
        command.args(["--endpoint-url", self.endpoint]).args(arguments).envs(client_environment());
        command.env("AWS_ACCESS_KEY_ID", ROOT_KEY).env("AWS_SECRET_ACCESS_KEY", ROOT_KEY);
        let output = command.output().await.map_err(|fault| DemoError::NotRun { program: "the AWS CLI", fault })?;
        if output.status.success() {
            return Ok(());
        }
        Err(DemoError::Aws { arguments: arguments.join(" "), output: String::from_utf8_lossy(&output.stderr).into_owned() })
    }
}

/// Settings for the AWS CLI, so that it does not read this machine's own.
pub(super) fn client_environment() -> [(&'static str, &'static str); 6] {
    [
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_PAGER", ""),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]
}

//! STS emulators with the AWS CLI. ministack reads `aud`, `sub` and `amr` of a web identity token and verifies no signature, so other
//! tests check tags and source identity in the token itself. It enforces the role's trust and the role's own policy. moto reads no token.

use crate::support::{START_MAX, Setup, World, free_port, peer};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(super) struct Emulator {
    server: Child,
    pub(super) url: String,
    pub(super) cli: PathBuf,
    _state: tempfile::TempDir,
}

impl Emulator {
    pub(super) async fn start(program: &str) -> Option<Self> {
        let (program, cli) = (peer(program)?, peer("aws")?);
        let state = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new(&program);
        if program.ends_with("moto_server") {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        }
        command.env("AUTH", "true").env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        command
            .env("HOME", state.path())
            .env("TMPDIR", state.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let emulator = Self { server: command.spawn().unwrap(), url: format!("http://127.0.0.1:{port}"), cli, _state: state };
        let started = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(started.elapsed() < START_MAX, "{} did not start", program.display());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Some(emulator)
    }

    pub(super) fn call(&self, arguments: &[&str], credentials: [&str; 3]) -> Output {
        let mut command = Command::new(&self.cli);
        command
            .args(["--endpoint-url", &self.url])
            .args(arguments)
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env_remove("AWS_SESSION_TOKEN");
        command.env("AWS_ACCESS_KEY_ID", credentials[0]).env("AWS_SECRET_ACCESS_KEY", credentials[1]);
        if !credentials[2].is_empty() {
            command.env("AWS_SESSION_TOKEN", credentials[2]);
        }
        command.output().unwrap()
    }

    pub(super) fn administer(&self, arguments: &[&str]) {
        let output = self.call(arguments, ["test", "test", ""]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Creates a role that trusts our issuer's tokens of this subject. The first call registers the issuer too.
    pub(super) fn trust(&self, world: &World, role: &str, subject: &str) {
        let issuer = world.url("");
        let host = issuer.trim_start_matches("https://");
        let condition = json!({"StringEquals": {format!("{host}:aud"): "sts.amazonaws.com", format!("{host}:sub"): subject}});
        let principal = json!({"Federated": format!("arn:aws:iam::000000000000:oidc-provider/{host}")});
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Condition": condition}]});
        let (provider, thumbprint) = (["iam", "create-open-id-connect-provider", "--url", &issuer], "0".repeat(40));
        let known = self.call(&["iam", "list-open-id-connect-providers"], ["test", "test", ""]);
        if !String::from_utf8_lossy(&known.stdout).contains(host) {
            let rest = ["--client-id-list", "sts.amazonaws.com", "--thumbprint-list", &thumbprint];
            self.administer(&[&provider[..], &rest].concat());
        }
        self.administer(&["iam", "create-role", "--role-name", role, "--assume-role-policy-document", &trust.to_string()]);
    }

    /// Sets what the role may do with the bucket `releases`.
    pub(super) fn allow(&self, role: &str, actions: &[&str]) {
        let resources = ["arn:aws:s3:::releases", "arn:aws:s3:::releases/*"];
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": resources});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        self.administer(&["iam", "put-role-policy", "--role-name", role, "--policy-name", "p", "--policy-document", &document]);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// boto3 with `credential_process`: a call that the role allows, and one that it does not.
const BOTO3: &str = "
import boto3, botocore, sys
client = lambda name: boto3.client(name, endpoint_url=sys.argv[1], region_name='us-east-1')
status = client('s3').list_objects_v2(Bucket='releases')['ResponseMetadata']['HTTPStatusCode']
try:
    client('iam').list_users()
    denied = 'allowed'
except botocore.exceptions.ClientError as fault:
    denied = fault.response['Error']['Code']
print(status, denied)
";

fn policy() -> String {
    "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  aws:
    - role: arn:aws:iam::000000000000:role/deploy
      ttl: 15m
      tags: { commit: \"{commit}\" }
      transitive_tags: [commit]
    - role: arn:aws:iam::000000000000:role/elsewhere
"
    .to_owned()
}

fn keys(answer: &Value) -> [String; 3] {
    let aws = &answer["credentials"][0]["aws"];
    ["AccessKeyId", "SecretAccessKey", "SessionToken"]
        .map(|name| aws[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn web_identity_needs_no_aws_key_and_the_roles_trust_decides() {
    let Some(emulator) = Emulator::start("ministack").await else { return };
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { policies: vec![("shop/deploy", policy())], aws, ..Setup::default() }).await;
    emulator.trust(&world, "deploy", "root/shop/deploy");
    emulator.trust(&world, "elsewhere", "root/other/policy");
    emulator.allow("deploy", &["s3:ListBucket"]);
    emulator.administer(&["s3api", "create-bucket", "--bucket", "releases"]);
    let ask = |role: &str| json!([{"aws": {"role": format!("arn:aws:iam::000000000000:role/{role}")}}]);
    let (status, answer) = world.exchange(&world.token(), ask("deploy")).await;
    assert_eq!(status, 200, "{answer}");
    let keys = keys(&answer);
    let keys = [keys[0].as_str(), keys[1].as_str(), keys[2].as_str()];
    assert!(emulator.call(&["s3api", "list-objects-v2", "--bucket", "releases"], keys).status.success());
    let refused = emulator.call(&["iam", "list-users"], keys);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("AccessDenied"));
    let (status, problem) = world.exchange(&world.token(), ask("elsewhere")).await;
    assert_eq!((status, &problem["code"]), (502, &json!("aws_denied")), "{problem}");
    let failed = world.audit().into_iter().find(|entry| entry.kind == "failed").unwrap();
    assert!(
        failed.body["cause"].as_str().unwrap().contains("AssumeRoleWithWebIdentity"),
        "AWS's own words are in the audit log: {}",
        failed.body
    );
    let output = world.job("push", &["credential", "aws", "--role", "arn:aws:iam::000000000000:role/deploy"], &[]).await;
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&printed["Version"], printed["Expiration"].is_string()), (&json!(1), true), "credential_process's form");
    let configuration = format!(
        "[default]\ncredential_process = {} credential aws --role arn:aws:iam::000000000000:role/deploy\n",
        env!("CARGO_BIN_EXE_daypass")
    );
    std::fs::write(world.path("aws.ini"), configuration).unwrap();
    let mut command = tokio::process::Command::new(&emulator.cli);
    command
        .args(["--endpoint-url", &emulator.url, "s3api", "list-objects-v2", "--bucket", "releases"])
        .env("AWS_CONFIG_FILE", world.path("aws.ini"));
    command
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("DAYPASS_SERVER", world.url(""))
        .env("DAYPASS_CA", world.path("tls.crt"));
    let output = command.envs(world.issuer.job_environment("push")).output().await.unwrap();
    assert!(output.status.success(), "the AWS CLI asks daypass by itself: {}", String::from_utf8_lossy(&output.stderr));
    let Some(python) = peer("python-boto3") else { return };
    let mut command = tokio::process::Command::new(python);
    command.args(["-c", BOTO3, &emulator.url]).env("AWS_CONFIG_FILE", world.path("aws.ini"));
    command.env("DAYPASS_SERVER", world.url("")).env("DAYPASS_CA", world.path("tls.crt"));
    let output = command.envs(world.issuer.job_environment("push")).output().await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "200 AccessDenied\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn assume_role_uses_the_machines_own_credentials_with_both_emulators() {
    for (program, account) in [("ministack", "000000000000"), ("moto_server", "123456789012")] {
        let Some(emulator) = Emulator::start(program).await else { continue };
        let aws = format!("aws: {{ mode: assume-role, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
        let environment = vec![
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        let policy = policy().replace("000000000000", account);
        let world = World::start(Setup { policies: vec![("shop/deploy", policy)], aws, environment, ..Setup::default() }).await;
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}]});
        emulator.administer(&[
            "iam",
            "create-role",
            "--role-name",
            "deploy",
            "--assume-role-policy-document",
            &trust.to_string(),
        ]);
        let (status, answer) =
            world.exchange(&world.token(), json!([{"aws": {"role": format!("arn:aws:iam::{account}:role/deploy")}}])).await;
        assert_eq!(status, 200, "{program}: {answer}");
        let keys = keys(&answer);
        let who = emulator.call(&["sts", "get-caller-identity"], [&keys[0], &keys[1], &keys[2]]);
        let stdout = String::from_utf8_lossy(&who.stdout).into_owned();
        assert!(
            stdout.contains(&format!("assumed-role/deploy/{}", answer["decision_id"].as_str().unwrap())),
            "{program}: {stdout} {}",
            String::from_utf8_lossy(&who.stderr)
        );
    }
}

/// The account needs exactly what `daypass aws bootstrap` prints: the subject of the granting policy is accepted, another is not.
#[tokio::test(flavor = "multi_thread")]
async fn the_printed_trust_is_as_wide_as_the_policies() {
    let Some(emulator) = Emulator::start("ministack").await else { return };
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { policies: vec![("shop/deploy", policy())], aws, ..Setup::default() }).await;
    let bootstrap = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.args(["aws", "bootstrap", "--format", format, "--config"]).arg(world.path("daypass.yaml"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let provider = &bootstrap("terraform")["resource"]["aws_iam_openid_connect_provider"]["daypass"];
    let (url, client) = (provider["url"].as_str().unwrap(), provider["client_id_list"][0].as_str().unwrap());
    let thumbprint = "0".repeat(40);
    emulator.administer(&[
        "iam",
        "create-open-id-connect-provider",
        "--url",
        url,
        "--client-id-list",
        client,
        "--thumbprint-list",
        &thumbprint,
    ]);
    for (arn, trust) in bootstrap("trust-policies").as_object().unwrap() {
        let name = arn.rsplit('/').next().unwrap();
        emulator.administer(&["iam", "create-role", "--role-name", name, "--assume-role-policy-document", &trust.to_string()]);
    }
    let role = "arn:aws:iam::000000000000:role/deploy";
    let (status, answer) = world.exchange(&world.token(), json!([{ "aws": { "role": role } }])).await;
    assert_eq!(status, 200, "{answer}");
    // The same grant by a policy of another name, which the account does not trust.
    std::fs::rename(world.path("access/policies/shop/deploy.yaml"), world.path("access/policies/shop/other.yaml")).unwrap();
    world.commit_and_wait(&[]).await;
    let (status, answer) = world.exchange(&world.token(), json!([{ "aws": { "role": role } }])).await;
    assert_eq!((status, &answer["code"]), (502, &json!("aws_denied")), "{answer}");
}

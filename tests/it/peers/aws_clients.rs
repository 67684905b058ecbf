//! AWS's own clients, unmodified, with daypass as the endpoint that their users set. Behind daypass an STS emulator checks our tokens.
//!
//! The server's certificate is self-signed, so each client gets it by its own setting. botocore's container credentials have no such
//! setting: the test replaces botocore's bundle of authorities, and users need a public certificate.

use super::aws::Emulator;
use crate::helpers::texts;
use crate::sts::StandInSts;
use crate::support::{Setup, World, peer};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};
use std::path::Path;

const ROLE: &str = "arn:aws:iam::000000000000:role/deploy";

/// The caller's identity, a call that the role allows and one that it does not.
const BOTO3: &str = "
import boto3, botocore.exceptions, botocore.httpsession, os
if 'TEST_BUNDLE' in os.environ:
    botocore.httpsession.where = lambda: os.environ['TEST_BUNDLE']
print(boto3.client('sts').get_caller_identity()['Arn'])
print(boto3.client('s3').list_objects_v2(Bucket='releases')['ResponseMetadata']['HTTPStatusCode'])
try:
    print(boto3.client('iam').list_users())
except botocore.exceptions.ClientError as fault:
    print(fault.response['Error']['Code'])
";

fn policy(role: &str) -> String {
    format!(
        "issuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}\ngrant: {{ aws: [{{ role: \"{role}\", ttl: 30m }}] }}\n"
    )
}

async fn start() -> Option<(Emulator, World)> {
    let emulator = Emulator::start("ministack").await?;
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { policies: vec![("shop/deploy", policy(ROLE))], aws, ..Setup::default() }).await;
    emulator.trust(&world, "deploy", "root/shop/deploy");
    emulator.allow("deploy", &["s3:ListBucket", "s3:GetObject", "s3:PutObject"]);
    emulator.administer(&["s3api", "create-bucket", "--bucket", "releases"]);
    Some((emulator, world))
}

/// A client's process with a token file and without this machine's AWS settings.
fn client(world: &World, program: &Path, token: &str) -> tokio::process::Command {
    std::fs::write(world.path("token"), token).unwrap();
    let mut command = tokio::process::Command::new(program);
    let path = daypass::client::environment::Environment::of_process().value("PATH").unwrap_or_default().to_owned();
    command.env_clear().env("PATH", path).env("HOME", world.folder.path()).current_dir(world.folder.path());
    command.env("AWS_REGION", "us-east-1").env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    for variable in ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
        command.env(variable, world.path("tls.crt"));
    }
    command
}

/// With the three variables that a job sets for the STS API.
fn by_sts(world: &World, program: &Path, token: &str) -> tokio::process::Command {
    let mut command = client(world, program, token);
    command.env("AWS_ENDPOINT_URL_STS", world.url("/aws/sts")).env("AWS_ROLE_ARN", ROLE);
    command.env("AWS_WEB_IDENTITY_TOKEN_FILE", world.path("token"));
    command
}

/// With the two variables that a job sets for container credentials.
fn by_container(world: &World, program: &Path, token: &str) -> tokio::process::Command {
    let mut command = client(world, program, token);
    command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", world.url(&format!("/aws/container?role={ROLE}")));
    command.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", world.path("token"));
    command.env("TEST_BUNDLE", world.path("tls.crt")).env("AWS_ENDPOINT_URL_STS", world.url("/aws/sts"));
    command
}

/// The API and the session of the last record of a release, and the number of such records.
fn released(world: &World) -> (Value, usize) {
    let all: Vec<_> = world.audit().into_iter().filter(|entry| entry.kind == "released").collect();
    let last = all.last().unwrap();
    let arn = format!("arn:aws:sts::000000000000:assumed-role/deploy/{}", last.decision.as_deref().unwrap());
    (json!({ "api": last.body["api"], "arn": arn }), all.len())
}

/// Asserts that a client shows a denial: our code, the hint, and the ID of the recorded decision.
fn check_denial(world: &World, text: &str, refusals: usize) {
    let entries: Vec<_> = world.audit().into_iter().filter(|entry| entry.kind == "refused").collect();
    assert_eq!(entries.len(), refusals, "{text}");
    let decision = entries.last().unwrap().decision.clone().unwrap();
    for words in ["no_matching_policy", "Show the decision id to the operator", &decision] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

fn denied(world: &World) -> String {
    world.token_with(github_claims("pull_request", "refs/pull/7/merge"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_and_boto3_get_a_session_by_the_sts_api() {
    let Some((emulator, world)) = start().await else { return };
    let cli = async |token: &str, arguments: &[&str]| {
        let mut command = by_sts(&world, &emulator.cli, token);
        texts(&command.args(arguments).env("AWS_ENDPOINT_URL_S3", &emulator.url).output().await.unwrap())
    };
    let token = world.token();
    let (stdout, fault) = cli(&token, &["sts", "get-caller-identity", "--query", "Arn", "--output", "text"]).await;
    let (record, _) = released(&world);
    assert_eq!((json!(stdout.trim()), &record["api"]), (record["arn"].clone(), &json!("aws-sts")), "{fault}");
    let (stdout, fault) = cli(&token, &["s3api", "list-objects-v2", "--bucket", "releases"]).await;
    assert!(stdout.contains("RequestCharged") && fault.is_empty(), "{stdout}{fault}");
    let explicit = ["sts", "assume-role-with-web-identity", "--role-arn", ROLE, "--role-session-name", "by-hand"];
    let policy = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let more = ["--web-identity-token", &world.token(), "--duration-seconds", "900", "--policy", &policy];
    let (stdout, fault) = cli("", &[&explicit[..], &more].concat()).await;
    let answer: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{fault}"));
    assert_eq!(answer["AssumedRoleUser"]["Arn"], released(&world).0["arn"]);
    assert_eq!((&answer["Provider"], &answer["Audience"]), (&json!(world.issuer.url()), &json!(world.url(""))));
    let (_, fault) = cli(&denied(&world), &["sts", "get-caller-identity"]).await;
    assert!(fault.contains("(AccessDenied) when calling the AssumeRoleWithWebIdentity operation"), "{fault}");
    check_denial(&world, &fault, 1);
    println!("the AWS CLI: {fault}");
    let Some(python) = peer("python-boto3") else { return };
    let boto3 = async |token: &str| {
        let mut command = by_sts(&world, &python, token);
        command.args(["-c", BOTO3]).env("AWS_ENDPOINT_URL_S3", &emulator.url).env("AWS_ENDPOINT_URL_IAM", &emulator.url);
        texts(&command.output().await.unwrap())
    };
    let (stdout, fault) = boto3(&world.token()).await;
    assert_eq!(stdout, format!("{}\n200\nAccessDenied\n", released(&world).0["arn"].as_str().unwrap()), "{fault}");
    let (_, fault) = boto3(&denied(&world)).await;
    check_denial(&world, &fault, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_gets_a_session_by_both_apis() {
    let (Some(node), Some(manifest)) = (peer("node"), peer("aws-sdk-js")) else { return };
    let Some((_emulator, world)) = start().await else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/aws-sdk.mjs");
    let run = async |mut command: tokio::process::Command, mode: &str| {
        texts(&command.arg(&script).arg(&manifest).arg(mode).output().await.unwrap())
    };
    let (stdout, fault) = run(by_sts(&world, &node, &world.token()), "whoami").await;
    let (record, _) = released(&world);
    let answer: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{fault}"));
    assert_eq!((&answer["Arn"], &record["api"]), (&record["arn"], &json!("aws-sts")));
    let (_, fault) = run(by_sts(&world, &node, &denied(&world)), "whoami").await;
    check_denial(&world, &fault, 1);
    for mode in ["whoami", "http"] {
        let (stdout, fault) = run(by_container(&world, &node, &world.token()), mode).await;
        let (record, _) = released(&world);
        let answer: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{fault}"));
        assert_eq!(record["api"], "aws-container");
        assert!(answer["Arn"] == record["arn"] || answer["expires"] == true, "{stdout}");
    }
    let (_, fault) = run(by_container(&world, &node, &denied(&world)), "http").await;
    assert!(fault.contains("no_matching_policy") && fault.contains("Show the decision id"), "{fault}");
    println!("the JavaScript SDK: {fault}");
    let (_, fault) = run(by_container(&world, &node, &denied(&world)), "whoami").await;
    assert!(fault.contains("Protocol \"https:\" not supported"), "its default chain hides a denial: {fault}");
    assert!(!fault.contains("no_matching_policy"), "the docs say that it does not show the code: {fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sequence_of_configure_aws_credentials_gets_one_session_from_twelve_tries() {
    let (Some(node), Some(manifest)) = (peer("node"), peer("aws-sdk-js")) else { return };
    let Some((_emulator, world)) = start().await else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/aws-sdk.mjs");
    let run = async |token: &str| {
        let mut command = by_sts(&world, &node, token);
        command.env_remove("AWS_ENDPOINT_URL_STS").env("STS_ENDPOINT", world.url("/aws/sts")).env("TRIES", "12");
        texts(&command.arg(&script).arg(&manifest).arg("action").output().await.unwrap())
    };
    let (stdout, fault) = run(&world.token()).await;
    let (record, count) = released(&world);
    let answer: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{fault}"));
    assert_eq!(answer, json!({ "Account": "000000000000", "Arn": record["arn"], "keys": 1, "errors": 0 }));
    assert_eq!(count, 1, "one session");
    assert_eq!(world.audit().iter().filter(|entry| entry.kind == "repeated").count(), 11);
    let (_, fault) = run(&denied(&world)).await;
    check_denial(&world, &fault, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_gets_container_credentials_with_the_token_file() {
    let Some(python) = peer("python-boto3") else { return };
    let Some((emulator, world)) = start().await else { return };
    let boto3 = async |token: &str| {
        let mut command = by_container(&world, &python, token);
        command.args(["-c", BOTO3]).env("AWS_ENDPOINT_URL_S3", &emulator.url).env("AWS_ENDPOINT_URL_IAM", &emulator.url);
        texts(&command.output().await.unwrap())
    };
    let (stdout, fault) = boto3(&world.token()).await;
    let (record, _) = released(&world);
    assert_eq!(stdout, format!("{}\n200\nAccessDenied\n", record["arn"].as_str().unwrap()), "{fault}");
    assert_eq!(record["api"], "aws-container");
    let (_, fault) = boto3(&denied(&world)).await;
    check_denial(&world, &fault, 3);
    println!("boto3: {}", fault.lines().last().unwrap_or_default());
}

/// Runs in a process of its own, because the SDK reads the process's environment.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by `the_rust_sdk_gets_a_session_by_both_apis`, with an environment of its own"]
async fn rust_sdk_in_a_process() {
    daypass::telemetry::install_crypto();
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    match aws_sdk_sts::Client::new(&config).get_caller_identity().send().await {
        Ok(known) => println!("arn {}", known.arn().unwrap()),
        Err(fault) => panic!("{}", aws_sdk_sts::error::DisplayErrorContext(fault)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_sdk_gets_a_session_by_both_apis() {
    let Some((_emulator, world)) = start().await else { return };
    let program = std::env::current_exe().unwrap();
    let run = async |mut command: tokio::process::Command| {
        command.args(["--ignored", "--exact", "--nocapture", "peers::aws_clients::rust_sdk_in_a_process"]);
        texts(&command.output().await.unwrap())
    };
    let arn = |text: &str| text.split("arn ").nth(1).map(|rest| rest.lines().next().unwrap().to_owned());
    for (api, command) in
        [("aws-sts", by_sts(&world, &program, &world.token())), ("aws-container", by_container(&world, &program, &world.token()))]
    {
        let token = world.token();
        std::fs::write(world.path("token"), &token).unwrap();
        let (stdout, fault) = run(command).await;
        let (record, _) = released(&world);
        assert_eq!(arn(&stdout), record["arn"].as_str().map(str::to_owned), "{api}: {stdout}{fault}");
        assert_eq!(record["api"], api);
    }
    let (stdout, fault) = run(by_sts(&world, &program, &denied(&world))).await;
    check_denial(&world, &(stdout + &fault), 1);
    let (stdout, fault) = run(by_container(&world, &program, &denied(&world))).await;
    let output = stdout + &fault;
    assert!(output.contains("Non-success status") && output.contains("403"), "this SDK shows the status alone: {output}");
    let refused = world.audit().into_iter().filter(|entry| entry.kind == "refused").count();
    assert_eq!(refused, 2, "and does not ask again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_retries_when_sts_is_unavailable() {
    let Some(cli) = peer("aws") else { return };
    let sts = StandInSts::start().await;
    let silent = "arn:aws:iam::000000000000:role/silent";
    let setup = Setup { policies: vec![("silent", policy(silent))], aws: sts.section(), ..Setup::default() };
    let world = World::start(setup).await;
    let mut command = by_sts(&world, &cli, &world.token());
    command.env("AWS_ROLE_ARN", silent).env("AWS_MAX_ATTEMPTS", "3").args(["sts", "get-caller-identity"]);
    let (_, fault) = texts(&command.output().await.unwrap());
    assert!(fault.contains("ServiceUnavailable") && fault.contains("aws_unavailable"), "{fault}");
    let failed = world.audit().iter().filter(|entry| entry.kind == "failed").count();
    assert!(failed > 1, "tried again: {failed}");
}

/// The host of the signed STS request that is the token for a cluster.
fn signed_for(token: &str) -> String {
    use base64::Engine;
    let answer: Value = serde_json::from_str(token).unwrap_or_else(|_| panic!("{token}"));
    let encoded = answer["status"]["token"].as_str().unwrap().strip_prefix("k8s-aws-v1.").unwrap().to_owned();
    let url = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).unwrap();
    let url = reqwest::Url::parse(std::str::from_utf8(&url).unwrap()).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap())
}

/// A client that asks daypass by `credential_process`, with these profiles.
fn by_process(world: &World, program: &Path, profiles: &str) -> tokio::process::Command {
    let mut command = client(world, program, "");
    std::fs::write(world.path("aws.ini"), profiles.replace("DAYPASS", env!("CARGO_BIN_EXE_daypass"))).unwrap();
    command.env("AWS_CONFIG_FILE", world.path("aws.ini")).env("DAYPASS_SERVER", world.url(""));
    command.env("DAYPASS_CA", world.path("tls.crt")).envs(world.issuer.job_environment("push"));
    command
}

/// docs/api/aws-sts.md, `aws eks get-token`.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_token_is_signed_for_awss_own_sts_by_credential_process() {
    let Some((emulator, world)) = start().await else { return };
    let cli = &emulator.cli;
    let get_token = ["eks", "get-token", "--cluster-name", "shop", "--output", "json"];
    let own = "sts.us-east-1.amazonaws.com:443";
    let (stdout, fault) = texts(&by_sts(&world, cli, &world.token()).args(get_token).output().await.unwrap());
    assert_eq!(signed_for(&stdout), format!("localhost:{}", world.port), "the docs warn of this host: {fault}");
    let profile = format!("[default]\ncredential_process = DAYPASS credential aws --role {ROLE}\n");
    let (stdout, fault) = texts(&by_process(&world, cli, &profile).args(get_token).output().await.unwrap());
    assert_eq!(signed_for(&stdout), own, "{fault}");
}

/// docs/api/aws-sts.md, one role from another. The emulator takes the place of AWS's own STS.
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_assumes_a_role_from_one_that_asks_by_credential_process() {
    let Some((emulator, world)) = start().await else { return };
    let cli = &emulator.cli;
    let target = "arn:aws:iam::000000000000:role/target";
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}]});
    emulator.administer(&["iam", "create-role", "--role-name", "target", "--assume-role-policy-document", &trust.to_string()]);
    let may =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": target}]});
    let put = ["iam", "put-role-policy", "--role-name", "deploy", "--policy-name", "chain", "--policy-document"];
    emulator.administer(&[&put[..], &[&may.to_string()]].concat());
    let whoami = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text"];
    let chained = "arn:aws:sts::000000000000:assumed-role/target/";
    let profiles = format!(
        "[profile hub]\ncredential_process = DAYPASS credential aws --role {ROLE}\n\
         [profile shop]\nsource_profile = hub\nrole_arn = {target}\n"
    );
    let mut command = by_process(&world, cli, &profiles);
    command.env("AWS_ENDPOINT_URL_STS", &emulator.url).args(whoami).args(["--profile", "shop"]);
    let (stdout, fault) = texts(&command.output().await.unwrap());
    assert!(stdout.starts_with(chained), "by a source profile: {stdout}{fault}");
}

/// No registry has terraform, so this runs only where it is installed.
#[tokio::test(flavor = "multi_thread")]
async fn terraforms_s3_backend_stores_its_state_with_our_session() {
    let environment = daypass::client::environment::Environment::of_process();
    let path = environment.value("PATH").unwrap_or_default().split(':').map(|folder| Path::new(folder).join("terraform"));
    let Some(terraform) = path.into_iter().find(|program| program.exists()) else {
        return println!("passed over: terraform is not at hand");
    };
    let Some((emulator, world)) = start().await else { return };
    let (url, sts, token) = (&emulator.url, world.url("/aws/sts"), world.path("token"));
    let main = format!(
        "terraform {{
  backend \"s3\" {{
    bucket = \"releases\"
    key = \"state\"
    region = \"us-east-1\"
    use_path_style = true
    skip_metadata_api_check = true
    skip_s3_checksum = true
    endpoints = {{ s3 = \"{url}\", sts = \"{sts}\", iam = \"{url}\" }}
    assume_role_with_web_identity = {{ role_arn = \"{ROLE}\", web_identity_token_file = \"{}\", session_name = \"terraform\" }}
  }}
}}
resource \"terraform_data\" \"one\" {{ input = \"x\" }}
",
        token.display()
    );
    let run = async |token: &str, arguments: &[&str]| {
        std::fs::create_dir_all(world.path("tf")).unwrap();
        std::fs::write(world.path("tf/main.tf"), &main).unwrap();
        std::fs::write(world.path("tf/cli.tfrc"), "").unwrap();
        let mut command = client(&world, &terraform, token);
        command.current_dir(world.path("tf")).env("CHECKPOINT_DISABLE", "1").env("TF_CLI_CONFIG_FILE", world.path("tf/cli.tfrc"));
        texts(&command.args(arguments).output().await.unwrap())
    };
    let (_, fault) = run(&denied(&world), &["init", "-no-color", "-input=false"]).await;
    assert!(fault.contains("no_matching_policy"), "{fault}");
    let good = world.token();
    for arguments in [&["init", "-no-color", "-input=false"][..], &["apply", "-no-color", "-input=false", "-auto-approve"]] {
        let (stdout, fault) = run(&good, arguments).await;
        assert!(stdout.contains("successfully initialized") || stdout.contains("Apply complete"), "{stdout}{fault}");
    }
    let found = emulator.call(&["s3api", "head-object", "--bucket", "releases", "--key", "state"], ["test", "test", ""]);
    assert!(found.status.success(), "the state is there");
    assert_eq!((released(&world).0["api"].clone(), released(&world).1), (json!("aws-sts"), 1));
}

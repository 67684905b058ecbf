//! `daypass exec --refresh` with unmodified boto3 and AWS CLI: they read an address on loopback, and use the renewed session.

use super::aws::Emulator;
use crate::helpers::{check_denial, job, texts};
use crate::sts::StandInSts;
use crate::support::{Setup, World, peer, until};
use std::path::Path;

const ROLE: &str = "arn:aws:iam::000000000000:role/deploy";

/// A client that runs longer than the time to a renewal. botocore treats a session of 15 minutes as due from its beginning, so it asks
/// each time.
const BOTO3: &str = "
import boto3, os, time
held = [name for name in os.environ if name.startswith('AWS_') and ('KEY' in name or 'SESSION' in name)]
print('held', held)
client = boto3.client('sts')
first = again = client.get_caller_identity()['Arn']
print(first)
end = time.time() + 240
while again == first and time.time() < end:
    time.sleep(0.2)
    again = client.get_caller_identity()['Arn']
print(again)
print(boto3.client('s3').list_objects_v2(Bucket='releases')['ResponseMetadata']['HTTPStatusCode'])
";

/// Two processes, with some time between them.
const CLI: &str =
    "\"$0\" sts get-caller-identity --query Arn --output text; sleep 8; \"$0\" sts get-caller-identity --query Arn --output text";

/// Processes until one is after a renewal.
const CLI_UNTIL: &str = "arn() { \"$0\" sts get-caller-identity --query Arn --output text; }
first=$(arn); again=$first; end=$(($(date +%s) + 240)); echo \"$first\"
while [ \"$again\" = \"$first\" ] && [ \"$(date +%s)\" -lt $end ]; do again=$(arn); done; echo \"$again\"";

fn policy(role: &str) -> String {
    format!(
        "issuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}\ngrant: {{ aws: [{{ role: \"{role}\", ttl: 15m }}] }}\n"
    )
}

async fn start() -> Option<(Emulator, World)> {
    let emulator = Emulator::start("ministack").await?;
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { policies: vec![("shop/deploy", policy(ROLE))], aws, ..Setup::default() }).await;
    emulator.trust(&world, "deploy", "root/shop/deploy");
    emulator.allow("deploy", &["s3:ListBucket"]);
    emulator.administer(&["s3api", "create-bucket", "--bucket", "releases"]);
    Some((emulator, world))
}

/// Runs a program under `exec --refresh`, in a job that has AWS keys of its own, which must not be used.
async fn refreshed(world: &World, url: &str, before: &str, command: &[&str]) -> (String, String) {
    let arguments = [&["exec", "--aws", "--refresh", "--refresh-before", before, "--"][..], command].concat();
    let environment = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_ACCESS_KEY_ID", "AKIAOLD"),
        ("AWS_SECRET_ACCESS_KEY", "old"),
    ];
    texts(&job(world, "push", &arguments, "", &environment).await)
}

/// The ARNs of the released sessions, in their order.
fn sessions(world: &World) -> Vec<String> {
    let released = world.audit().into_iter().filter(|entry| entry.kind == "released");
    released.map(|entry| format!("arn:aws:sts::000000000000:assumed-role/deploy/{}", entry.decision.unwrap())).collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_and_the_aws_cli_use_the_renewed_session() {
    let Some(python) = peer("python-boto3") else { return };
    let Some((emulator, world)) = start().await else { return };
    // This case comes first: a renewal that is under way when its command ends is released later and would be counted here.
    let (out, fault) = refreshed(&world, &emulator.url, "5m", &["sh", "-c", CLI, &text(&emulator.cli)]).await;
    assert_eq!(sessions(&world).len(), 1, "{fault}");
    assert_eq!(out.lines().next(), out.lines().nth(1), "nothing is renewed before its time");

    // Renewed when less than 895 of 900 seconds are left: every five seconds.
    let (out, fault) = refreshed(&world, &emulator.url, "895s", &[&text(&python), "-c", BOTO3]).await;
    let (lines, known) = (out.lines().collect::<Vec<_>>(), sessions(&world));
    assert_eq!(lines.len(), 4, "{out}{fault}");
    assert_eq!((lines[0], lines[3]), ("held []", "200"), "{fault}");
    assert!(lines[2] > lines[1] && lines[1..3].iter().all(|line| known.contains(&(*line).to_owned())), "{out}{known:?}");
    println!("boto3: {out}");

    let before = known.len();
    let (out, fault) = refreshed(&world, &emulator.url, "895s", &["sh", "-c", CLI_UNTIL, &text(&emulator.cli)]).await;
    let (lines, known) = (out.lines().collect::<Vec<_>>(), sessions(&world));
    assert_eq!(lines.len(), 2, "{out}{fault}");
    assert!(lines[1] > lines[0] && lines.iter().all(|line| known[before..].contains(&(*line).to_owned())), "{out}{known:?}");
    println!("the AWS CLI: {out}");
}

/// boto3 after the session has ended, when its renewal was denied.
const BOTO3_DENIED: &str = "
import boto3, os, time
session = boto3.Session()
print('first', session.get_credentials().get_frozen_credentials().access_key)
open('begun', 'w').close()
while not os.path.exists('denied'): time.sleep(0.1)
print('between', session.get_credentials().get_frozen_credentials().access_key)
end = time.time() + 240
while time.time() < end:
    boto3.Session().get_credentials().get_frozen_credentials()
    time.sleep(0.5)
print('last')
";

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_renewal_is_reported_when_the_last_good_session_has_ended() {
    let Some(python) = peer("python-boto3") else { return };
    let sts = StandInSts::start().await;
    let role = "arn:aws:iam::000000000000:role/short";
    let setup = Setup { policies: vec![("shop/deploy", policy(role))], aws: sts.section(), ..Setup::default() };
    let world = World::start(setup).await;
    let narrowed = async {
        until("its command begins", async || world.path("begun").exists()).await;
        let elsewhere = policy(role).replace("refs/heads/main", "refs/heads/release");
        world.commit_and_wait(&[("policies/shop/deploy.yaml", elsewhere.as_bytes())]).await;
        std::fs::write(world.path("denied"), "").unwrap();
    };
    let python = text(&python);
    let command = [python.as_str(), "-c", BOTO3_DENIED];
    let ((out, fault), ()) = tokio::join!(refreshed(&world, &sts.url, "3s", &command), narrowed);
    assert!(out.contains("first ASIASTANDIN") && out.contains("between ASIASTANDIN") && !out.contains("last"), "{out}{fault}");
    let boto3 = fault.lines().rfind(|line| line.contains("CredentialRetrievalError")).unwrap_or_else(|| panic!("{out}{fault}"));
    check_denial(&world, boto3);
    assert!(boto3.contains("403"), "{boto3}");
    assert!(fault.contains("the AWS session could not be renewed, the last good state stays"), "{fault}");
    println!("boto3: {boto3}");
}

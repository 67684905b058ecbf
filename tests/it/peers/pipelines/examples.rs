//! The examples of `deploy/`, with this test's server, program and cluster: `aws s3 sync` and `terraform apply` (its state in S3, and
//! without a provider of a registry) against the AWS emulator, `kubectl apply` against a stand-in for an API server.

use super::cluster::Cluster;
use super::{Stage, copy, gitlab, read, root};
use crate::support::{peer, put};
use std::path::Path;

const BACKEND: &str = "terraform {
  backend \"s3\" {
    bucket       = \"releases\"
    key          = \"state\"
    region       = \"us-east-1\"
    use_path_style = true
    skip_requesting_account_id = true
  }
}
variable \"database_password\" {
  type      = string
  sensitive = true
}
resource \"terraform_data\" \"shop\" { input = sha256(var.database_password) }
";

/// Writes the project for the examples: a site, infrastructure, objects of a cluster.
fn project(stage: &Stage, cluster: &Cluster, folder: &Path, by: &str) {
    put(&folder.join("site/index.html"), format!("by {by}").as_bytes());
    put(&folder.join("infra/main.tf"), BACKEND.replace("\"state\"", &format!("\"state-{by}\"")).as_bytes());
    let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: by-{by} }}\n");
    put(&folder.join("k8s/shop.yaml"), object.as_bytes());
    let kubeconfig = read("deploy/shell/examples/kubeconfig.yaml")
        .replace("\"https://kubernetes.acme.com\", certificate", &format!("\"{}\", certificate", cluster.url));
    put(&folder.join("kubeconfig.yaml"), kubeconfig.as_bytes());
    std::fs::copy(stage.world.path("tls.crt"), folder.join("cluster-ca.crt")).unwrap();
}

/// Asserts what the examples of one kind deployed.
fn assert_deployed(stage: &Stage, cluster: &Cluster, by: &str, subject: &str, message: &str) {
    let object = |key: &str| {
        let read = stage.emulator().call(&["s3", "cp", &format!("s3://releases/{key}"), "-"], ["test", "test", ""]);
        String::from_utf8(read.stdout).unwrap()
    };
    assert_eq!(object("index.html"), format!("by {by}"), "{message}");
    if peer("kubectl").is_some() {
        let made = cluster.made().into_iter().find(|(_, object)| object["metadata"]["name"] == format!("by-{by}"));
        assert_eq!(made.map(|(subject, _)| subject).as_deref(), Some(subject), "{message}");
    }
    if stage.has("terraform") {
        let state: serde_json::Value =
            serde_json::from_str(&object(&format!("state-{by}"))).unwrap_or_else(|_| panic!("{message}"));
        assert_eq!(state["resources"][0]["type"], "terraform_data", "{state}");
        assert!(!state.to_string().contains("tic-tac-toe"));
    }
}

/// The examples whose tool is installed.
fn tools(stage: &Stage) -> Vec<&'static str> {
    let all = [("aws-s3-sync", "aws"), ("terraform", "terraform"), ("kubectl", "kubectl")];
    all.into_iter().filter(|(_, tool)| stage.has(tool)).map(|(name, _)| name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_example_deploys() {
    let Some(stage) = Stage::start().await else { return };
    let cluster = Cluster::start(&stage.world).await;
    let machine = [
        ("DAYPASS_CA", stage.world.path("tls.crt").display().to_string()),
        ("HOME", stage.world.path("home").display().to_string()),
    ];
    let job = stage.world.issuer.job_environment("push");
    let variables: Vec<(&str, String)> = machine.into_iter().chain(job).collect();
    for tool in tools(&stage) {
        let folder = stage.world.path("by-shell");
        project(&stage, &cluster, &folder, "shell");
        copy(&root().join("deploy/shell"), &folder);
        put(&folder.join("deploy.sh"), stage.localized(&read(&format!("deploy/shell/examples/{tool}.sh"))).as_bytes());
        let done = stage.shell("sh", Path::new("deploy.sh"), &folder, &variables);
        assert!(
            done.status.success(),
            "{tool}: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
    assert_deployed(&stage, &cluster, "shell", "root/shop/deploy", "shell");
    for tool in tools(&stage) {
        let folder = stage.world.path("by-gitlab");
        project(&stage, &cluster, &folder, "gitlab");
        let done = gitlab::run_example(&stage, &read(&format!("deploy/gitlab-ci/examples/{tool}.gitlab-ci.yml")), &folder);
        assert!(
            done.status.success(),
            "{tool}: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
    assert_deployed(&stage, &cluster, "gitlab", "root/shop/gitlab", "gitlab");
    let (Some(act), Some(_)) = (peer("act"), peer("node")) else { return };
    let mut logs = String::new();
    for tool in tools(&stage) {
        project(&stage, &cluster, &stage.world.path("shop"), "github");
        let (log, good) = stage.act(&act, &stage.localized(&read(&format!("deploy/github-action/examples/{tool}.yml")))).await;
        assert!(good, "{tool}: {log}");
        logs.push_str(&log);
    }
    assert_deployed(&stage, &cluster, "github", "root/shop/deploy", &logs);
}

//! kubectl, unmodified, with `daypass credential kubernetes` as its exec plugin, against a stand-in for the API server.

use crate::helpers::{AUDIENCE, check_denial, texts};
use crate::relying_party::RelyingParty;
use crate::support::{Setup, World, peer};

fn kubeconfig(world: &World, cluster: &RelyingParty, version: &str) -> String {
    let here = world.folder.path().display();
    format!(
        "apiVersion: v1
kind: Config
clusters: [{{ name: c, cluster: {{ server: \"{}\", certificate-authority: {here}/tls.crt }} }}]
contexts: [{{ name: c, context: {{ cluster: c, user: job }} }}]
current-context: c
users:
  - name: job
    user:
      exec:
        apiVersion: {version}
        command: {}
        args: [credential, kubernetes, --audience, \"{AUDIENCE}\"]
        interactiveMode: Never
",
        cluster.url,
        env!("CARGO_BIN_EXE_daypass")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_sends_a_cluster_a_token_of_our_issuer_in_both_versions() {
    let Some(kubectl) = peer("kubectl") else { return };
    let world = World::start(Setup::default()).await;
    let cluster = RelyingParty::start(&world, AUDIENCE).await;
    let run = async |run: &str, version: &str| {
        std::fs::write(world.path("kubeconfig"), kubeconfig(&world, &cluster, version)).unwrap();
        let mut command = tokio::process::Command::new(&kubectl);
        command.args(["get", "--raw", "/version"]).env("KUBECONFIG", world.path("kubeconfig")).env("HOME", world.folder.path());
        command.env("DAYPASS_SERVER", world.url("")).env("DAYPASS_CA", world.path("tls.crt"));
        command.envs(world.issuer.job_environment(run)).output().await.unwrap()
    };
    for (number, version) in ["v1", "v1beta1"].into_iter().enumerate() {
        let (out, fault) = texts(&run("push", &format!("client.authentication.k8s.io/{version}")).await);
        assert!(out.contains("stand-in") && out.contains("root/shop/deploy"), "{version}: {out}{fault}");
        assert_eq!((cluster.seen().len(), &cluster.seen()[number]["sub"]), (number + 1, &"root/shop/deploy".into()));
    }
    let denied = run("pull", "client.authentication.k8s.io/v1").await;
    let (_, fault) = texts(&denied);
    check_denial(&world, &fault);
    assert!(!denied.status.success(), "{fault}");
    println!("kubectl: {fault}");
}

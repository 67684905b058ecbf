//! What protects a job's secrets and token: masks in its log, the environment of its command, and the check of the token's server.

use crate::helpers::texts;
use crate::support::{Setup, World, peer, write_private};
use daypass::secrets::{encrypt, encrypt_document};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;

const GITHUB: (&str, &str) = ("GITHUB_ACTIONS", "true");

fn masks(stderr: &str) -> Vec<&str> {
    stderr.lines().filter_map(|line| line.strip_prefix("::add-mask::")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_prints_a_secret_masks_it_on_github_and_leaves_standard_output_alone() {
    let world = World::start(Setup::default()).await;
    let recipients = std::slice::from_ref(&world.recipient);
    let document = b"db:\n  password: tic-tac\n  port: 5432\n";
    let path = SecretPath::parse("db.yaml").unwrap();
    let sops = encrypt_document(&path, document, recipients, UnixTime::from_seconds(1_800_000_000)).unwrap();
    let broken = encrypt(b"first%\rsecond", recipients, true).unwrap();
    world.commit_and_wait(&[("secrets/shop/db.yaml", &sops), ("secrets/shop/cr.age", &broken)]).await;
    let run = async |arguments: &[&str]| texts(&world.job("push", arguments, &[GITHUB]).await);

    let (out, stderr) = run(&["secret", "get", "shop/password.age"]).await;
    assert_eq!((out.as_str(), &masks(&stderr)[..]), ("hunter2", &["hunter2"][..]), "{stderr}");
    let (out, stderr) = run(&["secret", "get", "shop/db.yaml"]).await;
    assert_eq!(out.as_bytes(), document);
    assert!(masks(&stderr).contains(&"tic-tac") && masks(&stderr).contains(&"5432"), "{stderr}");
    let (out, stderr) = run(&["--output", "json", "secret", "get", "shop/db.yaml"]).await;
    assert!(out.starts_with('{') && masks(&stderr).contains(&"tic-tac"), "{out}{stderr}");
    let (out, stderr) = run(&["secret", "get", "shop/cr.age"]).await;
    assert_eq!(
        (out.as_str(), &masks(&stderr)[..]),
        ("first%\rsecond", &["first%25%0Dsecond", "first%25", "second"][..]),
        "{stderr}"
    );
    let (out, stderr) = run(&["exec", "--env", "DB=shop/db.yaml", "--", "sh", "-c", "printf %s \"$DB\""]).await;
    assert_eq!(out.as_bytes(), document);
    assert!(masks(&stderr).contains(&"tic-tac"), "{stderr}");
    let (out, stderr) = run(&["credential", "kubernetes", "--audience", "https://partner.example"]).await;
    let token: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(masks(&stderr), [token["status"]["token"].as_str().unwrap()]);
    let (_, stderr) = texts(&world.job("push", &["secret", "get", "shop/password.age"], &[]).await);
    assert_eq!(stderr, "", "outside of GitHub no mask is printed");
}

#[tokio::test(flavor = "multi_thread")]
async fn credential_gcp_prints_no_mask_because_googles_libraries_read_both_streams() {
    let world = World::start(Setup::default()).await;
    let script = "\"$DAYPASS\" credential gcp --audience https://partner.example 2>&1";
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", script]).env("DAYPASS", env!("CARGO_BIN_EXE_daypass")).env("DAYPASS_SERVER", world.url(""));
    command.env("DAYPASS_CA", world.path("tls.crt")).env("GITHUB_ACTIONS", "true").env_remove("DAYPASS_TOKEN");
    let (out, _) = texts(&command.envs(world.issuer.job_environment("push")).output().await.unwrap());
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|fault| panic!("{fault}: {out}"));
    assert_eq!(answer["success"], true);
}

/// The variables in which CIs put a token, or a credential to ask for one.
const TOKENS: [(&str, &str); 6] = [
    ("TFC_WORKLOAD_IDENTITY_TOKEN", "t1"),
    ("SPACELIFT_OIDC_TOKEN", "t2"),
    ("BITBUCKET_STEP_OIDC_TOKEN", "t3"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t4"),
    ("SYSTEM_ACCESSTOKEN", "t5"),
    ("CF_OIDC_REQUEST_TOKEN", "t6"),
];

#[tokio::test(flavor = "multi_thread")]
async fn exec_takes_the_token_of_every_ci_out_of_the_commands_environment() {
    let world = World::start(Setup::default()).await;
    let mut environment = TOKENS.to_vec();
    let token = world.token();
    environment.push(("DAYPASS_TOKEN", &token));
    let names = environment.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|");
    let script = format!("env | grep -E '^({names})=' | cut -d= -f1 | sort | tr '\\n' ' '");
    let run = async |flags: &[&str]| {
        let arguments = [&["exec", "--env", "X=shop/password.age"], flags, &["--", "sh", "-c", &script]].concat();
        texts(&world.job("push", &arguments, &environment).await)
    };
    let (left, stderr) = run(&[]).await;
    assert_eq!(left.trim(), "", "{stderr}");
    let (left, _) = run(&["--keep-token"]).await;
    assert_eq!(left.split_whitespace().count(), environment.len(), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_fixed_audience_is_sent_to_its_own_server_alone() {
    let (own, other) = (World::start(Setup::default()).await, World::start(Setup::default()).await);
    let authorities = [own.path("tls.crt"), other.path("tls.crt")].map(|path| std::fs::read_to_string(path).unwrap()).concat();
    std::fs::write(own.path("both.crt"), authorities).unwrap();
    let (token, ca) = (own.lasting_token(), own.path("both.crt").display().to_string());
    let given = [("DAYPASS_TOKEN", token.as_str()), ("DAYPASS_CA", ca.as_str())];
    let refusals = |world: &World| world.audit().into_iter().filter(|entry| entry.kind == "refused").count();
    let elsewhere = other.url("");

    let output = own.job("push", &["secret", "get", "--server", &elsewhere, "shop/password.age"], &given).await;
    let (_, stderr) = texts(&output);
    assert!(output.status.code() == Some(78) && stderr.contains("was not sent to"), "{:?} {stderr}", output.status);
    assert!(stderr.contains(&own.url("")) && stderr.contains(&elsewhere) && stderr.contains("DAYPASS_AUDIENCE"), "{stderr}");
    let own_url = own.url("");
    let named = [&given[..], &[("DAYPASS_AUDIENCE", own_url.as_str())]].concat();
    for arguments in [
        &["exec", "--server", &elsewhere, "--env", "X=shop/password.age", "--", "true"][..],
        &["whoami", "--server", &elsewhere],
        &["credential", "kubernetes", "--server", &elsewhere, "--audience", "https://partner.example"],
    ] {
        let (_, stderr) = texts(&own.job("push", arguments, &named).await);
        assert!(stderr.contains("was not sent to"), "{arguments:?}: {stderr}");
    }
    if let Some(age) = peer("age") {
        let identity = own.job("push", &["secret", "plugin-identity", "--server", &elsewhere], &given).await;
        write_private(&own.path("identity.txt"), &identity.stdout);
        std::fs::create_dir(own.path("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_daypass"), own.path("bin/age-plugin-daypass")).unwrap();
        let path = daypass::client::environment::Environment::of_process().value("PATH").unwrap_or_default().to_owned();
        let mut command = tokio::process::Command::new(age);
        command.args(["--decrypt", "-i", "identity.txt", "access/secrets/shop/password.age"]).current_dir(own.folder.path());
        command.env("PATH", format!("{}:{path}", own.path("bin").display())).env("DAYPASS_SERVER", own.url("")).envs(named);
        let (_, stderr) = texts(&command.output().await.unwrap());
        assert!(stderr.contains("was not sent to"), "{stderr}");
    }
    assert_eq!(refusals(&other), 0, "the other server saw the token");
    let (out, stderr) = texts(&own.job("push", &["secret", "get", "shop/password.age"], &given).await);
    assert_eq!(out, "hunter2", "{stderr}");
}

/// Starts a server with this certificate. Returns what a job prints.
async fn stderr_of_job(parts: (rcgen::CertificateParams, rcgen::KeyPair), trusted: bool) -> String {
    let certificate = parts.0.self_signed(&parts.1).unwrap();
    let (pem, key) = (certificate.pem(), parts.1.serialize_pem());
    let files = vec![("tls.crt", pem.clone().into_bytes()), ("tls.key", key.into_bytes())];
    let world = World::start_unready(Setup { files, ..Setup::default() }).await;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    std::fs::write(world.path("ca.crt"), if trusted { pem } else { other }).unwrap();
    let ca = world.path("ca.crt").display().to_string();
    let output = world.job("push", &["secret", "get", "--ca", &ca, "shop/password.age"], &[]).await;
    let (_, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(78), "{stderr}");
    println!("{stderr}");
    stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_certificate_is_explained() {
    let parts_for = |name: &str, change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut parameters);
        (parameters, rcgen::KeyPair::generate().unwrap())
    };
    let authority = |parameters: &mut rcgen::CertificateParams| {
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    let printed = stderr_of_job(parts_for("localhost", &authority), true).await;
    assert!(
        printed.contains("is an authority's own") && printed.contains("CA:FALSE") && !printed.contains("OtherError"),
        "{printed}"
    );
    let old = |parameters: &mut rcgen::CertificateParams| parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    assert!(stderr_of_job(parts_for("localhost", &old), true).await.contains("has expired"));
    assert!(stderr_of_job(parts_for("elsewhere.example", &|_| {}), true).await.contains("is for another name"));
    let printed = stderr_of_job(parts_for("localhost", &|_| {}), false).await;
    assert!(printed.contains("--ca (DAYPASS_CA)") && printed.contains("signed by"), "{printed}");
}

//! What `doctor` finds: for the operator on the server's machine, and for a job.

use crate::beliefs::{certificate_until, certificate_with};
use crate::sources;
use crate::support::{Setup, World, git, until, write_private};
use daypass::secrets::{Identities, encrypt};
use daypass::words::Clock;
use serde_json::{Value, json};
use std::process::Command;

pub async fn findings(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, Value, String) {
    let output = world.job("push", &[arguments, &["--output", "json"]].concat(), environment).await;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), stderr)
}

/// The findings of a level, as `check: says`.
pub fn wrong(report: &Value, level: &str) -> Vec<String> {
    let all = report["findings"].as_array().unwrap_or_else(|| panic!("{report}")).iter();
    let wrong = all.filter(|finding| finding["level"] == level);
    wrong
        .map(|finding| {
            assert!(level == "ok" || finding["do"].as_str().is_some_and(|advice| !advice.is_empty()), "{finding}");
            format!("{}: {}", finding["check"].as_str().unwrap(), finding["says"].as_str().unwrap())
        })
        .collect()
}

pub async fn of_server(world: &World) -> (i32, Value) {
    let (status, report, stderr) = findings(world, &["doctor", "--config", "daypass.yaml"], &[]).await;
    assert_eq!(stderr, "");
    (status, report)
}

pub fn has(found: &[String], parts: &[&str]) {
    assert!(found.iter().any(|finding| parts.iter().all(|part| finding.contains(part))), "{parts:?} in {found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_server_has_nothing_wrong() {
    let world = World::start(Setup::default()).await;
    let (status, report) = of_server(&world).await;
    assert_eq!((status, &report["errors"]), (0, &json!(0)), "{report:#}");
    let ok = wrong(&report, "ok");
    for parts in [
        &["configuration"][..],
        &["certificate", "counts until"],
        &["key_encryption", "opens"],
        &["data", "audit log opens"],
        &["repository", "refs/heads/main"],
        &["policies", "1 load"],
        &["secrets", "1 document open"],
        &["issuer github", "can be read"],
        &["server", "it runs, with 1 policy"],
    ] {
        has(&ok, parts);
    }
    let text = world.job("push", &["doctor", "--config", "daypass.yaml"], &[]).await;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("ok       certificate") && text.ends_with("0 errors, 0 warnings\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_outside_its_time_is_found_once_with_fitting_advice() {
    let mut world = World::start(Setup::default()).await;
    let soon = daypass::words::SystemClock.now().plus(std::time::Duration::from_secs(3 * 86_400)).to_string();
    let soon = (soon[..4].parse().unwrap(), soon[5..7].parse().unwrap(), soon[8..10].parse().unwrap());
    for (from, until, level, expected, advice) in [
        (2020, (2021, 1, 1), "error", "ended at 2021-01-01", "renew it"),
        (2090, (2100, 1, 1), "error", "counts only from 2090-01-01", "correct this machine's clock"),
        (2020, soon, "warning", "and nobody has renewed it yet", "renew it"),
    ] {
        certificate_with(&world, "localhost", |parameters| {
            let (year, month, day) = until;
            parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
            parameters.not_after = rcgen::date_time_ymd(year, month, day);
        });
        world.kill_and_restart().await;
        let (_, report) = of_server(&world).await;
        let all = report["findings"].as_array().unwrap().iter();
        let found: Vec<&Value> = all.filter(|finding| finding["says"].as_str().unwrap().contains(expected)).collect();
        let [found] = found[..] else { panic!("{expected}: {report:#}") };
        assert_eq!((&found["check"], &found["level"]), (&json!("certificate"), &json!(level)), "{report:#}");
        assert!(found["do"].as_str().unwrap().starts_with(advice), "{report:#}");
        has(&wrong(&report, "ok"), &["server", "it runs"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_found_with_advice() {
    let issuers = "  - { name: gone, mapping: gitlab, issuer: \"https://gitlab.example\", audiences: [\"https://daypass.example\"], jwks: { file: gone.json } }\n";
    let mut world = World::start(Setup { issuers: issuers.to_owned(), ..Setup::default() }).await;
    let (_, stranger) = Identities::generate();
    let foreign = encrypt(b"x", std::slice::from_ref(&stranger), true).unwrap();
    let unavailable = b"issuer: github\nmatch: { repository: acme/shop@456789, event: push, ref: refs/heads/main }\ngrant:\n  gcp: { service_account: a@acme-prod.iam.gserviceaccount.com }\n";
    let files: [(&str, &[u8]); 3] = [
        ("secrets/shop/foreign.age", &foreign),
        ("policies/bad.yaml", b"issuer: nobody\n"),
        ("policies/google.yaml", unavailable),
    ];
    world.commit_and_wait(&files).await;
    certificate_until(&world, 2021);
    world.kill_and_restart().await;
    let (status, report) = of_server(&world).await;
    assert_eq!(status, 78, "{report:#}");
    let errors = wrong(&report, "error");
    has(&errors, &["certificate", "ended at 2021-01-01"]);
    has(&errors, &["policies", "policies/bad.yaml:1"]);
    has(&errors, &["secrets", "secrets/shop/foreign.age"]);
    has(&errors, &["issuer gone", "gone.json"]);
    has(&errors, &["policies", "policies/google.yaml:4: the configuration has no provider `gcp`"]);
    assert_eq!(errors.iter().filter(|error| error.contains("ended at 2021-01-01")).count(), 1, "{errors:#?}");

    world.stop();
    let access = world.path("access");
    git(&access, &["branch", "--move", "main", "master"]);
    std::fs::remove_file(world.path("root.key")).unwrap();
    let (status, report) = of_server(&world).await;
    assert_eq!(status, 78);
    has(&wrong(&report, "error"), &["configuration", "root.key"]);
    write_private(&world.path("root.key"), b"no key\n");
    let (_, report) = of_server(&world).await;
    let errors = wrong(&report, "error");
    has(&errors, &["key_encryption"]);
    has(&errors, &["age_identities"]);
    has(&errors, &["repository", "refs/heads/main"]);
    assert!(report.to_string().contains("there are refs/heads/master"), "{report:#}");
    assert!(report.to_string().contains("no server answers on this machine"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_source_is_reported_as_the_server_follows_it() {
    let (world, team, _) = sources::world().await;
    sources::define(&world, team.path(), sources::TEAM).await;
    sources::live(&world, team.path()).await;
    let (_, report) = of_server(&world).await;
    let head = git(team.path(), &["rev-parse", "HEAD"]);
    has(&wrong(&report, "ok"), &["source root: it is followed"]);
    has(&wrong(&report, "ok"), &["source team-a: it is followed", &head]);

    git(team.path(), &["branch", "--move", "main", "master"]);
    world.until("the alarm", |ready| ready["sources"]["team-a"]["alarm"].is_string()).await;
    let (status, report) = of_server(&world).await;
    assert_eq!(status, 78, "{report:#}");
    has(&wrong(&report, "error"), &["source team-a: ", "refs/heads/main"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_learns_what_it_lacks() {
    let world = World::start(Setup::default()).await;
    let other = rcgen::generate_simple_self_signed(["other.example".to_owned()]).unwrap();
    std::fs::write(world.path("other.crt"), other.cert.pem()).unwrap();
    let client = async |environment: &[(&str, &str)]| findings(&world, &["doctor", "--client"], environment).await;
    let (status, report, stderr) = client(&[]).await;
    assert_eq!((status, stderr.as_str()), (0, ""), "{report:#}");
    let ok = wrong(&report, "ok");
    for parts in [
        &["token", "ACTIONS_ID_TOKEN_REQUEST_URL"][..],
        &["server", "is trusted"],
        &["clock", "agrees"],
        &["identity", "github: acme/shop@456789"],
    ] {
        has(&ok, parts);
    }
    for (environment, parts) in [
        (&[("DAYPASS_SERVER", "https://127.0.0.1:1")][..], &["server", "is not there"][..]),
        (&[("DAYPASS_SERVER", "")], &["job", "name the server"]),
        (&[("DAYPASS_CA", "daypass.yaml")], &["job"]),
        (&[("DAYPASS_CA", "other.crt")], &["certificate", "not trusted"]),
        (&[("DAYPASS_AUDIENCE", "https://other.example")], &["identity", "audience_mismatch"]),
        (&[("DAYPASS_TOKEN", "no.token.atall"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "")], &["token"]),
    ] {
        let (status, report, stderr) = client(environment).await;
        assert_eq!(status, 78, "{environment:?}: {report:#} {stderr}");
        has(&wrong(&report, "error"), parts);
    }
    // The text output has one line for a finding, also if the failure has a hint and a decision.
    let output = world.job("push", &["doctor", "--client"], &[("DAYPASS_AUDIENCE", "https://other.example")]).await;
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("; hint: ") && !printed.contains("\\u{"), "{printed}");
    let output = world.job("push", &["doctor"], &[]).await;
    assert_eq!(output.status.code(), Some(64), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A server that does not answer, another server's identity, files that anybody may replace, and a key as the configuration.
#[tokio::test(flavor = "multi_thread")]
async fn readable_but_wrong_files_are_found() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::start(Setup::default()).await;
    let pid = world.server.id().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    signal("-STOP");
    let (status, report) = of_server(&world).await;
    signal("-CONT");
    assert_eq!(status, 78, "{report:#}");
    has(&wrong(&report, "error"), &["server", "does not answer"]);

    world.stop();
    let (other, _) = Identities::generate();
    let own = std::fs::read(world.path("root.key")).unwrap();
    write_private(&world.path("root.key"), other.expose());
    let (status, report) = of_server(&world).await;
    assert_eq!(status, 78, "{report:#}");
    has(&wrong(&report, "error"), &["key_encryption", "does not open", "of the server's own"]);
    write_private(&world.path("root.key"), &own);

    let open = |mode| std::fs::set_permissions(world.path(""), std::fs::Permissions::from_mode(mode)).unwrap();
    open(0o777);
    let (status, report) = of_server(&world).await;
    open(0o755);
    assert_eq!(status, 78, "{report:#}");
    has(&wrong(&report, "error"), &["configuration", "everybody on this machine"]);

    std::fs::copy(world.path("root.key"), world.path("wrong.yaml")).unwrap();
    let output = world.job("push", &["doctor", "--config", "wrong.yaml"], &[]).await;
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(printed.contains("no configuration of daypass") && !printed.contains("AGE-SECRET-KEY"), "{printed}");
    let output = world.job("push", &["serve", "--config", "wrong.yaml"], &[]).await;
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(printed.contains("no configuration of daypass") && !printed.contains("AGE-SECRET-KEY"), "{printed}");
}

/// A client on another machine learns from the admin address whether the server is ready, and no file, commit or issuer.
#[tokio::test(flavor = "multi_thread")]
async fn beyond_loopback_readyz_says_yes_or_no_and_nothing_else() {
    let mut world = World::start(Setup::default()).await;
    world.stop();
    let text = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    // The server does not take this address for loopback, and still no other machine reaches it.
    let mapped =
        text.replace(&format!("127.0.0.1:{}", world.admin_port), &format!("\"[::ffff:127.0.0.1]:{}\"", world.admin_port));
    assert_ne!(mapped, text);
    std::fs::write(world.path("daypass.yaml"), mapped).unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let mut server = server.args(["serve", "--config", "daypass.yaml"]).current_dir(world.folder.path()).spawn().unwrap();
    until("the server answers", async || {
        assert!(server.try_wait().unwrap().is_none(), "it ended");
        std::net::TcpStream::connect(("127.0.0.1", world.admin_port)).is_ok()
    })
    .await;
    let ask = async |path: &str| {
        let response = world.http.get(format!("http://127.0.0.1:{}{path}", world.admin_port)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(ask("/readyz").await, (200, "yes\n".to_owned()));
    assert_eq!(ask("/healthz").await.0, 200);
    server.kill().unwrap();
    server.wait().unwrap();
}

/// `doctor --trust` reads who else may assume a role from exported files, and asks no cloud.
#[tokio::test(flavor = "multi_thread")]
async fn who_else_may_assume_a_role_is_read_from_exports() {
    let policy = "owners: [team-shop]\nissuer: github\nmatch: { repository: acme/shop@456789, ref: refs/heads/main, event: push }\ngrant:\n  aws: [ { role: \"arn:aws:iam::111122223333:role/shop-deploy\", ttl: 30m } ]\n";
    let aws = "aws: { mode: web-identity, regions: [eu-west-1] }\n".to_owned();
    let setup = Setup { policies: vec![("shop/deploy", policy.to_owned())], aws, ..Setup::default() };
    let world = World::start(setup).await;
    let github = json!({ "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": { "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" },
        "Condition": { "StringLike": { "token.actions.githubusercontent.com:sub": "repo:acme/shop:*" } } });
    let role = json!({ "Role": { "RoleName": "shop-deploy", "Arn": "arn:aws:iam::111122223333:role/shop-deploy",
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [github] } } });
    std::fs::write(world.path("role.json"), role.to_string()).unwrap();
    let trust = ["doctor", "--trust", "--config", "daypass.yaml"];
    let (status, report, stderr) = findings(&world, &[&trust[..], &["role.json"]].concat(), &[]).await;
    assert_eq!((status, stderr.as_str()), (78, ""), "{report:#}");
    has(
        &wrong(&report, "warning"),
        &["role arn:aws:iam::111122223333:role/shop-deploy", "GitHub Actions directly", "repo:acme/shop:*"],
    );
    has(&wrong(&report, "error"), &["does not let daypass in for root/shop/deploy"]);
    assert_eq!(report["findings"][0]["way"], "missing");

    // With the trust policy that `bootstrap` prints, daypass is the only way in.
    let printed = world.job("push", &["aws", "bootstrap", "--config", "daypass.yaml"], &[]).await;
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let mut mended = role.clone();
    mended["Role"]["AssumeRolePolicyDocument"] = printed["arn:aws:iam::111122223333:role/shop-deploy"].clone();
    std::fs::write(world.path("role.json"), mended.to_string()).unwrap();
    let (status, report, _) = findings(&world, &[&trust[..], &["x=role.json"]].concat(), &[]).await;
    assert_eq!((status, &report["warnings"]), (0, &json!(0)), "{report:#}");
    has(&wrong(&report, "ok"), &["daypass, for exactly root/shop/deploy"]);

    let cut = mended.to_string();
    std::fs::write(world.path("role.json"), &cut[..cut.len() - 9]).unwrap();
    let output = world.job("push", &[&trust[..], &["role.json"]].concat(), &[]).await;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{stderr}");
    assert!(stderr.contains("role.json") && stderr.contains("was it cut?"), "{stderr}");
    let output = world.job("push", &[&trust[..], &["no\u{1b}[2Jsuch.json"]].concat(), &[]).await;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(64) && stderr.contains("no\\u{1b}[2Jsuch.json"), "{stderr:?}");
    assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
    let output = world.job("push", &trust, &[]).await;
    assert_eq!(output.status.code(), Some(64));
}

//! The rendered configuration: the server's own reader reads it, and the pod's own command starts a server with it.

use super::{OVERLAYS, chart, kustomize, named, settings};
use crate::support::{START_MAX, Setup, World, free_port, write_private};
use daypass::config::Config;
use serde_json::{Value, json};
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Replaces each folder that the pod mounts by one of this test.
fn moved(value: &mut Value, folder: &Path) {
    match value {
        Value::String(text) if text.starts_with("/etc/daypass") || text.starts_with("/var/lib/daypass") => {
            *text = folder.join(text.trim_start_matches('/')).display().to_string();
        }
        Value::Object(members) => members.values_mut().for_each(|value| moved(value, folder)),
        Value::Array(items) => items.iter_mut().for_each(|value| moved(value, folder)),
        _ => {}
    }
}

/// Writes the files that the pod has: ConfigMaps as they are rendered, and the world's files in the place of Secrets.
fn mounted(folder: &Path, objects: &[Value], world: &World) {
    for mount in
        named(objects, "StatefulSet", "daypass")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"].as_array().unwrap()
    {
        std::fs::create_dir_all(folder.join(mount["mountPath"].as_str().unwrap().trim_start_matches('/'))).unwrap();
    }
    let copy = |from: &str, to: &str| write_private(&folder.join(to), &std::fs::read(world.path(from)).unwrap());
    copy("root.key", "etc/daypass-keys/root.key");
    copy("root.key", "etc/daypass-keys/age.key");
    copy("tls.crt", "etc/daypass-tls/tls.crt");
    copy("tls.key", "etc/daypass-tls/tls.key");
    copy("tls.crt", "etc/daypass-cluster/ca.crt");
    write_private(&folder.join("etc/daypass-keys/git-token"), b"token");
    for (name, text) in named(objects, "ConfigMap", "daypass")["data"].as_object().unwrap() {
        std::fs::write(folder.join("etc/daypass").join(name), text.as_str().unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_reads_every_rendered_configuration() {
    let world = World::start(Setup::default()).await;
    let mut all = Vec::new();
    for overlay in OVERLAYS {
        let Some(objects) = kustomize(overlay) else { return };
        all.push((overlay, objects));
    }
    let Some(objects) = chart(&[]) else { return };
    all.push(("chart", objects));
    for (name, objects) in all {
        let folder = tempfile::tempdir().unwrap();
        mounted(folder.path(), &objects, &world);
        let mut configuration = settings(&objects);
        moved(&mut configuration, folder.path());
        let file = folder.path().join("etc/daypass/daypass.yaml");
        std::fs::write(&file, configuration.to_string()).unwrap();
        let joined = |faults: Vec<daypass::words::yaml::Fault>| faults.iter().map(ToString::to_string).collect::<String>();
        let config = Config::load(&file, None).map_err(joined).unwrap_or_else(|message| panic!("{name}: {message}"));
        assert!(config.root.signers.is_some() && config.admission.is_some(), "{name}");
    }
}

/// An address of this machine that is not loopback, if it has one. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_loopback())
}

struct Pod(Child);

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pods_own_command_starts_a_server_whose_probes_answer() {
    let world = World::start(Setup::default()).await;
    let Some(objects) = kustomize("overlays/production") else { return };
    let container = &named(&objects, "StatefulSet", "daypass")["spec"]["template"]["spec"]["containers"][0];
    let own = own_address();
    if own.is_none() {
        println!("passed over: this machine has no address but loopback, where /readyz tells everything");
    }
    let address = own.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    let folder = tempfile::tempdir().unwrap();
    mounted(folder.path(), &objects, &world);
    let admin = free_port();
    let mut configuration = settings(&objects);
    moved(&mut configuration, folder.path());
    configuration["listen"] = format!("127.0.0.1:{}", free_port()).into();
    configuration["admin_listen"] = format!("127.0.0.1:{admin}").into();
    configuration["admission"]["listen"] = format!("127.0.0.1:{}", free_port()).into();
    // The world's repository has no signatures and no password, and its issuer is on this machine.
    configuration["root"] = json!({ "git": world.path("access"), "ref": "refs/heads/main", "age_identities": configuration["root"]["age_identities"] });
    configuration["issuers"][0]["issuer"] = world.issuer.url().into();
    configuration["issuers"][0]["addresses"] = json!(["127.0.0.0/8"]);
    std::fs::write(folder.path().join("etc/daypass/daypass.yaml"), configuration.to_string()).unwrap();

    let words =
        |list: &str| container[list].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(words("command"), ["daypass", "serve"]);
    let arguments = words("args").into_iter().map(|word| match &*word {
        "$(POD_IP)" => address.to_string(),
        "/etc/daypass/daypass.yaml" => folder.path().join("etc/daypass/daypass.yaml").display().to_string(),
        _ => word,
    });
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.arg("serve").args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let mut pod = Pod(command.spawn().unwrap());
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap();

    let ask = |path: String| world.http.get(format!("http://{address}:{admin}{path}")).send();
    let path = |probe: &str| container[probe]["httpGet"]["path"].as_str().unwrap().to_owned();
    let started = Instant::now();
    while !ask(path("readinessProbe")).await.is_ok_and(|answer| answer.status().as_u16() == 200) {
        assert!(pod.0.try_wait().unwrap().is_none() && started.elapsed() < START_MAX, "{}", log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for probe in ["startupProbe", "livenessProbe"] {
        assert_eq!(ask(path(probe)).await.unwrap().status().as_u16(), 200, "{probe}");
    }
    let body = ask("/readyz".to_owned()).await.unwrap().text().await.unwrap();
    assert_eq!(body == "yes\n", own.is_some(), "{body}");
    let metrics = ask("/metrics".to_owned()).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("daypass_certificate_expiration_timestamp_seconds{listener=\"webhook\"}"), "{metrics}");
}

#[test]
fn the_admin_listener_is_never_put_on_all_addresses() {
    for (address, expected) in [
        ("0.0.0.0", "give it an address that only operators reach"),
        ("::", "give it an address that only operators reach"),
        ("10.0.0.7:9443", "expected an IP address such as 10.0.0.7, without a port"),
        ("", "expected an IP address such as 10.0.0.7, without a port"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
        let output = command.args(["serve", "--config", "/nonexistent", "--admin-address", address]).output().unwrap();
        assert!(!output.status.success() && super::text_of(&output).contains(expected), "{address}: {}", super::text_of(&output));
    }
}

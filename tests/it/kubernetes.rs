//! Injection: the webhook over real TLS, and, in `make test-kubernetes`, with a real API server and its own tokens.

mod cluster;

use crate::support::{DEPLOY, START_MAX, Setup, World, free_port, peer, write_private};
use cluster::Cluster;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const IMAGE: &str = "registry.example/daypass@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const POLICY: &str = "issuer: cluster\nmatch: { namespace: shop, service_account: web }\ngrant: { secrets: [shop/**] }\n";
/// The client certificate with which an API server connects to the webhook.
const CLIENT: [&str; 2] = ["apiserver-client.crt", "apiserver-client.key"];

/// A server whose webhook listens on `admission`, and which trusts the tokens of an API server.
struct Server {
    world: World,
    admission: u16,
}

impl Server {
    async fn start(apiserver: u16, with_client_ca: bool) -> Self {
        let admission = free_port();
        let client = rcgen::generate_simple_self_signed(["kube-apiserver".to_owned()]).unwrap();
        let apis = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let pem = |generated: &rcgen::CertifiedKey<rcgen::KeyPair>| {
            (generated.cert.pem().into_bytes(), generated.signing_key.serialize_pem().into_bytes())
        };
        let ((certificate, key), (api_certificate, api_key)) = (pem(&client), pem(&apis));
        let client_ca = if with_client_ca { "\n  client_ca: apiserver-client.crt" } else { "" };
        let issuers = format!(
            "  - name: cluster
    mapping: kubernetes
    issuer: https://127.0.0.1:{apiserver}
    audiences: [\"https://daypass.example/cluster\"]
    jwks: {{ url: \"https://127.0.0.1:{apiserver}/openid/v1/jwks\", ca: apiserver/tls.crt }}
    addresses: [127.0.0.0/8]
"
        );
        let more = format!(
            "admission:
  listen: 127.0.0.1:{admission}
  tls: {{ certificate: tls.crt, key: tls.key }}{client_ca}
  image: {IMAGE}
  issuers: {{ cluster: {{ audience: https://daypass.example/cluster, expiration: 10m }} }}
"
        );
        let setup = Setup {
            policies: vec![("shop/deploy", DEPLOY.to_owned()), ("web", POLICY.to_owned())],
            issuers,
            more,
            files: vec![
                (CLIENT[0], certificate),
                (CLIENT[1], key),
                ("apiserver/tls.crt", api_certificate),
                ("apiserver/tls.key", api_key),
            ],
            ..Setup::default()
        };
        Self { world: World::start(setup).await, admission }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}/admission/inject", self.admission)
    }

    /// The webhook's answer to a direct request.
    async fn review(&self, pod: &Value) -> Value {
        let answer = self.world.http.post(self.url()).json(&review_of(pod)).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["response"].clone()
    }
}

fn pod(name: &str, annotations: &[(&str, &str)]) -> Value {
    let annotations = annotations.iter().map(|(key, value)| (format!("daypass.dev/{key}"), json!(value)));
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": "shop", "annotations": annotations.collect::<serde_json::Map<_, _>>() },
        "spec": {
            "serviceAccountName": "web", "automountServiceAccountToken": false,
            "initContainers": [{ "name": "migrate", "image": "shop/web:1" }],
            "containers": [{ "name": "web", "image": "shop/web:1", "securityContext": { "runAsUser": 1000 } }, { "name": "worker", "image": "shop/web:1" }],
        },
    })
}

const ASKS: [(&str, &str); 3] =
    [("inject", "true"), ("secret.db-password", "shop/password.age"), ("template.app.env", "DB={{ secrets['db-password'] }}")];

fn review_of(pod: &Value) -> Value {
    json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "1", "kind": { "group": "", "version": "v1", "kind": "Pod" }, "operation": "CREATE", "namespace": "shop", "object": pod } })
}

fn patched(pod: &Value, response: &Value) -> Value {
    use base64::Engine as _;
    assert_eq!(response["allowed"], true, "{response}");
    let patch = base64::engine::general_purpose::STANDARD.decode(response["patch"].as_str().unwrap()).unwrap();
    let mut after = pod.clone();
    let patch: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
    json_patch::patch(&mut after, &patch).unwrap();
    after
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_has_a_listener_of_its_own_and_may_ask_for_the_api_servers_certificate() {
    let open = Server::start(1, false).await;
    assert_eq!(open.review(&pod("web", &ASKS)).await["allowed"], true);
    let answer = open.world.http.get(format!("https://127.0.0.1:{}/.well-known/jwks.json", open.admission)).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 404, "nothing of the public API is there");
    let answer =
        open.world.http.post(open.world.url("/admission/inject")).json(&review_of(&pod("web", &ASKS))).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 404, "and the webhook is not on the public address");

    let closed = Server::start(1, true).await;
    let refused = closed.world.http.post(closed.url()).json(&review_of(&pod("web", &ASKS))).send().await;
    assert!(refused.is_err(), "without a certificate there is no connection: {refused:?}");
    let Some(curl) = peer("curl") else { return };
    std::fs::write(closed.world.path("review.json"), review_of(&pod("web", &ASKS)).to_string()).unwrap();
    let arguments = "--silent --cacert tls.crt --cert apiserver-client.crt --key apiserver-client.key --data @review.json -H content-type:application/json";
    let output =
        Command::new(curl).args(arguments.split(' ')).arg(closed.url()).current_dir(closed.world.folder.path()).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["response"]["allowed"], true, "{answer}");
}

/// No API server of 1.29 or newer is available here, so the native pod is validated against Kubernetes' own schemas. Every unknown field
/// is an error there.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kubernetes' schemas: make test-kubernetes"]
async fn an_injected_pod_fits_kubernetes_schemas() {
    let Some(python) = peer("python-kubernetes") else { return };
    let server = Server::start(1, false).await;
    let modes = [&[][..], &[("mode", "init")], &[("mode", "once")], &[("aws-role", "arn:aws:iam::123456789012:role/web")]];
    for mode in modes {
        let pod = pod("web", &[&ASKS[..], mode].concat());
        let after = patched(&pod, &server.review(&pod).await);
        let mut misspelt = after.clone();
        misspelt["spec"]["initContainers"][0]["restartPolice"] = "Always".into();
        for (pod, good) in [(after, true), (misspelt, false)] {
            std::fs::write(server.world.path("pod.json"), pod.to_string()).unwrap();
            for version in ["1.29.0", "1.33.0", "1.37.0"] {
                let script = "import json,sys,kubernetes_validate as k; k.validate(json.load(open(sys.argv[1])), sys.argv[2], strict=True)";
                let output =
                    Command::new(&python).args(["-c", script]).arg(server.world.path("pod.json")).arg(version).output().unwrap();
                assert_eq!(output.status.success(), good, "{version} {mode:?}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an API server: make test-kubernetes"]
async fn a_real_api_server_injects_into_pods_and_shows_our_refusals() {
    let (server, cluster) = start_both().await;
    register(&server, &cluster);
    let mode = if cluster.is_native() { ("mode", "native") } else { ("mode", "init") };
    let asks = [&ASKS[..], &[mode]].concat();
    let created = cluster.create(&pod("web", &asks)).unwrap();
    let names = |list: &str| {
        created["spec"][list].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    if cluster.is_native() {
        assert_eq!(
            (names("initContainers"), names("containers")),
            (vec!["daypass".to_owned(), "migrate".to_owned()], vec!["web".to_owned(), "worker".to_owned()])
        );
        assert_eq!(created["spec"]["initContainers"][0]["restartPolicy"], "Always");
    } else {
        assert_eq!(names("initContainers"), ["daypass-init", "migrate"]);
        assert_eq!(names("containers"), ["web", "worker", "daypass"]);
    }
    let sidecar = &created["spec"]["initContainers"][0];
    assert_eq!((&sidecar["image"], &sidecar["securityContext"]["runAsNonRoot"]), (&json!(IMAGE), &json!(true)));
    let mount = json!({ "name": "daypass-files", "mountPath": "/run/daypass", "readOnly": true });
    for container in [&created["spec"]["containers"][0], &created["spec"]["containers"][1], &created["spec"]["initContainers"][1]]
    {
        assert!(container["volumeMounts"].as_array().unwrap().contains(&mount), "{container}");
    }

    // An injected pod, with everything that the API server added, is admitted unchanged.
    let mut again = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "again", "namespace": "shop" }, "spec": created["spec"] });
    again["metadata"]["annotations"] = created["metadata"]["annotations"].clone();
    assert_eq!(cluster.create(&again).unwrap()["spec"], created["spec"], "nothing was added");
    // A dry run is answered too, and leaves nothing behind.
    cluster.kubectl(&["create", "--dry-run=server", "-f", "-"], &pod("dry", &asks).to_string()).unwrap();
    assert!(cluster.kubectl(&["-n", "shop", "get", "pod", "dry"], "").is_err());

    for (annotation, expected) in [
        (("isuer", "eu"), "did you mean `daypass.dev/issuer`?"),
        (("secret.x", "../root.key"), "expected path/of/secret.yaml#/key"),
        (("issuer", "asia"), "one of: cluster"),
        (("aws-role", "shop-web"), "arn:aws:iam::ACCOUNT:role/NAME"),
    ] {
        let message = cluster.create(&pod("bad", &[&asks[..], &[annotation]].concat())).unwrap_err();
        assert!(
            message.contains("admission webhook \"inject.daypass.dev\" denied the request: daypass: ")
                && message.contains(expected),
            "{message}"
        );
        println!("kubectl says: {}", message.trim());
    }
    let mut forged = pod("forged", &asks);
    forged["spec"]["initContainers"] = json!([{ "name": sidecar["name"], "image": "evil:latest" }]);
    assert!(cluster.create(&forged).unwrap_err().contains("differs from the injected one"));
    let silent = cluster.create(&pod("silent", &[])).unwrap();
    assert_eq!(silent["spec"]["volumes"], Value::Null, "a pod that does not ask is left alone");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an API server: make test-kubernetes"]
async fn a_pods_own_bound_token_opens_its_secret() {
    let (server, cluster) = start_both().await;
    register(&server, &cluster);
    cluster.kubectl(&["apply", "-f", &deploy("base/discovery.yaml")], "").unwrap();
    let created = cluster.create(&pod("web", &[&ASKS[..], &[("mode", "once")]].concat())).unwrap();
    let volumes = created["spec"]["volumes"].as_array().unwrap();
    let projected = volumes.iter().find_map(|volume| volume.pointer("/projected/sources/0/serviceAccountToken")).unwrap();
    let (audience, seconds) = (projected["audience"].as_str().unwrap(), projected["expirationSeconds"].to_string() + "s");
    let bound = ["--bound-object-kind=Pod", "--bound-object-name=web"];
    let uid = format!("--bound-object-uid={}", created["metadata"]["uid"].as_str().unwrap());
    let token = |account: &str, audience: &str| {
        let request = ["-n", "shop", "create", "token", account, "--audience", audience, "--duration", &seconds];
        let bound: &[&str] = if account == "web" { &bound } else { &[] };
        let uid: &[&str] = if account == "web" { &[&uid] } else { &[] };
        cluster.kubectl(&[&request[..], bound, uid].concat(), "").unwrap().trim().to_owned()
    };
    let path = server.world.path("token");
    write_private(&path, token("web", audience).as_bytes());
    let file = path.to_str().unwrap();
    let output = server
        .world
        .job("push", &["secret", "get", "shop/password.age"], &[("DAYPASS_TOKEN_FILE", file), ("DAYPASS_AUDIENCE", audience)])
        .await;
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "hunter2", "{}", String::from_utf8_lossy(&output.stderr));

    // Runs the init container's own command and configuration, with this test's folders in the place of the pod's volumes.
    let fetch = &created["spec"]["initContainers"][0];
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut configuration: Value = serde_json::from_str(&fetch["env"][0]["value"].as_str().unwrap().replace("$$", "$")).unwrap();
    configuration["token_file"] = file.into();
    configuration["folder"] = memory.path().to_str().unwrap().into();
    configuration["ca"] = server.world.path("tls.crt").to_str().unwrap().into();
    let configuration = configuration.to_string();
    let words: Vec<&str> = fetch["command"].as_array().unwrap()[1..].iter().map(|word| word.as_str().unwrap()).collect();
    for command in [&words[..], &["sidecar", "--check"]] {
        let output = server.world.job("push", command, &[("DAYPASS_SIDECAR", &configuration)]).await;
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let delivered = |name: &str| std::fs::read_to_string(memory.path().join(name)).unwrap();
    assert_eq!((delivered("db-password").as_str(), delivered("app.env").as_str()), ("hunter2", "DB=hunter2"));

    let ask = |token: String| async { server.world.exchange(&{ token }, json!([{ "secret": "shop/password.age" }])).await };
    let (status, answer) = ask(token("web", audience)).await;
    assert_eq!((status, &answer["policy"]), (200, &json!("web")), "{answer}");
    let (status, answer) = ask(token("other", audience)).await;
    assert_eq!((status, &answer["code"]), (403, &json!("no_matching_policy")), "{answer}");
    let (status, answer) = ask(token("web", "https://other.example")).await;
    assert_eq!(status, 401, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an API server: make test-kubernetes"]
async fn an_api_server_accepts_our_manifests() {
    let port = free_port();
    let folder = tempfile::tempdir().unwrap();
    let client = rcgen::generate_simple_self_signed(["kube-apiserver".to_owned()]).unwrap();
    write_private(&folder.path().join(CLIENT[0]), client.cert.pem().as_bytes());
    write_private(&folder.path().join(CLIENT[1]), client.signing_key.serialize_pem().as_bytes());
    let cluster = Cluster::start(port, folder.path()).await;
    cluster.kubectl(&["apply", "-f", &deploy("base/namespace.yaml")], "").unwrap();
    let served = cluster.kubectl(&["api-versions"], "").unwrap();
    let chart = crate::clusters::chart(&["--kube-version", "1.29.0"]).unwrap();
    let sets = crate::clusters::OVERLAYS.map(|overlay| (overlay, crate::clusters::kustomize(overlay).unwrap()));
    for (name, mut objects) in sets.into_iter().chain([("chart", chart)]) {
        if !cluster.is_native() {
            // As the component before-1.30 does, which is checked at the end.
            let registration = objects.iter_mut().find(|object| object["kind"] == "MutatingWebhookConfiguration").unwrap();
            registration["webhooks"][0].as_object_mut().unwrap().remove("matchConditions");
        }
        let is_served = |object: &Value| served.lines().any(|version| version == object["apiVersion"]);
        let (served_here, left): (Vec<Value>, Vec<Value>) = objects.into_iter().partition(is_served);
        let kinds = |objects: &[Value]| {
            objects.iter().map(|object| format!("{}", object["kind"])).collect::<std::collections::BTreeSet<_>>()
        };
        println!("{name}: asked {:?}; this API server serves no {:?}", kinds(&served_here), kinds(&left));
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": served_here });
        let applied = cluster.kubectl(&["apply", "--dry-run=server", "-f", "-"], &list.to_string()).unwrap();
        for object in [
            "serviceaccount/daypass",
            "service/daypass-admission",
            "statefulset.apps/daypass",
            "networkpolicy.networking.k8s.io/daypass",
            "mutatingwebhookconfiguration.admissionregistration.k8s.io/daypass",
        ] {
            assert!(applied.contains(object), "{name}: {object} in\n{applied}");
        }
    }
    // The component for clusters before 1.30 removes what they do not know.
    let root = format!("../../{}", deploy("").trim_start_matches('/'));
    let place = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::write(
        place.path().join("kustomization.yaml"),
        format!("resources: [{root}operator-ca]\ncomponents: [{root}before-1.30]\n"),
    )
    .unwrap();
    let text = cluster.kubectl(&["kustomize", place.path().to_str().unwrap()], "").unwrap();
    assert!(text.contains("inject.daypass.dev") && !text.contains("matchConditions"), "{text}");
}

async fn start_both() -> (Server, Cluster) {
    let port = free_port();
    let server = Server::start(port, true).await;
    let cluster = Cluster::start(port, server.world.folder.path()).await;
    (server, cluster)
}

/// Registers the webhook as deploy/ does, but by its address on this machine.
fn register(server: &Server, cluster: &Cluster) {
    use base64::Engine as _;
    let text = std::fs::read_to_string(deploy("webhook/webhook.yaml")).unwrap();
    let mut registration: Value = serde_saphyr::from_str(&text).unwrap();
    let authority = base64::engine::general_purpose::STANDARD.encode(std::fs::read(server.world.path("tls.crt")).unwrap());
    let webhook = &mut registration["webhooks"][0];
    webhook["clientConfig"] = json!({ "url": server.url(), "caBundle": authority });
    if !cluster.is_native() {
        webhook.as_object_mut().unwrap().remove("matchConditions");
    }
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": { "daypass.dev/injection": "enabled" } } });
    cluster.kubectl(&["create", "-f", "-"], &namespace.to_string()).unwrap();
    for account in ["web", "other"] {
        cluster.kubectl(&["-n", "shop", "create", "serviceaccount", account], "").unwrap();
    }
    cluster.kubectl(&["create", "-f", "-"], &registration.to_string()).unwrap();
    // The API server reads registrations once a second.
    let started = std::time::Instant::now();
    while cluster.kubectl(&["create", "--dry-run=server", "-f", "-"], &pod("probe", &[("inject", "maybe")]).to_string()).is_ok() {
        assert!(started.elapsed() < START_MAX, "the webhook is not asked");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

fn deploy(name: &str) -> String {
    format!("{}/deploy/kubernetes/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A process of a peer. It ends with the test.
pub(crate) struct Running(std::process::Child);

impl Running {
    fn start(command: &mut Command, log: std::fs::File) -> Self {
        Self(command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

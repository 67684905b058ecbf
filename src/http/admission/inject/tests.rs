use super::super::tests::{pod, settings};
use super::*;
use serde_json::json;

mod property;

fn with(changes: &[(&str, Value)]) -> Value {
    let mut pod = pod();
    for (pointer, value) in changes {
        let (above, key) = pointer.rsplit_once('/').unwrap();
        pod.pointer_mut(above).unwrap()[key.replace("~1", "/")] = value.clone();
    }
    pod
}

fn injected(pod: &Value, settings: &SidecarSettings) -> Value {
    match inject(pod.clone(), settings) {
        Ok(injected) => injected.patch.pod().clone(),
        Err(refusal) => panic!("{}", refusal.message()),
    }
}

fn refused(changes: &[(&str, Value)]) -> String {
    match inject(with(changes), &settings()) {
        Err(refusal) => refusal.message(),
        Ok(injected) => panic!("let through: {}", injected.patch.pod()),
    }
}

fn configuration(container: &Value) -> Value {
    let text = container["env"][0]["value"].as_str().unwrap();
    assert_eq!(container["env"][0]["name"], "DAYPASS_SIDECAR");
    serde_json::from_str(&text.replace("$$", "$")).unwrap()
}

const ROLE: &str = "arn:aws:iam::123456789012:role/shop-web";
const NOTE: &str = "/metadata/annotations/daypass.dev~1";

fn note(name: &str) -> String {
    format!("{NOTE}{name}")
}

#[test]
fn a_native_sidecar_is_the_first_init_container() {
    let pod = with(&[("/spec/initContainers", json!([{ "name": "migrate", "image": "x" }]))]);
    let after = injected(&pod, &settings());
    let (sidecar, migrate) = (&after["spec"]["initContainers"][0], &after["spec"]["initContainers"][1]);
    assert_eq!((&sidecar["name"], &sidecar["restartPolicy"]), (&json!("daypass"), &json!("Always")));
    assert_eq!(sidecar["startupProbe"]["exec"]["command"], json!(["daypass", "sidecar", "--check"]));
    let mount = json!([{ "name": "daypass-files", "mountPath": "/run/daypass", "readOnly": true }]);
    assert_eq!((&migrate["volumeMounts"], &after["spec"]["containers"][0]["volumeMounts"]), (&mount, &mount));
    let security = &sidecar["securityContext"];
    assert_eq!(
        (
            &security["runAsNonRoot"],
            &security["readOnlyRootFilesystem"],
            &security["allowPrivilegeEscalation"],
            &security["capabilities"],
            &security["seccompProfile"]
        ),
        (&json!(true), &json!(true), &json!(false), &json!({ "drop": ["ALL"] }), &json!({ "type": "RuntimeDefault" }))
    );
    let volumes = json!([
        { "name": "daypass-files", "emptyDir": { "medium": "Memory", "sizeLimit": "16Mi" } },
        { "name": "daypass-token", "projected": { "sources": [
            { "serviceAccountToken": { "path": "token", "audience": "https://daypass.acme.example/eu", "expirationSeconds": 1800 } },
            { "configMap": { "name": "daypass-ca", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
        ] } },
    ]);
    assert_eq!(after["spec"]["volumes"], volumes);
    let expected = json!({
        "server": "https://daypass.acme.example", "audience": "https://daypass.acme.example/eu", "token_file": "/var/run/secrets/daypass.dev/token", "folder": "/run/daypass", "mode": "0440",
        "ca": "/var/run/secrets/daypass.dev/ca.crt", "secrets": { "db-password": "shop/db.yaml#/password" },
    });
    assert_eq!(configuration(sidecar), expected);
}

#[test]
fn the_sidecar_can_read_its_injected_configuration() {
    let notes = [
        (note("policy"), "shop/web"),
        (note("aws-role"), ROLE),
        (note("template.app.env"), "DB={{ secrets['db-password'] }}"),
        (note("on-change"), "signal:HUP:nginx"),
        (note("on-change"), "http:9000/reload"),
        (note("on-change"), "exec:/bin/reload --now"),
    ];
    for (name, value) in notes {
        let user = ("/spec/securityContext", json!({ "runAsUser": 1000 }));
        let after = injected(&with(&[(&name, value.into()), user]), &settings());
        let text = after["spec"]["initContainers"][0]["env"][0]["value"].as_str().unwrap().replace("$$", "$");
        let read = crate::client::sidecar::Settings::parse("DAYPASS_SIDECAR", text.as_bytes(), std::path::Path::new("/"));
        assert!(read.is_ok(), "{name}: {}", read.unwrap_err().message);
    }
}

#[test]
fn older_clusters_get_an_init_container_and_a_sidecar() {
    let old = SidecarSettings { native: false, ..settings() };
    let after = injected(&pod(), &old);
    let (fetch, sidecar) = (&after["spec"]["initContainers"][0], &after["spec"]["containers"][1]);
    assert_eq!((&fetch["name"], &sidecar["name"]), (&json!("daypass-init"), &json!("daypass")));
    assert_eq!(fetch["command"], json!(["daypass", "sidecar", "--once", "--wait", "5m"]));
    assert_eq!((&fetch["restartPolicy"], &fetch["startupProbe"]), (&Value::Null, &Value::Null));
    let once = injected(&with(&[(&note("mode"), "once".into())]), &settings());
    assert_eq!(
        (once["spec"]["initContainers"].as_array().map(Vec::len), once["spec"]["containers"].as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    assert!(inject(with(&[(&note("mode"), "native".into())]), &old).is_err_and(|refusal| refusal.message().contains("1.29")));
    assert!(refused(&[(&note("mode"), "init".into()), ("/spec/restartPolicy", "Never".into())]).contains("from ever ending"));
}

#[test]
fn the_apps_user_owns_the_files_if_the_pod_states_it_and_else_a_group_reads_them() {
    let owner = |changes: &[(&str, Value)]| {
        let after = injected(&with(changes), &settings());
        let sidecar = &after["spec"]["initContainers"][0];
        let id = |value: &Value| value.as_u64().unwrap_or_default();
        let mode = configuration(sidecar)["mode"].as_str().unwrap().to_owned();
        (id(&sidecar["securityContext"]["runAsUser"]), mode, id(&after["spec"]["securityContext"]["fsGroup"]))
    };
    let two = |first: u32, second: u32| {
        let one = |name: &str, user: u32| json!({ "name": name, "securityContext": { "runAsUser": user } });
        json!([one("web", first), one("worker", second)])
    };
    assert_eq!(owner(&[]), (65_532, "0440".to_owned(), 65_532));
    assert_eq!(owner(&[("/spec/securityContext", json!({ "runAsUser": 1000 }))]), (1000, "0400".to_owned(), 0));
    assert_eq!(owner(&[("/spec/containers", two(1000, 1000))]), (1000, "0400".to_owned(), 0));
    assert_eq!(owner(&[("/spec/containers", two(1000, 1001))]), (65_532, "0440".to_owned(), 65_532));
    assert_eq!(owner(&[("/spec/containers", two(0, 1000))]), (1000, "0400".to_owned(), 0), "root reads it anyway");
    assert_eq!(owner(&[("/spec/containers", two(0, 0))]), (65_532, "0440".to_owned(), 65_532), "the sidecar is never root");
    assert_eq!(
        owner(&[("/spec/containers", two(1000, 1001)), (&note("containers"), "worker".into())]),
        (1001, "0400".to_owned(), 0)
    );
    assert_eq!(owner(&[("/spec/securityContext", json!({ "fsGroup": 2000 }))]), (65_532, "0440".to_owned(), 2000));
    let disk = ("/spec/volumes", json!([{ "name": "disk", "persistentVolumeClaim": { "claimName": "x" } }]));
    assert!(refused(std::slice::from_ref(&disk)).contains("its volume `disk`"));
    assert_eq!(owner(&[disk, ("/spec/securityContext", json!({ "fsGroup": 2000 }))]).2, 2000);
}

#[test]
fn aws_sdks_find_the_sidecar_on_loopback() {
    let role = (note("aws-role"), Value::from(ROLE));
    let changes = [(role.0.as_str(), role.1.clone()), ("/spec/initContainers", json!([{ "name": "migrate" }]))];
    let names =
        |container: &Value| container["env"].as_array().into_iter().flatten().map(|one| one["name"].clone()).collect::<Vec<_>>();
    let both = [json!("AWS_CONTAINER_CREDENTIALS_FULL_URI"), json!("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")];
    let after = injected(&with(&changes), &settings());
    assert_eq!(
        (names(&after["spec"]["initContainers"][1]), names(&after["spec"]["containers"][0])),
        (both.to_vec(), both.to_vec())
    );
    let after = injected(&with(&changes), &SidecarSettings { native: false, ..settings() });
    assert_eq!(names(&after["spec"]["initContainers"][1]), Vec::<Value>::new(), "nothing serves an init container there");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
        let there = json!([{ "name": "web", "env": [{ "name": name, "value": "x" }] }]);
        assert!(refused(&[changes[0].clone(), ("/spec/containers", there)]).contains(name));
    }
    assert!(refused(&[changes[0].clone(), ("/spec/hostNetwork", true.into())]).contains("whole node"));
    assert!(refused(&[changes[0].clone(), (&note("mode"), "once".into())]).contains("stays"));
}

#[test]
fn a_signal_needs_shared_processes_and_the_same_user() {
    let (action, user) =
        ((note("on-change"), Value::from("signal:HUP:nginx")), ("/spec/securityContext", json!({ "runAsUser": 1000 })));
    let action = (action.0.as_str(), action.1);
    let after = injected(&with(&[action.clone(), user.clone()]), &settings());
    assert_eq!(after["spec"]["shareProcessNamespace"], true);
    assert_eq!(configuration(&after["spec"]["initContainers"][0])["on_change"], json!({ "signal": "HUP", "process": "nginx" }));
    assert_eq!(injected(&with(std::slice::from_ref(&user)), &settings())["spec"]["shareProcessNamespace"], Value::Null);
    for (change, expected) in [
        (("/spec/shareProcessNamespace", json!(false)), "the pod says false"),
        (("/spec/hostPID", json!(true)), "node's processes"),
        (("/spec/securityContext", json!({})), "runAsUser"),
    ] {
        assert!(refused(&[action.clone(), user.clone(), change]).contains(expected), "{expected}");
    }
}

#[test]
fn a_refusal_names_what_is_in_the_way() {
    let image = settings().image;
    let cases = [
        (
            vec![("/spec/volumes", json!([{ "name": "daypass-files", "hostPath": { "path": "/" } }]))],
            "volume called `daypass-files`",
        ),
        (vec![("/spec/volumes", json!([{ "name": "daypass-files", "emptyDir": {} }]))], "volume called `daypass-files`"),
        (
            vec![(
                "/spec/containers",
                json!([{ "name": "web", "volumeMounts": [{ "name": "x", "mountPath": "/run/daypass" }] }]),
            )],
            "/run/daypass",
        ),
        (
            vec![(
                "/spec/containers",
                json!([{ "name": "web", "volumeMounts": [{ "name": "daypass-files", "mountPath": "/run/daypass" }] }]),
            )],
            "mounted at",
        ),
        (vec![("/spec/containers", json!([{ "name": "daypass", "image": image }, { "name": "web" }]))], "called `daypass`"),
        (vec![("/spec/initContainers", json!([{ "name": "daypass", "image": image }]))], "container called `daypass`"),
        (vec![("/spec/initContainers", json!([{ "name": "daypass-init" }]))], "called `daypass-init`"),
        (vec![("/spec/containers", json!([{ "image": "x" }]))], "`spec.containers[0]` has no name"),
        (vec![("/spec/containers", json!([{ "name": "" }]))], "has no name"),
        (vec![("/spec/containers", json!({ "name": "web" }))], "is not a list"),
        (vec![("/spec/containers", json!([]))], "no container"),
        (vec![("/spec/containers", (0..1000).map(|n| json!({ "name": format!("c{n}") })).collect())], "1000 containers"),
        (vec![("/spec/nodeSelector", json!({ "kubernetes.io/os": "windows" }))], "Windows"),
        (vec![("/spec", json!([]))], "no `spec`"),
        (vec![("/metadata/annotations", json!([]))], "not a mapping"),
    ];
    for (changes, expected) in cases {
        let message = refused(&changes);
        assert!(message.contains(expected), "{expected}: {message}");
    }
    let (issuer, containers) = (note("issuer"), note("containers"));
    assert!(refused(&[(&issuer, "asia".into())]).contains("one of: eu, us"));
    assert!(refused(&[(&containers, "web,wep".into())]).contains("names `wep`"));
}

#[test]
fn a_forged_sidecar_is_refused() {
    let after = injected(&pod(), &settings());
    let changes = [
        ("/spec/initContainers/0/image", json!("registry.example/daypass@sha256:00")),
        ("/spec/initContainers/0/command", json!(["sh"])),
        ("/spec/initContainers/0/securityContext/runAsUser", json!(0)),
        ("/spec/initContainers/0/securityContext/capabilities", json!({ "drop": ["ALL"], "add": ["SYS_PTRACE"] })),
        ("/spec/initContainers/0/env/0/value", json!("{}")),
        ("/spec/volumes/1/projected/sources/0/serviceAccountToken/audience", json!("other")),
    ];
    for (pointer, value) in changes {
        let mut forged = after.clone();
        *forged.pointer_mut(pointer).unwrap() = value;
        assert!(inject(forged, &settings()).is_err(), "{pointer}");
    }
    let mut privileged = after.clone();
    privileged["spec"]["initContainers"][0]["securityContext"]["privileged"] = true.into();
    assert!(inject(privileged, &settings()).is_err(), "a power more");
    let mut defaulted = after;
    defaulted["spec"]["initContainers"][0]["securityContext"]["procMount"] = "Default".into();
    assert!(inject(defaulted, &settings()).is_ok_and(|injected| injected.patch.operations().is_empty()));
    let mut marked = pod();
    marked["metadata"]["annotations"]["daypass.dev/status"] = "injected".into();
    assert!(inject(marked, &settings()).is_err(), "no annotation says that it was done");
}

#[test]
fn containers_that_were_added_after_an_injection_get_their_mounts() {
    let mut after = injected(&pod(), &settings());
    after["spec"]["containers"].as_array_mut().unwrap().push(json!({ "name": "mesh" }));
    after["spec"]["initContainers"].as_array_mut().unwrap().insert(0, json!({ "name": "mesh-init" }));
    after["spec"]["initContainers"][1]["volumeMounts"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "kube-api-access", "mountPath": "/var/run/secrets/x" }));
    let again = inject(after, &settings()).unwrap();
    let paths: Vec<&Value> = again.patch.operations().iter().map(|operation| &operation["path"]).collect();
    let expected = [
        "/spec/initContainers/0/volumeMounts",
        "/spec/initContainers/0/volumeMounts/-",
        "/spec/containers/1/volumeMounts",
        "/spec/containers/1/volumeMounts/-",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn the_kubelet_expands_nothing_of_a_template() {
    let (template, text) = (note("template.app.env"), "PRICE=$(HOME) $$5 ${X}");
    let after = injected(&with(&[(&template, text.into())]), &settings());
    let value = after["spec"]["initContainers"][0]["env"][0]["value"].as_str().unwrap();
    assert_eq!(expand(value), serde_json::to_string(&configuration_of(text)).unwrap());
}

fn configuration_of(template: &str) -> Value {
    let after = injected(&with(&[(&note("template.app.env"), template.into())]), &settings());
    let configuration = configuration(&after["spec"]["initContainers"][0]);
    assert_eq!(configuration["templates"]["app.env"].as_str().map(|text| text.contains("$(")), Some(true));
    json!({
        "server": configuration["server"], "audience": configuration["audience"], "token_file": configuration["token_file"], "folder": configuration["folder"],
        "mode": configuration["mode"], "ca": configuration["ca"], "secrets": configuration["secrets"], "templates": { "app.env": template },
    })
}

/// As Kubernetes does (`third_party/forked/golang/expansion`): `$$` is a dollar, `$(NAME)` is a variable, anything else itself.
fn expand(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if rest.starts_with('(') {
            out.push_str("EXPANDED");
        } else {
            out.push('$');
        }
    }
    out + rest
}

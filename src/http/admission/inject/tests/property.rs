//! For every pod: a patch only adds, everything else stays as it was, and a second patch adds nothing.

use super::*;
use proptest::prelude::*;

/// A pod without what we inject and without empty members.
fn bare(value: &Value) -> Value {
    const OURS: [&str; 6] = [
        "daypass",
        "daypass-init",
        "daypass-files",
        "daypass-token",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ];
    let empty = |value: &Value| value.is_null() || *value == json!([]) || *value == json!({});
    match value {
        Value::Object(members) => {
            let kept = members
                .iter()
                .map(|(key, value)| (key.clone(), bare(value)))
                .filter(|(key, value)| !empty(value) && key != "fsGroup" && key != "shareProcessNamespace");
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().filter(|item| !OURS.iter().any(|name| item["name"] == *name)).map(bare).collect(),
        other => other.clone(),
    }
}

fn some_list(item: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    let items = proptest::collection::vec(item, 0..3).prop_map(Value::from);
    prop_oneof![Just(Value::Null), Just(json!([])), items]
}

fn some_container() -> impl Strategy<Value = Value> {
    let mount = "/[a-z~/]{1,12}".prop_map(|path| json!({ "name": "data", "mountPath": path }));
    let variable = "[A-Z_]{1,8}".prop_map(|name| json!({ "name": name, "value": "$(x)" }));
    let user = prop_oneof![
        Just(Value::Null),
        Just(json!({ "runAsUser": 0 })),
        Just(json!({ "runAsUser": 1000 })),
        Just(json!({ "privileged": true }))
    ];
    ("[a-z]{1,6}", some_list(mount), some_list(variable), user).prop_map(|(name, mounts, variables, user)| {
        let mut container = json!({ "name": format!("c-{name}"), "image": "x", "securityContext": user });
        // Null in some pods, and absent in others.
        if mounts != json!([]) {
            container["volumeMounts"] = mounts;
        }
        if variables != json!([]) {
            container["env"] = variables;
        }
        container
    })
}

fn some_pod() -> impl Strategy<Value = Value> {
    let volume = "[a-z]{1,6}".prop_map(|name| json!({ "name": name, "emptyDir": {} }));
    let security = prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!({ "runAsUser": 1000, "runAsGroup": 5 })),
        Just(json!({ "fsGroup": 7 }))
    ];
    let notes = proptest::sample::subsequence(
        vec![
            ("aws-role", ROLE),
            ("mode", "init"),
            ("on-change", "signal:HUP:nginx"),
            ("template.app~env", "x"),
            ("template.app.env", "$(x){{ secrets.a }}"),
            ("policy", "shop/web"),
        ],
        0..6,
    );
    let containers = proptest::collection::vec(some_container(), 1..4).prop_map(Value::from);
    (some_list(some_container()), containers, some_list(volume), security, notes).prop_map(
        |(init, containers, volumes, security, notes)| {
            let mut pod = with(&[
                ("/spec/initContainers", init),
                ("/spec/containers", containers),
                ("/spec/volumes", volumes),
                ("/spec/securityContext", security),
            ]);
            for (name, value) in notes {
                pod["metadata"]["annotations"][format!("daypass.dev/{name}")] = value.into();
            }
            pod
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn a_patch_only_adds_and_a_second_one_adds_nothing(pod in some_pod()) {
        let Ok(injected) = inject(pod.clone(), &settings()) else { return Ok(()) };
        let operations = Value::from(injected.patch.operations().to_vec());
        let patch: json_patch::Patch = serde_json::from_value(operations).unwrap();
        prop_assert!(patch.0.iter().all(|operation| matches!(operation, json_patch::PatchOperation::Add(_))));
        let mut patched = pod.clone();
        json_patch::patch(&mut patched, &patch).unwrap();
        prop_assert_eq!(&patched, injected.patch.pod());
        prop_assert_eq!(bare(&patched), bare(&pod));
        let again = inject(patched, &settings());
        prop_assert!(again.is_ok_and(|again| again.patch.operations().is_empty()));
    }
}

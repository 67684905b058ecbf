//! Pod Security Standards, "restricted" (Kubernetes docs, "Pod Security Standards"), control by control.

use serde_json::{Value, json};

/// Volumes that "restricted" lets a pod have.
const VOLUMES: [&str; 8] =
    ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
const SELINUX_TYPES: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const SYSCTLS: [&str; 9] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
];

/// The controls that this pod's spec does not keep to.
pub(super) fn broken(spec: &Value) -> Vec<String> {
    let mut found = of_pod(spec);
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let containers = lists.iter().filter_map(|list| spec[list].as_array()).flatten();
    containers.for_each(|container| found.extend(of_container(container, &spec["securityContext"])));
    found
}

fn of_pod(spec: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        check(&mut found, is_off(&spec[field]), field);
    }
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        let kinds = volume.as_object().unwrap().keys().filter(|key| *key != "name");
        kinds.for_each(|kind| check(&mut found, VOLUMES.contains(&kind.as_str()), &format!("volume {kind}")));
    }
    let context = &spec["securityContext"];
    for sysctl in context["sysctls"].as_array().into_iter().flatten() {
        check(&mut found, SYSCTLS.contains(&sysctl["name"].as_str().unwrap()), "sysctls");
    }
    found.extend(of_both(context));
    found
}

/// The controls over fields that a pod and a container both have.
fn of_both(context: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(&mut found, is_off(&context["windowsOptions"]["hostProcess"]), "hostProcess");
    check(&mut found, context["runAsUser"] != 0, "runAsUser");
    let options = &context["seLinuxOptions"];
    check(&mut found, SELINUX_TYPES.contains(&options["type"].as_str().unwrap_or_default()), "seLinuxOptions.type");
    check(&mut found, options["user"].is_null() && options["role"].is_null(), "seLinuxOptions");
    check(&mut found, context["appArmorProfile"]["type"] != "Unconfined", "appArmorProfile");
    let seccomp = &context["seccompProfile"]["type"];
    check(&mut found, seccomp.is_null() || is_confined(seccomp), "seccompProfile");
    found
}

fn of_container(container: &Value, pod: &Value) -> Vec<String> {
    let context = &container["securityContext"];
    let mut found = of_both(context);
    check(&mut found, is_off(&context["privileged"]), "privileged");
    check(&mut found, context["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation");
    check(&mut found, context["procMount"].is_null() || context["procMount"] == "Default", "procMount");
    let either = |field: &str| if context[field].is_null() { &pod[field] } else { &context[field] };
    check(&mut found, either("runAsNonRoot") == true, "runAsNonRoot");
    check(&mut found, is_confined(&either("seccompProfile")["type"]), "seccompProfile");
    let capabilities = &context["capabilities"];
    check(&mut found, capabilities["drop"].as_array().is_some_and(|drop| drop.contains(&json!("ALL"))), "capabilities.drop");
    let adds = capabilities["add"].as_array().into_iter().flatten();
    adds.for_each(|add| check(&mut found, add == "NET_BIND_SERVICE", "capabilities.add"));
    let ports = container["ports"].as_array().into_iter().flatten();
    ports.for_each(|port| check(&mut found, port["hostPort"].as_u64().unwrap_or_default() == 0, "hostPort"));
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let hosts = ["httpGet", "tcpSocket"].map(|way| &container[probe][way]["host"]);
        check(&mut found, hosts.iter().all(|host| host.is_null()), "a probe's host");
    }
    found
}

fn is_off(value: &Value) -> bool {
    value.is_null() || value == false
}

fn is_confined(seccomp: &Value) -> bool {
    seccomp == "RuntimeDefault" || seccomp == "Localhost"
}

fn check(found: &mut Vec<String>, holds: bool, control: &str) {
    if !holds {
        found.push(control.to_owned());
    }
}

/// Shows that `broken` finds each violation.
#[test]
fn each_control_is_seen_when_it_is_broken() {
    let good = json!({
        "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{ "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } } }],
        "volumes": [{ "name": "a", "emptyDir": {} }],
    });
    assert_eq!(broken(&good), [""; 0]);
    let container = "/containers/0/securityContext";
    for (place, key, value, control) in [
        ("", "hostNetwork", json!(true), "hostNetwork"),
        ("", "hostPID", json!(true), "hostPID"),
        ("", "hostIPC", json!(true), "hostIPC"),
        ("/volumes/0", "hostPath", json!({ "path": "/" }), "volume hostPath"),
        ("/securityContext", "sysctls", json!([{ "name": "kernel.msgmax", "value": "1" }]), "sysctls"),
        ("/securityContext", "runAsUser", json!(0), "runAsUser"),
        ("/securityContext", "runAsNonRoot", json!(false), "runAsNonRoot"),
        ("/securityContext", "seccompProfile", json!({ "type": "Unconfined" }), "seccompProfile"),
        (container, "runAsNonRoot", json!(false), "runAsNonRoot"),
        (container, "runAsUser", json!(0), "runAsUser"),
        (container, "seccompProfile", json!({ "type": "Unconfined" }), "seccompProfile"),
        (container, "privileged", json!(true), "privileged"),
        (container, "allowPrivilegeEscalation", Value::Null, "allowPrivilegeEscalation"),
        (container, "procMount", json!("Unmasked"), "procMount"),
        (container, "seLinuxOptions", json!({ "type": "spc_t" }), "seLinuxOptions.type"),
        (container, "seLinuxOptions", json!({ "user": "system_u" }), "seLinuxOptions"),
        (container, "appArmorProfile", json!({ "type": "Unconfined" }), "appArmorProfile"),
        (container, "windowsOptions", json!({ "hostProcess": true }), "hostProcess"),
        (container, "capabilities", json!({ "drop": ["NET_RAW"] }), "capabilities.drop"),
        (container, "capabilities", json!({ "drop": ["ALL"], "add": ["SYS_ADMIN"] }), "capabilities.add"),
        ("/containers/0", "ports", json!([{ "containerPort": 1, "hostPort": 1 }]), "hostPort"),
        ("/containers/0", "livenessProbe", json!({ "httpGet": { "host": "169.254.169.254" } }), "a probe's host"),
    ] {
        let mut bad = good.clone();
        bad.pointer_mut(place).unwrap()[key] = value;
        assert!(broken(&bad).contains(&control.to_owned()), "{control}: {:?}", broken(&bad));
    }
}

//! The restricted profile and what goes beyond it, for every pod of every workload.

use serde_json::{Value, json};

use crate::kubernetes_support::objects::{all, at, kind, list, name, number, pod, text, workloads};

pub(super) fn check(objects: &[Value], found: &mut Vec<String>) {
    for workload in workloads(objects) {
        let who = format!("{} {}", kind(workload), name(workload));
        let mut wrong = |what: &str| found.push(format!("{who}: {what}"));
        check_pod(objects, pod(workload), &mut wrong);
        for list_of in ["/initContainers", "/containers"] {
            for container in list(pod(workload), list_of) {
                check_container(container, &mut wrong);
            }
        }
    }
}

fn check_pod(objects: &[Value], pod: &Value, wrong: &mut impl FnMut(&str)) {
    if at(pod, "/automountServiceAccountToken") != &json!(false) {
        wrong("its pod gets a token");
    }
    if at(pod, "/enableServiceLinks") != &json!(false) {
        wrong("names of services get into its environment");
    }
    let account = text(pod, "/serviceAccountName");
    let known = all(objects, "ServiceAccount").find(|object| name(object) == account);
    match known {
        None => wrong("has no service account of its own"),
        Some(own) if at(own, "/automountServiceAccountToken") != &json!(false) => {
            wrong("its account mounts a token");
        }
        Some(_) => {}
    }
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if pod.get(field).is_some() {
            wrong(&format!("uses {field}"));
        }
    }
    if at(pod, "/securityContext/runAsNonRoot") != &json!(true) {
        wrong("may run as root");
    }
    for field in ["runAsUser", "runAsGroup"] {
        let id = number(pod, &format!("/securityContext/{field}"));
        if id.is_none_or(|id| id < 10_000) {
            wrong(&format!("{field} is not a high number"));
        }
    }
    if text(pod, "/securityContext/seccompProfile/type") != "RuntimeDefault" {
        wrong("has no seccomp profile");
    }
    if pod.get("containers").is_none() {
        wrong("has no container");
    }
    check_volumes(pod, wrong);
}

fn check_volumes(pod: &Value, wrong: &mut impl FnMut(&str)) {
    const ALLOWED: [&str; 3] = ["emptyDir", "configMap", "secret"];
    for volume in list(pod, "/volumes") {
        let source = ALLOWED
            .into_iter()
            .find(|source| volume.get(*source).is_some());
        if source.is_none() {
            wrong("has a volume of a kind that is not allowed");
        }
        if source == Some("emptyDir") && volume.pointer("/emptyDir/sizeLimit").is_none() {
            wrong("has a temporary folder without a limit");
        }
    }
}

fn check_container(container: &Value, wrong: &mut impl FnMut(&str)) {
    let security = at(container, "/securityContext");
    for (field, wanted) in [
        ("allowPrivilegeEscalation", false),
        ("privileged", false),
        ("readOnlyRootFilesystem", true),
    ] {
        if security.get(field) != Some(&json!(wanted)) {
            wrong(&format!("{field} is not {wanted}"));
        }
    }
    if at(security, "/capabilities") != &json!({"drop": ["ALL"]}) {
        wrong("keeps capabilities");
    }
    for field in [
        "runAsUser",
        "runAsGroup",
        "runAsNonRoot",
        "seccompProfile",
        "procMount",
    ] {
        if security.get(field).is_some() {
            wrong(&format!("its container has a {field} of its own"));
        }
    }
    check_image(container, wrong);
    for port in list(container, "/ports") {
        if port.get("hostPort").is_some() {
            wrong("takes a port of the node");
        }
    }
    for pointer in [
        "requests/cpu",
        "requests/memory",
        "requests/ephemeral-storage",
    ]
    .into_iter()
    .chain(["limits/memory", "limits/ephemeral-storage"])
    {
        if text(container, &format!("/resources/{pointer}")).is_empty() {
            wrong(&format!("has no {pointer}"));
        }
    }
    for variable in list(container, "/env") {
        let key = text(variable, "/name");
        if is_secret(key) && variable.get("value").is_some() {
            wrong(&format!("{key} stands in the manifest"));
        }
    }
}

fn check_image(container: &Value, wrong: &mut impl FnMut(&str)) {
    let image = text(container, "/image");
    let last = image.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map(|(_, tag)| tag);
    if tag.is_none_or(|tag| tag.is_empty() || tag == "latest") && !last.contains("@sha256:") {
        wrong("its image has neither tag nor digest");
    }
    // Without a host's name an image may come from anyone.
    if !image.contains('/') {
        wrong("its image names no registry");
    }
    if text(container, "/imagePullPolicy") != "IfNotPresent" {
        wrong("its image is not taken from the node");
    }
    let command = list(container, "/command");
    if command.iter().chain(list(container, "/args")).any(|word| {
        word.as_str()
            .is_some_and(|word| word.ends_with("/sh") || word.ends_with("bash"))
    }) {
        wrong("runs a shell");
    }
}

/// Whether a variable's value must not be readable in a manifest.
pub(super) fn is_secret(key: &str) -> bool {
    key.ends_with("API_KEY")
        || key.ends_with("KEY_ID")
        || key.ends_with("SECRET_KEY")
        || key.ends_with("PASSWORD")
        || key.ends_with("TOKEN")
}

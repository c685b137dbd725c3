//! Ways to weaken the pods: each protected field is taken away, and set to what it must not be.

use serde_json::{Value, json};

use super::{Change, Mutation};
use crate::kubernetes_support::objects::{kind, list, name, pod, workloads};
use crate::kubernetes_support::rules::ROLES;

const POD: &str = "/spec/template/spec";

pub(super) fn add(objects: &[Value], found: &mut Vec<Mutation>) {
    for workload in workloads(objects) {
        let mut put = |change: Change| found.push(Mutation::new(workload, change));
        every_pod(&mut put);
        for containers in ["initContainers", "containers"] {
            for index in 0..list(pod(workload), &format!("/{containers}")).len() {
                every_container(&format!("{POD}/{containers}/{index}"), &mut put);
            }
        }
        if kind(workload) != "Job" {
            lasting_pod(&format!("{POD}/containers/0"), &mut put);
            put(Change::Set(
                "/spec/selector/matchLabels/stray".into(),
                json!("label"),
            ));
        }
        if ROLES.contains(&name(workload)) {
            role(&format!("{POD}/containers/0"), &mut put);
        }
        for index in 0..list(pod(workload), "/volumes").len() {
            let volume = format!("{POD}/volumes/{index}");
            if workload.pointer(&format!("{volume}/emptyDir")).is_some() {
                put(Change::Remove(format!("{volume}/emptyDir/sizeLimit")));
            }
            put(Change::Set(
                volume,
                json!({"name": "tmp", "hostPath": {"path": "/"}}),
            ));
        }
    }
}

fn every_pod(put: &mut impl FnMut(Change)) {
    let removed = [
        "automountServiceAccountToken",
        "enableServiceLinks",
        "serviceAccountName",
        "containers",
        "securityContext",
        "securityContext/runAsNonRoot",
        "securityContext/runAsUser",
        "securityContext/runAsGroup",
        "securityContext/seccompProfile",
    ];
    removed
        .into_iter()
        .for_each(|field| put(Change::Remove(format!("{POD}/{field}"))));
    let set = [
        ("automountServiceAccountToken", json!(true)),
        ("enableServiceLinks", json!(true)),
        ("serviceAccountName", json!("default")),
        ("hostNetwork", json!(true)),
        ("hostPID", json!(true)),
        ("hostIPC", json!(true)),
        ("securityContext/runAsNonRoot", json!(false)),
        ("securityContext/runAsUser", json!(0)),
        ("securityContext/runAsGroup", json!(0)),
        ("securityContext/seccompProfile/type", json!("Unconfined")),
    ];
    set.into_iter()
        .for_each(|(field, value)| put(Change::Set(format!("{POD}/{field}"), value)));
}

fn every_container(container: &str, put: &mut impl FnMut(Change)) {
    let removed = [
        "image",
        "imagePullPolicy",
        "securityContext",
        "securityContext/allowPrivilegeEscalation",
        "securityContext/privileged",
        "securityContext/readOnlyRootFilesystem",
        "securityContext/capabilities",
        "resources",
        "resources/requests",
        "resources/requests/cpu",
        "resources/requests/memory",
        "resources/requests/ephemeral-storage",
        "resources/limits",
        "resources/limits/memory",
        "resources/limits/ephemeral-storage",
    ];
    removed
        .into_iter()
        .for_each(|field| put(Change::Remove(format!("{container}/{field}"))));
    let set = [
        ("image", json!("closecall")),
        ("image", json!("localhost/closecall:latest")),
        ("imagePullPolicy", json!("Always")),
        ("command", json!(["/bin/sh", "-c", "closecall run"])),
        ("securityContext/allowPrivilegeEscalation", json!(true)),
        ("securityContext/privileged", json!(true)),
        ("securityContext/readOnlyRootFilesystem", json!(false)),
        ("securityContext/capabilities/drop", json!([])),
        ("securityContext/capabilities/add", json!(["NET_ADMIN"])),
        ("securityContext/runAsUser", json!(0)),
        ("securityContext/runAsNonRoot", json!(false)),
        (
            "securityContext/seccompProfile",
            json!({"type": "Unconfined"}),
        ),
        (
            "env",
            json!([{"name": "CLOSECALL__ALPHAVANTAGE__API_KEY", "value": "in sight"}]),
        ),
        ("ports", json!([{"containerPort": 8080, "hostPort": 8080}])),
    ];
    set.into_iter()
        .for_each(|(field, value)| put(Change::Set(format!("{container}/{field}"), value)));
}

/// Pods that stay: their probes.
fn lasting_pod(container: &str, put: &mut impl FnMut(Change)) {
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        put(Change::Remove(format!("{container}/{probe}")));
        put(Change::Set(
            format!("{container}/{probe}"),
            json!({"exec": {"command": ["true"]}}),
        ));
    }
    put(Change::Set(
        format!("{container}/startupProbe/failureThreshold"),
        json!(5),
    ));
    put(Change::Set(
        format!("{container}/livenessProbe/failureThreshold"),
        json!(0),
    ));
    put(Change::Set(
        format!("{container}/readinessProbe/periodSeconds"),
        json!(60),
    ));
}

fn role(container: &str, put: &mut impl FnMut(Change)) {
    for (probe, wrong) in [
        ("startupProbe", "/healthz"),
        ("livenessProbe", "/readyz"),
        ("readinessProbe", "/healthz"),
    ] {
        put(Change::Set(
            format!("{container}/{probe}/httpGet/path"),
            json!(wrong),
        ));
        put(Change::Set(
            format!("{container}/{probe}/httpGet/port"),
            json!(9090),
        ));
    }
    for label in ["name", "component", "part-of"] {
        let pointer = format!("/spec/template/metadata/labels/app.kubernetes.io~1{label}");
        put(Change::Remove(pointer.clone()));
        put(Change::Set(pointer, json!("another")));
    }
    put(Change::Remove(format!(
        "{POD}/terminationGracePeriodSeconds"
    )));
    put(Change::Set(
        format!("{POD}/terminationGracePeriodSeconds"),
        json!(30),
    ));
    put(Change::Set(format!("{POD}/restartPolicy"), json!("Never")));
    put(Change::Set(
        format!("{container}/lifecycle"),
        json!({"preStop": {"sleep": {"seconds": 20}}}),
    ));
    put(Change::Set(
        format!("{container}/lifecycle"),
        json!({"preStop": {"exec": {"command": ["true"]}}}),
    ));
    put(Change::Set(format!("{container}/args"), json!(["run"])));
    put(Change::Set(
        format!("{container}/args/2"),
        json!("sentiment"),
    ));
    put(Change::Remove(format!("{container}/ports")));
    put(Change::Set(
        format!("{container}/ports/0/containerPort"),
        json!(9090),
    ));
    put(Change::Remove(format!("{container}/envFrom")));
    put(Change::Set(
        format!("{container}/envFrom/0/configMapRef/name"),
        json!("another"),
    ));
}

//! Objects that must be there at all, their labels, and the namespace that holds them.

use serde_json::{Value, json};

use super::{Overlay, ROLES};
use crate::kubernetes_support::objects::{
    all, at, kind, list, name, number, one, role, selects, text, workloads,
};

pub(super) fn check(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    check_namespace(objects, found);
    check_parts(overlay, objects, found);
    for called in ROLES {
        let workload = role(objects, called);
        let mut wrong = |what: &str| found.push(format!("{called}: {what}"));
        if workload.is_null() {
            wrong("is missing");
            continue;
        }
        if list(workload, "/spec/template/spec/containers/0/args")
            .iter()
            .filter_map(Value::as_str)
            .ne(["run", "--stage", called])
        {
            wrong("does not run its stage");
        }
        let labels = at(workload, "/spec/template/metadata/labels");
        if text(labels, "/app.kubernetes.io~1name") != "closecall"
            || text(labels, "/app.kubernetes.io~1component") != called
            || text(labels, "/app.kubernetes.io~1part-of") != "closecall"
        {
            wrong("is not labelled as the policies expect");
        }
        check_budget(objects, workload, &mut wrong);
    }
    for workload in workloads(objects).filter(|workload| kind(workload) != "Job") {
        let labels = at(workload, "/spec/template/metadata/labels");
        if !selects(at(workload, "/spec/selector/matchLabels"), labels) {
            found.push(format!("{}: does not select its own pods", name(workload)));
        }
    }
    check_services(objects, found);
    check_topics_job(overlay, objects, found);
    if overlay.monitoring {
        check_monitoring(objects, found);
    }
}

fn check_namespace(objects: &[Value], found: &mut Vec<String>) {
    let namespace = one(objects, "Namespace", "closecall");
    for mode in ["enforce", "audit", "warn"] {
        let label = |suffix: &str| {
            text(
                namespace,
                &format!("/metadata/labels/pod-security.kubernetes.io~1{mode}{suffix}"),
            )
        };
        if label("") != "restricted" {
            found.push(format!(
                "the namespace does not {mode} the restricted profile"
            ));
        }
        if !label("-version").starts_with("v1.") {
            found.push(format!(
                "the version of the profile to {mode} is not pinned"
            ));
        }
    }
    for object in objects.iter().filter(|object| kind(object) != "Namespace") {
        if text(object, "/metadata/namespace") != "closecall" {
            found.push(format!(
                "{} {} is in no namespace",
                kind(object),
                name(object)
            ));
        }
    }
}

/// Checks the parts of an overlay beside the roles, and that every reference has its target.
fn check_parts(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    let parts = [
        ("StatefulSet", "kafka", !overlay.strimzi),
        ("Service", "kafka", !overlay.strimzi),
        ("Deployment", "market", !overlay.live),
        ("Service", "market", !overlay.live),
        (
            "TriggerAuthentication",
            "kafka",
            overlay.strimzi && overlay.keda,
        ),
    ];
    for (wanted, called, when) in parts {
        if one(objects, wanted, called).is_null() == when {
            found.push(format!("{wanted} {called} is missing, or one too many"));
        }
    }
    for workload in workloads(objects) {
        for volume in list(workload, "/spec/template/spec/volumes") {
            let map = text(volume, "/configMap/name");
            let optional = at(volume, "/configMap/optional") == &json!(true);
            if !map.is_empty() && !optional && one(objects, "ConfigMap", map).is_null() {
                found.push(format!(
                    "{}: mounts a ConfigMap that is not there",
                    name(workload)
                ));
            }
        }
    }
    let credentials = one(objects, "TriggerAuthentication", "kafka");
    let wanted = [
        ("ca", "closecall-cluster-ca-cert", "ca.crt"),
        ("cert", "keda", "user.crt"),
        ("key", "keda", "user.key"),
    ];
    let held = list(credentials, "/spec/secretTargetRef");
    let same = held.len() == wanted.len()
        && held
            .iter()
            .zip(wanted)
            .all(|(held, (parameter, secret, key))| {
                text(held, "/parameter") == parameter
                    && text(held, "/name") == secret
                    && text(held, "/key") == key
            });
    if !credentials.is_null() && !same {
        found.push("KEDA does not use the certificate of its own user".to_owned());
    }
}

/// Evictions must stay possible: a budget that allows none blocks the node's drain.
fn check_budget(objects: &[Value], workload: &Value, wrong: &mut impl FnMut(&str)) {
    let budget = one(objects, "PodDisruptionBudget", name(workload));
    if number(budget, "/spec/maxUnavailable") != Some(1)
        || budget.pointer("/spec/minAvailable").is_some()
    {
        wrong("its disruption budget is not one pod at a time");
    }
    if text(budget, "/spec/unhealthyPodEvictionPolicy") != "AlwaysAllow" {
        wrong("a sick pod of it blocks a node's drain");
    }
    if at(budget, "/spec/selector") != at(workload, "/spec/selector") {
        wrong("its disruption budget is not for its pods");
    }
}

fn check_services(objects: &[Value], found: &mut Vec<String>) {
    const OURS: [(&str, &str, bool); 5] = [
        ("ticker-picker", "ticker-picker", true),
        ("gru-trainer", "gru-trainer", true),
        ("scraper", "scraper", true),
        ("reporter", "reporter", true),
        ("closecall", "reporter", false),
    ];
    for (called, target, headless) in OURS {
        let service = one(objects, "Service", called);
        let labels = at(role(objects, target), "/spec/template/metadata/labels");
        if !selects(at(service, "/spec/selector"), labels)
            || text(service, "/spec/ports/0/targetPort") != "http"
        {
            found.push(format!("service {called} does not lead to the {target}"));
        }
        if (text(service, "/spec/clusterIP") == "None") != headless {
            found.push(format!("service {called} has the wrong kind of address"));
        }
    }
    for service in all(objects, "Service") {
        if service.pointer("/spec/type").is_some() || service.pointer("/spec/externalIPs").is_some()
        {
            found.push(format!(
                "service {} opens a way in from outside",
                name(service)
            ));
        }
    }
    for set in all(objects, "StatefulSet") {
        let service = one(objects, "Service", text(set, "/spec/serviceName"));
        if text(service, "/spec/clusterIP") != "None" {
            found.push(format!(
                "{}: its service is missing or not headless",
                name(set)
            ));
        }
    }
}

/// Topics come from the Job, or from the operator: never from both, never from neither.
fn check_topics_job(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    let job = one(objects, "Job", "topics");
    if job.is_null() != overlay.strimzi {
        found.push("the Job that makes the topics is missing, or one too many".to_owned());
    }
    if overlay.strimzi {
        return;
    }
    let mut wrong = |what: &str| found.push(format!("topics: {what}"));
    let args = list(job, "/spec/template/spec/containers/0/args");
    if args
        .iter()
        .filter_map(Value::as_str)
        .ne(["topics", "create"])
    {
        wrong("does not create topics");
    }
    if text(job, "/spec/template/spec/restartPolicy") != "OnFailure"
        || number(job, "/spec/backoffLimit").is_none_or(|limit| limit < 5)
    {
        wrong("gives up before a broker has come up");
    }
    if number(job, "/spec/activeDeadlineSeconds").is_none() {
        wrong("may go on for ever");
    }
    if number(job, "/spec/ttlSecondsAfterFinished").is_none() {
        wrong("is never cleared away");
    }
}

fn check_monitoring(objects: &[Value], found: &mut Vec<String>) {
    const ALERTS: [&str; 9] = [
        "ClosecallNoForecast",
        "ClosecallRoleAbsent",
        "ClosecallDeadLetters",
        "ClosecallStageRestarts",
        "ClosecallLag",
        "ClosecallVendorDown",
        "ClosecallLate",
        "ClosecallLedgerChanged",
        "ClosecallTooGood",
    ];
    let monitor = one(objects, "PodMonitor", "closecall");
    if text(monitor, "/spec/podMetricsEndpoints/0/port") != "http"
        || text(monitor, "/spec/podMetricsEndpoints/0/path") != "/metrics"
    {
        found.push("the pod monitor asks in the wrong place".to_owned());
    }
    for called in ROLES {
        let labels = at(role(objects, called), "/spec/template/metadata/labels");
        if !selects(at(monitor, "/spec/selector/matchLabels"), labels) {
            found.push(format!("{called} is not monitored"));
        }
    }
    let rules = list(
        one(objects, "PrometheusRule", "closecall"),
        "/spec/groups/0/rules",
    );
    for alert in ALERTS {
        let rule = rules
            .iter()
            .find(|rule| text(rule, "/alert") == alert)
            .unwrap_or(&Value::Null);
        if text(rule, "/expr").is_empty()
            || text(rule, "/labels/severity").is_empty()
            || text(rule, "/annotations/description").is_empty()
        {
            found.push(format!(
                "alert {alert} is missing, or does not say what to do"
            ));
        }
    }
}

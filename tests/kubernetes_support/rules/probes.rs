//! Probes, and the agreement between the program's drain and the pod's grace.

use serde_json::{Value, json};

use super::ROLES;
use crate::kubernetes_support::objects::{
    at, kind, list, name, number, pod, role, text, workloads,
};

/// Seconds in which a drain ends by itself (`architecture.md`: 25), and after which the process's
/// own watchdog ends it.
const DRAIN: i64 = 25;
const WATCHDOG: i64 = 40;

/// Seconds that a pod may take to come up before it is given up.
const START_AT_LEAST: i64 = 60;

pub(super) fn check(objects: &[Value], found: &mut Vec<String>) {
    for called in ROLES {
        let workload = role(objects, called);
        let mut wrong = |what: &str| found.push(format!("{called}: {what}"));
        check_grace(pod(workload), &mut wrong);
        let container = at(pod(workload), "/containers/0");
        if at(container, "/ports") != &json!([{"name": "http", "containerPort": 8080}]) {
            wrong("its port is not http, 8080");
        }
        for (probe, path) in [
            ("startupProbe", "/startupz"),
            ("livenessProbe", "/healthz"),
            ("readinessProbe", "/readyz"),
        ] {
            if at(container, &format!("/{probe}/httpGet")) != &json!({"path": path, "port": "http"})
            {
                wrong(&format!("its {probe} does not ask for {path}"));
            }
        }
    }
    for workload in workloads(objects).filter(|workload| kind(workload) != "Job") {
        for container in list(pod(workload), "/containers") {
            let mut wrong = |what: &str| found.push(format!("{}: {what}", name(workload)));
            check_timing(container, &mut wrong);
        }
    }
}

fn check_timing(container: &Value, wrong: &mut impl FnMut(&str)) {
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        if container.get(probe).is_none() {
            wrong(&format!("has no {probe}"));
        }
        if container.pointer(&format!("/{probe}/exec")).is_some() {
            wrong(&format!("its {probe} needs a program in the image"));
        }
    }
    let times = |probe: &str| {
        let part = |field: &str, default| {
            number(container, &format!("/{probe}/{field}")).unwrap_or(default)
        };
        part("periodSeconds", 10) * part("failureThreshold", 3)
    };
    if times("startupProbe") < START_AT_LEAST {
        wrong("has no time to start");
    }
    if times("livenessProbe") < 20 {
        wrong("is restarted for a moment's silence");
    }
    if times("readinessProbe") > 15 {
        wrong("is sent work long after it said no");
    }
}

fn check_grace(pod: &Value, wrong: &mut impl FnMut(&str)) {
    let grace = number(pod, "/terminationGracePeriodSeconds").unwrap_or(30);
    let hook = at(pod, "/containers/0/lifecycle/preStop");
    let pause = number(hook, "/sleep/seconds").unwrap_or(0);
    if hook != &Value::Null && number(hook, "/sleep/seconds").is_none() {
        wrong("its preStop hook is no sleep");
    }
    if pause + WATCHDOG >= grace || pause + DRAIN >= WATCHDOG {
        wrong("is killed before its drain can end");
    }
    if text(pod, "/restartPolicy") == "Never" {
        wrong("stays down");
    }
}

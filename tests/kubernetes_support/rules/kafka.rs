//! The operator's Kafka: nodes, topics as the program lays them out, and who may do what.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Overlay, ROLES};
use crate::kubernetes_support::objects::{all, at, list, name, number, one, pod, role, text};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Topic and days of retention.
const TOPICS: [(&str, i64); 6] = [
    ("stock-name-selector", 3),
    ("stock-model-output", 3),
    ("stock-prediction-output", 30),
    ("stock-name-selector-dlt", 14),
    ("stock-model-output-dlt", 14),
    ("stock-prediction-output-dlt", 14),
];

/// All that anyone may do: user, operations, resource.
const RIGHTS: [&str; 17] = [
    "ticker-picker Write,Describe topic/stock-name-selector/literal",
    "scraper Read,Describe topic/stock-name-selector/literal",
    "scraper Write,Describe topic/stock-model-output/literal",
    "scraper Write,Describe topic/stock-name-selector-dlt/literal",
    "scraper Read,Describe group/closecall.scraper/prefix",
    "gru-trainer Read,Describe topic/stock-model-output/literal",
    "gru-trainer Write,Describe topic/stock-prediction-output/literal",
    "gru-trainer Write,Describe topic/stock-model-output-dlt/literal",
    "gru-trainer Read,Describe group/closecall.gru-trainer/prefix",
    "reporter Read,Describe topic/stock-prediction-output/literal",
    "reporter Read,Describe topic/stock-name-selector-dlt/literal",
    "reporter Read,Describe topic/stock-model-output-dlt/literal",
    "reporter Read,Describe topic/stock-prediction-output-dlt/literal",
    "reporter Write,Describe topic/stock-prediction-output-dlt/literal",
    "reporter Read,Describe group/closecall.reporter/prefix",
    "keda Describe topic/stock-model-output/literal",
    "keda Describe group/closecall.gru-trainer/prefix",
];

pub(super) fn check(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    if !overlay.strimzi {
        return;
    }
    check_cluster(objects, found);
    check_topics(objects, found);
    check_rights(objects, found);
    for called in ROLES {
        let volumes = list(pod(role(objects, called)), "/volumes");
        let secret = |volume: &str| {
            let held = volumes.iter().find(|held| text(held, "/name") == volume);
            held.map_or("", |held| text(held, "/secret/secretName"))
        };
        let mounts = list(pod(role(objects, called)), "/containers/0/volumeMounts");
        for (volume, path) in [
            ("broker", "/etc/closecall/broker"),
            ("user", "/etc/closecall/user"),
        ] {
            let mounted = mounts.iter().any(|mount| {
                text(mount, "/name") == volume
                    && text(mount, "/mountPath") == path
                    && at(mount, "/readOnly") == &Value::Bool(true)
            });
            if !mounted {
                found.push(format!("{called}: does not find {path}"));
            }
        }
        if secret("user") != called || secret("broker") != "closecall-cluster-ca-cert" {
            found.push(format!("{called}: does not present its own certificate"));
        }
    }
}

fn check_cluster(objects: &[Value], found: &mut Vec<String>) {
    let mut wrong = |what: &str| found.push(format!("Kafka: {what}"));
    let kafka = at(one(objects, "Kafka", "closecall"), "/spec/kafka");
    let listeners = list(kafka, "/listeners");
    if listeners.len() != 1
        || at(&listeners[0], "/tls") != &Value::Bool(true)
        || text(&listeners[0], "/authentication/type") != "tls"
        || text(&listeners[0], "/type") != "internal"
        || number(&listeners[0], "/port") != Some(9093)
    {
        wrong("may be spoken to without a certificate");
    }
    if text(kafka, "/authorization/type") != "simple"
        || kafka.pointer("/authorization/superUsers").is_some()
    {
        wrong("lets everyone do everything");
    }
    let pool = at(one(objects, "KafkaNodePool", "nodes"), "/spec");
    if number(pool, "/replicas") != Some(3)
        || text(pool, "/storage/volumes/0/type") != "persistent-claim"
        || at(pool, "/storage/volumes/0/deleteClaim") != &Value::Bool(false)
    {
        wrong("loses records with a node");
    }
    for (key, least) in [
        ("min.insync.replicas", 2),
        ("default.replication.factor", 3),
    ] {
        if number(kafka, &format!("/config/{key}")) != Some(least) {
            wrong(&format!("{key} is not {least}"));
        }
    }
    if at(kafka, "/config/auto.create.topics.enable") != &Value::Bool(false) {
        wrong("makes topics out of typing errors");
    }
}

fn check_topics(objects: &[Value], found: &mut Vec<String>) {
    for (called, days) in TOPICS {
        let topic = one(objects, "KafkaTopic", called);
        let same = number(topic, "/spec/partitions") == Some(12)
            && number(topic, "/spec/replicas") == Some(3)
            && text(topic, "/spec/config/cleanup.policy") == "delete"
            && number(topic, "/spec/config/min.insync.replicas") == Some(2)
            && number(topic, "/spec/config/retention.ms") == Some(days * DAY)
            && text(topic, "/metadata/labels/strimzi.io~1cluster") == "closecall";
        if !same {
            found.push(format!(
                "topic {called} is not as the program would make it"
            ));
        }
    }
    let made = all(objects, "KafkaTopic").count();
    if made != TOPICS.len() {
        found.push(format!("{made} topics in place of {}", TOPICS.len()));
    }
}

fn check_rights(objects: &[Value], found: &mut Vec<String>) {
    let mut granted = BTreeSet::new();
    for user in all(objects, "KafkaUser") {
        let spec = at(user, "/spec");
        if text(spec, "/authentication/type") != "tls"
            || text(spec, "/authorization/type") != "simple"
        {
            found.push(format!(
                "user {} is not known by its certificate",
                name(user)
            ));
        }
        if text(user, "/metadata/labels/strimzi.io~1cluster") != "closecall" {
            found.push(format!("user {} belongs to no Kafka", name(user)));
        }
        for rule in list(spec, "/authorization/acls") {
            let operations: Vec<&str> = list(rule, "/operations")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let resource = at(rule, "/resource");
            granted.insert(format!(
                "{} {} {}/{}/{}",
                name(user),
                operations.join(","),
                text(resource, "/type"),
                text(resource, "/name"),
                text(resource, "/patternType"),
            ));
        }
    }
    let wanted: BTreeSet<String> = RIGHTS.into_iter().map(str::to_owned).collect();
    for right in wanted.difference(&granted) {
        found.push(format!("is not allowed: {right}"));
    }
    for right in granted.difference(&wanted) {
        found.push(format!("is allowed and should not be: {right}"));
    }
}

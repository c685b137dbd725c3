//! Permitted connections: every policy is written out as lines, and the lines must be exactly
//! these.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Overlay;
use crate::kubernetes_support::objects::{all, at, list, text};

const ALWAYS: [&str; 7] = [
    "all: nothing in",
    "all: nothing out",
    "part-of=closecall: out to namespace metadata.name=kube-system k8s-app=kube-dns TCP 53, UDP 53",
    "name=closecall: out to name=kafka TCP 9092, TCP 9093",
    "component=reporter name=closecall: in from namespace closecall/http=allowed TCP http",
    "component=reporter name=closecall: out to name=closecall TCP http",
    "name=closecall: in from component=reporter name=closecall TCP http",
];
const SINGLE_NODE: [&str; 1] = ["component=broker name=kafka: in from name=closecall TCP kafka"];
const STRIMZI: [&str; 2] = [
    "name=kafka strimzi.io/cluster=closecall: in from name=closecall TCP 9093",
    "strimzi.io/cluster=closecall: out to anywhere any port",
];
const KEDA: [&str; 1] =
    ["name=kafka: in from namespace metadata.name=keda app=keda-operator TCP 9092, TCP 9093"];
const MONITORING: [&str; 1] =
    ["name=closecall: in from namespace metadata.name=monitoring name=prometheus TCP http"];
const SIMULATED: [&str; 2] = [
    "component=market name=market: in from component=scraper name=closecall TCP http",
    "component=scraper name=closecall: out to component=market name=market TCP 8900",
];
const LIVE: [&str; 1] = [
    "component=scraper name=closecall: out to 0.0.0.0/0 but 0.0.0.0/8 10.0.0.0/8 \
     100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4 TCP 443",
];

pub(super) fn check(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let mut want = |lines: &[&str], when: bool| {
        wanted.extend(lines.iter().filter(|_| when).map(|line| (*line).to_owned()));
    };
    want(&ALWAYS, true);
    want(&SINGLE_NODE, !overlay.strimzi);
    want(&STRIMZI, overlay.strimzi);
    want(&KEDA, overlay.keda);
    want(&MONITORING, overlay.monitoring);
    want(&SIMULATED, !overlay.live);
    want(&LIVE, overlay.live);
    let allowed: BTreeSet<String> = all(objects, "NetworkPolicy").flat_map(lines).collect();
    for line in wanted.difference(&allowed) {
        found.push(format!("network, missing: {line}"));
    }
    for line in allowed.difference(&wanted) {
        found.push(format!("network, too much: {line}"));
    }
}

/// One line for each way that a policy opens, or for each direction that it closes.
fn lines(policy: &Value) -> Vec<String> {
    let who = labels(at(policy, "/spec/podSelector"));
    let who = if who.is_empty() {
        "all".to_owned()
    } else {
        who
    };
    let mut found = Vec::new();
    if policy.pointer("/spec/podSelector").is_none() {
        found.push("a policy for no pods".to_owned());
    }
    for (kind, field, word, verb) in [
        ("Ingress", "ingress", "in", "from"),
        ("Egress", "egress", "out", "to"),
    ] {
        if !list(policy, "/spec/policyTypes")
            .iter()
            .any(|listed| listed == kind)
        {
            continue;
        }
        let rules = list(policy, &format!("/spec/{field}"));
        if rules.is_empty() {
            found.push(format!("{who}: nothing {word}"));
        }
        for rule in rules {
            let ports = ports(rule);
            let peers = list(rule, &format!("/{verb}"));
            if peers.is_empty() {
                found.push(format!("{who}: {word} {verb} anywhere {ports}"));
            }
            found.extend(
                peers
                    .iter()
                    .map(|p| format!("{who}: {word} {verb} {} {ports}", peer(p))),
            );
        }
    }
    found
}

fn peer(peer: &Value) -> String {
    let mut words = Vec::new();
    if let Some(block) = peer.get("ipBlock") {
        words.push(text(block, "/cidr").to_owned());
        let mut except: Vec<&str> = list(block, "/except")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        except.sort_unstable();
        if !except.is_empty() {
            words.push(format!("but {}", except.join(" ")));
        }
    }
    if let Some(namespace) = peer.get("namespaceSelector") {
        words.push(format!("namespace {}", labels(namespace)));
    }
    if let Some(pods) = peer.get("podSelector") {
        words.push(labels(pods));
    }
    words.join(" ")
}

fn ports(rule: &Value) -> String {
    let mut ports: Vec<String> = list(rule, "/ports")
        .iter()
        .map(|port| {
            let number = at(port, "/port").to_string();
            format!("{} {}", text(port, "/protocol"), number.trim_matches('"'))
        })
        .collect();
    ports.sort_unstable();
    if ports.is_empty() {
        "any port".to_owned()
    } else {
        ports.join(", ")
    }
}

/// A selector in short: the well-known prefixes are left out.
fn labels(selector: &Value) -> String {
    let mut words: Vec<String> = at(selector, "/matchLabels")
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let key = key.strip_prefix("app.kubernetes.io/").unwrap_or(key);
            let key = key.strip_prefix("kubernetes.io/").unwrap_or(key);
            format!("{key}={}", value.as_str().unwrap_or_default())
        })
        .collect();
    if selector.get("matchExpressions").is_some() {
        words.push(at(selector, "/matchExpressions").to_string());
    }
    words.sort_unstable();
    words.join(" ")
}

//! Volumes, their writers, the number of replicas of each role, and settings.

use serde_json::{Value, json};

use super::{Overlay, ROLES, pods};
use crate::kubernetes_support::objects::{
    all, at, environment, list, name, number, one, pod, role, text,
};

pub(super) fn check(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    for called in ["scraper", "reporter"] {
        check_volume(overlay, objects, called, found);
    }
    for called in ["ticker-picker", "gru-trainer"] {
        if pod(role(objects, called))
            .pointer("/securityContext/fsGroup")
            .is_some()
        {
            found.push(format!(
                "{called}: has a group for volumes it does not have"
            ));
        }
    }
    // One writer of the ledger, one picker: a second would wait or repeat, and is a mistake.
    for called in ["ticker-picker", "reporter"] {
        if number(role(objects, called), "/spec/replicas") != Some(1) {
            found.push(format!("{called}: does not run exactly once"));
        }
    }
    if text(role(objects, "ticker-picker"), "/spec/strategy/type") != "Recreate" {
        found.push("ticker-picker: the new one comes before the old one has left".to_owned());
    }
    let trainer = at(role(objects, "gru-trainer"), "/spec/strategy/rollingUpdate");
    if trainer != &json!({"maxSurge": 1, "maxUnavailable": 0}) {
        found.push("gru-trainer: an upgrade leaves none at work".to_owned());
    }
    check_settings(overlay, objects, found);
    check_vendor_key(objects, found);
}

fn check_volume(overlay: Overlay, objects: &[Value], called: &str, found: &mut Vec<String>) {
    let workload = role(objects, called);
    let mut wrong = |what: &str| found.push(format!("{called}: {what}"));
    let claims = list(workload, "/spec/volumeClaimTemplates");
    if claims.len() != 1
        || text(&claims[0], "/metadata/name") != "data"
        || at(&claims[0], "/spec/accessModes") != &json!(["ReadWriteOnce"])
        || text(&claims[0], "/spec/resources/requests/storage").is_empty()
    {
        wrong("does not claim a volume");
    }
    if overlay.live
        && at(workload, "/spec/persistentVolumeClaimRetentionPolicy")
            != &json!({"whenDeleted": "Retain", "whenScaled": "Retain"})
    {
        wrong("its volume goes with it");
    }
    let pod = pod(workload);
    if number(pod, "/securityContext/fsGroup") != number(pod, "/securityContext/runAsGroup") {
        wrong("cannot write to its volume");
    }
    let folder = environment(objects, pod)
        .into_iter()
        .find(|(key, _)| *key == "CLOSECALL__DATA_DIR")
        .map_or("", |(_, value)| value);
    let on_volume = list(pod, "/containers/0/volumeMounts").iter().any(|mount| {
        let path = text(mount, "/mountPath");
        text(mount, "/name") == "data" && !path.is_empty() && folder.starts_with(path)
    });
    if !on_volume {
        wrong("does not keep its data on its volume");
    }
}

fn check_settings(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    for map in all(objects, "ConfigMap") {
        for key in at(map, "/data")
            .as_object()
            .into_iter()
            .flat_map(|data| data.keys())
        {
            if pods::is_secret(key) {
                found.push(format!("{key} stands in ConfigMap {}", name(map)));
            }
        }
    }
    let (broker, protocol) = if overlay.strimzi {
        ("closecall-kafka-bootstrap.closecall.svc:9093", "ssl")
    } else {
        ("kafka.closecall.svc:9092", "")
    };
    for called in ROLES {
        let settings = environment(objects, pod(role(objects, called)));
        let value = |wanted: &str| {
            settings
                .iter()
                .find(|(key, _)| *key == wanted)
                .map_or("", |(_, value)| value)
        };
        let mut wrong = |what: &str| found.push(format!("{called}: {what}"));
        if value("CLOSECALL__KAFKA__BROKERS") != broker {
            wrong("is not sent to the broker by its whole name");
        }
        if value("CLOSECALL__KAFKA__SECURITY_PROTOCOL") != protocol {
            wrong("does not speak to the broker as the broker expects");
        }
        if value("CLOSECALL__HTTP__LISTEN") != "0.0.0.0:8080" {
            wrong("does not listen where it is asked");
        }
        if value("CLOSECALL__LOG__FORMAT") != "json" {
            wrong("its log is for people");
        }
    }
}

/// The variables of the vendors' keys, each with its Secret and the key in it.
const VENDOR_KEYS: [(&str, &str, &str); 4] = [
    (
        "CLOSECALL__ALPHAVANTAGE__API_KEY",
        "closecall-alphavantage",
        "api-key",
    ),
    ("CLOSECALL__ALPACA__KEY_ID", "closecall-alpaca", "key-id"),
    (
        "CLOSECALL__ALPACA__SECRET_KEY",
        "closecall-alpaca",
        "secret-key",
    ),
    ("CLOSECALL__TIINGO__API_KEY", "closecall-tiingo", "api-key"),
];

/// The vendors' keys come from Secrets that may be missing.
fn check_vendor_key(objects: &[Value], found: &mut Vec<String>) {
    let variables = list(pod(role(objects, "scraper")), "/containers/0/env");
    for (name, secret, key) in VENDOR_KEYS {
        let source = variables
            .iter()
            .find(|variable| text(variable, "/name") == name)
            .map_or(&Value::Null, |variable| {
                at(variable, "/valueFrom/secretKeyRef")
            });
        if source != &json!({"name": secret, "key": key, "optional": true}) {
            found.push(format!(
                "scraper: does not take {name} from an optional Secret"
            ));
        }
        if !one(objects, "Secret", secret).is_null() {
            found.push("a secret stands in the manifests".to_owned());
        }
    }
    for called in ["ticker-picker", "gru-trainer", "reporter"] {
        let settings = environment(objects, pod(role(objects, called)));
        if settings.iter().any(|(key, _)| pods::is_secret(key)) {
            found.push(format!("{called}: is given a secret it does not need"));
        }
    }
}

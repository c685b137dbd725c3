//! Scaling on Kafka's lag: the numbers that hang together with topics, groups and fits.

use serde_json::Value;

use super::Overlay;
use crate::kubernetes_support::objects::{at, list, number, one, role, text};

/// Partitions of every topic: a pod more has nothing to read.
const PARTITIONS: i64 = 12;

pub(super) fn check(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    let trainer = role(objects, "gru-trainer");
    check_trainer(trainer, found);
    if !overlay.keda {
        return;
    }
    let object = one(objects, "ScaledObject", "gru-trainer");
    let mut wrong = |what: &str| found.push(format!("scaling: {what}"));
    if trainer.pointer("/spec/replicas").is_some() {
        wrong("the Deployment sets a number of pods, too");
    }
    if text(object, "/spec/scaleTargetRef/name") != "gru-trainer" {
        wrong("is for something else");
    }
    if number(object, "/spec/minReplicaCount") != Some(1) {
        wrong("may leave none, or wastes pods");
    }
    if number(object, "/spec/maxReplicaCount").is_none_or(|most| !(3..=PARTITIONS).contains(&most))
    {
        wrong("the most is not what the partitions can feed");
    }
    if number(object, "/spec/fallback/replicas").is_none_or(|pods| pods < 1)
        || text(object, "/spec/fallback/behavior") != "currentReplicasIfHigher"
    {
        wrong("takes pods away when the lag cannot be read");
    }
    let behavior = at(
        object,
        "/spec/advanced/horizontalPodAutoscalerConfig/behavior",
    );
    if number(behavior, "/scaleDown/stabilizationWindowSeconds")
        .is_none_or(|seconds| seconds < overlay.patience)
    {
        wrong("takes pods away in the middle of a fit");
    }
    check_trigger(overlay, object, &mut wrong);
}

fn check_trigger(overlay: Overlay, object: &Value, wrong: &mut impl FnMut(&str)) {
    const WANTED: [(&str, &str); 7] = [
        ("bootstrapServersFromEnv", "CLOSECALL__KAFKA__BROKERS"),
        ("consumerGroup", "closecall.gru-trainer"),
        ("topic", "stock-model-output"),
        ("lagThreshold", "1"),
        ("activationLagThreshold", "0"),
        ("offsetResetPolicy", "earliest"),
        ("allowIdleConsumers", "false"),
    ];
    let trigger = at(object, "/spec/triggers/0");
    if list(object, "/spec/triggers").len() != 1 || text(trigger, "/type") != "kafka" {
        wrong("does not look at Kafka alone");
    }
    // A misspelt key passes every schema and the admission: only this finds it.
    let metadata = at(trigger, "/metadata").as_object();
    let tls = ("tls", if overlay.strimzi { "enable" } else { "" });
    let known = WANTED.into_iter().chain([tls]);
    for (key, value) in known.clone() {
        if text(trigger, &format!("/metadata/{key}")) != value {
            wrong(&format!("its {key} is not {value:?}"));
        }
    }
    for key in metadata.into_iter().flat_map(|metadata| metadata.keys()) {
        if !known.clone().any(|(name, _)| name == key) {
            wrong(&format!("KEDA does not know {key}"));
        }
    }
    let credentials = text(trigger, "/authenticationRef/name");
    if (credentials == "kafka") != overlay.strimzi {
        wrong("asks the broker without its credentials");
    }
}

/// A fit takes a core; a pod may hold as many fits as its CPU limit counts cores.
fn check_trainer(trainer: &Value, found: &mut Vec<String>) {
    let container = at(trainer, "/spec/template/spec/containers/0");
    if text(container, "/resources/limits/cpu") != "1" {
        found.push("gru-trainer: its CPU is not limited to one fit".to_owned());
    }
    let keys: Vec<&str> = list(trainer, "/spec/template/spec/topologySpreadConstraints")
        .iter()
        .filter(|spread| text(spread, "/whenUnsatisfiable") == "ScheduleAnyway")
        .map(|spread| text(spread, "/topologyKey"))
        .collect();
    if keys != ["topology.kubernetes.io/zone", "kubernetes.io/hostname"] {
        found.push("gru-trainer: is not spread, or waits for a balance".to_owned());
    }
}

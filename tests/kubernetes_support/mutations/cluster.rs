//! Ways to weaken what is around the pods: state, settings, services, scaling, monitoring.

use serde_json::{Value, json};

use super::{Mutation, on};
use crate::kubernetes_support::objects::{all, list, one, pod, role, text};
use crate::kubernetes_support::rules::Overlay;

pub(super) fn add(overlay: Overlay, objects: &[Value], found: &mut Vec<Mutation>) {
    roles(overlay, objects, found);
    services(objects, found);
    settings(overlay, objects, found);
    if overlay.keda {
        scaling(overlay, objects, found);
    }
    if overlay.monitoring {
        monitoring(objects, found);
    }
}

fn roles(overlay: Overlay, objects: &[Value], found: &mut Vec<Mutation>) {
    for called in ["ticker-picker", "reporter"] {
        on(
            role(objects, called),
            &["/spec/replicas"],
            &[("/spec/replicas", json!(2))],
            found,
        );
    }
    on(
        role(objects, "ticker-picker"),
        &["/spec/strategy"],
        &[("/spec/strategy", json!({"type": "RollingUpdate"}))],
        found,
    );
    on(
        role(objects, "gru-trainer"),
        &[
            "/spec/strategy",
            "/spec/template/spec/topologySpreadConstraints",
            "/spec/template/spec/topologySpreadConstraints/0",
            "/spec/template/spec/topologySpreadConstraints/1",
            "/spec/template/spec/containers/0/resources/limits/cpu",
        ],
        &[
            ("/spec/strategy/rollingUpdate/maxUnavailable", json!(1)),
            (
                "/spec/template/spec/topologySpreadConstraints/0/whenUnsatisfiable",
                json!("DoNotSchedule"),
            ),
            (
                "/spec/template/spec/containers/0/resources/limits/cpu",
                json!("4"),
            ),
            ("/spec/template/spec/securityContext/fsGroup", json!(65532)),
        ],
        found,
    );
    for called in ["scraper", "reporter"] {
        let mounts = "/spec/template/spec/containers/0/volumeMounts";
        let data = list(role(objects, called), mounts)
            .iter()
            .position(|mount| mount.pointer("/name") == Some(&json!("data")));
        let data = format!("{mounts}/{}", data.unwrap_or(0));
        on(
            role(objects, called),
            &[
                "/spec/volumeClaimTemplates",
                "/spec/volumeClaimTemplates/0/spec/resources",
                "/spec/serviceName",
                "/spec/template/spec/securityContext/fsGroup",
                mounts,
                &data,
                "/spec/template/spec/containers/0/env",
            ],
            &[
                (
                    "/spec/volumeClaimTemplates/0/spec/accessModes",
                    json!(["ReadWriteMany"]),
                ),
                ("/spec/serviceName", json!("closecall")),
                ("/spec/template/spec/securityContext/fsGroup", json!(0)),
                (&format!("{data}/mountPath"), json!("/elsewhere")),
                (
                    "/spec/template/spec/containers/0/env/0/value",
                    json!("/tmp/data"),
                ),
            ],
            found,
        );
        if overlay.live {
            on(
                role(objects, called),
                &["/spec/persistentVolumeClaimRetentionPolicy"],
                &[(
                    "/spec/persistentVolumeClaimRetentionPolicy/whenScaled",
                    json!("Delete"),
                )],
                found,
            );
        }
    }
    let scraper = role(objects, "scraper");
    let variables = list(pod(scraper), "/containers/0/env");
    let api_key = |variable: &Value| text(variable, "/name") == "CLOSECALL__ALPHAVANTAGE__API_KEY";
    let place = variables.iter().position(api_key).unwrap_or_default();
    let key = &format!("/spec/template/spec/containers/0/env/{place}");
    on(
        scraper,
        &[key, &format!("{key}/valueFrom/secretKeyRef/optional")],
        &[
            (
                &format!("{key}/valueFrom/secretKeyRef/name"),
                json!("another"),
            ),
            (
                key,
                json!({"name": "CLOSECALL__ALPHAVANTAGE__API_KEY", "value": "in sight"}),
            ),
        ],
        found,
    );
    let reporter = "/spec/template/spec/containers/0/env/-";
    let secret = json!({"name": "CLOSECALL__ALPHAVANTAGE__API_KEY", "valueFrom": {"secretKeyRef":
        {"name": "closecall-alphavantage", "key": "api-key", "optional": true}}});
    on(role(objects, "reporter"), &[], &[(reporter, secret)], found);
}

fn services(objects: &[Value], found: &mut Vec<Mutation>) {
    for service in all(objects, "Service") {
        let set = [
            ("/spec/type", json!("NodePort")),
            ("/spec/type", json!("LoadBalancer")),
            ("/spec/externalIPs", json!(["192.0.2.1"])),
        ];
        on(service, &[], &set, found);
    }
    for called in ["scraper", "reporter", "closecall"] {
        let set = [
            (
                "/spec/selector/app.kubernetes.io~1component",
                json!("another"),
            ),
            ("/spec/ports/0/targetPort", json!("another")),
        ];
        on(
            one(objects, "Service", called),
            &["/spec/selector"],
            &set,
            found,
        );
    }
    for called in ["scraper", "reporter"] {
        on(
            one(objects, "Service", called),
            &["/spec/clusterIP"],
            &[],
            found,
        );
    }
    on(
        one(objects, "Service", "closecall"),
        &[],
        &[("/spec/clusterIP", json!("None"))],
        found,
    );
}

fn settings(overlay: Overlay, objects: &[Value], found: &mut Vec<Mutation>) {
    let ours = all(objects, "ConfigMap")
        .find(|map| map.pointer("/data/CLOSECALL__KAFKA__BROKERS").is_some());
    let Some(map) = ours else { return };
    on(
        map,
        &[
            "/data/CLOSECALL__KAFKA__BROKERS",
            "/data/CLOSECALL__HTTP__LISTEN",
            "/data/CLOSECALL__LOG__FORMAT",
        ],
        &[
            ("/data/CLOSECALL__KAFKA__BROKERS", json!("kafka:9092")),
            ("/data/CLOSECALL__HTTP__LISTEN", json!("127.0.0.1:8080")),
            ("/data/CLOSECALL__LOG__FORMAT", json!("text")),
            (
                "/data/CLOSECALL__KAFKA__SECURITY_PROTOCOL",
                json!("sasl_plaintext"),
            ),
            ("/data/CLOSECALL__ALPHAVANTAGE__API_KEY", json!("in sight")),
            ("/data/CLOSECALL__KAFKA__SASL_PASSWORD", json!("in sight")),
        ],
        found,
    );
    if overlay.strimzi {
        on(
            map,
            &["/data/CLOSECALL__KAFKA__SECURITY_PROTOCOL"],
            &[],
            found,
        );
    }
}

fn scaling(overlay: Overlay, objects: &[Value], found: &mut Vec<Mutation>) {
    on(
        role(objects, "gru-trainer"),
        &[],
        &[("/spec/replicas", json!(1))],
        found,
    );
    let down = "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown";
    let trigger = "/spec/triggers/0/metadata";
    let at = |key: &str| format!("{trigger}/{key}");
    let object = one(objects, "ScaledObject", "gru-trainer");
    for key in [
        "bootstrapServersFromEnv",
        "consumerGroup",
        "topic",
        "lagThreshold",
        "activationLagThreshold",
        "offsetResetPolicy",
        "allowIdleConsumers",
    ] {
        on(object, &[&at(key)], &[(&at(key), json!("another"))], found);
    }
    on(
        object,
        &[
            "/spec/scaleTargetRef/name",
            "/spec/minReplicaCount",
            "/spec/maxReplicaCount",
            "/spec/fallback",
            "/spec/fallback/behavior",
            "/spec/triggers/0",
            "/spec/advanced",
            &format!("{down}/stabilizationWindowSeconds"),
        ],
        &[
            ("/spec/scaleTargetRef/name", json!("scraper")),
            ("/spec/minReplicaCount", json!(0)),
            ("/spec/minReplicaCount", json!(12)),
            ("/spec/maxReplicaCount", json!(1)),
            ("/spec/maxReplicaCount", json!(13)),
            ("/spec/fallback/replicas", json!(0)),
            ("/spec/triggers/0/type", json!("cpu")),
            (
                "/spec/triggers/-",
                json!({"type": "cpu", "metadata": {"value": "50"}}),
            ),
            (&at("lagThreshhold"), json!("1")),
            (&at("excludePersistentLag"), json!("true")),
        ],
        found,
    );
    if overlay.patience > 0 {
        let soon = [(format!("{down}/stabilizationWindowSeconds"), json!(60))];
        let soon: Vec<(&str, Value)> = soon.iter().map(|(p, v)| (p.as_str(), v.clone())).collect();
        on(object, &[], &soon, found);
    }
    if overlay.strimzi {
        on(
            object,
            &["/spec/triggers/0/authenticationRef", &at("tls")],
            &[],
            found,
        );
    }
}

fn monitoring(objects: &[Value], found: &mut Vec<Mutation>) {
    on(
        one(objects, "PodMonitor", "closecall"),
        &["/spec/selector/matchLabels", "/spec/podMetricsEndpoints"],
        &[
            ("/spec/podMetricsEndpoints/0/port", json!("metrics")),
            ("/spec/podMetricsEndpoints/0/path", json!("/")),
            (
                "/spec/selector/matchLabels/app.kubernetes.io~1name",
                json!("another"),
            ),
        ],
        found,
    );
    let rules = one(objects, "PrometheusRule", "closecall");
    for index in 0..list(rules, "/spec/groups/0/rules").len() {
        let rule = format!("/spec/groups/0/rules/{index}");
        let below = |field: &str| format!("{rule}/{field}");
        on(
            rules,
            &[
                &rule,
                &below("expr"),
                &below("labels"),
                &below("annotations/description"),
            ],
            &[],
            found,
        );
    }
}

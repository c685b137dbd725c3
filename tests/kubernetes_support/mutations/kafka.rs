//! Ways to weaken what the pods need of Kafka: the cluster, its users and topics, the job that makes
//! them.

use serde_json::{Value, json};

use super::{Mutation, on};
use crate::kubernetes_support::objects::{all, list, one, role};
use crate::kubernetes_support::rules::ROLES;

/// Where Strimzi keeps the cluster, its users and its topics.
pub(super) fn cluster(objects: &[Value], found: &mut Vec<Mutation>) {
    on(
        one(objects, "Kafka", "closecall"),
        &[
            "/spec/kafka/authorization",
            "/spec/kafka/listeners/0/authentication",
            "/spec/kafka/listeners/0/tls",
            "/spec/kafka/config/min.insync.replicas",
            "/spec/kafka/config/default.replication.factor",
            "/spec/kafka/config/auto.create.topics.enable",
        ],
        &[
            ("/spec/kafka/listeners/0/tls", json!(false)),
            ("/spec/kafka/listeners/0/type", json!("loadbalancer")),
            (
                "/spec/kafka/listeners/-",
                json!({"name": "plain", "port": 9092, "tls": false}),
            ),
            (
                "/spec/kafka/authorization/superUsers",
                json!(["CN=scraper"]),
            ),
            ("/spec/kafka/config/min.insync.replicas", json!(1)),
        ],
        found,
    );
    on(
        one(objects, "KafkaNodePool", "nodes"),
        &["/spec/replicas", "/spec/storage"],
        &[
            ("/spec/replicas", json!(1)),
            ("/spec/storage/volumes/0/type", json!("ephemeral")),
            ("/spec/storage/volumes/0/deleteClaim", json!(true)),
        ],
        found,
    );
    for user in all(objects, "KafkaUser") {
        for index in 0..list(user, "/spec/authorization/acls").len() {
            let rule = format!("/spec/authorization/acls/{index}");
            let set = [
                (format!("{rule}/operations"), json!(["All"])),
                (format!("{rule}/resource/name"), json!("*")),
            ];
            let set: Vec<(&str, Value)> =
                set.iter().map(|(p, v)| (p.as_str(), v.clone())).collect();
            on(user, &[], &set, found);
        }
    }
    for topic in all(objects, "KafkaTopic") {
        let set = [
            ("/spec/partitions", json!(1)),
            ("/spec/replicas", json!(1)),
            ("/spec/config/retention.ms", json!(1000)),
            ("/spec/config/cleanup.policy", json!("compact")),
        ];
        on(topic, &[], &set, found);
    }
    for called in ROLES {
        let workload = role(objects, called);
        let volumes = list(workload, "/spec/template/spec/volumes");
        let user = volumes
            .iter()
            .position(|volume| volume.pointer("/name") == Some(&json!("user")));
        let pointer = format!("/spec/template/spec/volumes/{}", user.unwrap_or(0));
        let other = if called == "scraper" {
            "reporter"
        } else {
            "scraper"
        };
        on(
            workload,
            &[&pointer],
            &[(&format!("{pointer}/secret/secretName"), json!(other))],
            found,
        );
        for index in 0..list(workload, "/spec/template/spec/containers/0/volumeMounts").len() {
            let mount = format!("/spec/template/spec/containers/0/volumeMounts/{index}");
            if workload.pointer(&format!("{mount}/name")) != Some(&json!("tmp")) {
                on(workload, &[&mount], &[], found);
            }
        }
    }
}

/// Where a job makes the topics on a cluster that is there already.
pub(super) fn topics_job(objects: &[Value], found: &mut Vec<Mutation>) {
    on(
        one(objects, "Job", "topics"),
        &[
            "/spec/backoffLimit",
            "/spec/activeDeadlineSeconds",
            "/spec/ttlSecondsAfterFinished",
            "/spec/template/spec/restartPolicy",
        ],
        &[
            ("/spec/backoffLimit", json!(0)),
            ("/spec/template/spec/restartPolicy", json!("Never")),
            (
                "/spec/template/spec/containers/0/args",
                json!(["topics", "describe"]),
            ),
        ],
        found,
    );
}

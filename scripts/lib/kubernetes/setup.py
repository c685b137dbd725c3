"""Steps 1 and 2: what the API server takes, and from nothing to forecasts."""

import copy
import json
import os
import pathlib
import time

import account
import images
from cluster import NAMESPACE, Failure, until

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROLES = ("ticker-picker", "scraper", "gru-trainer", "reporter")
READY_SECONDS = 20
# What the pod of each weakening asks for, beyond the restricted profile.
WEAKER = (
    ("securityContext", "runAsNonRoot", False),
    ("containers", "allowPrivilegeEscalation", True),
    ("containers", "capabilities", {"add": ["NET_ADMIN"]}),
)


def kustomization(folder, tag):
    """A kustomization of the test overlay with the test's images."""
    overlay = os.path.relpath(ROOT / "k8s" / "overlays" / "test", folder)
    kafka, probe = images.KAFKA.rpartition(":"), images.CLOSECALL
    text = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [overlay],
        "images": [
            {"name": probe, "newTag": tag},
            {"name": "docker.io/apache/kafka", "newName": kafka[0], "newTag": kafka[2]},
        ],
    }
    (folder / "kustomization.yaml").write_text(json.dumps(text))
    return folder


def of(objects, component):
    """The objects of a component by their label, or by their name."""
    def mine(item):
        meta = item["metadata"]
        return component in (meta["name"], meta.get("labels", {}).get("app.kubernetes.io/component"))
    return [item for item in objects if mine(item)]


def admission(cluster, objects, say):
    namespace = [item for item in objects if item["kind"] == "Namespace"]
    cluster.apply(namespace)
    until("the namespace's account", 30, lambda: cluster.get("serviceaccount", "default", check=False))
    cluster.apply(objects, "--dry-run=server", "--warnings-as-errors")
    say(f"{len(objects)} objects pass the server's dry run without a warning")
    refused = 0
    workloads = [item for item in objects if item["kind"] in ("Deployment", "StatefulSet", "Job")]
    for workload in workloads:
        for where, field, value in WEAKER:
            weak = copy.deepcopy(workload)
            pod = weak["spec"]["template"]["spec"]
            target = pod["containers"][0] if where == "containers" else pod
            target["securityContext"][field] = value
            done = cluster.apply([weak], "--dry-run=server", "--warnings-as-errors", check=False)
            if done.returncode == 0 or "PodSecurity" not in done.stderr:
                raise Failure(f"{workload['metadata']['name']} with {field} {value} was not refused: {done.stderr}")
            refused += 1
    pod = copy.deepcopy(workloads[0]["spec"]["template"])
    pod |= {"apiVersion": "v1", "kind": "Pod"}
    pod["metadata"] |= {"name": "weak", "namespace": NAMESPACE}
    pod["spec"]["containers"][0]["securityContext"]["privileged"] = True
    if cluster.apply([pod], check=False).returncode == 0:
        raise Failure("a privileged pod was let in")
    say(f"{refused} weakened copies of {len(workloads)} workloads refused, and a privileged pod")


def volumes(cluster, claims, folder):
    """Local volumes for the claims, where the cluster has no storage class that makes them."""
    classes = cluster.get("storageclass", namespace=None)["items"]
    default = "storageclass.kubernetes.io/is-default-class"
    if any(item["metadata"].get("annotations", {}).get(default) == "true" for item in classes):
        return "the default storage class"
    node = cluster.get("nodes", namespace=None)["items"][0]["metadata"]["labels"]["kubernetes.io/hostname"]
    affinity = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    for claim in claims:
        cluster.run_inside("mkdir", "-p", f"{folder}/{claim}")
        cluster.kubectl("delete", "pv", f"closecall-test-{claim}", "--ignore-not-found", namespace=None)
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"closecall-test-{claim}"},
            "spec": {
                "capacity": {"storage": "2Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": NAMESPACE, "name": claim},
                "local": {"path": f"{folder}/{claim}"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [affinity]}]}},
            },
        }
        cluster.apply([volume])
    return "local volumes"


def observer(name, labels, namespace=NAMESPACE):
    """A pod to look around from, under the restricted profile."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "probe",
                "image": images.PROBE,
                "imagePullPolicy": "Never",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    }


def flow(cluster, objects, say):
    """Kafka, its topics, the roles, forecasts, metrics."""
    started = time.monotonic()
    roles = [item for role in ROLES for item in of(objects, role) if item["kind"] in ("Deployment", "StatefulSet")]
    scaler = [item for item in objects if item["kind"] == "ScaledObject"]
    jobs = [item for item in objects if item["kind"] == "Job"]
    cluster.apply([item for item in objects if item not in roles + scaler + jobs])
    labels = {"app.kubernetes.io/name": "closecall", "app.kubernetes.io/part-of": "closecall"}
    cluster.apply([observer(account.OBSERVER, labels | {"app.kubernetes.io/component": "observer"})])
    until("Kafka ready", 90, lambda: cluster.ready("broker"))
    until("the market ready", 60, lambda: cluster.ready("market"))
    say(f"Kafka and the market ready after {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    cluster.apply(jobs)
    cluster.kubectl("wait", "--for=condition=complete", "job/topics", "--timeout=90s")
    say(f"topics made by their Job in {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    cluster.apply(roles)
    for role in ROLES:
        until(f"{role} ready", 60, lambda role=role: cluster.ready(role))
    took = time.monotonic() - started
    if took > READY_SECONDS:
        raise Failure(f"the roles were ready after {took:.1f} s, not {READY_SECONDS}")
    say(f"four roles ready in {took:.1f} s")
    cluster.apply(scaler)
    started = time.monotonic()
    until("five forecasts", 90, lambda: len(account.ledger(cluster, check=False)) >= 5, every=1)
    say(f"five forecasts after another {time.monotonic() - started:.1f} s")
    for role in ROLES:
        status, body = cluster.http(cluster.pods(role)[0], "/metrics")
        if status != 200 or "closecall_build_info" not in body:
            raise Failure(f"{role} answers {status} for /metrics: {body[:200]}")
    say("/metrics of each role answers")

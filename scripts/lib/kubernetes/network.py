"""Step 6: who reaches whom, tried from pods that carry the labels of a role, or none."""

import time

from cluster import NAMESPACE, Failure, until
from setup import ROLES, observer

ELSEWHERE = "closecall-test-stranger"
OUTSIDER = "a stranger from elsewhere"


def outside(cluster):
    """A pod of another namespace that lets everybody in: KEDA's operator, at its metrics."""
    pods = cluster.get("pods", "-l", "app=keda-operator", namespace="keda")["items"]
    return pods[0]["status"]["podIP"]


def address(cluster, component):
    return cluster.pods(component)[0]["status"]["podIP"]


def policies(cluster, say):
    targets = {
        "Kafka": (address(cluster, "broker"), 9092),
        "the vendor": (address(cluster, "market"), 8900),
        "the scraper": (address(cluster, "scraper"), 8080),
        "the reporter": (address(cluster, "reporter"), 8080),
        "another namespace": (outside(cluster), 8080),
    }
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ELSEWHERE}}])
    until("its account", 30, lambda: cluster.get("serviceaccount", "default", namespace=ELSEWHERE, check=False))
    probes = {"a stranger in the namespace": ("stranger", NAMESPACE), OUTSIDER: ("stranger", ELSEWHERE)}
    pods = [observer("stranger", {}, space) for _, space in probes.values()]
    for role in ROLES:
        probes[role] = (f"as-{role}", NAMESPACE)
        labels = {"name": "closecall", "component": role, "part-of": "closecall"}
        labels = {f"app.kubernetes.io/{key}": value for key, value in labels.items()}
        pods.append(observer(f"as-{role}", labels))
    cluster.apply(pods)
    try:
        for name, space in probes.values():
            cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s", namespace=space)
        time.sleep(3)  # What enforces policies may take a moment for new pods.
        compare(cluster, probes, targets, say)
    finally:
        for name, space in probes.values():
            cluster.kubectl("delete", "pod", name, "--wait=false", "--ignore-not-found", namespace=space)
        cluster.kubectl("delete", "namespace", ELSEWHERE, "--wait=false", namespace=None)


def expected(who, target):
    if target == "Kafka":
        return who in ROLES
    if target == "the vendor":
        return who == "scraper"
    if target in ("the scraper", "the reporter"):
        # Its page asks every pod of the roles, by a rule that names them all: a reporter reaches its like.
        return who == "reporter"
    # Who is under no policy gets there: what the others do not reach is there, then.
    return target == "another namespace" and who == OUTSIDER


def compare(cluster, probes, targets, say):
    wrong = []
    for who, (name, space) in probes.items():
        reached = []
        for target, (host, port) in targets.items():
            command = ("busybox", "nc", "-w", "1", host, str(port), "-e", "busybox", "true")
            done = cluster.kubectl("exec", name, "--", *command, namespace=space, check=False)
            if done.returncode == 0:
                reached.append(target)
            if (done.returncode == 0) != expected(who, target):
                wrong.append(f"{who} and {target}: {'reached' if done.returncode == 0 else 'not reached'}")
        say(f"{who} reaches {', '.join(reached) or 'nothing'}")
    for role in ROLES:
        done = cluster.in_pod(f"as-{role}", "busybox", "nslookup", f"kafka.{NAMESPACE}.svc.cluster.local", check=False)
        if done.returncode != 0:
            wrong.append(f"{role} finds no name: {done.stdout}{done.stderr}")
    if wrong:
        raise Failure("; ".join(wrong))

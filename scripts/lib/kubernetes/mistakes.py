"""Step 8: what a pod says and does when it is set up wrongly."""

import copy
import json
import time

from cluster import Failure, is_ready, until
from setup import of

LOUD = ("ERROR", "WARN")
WATCHED_SECONDS = 25
# The kubelet's own back-off allows this number of starts in that time.
STARTS = 4


def lines(cluster, pod, *args):
    """The log's lines as objects; a line that is not JSON as it is."""
    text = cluster.kubectl("logs", pod, *args, check=False).stdout
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append({"text": line, "level": "ERROR"})
    return found


def mistaken(objects, role, name, variables):
    """A pod of the role with other settings, of no workload."""
    workload = next(item for item in of(objects, role) if item["kind"] in ("Deployment", "StatefulSet"))
    pod = copy.deepcopy(workload["spec"]["template"])
    pod["metadata"] = {"name": name, "namespace": workload["metadata"]["namespace"], "labels": pod["metadata"]["labels"]}
    pod["metadata"]["labels"]["app.kubernetes.io/component"] = "mistaken"
    pod["spec"]["containers"][0].setdefault("env", []).extend(variables)
    pod["spec"].pop("topologySpreadConstraints", None)
    for claim in workload["spec"].get("volumeClaimTemplates", []):
        pod["spec"].setdefault("volumes", []).append({"name": claim["metadata"]["name"], "emptyDir": {}})
    return pod | {"apiVersion": "v1", "kind": "Pod"}


def mistakes(cluster, objects, say):
    wrong_broker = [{"name": "CLOSECALL__KAFKA__BROKERS", "value": "nowhere.closecall.svc:9092"}]
    wrong_setting = [{"name": "CLOSECALL__FORECAST__SEDE", "value": "7"}]
    # The simulated market asks for no key; the vendor does.
    no_key = [{"name": "CLOSECALL__ALPHAVANTAGE__BASE_URL", "value": "https://www.alphavantage.co"}]
    cluster.apply([
        mistaken(objects, "scraper", "no-key", no_key),
        mistaken(objects, "gru-trainer", "wrong-broker", wrong_broker),
        mistaken(objects, "gru-trainer", "wrong-setting", wrong_setting),
    ])
    try:
        time.sleep(WATCHED_SECONDS)
        check_broker(cluster, say)
        check_setting(cluster, say)
        check_key(cluster, say)
    finally:
        cluster.kubectl("delete", "pod", "wrong-broker", "wrong-setting", "no-key", "--grace-period=0", "--force", check=False)


def check_broker(cluster, say):
    pod = cluster.get("pod", "wrong-broker")
    status = pod["status"]["containerStatuses"][0]
    if is_ready(pod) or status["restartCount"] > 0 or "running" not in status["state"]:
        raise Failure(f"with a wrong broker the pod is not alive and unready: {status}")
    loud = [line for line in lines(cluster, "wrong-broker") if line.get("level") in LOUD]
    telling = [line for line in loud if "nowhere.closecall.svc" in json.dumps(line)]
    if not telling or len(loud) > 4:
        raise Failure(f"with a wrong broker the log says, in {len(loud)} lines: {loud[:6]}")
    say(f"wrong broker: alive, not ready, {len(loud)} line(s) in {WATCHED_SECONDS} s: {shown(telling[0])}")


def check_setting(cluster, say):
    pod = until("an end", 20, lambda: ended(cluster))
    status = pod["status"]["containerStatuses"][0]
    state = status["state"].get("terminated") or status["lastState"]["terminated"]
    if state["exitCode"] != 78 or status["restartCount"] >= STARTS:
        raise Failure(f"with an unknown setting the pod ends with {state['exitCode']}, {status['restartCount']} restarts")
    said = lines(cluster, "wrong-setting") or lines(cluster, "wrong-setting", "--previous")
    if len(said) != 1 or "forecast.seed" not in json.dumps(said[0]):
        raise Failure(f"with an unknown setting the log says: {said[:5]}")
    say(f"unknown setting: exit 78, {status['restartCount']} restarts: {shown(said[0])}")


def ended(cluster):
    pod = cluster.get("pod", "wrong-setting")
    status = pod["status"].get("containerStatuses", [{}])[0]
    return pod if "terminated" in status.get("state", {}) or "terminated" in status.get("lastState", {}) else None


def check_key(cluster, say):
    """Without a key there are prices, and a word in the log."""
    told = [line for line in lines(cluster, "no-key") if "key" in json.dumps(line).lower()]
    if not told:
        raise Failure(f"the scraper has no key and does not say so: {lines(cluster, 'no-key')[:5]}")
    say(f"no vendor's key: {shown(told[0])}")


def shown(line):
    fields = {key: value for key, value in line.items() if key not in ("ts", "timestamp", "target")}
    return json.dumps(fields)[:300]

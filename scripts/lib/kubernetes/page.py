"""Step 10: the reporter's page shows every role's pods, and sees that one is killed."""

import json

from cluster import Failure, is_ready, until
from setup import ROLES

KILLED = "scraper"


def pipeline(cluster):
    """What the reporter's API says of the stages; nothing where it does not answer."""
    status, body = cluster.http(cluster.pods("reporter")[0], "/api/v1/stages")
    return json.loads(body) if status == 200 else None


def peers(view, role, known=True):
    return {peer["address"].split(":")[0] for peer in view["peers"] if peer["role"] == role and peer["known"] == known}


def page(cluster, say):
    pods = {role: [pod["status"]["podIP"] for pod in cluster.pods(role)] for role in ROLES if role != "reporter"}
    view = until("every pod on the page", 30, lambda: shown(cluster, pods))
    say(", ".join(f"{stage['name']} {stage['state']}, {stage['restarts']} restarts" for stage in view["stages"]))
    lags = {hop["topic"]: hop["lag"] for hop in view["hops"]}
    say(f"lag: {lags}")
    if None in lags.values():
        raise Failure(f"a lag is not known: {lags}")
    status, body = cluster.http(cluster.pods("reporter")[0], "/pipeline")
    missing = [address for role in pods for address in pods[role] if address not in body]
    if status != 200 or missing:
        raise Failure(f"/pipeline answers {status} and does not show {missing}")
    killed = cluster.pods(KILLED)[0]
    cluster.kubectl("delete", "pod", killed["metadata"]["name"], "--wait=false", "--grace-period=0", "--force")
    old = killed["status"]["podIP"]
    until("the killed pod unknown on the page", 60, lambda: old in peers(pipeline(cluster) or {"peers": []}, KILLED, False))
    new = until("the pod that took its place", 60, lambda: [
        pod["status"]["podIP"] for pod in cluster.pods(KILLED) if is_ready(pod) and pod["status"]["podIP"] != old])
    until("its place on the page", 60, lambda: shown(cluster, pods | {KILLED: new}))
    until("the killed pod gone from the page", 120, lambda: old not in str(pipeline(cluster) or old))
    say(f"{KILLED} killed: seen as unknown, its successor shown, then forgotten")


def shown(cluster, pods):
    """The view, once it has every pod that is there."""
    view = pipeline(cluster)
    there = view and all(set(pods[role]) <= peers(view, role) for role in pods)
    return view if there else None

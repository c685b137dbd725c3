"""The account: every pick on the selector topic against the ledger's terminal states.

The picks are read by kcat, not by closecall; the ledger by the program, in the reporter's pod.
"""

import collections
import json

from cluster import Failure, until

OBSERVER = "observer"
TERMINAL = ("forecast", "dead_letter")


def records(cluster, topic):
    """The values of all records of a topic."""
    kcat = ("kcat", "-b", "kafka:9092", "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%s\n")
    return cluster.in_pod(OBSERVER, *kcat).stdout.splitlines()


def waiting(cluster, topic):
    """How many records a topic holds, ever."""
    return len(records(cluster, topic))


def picks(cluster):
    """The identities of all picks. A restarted picker may repeat one: that is one pick."""
    return {json.loads(line)["pick_id"] for line in records(cluster, "stock-name-selector")}


def ledger(cluster, check=True):
    done = cluster.in_pod("reporter-0", "/usr/local/bin/closecall", "ledger", "list", "--json", check=check)
    return [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []


def settled(cluster):
    """The identities of the picks in a terminal state; none where the ledger cannot be read."""
    return {row["pick_id"] for row in ledger(cluster, check=False) if row["state"] in TERMINAL}


def newest(cluster):
    """The latest slot that a forecast is in the ledger for, or ""; none where the ledger cannot be read."""
    slots = [row["as_of"] for row in ledger(cluster, check=False) if row["state"] == "forecast" and row["as_of"]]
    return max(slots, default="")


def set_picker(cluster, replicas):
    cluster.kubectl("scale", "deployment/ticker-picker", f"--replicas={replicas}")
    until(f"{replicas} pickers", 60, lambda: cluster.ready("ticker-picker", replicas) is not None)
    if replicas == 0:
        gone = lambda: not cluster.get("pods", "-l", "app.kubernetes.io/component=ticker-picker")["items"]  # noqa: E731
        until("the picker gone", 60, gone)


def settle(cluster, seconds=120, go_on=True):
    """Stops the picker, waits until every pick is settled, compares, and starts it again. Says what it found."""
    set_picker(cluster, 0)
    try:
        return compare(cluster, seconds)
    finally:
        if go_on:
            set_picker(cluster, 1)


def compare(cluster, seconds):
    made = picks(cluster)
    if not made:
        raise Failure("there is no pick on the selector topic")
    try:
        until("every pick settled", seconds, lambda: settled(cluster) >= made, every=1)
    except Failure:
        pass  # The comparison below says which are missing.
    rows = ledger(cluster)
    times = collections.Counter(row["pick_id"] for row in rows)
    lost = made - set(times)
    doubled = [pick for pick, count in times.items() if count > 1]
    strange = set(times) - made
    states = collections.Counter(row["state"] for row in rows)
    if lost or doubled or strange:
        raise Failure(f"lost {sorted(lost)[:5]} ({len(lost)}), doubled {doubled[:5]}, unknown {sorted(strange)[:5]}")
    cluster.in_pod("reporter-0", "/usr/local/bin/closecall", "ledger", "verify")
    reasons = collections.Counter(row["reason"] for row in rows if row["state"] == "dead_letter")
    return f"{len(made)} picks: {dict(states)}{f' {dict(reasons)}' if reasons else ''}; lost 0, doubled 0; ledger verified"

"""Step 4: a backlog, and KEDA on it."""

import time

import account
from cluster import until

BACKLOG = 200
AT_LEAST = 3
PAUSED = "autoscaling.keda.sh/paused-replicas"


def trainers(cluster):
    return len(cluster.pods("gru-trainer"))


def pause(cluster, replicas):
    value = f"{PAUSED}={replicas}" if replicas is not None else f"{PAUSED}-"
    cluster.kubectl("annotate", "scaledobject", "gru-trainer", value, "--overwrite")


def pace(cluster, every):
    """Another pace of picking; none for the overlay's own."""
    setting = "CLOSECALL__PICKER__EVERY"
    cluster.kubectl("set", "env", "deployment/ticker-picker", f"{setting}={every}" if every else f"{setting}-")
    cluster.kubectl("rollout", "status", "deployment/ticker-picker", "--timeout=60s")


def backlog(cluster, say):
    # Held at none while the datasets pile up.
    pause(cluster, 0)
    until("no trainer", 90, lambda: trainers(cluster) == 0)
    done = len(account.ledger(cluster))
    pace(cluster, "250ms")
    started = time.monotonic()
    piled = lambda: account.waiting(cluster, "stock-model-output") - done >= BACKLOG  # noqa: E731
    until(f"{BACKLOG} datasets waiting", 150, piled, every=2)
    pace(cluster, "5s")
    say(f"{BACKLOG} datasets waiting after {time.monotonic() - started:.1f} s")
    backlogged = account.picks(cluster)
    pause(cluster, 1)
    until("one trainer", 60, lambda: cluster.ready("gru-trainer"))
    pause(cluster, None)
    started, most = time.monotonic(), 1

    def grown():
        nonlocal most
        most = max(most, trainers(cluster))
        return most >= AT_LEAST

    until(f"{AT_LEAST} trainers", 90, grown)
    say(f"from 1 to {most} trainers in {time.monotonic() - started:.1f} s")
    # Identities and not records: a dataset may be on its topic twice after a restart.
    until("the backlog worked off", 180, lambda: account.settled(cluster) >= backlogged, every=2)
    say(f"worked off after {time.monotonic() - started:.1f} s")
    until("one trainer again", 120, lambda: trainers(cluster) == 1, every=1)
    say(f"back to 1 after {time.monotonic() - started:.1f} s")
    pace(cluster, None)

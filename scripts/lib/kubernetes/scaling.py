"""Step 4: a backlog, and KEDA on it."""

import time

import account
from cluster import until

BACKLOG = 200
AT_LEAST = 3
# Networks a forecast: as many as make one trainer need longer for the backlog than the autoscaler, which
# looks every 15 s, needs to see it.
MEMBERS = 100
PAUSED = "autoscaling.keda.sh/paused-replicas"


def trainers(cluster):
    return len(cluster.pods("gru-trainer"))


def pause(cluster, replicas):
    value = f"{PAUSED}={replicas}" if replicas is not None else f"{PAUSED}-"
    cluster.kubectl("annotate", "scaledobject", "gru-trainer", value, "--overwrite")


def change(cluster, role, setting, value):
    """Another value of a role's setting; none for the overlay's own."""
    name = f"CLOSECALL__{setting}"
    cluster.kubectl("set", "env", f"deployment/{role}", f"{name}={value}" if value else f"{name}-")
    cluster.kubectl("rollout", "status", f"deployment/{role}", "--timeout=60s")


def pace(cluster, every):
    change(cluster, "ticker-picker", "PICKER__EVERY", every)


def effort(cluster, members):
    change(cluster, "gru-trainer", "FORECAST__NETWORK__MEMBERS", members)


def backlog(cluster, say):
    # Held at none while the datasets pile up.
    pause(cluster, 0)
    until("no trainer", 90, lambda: trainers(cluster) == 0)
    effort(cluster, MEMBERS)
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
    effort(cluster, None)
    pace(cluster, None)

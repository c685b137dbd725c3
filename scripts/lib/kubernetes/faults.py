"""Steps 3, 5 and 7: pods deleted, killed and replaced while picks flow; the volume that stays."""

import contextlib
import datetime
import threading
import time

import account
from cluster import Failure, is_ready, until
from setup import ROLES

DELETED_SECONDS = 15
FORCED_SECONDS = 30


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def deletions(cluster, say):
    for force, limit in ((False, DELETED_SECONDS), (True, FORCED_SECONDS)):
        for role in ROLES:
            took, ready = delete(cluster, role, force)
            how = "by force" if force else "deleted"
            say(f"{role} {how}: ready again after {ready:.1f} s, at work after {took:.1f} s")
            if took > limit:
                raise Failure(f"{role} {how} was back at work after {took:.1f} s, not {limit}")


def delete(cluster, role, force):
    """Deletes the role's pod; the seconds until a forecast of a later slot is in the ledger."""
    pod = cluster.pods(role)[0]["metadata"]
    moment, started = now(), time.monotonic()
    how = ["--grace-period=0", "--force"] if force else []
    cluster.kubectl("delete", "pod", pod["name"], "--wait=false", *how)

    def replaced():
        found = cluster.ready(role)
        return found and found[0]["metadata"]["uid"] != pod["uid"]

    until(f"another {role} ready", 90, replaced)
    ready = time.monotonic() - started
    until("a forecast of a later pick", 90, lambda: account.newest(cluster) > moment)
    return time.monotonic() - started, ready


class Watch(threading.Thread):
    """Looks at the reporter twice a second: whether it was ready, and under which identity."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.ended, self.seen = cluster, threading.Event(), []

    def run(self):
        while not self.ended.wait(0.5):
            pod = self.cluster.get("pod", "reporter-0", check=False)
            if pod:
                leaving = "deletionTimestamp" in pod["metadata"]
                self.seen.append((time.monotonic(), pod["metadata"]["uid"], leaving, is_ready(pod)))

    def gaps(self):
        """Seconds without a ready reporter at each replacement; fails where a pod that was ready no longer was."""
        was_ready, gaps, left = set(), [], None
        for moment, identity, leaving, ready in self.seen:
            if ready and not leaving:
                was_ready.add(identity)
                if left is not None:
                    gaps.append(moment - left)
                left = None
            elif left is None:
                left = moment
            if not ready and not leaving and identity in was_ready:
                raise Failure("the reporter was ready, stayed, and was not ready any more")
        return gaps


@contextlib.contextmanager
def watched(cluster, say):
    watch = Watch(cluster)
    watch.start()
    yield
    watch.ended.set()
    watch.join()
    gaps = ", ".join(f"{gap:.1f} s" for gap in watch.gaps())
    say(f"the reporter was away for its restarts only: {gaps}")


def rollout(cluster, say, what, *command):
    started = time.monotonic()
    for role in ROLES:
        kind = "statefulset" if role in ("scraper", "reporter") else "deployment"
        cluster.kubectl(*[word.format(target=f"{kind}/{role}") for word in command])
    for role in ROLES:
        kind = "statefulset" if role in ("scraper", "reporter") else "deployment"
        cluster.kubectl("rollout", "status", f"{kind}/{role}", "--timeout=120s")
    say(f"{what}: {time.monotonic() - started:.1f} s")


def upgrades(cluster, say, image, tags):
    with watched(cluster, say):
        rollout(cluster, say, "everything restarted", "rollout", "restart", "{target}")
        for tag in (tags[1], tags[0]):
            rollout(cluster, say, f"everything on {tag}", "set", "image", "{target}", f"closecall={image}:{tag}")
            version = cluster.http(cluster.pods("reporter")[0], "/version")
            if version[0] != 200:
                raise Failure(f"the reporter answers {version} for /version")


def volume(cluster, say):
    before = {row["pick_id"]: row for row in account.ledger(cluster)}
    delete(cluster, "reporter", force=False)
    verified = cluster.in_pod("reporter-0", "/usr/local/bin/closecall", "ledger", "verify").stdout.strip()
    after = {row["pick_id"]: row for row in account.ledger(cluster)}
    stored = ("prediction", "recorded_at", "as_of", "ticker")
    for pick, row in before.items():
        if row["state"] == "forecast" and any(after.get(pick, {}).get(key) != row[key] for key in stored):
            raise Failure(f"row {pick} is not what it was")
    say(f"{len(before)} old rows among {len(after)}; verify: {verified.splitlines()[-1] if verified else 'passed'}")

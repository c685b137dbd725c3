"""What each role uses, from the kubelet's own accounting."""

import json
import time

import account
from scaling import pace
from setup import ROLES

WINDOW_SECONDS = 20
MIB = 1024 * 1024


def sample(cluster):
    """Working set in bytes, and CPU seconds so far, of each role's first pod."""
    found = {}
    for node in cluster.get("nodes", namespace=None)["items"]:
        name = node["metadata"]["name"]
        summary = json.loads(cluster.raw(f"/api/v1/nodes/{name}/proxy/stats/summary"))
        for pod in summary["pods"]:
            for container in pod.get("containers", []):
                role = next((role for role in ROLES if pod["podRef"]["name"].startswith(role)), None)
                if role and container["name"] == "closecall" and "memory" in container:
                    cpu = container.get("cpu", {})
                    found[role] = (
                        container["memory"].get("workingSetBytes", 0),
                        cpu.get("usageCoreNanoSeconds", 0) / 1e9,
                        cpu.get("time"),
                    )
    return found


def window(cluster):
    """For each role: memory at the end in MiB, CPU in thousandths of a core."""
    before, started = sample(cluster), time.monotonic()
    time.sleep(WINDOW_SECONDS)
    after, took = sample(cluster), time.monotonic() - started
    used = {}
    for role, (memory, cpu, _) in after.items():
        earlier = before.get(role, (0, cpu, None))[1]
        used[role] = (memory / MIB, 1000 * max(cpu - earlier, 0) / took)
    return used


def table(cluster, say):
    working = window(cluster)
    pace(cluster, "1h")
    time.sleep(5)
    idle = window(cluster)
    pace(cluster, None)
    say("| role | idle: memory, CPU | at work: memory, CPU |")
    say("|---|---|---|")
    for role in ROLES:
        cells = [f"{found[role][0]:.0f} Mi, {found[role][1]:.0f} m" if role in found else "-" for found in (idle, working)]
        say(f"| {role} | {cells[0]} | {cells[1]} |")
    say(f"(at work: a pick each 2 s; {account.settle(cluster)})")

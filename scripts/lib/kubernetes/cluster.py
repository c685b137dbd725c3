"""A cluster as the test sees it: a kubectl command, and a way to run a command in its network.

Knows no particular cluster and nothing of closecall beyond the namespace's name.
"""

import json
import os
import shlex
import subprocess
import time

NAMESPACE = "closecall"


class Failure(Exception):
    """A promise that was not kept, or a thing that the test cannot go on without."""


def words(variable):
    """The command that an environment variable holds."""
    line = os.environ.get(variable, "")
    if not line:
        raise Failure(f"{variable} is not set: see the head of scripts/test-kubernetes")
    return shlex.split(line)


def run(command, given=None, check=True, timeout=180):
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"{' '.join(command)[:200]} took longer than {timeout} s") from late
    if check and done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-1500:]
        raise Failure(f"{' '.join(command)[:200]}: {said}")
    return done


def until(what, seconds, test, every=0.25):
    """Waits until the test gives something true and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        found = test()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f"after {seconds} s still not: {what}")
        time.sleep(every)


class Cluster:
    def __init__(self):
        self.command = words("CLOSECALL_TEST_KUBECTL")
        self.loader = words("CLOSECALL_TEST_LOAD")
        self.inside = words("CLOSECALL_TEST_EXEC")

    def kubectl(self, *args, given=None, check=True, namespace=NAMESPACE, timeout=180):
        scope = ["-n", namespace] if namespace else []
        return run([*self.command, *scope, *args], given, check, timeout)

    def load(self, archive):
        run([*self.loader, str(archive)], timeout=300)

    def run_inside(self, *command, check=True):
        return run([*self.inside, *command], check=check)

    def render(self, folder):
        """The objects of a kustomization."""
        text = run([*self.command, "kustomize", str(folder)]).stdout
        listed = self.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", given=text, namespace=None)
        return split(listed.stdout)

    def apply(self, objects, *args, check=True):
        bundle = {"apiVersion": "v1", "kind": "List", "items": objects}
        return self.kubectl("apply", *args, "-f", "-", given=json.dumps(bundle), check=check, namespace=None)

    def get(self, *args, check=True, namespace=NAMESPACE):
        done = self.kubectl("get", *args, "-o", "json", check=check, namespace=namespace)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def raw(self, path):
        return self.kubectl("get", "--raw", path, namespace=None).stdout

    def pods(self, component):
        """The role's pods that are not on their way out."""
        found = self.get("pods", "-l", f"app.kubernetes.io/component={component}")["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def ready(self, component, count=1):
        """The role's ready pods, once there is that number and no other."""
        found = self.pods(component)
        return found if len(found) == count and all(is_ready(pod) for pod in found) else None

    def in_pod(self, pod, *command, check=True, timeout=60):
        return self.kubectl("exec", pod, "--", *command, check=check, timeout=timeout)

    def http(self, pod, path):
        """(status, body) of a request to a pod from within the cluster's network; (0, "") for none."""
        address = f"http://{pod['status'].get('podIP')}:8080{path}"
        done = self.run_inside("curl", "-s", "--max-time", "3", "-w", "\n%{http_code}", address, check=False)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body


def split(text):
    """One or more JSON documents after each other; a List is taken apart."""
    decoder, position, found = json.JSONDecoder(), 0, []
    text = text.strip()
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        found += value["items"] if value.get("kind") == "List" else [value]
        while position < len(text) and text[position].isspace():
            position += 1
    return found


def is_ready(pod):
    conditions = pod["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

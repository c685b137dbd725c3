"""The images of the test: closecall under two tags, a Kafka, and a pod to look around from.

Kafka is the jars that scripts/kafka fetches with Debian's Java; the look-around pod is Debian's
busybox and kcat, which no one here wrote and which therefore may witness.
"""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys

SCRIPTS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SCRIPTS / "lib" / "image"))

import debian  # noqa: E402
import oci  # noqa: E402

from cluster import Failure  # noqa: E402

CLOSECALL = "localhost/closecall"
TAGS = ("test-one", "test-two")
KAFKA = "localhost/closecall-test-kafka:1"
PROBE = "localhost/closecall-test-probe:1"
USER = "65532:65532"


def closecall(folder, binary):
    """An archive for each tag: the same program under another version."""
    for tag in TAGS:
        output = folder / f"closecall-{tag}.tar"
        command = [str(SCRIPTS / "image"), "--tag", f"{CLOSECALL}:{tag}", "--version", f"0.2.0-{tag}"]
        command += ["--output", str(output)] + (["--binary", str(binary)] if binary else [])
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            raise Failure("scripts/image failed: see above")
        yield output


def jars():
    """The folder of Kafka's jars, fetched where it is not there yet."""
    loader = importlib.machinery.SourceFileLoader("kafka_script", str(SCRIPTS / "kafka"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("kafka_script", loader))
    loader.exec_module(module)
    return module.jars()


def kafka(folder):
    libraries = jars()
    layer = oci.Layer(0)
    packages = {"openjdk-17-jre-headless", "libc6", "libgcc-s1", "libstdc++6", "zlib1g"}
    debian.add(layer, packages, keep=lambda path: not path.endswith(".jsa"))
    for jar in sorted(libraries.iterdir()):
        layer.add(f"opt/kafka/libs/{jar.name}", jar.read_bytes())
    home = next(path for path in layer.entries if path.endswith("/bin/java")).removesuffix("/java")
    # A volume that is mounted here takes over its owner.
    layer.folder("var/lib/kafka", 0o750, 65532)
    layer.folder("tmp", 0o1777)
    environment = [f"PATH=/{home}", "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return write(folder / "kafka.tar", KAFKA, layer, {"User": USER, "Env": environment})


def probe(folder):
    kcat = pathlib.Path("/usr/bin/kcat")
    if not kcat.exists():
        raise Failure("there is no kcat: apt-get install kcat")
    layer = oci.Layer(0)
    debian.add(layer, debian.owners(kcat) | {"kcat", "busybox-static"})
    box = next(path for path in layer.entries if path.endswith("bin/busybox"))
    layer.folder("tmp", 0o1777)
    config = {"User": USER, "Env": ["PATH=/usr/bin:/bin"], "Entrypoint": [f"/{box}", "sleep", "86400"]}
    return write(folder / "probe.tar", PROBE, layer, config)


def write(output, name, layer, config):
    architecture = debian.run("dpkg", "--print-architecture").decode().strip()
    oci.write(output, name, [layer], config, architecture, "1970-01-01T00:00:00Z", level=1)
    return output

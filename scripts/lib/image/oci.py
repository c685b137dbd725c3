"""Writes container images as OCI archives, without an engine. Knows nothing of what is in them.

The archive is one tar file that `ctr images import`, `podman load`, `skopeo` and `kind load
image-archive` take. The same files with the same times give the same bytes.
"""

import gzip
import hashlib
import io
import json
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Layer:
    """Files of one layer, in the order of their names. Folders above them are made."""

    def __init__(self, when):
        self.when = when
        self.entries = {}

    def add(self, path, data, mode=0o644):
        entry = tarfile.TarInfo(path.strip("/"))
        entry.size, entry.mode = len(data), mode
        self.put(entry, data)

    def link(self, path, target):
        entry = tarfile.TarInfo(path.strip("/"))
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
        self.put(entry, b"")

    def folder(self, path, mode=0o755, owner=0):
        entry = tarfile.TarInfo(path.strip("/"))
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self.put(entry, b"", owner)

    def put(self, entry, data, owner=0):
        entry.uid = entry.gid = owner
        entry.uname = entry.gname = ""
        entry.mtime = self.when
        self.entries[entry.name] = (entry, data)

    def tar(self):
        for path in list(self.entries):
            parts = path.split("/")
            for depth in range(1, len(parts)):
                if "/".join(parts[:depth]) not in self.entries:
                    self.folder("/".join(parts[:depth]))
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(self.entries):
                entry, data = self.entries[path]
                archive.addfile(entry, io.BytesIO(data))
        return buffer.getvalue()


def write(output, name, layers, config, architecture, created, level=6):
    """Writes the archive and returns (bytes unpacked, bytes packed) of each layer.

    `config` is the image's: User, Entrypoint, Env, Labels and so on.
    """
    blobs, described, diffs, sizes = {}, [], [], []

    def blob(data, media):
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data)}

    for layer in layers:
        plain = layer.tar()
        packed = gzip.compress(plain, level, mtime=0)
        diffs.append("sha256:" + hashlib.sha256(plain).hexdigest())
        described.append(blob(packed, LAYER))
        sizes.append((len(plain), len(packed)))
    image = {
        "architecture": architecture,
        "os": "linux",
        "created": created,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": diffs},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(encode(image), CONFIG),
        "layers": described,
        "annotations": config.get("Labels", {}),
    }
    entry = blob(encode(manifest), MANIFEST)
    entry["annotations"] = {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
    archive = Layer(0)
    archive.add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    archive.add("index.json", encode(index))
    for digest, data in blobs.items():
        archive.add(f"blobs/sha256/{digest}", data)
    with open(output, "wb") as file:
        file.write(archive.tar())
    return sizes


def encode(value):
    return json.dumps(value, sort_keys=True).encode()

"""Files out of Debian packages, for images. Fetches packages with apt-get; installs nothing."""

import io
import pathlib
import subprocess
import tarfile
import tempfile

# What a package brings for people, and what a program with UTF-8 alone never loads.
UNUSED = ("usr/share/man/", "usr/share/locale/", "usr/share/lintian/", "usr/share/bug/", "usr/sbin/")
UNUSED_PARTS = ("/gconv/",)


class Failure(Exception):
    """Something that the user has to see, and can do something about."""


def run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()[-1000:]}")
    return done.stdout


def owners(program):
    """The packages of the shared libraries that a program is linked with."""
    libraries = set()
    for line in run("ldd", str(program)).decode().splitlines():
        words = line.replace("=>", " ").split()
        libraries.update(word for word in words if word.startswith("/"))
    found = set()
    for library in sorted(libraries):
        # With a merged /usr the package may know the file by its other name.
        names = {library, library.removeprefix("/usr"), "/usr" + library}
        names.add(str(pathlib.Path(library).resolve()))
        said = subprocess.run(["dpkg", "-S", *sorted(names)], capture_output=True, text=True).stdout
        if not said:
            raise Failure(f"{program} needs {library}, which is of no Debian package")
        found.update(line.split(":")[0] for line in said.splitlines())
    return found


def add(layer, packages, keep=lambda path: True):
    """Puts the packages' files into a layer. Needs package lists (`apt-get update`)."""
    with tempfile.TemporaryDirectory(prefix="closecall-image-") as folder:
        # The sandbox user of apt cannot write here, and says so at length.
        run("apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", *sorted(packages), cwd=folder)
        for package in sorted(pathlib.Path(folder).glob("*.deb")):
            stream = io.BytesIO(run("dpkg-deb", "--fsys-tarfile", str(package)))
            with tarfile.open(fileobj=stream) as archive:
                copy(archive, layer, keep)


def copy(archive, layer, keep):
    for entry in archive.getmembers():
        path = entry.name.removeprefix("./").strip("/")
        unused = path.startswith(UNUSED) or any(part in path for part in UNUSED_PARTS)
        documentation = path.startswith("usr/share/doc/") and not path.endswith("/copyright")
        if not path or unused or documentation or not keep(path):
            continue
        if entry.isfile():
            layer.add(path, archive.extractfile(entry).read(), entry.mode & 0o755)
        elif entry.issym():
            layer.link(path, entry.linkname)
        elif entry.islnk():
            original = archive.getmember(entry.linkname)
            layer.add(path, archive.extractfile(original).read(), original.mode & 0o755)


def authorities(layer):
    """The certificate authorities as one file, which is what TLS libraries look for."""
    bundle = b"".join(
        data for path, (_, data) in sorted(layer.entries.items()) if path.startswith("usr/share/ca-certificates/")
    )
    for path in [path for path in layer.entries if path.startswith("usr/share/ca-certificates/")]:
        del layer.entries[path]
    layer.add("etc/ssl/certs/ca-certificates.crt", bundle)

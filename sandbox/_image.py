"""An image for the `docker` backend, made from the files of this machine: no registry, no Dockerfile, no network.

It holds the base interpreter with its standard library and chosen packages, a shell with a few tools, and the shared
libraries that these load; at the places where this machine has them, so that nothing has to be relocated.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from assaygym.errors import MissingDependencyError, SandboxError
from assaygym.sandbox._interpreter import interpreter

REPOSITORY = "assaygym-worker"
FORMAT = "1"
"""Part of the tag: to be raised when what is made of the same files changes."""
LABEL = "assaygym"
PROGRAMS = (
    *("sh", "bash", "env", "cat", "cp", "echo", "expr", "false", "grep", "head", "ls", "mkdir", "mv", "printf", "pwd"),
    *("rm", "rmdir", "sed", "seq", "sleep", "sort", "tail", "test", "touch", "tr", "true", "uniq", "wc"),
)
"""What a program that starts others is likely to ask for; those missing here are left out."""
SKIPPED = {"site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip"}
"""Folders of the standard library and of packages that no program needs in a container."""
CACHE = "/etc/ld.so.cache"
TEXTS = {
    "/etc/passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
NAMES = ("/usr/bin/python3", "/usr/bin/python")
FOLDERS = ("/dev", "/proc", "/run", "/sys", "/tmp", "/mnt")
ASK = """
import json, site, sysconfig
print(json.dumps([sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), site.getsitepackages()[0]]))
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """The content of an image, by absolute path in it."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    """Where on this machine the content stands."""
    links: dict[str, str] = field(default_factory=dict[str, str])

    def tag(self) -> str:
        """`assaygym-worker:` and a hash of paths and contents.

        What is derived from other files or tells where they are does not count: bytecode and the linker's cache.
        """
        digest = hashlib.sha256(json.dumps([FORMAT, sorted(self.links.items()), TEXTS]).encode())
        for path, source in sorted(self.files.items()):
            if not path.endswith(".pyc") and path != CACHE:
                with open(source, "rb") as file:
                    digest.update(f"\0{path}\0{hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
        return f"{REPOSITORY}:{digest.hexdigest()[:16]}"

    def write(self, target: BinaryIO) -> None:
        """Write it as a tar archive of root's files, readable by all. Times stay: bytecode is valid by them."""
        with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in sorted({*FOLDERS, *_above([*self.files, *self.links, *TEXTS])}):
                archive.addfile(_member(path, tarfile.DIRTYPE, 0o1777 if path == "/tmp" else 0o755))
            for path, goal in sorted(self.links.items()):
                link = _member(path, tarfile.SYMTYPE, 0o777)
                link.linkname = goal
                archive.addfile(link)
            for path, text in TEXTS.items():
                _add(archive, path, io.BytesIO(text.encode()), len(text), 0, 0o644)
            for path, source in sorted(self.files.items()):
                with open(source, "rb") as file:
                    state = os.fstat(file.fileno())
                    mode = 0o755 if state.st_mode & 0o100 else 0o644
                    _add(archive, path, file, state.st_size, int(state.st_mtime), mode)


def worker_image(client: Any, packages: Sequence[str] = ("numpy",)) -> str:
    """The tag of the image of this machine's interpreter; made and imported where the daemon lacks it.

    Args:
        client: a `docker.DockerClient`.
        packages: importable names of packages to be had in it; one that is not installed here is left out.

    Raises:
        SandboxError: the daemon did not take the image.
    """
    layer = layer_of_this_machine(packages)
    tag = layer.tag()
    if not client.images.list(name=tag):
        with tempfile.TemporaryFile() as archive:
            layer.write(archive)
            archive.seek(0)
            repository, _, version = tag.partition(":")
            answer = client.api.import_image_from_data(archive, repository, version, [f"LABEL {LABEL}=worker"])
        if not client.images.list(name=tag):
            raise SandboxError(f"the docker daemon did not import the image {tag}; it said: {answer!r}")
    return tag


def layer_of_this_machine(packages: Iterable[str] = ()) -> Layer:
    """What goes into the image.

    Raises:
        MissingDependencyError: this machine has no `ldd`, so the libraries are not to be found.
    """
    layer, python = Layer(), interpreter()
    standard, platform, site = _folders_of(python)
    layer.files[python] = python
    layer.links.update({name: python for name in NAMES if name != python} | {"/bin": "usr/bin"})
    for folder in dict.fromkeys((standard, platform)):
        layer.files.update(_tree(folder, folder))
    for folder in _package_folders(packages):
        layer.files.update(_tree(folder, f"{site}/{os.path.basename(folder)}"))
    for name in PROGRAMS:
        if (path := shutil.which(name, path="/usr/bin:/bin")) is not None:
            layer.files[f"/usr/bin/{name}"] = path
    known = set(layer.files.values())
    layer.files.update({path: path for path in _libraries(known) if path not in known})
    if os.path.exists(CACHE):
        layer.files[CACHE] = CACHE
    return layer


def _folders_of(python: str) -> list[str]:
    """Of an interpreter: standard library, its compiled part, and where it looks for packages."""
    answer = subprocess.run([python, "-I", "-S", "-c", ASK], capture_output=True, check=True, text=True)
    folders: list[str] = json.loads(answer.stdout)
    return folders


def _package_folders(packages: Iterable[str]) -> Iterator[str]:
    """Of each package its folder, and the one of the libraries that its wheel brought along."""
    for name in packages:
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or [])[:1] if spec else []:
            yield folder
            if os.path.isdir(folder + ".libs"):
                yield folder + ".libs"


def _tree(folder: str, target: str) -> Iterator[tuple[str, str]]:
    """The files below a folder, as (path in the image, path here)."""
    for here, names, files in os.walk(folder):
        names[:] = [name for name in names if name not in SKIPPED and not name.startswith("config-")]
        for name in files:
            path = os.path.join(here, name)
            if not name.startswith("_tkinter") and ".opt-" not in name and os.path.isfile(path):
                yield target + path.removeprefix(folder), path


def _libraries(files: Iterable[str]) -> set[str]:
    """The shared libraries that these files load, by the paths under which the linker looks for them."""
    if shutil.which("ldd") is None:
        raise MissingDependencyError(
            "an image of this machine's Python is made with ldd, which is missing; pass image="
        )
    answer = subprocess.run(["ldd", *sorted(filter(_is_elf, files))], capture_output=True, check=False, text=True)
    found = re.findall(r"^(?:.* => |\t)(/.*) \(0x[0-9a-f]+\)$", answer.stdout, re.MULTILINE)
    return {os.path.normpath(path) for path in found}


def _is_elf(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def _above(paths: Iterable[str]) -> set[str]:
    return {str(folder) for path in paths for folder in Path(path).parents if str(folder) != "/"}


def _member(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path.lstrip("/"))
    member.type, member.mode = kind, mode
    return member


def _add(archive: tarfile.TarFile, path: str, content: Any, size: int, mtime: int, mode: int) -> None:
    member = _member(path, tarfile.REGTYPE, mode)
    member.size, member.mtime = size, mtime
    archive.addfile(member, content)

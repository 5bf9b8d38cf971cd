"""What the `docker` backend knows of its container: where its interpreter, packages and commands are."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from assaygym.errors import SandboxError
from assaygym.sandbox._container import Container
from assaygym.sandbox._view import DEVICE_LINKS, NAMES, SCRATCH, SYSTEM
from assaygym.sandbox._wire import Confinement, View
from assaygym.sandbox.guest.frames import pack, unpack
from assaygym.sandbox.guest.namespaces import DEVICES

if TYPE_CHECKING:
    from assaygym.sandbox.guest.survey import Question, Survey

SECONDS = 60.0
"""How long a fresh interpreter may take to answer."""
SHOWN = ("/usr", "/opt", *SYSTEM)
"""What a jail in a container shows beside the interpreter. Unlike a machine's, an image's content was chosen for its
programs; not shown are the folders that the daemon fills: most of /etc, and /run, where ours are."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an image offers to programs."""

    shown: list[str]
    executable: str
    packages: list[str]
    """What follows the standard library on `sys.path`."""
    modules: frozenset[str]
    """Those of the asked that can be imported."""
    commands: dict[str, str]
    """On the image's PATH: name and path."""

    def view(self) -> View:
        """What a worker with namespaces shows."""
        texts, links = dict(NAMES), dict(DEVICE_LINKS)
        return {"scratch": SCRATCH, "binds": self.shown, "packages": {}, "masks": [], "texts": texts, "links": links}

    def confinement(self, scratch: str) -> Confinement:
        """What a worker without namespaces may reach: it has one user with all others, who own nothing else."""
        devices = [f"/dev/{name}" for name in DEVICES]
        return {"user": 0, "read": self.shown, "look": [], "write": [scratch], "devices": devices}


def look_around(container: Container, modules: Sequence[str]) -> Surroundings:
    """Ask a fresh interpreter in the container.

    Raises:
        SandboxError: there is no answer; the message has what the interpreter said.
    """
    question: Question = {"shown": list(SHOWN), "modules": list(modules)}
    link, last_words = container.connect_worker("survey", flags=("-I", "-B"))
    with last_words:
        with link:
            found = cast("Survey", _answer(link, pack(question)))
        if not found:
            words = last_words.read(2000).decode("utf-8", "replace").strip()
            raise SandboxError(f"the container's python3 does not tell what it has, saying: {words or 'nothing'}")
    return Surroundings(
        found["binds"],
        found["executable"],
        found["packages"],
        frozenset(found["modules"]),
        found["commands"],
    )


def _answer(link: socket.socket, question: bytes) -> dict[str, object]:
    """The one frame that comes back; {} where none does."""
    link.settimeout(SECONDS)
    try:
        link.sendall(question)
        with link.makefile("rb") as stream:
            size = int.from_bytes(stream.read(8), "big")
            return unpack(stream.read(size)) if size else {}
    except OSError:
        return {}

"""What crosses between the host and the launcher: plain dictionaries, typed here. The launcher never imports this."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class View(TypedDict):
    """What a jailed program can see of the machine. Absolute paths of the host."""

    scratch: str
    """Where the private scratch folder lies."""
    binds: list[str]
    """Shown read-only at their own place (links as links)."""
    masks: list[str]
    """Folders below the binds that are hidden behind an empty one."""
    texts: dict[str, str]
    """Small files that exist in the jail only."""
    links: dict[str, str]
    """Symbolic links that exist in the jail only, each with its target."""


class Spec(TypedDict):
    """One program, its surroundings and its limits."""

    view: View | None
    """None: no jail."""
    command: list[str]
    environment: dict[str, str]
    directory: str
    """The working directory of the program, which receives `files`; in the jail a fresh private file system."""
    files: dict[str, bytes]
    stdin: bytes
    channel: int
    """The launcher's descriptor of the program's message channel, or -1."""
    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    output_bytes: int
    file_bytes: int
    processes: int


class Report(TypedDict):
    """How it went. `fault` alone means that the launcher failed and the program is not to blame."""

    fault: NotRequired[str]
    status: int | None
    """The program's wait status; None when it was ended from outside before it ended by itself."""
    ended: str
    """Why the launcher ended it: "" (it did not), "wall", "output" or "killed" (the host asked)."""
    stdout: bytes
    stderr: bytes
    truncated: bool
    cpu_seconds: float
    wall_seconds: float
    peak_memory_bytes: int
    isolation: list[str]

"""What crosses between the host and the launcher: plain dictionaries, typed here. The launcher never imports this."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class View(TypedDict):
    """What a jailed program can see of the machine. Absolute paths of the host."""

    scratch: str
    """Where the private scratch folder lies."""
    binds: list[str]
    """Shown read-only at their own place (links as links)."""
    packages: dict[str, str]
    """Folders shown read-only at another place: there, and here."""
    masks: list[str]
    """Folders below the binds that are hidden behind an empty one."""
    texts: dict[str, str]
    """Small files that exist in the jail only."""
    links: dict[str, str]
    """Symbolic links that exist in the jail only, each with its target."""


class Confinement(TypedDict):
    """What a worker without namespaces may still reach. Absolute paths."""

    user: int
    """The user and group that it takes, which owns its scratch; 0: it keeps its own."""
    read: list[str]
    """Files and folders to read and execute."""
    look: list[str]
    """Folders to list."""
    write: list[str]
    devices: list[str]


class Boot(TypedDict):
    """What a worker is told at its start."""

    tier: str
    """"userns", "landlock" or "none"."""
    view: View | None
    host: int
    """The process whose end ends the worker; 0 where it is not the worker's parent."""
    scratch: str
    scratch_bytes: int
    helper: str
    """The compiled zygote.c, or ""."""
    executable: str
    """`sys.executable` of programs."""
    packages: list[str]
    """What follows the standard library on `sys.path`."""
    modules: list[str]
    """Imported beforehand."""
    library: str
    """Source text of a module `library` that is made beforehand; "" for none."""
    cgroups: list[str]
    """Folders of control groups, to be removed at the end."""
    more_isolation: list[str]
    confinement: NotRequired[Confinement]
    """In the tier "landlock"."""

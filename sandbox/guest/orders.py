"""What crosses between the host, the session keeper and a session's process: plain dictionaries, typed here."""

from __future__ import annotations

from typing import TypedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import Confinement, View


class Opening(TypedDict):
    """The host's first frame to a fresh keeper."""

    view: View | None
    """None: without namespaces."""
    host: int
    """The host's process number; the keeper ends with it."""
    executable: str
    """`sys.executable` of sessions."""
    packages: list[str]
    """What follows the standard library on their `sys.path`."""


class Birth(TypedDict):
    """The keeper's word to a new process: its user ids are mapped, go on."""

    scratch: tuple[str, str]
    """Mount options of its scratch and its shared-memory folder."""
    links: dict[int, str]
    """Of a copy: what each descriptor of the original leads to, as /proc tells."""
    shared: list[tuple[int, int, str, int, str]]
    """Of a copy: the original's memory that is shared between processes: start, end, protection, offset, file."""


class Start(TypedDict):
    """The host's first frame to the process of a new session."""

    language: str
    seed: int
    files: dict[str, bytes]
    memory_bytes: int
    file_bytes: int
    processes: int


class Cell(TypedDict):
    """One cell to run."""

    do: str
    source: str
    cap: int
    """Bytes of its value's text."""
    cpu_seconds: float
    """Of each process that a command of Bash starts; for Python the host looks after it."""


class Copy(TypedDict):
    """Make `len(seeds)` copies; as many messages follow, each with channel, stdout, stderr and birth socket."""

    do: str
    seeds: list[str | None]
    """For each copy what its random generators start from anew; None: they go on as the original's."""
    first: bool
    """Whether this process has not been copied before; then all its other processes are ended."""


class Seed(TypedDict):
    """Start the random generators anew."""

    do: str
    seed: str


class Request(TypedDict, total=False):
    """What the host asks of the keeper; descriptors come in a message of their own."""

    do: str
    descriptors: int
    pid: int
    processes: int
    scratch: tuple[str, str]
    kin: list[int]
    """Copies made from the same original before."""
    folder: str
    """Of a session without namespaces: its own."""
    confinement: Confinement | None
    """Of a session without namespaces: how it is shut in, if at all."""

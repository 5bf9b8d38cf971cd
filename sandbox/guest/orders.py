"""What crosses between the host, the session keeper and a session's process: plain dictionaries, typed here."""

from __future__ import annotations

from typing import Literal, TypedDict

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
    helper: str
    """The compiled library; "" for none."""


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


class Open(TypedDict):
    """Asks the keeper for a session's process in namespaces; with its channel, stdout and stderr."""

    do: Literal["open"]
    descriptors: int
    """How many follow in a message of their own; so in all requests."""
    scratch: tuple[str, str]
    """Mount options of its scratch and its shared-memory folder."""


class Lodge(TypedDict):
    """Asks the keeper for a session's process without namespaces; with its channel, stdout and stderr."""

    do: Literal["lodge"]
    descriptors: int
    folder: str
    """Its own."""
    confinement: Confinement | None
    """How it is shut in, if at all."""


class Equip(TypedDict):
    """Asks the keeper to equip the copies that a process is about to make.

    With a pidfd of it, a socket to report to, and the keeper's end of each copy's birth socket.
    """

    do: Literal["equip"]
    descriptors: int
    pid: int
    scratch: tuple[str, str]
    processes: int


class Stop(TypedDict):
    """Asks the keeper to stop a process that has copied itself; with a pidfd of it."""

    do: Literal["stop"]
    descriptors: int
    pid: int


class Sweep(TypedDict):
    """Asks the keeper to end what a stopped process has started, beside its copies."""

    do: Literal["sweep"]
    descriptors: int
    pid: int
    kin: list[int]


class Limit(TypedDict):
    """Tells the keeper how many processes a session may have."""

    do: Literal["limit"]
    descriptors: int
    pid: int
    processes: int


class Ended(TypedDict):
    """Asks the keeper how a session's process ended, once it has."""

    do: Literal["ended"]
    descriptors: int
    pid: int


Request = Open | Lodge | Equip | Stop | Sweep | Limit | Ended

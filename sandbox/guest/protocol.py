"""What crosses between the host and a worker: the fixed parts of each message. Imported by both sides.

host -> worker: an ORDER head, then `payload` bytes for the program's process, then `fetch` bytes (a marshalled list of
file names) for the worker. Descriptors may come along: the program's message channel, its standard input. A KILL is a
head alone.

worker -> host: READY once (a frame, see frames.py), then for each order a REPORT head, then what the program wrote to
stdout and stderr, then for each file `FILE` and its content.
"""

from __future__ import annotations

import struct

ORDER = struct.Struct("<HHIQQdQQ")
"""Kind, what the descriptors that come along are, fetch bytes, number of the run, payload bytes, wall-clock seconds,
cap of each output, size of the scratch."""
REPORT = struct.Struct("<IIQiiddQQQ")
"""Kind, number of files, number of the run, wait status, why it was ended, CPU seconds, wall seconds, peak memory in
bytes, bytes of stdout, bytes of stderr."""
FILE = struct.Struct("<IQ")
"""Index in the list of names, bytes."""
LENGTH = struct.Struct("<QI")
"""Before the payload on its way to the program's process: its bytes, and what the descriptors that come along are."""

RUN, KILL, FAULT = 1, 2, 3
"""Kinds. A REPORT of kind FAULT has a sentence in place of stdout: the worker failed, the program is not to blame."""
NO_STATUS = -1
"""In place of a wait status: the program was ended from outside."""
BY_ITSELF, BY_WALL, BY_OUTPUT, BY_HOST = range(4)
"""Why a program ended."""
HAS_CHANNEL, HAS_STDIN = 1, 2
CHANNEL_FD = 3
START_FAILED = 125
"""Exit code of a prepared process that could not become the program; its reason lies in the order's socket."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Payload(TypedDict):
        """The part of an order that only the program's own process reads."""

        how: str
        """"source", "code" (`body` is marshalled), "compile" (nothing is run, the code goes to stdout), "command"."""
        body: bytes
        source: bytes
        """For tracebacks."""
        name: str
        """Of the program's file, in its directory."""
        argv: list[str]
        """For a command the whole line."""
        files: dict[str, bytes]
        executables: list[str]
        """Those of the files that may be executed."""
        stdin: bytes
        """Unless it comes as a descriptor."""
        stdin_file: str
        """A file that shall hold standard input as well; "" for none."""
        limits: list[tuple[int, int, int]]
        """Which (see resource), soft, hard."""
        address_space: int
        """Bytes that it may map on top of what its interpreter did; 0: no limit."""
        seed: int
        channel: int
        """Set on arrival: the descriptor of the message channel, -1 for none."""
        environment: dict[str, str]
        """On top of the worker's own."""

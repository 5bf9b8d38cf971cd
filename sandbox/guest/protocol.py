"""What crosses between the host and a worker: the fixed parts of each message. Imported by both sides.

host -> worker: an ORDER head, then `payload` bytes for the program's process, then `fetch` bytes (a marshalled list of
file names) for the worker. Descriptors may come along: the program's message channel, its standard input. A KILL is a
head alone.

worker -> host: READY once (a frame, see frames.py), then for each order a REPORT head, then what the program wrote to
stdout and stderr, then for each file `FILE` and its content.
"""

from __future__ import annotations

import resource
import struct

ORDER = struct.Struct("<IIQQdQQ")
"""Kind, fetch bytes, number of the run, payload bytes, wall-clock seconds,
cap of each output, size of the scratch."""
REPORT = struct.Struct("<IIQiidddQQQ")
"""Kind, number of files, number of the run, wait status, why it was ended, CPU seconds, those of them in the kernel,
wall seconds, peak memory in bytes, bytes of stdout, bytes of stderr."""
FILE = struct.Struct("<IQ")
"""Index in the list of names, bytes."""
START = struct.Struct("<QQ12Q")
"""The beginning of a payload: bytes of the rest, flags, and a soft and a hard limit for each of `LIMITED`."""
LIMIT_NAMES = ("CPU", "FSIZE", "AS", "DATA", "NPROC", "STACK")
LIMITED = tuple(getattr(resource, f"RLIMIT_{name}") for name in LIMIT_NAMES)
AT_FILE_SIZE, AT_ADDRESS_SPACE = 1, 2
"""Places in `LIMITED`."""
LEAVE = (1 << 64) - 2
"""In place of a limit: leave it as it is. Infinity is one more."""
HAS_CHANNEL, HAS_STDIN, HAS_FEED, HAS_FILES, ON_TOP, FINALIZES = 1, 2, 4, 8, 16, 32
"""Flags: descriptors that come along (a message channel, a file as standard input); little standard input, in the
payload; files, which are laid out before their size is limited; the address space is meant on top of what the
interpreter maps; objects of the program may have something to do at its end."""

RUN, KILL, FAULT = 1, 2, 3
"""Kinds. A REPORT of kind FAULT has a sentence in place of stdout: the worker failed, the program is not to blame."""
NO_STATUS = -1
"""In place of a wait status: the program was ended from outside."""
BY_ITSELF, BY_WALL, BY_OUTPUT, BY_HOST, BY_CROWD = range(5)
"""Why a program ended. The last: it waited for processors until there was no more time for that."""
CHANNEL_FD, FEED_FD = 3, 4
START_FAILED = 125
"""Exit code of a prepared process that could not become the program; its reason lies in the order's socket."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    Payload = tuple[str, bytes, bytes, list[str], "Surroundings | None"]
    """The part of an order that only the program's own process reads: how, body, source, argv, surroundings.

    How is "source", "code" (the body is marshalled), "library" (its `main` is called), "compile" (nothing is run, the
    code goes to stdout) or "command" (argv is the whole line). The source is for tracebacks."""

    class Surroundings(TypedDict):
        """What most programs do without."""

        files: dict[str, bytes]
        executables: list[str]
        """Those of the files that may be executed."""
        file_bytes: int
        """The limit to be set once the files are there."""
        stdin: bytes
        """Unless it comes as a descriptor."""
        stdin_file: str
        """A file that shall hold standard input as well; "" for none."""
        seed: int

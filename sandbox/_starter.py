"""The few lines that a server is told to run, and that become a Python program, within limits of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assaygym.errors import ConfigError
from assaygym.sandbox._order import ENVIRONMENT, PROGRAM
from assaygym.sandbox.base import MIB, Limits

INTERPRETER_BYTES = 64 * MIB
"""Address space that the bare interpreter maps; granted on top of the memory limit."""
NOT_FOUND = 127
"""What a shell exits with when there is no such command, and `START` when it cannot do its work."""
PASSED_ON = ("PATH", "LD_LIBRARY_PATH")
"""All that a Python program gets of the server's environment: what its interpreter may need."""
START = """\
import os, resource, sys
try:
    for kind, *values in {limits!r}:
        kind = getattr(resource, kind)
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            values = [min(value, most) for value in values]
        resource.setrlimit(kind, values)
    os.unlink(__file__)
    environment = {{name: os.environ[name] for name in {passed_on!r} if name in os.environ}}
    environment |= {{**{environment!r}, "HOME": os.getcwd(), "TMPDIR": os.getcwd()}}
    os.execve(sys.executable, [sys.executable, *{arguments}], environment)
except Exception as error:
    print("the program could not be started:", repr(error), file=sys.stderr, flush=True)
    os._exit({not_found})
"""


def starter(argv: Sequence[str], limits: Limits) -> str:
    """The code that becomes the Python program `main.py`, within limits.

    Raises:
        ConfigError: an argument is not usable.
    """
    for argument in argv:
        check_text("argv", argument)
        if "\0" in argument:
            raise ConfigError("argv holds a NUL character, which no program can be given; remove it")
    cpu, memory = math.ceil(limits.cpu_seconds), limits.memory_bytes + INTERPRETER_BYTES
    return START.format(
        limits=[
            ("RLIMIT_CPU", cpu, cpu + 1),
            ("RLIMIT_AS", memory, memory),
            ("RLIMIT_FSIZE", limits.file_bytes, limits.file_bytes),
            ("RLIMIT_CORE", 0, 0),
        ],
        passed_on=PASSED_ON,
        environment={name: value for name, value in ENVIRONMENT.items() if name not in PASSED_ON},
        arguments=ascii(["-s", "-B", PROGRAM, *argv]),
        not_found=NOT_FOUND,
    )


def check_text(what: str, text: str) -> None:
    """Raise `ConfigError` for what cannot be sent."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigError(f"{what} holds text that UTF-8 cannot encode, so it cannot be sent: {error}") from error

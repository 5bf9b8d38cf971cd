"""The process of a trusted checker: `[source, input, output, expected]` in, true, false or a sentence out."""

import os
from typing import Any

from assaygym.verifiers.code.guest.wire import error_of, quiet, receive, send


def verdict(source: str, inp: str, out: str, expected: str) -> bool | str:
    """What `check(inp, out, expected)` of the source says; a sentence where it fails."""
    names: dict[str, Any] = {"__name__": "checker"}
    try:
        exec(compile(source, "checker.py", "exec", dont_inherit=True), names)
        return bool(names["check"](inp, out, expected))
    except Exception as error:
        return ": ".join(error_of(error))


if __name__ == "__main__":
    quiet()
    send(verdict(*receive()))
    os._exit(0)

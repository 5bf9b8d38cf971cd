"""Programs that run inside a sandbox: their source text is sent there. Only `wire` is imported on our side as well."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

from assaygym.sandbox.base import Limits, Process, Sandbox

__all__ = ["TEST_HOST", "program", "start"]

TEST_HOST = ("wire", "pending", "ahead", "record", "remote", "counted", "testhost")
"""The modules of the process that holds the test code."""

_LEFT_OUT = re.compile(r"^from (?:assaygym\.|__future__ )[^\n(]*(?:\([^)]*\))?\n", re.MULTILINE)
_MAIN = 'if __name__ == "__main__":'


@cache
def program(*modules: str) -> str:
    """One program of guest modules in order, without their imports of each other. The main part is the last one's."""
    folder = Path(__file__).resolve().parent
    texts = [(folder / f"{name}.py").read_text("utf-8") for name in modules]
    texts[:-1] = [text.partition(f"\n{_MAIN}")[0] for text in texts[:-1]]
    return "\n".join(_LEFT_OUT.sub("", text) for text in texts)


def start(sandbox: Sandbox, *modules: str, limits: Limits, imports: Collection[str] = ()) -> Process:
    """The program of these modules, started; workers that have the modules ready make it quick.

    Raises:
        SandboxError: the sandbox failed.
    """
    return sandbox.spawn("", limits=limits, imports=imports, library=_library(*modules))


@cache
def _library(*modules: str) -> str:
    return program(*modules).replace(f"\n{_MAIN}\n", "\ndef main():\n")

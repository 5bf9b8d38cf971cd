"""Programs that run inside a sandbox: their source text is sent there. Only `wire` is imported on our side as well."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["program"]

_LEFT_OUT = ("from assaygym.", "from __future__ ")


@cache
def program(*modules: str) -> str:
    """One program made of guest modules in order, without their imports of each other."""
    folder = Path(__file__).resolve().parent
    lines = [line for name in modules for line in (folder / f"{name}.py").read_text("utf-8").splitlines()]
    return "\n".join(line for line in lines if not line.startswith(_LEFT_OUT)) + "\n"

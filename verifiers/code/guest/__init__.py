"""Programs that run inside a sandbox: their source text is sent there. Only `wire` is imported on our side as well."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["program"]

_LEFT_OUT = ("from assaygym.", "from __future__ ")
_MAIN = 'if __name__ == "__main__":'


@cache
def program(*modules: str) -> str:
    """One program of guest modules in order, without their imports of each other. The main part is the last one's."""
    folder = Path(__file__).resolve().parent
    texts = [(folder / f"{name}.py").read_text("utf-8") for name in modules]
    texts[:-1] = [text.partition(f"\n{_MAIN}")[0] for text in texts[:-1]]
    lines = [line for text in texts for line in text.splitlines() if not line.startswith(_LEFT_OUT)]
    return "\n".join(lines) + "\n"

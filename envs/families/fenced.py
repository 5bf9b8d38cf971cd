"""The block of an answer that is written in a language of ours."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["last_block"]

_BLOCK = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)


def last_block(response: str, labels: Sequence[str] = ()) -> str | None:
    """The text of the last fenced block; where some bear one of the labels, the last of those. None without a block.

    What stands before `</think>` does not count, and a block whose fence is never closed runs to the end.
    """
    blocks: list[tuple[str, str]] = [
        (match[1].lower(), match[2]) for match in _BLOCK.finditer(response.rpartition("</think>")[2])
    ]
    for label, body in reversed(blocks):
        if label in labels:
            return body
    return blocks[-1][1] if blocks else None

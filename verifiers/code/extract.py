"""The program in a response: its last code block."""

from __future__ import annotations

import ast
import re

__all__ = ["extract_cells", "extract_program", "parses"]

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_LABELS = frozenset({"python", "py", "python3"})
# An unknown escape in a string would warn while parsing; switching warnings off is not thread-safe.
_ESCAPE = re.compile(r"\\[^\n]")
_MAX_PARSED = 256 << 10


def extract_program(response: str) -> str | None:
    """The last fenced python block, else the last unlabelled one, else the whole text if it is a program.

    `<think>` blocks are dropped first. A block whose fence is never closed runs to the end. None where there is no
    program. The text of a block is kept as written, leading spaces included.
    """
    text = _answer(response)
    blocks = _blocks(text)
    for wanted in (_LABELS, frozenset({""})):
        found = [body for label, body in blocks if label in wanted and body.strip()]
        if found:
            return found[-1]
    return text if not blocks and _is_program(text) else None


def extract_cells(response: str) -> list[str]:
    """All fenced python blocks of a response, in order: the cells of a session. `<think>` blocks are dropped first."""
    return [body for label, body in _blocks(_answer(response)) if label in _LABELS]


def _answer(response: str) -> str:
    text = _THINKING.sub("", response)
    return text.rpartition("</think>")[2]


def _blocks(text: str) -> list[tuple[str, str]]:
    """(label, body) of each fenced block; a fence closes at the next line of at least as many of the same mark."""
    blocks: list[tuple[str, str]] = []
    mark, label, body = "", "", list[str]()
    for line in text.splitlines(keepends=True):
        fence = re.match(r"[ \t]*(`{3,}|~{3,})[ \t]*([^\s`]*)", line)
        if mark and fence and fence[1].startswith(mark) and not fence[2]:
            blocks.append((label, "".join(body)))
            mark = ""
        elif mark:
            body.append(line)
        elif fence:
            mark, label, body = fence[1], fence[2].lower(), []
    if mark:
        blocks.append((label, "".join(body)))
    return blocks


def _is_program(text: str) -> bool:
    return re.search(r"^(?:def|class|import|from|async def) ", text, re.MULTILINE) is not None and parses(text)


def parses(text: str) -> bool:
    """Whether the text is Python by its grammar; nothing is run. Texts over 256 KiB are not looked at: False."""
    if len(text) > _MAX_PARSED:
        return False
    try:
        ast.parse(_ESCAPE.sub(r"\\n", text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True

"""The program in a response: its last code block."""

from __future__ import annotations

import ast
import re

from assaygym.sandbox import languages
from assaygym.verifiers.code.source import parse_module

__all__ = ["extract_cells", "extract_program", "fenced_blocks", "parse", "parses", "without_thinking"]

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_WHOLE = {
    "c": r"^#include\b|^int main\b",
    "cpp": r"^#include\b|^int main\b",
    "javascript": r"^(?:const|let|var|function|class|import) |\bconsole\.log\(",
    "bash": r"^#!.*\b(?:ba)?sh\b",
}
"""By what a text without a fence is known to be a program."""
# An unknown escape in a string would warn while parsing; switching warnings off is not thread-safe.
_ESCAPE = re.compile(r"\\[^\n]")
_MAX_PARSED = 256 << 10


def extract_program(response: str, *, language: str = "python", defines: str | None = None) -> str | None:
    """The last fenced block of the language, else the last unlabelled one, else the whole text if it is a program.

    `<think>` blocks are dropped first. A block whose fence is never closed runs to the end. None where there is no
    program. The text of a block is kept as written, leading spaces included.

    Args:
        response: what the agent said.
        language: a name or alias of `assaygym.sandbox.languages`.
        defines: a function or class; a block that defines it comes before others of its kind, such as one that only
            shows how it is called.

    Raises:
        ConfigError: there is no such language.
    """
    text = without_thinking(response)
    blocks = _blocks(text)
    known = _labels(language)
    kinds = [[body for label, body in blocks if label in wanted and body.strip()] for wanted in (known, {""})]
    if defines is not None:
        defining = [[body for body in kind if _defines(body, defines)] for kind in kinds]
        kinds = [*defining, *kinds]
    for found in kinds:
        if found:
            return found[-1]
    return text if not blocks and _is_program(text, known) else None


def _labels(name: str) -> frozenset[str]:
    found = languages.language(name, here=False)
    return frozenset((found.name, *found.aliases))


def _defines(body: str, name: str) -> bool:
    word = re.escape(name)
    return (
        re.search(rf"^\s*(?:(?:async +)?def|class) +{word}\b|^{word} *(?::[^=\n]*)?=[^=]", body, re.MULTILINE)
        is not None
    )


def extract_cells(response: str) -> list[str]:
    """All fenced python blocks of a response, in order: the cells of a session. `<think>` blocks are dropped first."""
    known = _labels("python")
    return [body for label, body in fenced_blocks(response) if label in known]


def fenced_blocks(response: str) -> list[tuple[str, str]]:
    """(label in small letters, body) of each fenced block of a response, in order, outside of `<think>` blocks."""
    return _blocks(without_thinking(response))


def without_thinking(response: str) -> str:
    """The response without its `<think>` blocks."""
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


def _is_program(text: str, known: frozenset[str]) -> bool:
    if "python" not in known:
        return any(name in known and re.search(sign, text, re.MULTILINE) for name, sign in _WHOLE.items())
    return re.search(r"^(?:def|class|import|from|async def) ", text, re.MULTILINE) is not None and parses(text)


def parses(text: str) -> bool:
    """Whether the text is Python by its grammar; nothing is run. Texts over 256 KiB are not looked at: False."""
    return parse(text) is not None


def parse(text: str) -> ast.Module | None:
    """The tree of a text that is Python, with every escape of its strings read as a newline; nothing is run.

    None for any other text, and for texts over 256 KiB.
    """
    if len(text) > _MAX_PARSED:
        return None
    try:
        return parse_module(_ESCAPE.sub(r"\\n", text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None

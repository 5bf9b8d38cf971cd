"""Where mathematics stands in a text, and where sentences end."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["first_sentence", "last_sentences", "math_spans", "undollar", "unmarked"]

STATEMENT_CHARS = 4000
"""Longest statement read whole."""

_MATH = re.compile(
    r"\$\$((?:\\.|[^$\\]){1,4000}+)\$\$"
    r"|(?<!\\)\$(?![\s$])((?:\\.|[^$\\\n]){1,2000}+)(?<!\s)\$(?![\d$])"
    r"|(?<!\\)\$[ \t]((?:\\.|[^$\\\n\d]){0,1}[^$\n]{1,2000}+)(?<=\s)\$(?![\d$])"
    r"|\\\(((?:\\\\|\\(?![()])|[^\\]){1,4000}+)\\\)"
    r"|(?<!\\)\\\[((?:\\\\\[|\\\\|\\(?![\[\]])|[^\\]){1,4000}+)\\\]",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\\begin\s?\{(\w{1,14})\*?\}.{0,3000}?\\end\s?\{\1\*?\}", re.DOTALL | re.ASCII)
_END = re.compile(r"[.?!](?=[\s\"'”’)*_\]]|\Z)|[。！？।]|\n")
_SHORT = re.compile(
    r"(?:\b(?:[ap]\.m|i\.e|e\.g|etc|approx|vs|cf|resp|Mr|Mrs|Dr|St|No|eq|fig|sq|cu|u\.s|Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec)|(?<![^\s(*])\(?[A-J])\Z",
    re.IGNORECASE | re.ASCII,
)
_PROSE = re.compile(r"\s+(?:[A-Z][a-z']*,?\s+[a-z']+,?\s+[a-z']+|I\s+[a-z]+)", re.ASCII)
_CONTINUED = re.compile(r"\n\s*(?:=|\\approx|\\Rightarrow|≈|\\text|\\quad|&)")
_BEGINS = re.compile(r"\s*(?:[A-Z][a-z]+\b|(?:so|thus|hence|therefore)\b)", re.ASCII)
"""How a sentence begins after a display that ends without a line break."""
_ITEM = re.compile(r"\s*(?:[-*•]|\(?(?:\d{1,2}|[a-h])[.)]|\\item)[ \t]+(.{1,300}?)[,;]?\s*\Z")


def math_spans(text: str) -> list[tuple[int, int]]:
    r"""Start and end of all `$..$`, `$$..$$`, `\(..\)`, `\[..\]` and `\begin..\end`, with their marks, in order.

    A dollar opens mathematics only where no space or none but spaces on both sides stands inside, so that
    "$5 and $6" is money.
    """
    spans = [match.span() for match in _MATH.finditer(text)] if "$" in text or "\\(" in text or "\\[" in text else []
    if "\\begin" in text:
        spans.extend(match.span() for match in _ENVIRONMENT.finditer(text))
        spans.sort()
    return spans


def undollar(text: str) -> str:
    r"""The text with `$..$`, `$$..$$`, `\(..\)` and `\[..\]` replaced by what stands in them; money stays."""
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return text
    return _MATH.sub(lambda span: (span[1] or span[2] or span[3] or span[4] or span[5]).strip(), text)


def unmarked(text: str) -> str:
    """The text with mathematics blanked out, of the same length, so that words in it are prose."""
    for start, end in math_spans(text):
        text = f"{text[:start]}{chr(0) * (end - start)}{text[end:]}"
    return text


def first_sentence(text: str) -> tuple[str, int]:
    """The first statement of a text and where it ends: a sentence, a line, or the items of a list joined by ", "."""
    text = text[:STATEMENT_CHARS]
    listed = _list(text)
    if listed is not None:
        return listed
    spans = math_spans(text)
    for end in _END.finditer(text):
        if not _within(end.start(), spans) and _is_end(text, end):
            return text[: end.start()], end.end()
    return text, len(text)


def _within(position: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= position < end for start, end in spans[:400])


def _is_end(text: str, end: re.Match[str]) -> bool:
    before, mark = text[max(0, end.start() - 8) : end.start()], end[0]
    if mark == "\n":
        return not before.rstrip(" \t*_").endswith((":", "=", "：")) and not _CONTINUED.match(text, end.start())
    if mark == ".":
        if before.endswith("..") or text.startswith(".", end.end()):
            return False
        if _SHORT.search(before):
            return _PROSE.match(text, end.end()) is not None
    if mark == "!" and before[-1:].isalnum() and not before[-2:].isalpha():
        return _PROSE.match(text, end.end()) is not None
    return True


def _list(text: str) -> tuple[str, int] | None:
    lines = text.split("\n", 24)
    items = []
    for line in lines:
        item = _ITEM.match(line)
        if item is None:
            break
        items.append(item[1])
    if len(items) < 2:
        return None
    return ", ".join(items), sum(len(line) + 1 for line in lines[: len(items)])


def _ends_display(text: str, end: int) -> bool:
    display = text.endswith(("\\]", "$$", "*}", ".$", ".\\)"), 0, end) or text[max(0, end - 14) : end].startswith(
        "\\end{"
    )
    return display and _BEGINS.match(text, end) is not None


def last_sentences(text: str, count: int) -> list[tuple[int, int]]:
    """Start and end of the last sentences of the last 4,000 characters, the last one first."""
    base = max(0, len(text) - STATEMENT_CHARS)
    tail = text[base:]
    spans = math_spans(tail)
    starts = [0]
    starts.extend(end.end() for end in _END.finditer(tail) if not _within(end.start(), spans) and _is_end(tail, end))
    starts.extend(end for _, end in spans if _ends_display(tail, end))
    starts = sorted({*starts, len(tail)})
    pairs = [(base + start, base + end) for start, end in pairwise(starts)]
    return [pair for pair in reversed(pairs) if text[pair[0] : pair[1]].strip(" \t\r\n*_.")][:count]

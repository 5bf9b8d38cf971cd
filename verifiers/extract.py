"""Read the final answer out of a response: one function a style, and `find_answer` that tries them in a fixed order.

Every function is pure and takes time linear in the text; no pattern here can backtrack over more than a bounded span.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from assaygym.verifiers.numbers import find_numbers, plain_numbers

__all__ = [
    "Found",
    "Style",
    "anchored_answer",
    "bare_answer",
    "boxed_answer",
    "final_answer",
    "find_answer",
    "hash_answer",
    "last_math",
    "last_number",
    "strip_markup",
    "tagged_answer",
]

TAIL_CHARS = 20_000
"""How much of the end of a response is searched for unmarked answers."""
BARE_CHARS = 300
BARE_WORDS = 4
JOINED_BOXES = 24

_THINK_CLOSE = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE | re.ASCII)
_THINK_OPEN = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.IGNORECASE | re.ASCII)
_BOLD = re.compile(r"(?<![\w)}])\*\*|\*\*(?![\w({\\])", re.ASCII)
_BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_JOINER = re.compile(
    r"(?:[\s$,;&{}]|\\text|\\quad|\\qquad|\\[(),; ]|\bor\b|\band\b|\beither\b|[A-Za-z](?:_\w)?\s{0,3}=)*+", re.ASCII
)
_OR = re.compile(r"[\s,$*]{0,9}\bor\b(?: maybe| perhaps)?[\s$*]{0,9}")
_TAG = re.compile(r"<answer>|<\|begin_of_box\|>", re.IGNORECASE | re.ASCII)
_TAG_CLOSE = re.compile(r"</answer>|<\|end_of_box\|>", re.IGNORECASE | re.ASCII)
_ANCHOR = re.compile(
    r"\banswer(?: to [^\n.:]{0,80}?)?\s{0,3}(?:is\b|:|=)(?:\s{0,3}:)?"
    r"|\b(?:respuesta|réponse|risposta|resposta|antwort)(?: final[ea]?)?\s{0,3}(?:es\b|est\b|è\b|é\b|lautet\b|ist\b|:)"
    r"|ответ\s{0,3}[:—-]|(?:答案|答え)\s{0,3}(?:是|为|為|は|[::])|답은?\s{0,3}:?",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z(\[])|。|\n")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_MATH_COMMAND_WORDS = frozenset({"or", "and", "sqrt", "pi", "sin", "cos", "tan", "log", "ln", "to", "in"})


class Style(StrEnum):
    """Where an answer was read."""

    BOX = "box"
    HASH = "hash"
    TAG = "tag"
    ANCHOR = "anchor"
    BARE = "bare"
    MATH = "math"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Found:
    """An answer and where it was read."""

    text: str
    style: Style


def strip_markup(text: str) -> str:
    """The text without reasoning blocks and Markdown bold.

    All up to the last closing reasoning tag is dropped; after an opening tag that is never closed nothing is left, for
    an answer that only occurs inside the reasoning was not given.
    """
    closing = _last_match(_THINK_CLOSE, text)
    rest = text[closing.end() :] if closing else text
    opening = _THINK_OPEN.search(rest)
    return _BOLD.sub("", rest[: opening.start()] if opening else rest)


def _last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return deque(pattern.finditer(text), maxlen=1).pop() if pattern.search(text) else None


def boxed_answer(text: str) -> str | None:
    r"""Content of the last `\boxed{}` or `\fbox{}`; None without one, "" when it is empty or never closed.

    Boxes with nothing between them but commas, "or", "and" and `x =` are one statement: different contents are joined
    by ", ", so that a hedge `\boxed{3} or \boxed{4}` reads as the list `3, 4` and never as `4`.
    """
    starts = list(_BOX.finditer(text))
    if not starts:
        return None
    last = _box_content(text, starts[-1].end(), len(text))
    if last is None or not last[0]:
        return ""
    contents, begin = [last[0]], starts[-1].start()
    for start in reversed(starts[-JOINED_BOXES:-1]):
        box = _box_content(text, start.end(), begin)
        if box is None or begin - box[1] > 80 or not _JOINER.fullmatch(text, box[1], begin):
            break
        contents.append(box[0])
        begin = start.start()
    return ", ".join(dict.fromkeys(content for content in reversed(contents) if content))


def _box_content(text: str, position: int, limit: int) -> tuple[str, int] | None:
    """(content, end) of the box whose command ends at `position`; None when it is not closed before `limit`."""
    bare = re.compile(r"\s+([^\s${}]+)").match(text, position, limit)
    if bare:
        return bare[1].rstrip(".,"), bare.end()
    opening = re.compile(r"\s*\{").match(text, position, limit)
    if opening is None:
        return None
    depth = 1
    for brace in _BRACE.finditer(text, opening.end(), limit):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return text[opening.end() : brace.start()].strip(), brace.end()
    return None


def hash_answer(text: str) -> str | None:
    """What follows the last `####` on its line; None without one, "" when nothing follows."""
    at = text.rfind("####")
    return None if at < 0 else text[at + 4 :].lstrip("#").split("\n", 1)[0].strip()


def tagged_answer(text: str) -> str | None:
    """Content of the last `<answer>` element (to the end of the text if a stop string cut the closing tag)."""
    last = _last_match(_TAG, text)
    if last is None:
        return None
    closing = _TAG_CLOSE.search(text, last.end())
    return text[last.end() : closing.start() if closing else len(text)].strip()


def anchored_answer(text: str) -> str | None:
    """The sentence after the last "the answer is", "Final answer:", "Answer:" (or the like in other languages)."""
    tail = text[-TAIL_CHARS:]
    last = _last_match(_ANCHOR, tail)
    if last is None:
        return None
    rest = tail[last.end() :].lstrip(" \t\r\n*_:：")
    return _first_sentence(rest)


def _first_sentence(text: str) -> str:
    end = _SENTENCE_END.search(text)
    return _trim(text[: end.start()] if end else text)


def _trim(text: str) -> str:
    return text.strip().rstrip(".,;。").rstrip()


def bare_answer(text: str) -> str | None:
    """The whole text when it is one short line with at most four plain words; None otherwise."""
    line = text.strip()
    if not line or len(line) > BARE_CHARS or "\n" in line:
        return None
    words = [word for word in _WORD.findall(line) if word.lower() not in _MATH_COMMAND_WORDS]
    return _trim(line) if len(words) <= BARE_WORDS else None


def last_math(text: str) -> str | None:
    r"""Content of the last `$$..$$`, `\[..\]`, `\(..\)` or `$..$`."""
    tail = text[-TAIL_CHARS:]
    spans = [_last_span(tail, "\\[", "\\]"), _last_span(tail, "\\(", "\\)"), _last_dollars(tail)]
    start, end = max((span for span in spans if span), key=lambda span: span[1], default=(0, 0))
    return tail[start:end].strip() or None


def _last_span(text: str, opening: str, closing: str) -> tuple[int, int] | None:
    end = text.rfind(closing)
    start = text.rfind(opening, 0, max(end, 0))
    return (start + len(opening), end) if 0 <= start < end else None


def _last_dollars(text: str) -> tuple[int, int] | None:
    marks = list(re.finditer(r"(?<!\\)\${1,2}", text))
    if len(marks) < 2:
        return None
    start, end = marks[-2].end(), marks[-1].start()
    inside = text[start:end]
    is_math = (inside == inside.strip() and "\n" not in inside) or len(marks[-1][0]) == 2
    return (start, end) if inside and is_math else None


def last_number(text: str) -> str | None:
    """The last number as it is written, or "3 or 4" whole; see `assaygym.verifiers.numbers` for what counts as one."""
    tail = plain_numbers(text[-TAIL_CHARS:])
    numbers = find_numbers(tail)
    if not numbers:
        return None
    first = len(numbers) - 1
    while first > 0 and _OR.fullmatch(tail, numbers[first - 1].end, numbers[first].start):
        first -= 1
    return tail[numbers[first].start : numbers[-1].end]


def find_answer(text: str) -> Found | None:
    r"""The final answer and where it stood; None when there is none.

    In this order, after reasoning blocks and bold are dropped: the last explicit marker (box, `####`, `<answer>`: the
    one that starts last counts, and when it is empty or open there is no answer); the last "answer is" sentence; the
    whole text when it is one short line; the last math span; the last number. What is found may still be a list or a
    hedge ("3 or 4"): it is returned whole, and no verifier here takes one item of it for the answer.
    """
    body = strip_markup(text)
    marked = _last_marker(body)
    if marked is not None:
        return marked if marked.text else None
    for style, read in _UNMARKED:
        answer = read(body)
        if answer:
            return Found(answer, style)
    return None


_UNMARKED = (
    (Style.ANCHOR, anchored_answer),
    (Style.BARE, bare_answer),
    (Style.MATH, last_math),
    (Style.NUMBER, last_number),
)


def _last_marker(text: str) -> Found | None:
    box = max((match.start() for match in _BOX.finditer(text)), default=-1)
    tag = max((match.start() for match in _TAG.finditer(text)), default=-1)
    hashes = text.rfind("####")
    last = max(box, tag, hashes)
    if last < 0:
        return None
    if last == box:
        return Found(boxed_answer(text) or "", Style.BOX)
    if last == tag:
        return Found(tagged_answer(text) or "", Style.TAG)
    return Found(_trim(hash_answer(text) or ""), Style.HASH)


def final_answer(text: str) -> str | None:
    """The text of `find_answer`, or None."""
    found = find_answer(text)
    return found.text if found else None

r"""The last `\boxed{}`, and the boxes that make one statement with it."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Box", "boxed_answer", "last_box"]

JOINED_BOXES = 24
JOINED_CHARS = 120
"""Longest text between two boxes of one statement."""

_BOX = re.compile(
    r"(?:\\(?:boxed(?:\s{0,3}\\(?:text|math(?:bf|rm))(?=\s?\{))?|fbox|framebox|colorbox\s{0,3}\{\w{1,20}\})"
    r"|\x08oxed|oxed(?<![A-Za-z\\]oxed)(?=\s?\{))"
    r"(?![A-Za-z])"
)
"""Each branch begins with a letter, so that the search skips to those: it runs over the whole response."""
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_OPENING = re.compile(r"(?:\s{0,9}\[[^\]\n]{0,20}\])?\s{0,99}\{")
_BARE = re.compile(
    r"\s{0,99}(-?\\(?:[dt]?frac(?:\s{0,2}\d\s?\d|(?:\s{0,2}\{[^{}]{1,80}\}){2})|sqrt\s{0,2}(?:\d|\{[^{}]{1,80}\})"
    r"|pi(?![A-Za-z])|infty(?![A-Za-z]))|\d[\d.,/]{0,99}|[^\s${}\\]{1,300})"
)
_JOINER = re.compile(
    r"(?:[\s$,;&{}*]|\\text|\\mbox|\\q?quad|\\\\|\\[(),; \]\[]|\bor\b|\band\b|\bund\b|\bet\b|\by\b|\bи\b|和|或|、"
    r"|\beither\b|[A-Za-z](?:_\{?\w\}?)?\s{0,3}=)*+"
)
_LABEL = re.compile(r"(?<![A-Za-z\\])([A-Za-z](?:_\{?\w\}?)?)\s{0,3}=\s{0,3}\$?\s{0,3}\Z")
_PART = re.compile(
    r"[\s$,;]{0,12}(?:\band\b|\bwhile\b|;)[\s$*]{0,9}(?:the |its |is |an? |\([a-h]\)|part )?[^.!?\n\\$=]{0,60}?"
    r"(?:\b(?:is|are|equals)|[:=)])[\s$*]{0,9}",
    re.IGNORECASE,
)
_EITHER = re.compile(r"[^.!?\n\\]{0,20}\bor\b[^.!?\n\\]{0,30}", re.IGNORECASE)
_NEXT_PART = re.compile(
    r"(?:[ \t\r$,;.*|]|\\[\])])*+\n[\s*#|>-]{0,9}(?:part |question )?(?:(?:\([b-h]\)|\((?:i{2,3}|i?v"
    r"|vi{0,3})\)|[b-h]\))"
    r"[\s*:.|]{0,5}[^.!?\n\\$=]{0,60}?(?:\b(?:is|are|equals)|[:=|])?|(?:\(?[2-9]\)|[2-9]\.))[\s$*]{0,9}(?:\\[\[(]\s?)?",
    re.IGNORECASE,
)
"""The label of a second part, on a line of its own: `(b)`, `2.`; a numbered step says something before its box."""
_APPROXIMATED = re.compile(
    r"[\s$,;(]*+(?:\\text\s?\{\s?)?(?:(?:which|that) is|or|and|i\.e\.,?)?\s?(?:\\approx|≈|\\simeq|\\doteq|approx\.?"
    r"|approximately|about|roughly|around|numerically)[\s$:}]*+",
    re.IGNORECASE,
)
_ROUGH = re.compile(r"\s?(?:\\approx|≈|\\simeq|approx)")
_MENTION = re.compile(r"(?:\b(?:in|inside|within|using|with|of|format|the|a)|[`\"'])[\s$`\"'(]{1,3}\Z", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\W*(?:(?:your |the |final |numerical )*answer|\\l?dots)?\W*", re.IGNORECASE)
_SEQUEL = re.compile(
    r"\b(?:then|so|thus|therefore|hence|but|actually|wait|instead|correct\w*|next|now|finally|final|answer|which"
    r"|gives|not|no|wrong|sum|total|product|result)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:\b(?:not|isn['’]t|cannot be|can['’]t be|rather than|instead of|nicht|n['’]est pas|no es|não é|non è"
    r"|niet|inte|nie)"
    r"|не|不是|\\neq?|≠)[\s$\\(]{0,6}\Z",
    re.IGNORECASE,
)
_BASE = re.compile(r"_(?:\d{1,2}|\{\s?\d{1,2}\s?\})")
_UNIT = re.compile(
    r"(?:\\[ ,;!]|[ \t~$)])*+(\\?%|\^\s?\{?\s?\\circ\s?\}?|°|\\degree|(?:\\(?:text|mathrm|mbox)\s?\{\s*)?"
    r"(?:percent|per cent|pct|degrees?|radians?|[kcdmμn]?m|km|kg|mg|g|ft|inch(?:es)?|feet|foot|yards?|miles?|hours?|h"
    r"|minutes?|min|seconds?|s|days?|weeks?|months?|years?|dollars?|cents?|euros?|lit(?:er|re)s?|[mk]?L"
    r"|(?:square|cubic) \w+"
    r"|units?)(?![\w=])(?:\s?\^\s?\{?[23]\}?|[²³])?\s?\}?(?:\s?\^\s?\{?[23]\}?)?)"
)


_UNRAISED = re.compile(r"[^\^²³]*")


class Box(NamedTuple):
    """Boxes that make one statement: their content ("" for an empty or open one), its place, the unit behind."""

    text: str
    start: int
    end: int
    unit: str = ""
    parts: tuple[str, ...] = ()
    """The contents, when there are several."""
    mentioned: bool = False
    """Whether the text only speaks of a box: an answer may still be stated behind it."""


def boxed_answer(text: str) -> str | None:
    r"""Content of the last `\boxed{}` or `\fbox{}`; None without one, "" when it is empty or never closed.

    Boxes with nothing between them but commas, "or", "and", labels (`x =`, "and the minimum is") are one statement:
    different contents are joined by ", " (with their labels, where these differ), so that a hedge
    `\boxed{3} or \boxed{4}` reads as the list `3, 4` and never as `4`.
    """
    box = last_box(text)
    return None if box is None else box.text


def last_box(text: str) -> Box | None:
    """The last statement in boxes; None without a box. A box that is said not to be the answer does not count."""
    if "oxed" not in text and "box" not in text:
        return None
    starts, mention = list(_BOX.finditer(text)), None
    while starts:
        if _is_mentioned(text, starts[-1]):
            mention = mention or starts[-1]
        elif not _is_negated(text, starts[-1].start()):
            break
        starts.pop()
    if not starts:
        return None if mention is None else Box("", mention.start(), mention.end(), mentioned=True)
    content = _content(text, starts[-1].end(), len(text))
    if content is None or not content[0]:
        return Box("", starts[-1].start(), len(text) if content is None else content[1])
    if len(starts) == 1:
        return _with_unit(text, content[0], starts[0].start(), content[1])
    return _joined(text, starts, content)


def _is_negated(text: str, start: int) -> bool:
    return _NEGATED.search(text, max(0, start - 20), start) is not None


def _is_mentioned(text: str, box: re.Match[str]) -> bool:
    r"""Whether the text only speaks of a box: "put it in `\boxed{}`"."""
    start = box.start()
    if not _MENTION.search(text, max(0, start - 12), start):
        return False
    content = _content(text, box.end(), min(len(text), box.end() + 60))
    return content is not None and _PLACEHOLDER.fullmatch(content[0]) is not None


def _joined(text: str, starts: list[re.Match[str]], last: tuple[str, int]) -> Box:
    exact = _exact_form(text, starts, last[0])
    if exact is not None:
        return Box(exact[0], starts[-2].start(), last[1])
    begin = starts[-1].start()
    contents, labels = [last[0]], [_label(text, begin)]
    for start in reversed(starts[-JOINED_BOXES:-1]):
        box = _content(text, start.end(), begin)
        if box is None or not box[0] or not _one_statement(text, box[1], begin):
            break
        begin = start.start()
        contents.append(box[0])
        labels.append(_label(text, begin))
    contents.reverse()
    labels.reverse()
    if all(labels) and len(set(labels)) == len(labels) > 1:
        contents = [f"{label} = {content}" for label, content in zip(labels, contents, strict=True)]
    parts = tuple(dict.fromkeys(contents))
    whole = _with_unit(text, ", ".join(parts), begin, last[1])
    return whole._replace(parts=parts) if len(parts) > 1 else whole


def _exact_form(text: str, starts: list[re.Match[str]], last: str) -> tuple[str, int] | None:
    r"""The box before the last one, where that only says about how much it is: `\boxed{\pi} \approx \boxed{3.14}`."""
    begin = starts[-1].start()
    before = _content(text, starts[-2].end(), begin)
    if before is None or not before[0] or begin - before[1] > JOINED_CHARS:
        return None
    rough = (
        _ROUGH.match(last) is not None and "\n" not in text[before[1] : begin] and ". " not in text[before[1] : begin]
    )
    return before if rough or _APPROXIMATED.fullmatch(text, before[1], begin) else None


def _label(text: str, position: int) -> str:
    label = _LABEL.search(text, max(0, position - 16), position)
    return label[1] if label else ""


def _one_statement(text: str, start: int, end: int) -> bool:
    if end - start > JOINED_CHARS:
        return False
    if _JOINER.fullmatch(text, start, end) or _EITHER.fullmatch(text, start, end):
        return True
    part = _PART.fullmatch(text, start, end) or _NEXT_PART.fullmatch(text, start, end)
    return part is not None and not _SEQUEL.search(text, start, end)


def _with_unit(text: str, content: str, start: int, end: int) -> Box:
    base = _BASE.match(text, end)
    if base:
        content, end = content + base[0], base.end()
    unit = _UNIT.match(text, end) if end < len(text) else None
    return Box(content, start, end, _as_latex(unit[1].strip()) if unit else "")


def _as_latex(unit: str) -> str:
    if unit[0] in "\\^°%":
        return unit
    if unit.startswith(("per", "pct")):
        return r"\%"
    if unit.startswith("degree"):
        return r"^\circ"
    word = _UNRAISED.match(unit)
    name = word[0].strip() if word else unit
    return rf"\text{{ {name}}}" + unit[len(name) :].strip()


def _content(text: str, position: int, limit: int) -> tuple[str, int] | None:
    """(content, end) of the box whose command ends at `position`; None when it is not closed before `limit`."""
    opening = _OPENING.match(text, position, limit)
    if opening is None:
        bare = _BARE.match(text, position, limit)
        return (bare[1].rstrip(".,"), bare.end()) if bare else None
    depth = 1
    for brace in _BRACE.finditer(text, opening.end(), limit):
        found = brace[0]
        if found == "{":
            depth += 1
        elif found == "}":
            depth -= 1
            if depth == 0:
                return text[opening.end() : brace.start()].strip(), brace.end()
    return None

"""Read the final answer out of a response: one function a style, and `find_answer` that tries them in a fixed order.

Every function is pure and takes time linear in the text; no pattern here can backtrack over more than a bounded span,
and all but boxes, tags and `####` are only looked for in the last 20,000 characters.
"""

from __future__ import annotations

import re
from collections import deque

from assaygym.verifiers.extraction.boxes import Box, boxed_answer, last_box
from assaygym.verifiers.extraction.cleaning import plain, strip_markup, unbold, visible
from assaygym.verifiers.extraction.corrections import alternative, correction, stated_answer
from assaygym.verifiers.extraction.formulas import QUICK_CHARS, quick_answer
from assaygym.verifiers.extraction.found import Found, Style
from assaygym.verifiers.extraction.guesses import (
    TAIL_CHARS,
    bare_answer,
    concluding_answer,
    last_choice,
    last_math,
    last_number,
    spoken_part,
    stressed_answer,
    worded_answer,
    worked_answer,
)
from assaygym.verifiers.extraction.sentences import unmarked
from assaygym.verifiers.extraction.statements import answer_of, is_answer, is_brief, tidy
from assaygym.verifiers.extraction.wording import english, settled

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

_TAG = re.compile(
    r"<(?:final[_ -]?)?answer>|<solution>|<ans>|<\|begin_of_(?:box|solution)\|>|<final>|\[ANSWER\]",
    re.IGNORECASE | re.ASCII,
)
_TAG_CLOSE = re.compile(
    r"</(?:final[_ -]?)?answer>|</solution>|</ans>|<\|end_of_(?:box|solution)\|>|</final>|\[/ANSWER\]",
    re.IGNORECASE | re.ASCII,
)
_TITLE = re.compile(
    r"(?:\*\*)?(?:step|part|case|problem|solution|conclusion|verif|explan|summary|final|answer|approach"
    r"|method|check|result|finding"
    r"|calculat|understanding|given|note|analy|\d+[.)]\s+[A-Z][a-z]|\(?[a-z]\)\s+[A-Z][a-z])",
    re.IGNORECASE,
)
_SAID_IN_TEXT = re.compile(r"\\(?:text|textbf|mbox|textrm)\s?\{([^{}]{0,80}nswer[^{}]{0,40})\}")
_JSON = re.compile(
    r"[\"'](?:final_?)?answer[\"']\s{0,3}:\s{0,3}([\"'][^\"'\n]{1,300}[\"']|[^,}\n]{1,300})", re.IGNORECASE
)
_WRAPPED_PROSE = re.compile(r"\\(?:text|textbf|mbox|textrm|mathrm)\s?\{([^{}]{2,200})\}")
_CONDITION = re.compile(r"\b(?:where|when|if|for (?:all|any|every|some)|such that|with)\b", re.IGNORECASE)
_EQUATED = re.compile(r"\b(?:is|are|equals)\b")
_TAG_JOINER = re.compile(r"[\s,;]{0,20}(?:or|and)?[\s,;]{0,20}", re.IGNORECASE)
JOINED_TAGS = 8
HASHES = 50
"""How many `####` are looked at, from the end, for one that is not a Markdown heading."""


def hash_answer(text: str) -> str | None:
    """What follows the last `####` on its line; None without one, "" when nothing follows. Headings do not count."""
    at = _last_hash(text)
    return None if at < 0 else _hash_line(text, at)


def _last_hash(text: str) -> int:
    at = text.rfind("####")
    for _ in range(HASHES):
        if at < 0:
            break
        line = _hash_line(text, at)
        if not line or (is_brief(line) and not _TITLE.match(line)):
            return at
        at = text.rfind("####", 0, at)
    return -1


def _hash_line(text: str, at: int) -> str:
    rest = text[at + 4 : at + 4 + TAIL_CHARS].lstrip("#")
    return rest.split("\n", 1)[0].strip() or rest.lstrip().split("\n", 1)[0].strip()


def tagged_answer(text: str) -> str | None:
    """Content of the last `<answer>` element (to the end of the text if a stop string cut the closing tag).

    Elements with nothing but commas, "or", "and" between them are several guesses, joined by "or".
    """
    last = deque(_TAG.finditer(text), maxlen=JOINED_TAGS)
    if not last:
        return None
    contents, begin = [_element(text, last[-1])[0]], last[-1].start()
    for tag in list(last)[-2::-1]:
        content, end = _element(text, tag)
        if not content or end > begin or not _TAG_JOINER.fullmatch(text, end, begin):
            break
        contents.append(content)
        begin = tag.start()
    return " or ".join(dict.fromkeys(reversed(contents))) if contents[0] else ""


def _element(text: str, tag: re.Match[str]) -> tuple[str, int]:
    closing = _TAG_CLOSE.search(text, tag.end())
    return text[tag.end() : closing.start() if closing else len(text)].strip(), closing.end() if closing else len(text)


def anchored_answer(text: str) -> str | None:
    """The answer after the last "the answer is", "Final answer:", "Answer:" (or the like in other languages).

    An answer that the text goes on to take back gives way to the one put in its place, "" if there is none.
    """
    tail = text[-TAIL_CHARS:]
    stated = stated_answer(tail)
    if stated is None:
        return None
    if not stated[0]:
        return ""
    rest = tail[stated[1] :]
    corrected = correction(rest)
    if corrected is None and stated[0].startswith("not ") and (later := concluding_answer(rest)):
        return stated[0] if later in stated[0] else later
    return _with_alternative(stated[0], rest) if corrected is None else corrected


def _with_alternative(answer: str, rest: str) -> str:
    near = rest[:40]
    other = alternative(rest) if "or" in near or "Or" in near or "and" in near or "Alternatively" in near else None
    return f"{answer} or {other}" if other and other != answer else answer


def find_answer(text: str) -> Found | None:
    r"""The final answer and where it stood; None when there is none.

    In this order, after reasoning, template tokens and markup are dropped: the last explicit marker (box, `####`,
    `<answer>`: the one that starts last counts, and when it is empty or open there is no answer, nor when a box is only
    spoken of, as prompts do, and no answer stated behind that); the last "answer is"
    statement; the whole text when it is nothing but an answer; the last sentence ("so the area is 12"); what is bold in
    the last line; the last formula; the last number. A box or a statement that the text goes on to take back does not
    count. What is found may still be a list or a hedge ("3 or 4"): it is returned whole, and no verifier here takes one
    item of it for the answer.
    """
    if len(text) <= QUICK_CHARS and (quick := quick_answer(text)) is not None:
        return quick
    body = visible(text)
    marked = _last_marker(body)
    if marked is not None:
        return marked if marked.text else None
    found = _unmarked_answer(plain(body[-TAIL_CHARS:]))
    return found and found._replace(text=settled(found.text))


def _last_marker(text: str) -> Found | None:
    box = last_box(text)
    at = box.start if box else -1
    tag = max((match.start() for match in _TAG.finditer(text)), default=-1) if "<" in text or "[" in text else -1
    hashes = _last_hash(text) if "####" in text else -1
    if at < 0 and tag < 0 and hashes < 0:
        return None
    if box and at > max(tag, hashes):
        return _from_box(text, box)
    if tag > hashes:
        return Found(settled(_inside(tagged_answer(text) or "")), Style.TAG)
    return Found(settled(_inside(_hash_line(text, hashes))), Style.HASH)


def _from_box(text: str, box: Box) -> Found:
    rest = text[box.end :]
    if not box.text:
        stated = anchored_answer(unbold(plain(rest[-TAIL_CHARS:]))) if box.mentioned else ""
        return Found(settled(stated or ""), Style.ANCHOR if box.mentioned else Style.BOX)
    corrected = correction(plain(rest[:TAIL_CHARS])) if len(rest) > 8 else None
    if corrected is not None:
        return Found(corrected, Style.ANCHOR)
    content = english(_with_alternative(_box_content(box.text), rest))
    return Found(content, Style.BOX, box.unit, box.parts)


def _box_content(content: str) -> str:
    r"""The content of a box without the sentence around the answer: `\text{The minimum is } 5` is 5."""
    if "$" in content or "**" in content:
        content = tidy(content)
    if " is" not in content and " are" not in content and "nswer" not in content and ":" not in content:
        return content
    prose = _WRAPPED_PROSE.sub(r"\1", content)
    if _CONDITION.search(prose):
        return content
    stated = stated_answer(prose)
    answer = stated[0] if stated else answer_of(prose) if _EQUATED.search(prose) else ""
    return answer if answer and is_answer(answer) else content


def _inside(content: str) -> str:
    """The answer inside a tag or behind `####`: the content, or the answer that a sentence there gives."""
    content = unbold(plain(content)).strip()
    if not content:
        return ""
    stated = anchored_answer(content)
    if stated:
        return stated
    answer = answer_of(content) if "\n" not in content else content
    return answer if is_answer(unmarked(answer)) else tidy(content)


def _unmarked_answer(text: str) -> Found | None:
    clean = unbold(text)
    if "nswer" in clean:
        clean = _SAID_IN_TEXT.sub(r"\1", clean)
        if clean.lstrip().startswith("{") and (given := _JSON.search(clean)):
            return Found(tidy(given[1]), Style.ANCHOR)
    anchored = anchored_answer(clean)
    if anchored is not None:
        return Found(anchored, Style.ANCHOR) if anchored else None
    letter = last_choice(text)
    if letter:
        return Found(letter, Style.ANCHOR)
    bare = bare_answer(text)
    if bare:
        return Found(bare, Style.BARE)
    spoken = spoken_part(text)
    for style, read in _GUESSES:
        answer = read(spoken)
        if answer:
            return Found(answer, style)
    worded = worded_answer(text)
    return Found(worded, Style.BARE) if worded else None


_GUESSES = (
    (Style.SENTENCE, stressed_answer),
    (Style.SENTENCE, worked_answer),
    (Style.SENTENCE, concluding_answer),
    (Style.MATH, last_math),
    (Style.NUMBER, last_number),
)


def final_answer(text: str) -> str | None:
    """The text of `find_answer`, or None."""
    found = find_answer(text)
    return found.text if found else None

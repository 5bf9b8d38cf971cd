"""Answers that nothing marks: a bare answer, the last sentence, bold, the last formula, the last number."""

from __future__ import annotations

import re
from itertools import pairwise

from assaygym.verifiers.extraction.cleaning import unbold
from assaygym.verifiers.extraction.doubts import is_negated, is_unsure
from assaygym.verifiers.extraction.sentences import last_sentences, math_spans, unmarked
from assaygym.verifiers.extraction.statements import answer_of, is_answer, tidy, words_of
from assaygym.verifiers.numbers import find_numbers, plain_numbers

__all__ = [
    "bare_answer",
    "concluding_answer",
    "last_choice",
    "last_math",
    "last_number",
    "spoken_part",
    "stressed_answer",
    "worded_answer",
    "worked_answer",
]

TAIL_CHARS = 20_000
"""How much of the end of a response is searched for unmarked answers."""
BARE_CHARS = 4000
PROSE_CHARS = 300
BARE_WORDS = 8
BARE_LINES = 12

_PROSE = re.compile(
    r"\b(?:the|we|is|are|was|were|so|then|since|because|therefore|thus|hence|this|that|it|its|have|has|had|gets?|can|must"
    r"|lets?|which|he|she|they|there|find|found|first|by|be|need|know|see|if|when|you|your|our|their|his|her|what|how|i|my"
    r"|of)\b",
    re.IGNORECASE,
)
_VALUE = re.compile(r"(?:[A-Za-z](?:_\{?\w+\}?|')?\s?=)?\s*[^A-Za-z=]*(?:\\[a-z]+[^A-Za-z=]*)*")
_CONDITIONED = re.compile(r"\x00+,?\s(?:where|for|with|if|when|such that)\b")
_JOINED = re.compile(
    r"(?:[\s,;]|\\text|\\(?:q?quad|[ ,;])|[{}]|\b(?:and|or|for(?: all| every| any)?|where|with|when|if)\b"
    r"|und|et|和|或)*+",
    re.IGNORECASE,
)
_OR = re.compile(r"[\s,$*]{0,9}(?:\bor\b(?: maybe| perhaps| possibly)?|/or)[\s$*]{0,9}", re.IGNORECASE)
_LISTED = re.compile(r"[\s$*]{0,9},[\s$*]{0,9}")
_STRESSED = re.compile(r"(?<![\w)}\]])\*\*(?=[^\s*])((?:[^*\n]|\*(?!\*)){1,200}+)\*\*")
_ASIDE = re.compile(
    r"[\s(\[*_✅✓✔-]*(?:i hope|hope (?:this|that)|let me know|feel free|if you (?:have|need|want|would)"
    r"|please|indeed|check\b"
    r"|to (?:check|verify)|checking|verif|note\b|nota\b|this (?:matches|agrees|confirms|completes|is (?:our|the) final)"
    r"|thank|as required|q\.?e\.?d|done|great|good luck|you can|would you|is there anything|any questions"
    r"|we can (?:check|verify)"
    r"|double-check|sanity|substituting|plugging|verifying|as a check|we verify|therefore,? we are done"
    r"|this makes sense|(?:this|that|it) is (?:correct|right"
    r"|valid)|explanation\b)",
    re.IGNORECASE,
)
_LETTER_LINE = re.compile(
    r"[ \t>]{0,9}(?:(?:thus|so|hence|therefore)?,?[ \t]{0,3}(?:the[ \t])?(?:correct[ \t]"
    r"|answer[ \t])?(?:option|choice)?[ \t]{0,3}[:.-]?[ \t]{0,3})"
    r"(?-i:([(\[]?[A-H][)\].]?))[ \t.]{0,9}",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"\b(?:total|sum|answer|result|final|altogether)\b", re.IGNORECASE)
_PLACED = re.compile(
    r"\b(?:(?:who|which) (?:has|had|is|gets)|of|in|for|at|after|on|from|over|during|by|within|every|than"
    r"|least|most|all)"
    r"(?: (?:the|these|those|all|his|her|their|its|first|last|next|more|about|another)){0,3}\s[$€£]?\Z",
    re.IGNORECASE,
)
"""What makes the last number of a sentence that has others the time or the place of the answer, and not the answer."""
_WORKED = re.compile(
    r"\d[A-Za-z ]{0,20}(?:[-+*/×÷%–]|\bx\b)[^=\n]{0,60}=\s{0,3}([$€£]?-?\d[\d,]{0,20}(?:\.\d{1,9})?%?(?![\w/]"
    r"|\.\d)[^=\d\n\x00]{0,120})\Z"
)
_SO = re.compile(
    r"[,;]\s(?:and\s)?(?:so|hence|thus|therefore)\s(?=the |we |it |he |she |they |there |\x00)", re.IGNORECASE
)
_CASE = re.compile(r"[\s*]*(?:for|if|when|let|suppose|assume|case)\b", re.IGNORECASE)
_THEREFORE = re.compile(r"[\s*]*(?:therefore|thus|hence|so|consequently)\b", re.IGNORECASE)
_PLANNED = re.compile(
    r"\b(?:we need|i need|use|using|let|try|suppose|assume|consider|divided by|divisible by|cases?|step"
    r"|problem|question|equation)"
    r"\b[^.\n=\d]{0,40}\Z",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_SAYS = re.compile(r"[\d\\$\x00]|(?<![A-Za-z])[A-Za-z]\s?=")


def bare_answer(text: str) -> str | None:
    """The whole text when it is nothing but an answer: a formula, a list, a matrix, a few words; None for prose."""
    line = text.strip()
    if not line or len(line) > BARE_CHARS:
        return None
    if "\n" in line:
        return _bare_lines(line)
    if "**" in line and _STRESSED.search(line) and not _STRESSED.fullmatch(line):
        return None
    return _bare_line(unbold(line))


def _bare_line(line: str) -> str | None:
    prose = unmarked(line)
    words = words_of(prose)
    few = len(words) <= 4 or (len(words) <= BARE_WORDS and not _PROSE.search(prose)) or _CONDITIONED.match(prose)
    if not few:
        return None
    return (answer_of(line) if words or not line.isascii() else tidy(line)) or None


def _bare_lines(text: str) -> str | None:
    if text.startswith(("\\begin", "$$", "\\[")) and [(0, len(text.rstrip(".")))] == math_spans(text)[:1]:
        return tidy(text)
    lines = [line.strip() for line in text.split("\n", BARE_LINES) if line.strip()]
    if len(lines) > BARE_LINES - 1 or any(_bare_line(line) is None for line in lines):
        return None
    joined = " ".join(lines)
    if "\\begin" in text or all(_continues(*pair) for pair in pairwise(lines)):
        return tidy(joined)
    values = [tidy(re.sub(r"^(?:[*•]|-(?=\s+[A-Za-z])|\(?\d[.)]\s)\s*", "", line)) for line in lines]
    return ", ".join(values) if all(map(_VALUE.fullmatch, values)) else None


def _continues(line: str, following: str) -> bool:
    return following.startswith(("=", "\\approx", "+", "\\cup", "or ", "and ", "\\text", "&")) or line.endswith(
        ("=", ",", "+", "{", "\\\\", "&", "(", "[", "\\cup")
    )


def last_choice(text: str) -> str | None:
    """A capital letter that stands alone in the last of several lines ("Option C", "Hence (B)"), as a choice."""
    body = unbold(text).rstrip()
    letter = _LETTER_LINE.fullmatch(body, body.rfind("\n") + 1) if "\n" in body else None
    return letter[1] if letter else None


def spoken_part(text: str) -> str:
    """The end of the text, without closing remarks and checks ("Indeed 8-3=5", "I hope this helps").

    A last sentence that is ticked off, or is about one case ("for n = 1, ...") is a remark too, where an earlier one
    concludes; else there is none.
    """
    tail = text[-TAIL_CHARS:]
    of_case = False
    for start, end in last_sentences(tail, 8):
        sentence = tail[start:end]
        if _ASIDE.match(sentence) or not _SAYS.search(sentence):
            continue
        checked = (
            sentence.rstrip(" *\n").endswith(("✓", "✔", "✅")) and "=" in sentence and not _THEREFORE.match(sentence)
        )
        if checked or (
            not _WORKED.search(sentence) and _CASE.match(sentence) and _SAYS.search(sentence[: sentence.find(",")])
        ):
            of_case = True
        elif not of_case or _THEREFORE.match(sentence):
            return tail[:end]
    return "" if of_case else tail


def concluding_answer(text: str) -> str | None:
    """The answer that the last sentence gives ("so the area is 12 cm"), where it gives one."""
    for start, end in last_sentences(text, 1):
        sentence = unbold(text[start:end]).strip()
        if is_unsure(sentence):
            return tidy(sentence)
        clause = _SO.search(unmarked(sentence))
        answer = answer_of(sentence[clause.end() :]) if clause else ""
        if not is_answer(unmarked(answer)):
            answer = answer_of(sentence)
        if answer and answer != tidy(sentence) and is_answer(unmarked(answer)):
            return answer
    return None


def stressed_answer(text: str) -> str | None:
    """What is bold in the last line, when it holds a number or a formula."""
    lines = text.rstrip().rsplit("\n", 1)
    spans = [match for match in _STRESSED.finditer(lines[-1]) if is_answer(unmarked(match[1]))]
    if not spans:
        return None
    first = len(spans) - 1
    while first > 0 and _JOINED.fullmatch(lines[-1], spans[first - 1].end(), spans[first].start()):
        first -= 1
    return answer_of(unbold(lines[-1][spans[first].start() : spans[-1].end()])) or None


def worked_answer(text: str) -> str | None:
    """What the computation that ends the last sentence comes to: "it takes them 31 - 17 = 14 years in all"."""
    for start, end in last_sentences(text, 1):
        sentence = unbold(text[start:end])
        worked = _WORKED.search(unmarked(sentence))
        if worked and not is_unsure(sentence) and not is_negated(sentence, worked.start()):
            return answer_of(sentence[worked.start(1) :])
    return None


def last_math(text: str) -> str | None:
    r"""Content of the last `$$..$$`, `\[..\]`, `\(..\)` or `$..$`, and of those "or", "and", a comma join to it."""
    tail = text[-TAIL_CHARS:]
    spans = math_spans(tail)
    if not spans:
        return None
    start, end = spans[-1]
    if _DIGIT.search(tail, end) and any(end <= begin for begin, _ in last_sentences(tail, 1)):
        return None
    for before, after in reversed(spans[:-1]):
        if after > start or not _JOINED.fullmatch(tail, after, start):
            break
        start = before
    return None if is_negated(tail, start) else tidy(tail[start:end]) or None


def last_number(text: str) -> str | None:
    """The last number as it is written, or "3 or 4" whole; see `assaygym.verifiers.numbers` for what counts as one."""
    tail = plain_numbers(text[-TAIL_CHARS:])
    numbers = find_numbers(tail)
    if not numbers:
        return None
    first = len(numbers) - 1
    while first > 0 and _alternative(tail, numbers[first - 1].end, numbers[first].start, first < len(numbers) - 1):
        first -= 1
    start = numbers[first].start
    line = tail[tail.rfind("\n", 0, start) + 1 :]
    if (
        is_negated(tail, start)
        or _PLANNED.search(tail, max(0, start - 80), start)
        or (line.startswith("|") and not _TOTAL.search(line))
    ):
        return None
    if first and numbers[first - 1].end > start - 120 and _PLACED.search(tail, max(0, start - 60), start):
        return None
    return tail[start : numbers[-1].end]


def _alternative(text: str, start: int, end: int, listed: bool) -> bool:
    return bool(_OR.fullmatch(text, start, end) or (listed and _LISTED.fullmatch(text, start, end)))


def worded_answer(text: str) -> str | None:
    """The whole text when it is one line of words without a number in it, and nothing better was found."""
    line = unbold(text).strip()
    return (tidy(line) or None) if len(line) <= PROSE_CHARS and "\n" not in line and not _DIGIT.search(line) else None

r"""Small rewritings of an answer that was found: chains of equal fractions, "or" in other languages, money in prose."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from assaygym.verifiers.extraction.chains import last_member

__all__ = ["english", "settled", "without_prose"]

_LITERAL: Final = r"-?(?:\\[dt]?frac\s?\{\d{1,15}\}\s?\{\d{1,15}\}|\d{1,15}(?:\s?/\s?\d{1,15}|\.\d{1,15})?)"
_EQUAL_END = re.compile(
    rf"(?P<start>(?:\A|=)\s{{0,3}})(?P<one>{_LITERAL})\s{{0,3}}=\s{{0,3}}(?P<last>{_LITERAL})\s{{0,3}}\Z"
)
LONGEST_END: Final = 90
"""How many characters two literals at the end of a chain may take."""
_ORS: Final = "ou|oder|o|u|или|або|eller|of|lub|veya|atau|hoặc|oppure|sau|vagy"
_ANDS: Final = "und|et|y|e|и|och|ve|và"
_FOREIGN = re.compile(
    rf"(?<=[\d)}}\]$])(?P<open>\s{{1,3}}(?![oeuy]\s{{1,3}}[^\d])|\s{{0,3}}\\text\s?\{{\s{{0,3}})(?:(?P<or>{_ORS})|{_ANDS})"
    r"(?:\s{0,3}\}\s{0,3}|\s{1,3})(?=[-−$(\[√\d]|\\(?!text)|[A-Za-z]\s?=)"
)
r"""`o`, `e`, `u`, `y` between numbers only: `4 y - 2` and `2 e (x)` have names in them."""
_MAY_BE_FOREIGN = re.compile(rf"(?<![^\W\d_])(?:{_ORS}|{_ANDS})(?![^\W\d_])")
_MONEY = re.compile(
    r"(\\?[$€£¥]\s?\d[\d,]{0,20}(?:\.\d{1,9})?)\s+(?:every|each|an?|in|for|on|at|from|of|after|by|as|this|that|the|total"
    r"|altogether|more|left|profit|daily|weekly|monthly|worth)\b[^\d\x00$€£¥]*\Z",
    re.IGNORECASE,
)


_SPACED_COMMA = re.compile(r"(?<=\d)\s{0,3}\{\s{0,3},\s{0,3}\}\s{0,3}(?=\d{3})")
_RATE = re.compile(r"(?<=\d) per ([a-z]{1,20}(?: [a-z]{1,20})?)\Z")
_COUNTED = re.compile(
    r"(-?\d[\d,]{0,20}(?:\.\d{1,9})?)(?: (?:such|distinct|different|possible|unique|valid|ordered|positive"
    r"|real|complex|integer|total)"
    r"(?: [a-z]{2,20}){1,3}|( (?!is |are |was |not |too |or |and )[a-z]{3,20}) (?:ago|old|long|tall|high|wide"
    r"|deep|away|left|remaining"
    r"|total|altogether|each|apart|more|later|earlier))",
    re.ASCII,
)
_THINGS = re.compile(
    r"([$€£]?\d[\d,]{0,20}(?:\.\d{1,9})?) (?:times|(?:[a-z][a-z'-]{0,19}[a-rt-z] ){1,4}[a-z'-]{2,20}(?:s"
    r"|people|children|men|women))",
    re.IGNORECASE | re.ASCII,
)
"""A number of things: adjectives and a plural, so that no verb is among them."""
_NO_THINGS = re.compile(
    r"\b(?:is|are|was|were|be|been|not|no|or|and|but|if|unless|except|only|than|at|least|most|less|fewer|to|too|out|half|per\w*"
    r"|square|cubic|over|plus|minus|squared|cubed|power|mod\w*|base|\w*illion|thousand|hundred|dozen|degrees?|choose|factorial|point"
    r"|quarters?|thirds?|wrong|incorrect|false|maybe|perhaps|possibly|either|neither|can\w*|could|would|should|may|might|do|does|did"
    r"|has|have|need|needs|then|so|when|where|for|with|of|in|on|by|from|ago|old|long|tall|high|wide|deep|away|left|remaining|later"
    r"|earlier|each|apart|am|pm|o'clock|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|hours?|minutes?|seconds?|days?|weeks?|months?|years?|feet|foot|inch\w*|miles?|dollars?|cents?|units?|mi?n?|cm|km|kg|lbs?"
    r"|ways?|apart|por|pour|pro\w*)\b",
    re.IGNORECASE,
)
"""Words that make what follows a number more than the things it counts: relations, units, times."""
_ERA = re.compile(r"(?<=\d{3}) (?:AD|CE|A\.D\.?|C\.E\.?)\Z")
_EQUIVALENT = re.compile(r",?\s(?:exactly when|precisely when|if and only if|only (?:when|if)|iff)\s")
_DOZENS = re.compile(r"(\d{1,9}) dozen")
_LABELLED = re.compile(r"(?:(?<=\A)|(?<=[\s,;]))\(([a-h])\)\s?(?=[-−\d$\\(]|[A-Za-z]\s?=)")
_MORE = re.compile(r"(\d[\d,]{0,20}(?:\.\d{1,9})?) (?:more|fewer) [a-z]{3,20} than [A-Za-z ]{2,60}")
_ASIDE = re.compile(
    r"(?<=\S) \((?![^()]*\b(?:not|or|and|if|mod|modulo|base|unless|except|where|when|negative|for"
    r"|but)\b)[a-z]{3,20}(?: [a-z]{1,20}){1,5}\)\Z",
)
_WORKING = re.compile(
    r"(?:(?!(?:not|never|no|cannot)\b)[A-Za-z][A-Za-z' ]{1,60} [\d\s+*/×÷x().,%$^-]{3,120}=\s{0,3}"
    r"(?=[$€£]?\d[\d,]{0,20}(?:\.\d{1,9})?%?(?:\s[a-z]{2,20}\b[^=\d]*)?\Z)"
    r"|[\d\s+*/×÷x().,%$^-]{3,120}=\s{0,3}(?=\d[\d,]{0,20}(?:\.\d{1,9})?(?:%\Z|%?\s[a-z]{2,20}\b[^=\d]*\Z)))"
)
"""Arithmetic before a number: `4*2 = 8 years old`, `a total of 90+48 = 138`."""
_TOLD = re.compile(
    r"([$€£]?\d[\d,]{0,20}(?:\.\d{1,9})? (?!(?:out|half|percent|times|more|less|fewer|and|or|is|are|was|not"
    r"|too|fails|works|divides|goes|lies|gives"
    r"|makes|equals|appears|occurs|remains|satisfies|belongs|exceeds|holds|does|has)\b)[a-z]{3,20})"
    r" (?:to|on|in|for|from|during|last|this|next|after|before|when|each|every|with|between|together|at"
    r"|more than|fewer than)"
    r" (?!(?:least|most|midnight|noon|consider|check|try|examine|analy[sz]e|solve|find)\b)(?![^\n]*\b(?:not"
    r"|or|and|if|but|unless|except)\b)[A-Za-z][A-Za-z' ]{1,80}"
)
_OF_THINGS = re.compile(
    r"([$€£]?\d[\d,]{0,20}(?:\.\d{1,9})?(?:%|(?! (?:out|percent|half|halves|thirds?|quarters?|fourths?"
    r"|fifths?|tenths?|times|square"
    r"|cubic|power|multiples?|factors?)\b) [a-z]{2,20}))"
    r" of (?:(?:the|his|her|their|its|all|these|those) )?[a-z][a-z' ]{1,60}",
)
_DECIMAL = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_WORD_AFTER = re.compile(r"\s[A-Za-z][A-Za-z'-]")
_AMOUNT: Final = frozenset("0123456789$\\")
_FOLLOWS = re.compile(r"\\(?:implies|Rightarrow|Longrightarrow|therefore)(?![A-Za-z])|⇒|⟹|∴")
_RELATION = re.compile(r"[=<>≤≥]|\\(?:leq?|geq?|in)(?![A-Za-z])")
_ROUGHLY = re.compile(r"\s{0,3}(?:\\approx|≈)[^=≈]{1,40}\Z")


def settled(text: str) -> str:
    r"""What a statement comes to, in English.

    `\frac{4}{18}=\frac{2}{9}` is `\frac{2}{9}`, and "4*2 = 8 years old" is "8 years".
    Of what follows from each other it is the last; a false chain of fractions stays as it is.
    """
    if "=" in text:
        text = _without_unreduced(last_member(_last_conclusion(text)))
        worked = _WORKING.match(text)
        text = text[worked.end() :] if worked else text
    if text.startswith("(a)") and "(b)" in text:
        text = _without_labels(text)
    if " per " in text:
        text = _RATE.sub(lambda rate: rate[0] if rate[1] == "cent" else rf" \text{{ per {rate[1]}}}", text)
    return english(_counted(text) if " " in text and _WORD_AFTER.search(text) else text)


def english(text: str) -> str:
    r"""The answer with English joiners: `1 oder 2` is `1 \text{ or } 2`; and `14{, }916` without the space."""
    if "{" in text and "," in text:
        text = _SPACED_COMMA.sub("{,}", text)
    if _MAY_BE_FOREIGN.search(text):
        return _FOREIGN.sub(lambda word: r" \text{ or } " if word["or"] else r" \text{ and } ", text)
    return text


def _counted(text: str) -> str:
    """A number with its unit, without what is said of the things that it counts."""
    if text.endswith(("AD", "CE", "D.", "E.", ".D", ".E")):
        text = _ERA.sub("", text)
    if "when" in text or "only" in text or " iff" in text:
        text = _EQUIVALENT.sub(r" \\iff ", text)
    if "dozen" in text:
        text = _DOZENS.sub(lambda dozens: str(12 * int(dozens[1])), text)
    if "\\" in text:
        return text  # no count of things, which are words
    told = _OF_THINGS.fullmatch(text) or _TOLD.fullmatch(text)
    text = told[1] if told else text
    if (things := _THINGS.fullmatch(text)) and not _NO_THINGS.search(text):
        return things[1]
    counted = _COUNTED.fullmatch(text)
    return f"{counted[1]}{counted[2] or ''}" if counted else text


def _last_conclusion(text: str) -> str:
    r"""`n=10` of `3n=30 \implies n=10`."""
    steps = _FOLLOWS.split(text[:2000]) if len(text) < 2000 else [text]
    return steps[-1].strip() if len(steps) > 1 and all(map(_RELATION.search, steps)) else text


def _without_unreduced(text: str) -> str:
    roughly = _ROUGHLY.search(text, max(0, len(text) - LONGEST_END))
    about = roughly[0] if roughly else ""
    text = text[: len(text) - len(about)]
    for _ in range(8):
        end = _EQUAL_END.search(text, max(0, len(text) - LONGEST_END))
        if end is None or end["one"] == end["last"] or _value(end["one"]) != _value(end["last"]):
            break
        text = text[: end.start("one")] + end["last"]
    return text + about


def _without_labels(text: str) -> str:
    labels = [label[1] for label in _LABELLED.finditer(text)]
    return _LABELLED.sub("", text) if labels == list("abcdefgh")[: len(labels)] else text


def _value(literal: str) -> Fraction | None:
    sign = -1 if literal.startswith("-") else 1
    parts = _DECIMAL.findall(literal)
    if len(parts) == 1:
        return sign * Fraction(parts[0])
    return sign * Fraction(int(parts[0]), int(parts[1])) if int(parts[1]) else None


def without_prose(text: str) -> str:
    r"""Money without the prose behind it: `\$18 every day` is `\$18`; other answers as they are."""
    if text.isascii() and text[:1] not in _AMOUNT:
        return _ASIDE.sub("", text) if text.endswith(")") else text
    money = _MONEY.match(text) or _MORE.fullmatch(text) or _OF_THINGS.fullmatch(text)
    return money[1] if money else _ASIDE.sub("", text)

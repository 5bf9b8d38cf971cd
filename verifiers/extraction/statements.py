"""From a statement to the answer in it: "the roots are $x=2$ and $x=3$, as required" to "x=2 and x=3"."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.extraction.doubts import is_negated, is_unsure
from assaygym.verifiers.extraction.gates import lacks, plain_words
from assaygym.verifiers.extraction.leads import lead_of, without_lead
from assaygym.verifiers.extraction.sentences import math_spans, undollar, unmarked
from assaygym.verifiers.extraction.wording import without_prose

__all__ = ["answer_of", "is_answer", "is_brief", "tidy", "words_of"]

BRIEF_WORDS = 4

_WORD = re.compile(
    r"(?<![\\A-Za-z])(?!(?:[pbvB]?matrix|cases|array|aligned|frac|sqrt|or|and|pi|sin|cos|tan|cot|sec|csc|log|ln|exp|arcsin"
    r"|arccos|arctan|to|in|mod|max|min|gcd|lcm|inf|infinity)\b)[A-Za-z][A-Za-z'’]+",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?:[\s,;:。，；、।✓✔✅∎■□]|\\\\|\\[ ,;!]|\\q?quad|\\(?:blacksquare|qed|Box|square)\b|\bQ\.?E\.?D\b\.?|~)+\Z"
)
_WRAPPED = (("**", "**"), ("__", "__"), ("`", "`"), ('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("「", "」"))
_MARKS: Final = frozenset("*_`\"“'‘「")
_ITALIC = re.compile(r"([*_])(?=[^\s*_])([^*_\n]{1,300}+)\1")
_CLAUSE = re.compile(
    r"[\s,;(]*(?:\b(?:because|since|which (?:is|are|was|means|makes|gives|simplifies|equals|can|corresponds"
    r"|completes|concludes|proves|finishes|satisf\w+|agrees"
    r"|matches|would|has)"
    r"|so (?:the|we|that|it|he|she|they|there|option)|as (?:required|desired|expected|we|shown|can|it"
    r"|a (?:common|mixed|reduced"
    r"|simplified|decimal|fraction)|stated|claimed|wanted)|reject(?:ing)?|discard(?:ing)?|excluding|ignoring"
    r"|we (?:reject|discard)|rounded|to the nearest|correct to|accurate to"
    r"|in (?:simplest|lowest"
    r"|reduced|simplified|exact|interval|standard|scientific|its) (?:form|terms|notation|\w+ form)|expressed (?:as|in)"
    r"|written (?:as|in)|or (?:approximately|about|roughly|around|equivalently)|i\.e\.?|that is|namely"
    r"|meaning|making|giving"
    r"|therefore|thus|hence|obtained|after (?:simplif|round)|by (?:the|our|using|applying|symmetry)"
    r"|and (?:we are|this|it|that"
    r"|i|so|the (?:answer|others? (?:are|is) (?:wrong|incorrect|not|too)))\b|due to|assuming|given that"
    r"|considering|based on|in total|in all|in (?:this|that|each|our) case|altogether|overall"
    r"|respectively|(?<=ways) (?:to|of|in which|for)|approximately|(?<!\\)(?:left(?: over)?|remaining|here"
    r"|there|(?<!none )of (?:them|these|those)|too|as well|now|away|each"
    r"|(?<![IVX] )only)(?=\W*\Z))(?!\w)|(?<=[A-J),])\s*not (?=\(?[A-J]\b)|[,(]\s*not (?=[-$\\\d\x00])"
    r"|car\b|parce que|puisque|weil|porque|perché|потому|так как|因为|，因|,因).*\Z",
    re.IGNORECASE | re.DOTALL,
)
_OPENED = re.compile(r"\s?\\(?:text|mbox|mathrm|textrm)\s?\{\s?\Z")
_POLITE = re.compile(
    r"\s*(?:でした|です|となります|になります|である|입니다|이다|है|होगा|dır|dir|dur|dür|'?t[ıiuü]r|['’]d[ıiuü]r|است|olur)[。.]?\Z",
    re.IGNORECASE,
)
_REVISED = re.compile(
    r"(?<![\s,;.—–…-])[\s,;.—–…-]++(?:no,? wait|wait,? no|no|wait|scratch that|actually|i mean|or rather|make that"
    r"|correction|sorry)"
    r"[\s,:;—–.-]++(?:(?:it|that)(?:'s| is| should be)\s+|make that\s+)?(?=[\d$\\(.\-√π])",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(
    r"(?:not|nicht|non|pas|не)\s[^\n]{1,60}?(?:\s|,\s?)(?:but|sondern|sino|mais|ma|mas|а|it(?:['’]s| is| should be))\s+"
    r"(?:rather\s+)?(?=\S)|(?:not|不是)\s?[^\n]{1,60}?而是\s?(?=\S)",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"(?:\b(?:is|are|equals|equal to|was|were|be|gives|yields|becomes|has|have|costs?|takes?|pays?|needs?"
    r"|means|est|es|son|ist|sind"
    r"|é|são|è|sono|hay|il y a|es gibt|ci sono|há|existen)(?:\s(?:exactly|approximately|about|therefore|thus"
    r"|equal to|simply|just|either|now|only"
    r"|then|given by))?"
    r"(?:\s*:)?\s+|(?:является|равно|равен|равна|为|是|は|等于|共有|共)\s{0,3}[:：]?\s{0,3})(?=\S)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"[\s$(-]{0,4}([\d\x00][^A-Za-z,;]{0,40}(?:[a-z]{1,12})?)[\s,;]{0,3}(?:\b(?:and|while|whereas|but)\b|;)",
    re.IGNORECASE,
)
_JOINED = re.compile(r"[\s,]*(?:and|or|,)[\s,]*", re.IGNORECASE)
_LETTERS = re.compile("[A-Za-z]+")
_NAMED = re.compile(r"[^=]*[A-Za-z]{3}[^=]*=\s*(?=[^=\s][^=]*\Z)")
_IS = re.compile(r"is|are|equal|was|是|为|等于", re.IGNORECASE)
_VALUE_FIRST = re.compile(r"[\s$(*-]*\d")
_PLACED = re.compile(
    r"([$€£]?-?\d[\d,]{0,20}(?:\.\d{1,9})?%?(?: (?!at|in|on|for|by|from|after|is|or"
    r"|and)[a-z]{1,20}){0,2}) (?:from|at|after|on|during|by"
    r"|before|for|until|in) (?:the|an?|his|her|its|their|home|work|school|one|each|every|all)\b",
    re.ASCII,
)
_THAT = re.compile(
    r"(\$?\d[\d,]{0,20}\$?(?: (?!if\b|or\b|and\b|is\b|are\b|not\b)[a-z]{2,20}){1,5}?) (?:that|which|who"
    r"|satisfying|meeting|such that)\b",
    re.ASCII,
)
"""A count of things that the problem describes: "12 pairs that meet all conditions"."""
_CONDITION = re.compile(r"\b(?:where|when|if|for|such that|with|provided)\b[^.]{0,60}\Z", re.IGNORECASE)
_LIMITS = re.compile(
    r"\b(?:least|most|less|more|than|not|no|except|between|over|under|above|below|up|every|never|greater|fewer|from|minus"
    r"|negative|plus|base|without|besides|false|undefined|neither|increasing|decreasing|all|any|solution|after|before|discard\w*|reject\w*|excluding|removing"
    r"|since|try|let|need|needs|suppose|assume|consider|check|divided|divisible|multiple|factor|divisor|remainder|power"
    r"|twice|double|half|use|using|problem|equation|case|step|question|about|regarding)\b",
    re.IGNORECASE,
)
_SINCE = re.compile(r"(?:since|because|as|given that)\s[^,\n]{1,160}+,\s(?=[^\n]*[\d\x00])", re.IGNORECASE)
_SAID = re.compile(
    r"\b(?:this|that|the|these|case|we|so|for|with|by|on|at|as|his|her|their|its|my|when|if)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"[A-Za-z][a-z']*\s+(?:[a-z']+\s+){1,5}[$€£]?\\?\(?\$?[\d\x00]", re.ASCII)
_NUMBER = re.compile(
    r"(?<![\w.])\d{1,2}:\d{2}(?:\s?[ap]\.?m\b)?|(?<![\w.:])[-−]?[$€£¥]?\d[\d,]*(?:\.\d+)?(?:\s?/\s?\d+)?(?![\w/])\s?%?"
)
_MATHS = re.compile(
    r"[\d\\^=√π∞½⅓¼⅔¾±≤≥<>\x00]|(?<![A-Za-z'’])(?:[B-HJ-Zb-z]|A(?!\s[a-z])|x)(?![A-Za-z'’])|\b(?:zero|one"
    r"|two|three|four|five|six|seven"
    r"|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|pi|infinity)\b"
)


def words_of(text: str) -> list[str]:
    r"""The words of a text in lower case, without commands, names of functions, "or" and "and"."""
    return _WORD.findall(text.lower())


LONGEST: Final = 1500
"""Characters of a statement that is looked into; a longer one is no sentence with an answer in it."""


def is_brief(text: str) -> bool:
    """Whether the text has at most four plain words outside mathematics."""
    return len(words_of(unmarked(text))) <= BRIEF_WORDS


def is_answer(text: str) -> bool:
    """Whether a brief text has a number, a formula, or a single letter in it."""
    return _MATHS.search(text) is not None and is_brief(text)


def tidy(text: str) -> str:
    """The answer without white space, wrapping quotes and Markdown, dollars and the sentence's full stop."""
    text = undollar(_without_stop(text.strip()))
    while len(text) > 1:
        shorter = _without_tail(_unwrapped(text)).lstrip()
        if shorter == text:
            break
        text = shorter
    return _without_stop(text)


def _without_tail(text: str) -> str:
    """Looked for piece by piece from the end: a search through a long run would start at each of its places."""
    while match := _TRAILING.search(text, max(0, len(text) - 64)):
        text = text[: match.start()]
    return text


def _without_stop(text: str) -> str:
    if text.endswith((".", "。", "!", ",")) and not text.endswith("..") and not text.endswith((r"\.", r"\!", r"\,")):
        return text[:-1].rstrip() if text[-1] != "!" or text[-2:-1] == " " or text[-3:-1].isalpha() else text
    return text


def _unwrapped(text: str) -> str:
    if text[0] not in _MARKS:
        return text
    for opening, closing in _WRAPPED:
        if (
            text.startswith(opening)
            and text.endswith(closing)
            and len(text) >= len(opening) + len(closing) + 1
            and opening not in text[len(opening) : -len(closing)]
        ):
            return text[len(opening) : -len(closing)]
    italic = _ITALIC.fullmatch(text) if text[0] in "*_" else None
    return italic[2] if italic else text


def answer_of(statement: str) -> str:
    """The answer that a statement gives, tidied; the whole statement where it does not tell which part is the answer.

    What is said about the answer ("because", "which is about 0.2", "to the nearest cent") is dropped, conditions
    ("where k is an integer", "for all x") stay. "5, no, 6" gives 6, "3 or 4" stays whole.
    """
    text = _revised(statement.strip())
    if len(text) > LONGEST or is_unsure(text):
        return tidy(text)
    since = _SINCE.match(unmarked(text)) if text[:1] in "SsBbAaGg" else None
    text = text[since.end() :] if since else text
    words = plain_words(text)
    if not lacks(words, _CLAUSE_WORDS) or any(part in text.lower() for part in _CLAUSE_PARTS):
        text = _outside(_CLAUSE, text, first=lead_of(text))
    text = without_lead(text)
    told = _THAT.match(text) if "=" not in text else None
    text = told[1] if told else text
    prose = unmarked(text)
    if not is_brief(text) or (not lacks(words, _COPULAS) and _COPULA.search(prose)) or _SENTENCE.match(prose):
        text = _core(text)
    if words is None or text[-3:].lower().endswith(_POLITE_ENDS):
        text = _POLITE.sub("", text)
    return without_prose(tidy(text))


_POLITE_ENDS: Final = ("ir", "ur", "ir.", "ur.")
_CLAUSE_WORDS: Final = frozenset((
    "because", "since", "which", "so", "as", "reject", "rejecting", "discard", "discarding", "excluding",
    "ignoring", "we", "rounded", "to", "correct", "accurate", "in", "expressed", "written", "or", "i", "that",
    "namely", "meaning", "making", "giving", "therefore", "thus", "hence", "obtained", "after", "by", "and", "due",
    "assuming", "given", "considering", "based", "altogether", "overall", "respectively", "of", "for",
    "approximately", "left", "remaining", "here", "there", "too", "now", "away", "each", "only", "not",
))  # fmt: skip
"""The ASCII words that `_CLAUSE` may begin with, and parts of texts where it may begin inside a word."""
_CLAUSE_PARTS: Final = ("not ", "car", "que", "weil")
_COPULAS: Final = frozenset((
    "is", "are", "equals", "equal", "was", "were", "be", "gives", "yields", "becomes", "has", "have", "cost",
    "costs", "take", "takes", "pay", "pays", "need", "needs", "means", "est", "es", "son", "ist", "sind", "sono",
    "hay", "il", "ci", "existen",
))  # fmt: skip


def _revised(text: str) -> str:
    revisions = list(_REVISED.finditer(text[:2000]))
    if revisions:
        return text[revisions[-1].end() :]
    instead = _NOT_BUT.match(text)
    return text[instead.end() :] if instead else text


def _outside(pattern: re.Pattern[str], text: str, first: re.Match[str] | None) -> str:
    """The text up to the first match that does not stand in mathematics; whole when nothing would be left."""
    match = pattern.search(unmarked(text), first.end() if first else 0)
    if match is None:
        return text
    head = _OPENED.sub("", text[: match.start()])
    return head if head.strip(" *$") else text


def _core(text: str) -> str:
    prose = unmarked(text)
    copulas = [] if _VALUE_FIRST.match(prose) else list(_COPULA.finditer(prose))[-20:]
    for index, copula in reversed(list(enumerate(copulas))):
        rest = without_lead(text[copula.end() :])
        placed = _PLACED.match(rest)
        rest = placed[1] if placed else rest
        if is_negated(prose, copula.end()):
            return text
        if prose[: copula.start()].endswith((" who ", " which ", ", that ")):
            continue
        if is_answer(unmarked(rest)) and not _is_condition(prose, copula.start()):
            return ", ".join([*_values_before(text, prose, copulas[:index], copula.start()), rest])
    named = _NAMED.match(prose)
    return text[named.end() :] if named else _only_value(text, prose) or text


def _values_before(text: str, prose: str, copulas: list[re.Match[str]], limit: int) -> list[str]:
    """What the earlier parts of "the sum is 3 and the product is 4" say of other things."""
    parts = (_PART.match(prose, copula.end(), limit) for copula in copulas if _IS.match(copula[0]))
    return [tidy(text[part.start() : part.end(1)]) for part in parts if part]


def _is_condition(prose: str, position: int) -> bool:
    return _CONDITION.search(prose, max(0, position - 80), position) is not None


def _only_value(text: str, prose: str) -> str | None:
    """The one formula or number of a sentence and the words behind it; None when there are several or limits on it."""
    spans = math_spans(text)
    numbers = list(_NUMBER.finditer(prose))
    first = spans[0][0] if spans else numbers[0].start() if numbers else 0
    if _LIMITS.search(prose, 0, first) or is_negated(prose, first):
        return None
    if spans and not numbers:
        start, end = spans[-1][0], spans[-1][1]
        for before, after in reversed(spans[:-1]):
            if not _JOINED.fullmatch(text, after, start):
                break
            start = before
        return _with_tail(text, start, end) if start == spans[0][0] else None
    if len(numbers) != 1 or spans:
        return None
    if len(_LETTERS.findall(prose, 0, numbers[0].start())) < 2:
        return None
    return _with_tail(text, numbers[0].start(), numbers[0].end())


def _with_tail(text: str, start: int, end: int) -> str:
    tail = text[end:]
    return text[start:] if len(words_of(tail)) <= 2 and not _SAID.search(tail) else text[start:end]

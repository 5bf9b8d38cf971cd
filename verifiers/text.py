"""Verifiers of short plain answers: exact text, a choice letter, a pattern, a number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal

from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict
from assaygym.verifiers.extract import Found, Style, anchored_answer, boxed_answer, find_answer, strip_markup
from assaygym.verifiers.numbers import Number, find_numbers, plain_numbers

__all__ = ["Choice", "Exact", "NumberMatch", "Pattern", "choice", "exact", "number", "read_choice", "regex"]

Percent = Literal["unit", "fraction"]
SHOWN_CHARS = 1000
NUMBER_CHARS = 4000
"""Longest statement that a single number is looked for in."""


def decided(right: bool, extracted: str, explanation: str, *flags: str) -> Score:
    """CORRECT or INCORRECT, with what was read (cut to 1,000 characters) and why."""
    verdict = Verdict.CORRECT if right else Verdict.INCORRECT
    return Score(
        value=float(right), verdict=verdict, extracted=extracted[:SHOWN_CHARS], explanation=explanation, flags=flags
    )


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _may_fold_to(gold: str, text: str) -> bool:
    """Whether the text is short enough: NFC joins at most four characters, and takes quadratic time on hostile ones."""
    return len(text) <= 4 * len(gold) or len(" ".join(text.split())) <= 4 * len(gold)


_NOT_EQUAL = re.compile(
    r"(?:\bnot|\b(?:less|more|greater) than|\bat (?:least|most)|\\pm|\\n?[lg]?eq(?:slant)?|\\(?:ne|le|lt|ge|gt)"
    r"|[±≠≤≥]|(?<![-=<>])[<>])[\s{}$(]*\Z",
    re.IGNORECASE,
)
"""What, right before a number, makes the statement one of another value, or of several."""


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


_BOX_ALONE = re.compile(r"\\boxed\{([^{}\\<\[~*_◁\x00-\x1f]+)\}")
"""A response that `_stated` need not read further: nothing in it is markup."""


def _stated(response: str) -> str:
    """The last box, else the "Answer:" sentence, else the whole text; "" when there is nothing."""
    alone = _BOX_ALONE.fullmatch(response)
    if alone and (content := alone[1].strip()):
        return content
    body = strip_markup(response)
    box = boxed_answer(body)
    if box is not None:
        return box
    anchored = anchored_answer(body)
    return body.strip() if anchored is None else anchored


@dataclass(frozen=True, slots=True)
class Exact:
    """See `exact`."""

    ignore_case: bool = False
    name: ClassVar[str] = "exact"

    def __call__(self, response: str, answer: object, /) -> Score:
        """CORRECT when the stated answer is the gold text; UNPARSED when nothing was said."""
        gold = self._key(str(answer))
        if not gold:
            return Score.invalid("the gold answer is empty; expected some text to compare with")
        stated = _stated(response)
        if not stated:
            return Score.unparsed("the response states no answer")
        same = self._is(stated, gold) or self._is(response, gold)
        relation = "equals" if same else "differs from"
        return decided(same, stated, f"text: {_short(stated)} {relation} the gold {_short(str(answer))}")

    def _is(self, text: str, gold: str) -> bool:
        return _may_fold_to(gold, text) and self._key(text) == gold

    def _key(self, text: str) -> str:
        return _fold(text).casefold() if self.ignore_case else _fold(text)


def exact(*, ignore_case: bool = False) -> Exact:
    r"""Exact text, after Unicode NFC and with runs of white space folded.

    What is compared is the last `\boxed{}`, else the "Answer:" sentence, else the whole response (always without
    reasoning blocks), so a gold answer amid other text does not pass.
    """
    return Exact(ignore_case)


_CHOICE_LEAD = re.compile(
    r"[\s(\[*]*(?:(?:the\s)?(?:correct\s|right\s|final\s)?(?:option|choice|answer|letter|alternative)(?:\s+is)?[\s:.]+)+(?=[(\[]?\w)",
    re.IGNORECASE | re.ASCII,
)


def read_choice(text: str, letters: str = "ABCDE") -> str | None:
    r"""The one choice letter that a short statement names (`B`, `(b)`, `B. Paris`, `\textbf{(B)} 19`), or None.

    "A or B", "A, B" and "A and B" name none.
    """
    plain = re.sub(r"\\(?:text|textbf|mathrm|mathbf|textrm|mbox)\b|\\[ ,;]|[{}$*]", " ", text).strip()
    named = letters + letters.lower() if len(plain) <= 3 else letters
    plain = _CHOICE_LEAD.sub("", plain)
    first = re.match(rf"[(\[]?\s*([{re.escape(named)}])\s*[)\].:：、]{{0,2}}(?![\w'=^+*/<>-])", plain, re.A)
    if first is None:
        return None
    more = re.match(rf"\s*(?:,|/|;|&|or|and)\s*[(\[]?[{re.escape(letters)}]\b", plain[first.end() :], re.ASCII)
    return None if more else first[1].upper()


def _choice_of(response: str, letters: str) -> tuple[str | None, str]:
    """(letter or None, the text it was read from)."""
    found = find_answer(response)
    if found is not None and found.style in (Style.BOX, Style.HASH, Style.TAG, Style.ANCHOR):
        return read_choice(found.text, letters), found.text
    body = strip_markup(response).strip()
    named = set(re.findall(rf"\(([{re.escape(letters)}])\)", body))
    if len(named) == 1:
        return named.pop(), body
    return (None if named else read_choice(body, letters)), body


@dataclass(frozen=True, slots=True)
class Choice:
    """See `choice`."""

    letters: str = "ABCDE"
    name: ClassVar[str] = "choice"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z]{2,26}", self.letters) or len(set(self.letters)) != len(self.letters):
            raise ConfigError(f"choice letters are {self.letters!r}; expected two or more different capitals: 'ABCD'")

    def __call__(self, response: str, answer: object, /) -> Score:
        """CORRECT when the one letter named is the gold letter; UNPARSED when none or several are."""
        gold = read_choice(str(answer), self.letters)
        if gold is None:
            return Score.invalid(f"the gold answer {_short(str(answer))} is not one of the letters {self.letters}")
        letter, source = _choice_of(response, self.letters)
        if letter is None:
            return Score.unparsed(f"no single letter of {self.letters} is named in {_short(source)}")
        return decided(letter == gold, letter, f"choice: {letter}, gold {gold}")


def choice(letters: str = "ABCDE") -> Choice:
    """Multiple choice: one capital letter, read from a box, an "answer is" sentence, `(B)` or the bare text.

    Raises:
        ConfigError: `letters` is not two or more different capitals.
    """
    return Choice(letters)


@dataclass(frozen=True, slots=True)
class Pattern:
    """See `regex`."""

    pattern: str
    ignore_case: bool = False
    max_length: int = 1000
    name: ClassVar[str] = "regex"
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            compiled = re.compile(self.pattern, re.IGNORECASE if self.ignore_case else 0)
        except re.error as error:
            raise ConfigError(f"{self.pattern!r} is not a regular expression: {error}") from error
        object.__setattr__(self, "_compiled", compiled)

    def __call__(self, response: str, answer: object = None, /) -> Score:
        """CORRECT when the whole stated answer matches; the gold answer is not looked at."""
        stated = _stated(response)
        if not stated:
            return Score.unparsed("the response states no answer")
        if len(stated) > self.max_length:
            return decided(False, stated, f"pattern: {len(stated)} characters, over the limit of {self.max_length}")
        matched = self._compiled.fullmatch(stated) is not None
        return decided(matched, stated, f"pattern: {'matches' if matched else 'does not match'} {self.pattern!r}")


def regex(pattern: str, *, ignore_case: bool = False, max_length: int = 1000) -> Pattern:
    """A full match of the author's pattern on the stated answer (as `exact` reads it).

    The pattern is trusted, the response is not: answers over `max_length` characters fail without being matched, which
    bounds the time unless the pattern itself is exponential (nested quantifiers: `(a+)+`).

    Raises:
        ConfigError: the pattern does not compile.
    """
    return Pattern(pattern, ignore_case, max_length)


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """See `number`."""

    tolerance: Fraction = Fraction(0)
    relative: Fraction = Fraction(0)
    percent: Percent = "unit"
    name: ClassVar[str] = "number"

    def __call__(self, response: str, answer: object, /) -> Score:
        """CORRECT when the final number equals the gold number within the tolerances."""
        gold = self._read(Found(str(answer), Style.BARE) if not isinstance(answer, str) else find_answer(answer))
        if gold is None:
            return Score.invalid(f"the gold answer {_short(str(answer))} is not a number")
        found = find_answer(response)
        if found is not None and len(found.text) > NUMBER_CHARS:
            return decided(False, found.text, f"number: {len(found.text)} characters, over the limit of {NUMBER_CHARS}")
        value = self._read(found)
        if found is None or (value is None and not find_numbers(plain_numbers(found.text))):
            return Score.unparsed("no number could be read out of the response")
        if value is None:
            return decided(False, found.text, f"number: {_short(found.text)} is not a single number", "hedged")
        right = value == gold or self._is_near(value, gold)
        return decided(right, found.text, f"number: {_show(value)}, gold {_show(gold)}")

    def _is_near(self, value: Fraction | int, gold: Fraction | int) -> bool:
        if not self.tolerance and not self.relative:
            return False
        return abs(Fraction(value) - gold) <= max(self.tolerance, self.relative * abs(Fraction(gold)))

    def _read(self, found: Found | None) -> Fraction | int | None:
        if found and _WHOLE.fullmatch(found.text):
            return int(found.text)
        single = found and _single_number(found)
        if not single:
            return None
        return single.value / 100 if single.percent and self.percent == "fraction" else single.value


_WHOLE = re.compile(r"-?[0-9]{1,18}")
"""What `_single_number` reads as it stands, in a tenth of the time."""
_TO_COMPUTE = re.compile(
    r"\\(?:sqrt|cdot|times|log|ln|sin|cos|tan|binom|sum|prod|int)(?![a-z])|√|\d\s*[+×*]\s*\d|\d\s*\^(?!\s*\{?\s*\\circ)",
    re.ASCII,
)
r"""Arithmetic left to do: `\sqrt{10}` and `10 \cdot 10` hold the number 10 and are not it."""


def _show(value: Fraction | int) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _single_number(found: Found) -> Number | None:
    """The one number that a statement gives; None when it gives none, or several different ones."""
    text = plain_numbers(found.text)
    numbers = find_numbers(text)
    if "=" in text and (after := find_numbers(last := text[text.rfind("=") :])):
        text, numbers = last, after
    if found.style not in (Style.BARE, Style.NUMBER) and _TO_COMPUTE.search(text):
        return None
    if any(_NOT_EQUAL.search(text, max(0, item.start - 40), item.start) for item in numbers):
        return None
    if len({item.value for item in numbers}) == 1:
        return numbers[-1]
    loose = found.style in (Style.BARE, Style.MATH, Style.NUMBER)
    return numbers[-1] if numbers and loose and not _hedges(text, numbers) else None


def _hedges(text: str, numbers: list[Number]) -> bool:
    if len(numbers) < 2:
        return False
    between = text[numbers[-2].end : numbers[-1].start].strip(" $\\,;()[]{}|").lower()
    return between in ("", "or", "and", "to", "/", "text or", "or maybe", "or perhaps")


def number(*, tolerance: float | str = 0, relative: float | str = 0, percent: Percent = "unit") -> NumberMatch:
    """The final number, compared as an exact rational: `18`, `$18.00`, `18 dollars`, `36/2` are the same.

    A statement that gives several different numbers ("3 or 4") is no answer; after "=" only the last side counts.
    `tolerance` is absolute and `relative` a share of the gold; the larger of the two holds. With `percent="unit"` the
    sign is a unit (`25%` is 25); with `"fraction"` `25%` is 1/4.

    Raises:
        ConfigError: a tolerance is negative or not a finite number, or `percent` is neither value.
    """
    if percent not in ("unit", "fraction"):
        raise ConfigError(f"percent is {percent!r}; expected 'unit' or 'fraction'")
    return NumberMatch(_tolerance("tolerance", tolerance), _tolerance("relative", relative), percent)


def _tolerance(option: str, value: float | str) -> Fraction:
    try:
        exact_value = Fraction(str(value))
    except ValueError as error:
        raise ConfigError(f"{option} is {value!r}; expected a finite number, e.g. 0.01") from error
    if exact_value < 0:
        raise ConfigError(f"{option} is {value!r}; expected zero or more")
    return exact_value

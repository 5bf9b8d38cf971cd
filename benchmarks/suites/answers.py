"""Golds of math suites out of their rows, and the verifiers of golds that are more than a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from assaygym.benchmarks.suites.declaration import Row
from assaygym.errors import DataError
from assaygym.types import Score, Verdict

__all__ = [
    "OptionGold",
    "OptionMath",
    "RowGold",
    "RowMath",
    "after_hashes",
    "boxed",
    "boxed_in",
    "integer_in",
    "minerva_gold",
    "number_in",
    "olympiad_gold",
    "option_gold",
]

_LABEL = re.compile(r"\s*(?:[A-Z]\s*\)\s*)+")


@dataclass(frozen=True, slots=True)
class RowGold:
    """A gold answer whose row has its own rules."""

    text: str
    options: tuple[tuple[str, Any], ...] = ()
    """Options of `MathPolicy` for this row, and their values."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class RowMath:
    """`verify_math` under a preset, with what the gold's row sets otherwise."""

    policy: str
    name: ClassVar[str] = "math"

    def __call__(self, response: str, answer: RowGold, /) -> Score:
        """The score of one response."""
        from assaygym.verifiers.maths.policy import MathPolicy
        from assaygym.verifiers.maths.verify import verify_math

        return verify_math(response, answer.text, policy=MathPolicy.of(self.policy, **dict(answer.options)))


@dataclass(frozen=True, slots=True)
class OptionGold:
    """The right one of several options: its letter, and all options from `A` on, without their letters."""

    letter: str
    contents: tuple[str, ...]

    def __str__(self) -> str:
        return self.letter


@dataclass(frozen=True, slots=True)
class OptionMath:
    """A multiple choice that may be answered by the letter or by what that option says.

    Content is right when it is the gold option's, and no other's that is written otherwise; a letter whose content is
    another option's is wrong.
    """

    name: ClassVar[str] = "choice"

    def __call__(self, response: str, answer: OptionGold, /) -> Score:
        """The score of one response."""
        from assaygym.verifiers.extract import final_answer
        from assaygym.verifiers.maths.words import read_words, stated_choice

        stated = final_answer(response)
        found = read_words(stated, read_words(answer.letter)) if stated else None
        if found is None or found.kind != "choice":
            prose = stated_choice(response) if found is None or found.kind == "phrase" else None
            found = prose or found
        if found is not None and found.kind == "choice":
            letters = "".join(sorted(found.value))
            named = self._named(found.content, answer) if found.content else {letters}
            right = letters == answer.letter and (not named or answer.letter in named)
            return _score(right, letters, f"chose {letters}, gold {answer.letter}")
        if not stated:
            return Score.unparsed("the response states no answer")
        named = self._named(stated, answer)
        told = " and ".join(sorted(named)) or "none of the options"
        right = answer.letter in named and len({_content(answer, letter) for letter in named}) == 1
        return _score(right, stated, f"said what is {told}, gold {answer.letter}")

    def _named(self, content: str, answer: OptionGold) -> set[str]:
        """The letters of the options that say the same."""
        from assaygym.verifiers.maths.policy import MathPolicy
        from assaygym.verifiers.maths.verify import verify_math

        says = rf"\boxed{{{content}}}"
        policy = MathPolicy(list_order="given")
        verdicts = [verify_math(says, option, policy=policy).verdict for option in answer.contents]
        return {chr(ord("A") + i) for i, verdict in enumerate(verdicts) if verdict is Verdict.CORRECT}


def _content(gold: OptionGold, letter: str) -> str:
    return "".join(gold.contents[ord(letter) - ord("A")].split())


def _score(right: bool, extracted: str, told: str) -> Score:
    verdict = Verdict.CORRECT if right else Verdict.INCORRECT
    return Score(value=float(right), verdict=verdict, extracted=extracted[:1000], explanation=f"choice: {told}")


def after_hashes(row: Row) -> str:
    """GSM8K's gold: what follows the last `####`, without thousands separators."""
    _, mark, gold = str(row["answer"]).rpartition("####")
    gold = gold.strip().replace(",", "")
    if not mark or not gold:
        raise DataError("column 'answer' has no answer after '####'")
    return gold


def number_in(name: str) -> Callable[[Row], str]:
    """A gold that is a number in a column; `27.0` is written `27`."""

    def gold(row: Row) -> str:
        value = row[name]
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if value is None or isinstance(value, bool) or not str(value).strip():
            raise DataError(f"column {name!r} has no number")
        return str(value)

    return gold


def integer_in(name: str) -> Callable[[Row], str]:
    """A gold that is an integer from 0, with whatever else the column says (a degree sign, a dot) left out."""

    def gold(row: Row) -> str:
        digits = re.sub(r"[^0-9]", "", number_in(name)(row))
        if not digits:
            raise DataError(f"column {name!r} has no integer")
        return digits

    return gold


def boxed_in(name: str) -> Callable[[Row], str]:
    """A gold that is the last box of a worked solution."""

    def gold(row: Row) -> str:
        from assaygym.verifiers.extract import boxed_answer

        found = boxed_answer(str(row[name] or ""))
        if not found:
            raise DataError(f"column {name!r} has no box with an answer")
        return found

    return gold


def minerva_gold(row: Row) -> RowGold:
    """Minerva's gold: a measured number (`4.5e33`, `0.32`) holds within one percent, as in that benchmark."""
    text = str(row["answer"]).strip()
    if not text:
        raise DataError("column 'answer' has no answer")
    options: list[tuple[str, Any]] = [("tolerance", 0.01)]
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]{1,3})?", text) and not re.fullmatch(r"[-+]?[0-9]+", text):
        options.append(("absolute", abs(float(text)) / 100))
    return RowGold(text, tuple(options))


def boxed(gold: Callable[[Row], object]) -> Callable[[Row], str]:
    """The oracle that has only the gold to give."""
    return lambda row: rf"\boxed{{{gold(row)}}}"


def olympiad_gold(row: Row) -> RowGold:
    """OlympiadBench's gold: all final answers, the row's tolerance, and the unit that the question asks for.

    The agent is not told to write that unit, so that it may be missing, and another one is wrong. `%` is no unit here.
    """
    answers = row["final_answer"]
    texts = [str(answer).strip() for answer in (answers if isinstance(answers, list) else [answers]) if answer]
    if not texts:
        raise DataError("column 'final_answer' has no answer")
    text, options = ", ".join(texts), _tolerances(row.get("error"))
    unit = re.fullmatch(r"\$?([a-z/]+)(\^\d)?\$?", str(row.get("unit") or "").strip(), re.ASCII)
    if unit is None:
        return RowGold(text, options)
    return RowGold(rf"{text.strip('$')} \text{{ {unit[1]}}}{unit[2] or ''}", (*options, ("units", "missing")))


def _tolerances(error: object) -> tuple[tuple[str, Any], ...]:
    if error is None or error == "":
        return ()
    try:
        gaps = tuple(float(gap) for gap in str(error).split(","))
    except ValueError as fault:
        raise DataError(f"column 'error' is {error!r}; expected a tolerance such as 1e-1, or several") from fault
    return (("absolute", gaps[0] if len(gaps) == 1 else gaps),)


def option_gold(row: Row) -> OptionGold:
    """AQuA's gold: the letter in `correct`, and `options` without their letters."""
    letter, options = str(row["correct"]).strip(), row["options"]
    contents = tuple(_LABEL.sub("", str(option), count=1).strip() for option in options)
    if len(letter) != 1 or not 0 <= ord(letter) - ord("A") < len(contents):
        raise DataError(f"column 'correct' is {letter!r}; expected the letter of one of {len(contents)} options")
    return OptionGold(letter, contents)

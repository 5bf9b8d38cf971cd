"""The math verifier: extract, read, compare in layers."""

from __future__ import annotations

import math as numbers
import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, Final

from assaygym.errors import VerifierError
from assaygym.types import Score, Verdict
from assaygym.verifiers.extract import Found, Style, find_answer
from assaygym.verifiers.maths.cas import ask, library_paths
from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.kept import Findings
from assaygym.verifiers.maths.objects import Context, Thing, equal
from assaygym.verifiers.maths.policy import PRESETS, MathPolicy
from assaygym.verifiers.maths.reading import Reading, read
from assaygym.verifiers.maths.words import Words, read_words, same_words, stated_choice
from assaygym.verifiers.text import SHOWN_CHARS

__all__ = ["Gold", "MathVerifier", "compile_gold", "math", "verify_math"]

_RIGHT, _WRONG = Verdict.CORRECT, Verdict.INCORRECT
"""Looked up once: the members of an enumeration are slow to look up."""
MARKED: Final = (Style.BOX, Style.HASH, Style.TAG)
READ_GOLDS: Final = (*MARKED, Style.BARE)
"""How a gold may be written for its answer to be read out of it; another one is taken as it is, never for prose."""
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FORMULA = re.compile(
    r"(?:[0-9,()\[\]{}+=^|! /-]|\.(?=\d)|[knqrstvwxz](?![A-Za-z])|\\(?!text|mathrm|mathbf|mbox|boxed|fbox)[A-Za-z]++)++"
)
"""Golds in which there is nothing to find and nothing in words, unless they are dates; no letter of a choice or p.m."""
_DEFAULT: Final = PRESETS["default"]
_kept: Final = Findings()
Plain = str | int | float | Fraction


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold answer, compiled once and shared by all responses to its task.

    Attributes:
        source: what it was compiled from; golds are equal, and pickled, by it.
        decimal_comma: how it was read.
        text: the answer, without a solution's prose around it.
        reading: what it says.
        words: what it says in words, if it can be words, mathematics or not (`E`, `7:45`, `no solution`).
        integer: the text again where it is a plain integer: then most wrong answers are told by their digits.
    """

    source: str
    decimal_comma: bool
    text: str = field(compare=False)
    reading: Reading = field(compare=False, repr=False)
    words: Words | None = field(compare=False, repr=False)
    integer: str = field(compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _compiled, (self.source, self.decimal_comma)


def compile_gold(gold: Plain, *, decimal_comma: bool = False) -> Gold:
    r"""The gold answer: a number, a bare answer, or a solution's prose with `\boxed{}`, `####` or `<answer>`.

    Args:
        gold: never evaluated; a float stands for the decimal that prints it.
        decimal_comma: as in `MathPolicy`.

    Raises:
        TypeError: it is no text and no number.
        ValueError: it is a float that is not finite.
    """
    return _compiled(gold if isinstance(gold, str) else _printed(gold), decimal_comma)


def _printed(gold: object) -> str:
    if isinstance(gold, bool) or not isinstance(gold, (int, float, Fraction)):
        raise TypeError(f"a gold answer is a text or a number, not {type(gold).__name__}")
    if isinstance(gold, float) and not numbers.isfinite(gold):
        raise ValueError(f"the gold answer {gold} is not finite")
    return str(gold)


@lru_cache(maxsize=4096)
def _compiled(gold: str, decimal_comma: bool) -> Gold:
    bare = gold[1:-1] if gold[:1] == gold[-1:] == "$" else gold
    if _FORMULA.fullmatch(bare) and bare.count("-") < 2 and bare.count("/") < 2:
        integer = bare if _INTEGER.fullmatch(bare) else ""
        return Gold(gold, decimal_comma, bare, read(bare, decimal_comma), None, integer)
    found = find_answer(gold)
    text = found.text + found.unit if found is not None and found.style in READ_GOLDS else gold
    reading = read(text, decimal_comma)
    words = reading.words or (None if reading.unworded else read_words(text))
    return Gold(gold, decimal_comma, text, reading, words, text if _INTEGER.fullmatch(text) else "")


def verify_math(pred: str, gold: Plain | Gold, *, policy: MathPolicy | str = _DEFAULT) -> Score:
    r"""Whether the final answer of `pred` is the same mathematical object as `gold`.

    Notation does not matter (typesetting, separators, fractions, decimals, percent as its number, radicals, factored or
    expanded, a unit missing on one side, solved inequality and interval); any other value, however close, order in a
    tuple, an open for a closed endpoint, another base, several guesses or an earlier box do. Where graders differ, the
    policy decides: see `MathPolicy`. Variables stand for real numbers.

    The work is bounded by counted steps, so that the verdict does not depend on the machine or its load.

    Returns:
        CORRECT, INCORRECT (flag `undecided` where equality was only not shown), UNPARSED when `pred` states no answer,
        INVALID when `gold` cannot be read or worked out, or no worker process can be started. The explanation begins
        with the layer that decided.

    Raises:
        ConfigError: there is no such policy.
        MissingDependencyError: the pair needs sympy, which is not installed.
    """
    if not isinstance(policy, MathPolicy):
        policy = MathPolicy.of(policy)
    compiled = gold if isinstance(gold, Gold) else compile_gold(gold, decimal_comma=policy.decimal_comma)
    if not compiled.text.strip():
        return Score.invalid("the gold answer is empty")
    found = find_answer(pred)
    if found is not None and policy.strict_format and found.style not in MARKED:
        return Score.unparsed("the response marks no answer: no box, no ####, no <answer>")
    try:
        return _score(found, _decided(compiled, found, pred, policy))
    except VerifierError as error:
        return Score.invalid(str(error))


def _decided(gold: Gold, found: Found | None, response: str, policy: MathPolicy) -> Finding | None:
    """The finding of the first layer that decides; None when the gold answer cannot be read."""
    if found is None:
        return _choice(gold, None, response, policy)
    if gold.integer and _INTEGER.fullmatch(found.text) and not found.unit and policy is _DEFAULT:
        if found.text == gold.integer:
            return same("string", "the same integer")
        return differ("rational", "another integer")
    if gold.words is not None and gold.words.kind == "choice":
        return _found(gold, found, response, policy)  # the letter may stand elsewhere in the response
    key = (gold.source, found.text, found.unit, found.parts, gold.decimal_comma)
    finding = _kept.get(key, policy)
    if finding is None:
        finding = _found(gold, found, response, policy)
        if finding is not None:
            _kept.keep(key, policy, finding)
    return finding


def _found(gold: Gold, found: Found, response: str, policy: MathPolicy) -> Finding | None:
    finding = _compare(gold, found.text + found.unit, response, policy)
    if finding is None or finding.equal:
        return finding
    if found.unit.endswith("%"):
        return _compare(gold, found.text, response, policy)  # a box around the number alone: either was meant
    return _in_every_form(gold, found, response, policy) or finding if found.parts else finding


def _in_every_form(gold: Gold, found: Found, response: str, policy: MathPolicy) -> Finding | None:
    r"""`\boxed{\frac12}` or `\boxed{0.5}`: one answer, boxed in several forms, each of which is right."""
    findings = [_compare(gold, part, response, policy) for part in found.parts]
    return findings[0] if all(finding is not None and finding.equal for finding in findings) else None


def _compare(gold: Gold, text: str, response: str, policy: MathPolicy) -> Finding | None:
    left, right = gold.reading, read(text, policy.decimal_comma)
    if left.normal == right.normal and left.normal:
        return same("string", "identical after normalisation")
    said = None
    if gold.words is not None:
        if gold.words.kind == "choice":
            return _choice(gold, text, response, policy)
        words = read_words(text, gold.words)
        said = same_words(gold.words, words, policy) if words is not None else None
        if said is not None and (said.equal or said.decided):
            return said
    if left.thing is not None and right.thing is not None:
        return _equal(left.thing, right.thing, policy)
    if left.thing is None and gold.words is None:
        return None
    problem = right.problem if right.thing is None and right.words is None else ""
    return said or (undecided("parse", f"the answer cannot be read: {problem}") if problem else differ("types"))


def _equal(gold: Thing, pred: Thing, policy: MathPolicy) -> Finding:
    try:
        return equal(gold, pred, Context(policy, Fuel(), ask))
    except OutOfFuelError:
        return undecided("fuel", "comparing the two takes more steps than a verdict may")


def _choice(gold: Gold, text: str | None, response: str, policy: MathPolicy) -> Finding | None:
    """Letters; or, where the gold says what stands behind its letter, that."""
    if gold.words is None or gold.words.kind != "choice":
        return undecided("extract") if text is None else None
    words = read_words(text, gold.words) if text is not None else None
    if words is None or words.kind != "choice":
        if gold.words.content and text is not None:
            return _compare(compile_gold(gold.words.content), text, response, policy)
        words = stated_choice(response)
    if words is None:
        return differ("choice", "no letter was chosen") if text is not None else undecided("extract")
    said = same_words(gold.words, words, policy)
    if said.decided or not (gold.words.content and words.content and gold.words.value == words.value):
        return said if said.decided else differ("choice", said.why)
    return _compare(compile_gold(gold.words.content), words.content, response, policy)


def _score(found: Found | None, finding: Finding | None) -> Score:
    if finding is None:
        return Score.invalid("the gold answer is neither an expression nor text, and the prediction is not identical")
    if found is None and finding.layer == "extract":
        return Score.unparsed("the response states no answer")
    return Score(
        value=1.0 if finding.equal else 0.0,
        verdict=_RIGHT if finding.equal else _WRONG,
        extracted=found.text[:SHOWN_CHARS] if found is not None else None,
        explanation=f"{finding.layer}: {finding.why}",
        flags=() if finding.decided else ("undecided",),
    )


@dataclass(frozen=True, slots=True)
class MathVerifier:
    """See `math`."""

    policy: MathPolicy = _DEFAULT
    name: ClassVar[str] = "math"

    def __call__(self, response: str, answer: Plain | Gold, /) -> Score:
        """`verify_math(response, answer)` under this policy."""
        return verify_math(response, answer, policy=self.policy)


def math(policy: MathPolicy | str = _DEFAULT, **options: Any) -> MathVerifier:
    """Mathematical equality of the final answer with the gold answer; see `verify_math`.

    Args:
        policy: a `MathPolicy` or the name of a preset.
        options: single options of it, as `MathPolicy` names them.

    Raises:
        ConfigError: there is no such policy or option.
        MissingDependencyError: sympy is not installed. Few answers need it, but without it an agent could choose one
            that does, and have its episode dropped instead of paid nothing.
    """
    library_paths()
    return MathVerifier(MathPolicy.of(policy, **options))

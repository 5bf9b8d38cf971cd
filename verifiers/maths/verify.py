"""The math verifier: extract, normalise, parse, compare in layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict
from assaygym.verifiers.extract import Style, find_answer
from assaygym.verifiers.maths.cas import Reply, library_paths, shared_pool
from assaygym.verifiers.maths.compare import Comparer, Finding
from assaygym.verifiers.maths.lexicon import Node
from assaygym.verifiers.maths.parser import parse_tokens
from assaygym.verifiers.maths.tokens import MAX_CHARS, MathSyntaxError, Token, tidy, tokenize
from assaygym.verifiers.text import SHOWN_CHARS, Choice, read_choice

__all__ = ["Answer", "Gold", "MathVerifier", "compile_gold", "math", "verify_math"]

POLICIES = ("default",)
CHOICES = Choice("ABCDEFGHIJ")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer read: its tokens and tree, where it has them, and its words, where it is text."""

    source: str
    tokens: tuple[Token, ...] | None
    tree: Node | None
    words: str | None
    problem: str = ""
    """Why there is no tree."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold answer, compiled once and shared by all responses to its task."""

    answer: Answer
    choice: str | None


@lru_cache(maxsize=4096)
def compile_gold(gold: str) -> Gold:
    r"""The gold answer of a text: a bare answer, or a solution's prose with `\boxed{}`, `####` or `<answer>`."""
    found = find_answer(gold)
    marked = found is not None and found.style in (Style.BOX, Style.HASH, Style.TAG)
    text = found.text if found and marked else gold
    plain = _unwrapped(tidy(text))
    lettered = re.fullmatch(r"\(?([A-E])\)?", plain)
    return Gold(_read(text), lettered[1] if lettered else None)


def _read(text: str) -> Answer:
    if len(text) > MAX_CHARS:
        return Answer(text, None, None, None, f"{len(text)} characters, over the limit of {MAX_CHARS}")
    tidied = tidy(text)
    words = _words(tidied)
    try:
        tokens = tokenize(tidied)
    except MathSyntaxError as error:
        return Answer(text, None, None, words, str(error))
    try:
        return Answer(text, tuple(tokens), parse_tokens(tokens), words)
    except MathSyntaxError as error:
        return Answer(text, tuple(tokens), None, words, str(error))


def _unwrapped(text: str) -> str:
    return re.sub(r"\\(?:text|textbf|mathrm|mathbf|textrm|mbox)\s*(?=\{)|\\[ ,;!]|[{}~]", " ", text).strip()


def _words(text: str) -> str | None:
    """The answer as words, folded, when it is plain text, a date or a time of day; None for mathematics."""
    plain = " ".join(_unwrapped(text).replace(".", "").split())
    if re.fullmatch(r"\d{1,2}:\d{2} ?(?:am|pm)", plain, re.IGNORECASE | re.ASCII):
        return plain.replace(" ", "").casefold()
    if not re.fullmatch(r"[^\W\d_](?:[^\W_]|[ '’,-])*", plain) or not re.search(r"[^\W\d_]{3,}", plain):
        return None
    return plain.casefold()


def _same_text(gold: Answer, pred: Answer) -> Finding | None:
    """The first layers: the same tokens, or the same words; None when they cannot tell."""
    if gold.tokens is not None and pred.tokens is not None:
        left, right = ([(token.kind, token.value) for token in answer.tokens or ()] for answer in (gold, pred))
        if left == right:
            return Finding(True, "string", "identical after normalisation")
    elif gold.source.strip() == pred.source.strip():
        return Finding(True, "string", "identical")
    if gold.words is not None and gold.words == pred.words:
        return Finding(True, "text", "the same words")
    if gold.words is not None and gold.tree is None:
        return Finding(False, "text", "other words")
    return None


def verify_math(pred: str, gold: str | int | float | Fraction | Gold, *, policy: str = "default") -> Score:
    r"""Whether the final answer of `pred` is the same mathematical object as `gold`.

    Notation does not matter (typesetting, separators, fractions, decimals, percent as its number, radicals, expanded or
    factored, a unit missing on one side, solved inequality and interval); any other value, however close, order in a
    tuple, an open for a closed endpoint, another base, several guesses or an earlier box do. A decimal of at least 10
    significant digits stands for the number it rounds. Variables may be any real number.

    Returns:
        CORRECT, INCORRECT (flag `undecided` where equality was only not shown), UNPARSED when `pred` states no answer,
        INVALID when `gold` cannot be read. The explanation begins with the layer that decided: choice, string, text,
        structure, rational, probing, list, tuple, matrix, intervals, relations, units, types, sympy.

    Raises:
        ConfigError: there is no such policy.
        MissingDependencyError: the pair needs sympy, which is not installed.
        VerifierError: the worker process cannot be started, or the gold answer alone takes it too long.
    """
    if policy not in POLICIES:
        raise ConfigError(f"math policy {policy!r} does not exist; expected one of {', '.join(POLICIES)}")
    compiled = gold if isinstance(gold, Gold) else compile_gold(gold if isinstance(gold, str) else str(gold))
    if not compiled.answer.source.strip():
        return Score.invalid("the gold answer is empty")
    if compiled.choice:
        return _verify_choice(pred, compiled.choice)
    found = find_answer(pred)
    if found is None:
        return Score.unparsed("the response states no answer")
    return _score(found.text, _compare(compiled.answer, _read(found.text)))


def _verify_choice(pred: str, letter: str) -> Score:
    found = find_answer(pred)
    chosen = read_choice(found.text, CHOICES.letters) if found else None
    if chosen is None:
        return CHOICES(pred, letter)
    return _score(chosen, Finding(chosen == letter, "choice", f"{chosen}, gold {letter}"))


def _compare(gold: Answer, pred: Answer) -> Finding | None:
    """The finding of the first layer that decides; None when the gold answer cannot be read."""
    same = _same_text(gold, pred)
    if same is not None:
        return same
    if gold.tree is None:
        return None
    if pred.tree is None:
        return Finding(False, "parse", f"the prediction is not an expression: {pred.problem}", False)
    return Comparer(f"{gold.source}\0{pred.source}", _ask).equal(gold.tree, pred.tree)


def _ask(
    op: str, gold: Node, pred: Node, points: list[dict[str, Fraction]], tolerance: Fraction | None, seconds: float
) -> Reply:
    return shared_pool().ask(op, gold, pred, points, tolerance, seconds)


def _score(extracted: str, finding: Finding | None) -> Score:
    if finding is None:
        return Score.invalid("the gold answer is neither an expression nor text, and the prediction is not identical")
    return Score(
        value=float(finding.equal),
        verdict=Verdict.CORRECT if finding.equal else Verdict.INCORRECT,
        extracted=extracted[:SHOWN_CHARS],
        explanation=f"{finding.layer}: {finding.why}",
        flags=() if finding.decided else ("undecided",),
    )


@dataclass(frozen=True, slots=True)
class MathVerifier:
    """See `math`."""

    policy: str = "default"
    name: ClassVar[str] = "math"

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ConfigError(f"math policy {self.policy!r} does not exist; expected one of {', '.join(POLICIES)}")

    def __call__(self, response: str, answer: str | int | float | Fraction | Gold, /) -> Score:
        """`verify_math(response, answer)` under this policy."""
        return verify_math(response, answer, policy=self.policy)


def math(policy: str = "default") -> MathVerifier:
    """Mathematical equality of the final answer with the gold answer; see `verify_math`.

    Raises:
        ConfigError: there is no such policy.
        MissingDependencyError: sympy is not installed. Few answers need it, but without it an agent could choose one
            that does, and have its episode dropped instead of paid nothing.
    """
    library_paths()
    return MathVerifier(policy)

r"""`assay/Countdown-v0`: reach a target from given numbers with + - * /.

The rule is that of the television game: each given number may be used at most once, and not all need be used. Results
along the way may be negative or fractions; the value is exact. Every expression that obeys is right, not only the one
the task was built from. A sign in front of a number is refused: it is no operation of the game.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from assaygym.envs.families.expression import Expression, plain_arithmetic
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Score, Task, Verdict
from assaygym.verifiers.extract import Style, find_answer

__all__ = ["Puzzle", "check", "countdown"]

TEMPLATES = (
    "Use the numbers {numbers} to make {target}.",
    "Write an expression with the value {target} from the numbers {numbers}.",
    "Countdown: the numbers are {numbers} and the target is {target}.",
    "Reach {target} by combining these numbers: {numbers}.",
    "Given {numbers}, find a way to get {target}.",
)
RULES = (
    "You may use + - * / and parentheses, and each number at most once; you need not use them all. "
    "Give the expression in \\boxed{}."
)
MARKED = (Style.BOX, Style.HASH, Style.TAG, Style.ANCHOR, Style.BARE)


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Numbers, the target, and one way to reach it."""

    numbers: tuple[int, ...]
    target: int
    solution: str


@dataclass(frozen=True, slots=True)
class _Part:
    value: int
    text: str
    atom: bool = False


@task(
    "assay/Countdown-v0",
    difficulty={
        "count": (3, 4, 4, 5, 6, 7),
        "largest": (12, 12, 25, 50, 100, 100),
        "limit": (60, 100, 200, 500, 1000, 5000),
    },
    kind="math",
    summary="Reach a target from given numbers with + - * /.",
)
def countdown(
    rng: random.Random, *, count: int = 3, largest: int = 12, limit: int = 60
) -> tuple[str, Puzzle, dict[str, Any]]:
    """Reach a target of at most `limit` from `count` numbers of 1 to `largest`."""
    if not 2 <= count <= 12 or not 4 <= largest <= 10**6 or limit < 2 * largest:
        raise ConfigError(
            f"Countdown: count {count}, largest {largest}, limit {limit}; expected 2 to 12, 4 to 1000000, and at "
            "least twice largest"
        )
    puzzle = _build(rng, count, largest, limit)
    while puzzle is None:
        puzzle = _build(rng, count, largest, limit)
    shown = ", ".join(map(str, puzzle.numbers))
    prompt = f"{rng.choice(TEMPLATES).format(numbers=shown, target=puzzle.target)} {RULES}"
    return prompt, puzzle, {"identity": (sorted(puzzle.numbers), puzzle.target)}


@countdown.solve
def known_way(posed: Task[Puzzle]) -> str:
    """The expression the task was built from."""
    puzzle = posed.answer
    return f"{puzzle.solution} = {puzzle.target}, so the expression is \\boxed{{{puzzle.solution}}}."


@countdown.verify
def check(response: str, puzzle: Puzzle) -> Score:
    r"""CORRECT for an expression with the target's value that uses each given number at most once.

    It is read from the last box, else the "Answer:" sentence, else a response of one short line; `= target` may follow
    it, and LaTeX (`\times \cdot \div \frac`) may write it.
    """
    found = find_answer(response)
    if found is None or found.style not in MARKED:
        return Score.unparsed("the response states no expression; expected one in \\boxed{}")
    text, equals, claimed = plain_arithmetic(found.text).partition("=")
    if equals and claimed.strip() != str(puzzle.target):
        return _wrong(text, f"the expression is said to equal {claimed.strip()[:40]!r}, not {puzzle.target}")
    try:
        expression = Expression.parse(text.strip())
    except ValueError as error:
        return Score.unparsed(f"{found.text[:60]!r} is refused: {error}")
    return _judge(expression, text.strip(), puzzle)


def _judge(expression: Expression, text: str, puzzle: Puzzle) -> Score:
    if excess := Counter(expression.numbers) - Counter(puzzle.numbers):
        listed = ", ".join(str(number)[:40] for number in sorted(excess))
        return _wrong(text, f"{listed} not given, or used more often than given")
    try:
        value = expression.value()
    except ZeroDivisionError:
        return _wrong(text, "the expression divides by zero")
    if value != puzzle.target:
        return _wrong(text, f"the expression is {value}, not {puzzle.target}")
    return Score(value=1.0, verdict=Verdict.CORRECT, extracted=text, explanation=f"{text} = {puzzle.target}")


def _wrong(text: str, explanation: str) -> Score:
    return Score(value=0.0, verdict=Verdict.INCORRECT, extracted=text[:500], explanation=explanation)


def _build(rng: random.Random, count: int, largest: int, limit: int) -> Puzzle | None:
    """Combine random numbers until one is left; None when that is no good target."""
    numbers = tuple(rng.randint(1, largest) for _ in range(count))
    parts = [_Part(number, str(number), atom=True) for number in numbers]
    rng.shuffle(parts)
    while len(parts) > 1:
        left = parts.pop(rng.randrange(len(parts)))
        right = parts.pop(rng.randrange(len(parts)))
        parts.append(_combine(rng, left, right, limit))
    target = parts[0].value
    if target < 2 or target > limit or target in numbers:
        return None
    return Puzzle(numbers, target, parts[0].text)


def _combine(rng: random.Random, left: _Part, right: _Part, limit: int) -> _Part:
    """One operation on two parts whose result is a whole number, and a useful one where there is a choice."""
    a, b = left.value, right.value
    choices = ["+"]
    if a > b:
        choices.append("-")
    if min(a, b) > 1 and a * b <= limit:
        choices += ["*", "*"]
    if b > 1 and a % b == 0 and a > b:
        choices += ["/", "/"]
    sign = rng.choice(choices)
    value = {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]
    return _Part(value, f"{_grouped(left)} {sign} {_grouped(right)}")


def _grouped(part: _Part) -> str:
    return part.text if part.atom else f"({part.text})"

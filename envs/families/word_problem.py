"""`assay/WordProblem-v0`: grade-school word problems in several steps, with distractors and unit changes.

A story starts with a quantity, and each of `steps` sentences changes it. Distractors are sentences whose numbers play
no part. With `units` 1 amounts may be given in the smaller unit (cents, minutes, centimetres, grams), with 2 the
question may ask for it too. All arithmetic is exact.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from assaygym.envs.families.stories import ASIDES, KINDS, NAMES, SCENARIOS, Event, Kind, Range, Scenario
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Task
from assaygym.verifiers.numbers import find_numbers
from assaygym.verifiers.text import number

__all__ = ["word_problem"]

REQUESTS = (
    "Think step by step and write the final number after ####.",
    "Show your work, then give the final number in \\boxed{}.",
    "Solve it and end with the answer as a number alone after ####.",
    "What is the answer? Put the number in \\boxed{}.",
)
GRAIN = 20
"""Amounts are multiples of 1/20 of the large unit where smaller units are in play: every answer is a short decimal."""
LARGEST = 20_000
SMALL_SHARE = 0.5


@dataclass(slots=True)
class Telling:
    """A story under way: what was told, the exact quantity so far, and the work that follows it."""

    rng: random.Random
    scenario: Scenario
    units: int
    words: dict[str, str]
    value: Fraction = Fraction(0)
    told: list[str] = field(default_factory=list[str])
    work: list[str] = field(default_factory=list[str])

    @property
    def kind(self) -> Kind | None:
        """How amounts are measured, if they are."""
        return KINDS.get(self.scenario.kind)

    @property
    def unit(self) -> str:
        """The unit of the running quantity; "" for things that are counted."""
        return self.scenario.unit or (self.kind.large if self.kind else "")


@task(
    "assay/WordProblem-v0",
    difficulty={"steps": (1, 2, 3, 4, 6, 8), "distractors": (0, 0, 1, 2, 2, 3), "units": (0, 1, 1, 2)},
    verifier=number(),
    kind="math",
    summary="Grade-school word problems with distractors and unit changes.",
)
def word_problem(
    rng: random.Random, *, steps: int = 1, distractors: int = 0, units: int = 0
) -> tuple[str, str, dict[str, Any]]:
    """A story in which `steps` things happen to a quantity; what is it in the end?"""
    if not 1 <= steps <= 40 or not 0 <= distractors <= len(ASIDES) or units not in (0, 1, 2):
        raise ConfigError(
            f"WordProblem: steps {steps}, distractors {distractors}, units {units}; expected 1 to 40, "
            f"0 to {len(ASIDES)}, 0 to 2"
        )
    while True:
        telling = _tell(rng, steps, units)
        _distract(telling, distractors)
        question, gold = _ask(telling)
        prompt = " ".join([*telling.told, question, rng.choice(REQUESTS)])
        if gold >= 2 and all(gold != shown.value for shown in find_numbers(prompt)):
            return prompt, plain(gold), {"work": tuple(telling.work)}


@word_problem.solve
def worked(posed: Task[str]) -> str:
    """The arithmetic of each sentence in prose, then `#### answer`."""
    return "\n".join([*posed.metadata["work"], f"#### {posed.answer}"])


def plain(value: Fraction) -> str:
    """The number as a decimal where that is short and exact, else as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10_000
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    whole, part = divmod(abs(scaled.numerator), 10_000)
    return f"{'-' if value < 0 else ''}{whole}.{part:04d}".rstrip("0")


def _tell(rng: random.Random, steps: int, units: int) -> Telling:
    scenario = rng.choice(SCENARIOS)
    who, other = rng.sample(NAMES, 2)
    telling = Telling(rng, scenario, units, {"who": who, "other": other, "thing": rng.choice(scenario.things)})
    _happen(telling, scenario.opening)
    done = 0
    while done < steps:
        done += _happen(telling, rng.choice(scenario.events))
    return telling


def _happen(telling: Telling, event: Event) -> bool:
    """Tell one event; False, with nothing told, where it does not fit the quantity so far."""
    words, notes, operand = dict(telling.words), list[str](), Fraction(1)
    if event.count:
        count = telling.rng.randint(*event.count)
        words["count"], operand = str(count), Fraction(count)
    each, fixed = Fraction(1), re.search(r"\b\d+\b", event.text)
    if event.amount:
        each, words["amount"], note = _measured(telling, event.amount)
        notes += note
    if fixed:  # the sentence states a rate or a size of its own
        operand *= int(fixed[0])
        notes.append(_product(event, words, int(fixed[0]), each, telling))
    elif event.amount and event.count:
        notes.append(f"{words['count']} * {plain(each)} = {plain(operand * each)}{_of(telling.unit)}.")
    result = _apply(telling.value, event.sign, operand * each)
    if not _sensible(result, telling):
        return False
    telling.told.append(event.text.format(**words))
    telling.work += [*notes, _line(telling, event.sign, operand * each, result)]
    telling.value = result
    return True


def _product(event: Event, words: dict[str, str], size: int, each: Fraction, telling: Telling) -> str:
    factors = [words["count"], *([plain(each)] if event.amount else []), str(size)]
    total = int(words["count"]) * each * size
    return f"{' * '.join(factors)} = {plain(total)}{_of(telling.unit)}."


def _measured(telling: Telling, span: Range) -> tuple[Fraction, str, list[str]]:
    """An amount in large units, how the story states it, and the conversion where the small unit is used."""
    kind, rng = telling.kind, telling.rng
    assert kind is not None  # a scenario whose events have amounts measures them
    low, high = span
    grain = GRAIN if telling.units else 1
    value = Fraction(rng.randint(low * grain, high * grain), grain)
    if telling.units and rng.random() < SMALL_SHARE:
        small = f"{plain(value * kind.per)} {kind.small}"
        return value, small, [f"{small} are {plain(value * kind.per)} / {kind.per} = {plain(value)} {kind.large}."]
    if kind.large == "dollars":
        text = f"${value.numerator}" if value.denominator == 1 else f"${float(value):.2f}"
        return value, text, []
    return value, f"{plain(value)} {kind.large[:-1] if value == 1 else kind.large}", []


def _apply(value: Fraction, sign: str, operand: Fraction) -> Fraction:
    if sign == "/":
        return value / operand
    return {"=": operand, "+": value + operand, "-": value - operand, "*": value * operand}[sign]


def _sensible(value: Fraction, telling: Telling) -> bool:
    """Whether the quantity is positive, not huge, whole where things are counted, and a short decimal elsewhere."""
    grain = GRAIN * 5 if telling.kind else 1
    return 0 < value <= LARGEST and (value * grain).denominator == 1


def _line(telling: Telling, sign: str, operand: Fraction, result: Fraction) -> str:
    if sign == "=":
        return f"At the start: {plain(result)}{_of(telling.unit)}."
    return f"{plain(telling.value)} {sign} {plain(operand)} = {plain(result)}{_of(telling.unit)}."


def _of(unit: str) -> str:
    return f" {unit}" if unit else ""


def _distract(telling: Telling, distractors: int) -> None:
    """Put sentences that change nothing between those that do."""
    pool = telling.rng.sample((*telling.scenario.asides, *ASIDES), distractors)
    for aside in pool:
        sentence = aside.format(**telling.words, k=telling.rng.randint(3, 99))
        telling.told.insert(telling.rng.randint(1, len(telling.told)), sentence)


def _ask(telling: Telling) -> tuple[str, Fraction]:
    """The question and its answer, in the small unit now and then."""
    kind, unit = telling.kind, telling.unit
    asked = telling.value
    if kind and unit == kind.large and telling.units == 2 and telling.rng.random() < SMALL_SHARE:
        unit, asked = kind.small, telling.value * kind.per
        telling.work.append(f"{plain(telling.value)} {kind.large} are {plain(asked)} {kind.small}.")
    return telling.scenario.question.format(**telling.words, unit=unit), asked

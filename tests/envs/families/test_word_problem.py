"""Word problems."""

import random
import re
from fractions import Fraction

import pytest

from assaygym.envs.families.stories import KINDS, SCENARIOS, Event
from assaygym.envs.families.word_problem import plain, word_problem
from assaygym.envs.registration import make

KNOBS = [
    {"steps": 1, "distractors": 0, "units": 0},
    {"steps": 4, "distractors": 0, "units": 0},
    {"steps": 3, "distractors": 2, "units": 1},
    {"steps": 8, "distractors": 3, "units": 2},
]
SMALL = [kind.small for kind in KINDS.values()]


def worked(seed: int, knobs: dict[str, int]) -> tuple[str, str, tuple[str, ...]]:
    prompt, gold, metadata = word_problem.pose(random.Random(seed), **knobs)
    return prompt, gold, metadata["work"]


def value(text: str) -> Fraction:
    """`3 * 1.35 * 20` and the like, exactly."""
    left, *rest = text.split()
    total = Fraction(left)
    for sign, right in zip(rest[::2], rest[1::2], strict=True):
        operand = Fraction(right)
        total = {"+": total + operand, "-": total - operand, "*": total * operand, "/": total / (operand or 1)}[sign]
    return total


@pytest.mark.parametrize("knobs", KNOBS)
def test_every_line_of_the_work_is_true_and_the_last_one_gives_the_answer(knobs: dict[str, int]) -> None:
    for seed in range(150):
        _, gold, work = worked(seed, knobs)
        for line in work:
            for left, right in re.findall(r"((?:[\d.]+ [-+*/] )+[\d.]+) = ([\d.]+\d|\d+)", line):
                assert value(left) == Fraction(right), line
        last = re.findall(r"\d+(?:\.\d+)?", work[-1])[-1]
        assert Fraction(last) == Fraction(gold)


@pytest.mark.parametrize("knobs", KNOBS)
def test_the_answer_is_no_number_of_the_story_and_at_least_two(knobs: dict[str, int]) -> None:
    for seed in range(150):
        prompt, gold, _ = worked(seed, knobs)
        assert gold not in re.findall(r"\d+(?:\.\d+)?", prompt)
        assert Fraction(gold) >= 2


def test_without_units_no_small_unit_and_no_broken_amount_is_told() -> None:
    for seed in range(200):
        prompt, gold, _ = worked(seed, KNOBS[1])
        told = prompt.replace(" minutes and adds", "")
        assert not any(re.search(rf"\b{unit}\b", told) for unit in SMALL), prompt
        assert "." not in gold or "cuts all" in prompt or "equal" in prompt or "splits" in prompt


def test_with_units_both_units_of_a_measure_turn_up() -> None:
    told = " ".join(worked(seed, KNOBS[3])[0] for seed in range(300))
    assert all(kind.small in told and kind.large in told for kind in KINDS.values())


def test_each_distractor_adds_one_sentence_and_the_answer_comes_from_the_others() -> None:
    for seed in range(50):
        bare = make("assay/WordProblem-v0", steps=2, distractors=0, split="all")
        full = make("assay/WordProblem-v0", steps=2, distractors=3, split="all")
        counts = [len(re.findall(r"[.?] ", env.reset(seed=seed)[0])) for env in (bare, full)]
        assert counts[1] >= counts[0] + 2
        assert full.task is not None
        assert len([line for line in full.task.metadata["work"] if line.startswith("At the start")]) == 1


def test_there_are_eight_templates_or_more_and_all_are_drawn() -> None:
    assert len(SCENARIOS) >= 8
    questions = {re.escape(s.question).split(r"\{")[0] for s in SCENARIOS}
    seen = " ".join(worked(seed, KNOBS[0])[0] for seed in range(400))
    assert all(re.search(start, seen) for start in questions)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.opening.text[:25])
def test_a_scenario_measures_every_amount_it_tells(scenario: object) -> None:
    events: list[Event] = [scenario.opening, *scenario.events]  # type: ignore[attr-defined]
    for event in events:
        assert ("{amount}" in event.text) == bool(event.amount)
        assert ("{count}" in event.text) == bool(event.count)
        assert not event.amount or scenario.kind in KINDS  # type: ignore[attr-defined]
        assert event.sign not in "*/" or (event.count and not event.amount)


@pytest.mark.parametrize(
    ("number", "text"),
    [("3", "3"), ("7/2", "3.5"), ("1/20", "0.05"), ("1/3", "1/3"), ("-1/4", "-0.25"), ("100", "100"), ("1/8", "0.125")],
)
def test_numbers_are_short_decimals_where_they_are_exact(number: str, text: str) -> None:
    assert plain(Fraction(number)) == text


@pytest.mark.parametrize("said", ["#### 12.5", r"\boxed{12.50}", "She has $12.50 left.\n#### $12.50", r"\boxed{25/2}"])
def test_the_answer_may_carry_its_unit_or_be_a_fraction(said: str) -> None:
    assert word_problem.score(said, "12.5").value == 1.0


@pytest.mark.parametrize("said", ["#### 12", "1250", "#### 12.5 #### 13", "12.5 or 13", "nan", "about 12.6"])
def test_near_misses_earn_nothing(said: str) -> None:
    assert word_problem.score(said, "12.5").value == 0.0


def test_the_solution_is_prose_that_ends_with_the_answer() -> None:
    env = make("assay/WordProblem-v0", level=3)
    env.reset(seed=4)
    lines = env.oracle_action().splitlines()
    assert env.task is not None
    assert lines[-1] == f"#### {env.task.answer}"
    assert len(lines) >= 5


def test_every_amount_in_a_small_unit_is_converted_in_the_work() -> None:
    converted = 0
    for seed in range(100):
        prompt, _, work = worked(seed, KNOBS[2])
        for kind in KINDS.values():
            for amount in re.findall(rf"\b(\d+) {kind.small}\b(?! late| and adds)", prompt):
                assert any(line.startswith(f"{amount} {kind.small} are ") for line in work), prompt
                converted += 1
    assert converted > 50

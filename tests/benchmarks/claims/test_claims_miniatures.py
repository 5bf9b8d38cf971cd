"""The miniatures themselves: their tasks, the cheap ones as they are, the others at the size for tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial

import pytest

from assaygym.agents.policy import SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import ConstantPolicy, OraclePolicy
from assaygym.benchmarks.claims.catalogue import CLAIMS
from assaygym.benchmarks.claims.claim import Claim, Verdict, verdict_of
from assaygym.benchmarks.claims.lessons import Reader, Student, operation
from assaygym.benchmarks.claims.pruning import Clock
from assaygym.benchmarks.claims.training import FAR, judged, mean_reward
from assaygym.benchmarks.claims.worlds import Grid, addition, dotted, guess, lettered

CHEAP = ("tree_grpo", "arpo", "training_free")


def with_seeds(claim: Claim, seeds: int) -> Verdict:
    return verdict_of(claim.findings([claim.measure(seed, True) for seed in range(seeds)]))


@pytest.mark.parametrize("name", ["tree_grpo", "training_free"])
def test_cheap_claims_hold_at_the_size_for_tests(name: str) -> None:
    assert with_seeds(CLAIMS[name], 4) is Verdict.HELD


def test_exact_counts_are_the_same_each_time() -> None:
    assert CLAIMS["tree_grpo"].measure(3, True) == CLAIMS["tree_grpo"].measure(3, True)


def figures_of(claim: Claim) -> Iterator[str]:
    for check in claim.checks:
        yield check.left
        if isinstance(check.right, str):
            yield check.right


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_every_claim_measures_what_its_checks_look_at(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # two steps of imitation solve nothing: groups run out
        figures = CLAIMS[name].measure(0, True)
    assert set(figures_of(CLAIMS[name])) <= figures.keys()


# -- the tasks -------------------------------------------------------------------------------------------------------


def test_padding_before_an_answer_costs_nothing_and_behind_it_all() -> None:
    assert dotted.score("...cba", "cba").value == dotted.score("cba", "cba").value == 1.0
    assert dotted.score("cba.", "cba").value == dotted.score("", "cba").value == 0.0


def test_letters_in_their_places_are_tests() -> None:
    assert lettered.score("cba", "cba").value == 1.0
    assert lettered.score("cbb", "cba").value == pytest.approx(2 / 3)
    assert lettered.score("cbaa", "cba").value == pytest.approx(3 / 4)
    assert lettered.score("", "cba").value == 0.0


def test_a_sum_comes_with_a_part_of_its_answer_where_it_is_hinted() -> None:
    env = addition(split="train", hinted=1.0)
    for seed in range(8):
        text, _ = env.reset(seed=seed)
        question, *_, hint = text.split("\n")
        assert env.task is not None
        assert str(eval(question.removesuffix("="))) == env.task.answer
        assert env.task.answer.startswith(hint)
        assert hint
    assert "\n" not in addition(split="train").reset(seed=0)[0]


def test_the_oracles_of_the_tasks_are_right() -> None:
    for env in (lettered(split="train", length=4), addition(split="train"), Grid()):
        assert all(rollout(env, OraclePolicy(), seed=seed).reward == 1.0 for seed in range(20))


def test_a_guess_is_right_one_time_in_eight() -> None:
    played = judged(ConstantPolicy("3"), partial(guess, split="all"), 400, max_tokens=4)
    assert 0.06 < mean_reward(played) < 0.2


def test_equal_places_of_the_grid_read_alike_whatever_way_led_there() -> None:
    seen = []
    for moves in ("rd", "dr"):
        env = Grid()
        env.reset(seed=0)
        env.place = (0, 0)
        seen.append([env.step(move)[0] for move in moves][-1])
    assert seen == ["11", "11"]


def test_a_walk_into_the_wall_or_into_words_stays_and_ends_with_nothing() -> None:
    env = Grid(max_turns=3)
    env.reset(seed=0)
    env.place = (0, 0)
    assert env.step("u")[0] == env.step("north, please")[0] == "00"
    _, reward, terminated, truncated, _ = env.step("l")
    assert (reward, terminated or truncated) == (0.0, True)


# -- what they are measured with -------------------------------------------------------------------------------------


def test_a_clock_counts_calls_and_their_faults() -> None:
    clock = Clock(int)
    assert clock("7") == 7
    with pytest.raises(ValueError, match="invalid literal"):
        clock("x")
    assert len(clock.seconds) == 2
    assert min(clock.seconds) >= 0


def test_evaluations_ask_tasks_that_neither_training_nor_imitation_saw() -> None:
    played = judged(OraclePolicy(), partial(addition, split="train"), 3, max_tokens=8, seed=1)
    assert [one.seed for one in played] == [2 * FAR + 1_000_000 + number for number in range(3)]


def test_a_student_without_lessons_guesses() -> None:
    played = judged(Student(), partial(operation, split="eval"), 200, max_tokens=8)
    assert 0.2 < mean_reward(played) < 0.5


def test_a_reader_learns_nothing_from_attempts_that_earned_nothing() -> None:
    reader = Reader()
    told = "Several attempts\n" + '<attempt reward="{}">\nk=plus\n</attempt>'
    assert '"text": "k means plus"' in reader._answer(told.format(1))
    assert reader._answer(told.format(0)) == "[]"
    assert reader.generate([], SamplingParams()) == []

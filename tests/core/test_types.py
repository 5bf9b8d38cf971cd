"""Scores and trajectories keep their promises."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.types import Completion, Message, Score, StopReason, Trajectory, Turn, Verdict


@pytest.mark.parametrize(
    ("result", "value", "verdict"),
    [
        (True, 1.0, Verdict.CORRECT),
        (False, 0.0, Verdict.INCORRECT),
        (1, 1.0, Verdict.CORRECT),
        (0.0, 0.0, Verdict.INCORRECT),
        (0.25, 0.25, Verdict.PARTIAL),
    ],
)
def test_a_plain_result_becomes_a_score(result: bool | float, value: float, verdict: Verdict) -> None:
    score = Score.of(result)
    assert (score.value, score.verdict) == (value, verdict)


def test_a_score_stays_itself() -> None:
    score = Score.of(0.5, explanation="half")
    assert Score.of(score) is score


@pytest.mark.parametrize("value", [-0.1, 1.1, math.inf, -math.inf])
def test_a_value_outside_the_unit_interval_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        Score.of(value)


def test_nan_from_a_verifier_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        Score.of(math.nan)


@pytest.mark.parametrize("result", [None, "1", [1.0], object()])
def test_another_type_from_a_verifier_is_refused(result: object) -> None:
    with pytest.raises(TypeError, match="expected a bool"):
        Score.of(result)  # type: ignore[arg-type]


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.INVALID])
def test_nan_goes_with_no_other_verdict_than_invalid(verdict: Verdict) -> None:
    with pytest.raises(ValueError, match="NaN exactly when INVALID"):
        Score(value=math.nan, verdict=verdict)


@given(st.floats(0, 1))
def test_an_invalid_score_has_no_value(value: float) -> None:
    with pytest.raises(ValueError, match="NaN exactly when INVALID"):
        Score(value=value, verdict=Verdict.INVALID)


def test_two_invalid_scores_of_one_reason_are_equal() -> None:
    assert Score.invalid("sandbox gone") == Score.invalid("sandbox gone")


def test_unparsed_is_worth_nothing() -> None:
    score = Score.unparsed("no answer")
    assert (score.value, score.verdict) == (0.0, Verdict.UNPARSED)


def trajectory(rewards: tuple[float, ...], stop: StopReason = StopReason.COMPLETED) -> Trajectory:
    said = Completion(message=Message(role="assistant", content="x"))
    turns = tuple(Turn(observation=(), completion=said, reward=reward) for reward in rewards)
    return Trajectory(env_id="e", task_id="t", seed=0, split="train", turns=turns, score=None, stop_reason=stop)


def test_the_reward_of_an_episode_is_the_sum_of_its_turns() -> None:
    assert trajectory((0.25, 0.0, 0.5)).reward == 0.75


def test_the_reward_of_an_invalid_episode_is_nan() -> None:
    assert math.isnan(trajectory((0.0, math.nan)).reward)


def test_the_reward_of_a_failed_episode_is_nan_and_never_zero() -> None:
    assert math.isnan(trajectory((), StopReason.ERROR).reward)


def test_a_trajectory_pickles() -> None:
    whole = trajectory((1.0,))
    assert pickle.loads(pickle.dumps(whole)) == whole

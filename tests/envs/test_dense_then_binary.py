"""The two phases of DenseThenBinary."""

from __future__ import annotations

import json
import math
from typing import Any

import gymnasium
import pytest

from assaygym.envs.dense_then_binary import DenseThenBinary
from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict


class Fixed(gymnasium.Env[str, str]):
    """An environment whose single turn earns what the action says."""

    def reset(self, **named: Any) -> tuple[str, dict[str, Any]]:
        return "", {}

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        if action == "more":
            return "", 0.0, False, False, {}
        score = Score.invalid("ours") if action == "invalid" else Score.of(float(action))
        return "", score.value, True, False, {"score": score}


def paid(env: DenseThenBinary, *actions: str) -> list[float]:
    rewards = []
    for action in actions:
        _, reward, _, _, info = env.step(action)
        assert "score" not in info or info["score"].value == reward or math.isnan(reward)
        rewards.append(reward)
    return rewards


def test_a_share_is_paid_until_so_many_episodes_have_ended() -> None:
    env = DenseThenBinary(Fixed(), episodes=2)
    assert paid(env, "0.5", "0.5", "0.5", "1", "0") == [0.5, 0.5, 0.0, 1.0, 0.0]


def test_the_switch_comes_once_enough_of_a_full_window_is_solved() -> None:
    env = DenseThenBinary(Fixed(), solved=0.5, window=2)
    assert paid(env, "1", "0.5", "0.5") == [1.0, 0.5, 0.0]
    assert env.phase == "binary"
    assert paid(env, "0.2", "0.2", "0.2") == [0.0, 0.0, 0.0]


def test_a_window_that_is_not_full_switches_nothing() -> None:
    env = DenseThenBinary(Fixed(), solved=0.1, window=3)
    assert paid(env, "1", "1", "0.5", "0.5") == [1.0, 1.0, 0.5, 0.0]


def test_the_info_tells_the_phase_and_the_score_that_was_paid() -> None:
    env = DenseThenBinary(Fixed(), episodes=1)
    assert env.step("0.5")[4]["phase"] == "dense"
    info = env.step("0.5")[4]
    assert (info["phase"], info["score"].value, info["score"].verdict) == ("binary", 0.0, Verdict.INCORRECT)


def test_invalid_episodes_and_turns_in_between_count_for_nothing() -> None:
    env = DenseThenBinary(Fixed(), episodes=2)
    assert math.isnan(paid(env, "invalid")[0])
    assert paid(env, "more", "more", "0.5", "0.5", "0.5") == [0.0, 0.0, 0.5, 0.5, 0.0]


def test_no_dense_phase_at_all() -> None:
    assert paid(DenseThenBinary(Fixed(), episodes=0), "0.5") == [0.0]


def test_a_checkpoint_goes_on_where_it_was() -> None:
    first = DenseThenBinary(Fixed(), episodes=3, solved=0.9, window=4)
    paid(first, "0.5", "1")
    second = DenseThenBinary(Fixed(), episodes=3, solved=0.9, window=4)
    second.restore(json.loads(json.dumps(first.state())))
    assert second.state() == first.state()
    assert paid(second, "0.5", "0.5") == [0.5, 0.0]


@pytest.mark.parametrize(
    "options", [{}, {"episodes": -1}, {"solved": 0.0}, {"solved": 1.5}, {"solved": 0.5, "window": 0}]
)
def test_a_schedule_without_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"DenseThenBinary has no end|expected episodes from 0"):
        DenseThenBinary(Fixed(), **options)

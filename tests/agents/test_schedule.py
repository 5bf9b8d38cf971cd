"""The learning rate over a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.schedule import learning_rate
from assaygym.agents.settings import TrainSettings


def rates(schedule: str, warmup: int = 0, steps: int = 4) -> list[float]:
    settings = TrainSettings(steps=steps, schedule=schedule, warmup_steps=warmup, learning_rate=2.0)  # type: ignore[arg-type]
    return [learning_rate(settings, step) for step in range(steps + 1)]


def test_constant_linear_and_cosine_by_hand() -> None:
    assert rates("constant") == [2.0] * 5
    assert rates("linear") == pytest.approx([2.0, 1.5, 1.0, 0.5, 0.0])
    assert rates("cosine") == pytest.approx([2.0, 1 + 0.5**0.5, 1.0, 1 - 0.5**0.5, 0.0])


def test_the_warm_up_rises_evenly_and_then_the_schedule_begins() -> None:
    assert rates("linear", warmup=1, steps=3) == pytest.approx([1.0, 2.0, 1.0, 0.0])
    assert rates("constant", warmup=3, steps=4) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0])


@given(st.sampled_from(["constant", "linear", "cosine"]), st.integers(0, 20), st.integers(1, 30))
def test_no_step_of_a_run_has_a_rate_of_zero_or_above_the_highest(schedule: str, warmup: int, steps: int) -> None:
    found = rates(schedule, warmup, steps)[:-1]
    assert all(0 < rate <= 2.0 for rate in found)
    assert found[warmup + 1 :] == sorted(found[warmup + 1 :], reverse=True)

"""The figures of the measurement of VLLMPolicy; `vllm_checks.py` runs it whole, with vLLM."""

from __future__ import annotations

import importlib.util

import pytest

from assaygym.benchmarks.speed.vllm import GOAL, OURS, RAW, Run, _figures, _turned, main


def test_a_ratio_is_taken_within_each_round_and_its_median_told() -> None:
    raw = [Run(100, 1.0, 1.0), Run(100, 2.0, 1.0), Run(100, 4.0, 1.0)]
    ours = [Run(100, 1.25, 2.0), Run(50, 1.0, 0.5), Run(100, 8.0, 1.0)]
    found = _figures({RAW: raw, OURS: ours})
    row = found["rows"][1]
    assert (row["over_raw"], row["cpu_over_raw"], row["per_second"]) == (0.8, 1.0, 50.0)
    assert found["rows"][0]["over_raw"] == 1.0
    assert not found["met"]


@pytest.mark.parametrize(("tokens", "met"), [(94, False), (95, True)])
def test_the_goal_is_a_share_of_the_raw_engine(tokens: int, met: bool) -> None:
    assert GOAL == 0.95
    assert _figures({RAW: [Run(100, 1.0, 1.0)], OURS: [Run(tokens, 1.0, 1.0)]})["met"] is met


def test_each_round_has_another_order() -> None:
    contenders = {name: lambda: 0 for name in "abc"}
    orders = ["".join(name for name, _ in _turned(contenders, number)) for number in range(-1, 3)]
    assert orders == ["cab", "abc", "bca", "cab"]


def test_without_vllm_the_reason_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("vllm"):
        pytest.skip("vllm is installed here")
    assert main(["--prompts", "1"]) == 2
    assert "pip install 'assaygym[vllm]'" in capsys.readouterr().err

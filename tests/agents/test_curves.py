"""The picture of a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.curves import draw_curves, smoothed
from assaygym.cli.curve_table import curve_rows
from assaygym.errors import MissingDependencyError

ROWS = [
    {"step": float(i), "reward": i / 20, "reward_std": 0.1, "grad_norm": 1.0, **({"kl": 0.1} if i > 5 else {})}
    for i in range(1, 21)
]


def test_the_picture_has_a_panel_for_each_metric_that_the_run_has(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib")
    from matplotlib import image

    three = image.imread(draw_curves(ROWS, tmp_path / "three.png", title="a run"))
    one = image.imread(draw_curves([{"step": 1.0, "reward": 0.5}], tmp_path / "one.png", title="a run"))
    assert three.shape[1] == 3 * one.shape[1]
    assert three.std() > 0.01


def test_without_matplotlib_the_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"assaygym\[plot\]"):
        draw_curves(ROWS, tmp_path / "none.png", title="a run")
    assert not (tmp_path / "none.png").exists()


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.integers(1, 9))
def test_smoothing_keeps_the_range_and_the_number_of_values(values: list[float], reach: int) -> None:
    smooth = smoothed(values, reach)
    assert len(smooth) == len(values)
    assert min(values) - 1e-9 <= min(smooth) <= max(smooth) <= max(values) + 1e-9


def test_smoothing_is_the_mean_of_the_neighbours() -> None:
    assert smoothed([0.0, 3.0, 6.0], 1) == [1.5, 3.0, 4.5]


def test_the_table_has_the_tenths_of_a_run() -> None:
    rows = {name: rest for name, *rest in curve_rows(ROWS)}
    assert rows["reward"] == ["0.075", "0.525", "0.975"]
    assert rows["kl"] == ["nan", "0.1", "0.1"]
    assert "entropy" not in rows

"""Whether a machine is crowded, by what a made-up /proc/loadavg says."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from assaygym.sandbox import crowd
from assaygym.sandbox.crowd import is_crowded


@pytest.fixture(autouse=True)
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(crowd, "LOAD", tmp_path / "loadavg")
    return tmp_path / "loadavg"


@pytest.mark.parametrize(("running", "crowded"), [(1, False), (8, False), (9, True), (400, True)])
def test_a_machine_is_crowded_where_four_others_want_each_processor(load: Path, running: int, crowded: bool) -> None:
    load.write_text(f"9.00 9.00 9.00 {running}/500 1234\n")
    assert is_crowded() is crowded


@pytest.mark.parametrize("text", ["", "9.00 9.00 9.00", "9.00 9.00 9.00 many 5"])
def test_where_nobody_tells_no_machine_is_crowded(load: Path, text: str) -> None:
    load.write_text(text)
    assert not is_crowded()
    load.unlink()
    assert not is_crowded()


def test_a_moment_of_rest_does_not_count(load: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load.write_text("9.00 9.00 9.00 1/500 1234\n")
    monkeypatch.setattr(time, "sleep", lambda seconds: load.write_text("9.00 9.00 9.00 9/500 1234\n"))
    assert is_crowded()

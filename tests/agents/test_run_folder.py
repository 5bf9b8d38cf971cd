"""What runs keep in their folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaygym.agents.run_folder import refuse_another_run, write_whole
from assaygym.errors import RunError


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    for data in (b"first", b"second"):
        write_whole(tmp_path / "state.json", data)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("state.json", b"second")]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "state.json", b"old")
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_whole(tmp_path / "state.json", b"new")
    assert (tmp_path / "state.json").read_bytes() == b"old"


def test_another_run_is_refused_by_all_that_differs() -> None:
    with pytest.raises(RunError, match=r"run holds a run with a 1 \(now 2\), b None \(now 3\); use its settings"):
        refuse_another_run(Path("run"), {"a": 2, "b": 3, "c": 4}, {"a": 1, "c": 4}, free=())


def test_what_may_change_may_change() -> None:
    refuse_another_run(Path("run"), {"steps": 9, "a": 1}, {"steps": 3, "a": 1, "gone": 5}, free={"steps"})

"""`assay view`, up to the terminal it needs."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from assaygym.benchmarks.folder import Plan, open_run

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = {"target": {"id": "mine/flip-v0"}, "policy": {"name": "oracle"}}
    with open_run(tmp_path / "a", config, Plan(tasks=(0,), samples=1)):
        return tmp_path / "a"


def test_without_a_terminal_it_says_what_prints_an_episode(run: Run, folder: Path) -> None:
    result = run("view", str(folder))
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr
    assert "assay show" in result.stderr


def test_without_textual_it_names_the_extra(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("textual", "assaygym.benchmarks.viewer"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    result = run("view", str(folder))
    assert result.exit_code == 2
    assert "pip install 'assaygym[view]'" in result.stderr


def test_a_folder_without_a_run_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("view", str(tmp_path))
    assert result.exit_code == 2
    assert "holds no run" in result.stderr


def test_another_theme_is_refused(run: Run, folder: Path) -> None:
    result = run("view", str(folder), "--theme", "drak")
    assert result.exit_code == 2
    assert "did you mean 'dark'?" in result.stderr


def test_it_opens_on_a_terminal(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assaygym.benchmarks.viewer.app import Viewer

    seen: list[str] = []
    monkeypatch.setattr("assaygym.cli.view.on_terminal", lambda: True)
    monkeypatch.setattr(Viewer, "run", lambda viewer: seen.append(viewer.theme))
    assert run("view", str(folder), str(folder), "--theme", "light").exit_code == 0
    assert seen == ["textual-light"]

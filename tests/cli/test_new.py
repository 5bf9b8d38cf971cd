"""`assay new`: what it writes works as it is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def pytest_passes(folder: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_scaffolded_tasks_tests_pass_and_their_oracles_earn_one(run: Any, tmp_path: Path) -> None:
    assert run("new", "my-sums").exit_code == 0
    assert run("new", "my_stock", "--kind", "tool").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        *("my_sums.py", "test_my_sums.py", "my_stock.py", "test_my_stock.py")
    }
    assert pytest_passes(tmp_path) == ""


@pytest.mark.parametrize("kind", ["task", "tool"])
def test_a_linter_has_nothing_to_say_of_the_files(run: Any, tmp_path: Path, kind: str) -> None:
    run("new", "sorted_things", "--kind", kind)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,I", "--line-length", "120", "."]
    told = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_what_it_says_to_do_next_works(shell: Any) -> None:
    told = shell("new", "told_task").stdout
    lines = [line.split("#")[0].split() for line in told.splitlines() if line.startswith("  assay ")]
    assert [line[1] for line in lines] == ["play", "eval"]
    for line in lines:
        assert shell(*line[1:], stdin=":quit\n").returncode == 0


def test_it_refuses_to_overwrite(run: Any, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("precious")
    result = run("new", "mine")
    assert result.exit_code == 2
    assert "test_mine.py is there already and is not overwritten" in result.stderr
    assert not (tmp_path / "mine.py").exists()
    assert (tmp_path / "test_mine.py").read_text() == "precious"


def test_names_that_would_hide_a_module_are_refused(run: Any) -> None:
    for name in ("random", "assaygym", "2fast", "a b", "../x", "class"):
        assert run("new", name).exit_code == 2


def test_it_writes_to_another_folder_and_says_so_as_json(run: Any, tmp_path: Path) -> None:
    told = json.loads(run("new", "mine", "--dir", "a/b", "--json").stdout)
    assert told == {"id": "my/mine-v0", "files": ["a/b/mine.py", "a/b/test_mine.py"]}
    assert (tmp_path / "a/b/mine.py").is_file()


def test_a_folder_that_cannot_be_made_is_told(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("new", "mine", "--dir", "file/below")
    assert (result.exit_code, "choose another --dir" in result.stderr) == (2, True)

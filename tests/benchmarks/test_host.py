"""What a run records of where it was played."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

import pytest

from assaygym import __version__
from assaygym.benchmarks.host import git_state, host_facts


def git(folder: Path, *arguments: str) -> str:
    own = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *own, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "tasks.py").write_text("a = 1\n")
    git(tmp_path, "add", "tasks.py")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_the_commit_of_the_users_files_is_found(repository: Path) -> None:
    assert git_state(repository) == {"commit": git(repository, "rev-parse", "HEAD"), "dirty": False}


def test_files_that_git_does_not_track_leave_a_commit_clean_and_changes_do_not(repository: Path) -> None:
    (repository / "runs").mkdir()
    (repository / "runs" / "run.json").write_text("{}")
    state = git_state(repository)
    assert state is not None
    assert state["dirty"] is False
    (repository / "tasks.py").write_text("a = 2\n")
    state = git_state(repository)
    assert state is not None
    assert state["dirty"] is True


def test_a_repository_without_a_commit_has_no_state(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) is None


def test_without_git_a_run_is_recorded_all_the_same(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert git_state(repository) is None


def test_the_facts_name_versions_and_neither_paths_nor_the_host(tmp_path: Path) -> None:
    facts = host_facts()
    assert facts["packages"]["assaygym"] == __version__
    assert facts["python"] == platform.python_version()
    text = json.dumps(facts)
    assert str(Path.home()) not in text.replace('"/"', "")
    assert platform.node() not in text or not platform.node()

"""The command that measures: its documents, tables and exit codes, and the same for another user."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from assaygym.benchmarks.speed import other_user, sandbox
from assaygym.benchmarks.speed.goals import GOALS
from assaygym.benchmarks.speed.table import show
from assaygym.errors import ConfigError, IsolationError
from assaygym.sandbox import open_sandbox

pytestmark = pytest.mark.alone  # takes times
QUICK = ["--rounds", "1", "--runs", "2", "--seconds", "0.1", "--workers", "2"]
PLAIN = [*QUICK, "--only", "fork,subprocess", "--workloads", "trivial,stdin"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A real measurement of two contenders."""
    file = tmp_path_factory.mktemp("speed") / "speed.json"
    assert sandbox.main([*PLAIN, "--json", str(file)]) == 0
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_every_contender_has_a_row_for_each_workload(measured: dict[str, Any]) -> None:
    rows = {(row["contender"], row["workload"]): row for row in measured["rows"]}
    assert set(rows) == {(one, work) for one in ("fork", "subprocess") for work in ("trivial", "stdin")}
    assert rows["fork", "trivial"]["over_fork"] == 1
    assert rows["subprocess", "trivial"]["over_fork"] > 1
    for row in rows.values():
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["per_second"] > 0
        assert row["units"] == 2


def test_the_document_says_how_where_and_with_what_it_was_measured(measured: dict[str, Any]) -> None:
    assert measured["command"][:3] == ["python", "-m", "assaygym.benchmarks.speed.sandbox"]
    assert measured["plan"] == {"rounds": 1, "runs": 2, "seconds": 0.1, "workers": 2}
    assert measured["machine"]["kernel"] == os.uname().release
    assert {"python", "assaygym"} <= set(measured["versions"])
    assert measured["date"].endswith("+00:00")
    assert len(measured["load"]) == 2


def test_goals_that_were_not_measured_say_so(measured: dict[str, Any]) -> None:
    assert [goal["met"] for goal in measured["goals"]] == [None] * len(GOALS)


def test_the_tables_hold_every_row_and_goal(measured: dict[str, Any]) -> None:
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    show({**measured, "absent": {"bwrap": "there is no [bwrap] here"}, "failed": {"jail": "broken"}}, console)
    console.file.close()
    told = console.export_text()
    assert all(word in told for word in ("subprocess", "x fork", "left out bwrap: there is no [bwrap] here"))
    assert "failed jail: broken" in told
    assert all(goal["name"] in told for goal in measured["goals"])


def test_json_alone_is_printed_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert sandbox.main([*QUICK, "--only", "fork", "--workloads", "trivial", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["contender"] == "fork"


def test_the_command_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assaygym.benchmarks.speed.sandbox", *QUICK, "--only", "fork"]
    seen = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert seen.returncode == 0
    assert "trivial: the program `pass`" in seen.stdout
    assert "round 1/1" in seen.stderr


def goal(met: bool | None) -> dict[str, Any]:
    return {"name": "a goal", "measured": 1.0, "goal": "at most 1 x", "unit": "x", "met": met, "reason": ""}


@pytest.mark.parametrize(
    ("met", "failed", "check", "code"),
    [
        (True, {}, True, 0),
        (False, {}, True, 1),
        (False, {}, False, 0),
        (None, {}, True, 0),
        (None, {"jail run_many": "a wrong result"}, True, 1),
        (None, {"evalplus": "a wrong verdict"}, True, 0),
    ],
)
def test_the_exit_code_is_1_only_where_a_check_finds_a_missed_goal(
    measured: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    met: bool | None,
    failed: dict[str, str],
    check: bool,
    code: int,
) -> None:
    monkeypatch.setattr(sandbox, "take", lambda *_: {**measured, "goals": [goal(met)], "failed": failed})
    assert sandbox.main([*PLAIN, *(["--check"] if check else [])]) == code


@pytest.mark.parametrize("wrong", [["--only", "nobody"], ["--workloads", "x"], ["--rounds", "0"], ["--rounds", "x"]])
def test_an_unusable_option_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        sandbox.main(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_the_jail_is_measured_with_its_isolation() -> None:
    try:
        open_sandbox("jail").close()
    except IsolationError as error:
        pytest.skip(str(error))
    options = sandbox._parser().parse_args([*QUICK, "--only", "jail,fork", "--workloads", "humaneval"])
    found = sandbox.take(options, [])
    assert found["failed"] == {}
    assert [row["contender"] for row in found["rows"]] == ["jail", "jail run_many", "fork"]
    assert "userns" in found["isolation"]["jail"]
    assert found["fork_modules"] > 10


def test_the_copy_for_another_user_can_be_read_by_everybody_and_is_removed() -> None:
    with other_user.readable_copy() as folder:
        for path in (folder, *folder.rglob("*")):
            assert path.stat().st_mode & (stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0))
        code = "import assaygym.benchmarks.speed.sandbox as s; print(s.__file__)"
        seen = subprocess.run(
            [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert seen.stdout.startswith(str(folder))
    assert not folder.exists()


def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")


def test_another_user_takes_the_same_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    as_root()
    try:
        code = sandbox.main([*QUICK, "--only", "fork", "--workloads", "trivial", "--user", "nobody", "--json", "-"])
    except ConfigError as error:
        pytest.skip(str(error))
    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert found["machine"]["user"] == "nobody"
    assert found["rows"][0]["p50_ms"] > 0
    assert "--user" in found["command"]


def test_a_user_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    as_root()
    assert sandbox.main(["--user", "no-such-user"]) == 2
    assert "there is no such user" in capsys.readouterr().err


def test_becoming_another_user_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ConfigError, match="needs root"):
        other_user.measured_by("nobody", [])

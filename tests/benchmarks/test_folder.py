from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import gymnasium
import pytest

from assaygym.benchmarks import folder
from assaygym.benchmarks.folder import Plan, config_hash, differences, open_run, peek, read_run
from assaygym.errors import RunError

CONFIG = {"target": "gsm8k", "policy": "oracle", "params": {"temperature": 1.0, "seed": None}, "seed": 0}
PLAN = Plan(tasks=(0, 1, 2), samples=2)


def start(path: Path, config: dict[str, object] | None = None, plan: Plan = PLAN, *, overwrite: bool = False) -> int:
    with open_run(path, config or CONFIG, plan, overwrite=overwrite) as run:
        with run.episodes.open("ab") as file:
            file.write(b"")
        return run.attempt


def test_a_plan_lists_every_task_and_sample_once() -> None:
    assert Plan(tasks=(5, 7), samples=2).keys == [(5, 0), (5, 1), (7, 0), (7, 1)]


def test_a_new_folder_gets_the_whole_configuration(tmp_path: Path) -> None:
    start(tmp_path / "a" / "b")
    document, plan = read_run(tmp_path / "a" / "b")
    assert document["config"] == CONFIG
    assert document["config_hash"] == config_hash(CONFIG)
    assert plan == PLAN


def test_every_start_is_recorded(tmp_path: Path) -> None:
    assert [start(tmp_path), start(tmp_path)] == [1, 2]
    document, _ = read_run(tmp_path)
    assert len(document["attempts"]) == 2


def test_a_start_without_an_end_was_killed(tmp_path: Path) -> None:
    start(tmp_path)
    with open_run(tmp_path, CONFIG, PLAN) as run:
        run.end_attempt(episodes=6)
    first, second = read_run(tmp_path)[0]["attempts"]
    assert first["ended"] is None
    assert second["ended"] is not None
    assert second["episodes"] == 6


def test_the_record_names_the_machine_but_no_path_of_it(tmp_path: Path) -> None:
    start(tmp_path)
    text = (tmp_path / "run.json").read_text()
    host = json.loads(text)["attempts"][0]["host"]
    assert host["python"] == ".".join(map(str, sys.version_info[:3]))
    assert host["packages"]["gymnasium"] == gymnasium.__version__
    assert str(tmp_path) not in text


@pytest.mark.parametrize("tasks", [(), (0,), (0, 1, 2), (3, 4, 9, 11, 12)])
def test_a_plan_reads_back_as_it_was_written(tmp_path: Path, tasks: tuple[int, ...]) -> None:
    start(tmp_path, plan=Plan(tasks=tasks, samples=1))
    assert read_run(tmp_path)[1].tasks == tasks


def test_a_plan_may_grow(tmp_path: Path) -> None:
    start(tmp_path)
    start(tmp_path, plan=Plan(tasks=(0, 1, 2, 3), samples=4))
    assert read_run(tmp_path)[1] == Plan(tasks=(0, 1, 2, 3), samples=4)


def test_another_configuration_is_refused_and_the_sentence_names_what_differs(tmp_path: Path) -> None:
    start(tmp_path)
    other = {**CONFIG, "policy": "null", "params": {"temperature": 0.0, "seed": None}}
    with pytest.raises(RunError) as caught:
        start(tmp_path, other)
    message = str(caught.value)
    assert 'policy is "oracle" there and "null" here' in message
    assert "params.temperature is 1.0 there and 0.0 here" in message
    assert "target" not in message
    assert "--overwrite" in message


def test_a_refused_start_changes_nothing(tmp_path: Path) -> None:
    start(tmp_path)
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(RunError):
        start(tmp_path, {**CONFIG, "seed": 1})
    assert (tmp_path / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("there", "here", "phrases"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {}, ["a is 1 there and absent here"]),
        ({"a": None}, {}, ["a is null there and absent here"]),
        ({"a": {"b": {"c": [1]}}}, {"a": {"b": {"c": [2]}}}, ["a.b.c is [1] there and [2] here"]),
    ],
)
def test_differences_name_each_setting_that_differs(
    there: dict[str, object], here: dict[str, object], phrases: list[str]
) -> None:
    assert differences(there, here) == phrases


def test_overwrite_deletes_the_run_and_only_the_run(tmp_path: Path) -> None:
    start(tmp_path)
    (tmp_path / "episodes.jsonl").write_bytes(b"old\n")
    (tmp_path / "notes.txt").write_text("mine")
    assert start(tmp_path, {**CONFIG, "seed": 1}, overwrite=True) == 1
    assert (tmp_path / "episodes.jsonl").read_bytes() == b""
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_second_start_in_the_same_process_is_refused(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG, PLAN), pytest.raises(RunError, match="another evaluation is writing"):
        start(tmp_path)
    assert start(tmp_path) == 2


def test_a_run_that_is_being_written_cannot_be_overwritten(tmp_path: Path) -> None:
    start(tmp_path)
    with open_run(tmp_path, CONFIG, PLAN):
        before = (tmp_path / "run.json").read_bytes()
        with pytest.raises(RunError, match="another evaluation is writing"):
            start(tmp_path, overwrite=True)
        assert (tmp_path / "run.json").read_bytes() == before


HOLD = """
import os, sys, time
from assaygym.benchmarks.folder import Plan, open_run
with open_run(sys.argv[1], {}, Plan(tasks=(0,), samples=1)):
    child = os.fork() if sys.argv[2] == "fork" else -1
    if child == 0:
        time.sleep(30)
        os._exit(0)
    print(child, flush=True)
    time.sleep(30)
"""


def hold(path: Path, mode: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path), mode], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


def test_a_run_of_another_process_is_refused_until_that_one_is_gone(tmp_path: Path) -> None:
    process, _ = hold(tmp_path, "plain")
    with pytest.raises(RunError, match="another evaluation is writing"), open_run(tmp_path, {}, PLAN):
        pass
    kill(process)
    with open_run(tmp_path, {}, PLAN) as run:
        assert run.attempt == 2


def test_a_child_that_outlives_a_killed_run_does_not_keep_the_folder(tmp_path: Path) -> None:
    process, child = hold(tmp_path, "fork")
    try:
        kill(process)
        with open_run(tmp_path, {}, PLAN) as run:
            assert run.attempt == 2
    finally:
        os.kill(child, 9)


def test_episodes_without_their_run_are_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "episodes.jsonl").write_bytes(b"{}\n")
    with pytest.raises(RunError, match=r"but no run\.json"):
        start(tmp_path)
    assert start(tmp_path, overwrite=True) == 1


@pytest.mark.parametrize("text", ["", "[]", '{"format": 99}', "{"])
def test_a_document_that_is_not_ours_is_refused_unless_overwritten(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match="overwrite"):
        start(tmp_path)
    assert start(tmp_path, overwrite=True) == 1


def test_a_file_in_the_place_of_the_folder_is_a_run_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(RunError, match="cannot make the run's folder"):
        start(tmp_path / "out")


def test_a_folder_without_a_run_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        read_run(tmp_path)


def test_a_start_records_the_commit_of_the_users_files_and_none_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "git_state", lambda: {"commit": "c" * 40, "dirty": True})
    start(tmp_path)
    monkeypatch.setattr(folder, "git_state", lambda: None)
    start(tmp_path)
    states = [attempt["git"] for attempt in read_run(tmp_path)[0]["attempts"]]
    assert states == [{"commit": "c" * 40, "dirty": True}, None]


def test_a_run_is_looked_at_without_being_started(tmp_path: Path) -> None:
    assert peek(tmp_path / "absent", CONFIG) is None
    assert not (tmp_path / "absent").exists()
    start(tmp_path)
    before = (tmp_path / "run.json").read_bytes()
    assert peek(tmp_path, CONFIG) == tmp_path / "episodes.jsonl"
    with pytest.raises(RunError, match="seed is 0 there and 1 here"):
        peek(tmp_path, {**CONFIG, "seed": 1})
    with open_run(tmp_path, CONFIG, PLAN) as run:
        assert peek(tmp_path, CONFIG) is not None
        assert run.before == read_run(tmp_path)[0]["attempts"][:-1]
    assert json.loads(before)["config"] == read_run(tmp_path)[0]["config"]

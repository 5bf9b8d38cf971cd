"""Where the viewer's episodes come from."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.folder import EPISODES
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.viewer.source import Source, same_tasks
from assaygym.errors import ConfigError, RunError

MakeEpisode = Callable[..., EpisodeRecord]
WriteRun = Callable[..., Path]
Open = Callable[[Path], Source]


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Source]]:
    """Opens a run; it is closed when the test is over."""
    with ExitStack() as stack:

        def open_one(path: Path) -> Source:
            source = Source(path)
            stack.callback(source.close)
            source.open()
            return source

        yield open_one


def test_the_episodes_of_a_run_come_by_task_and_sample(episode: MakeEpisode, write_run: WriteRun, opened: Open) -> None:
    source = opened(write_run("a", [episode(2), episode(1, 1), episode(1, 0)]))
    assert [row.key for row in source.rows()] == [(1, 0), (1, 1), (2, 0)]
    assert source.read((1, 1)).trajectory["turns"][1]["completion"]["message"]["content"] == "It is 42."
    assert b'"task":1,"sample":1' in source.raw((1, 1))
    assert (source.target, source.player, source.planned) == ("mine/flip-v0", "oracle:0.3", 2)


def test_a_run_without_episodes_is_empty(write_run: WriteRun, opened: Open) -> None:
    source = opened(write_run("a", []))
    assert list(source.rows()) == []
    with pytest.raises(RunError, match="no episode 0/0"):
        source.read((0, 0))


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        Source(tmp_path)


def test_what_is_written_meanwhile_is_noticed_and_a_line_half_written_waits(
    episode: MakeEpisode, write_run: WriteRun, opened: Open
) -> None:
    folder = write_run("a", [episode(1)])
    source = opened(folder)
    assert not source.changed()
    line = (folder / EPISODES).read_bytes().replace(b'"task":1', b'"task":2')
    with (folder / EPISODES).open("ab") as log:
        log.write(line[:50])
        log.flush()
        assert source.changed()
        source.open()
        assert [row.task for row in source.rows()] == [1]
        log.write(line[50:])
    source.open()
    assert [row.task for row in source.rows()] == [1, 2]


def test_later_scores_take_the_place_of_the_verdict_and_tell_the_old_one(
    episode: MakeEpisode, write_run: WriteRun, write_rescored: Callable[..., Path], opened: Open
) -> None:
    folder = write_run("a", [episode(1), episode(2)])
    later = write_rescored(folder, [episode(1, 0, "correct", explanation="after all"), episode(2)])
    source = opened(later)
    assert [row.outcome for row in source.rows()] == [Outcome.CORRECT, Outcome.INCORRECT]
    assert [row.turns for row in source.rows()] == [2, 2]
    record = source.read((1, 0))
    assert record.explanation == "after all"
    assert record.trajectory["notes"] == {"before": "incorrect: reason 1"}
    assert len(record.trajectory["turns"]) == 2


def test_another_file_of_the_folder_is_no_run(episode: MakeEpisode, write_run: WriteRun) -> None:
    with pytest.raises(RunError, match=r"no run\.jsonl beside it"):
        Source(write_run("a", [episode(1)]) / "run.json")


def run_on(write_run: WriteRun, name: str, target: dict[str, Any]) -> Source:
    return Source(write_run(name, [], {"target": target, "policy": {"name": "x"}}))


def test_two_runs_share_tasks_by_number_only_on_the_same_data(write_run: WriteRun) -> None:
    a, b, c, other = (
        run_on(write_run, name, {"id": of, "data": {"sha256": digest}})
        for name, of, digest in [("a", "s", "1"), ("b", "s", "1"), ("c", "s", "2"), ("d", "t", "1")]
    )
    assert same_tasks(a, b)
    assert not same_tasks(a, c)
    with pytest.raises(ConfigError, match="expected two runs on the same"):
        same_tasks(a, other)

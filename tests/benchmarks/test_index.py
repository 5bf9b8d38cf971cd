from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaygym.benchmarks import index as module
from assaygym.benchmarks import index_line, index_table
from assaygym.benchmarks.index import EpisodeIndex, IndexedLog, final_records, index_path
from assaygym.benchmarks.measures import measure
from assaygym.benchmarks.records import EpisodeLog, EpisodeRecord, Outcome, mend, without_trajectory
from assaygym.errors import RunError

CONFIGS = ("c0", "c1")


@pytest.fixture(autouse=True)
def every_log_has_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", 0)


def record(task: int = 0, sample: int = 0, said: str = "so", config: str = "c0", **fields: Any) -> EpisodeRecord:
    message: dict[str, Any] = {"role": "assistant", "content": said, "reasoning": None, "tool_calls": []}
    completion = {"message": message, "prompt_ids": [1], "token_ids": [2, 3], "logprobs": None, "cached": False}
    turn = {"observation": [], "completion": completion, "info": {"tool_calls": 1}, "step_seconds": 0.5}
    values: dict[str, Any] = {"task_id": f"t{task}", "outcome": Outcome.CORRECT, "value": 1.0, **fields}
    return EpisodeRecord(task=task, sample=sample, config=config, trajectory={"turns": [turn]}, **values)


def write(log: Path, *records: EpisodeRecord) -> None:
    with EpisodeLog(log) as file:
        for each in records:
            file.append(each)


def scanned(log: Path, config: str) -> dict[Any, Any]:
    """What the log says, read line by line: the record without trajectory, the measures, where the line is."""
    found, offset = {}, 0
    for line in log.read_bytes().split(b"\n")[:-1]:
        row = json.loads(line)
        if row["config"] == config:
            each = EpisodeRecord.from_row(row)
            light = without_trajectory(each)
            found[each.key] = told(light), told(measure(row["trajectory"])), offset, len(line), line
        offset += len(line) + 1
    return dict(sorted(found.items()))


def indexed(log: Path, config: str) -> dict[Any, Any]:
    """The same as an index says it, which must agree with itself."""
    with EpisodeIndex(log, config) as index:
        found = {
            e.record.key: (told(e.record), told(e.measures), e.offset, e.length, index.raw(e)) for e in index.entries()
        }
        assert len(index) == len(found)
        for key in found:
            assert (one := index.find(*key)) is not None
            assert told(one.record) == found[key][0]
            assert key in [each.record.key for each in index.named(one.record.task_id)]
        assert index.find(99, 99) is None
    return found


def told(value: Any) -> str:
    return repr(sorted(asdict(value).items()))  # repr: NaN is NaN


def test_it_says_of_each_episode_what_its_last_line_says(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    lost = record(1, 0, outcome=Outcome.ERROR, value=math.nan)
    write(log, record(1, 1, flags=("exit",)), lost, record(0, config="c1"), record(1, 0, "at last", attempt=2))
    with EpisodeIndex(log, "c0") as index:
        first, second = index.entries()
        assert (first.record.key, first.record.outcome, first.record.attempt) == ((1, 0), Outcome.CORRECT, 2)
        assert (second.record.flags, second.record.trajectory) == (("exit",), {})
        assert (first.measures.turns, first.measures.sampled_tokens, first.measures.step_seconds) == (1, 2, 0.5)
        assert index.read(first) == record(1, 0, "at last", attempt=2)
    assert indexed(log, "c0") == scanned(log, "c0")


@pytest.mark.parametrize("text", ["\ud800", "\x00", "é\u2028", "'; DROP TABLE lines; --", "%_"])
def test_any_text_is_kept_and_found(tmp_path: Path, text: str) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(3, task_id=text, extracted=text, config=text))
    with EpisodeIndex(log, text) as index:
        assert [entry.record.extracted for entry in index.named(text)] == [text]


def test_numbers_beyond_64_bits_are_in_order_too(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    tasks = [10**30, 2**63, 5, 2**63 - 1, 10**19, 9 * 10**29]
    write(log, *(record(task) for task in tasks))
    with EpisodeIndex(log, "c0") as index:
        assert [entry.record.task for entry in index.entries()] == sorted(tasks)
        assert all(index.find(task, 0) for task in tasks)


def test_more_episodes_than_a_page_are_each_there_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    monkeypatch.setattr(index_table, "BATCH", 4)
    log = tmp_path / "episodes.jsonl"
    write(log, *(record(task % 5, task // 5) for task in range(20)))
    assert list(indexed(log, "c0")) == [(task, sample) for task in range(5) for sample in range(4)]


def test_a_missing_log_has_no_episodes_and_gets_no_index(tmp_path: Path) -> None:
    with EpisodeIndex(tmp_path / "episodes.jsonl", "c0") as index:
        assert (len(index), list(index.entries()), index.find(0, 0)) == (0, [], None)
    assert not list(tmp_path.iterdir())


def test_a_small_log_gets_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", 1 << 20)
    log = tmp_path / "episodes.jsonl"
    with IndexedLog(log) as file:
        file.append(record())
    assert indexed(log, "c0") == scanned(log, "c0")
    assert list(tmp_path.iterdir()) == [log]


def test_an_unchanged_log_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_table, "UNSETTLED", -(10**18))
    log = tmp_path / "episodes.jsonl"
    write(log, record(0), record(1))
    before = indexed(log, "c0")
    monkeypatch.setattr(index_table, "_reader", None)
    assert indexed(log, "c0") == before
    with log.open("ab") as file:
        file.write(b"x\n")
    with pytest.raises(TypeError):
        indexed(log, "c0")


def test_an_index_is_extended_from_where_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0), record(1))
    indexed(log, "c0")
    seen: list[int] = []

    def line_of(each: EpisodeRecord, offset: int, written: bytes) -> index_line.Line:
        seen.append(each.task)
        return original(each, offset, written)

    original = index_line.line_of
    monkeypatch.setattr(index_table, "line_of", line_of)
    write(log, record(2), record(3))
    assert list(indexed(log, "c0")) == [(task, 0) for task in range(4)]
    assert seen == [2, 3]


def test_a_torn_last_line_is_left_out_until_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    line = record(1).line()
    write(log, record(0))
    log.write_bytes(log.read_bytes() + line[:-5])
    assert list(indexed(log, "c0")) == [(0, 0)]
    with log.open("ab") as file:
        file.write(line[-5:])
    assert list(indexed(log, "c0")) == [(0, 0), (1, 0)]


def swapped(log: Path) -> None:
    data = log.read_bytes()
    log.write_bytes(data.replace(b'"task":0', b'"task":7', 1))


def swapped_and_grown(log: Path) -> None:
    swapped(log)
    write(log, record(8))


@pytest.mark.parametrize(
    "change",
    [
        swapped,
        lambda log: log.write_bytes(log.read_bytes().split(b"\n")[0] + b"\n"),
        swapped_and_grown,
        lambda log: log.write_bytes(record(5).line() + record(6).line()),
        lambda log: index_path(log).write_bytes(b"no database" * 1000),
        lambda log: index_path(log).write_bytes(b""),
        lambda log: index_path(log).write_bytes(index_path(log).read_bytes()[:9000]),
        lambda log: index_path(log).write_bytes(b"\0" * 100_000),
        lambda log: sqlite3.connect(index_path(log)).execute("PRAGMA user_version = 5").connection.close(),
        lambda log: sqlite3.connect(index_path(log)).execute("DROP TABLE lines").connection.close(),
        lambda log: index_path(log).unlink(),
    ],
    ids=[
        "edited",
        "shortened",
        "edited-and-grown",
        "other",
        "rubbish",
        "empty",
        "cut",
        "zeros",
        "format",
        "part",
        "none",
    ],
)
def test_an_index_that_does_not_fit_is_made_anew(tmp_path: Path, change: Callable[[Path], object]) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, *(record(task, said="x" * 50) for task in range(40)))
    indexed(log, "c0")
    change(log)
    assert indexed(log, "c0") == scanned(log, "c0")
    with sqlite3.connect(index_path(log)) as kept:
        assert kept.execute("SELECT count(*) FROM lines").fetchone()[0] == log.read_bytes().count(b"\n")
    kept.close()


def test_a_copied_run_keeps_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, copy = tmp_path / "episodes.jsonl", tmp_path / "copy" / "episodes.jsonl"
    write(log, record(0), record(1))
    indexed(log, "c0")
    copy.parent.mkdir()
    for path in (log, index_path(log)):
        (copy.parent / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(index_table, "line_of", None)  # no line is read as an episode again
    assert list(indexed(copy, "c0")) == [(0, 0), (1, 0)]


def test_of_a_long_log_that_grew_only_some_lines_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_table, "WHOLE", 0)
    monkeypatch.setattr(index_table, "SPREAD", 4)
    log = tmp_path / "episodes.jsonl"
    write(log, *(record(task) for task in range(100)))
    indexed(log, "c0")
    write(log, record(100))
    monkeypatch.setattr(index_table.IndexTable, "_all_are_there", None)
    assert indexed(log, "c0") == scanned(log, "c0")
    monkeypatch.undo()
    monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(index_table, "WHOLE", 0)
    log.write_bytes(b"".join(record(task, said="others").line() for task in range(120)))
    assert indexed(log, "c0") == scanned(log, "c0")


@pytest.mark.parametrize("line", [b"not json", b"[]", b'{"task": 1}', b'{"task":-1,"sample":0,"value":1}'])
def test_a_spoilt_line_is_named_by_its_number_wherever_the_index_ends(tmp_path: Path, line: bytes) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0))
    indexed(log, "c0")
    with log.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(RunError, match="line 2 is no episode"):
        EpisodeIndex(log, "c0")


def test_a_log_that_cannot_be_read_is_a_run_error(tmp_path: Path) -> None:
    (tmp_path / "episodes.jsonl").mkdir()
    with pytest.raises(RunError, match="cannot read"):
        EpisodeIndex(tmp_path / "episodes.jsonl", "c0")


def test_a_line_that_changed_since_is_never_taken_for_the_episode(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0), record(1))
    with EpisodeIndex(log, "c0") as index:
        entry = index.find(0, 0)
        assert entry is not None
        swapped(log)
        with pytest.raises(RunError, match="rewritten while it was read"):
            index.raw(entry)
        with pytest.raises(RunError, match="rewritten while it was read"):
            index.read(replace(entry, checksum=None, length=9))


def test_an_open_index_shows_the_log_of_then(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0))
    with EpisodeIndex(log, "c0") as index:
        write(log, record(0, attempt=2), record(1))
        with EpisodeIndex(log, "c0") as later:
            assert len(later) == 2
        assert [entry.record.attempt for entry in index.entries()] == [1]
        assert len(index) == 1


def test_an_open_index_whose_rows_another_reader_made_anew_says_so(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0), record(1))
    with EpisodeIndex(log, "c0") as index:
        log.write_bytes(record(7).line())
        indexed(log, "c0")
        with pytest.raises(RunError, match="rewritten while it was read"):
            list(index.entries())


def test_what_another_reader_takes_in_meanwhile_is_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, stamp = tmp_path / "episodes.jsonl", index_table._stamp

    def looked(file: BinaryIO) -> Any:
        seen = stamp(file)
        monkeypatch.setattr(index_table, "_stamp", stamp)
        write(log, record(2))
        with EpisodeIndex(log, "c0") as quicker:
            assert len(quicker) == 2
        return seen

    write(log, record(1))
    with EpisodeIndex(log, "c0") as first:
        generation = first._table.generation
    monkeypatch.setattr(index_table, "_stamp", looked)
    with EpisodeIndex(log, "c0") as index:
        assert (len(index), index._table.generation) == (2, generation)


def test_where_the_index_cannot_be_written_the_answer_is_the_same(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0), record(1))
    index_path(log).mkdir()
    assert indexed(log, "c0") == scanned(log, "c0")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_read_without_writing(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0))
    tmp_path.chmod(0o500)
    try:
        assert indexed(log, "c0") == scanned(log, "c0")
        assert list(tmp_path.iterdir()) == [log]
    finally:
        tmp_path.chmod(0o700)


def test_an_index_that_is_being_written_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    log = tmp_path / "episodes.jsonl"
    write(log, record(0))
    indexed(log, "c0")
    before = index_path(log).read_bytes()
    write(log, record(1))
    other = sqlite3.connect(index_path(log), isolation_level=None)
    for lock in ("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"):
        other.execute(lock)
        assert indexed(log, "c0") == scanned(log, "c0")
        other.execute("ROLLBACK")
    other.close()
    assert index_path(log).read_bytes() == before


def test_an_index_that_is_damaged_while_it_is_read_is_replaced_by_the_log(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, *(record(task, said="y" * 200) for task in range(200)))
    with EpisodeIndex(log, "c0") as index:
        index_path(log).write_bytes(b"rubbish" * 10_000)
        assert [entry.record.task for entry in index.entries()] == list(range(200))


def test_final_records_are_those_that_count(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    write(log, record(0), record(0, said="again"), record(1, config="c1"))
    assert final_records(log, "c0") == {(0, 0): without_trajectory(record(0))}
    assert final_records(log, "c0", trajectories=True) == {(0, 0): record(0, said="again")}


LINES = st.builds(
    record,
    task=st.integers(0, 2),
    sample=st.integers(0, 1),
    said=st.sampled_from(["a", "b", "\ud800"]),
    config=st.sampled_from(CONFIGS),
    attempt=st.integers(1, 2),
)
STEPS = st.one_of(
    st.tuples(st.just("append"), st.lists(LINES, max_size=4)),
    st.tuples(st.just("run"), st.lists(LINES, max_size=4)),
    st.tuples(st.just("tear"), LINES),
    st.tuples(st.just("cut"), st.floats(0, 1)),
    st.tuples(st.just("rewrite"), st.tuples(st.integers(0, 5), LINES)),
    st.tuples(st.just("spoil"), st.sampled_from([b"", b"rubbish", None])),
    st.tuples(st.just("look"), st.none()),
)


def step(log: Path, what: str, given: Any) -> None:
    """One thing that may happen to a log."""
    data = log.read_bytes() if log.exists() else b""
    if what == "append":
        mend(log)
        write(log, *given)
    elif what == "run":
        mend(log)
        with IndexedLog(log) as file:
            for number, each in enumerate(given):
                file.append(each)
                if number % 2:
                    file.flush()
                    assert indexed(log, "c0") == scanned(log, "c0")
    elif what == "tear":
        log.write_bytes(data + given.line()[:-9])
        mend(log) if data and not data.endswith(b"\n") else None
    elif what == "cut":
        log.write_bytes(data[: int(given * len(data))])
    elif what == "rewrite":
        lines = data.split(b"\n")
        lines[given[0] % len(lines)] = given[1].line()[:-1]
        log.write_bytes(b"\n".join(lines))
        mend(log)
    elif what == "spoil" and given is not None:
        index_path(log).write_bytes(given)
    elif what == "spoil":
        index_path(log).unlink(missing_ok=True)


@given(st.lists(st.tuples(STEPS, st.booleans()), max_size=8))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_a_log_its_index_says_what_a_plain_scan_says(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[tuple[str, Any], bool]]
) -> None:
    log = tmp_path_factory.mktemp("log") / "episodes.jsonl"
    log.touch()
    for (what, given_), looked in [*steps, (("look", None), True)]:
        step(log, what, given_)
        for config in CONFIGS if looked else ():
            assert indexed(log, config) == scanned(log, config)

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.index import final_records
from assaygym.benchmarks.records import (
    EpisodeLog,
    EpisodeRecord,
    Outcome,
    mend,
    outcome_of,
    read_records,
)
from assaygym.errors import RunError
from assaygym.types import Score, StopReason, Trajectory, Verdict


def record(task: int = 0, sample: int = 0, outcome: Outcome = Outcome.CORRECT, **fields: object) -> EpisodeRecord:
    values = {"value": 1.0 if outcome is Outcome.CORRECT else 0.0 if outcome.scored else math.nan, **fields}
    return EpisodeRecord(task=task, sample=sample, config="c0", task_id=f"t{task}", outcome=outcome, **values)  # type: ignore[arg-type]


def write(path: Path, *records: EpisodeRecord) -> None:
    with EpisodeLog(path) as log:
        for item in records:
            log.append(item)


def trajectory(score: Score | None, stop: StopReason = StopReason.COMPLETED) -> Trajectory:
    return Trajectory(env_id="e", task_id="t", seed=0, split="eval", turns=(), score=score, stop_reason=stop)


@pytest.mark.parametrize(
    ("score", "stop", "outcome"),
    [
        (Score.of(True), StopReason.COMPLETED, Outcome.CORRECT),
        (Score.of(0.5), StopReason.COMPLETED, Outcome.PARTIAL),
        (Score.of(False), StopReason.MAX_TURNS, Outcome.INCORRECT),
        (Score.unparsed("no box"), StopReason.COMPLETED, Outcome.UNPARSED),
        (Score.invalid("sandbox down"), StopReason.COMPLETED, Outcome.INVALID),
        (None, StopReason.ERROR, Outcome.ERROR),
        (Score.of(True), StopReason.ERROR, Outcome.ERROR),
        (None, StopReason.CONTEXT_OVERFLOW, Outcome.UNFINISHED),
    ],
)
def test_the_outcome_tells_a_wrong_answer_from_a_fault_of_ours(
    score: Score | None, stop: StopReason, outcome: Outcome
) -> None:
    assert outcome_of(trajectory(score, stop)) is outcome


def test_every_verdict_has_an_outcome() -> None:
    assert {verdict.value for verdict in Verdict} <= {outcome.value for outcome in Outcome}


def test_only_a_verdict_on_the_agent_is_scored() -> None:
    assert [outcome for outcome in Outcome if not outcome.scored] == [
        Outcome.INVALID,
        Outcome.ERROR,
        Outcome.UNFINISHED,
    ]


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    written = record(3, 1, extracted="\u00e9\n\ud800", flags=("exit",), trajectory={"turns": [{"text": "a\u2028b"}]})
    write(path, written)
    assert list(read_records(path)) == [written]


def test_the_value_of_an_unscored_episode_is_null_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(outcome=Outcome.INVALID))
    assert json.loads(path.read_text())["value"] is None
    assert math.isnan(next(read_records(path)).value)


def test_an_episode_is_in_the_file_before_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    with EpisodeLog(path) as log:
        log.append(record())
        assert path.read_bytes().count(b"\n") == 1


def test_the_last_line_of_a_key_counts(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(0, outcome=Outcome.ERROR), record(1), record(0, attempt=2))
    final = final_records(path, "c0")
    assert set(final) == {(0, 0), (1, 0)}
    assert final[0, 0].outcome is Outcome.CORRECT


def test_episodes_of_another_configuration_are_not_read_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record())
    assert final_records(path, "other") == {}


def test_trajectories_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(trajectory={"turns": []}))
    assert final_records(path, "c0")[0, 0].trajectory == {}
    assert final_records(path, "c0", trajectories=True)[0, 0].trajectory == {"turns": []}


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4), st.data())
def test_a_file_cut_anywhere_loses_only_the_line_that_was_cut(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "episodes.jsonl"
    records = [record(number, explanation=text) for number, text in enumerate(texts)]
    write(path, *records)
    whole = path.read_bytes()
    kept = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:kept])
    mend(path)
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    assert list(read_records(path)) == records[: sum(end <= kept for end in ends)]
    write(path, record(99))
    assert list(read_records(path))[-1].task == 99


def test_mend_tells_how_much_it_cut(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(0))
    with path.open("ab") as file:
        file.write(b'{"task": 1, "sam')
    assert mend(path) == 16
    assert mend(path) == 0


def test_mend_cuts_a_torn_line_longer_than_a_block(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(0))
    with path.open("ab") as file:
        file.write(b'{"task": "' + b"x" * 200_000)
    mend(path)
    assert [item.task for item in read_records(path)] == [0]


def test_mend_ends_a_whole_last_line_that_lacks_only_its_newline(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(0), record(1))
    path.write_bytes(path.read_bytes()[:-1])
    assert mend(path) == 0
    assert [item.task for item in read_records(path)] == [0, 1]


def test_a_reader_leaves_a_line_that_is_still_being_written_alone(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(0))
    torn = path.read_bytes() + b'{"task": 1'
    path.write_bytes(torn)
    assert [item.task for item in read_records(path)] == [0]
    assert path.read_bytes() == torn


@pytest.mark.parametrize("line", [b"not json", b"[]", b'{"task": 1}', b'{"task":0,"sample":0,"value":1,"outcome":"?"}'])
def test_a_spoilt_line_in_the_middle_is_named_not_skipped(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "episodes.jsonl"
    write(path, record(0))
    with path.open("ab") as file:
        file.write(line + b"\n")
    write(path, record(1))
    with pytest.raises(RunError, match="line 2 is no episode"):
        list(read_records(path))


def test_a_file_that_cannot_be_opened_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot write"):
        EpisodeLog(tmp_path / "absent" / "episodes.jsonl")


def test_a_full_disk_is_a_run_error_that_says_nothing_is_lost() -> None:
    with EpisodeLog(Path("/dev/full")) as log, pytest.raises(RunError, match="every episode before is kept"):
        log.append(record())

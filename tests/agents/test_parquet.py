"""Trajectories in parquet: what another trainer finds in the file, and how it is written and read."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assaygym.agents.parquet import TrajectoryWriter, read_groups, read_trajectories
from assaygym.agents.strategies.group import Group
from assaygym.agents.tokens import mask_of, row_ids, token_rows
from assaygym.errors import DataError, MissingDependencyError
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn

CALL = ToolCall(id="call_0", name="add", arguments='{"a": 1}')


def turn(prompt: tuple[int, ...], sampled: tuple[int, ...], *observed: Message, **fields: Any) -> Turn:
    logprobs = tuple(-0.25 * n for n, _ in enumerate(sampled, start=1))
    said = Message(role="assistant", content="said", tool_calls=(CALL,))
    fields = {"logprobs": logprobs, **fields}
    completion = Completion(message=said, prompt_ids=prompt, token_ids=sampled, **fields)
    return Turn(observation=observed, completion=completion, reward=0.5)


def episode(*turns: Turn, id: str = "e/0", **fields: Any) -> Trajectory:
    plain = {"score": Score.of(1.0), "stop_reason": StopReason.COMPLETED, **fields}
    return Trajectory(env_id="e", task_id="t", seed=7, split="train", turns=turns, id=id, **plain)


ASK, RESULT = Message(role="user", content="1 + 1?"), Message(role="tool", content="2", tool_call_id="call_0")
TWO = episode(turn((1, 2), (3, 4), ASK), turn((1, 2, 3, 4, 5), (6,), RESULT))


def written(path: Path, *trajectories: Trajectory) -> pa.Table:
    with TrajectoryWriter(path / "t.parquet") as writer:
        for trajectory in trajectories:
            writer.write(trajectory)
    return pq.read_table(path / "t.parquet")


def column(table: pa.Table, name: str) -> Any:
    (value,) = table[name].to_pylist()
    return value


def test_ids_masks_and_log_probabilities_are_lists_of_one_length(tmp_path: Path) -> None:
    table = written(tmp_path, TWO)
    assert column(table, "ids") == [1, 2, 3, 4, 5, 6]
    assert column(table, "mask") == [0, 0, 1, 1, 0, 1]
    assert column(table, "logprobs") == [0, 0, -0.25, -0.5, 0, -0.25]
    assert column(table, "row_starts") == [0]
    (row,) = token_rows(TWO)
    assert (row_ids(row), mask_of(row)) == (tuple(column(table, "ids")), tuple(column(table, "mask")))


def test_messages_are_the_conversation_in_the_common_form(tmp_path: Path) -> None:
    messages = column(written(tmp_path, TWO), "messages")
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[1]["tool_calls"] == [{"id": "call_0", "name": "add", "arguments": '{"a": 1}'}]
    assert messages[2]["tool_call_id"] == "call_0"


def test_each_turn_says_where_its_ids_stand(tmp_path: Path) -> None:
    first, second = column(written(tmp_path, TWO), "turns")
    assert [(t["row"], t["start"], t["end"], t["observed"]) for t in (first, second)] == [(0, 2, 4, 1), (0, 5, 6, 1)]
    assert second["logprobs"] == [-0.25]


def test_ids_are_stored_once_however_many_turns_there_are(tmp_path: Path) -> None:
    fed: tuple[int, ...] = ()
    turns = []
    for n in range(50):
        turns.append(turn((*fed, n), (n,)))
        fed = (*turns[-1].completion.prompt_ids, n)
    assert len(column(written(tmp_path, episode(*turns)), "ids")) == 100


def test_a_rewritten_history_begins_anew_where_row_starts_says(tmp_path: Path) -> None:
    table = written(tmp_path, episode(turn((1, 2), (3,)), turn((1, 9), (4,))))
    assert column(table, "ids") == [1, 2, 3, 1, 9, 4]
    assert column(table, "row_starts") == [0, 3]


def test_what_has_no_log_probability_is_nan_and_not_zero(tmp_path: Path) -> None:
    found = column(written(tmp_path, episode(turn((1,), (2,), logprobs=None))), "logprobs")
    assert found[0] == 0
    assert math.isnan(found[1])


def test_a_reward_that_nobody_could_judge_is_null(tmp_path: Path) -> None:
    bad = episode(turn((1,), (2,)), score=Score.invalid("the sandbox died"), stop_reason=StopReason.ERROR, error="died")
    table = written(tmp_path, bad)
    assert [column(table, name) for name in ("reward", "value", "verdict", "error")] == [None, None, "invalid", "died"]


def test_text_that_is_no_unicode_is_readable_in_its_column_and_exact_when_read_back(tmp_path: Path) -> None:
    odd = episode(turn((1,), (2,), Message(role="user", content="half \ud800")))
    assert column(written(tmp_path, odd), "messages")[0]["content"] == "half ?"
    assert list(read_trajectories(tmp_path / "t.parquet")) == [odd]


def test_plain_trajectories_need_no_second_form(tmp_path: Path) -> None:
    assert column(written(tmp_path, TWO), "exact") is None


def test_the_columns_are_those_that_are_documented(tmp_path: Path) -> None:
    import assaygym.agents.parquet as module

    documented = [line.split("|")[1] for line in str(module.__doc__).splitlines() if line.startswith("| `")]
    names = [name.strip(" `") for cell in documented for name in cell.split(",")]
    assert written(tmp_path, TWO).schema.names == names


def test_groups_come_back_with_what_was_pruned(tmp_path: Path) -> None:
    first = Group(key="a", trajectories=(TWO, episode(id="e/1", parent=("e/0", 1))), pruned=(episode(id="e/2"),))
    second = Group(key="b", trajectories=(episode(id="b/0", notes={"hint": 0.5}),))
    with TrajectoryWriter(tmp_path / "g.parquet", rows_per_group=2) as writer:
        writer.write_group(first)
        writer.write_group(second)
    assert list(read_groups(tmp_path / "g.parquet")) == [first, second]


def test_row_groups_are_written_as_they_fill(tmp_path: Path) -> None:
    with TrajectoryWriter(tmp_path / "t.parquet", rows_per_group=2) as writer:
        for _ in range(5):
            writer.write(TWO)
    assert [pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(n).num_rows for n in range(3)] == [2, 2, 1]


def test_the_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    writer = TrajectoryWriter(tmp_path / "t.parquet", rows_per_group=1)
    writer.write(TWO)
    assert not (tmp_path / "t.parquet").exists()
    writer.close()
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_an_interrupted_run_keeps_what_was_written(tmp_path: Path) -> None:
    def interrupted() -> None:
        with TrajectoryWriter(tmp_path / "t.parquet") as writer:
            writer.write(TWO)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(read_trajectories(tmp_path / "t.parquet")) == [TWO]


def test_reading_is_lazy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TrajectoryWriter(tmp_path / "t.parquet", rows_per_group=40) as writer:
        for _ in range(200):
            writer.write(TWO)
    decoded: list[Any] = []

    def counted(row: Any) -> Trajectory:
        decoded.append(row)
        return TWO

    monkeypatch.setattr("assaygym.agents.parquet.trajectory_of", counted)
    rows = read_trajectories(tmp_path / "t.parquet")
    next(rows)
    assert len(decoded) == 1


def test_no_trajectories_are_a_file_too(tmp_path: Path) -> None:
    assert written(tmp_path).num_rows == 0
    assert list(read_groups(tmp_path / "t.parquet")) == []


def test_an_id_beyond_the_column_is_a_data_error(tmp_path: Path) -> None:
    writer = TrajectoryWriter(tmp_path / "t.parquet")
    writer.write(episode(turn((2**31,), (1,))))
    with pytest.raises(DataError, match="does not fit the columns"):
        writer.close()


@pytest.mark.parametrize("content", [None, b"no parquet", pa.table({"x": [1]})])
def test_a_file_that_holds_no_trajectories_says_so(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "x.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        pq.write_table(content, path)
    with pytest.raises(DataError, match=r"trajectories"):
        list(read_trajectories(path))


def test_without_pyarrow_the_error_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingDependencyError, match=r"assaygym\[hub\]"):
        TrajectoryWriter(tmp_path / "t.parquet")
    with pytest.raises(MissingDependencyError, match=r"assaygym\[hub\]"):
        list(read_trajectories(tmp_path / "t.parquet"))

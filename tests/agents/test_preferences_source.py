"""A recording is read as its groups, whatever file it stands in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.parquet import TrajectoryWriter
from assaygym.agents.preferences_source import Recording
from assaygym.agents.record import group_to_dict, trajectory_to_dict
from assaygym.agents.strategies.group import Group
from assaygym.errors import DataError
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn


def episode(task: str, sample: int | str, text: str = "yes", reward: float = 1.0, **fields: Any) -> Trajectory:
    said = Completion(
        message=Message(role="assistant", content=text),
        prompt_ids=(1, 2),
        token_ids=(3,),
        logprobs=(-0.5,),
        entropies=(0.1,),
        top_k_entropies=(0.1,),
    )
    turn = Turn(observation=(Message(role="user", content=task),), completion=said, reward=reward)
    kept = {"id": f"{task}/{sample}", "turns": (turn,), "stop_reason": StopReason.COMPLETED, "seed": 0, **fields}
    return Trajectory(env_id="e", task_id=task, split="all", score=None, **kept)


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def line(task: int, sample: int, text: str = "yes", config: str = "c") -> dict[str, Any]:
    """An episode of an evaluation."""
    played = trajectory_to_dict(episode(str(task), sample, text))
    return {"task": task, "sample": sample, "config": config, "outcome": "correct", "trajectory": played}


def names(recording: Recording) -> list[tuple[str, list[str]]]:
    return [(group.key, [one.id for one in group.trajectories]) for group in recording]


def named(*ids: str) -> str:
    """The line of a group of episodes with these ids."""
    episodes = [trajectory_to_dict(episode("k", 0, id=name)) for name in ids]
    return json.dumps({"key": "k", "trajectories": episodes, "pruned": []}) + "\n"


GROUP = Group(key="a", trajectories=(episode("a", 0), episode("a", 1)), pruned=(episode("a", "0.1"),))


def test_the_episodes_of_an_evaluation_are_a_group_a_task(tmp_path: Path) -> None:
    lines(tmp_path / "episodes.jsonl", line(10, 1), line(2, 0), line(10, 0))
    wanted = [("2", ["2/0"]), ("10", ["10/0", "10/1"])]
    assert names(Recording(tmp_path)) == names(Recording(tmp_path / "episodes.jsonl")) == wanted


def test_the_last_record_of_an_episode_counts(tmp_path: Path) -> None:
    (group,) = Recording(lines(tmp_path / "r.jsonl", line(1, 0, "failed"), line(1, 1), line(1, 0, "again")))
    assert [one.turns[0].completion.message.content for one in group.trajectories] == ["again", "yes"]


def test_configurations_are_kept_apart(tmp_path: Path) -> None:
    assert len(list(Recording(lines(tmp_path / "r.jsonl", line(1, 0), line(1, 0, config="d"))))) == 2


def test_groups_come_back_as_they_were_written_but_for_their_tokens(tmp_path: Path) -> None:
    file = lines(tmp_path / "r.jsonl", group_to_dict(GROUP), group_to_dict(GROUP))
    with TrajectoryWriter(tmp_path / "r.parquet") as writer:
        writer.write_group(GROUP)
    for group in (*Recording(file), *Recording(tmp_path / "r.parquet")):
        assert (group.key, group.judged, len(group.pruned)) == ("a", group.trajectories, 1)
        for one in (*group.trajectories, *group.pruned):
            said = one.turns[0].completion
            assert said == Completion(message=Message(role="assistant", content="yes"))
    assert len(list(Recording(file))) == 2


def test_trajectories_that_stand_alone_are_put_together_by_their_task(tmp_path: Path) -> None:
    alone = [episode("b", 0), episode("a", 0), episode("b", 1), episode("b", 0, "once more")]
    file = lines(tmp_path / "r.jsonl", *map(trajectory_to_dict, alone))
    with TrajectoryWriter(tmp_path / "r.parquet") as writer:
        for one in alone:
            writer.write(one)
    wanted = [("b", ["b/0", "b/1"]), ("a", ["a/0"]), ("b", ["b/0"])]
    assert names(Recording(file)) == names(Recording(tmp_path / "r.parquet")) == wanted


def test_episodes_without_a_name_are_named_by_their_place(tmp_path: Path) -> None:
    alone = [episode("a", 0, id=""), episode("a", 0, id=""), episode("a", 0, id="", seed=1)]
    file = lines(tmp_path / "r.jsonl", *map(trajectory_to_dict, alone))
    assert names(Recording(file)) == [("a", ["a/0", "a/1"]), ("a", ["a/0"])]


def test_a_folder_of_parquet_files_is_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("2", "1"):
        with TrajectoryWriter(tmp_path / f"{name}.parquet") as writer:
            writer.write_group(Group(key=name, trajectories=(episode(name, 0),)))
    assert [key for key, _ in names(Recording(tmp_path))] == ["1", "2"]


def test_a_line_that_is_still_being_written_is_left_out_and_counted(tmp_path: Path) -> None:
    file = lines(tmp_path / "r.jsonl", line(1, 0), line(1, 1))
    file.write_text(file.read_text()[:-20])
    recording = Recording(file)
    for _ in range(2):
        assert (names(recording), recording.torn) == ([("1", ["1/0"])], 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{\n", "line 2 is not JSON"),
        ("[1]\n", "line 2 is list; expected an object"),
        ('{"turns": []}\n', "line 2: not a record of a trajectory: field 'env_id' is missing"),
        ('{"trajectories": 3}\n', "line 2: not a record of a group"),
        ('{"trajectory": {}, "task": 1, "sample": 0}\n', "line 2: not a record of a trajectory"),
        ('{"trajectory": {}, "task": "x"}\n', "line 2 has task 'x' and sample None"),
        (named("k/x"), "trajectory 'k/x' of group 'k'; expected a name such as"),
        (named("k/0", "k/0"), "group 'k' has two trajectories 'k/0'"),
    ],
)
def test_a_line_that_is_no_record_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    file = lines(tmp_path / "r.jsonl", line(1, 0))
    file.write_text(file.read_text() + text)
    with pytest.raises(DataError) as told:
        list(Recording(file))
    assert sentence in str(told.value)


def test_what_holds_no_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no recording"):
        Recording(tmp_path)
    with pytest.raises(DataError, match="no file or folder"):
        Recording(tmp_path / "nothing")
    (tmp_path / "r.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="cannot read trajectories"):
        list(Recording(tmp_path / "r.parquet"))

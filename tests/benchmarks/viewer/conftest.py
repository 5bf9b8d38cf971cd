"""Runs written by hand: what the viewer is shown."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.record import trajectory_to_dict
from assaygym.benchmarks.folder import EPISODES, RESCORED, Plan, open_run
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.types import Completion, Message, StopReason, ToolCall, Trajectory, Turn

CONFIG = {"target": {"id": "mine/flip-v0", "verifier": "flip#1"}, "policy": {"name": "oracle:0.3"}}
CALL = '<tool_call>\n{"name": "find", "arguments": {"email": "a@b.c"}}\n</tool_call>'
READ = ToolCall(id="call_0_0", name="find", arguments='{"email": "a@b.c"}')

MakeEpisode = Callable[..., EpisodeRecord]
WriteRun = Callable[..., Path]


@pytest.fixture
def episode() -> MakeEpisode:
    """`episode(3, 1, "correct", answer="...")`: task 3, sample 1; a turn that calls a tool, then the answer."""

    def make(task: int, sample: int = 0, outcome: str = "incorrect", answer: str = "It is 42.", **fields: Any) -> Any:
        told = Message(role="user", content=f"Question {task}?")
        result = Message(role="tool", content="Error: no such customer", tool_call_id="call_0_0")
        turns = (
            Turn(
                observation=(told,),
                completion=_said(CALL),
                info={"tool_calls": 1},
                action=Message(role="assistant", content="", tool_calls=(READ,)),
                sampling_seconds=0.5,
            ),
            Turn(observation=(result,), completion=_said(answer, logprobs=True), reward=0.5),
        )
        trajectory = Trajectory(
            env_id="mine/flip-v0", task_id=f"flip:{task}", seed=task, split="eval", turns=turns, score=None,
            stop_reason=StopReason.COMPLETED,
        )  # fmt: skip
        found = Outcome(outcome)
        value = {"correct": 1.0, "partial": 0.5}.get(outcome, 0.0) if found.scored else math.nan
        base: dict[str, Any] = {
            "task": task, "sample": sample, "config": "", "task_id": f"flip:{task}", "outcome": found,
            "value": value, "explanation": f"reason {task}", "trajectory": trajectory_to_dict(trajectory),
        }  # fmt: skip
        return EpisodeRecord(**base | fields)

    return make


def _said(text: str, *, logprobs: bool = False) -> Completion:
    tokens = {"token_ids": (11, 12, 13), "logprobs": (-0.01, -1.5, -4.25)} if logprobs else {}
    return Completion(message=Message(role="assistant", content=text), **tokens)  # type: ignore[arg-type]


@pytest.fixture
def write_run(tmp_path: Path) -> WriteRun:
    """`write_run("a", [record, ...])`: the folder of a run with these episodes; written again, they are added."""

    def write(name: str, records: list[EpisodeRecord], config: dict[str, Any] = CONFIG) -> Path:
        folder = tmp_path / name
        tasks = tuple(sorted({record.task for record in records})) or (0,)
        with open_run(folder, config, Plan(tasks=tasks, samples=1)) as run, run.episodes.open("ab") as file:
            file.writelines(with_config(record, run.config_hash).line() for record in records)
        return folder

    return write


@pytest.fixture
def write_rescored() -> Callable[[Path, list[EpisodeRecord]], Path]:
    """Later scores of a run's episodes; the `rescored-1.json`."""

    def write(folder: Path, records: list[EpisodeRecord]) -> Path:
        config = json.loads((folder / EPISODES).read_bytes().splitlines()[0])["config"]
        path = folder / f"{RESCORED}-1.json"
        path.write_text(json.dumps({"verifier": "flip#2", "assaygym": "1"}))
        path.with_suffix(".jsonl").write_bytes(b"".join(with_config(r, config, {}).line() for r in records))
        return path

    return write


def with_config(record: EpisodeRecord, config: str, trajectory: Any = None) -> EpisodeRecord:
    fields = {name: getattr(record, name) for name in EpisodeRecord.__dataclass_fields__}
    kept = record.trajectory if trajectory is None else trajectory
    return EpisodeRecord(**{**fields, "config": config, "trajectory": kept})

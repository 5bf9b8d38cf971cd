"""Runs written by hand, with every kind of episode that a page has to show."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.record import trajectory_to_dict
from assaygym.benchmarks.folder import Plan, open_run
from assaygym.benchmarks.records import EpisodeLog, EpisodeRecord, Outcome
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn, Verdict

WriteRun = Callable[..., Path]
HOSTILE = '</script><img src=x onerror="window.hacked=1">{{ 7 * 7 }}<marquee>\u202eevil\u200b\x00\x1b[31m\ud800'
CONFIG = {
    "assaygym": "0.1.0",
    "target": {"id": "test/page-v0", "kind": "environment", "verifier": "math#1f0c5d9b2a77"},
    "policy": {"name": "somebody"},
    "seed": 0,
}
SYSTEM = Message(role="system", content="You are a clerk. " * 40)


def said(content: str, *, reasoning: str | None = None, calls: tuple[ToolCall, ...] = (), **fields: Any) -> Completion:
    message = Message(role="assistant", content=content, reasoning=reasoning, tool_calls=calls)
    return Completion(message=message, **fields)


def turn(asked: str | Message, completion: Completion, reward: float = 0.0, **info: Any) -> Turn:
    message = Message(role="user", content=asked) if isinstance(asked, str) else asked
    return Turn(
        observation=(message,),
        completion=completion,
        reward=reward,
        info=info,
        sampling_seconds=0.25,
        step_seconds=0.002,
    )


def episode(task: int, sample: int, *turns: Turn, value: float = 1.0, **fields: Any) -> dict[str, Any]:
    """What `write_run` takes: the fields of a record, all but its configuration."""
    verdict = {1.0: Verdict.CORRECT, 0.0: Verdict.INCORRECT}.get(value, Verdict.PARTIAL)
    why = fields.get("explanation", "")
    score = Score(value=value, verdict=verdict, explanation=why, metrics={"tests_passed": value}, seconds=0.01)
    task_id = fields.pop("task_id", f"test/page-v0:{task:04x}")
    trajectory = Trajectory(
        env_id="test/page-v0",
        task_id=task_id,
        seed=task,
        split="eval",
        turns=turns,
        score=score,
        stop_reason=fields.pop("stop_reason", StopReason.COMPLETED),
    )
    outcome = Outcome(verdict.value)
    row = {"outcome": outcome, "value": value, "trajectory": trajectory_to_dict(trajectory), **fields}
    return {"task": task, "sample": sample, "task_id": task_id, **row}


def kinds() -> list[dict[str, Any]]:
    """One run of all kinds: 6 tasks, 2 samples each."""
    call = ToolCall(id="c1", name="find", arguments='{"name": "Ada", "deep": {"list": [1, 2]}}')
    result = Message(role="tool", content='{"id": 7, "notes": []}', tool_call_id="c1")
    found = Message(role="tool", content="no such customer", tool_call_id="call_0_0")
    written = 'Let me see.\n<tool_call>\n{"name": "look", "arguments": {"where": "</tool_call> inside"}}\n</tool_call>'
    code = "Here it is:\n```python\ndef double(x):\n    return 2 * x\n```\nDone."
    hostile = ToolCall(id=HOSTILE, name=HOSTILE, arguments=json.dumps({HOSTILE: HOSTILE}))
    tokens = said("abc", prompt_ids=(1, 2, 3), token_ids=(4, 50, 600), logprobs=(-0.1, -2.0, -9.0))
    long = "word " * 4000
    asked = (SYSTEM, Message(role="user", content="Find Ada."))
    looked = turn("Find Bob.", said(written), tool_calls=1, tool_errors=1)
    look = ToolCall(id="call_0_0", name="look", arguments='{"where": "</tool_call> inside"}')
    read = Message(role="assistant", content="Let me see.", tool_calls=(look,))
    searched = Turn(
        observation=asked, completion=said("", reasoning="I look it up.", calls=(call,)), info={"tool_calls": 1}
    )
    cut = {"truncated": True, "stop_reason": StopReason.MAX_TURNS}
    marked = dict.fromkeys(("task_id", "explanation", "extracted", "category"), HOSTILE)
    return [
        episode(0, 0, turn("What is 6 x 7?", said("It is 42."), 1.0), extracted="42", explanation="equal"),
        episode(0, 1, turn("What is 6 x 7?", said("It is 41.")), value=0.0, explanation="another value"),
        episode(
            1, 0, searched, turn(result, said("<think>So it is 7.</think>Ada is 7."), 1.0, progress=0.5),
            category="tools",
        ),
        episode(
            1, 1, replace(looked, action=read), turn(found, said("Sorry."), -0.5),
            value=0.0, category="tools", explanation="state: nothing was found", **cut,
        ),
        episode(2, 0, turn("Double it.", said(code), 1.0), category="code", extracted="def double(x): ..."),
        episode(2, 1, turn("Double it.", said(long), 0.5), value=0.5, category="code", explanation="1 of 2 tests"),
        episode(
            3, 0, turn(HOSTILE, said(HOSTILE, reasoning=HOSTILE, calls=(hostile,)), 1.0, **{HOSTILE: HOSTILE}),
            turn(Message(role="tool", content=HOSTILE, tool_call_id=HOSTILE), said(f"```\n{HOSTILE}\n```")),
            value=0.0, flags=(HOSTILE,), **marked,
        ),
        episode(3, 1, turn("Hm?", said("Hm.")), value=0.0, category="odd", flags=("tampering",), attempt=2),
        episode(4, 0, turn("Say abc.", tokens, 1.0)),
        episode(4, 1, turn("Say abc.", said("", finish_reason="length")), value=0.0, truncated=True),
        {
            "task": 5, "sample": 0, "task_id": "", "outcome": Outcome.ERROR, "value": math.nan,
            "explanation": "the server is down",
        },
    ]  # fmt: skip


@pytest.fixture(scope="session")
def write_run() -> WriteRun:
    """`write_run(folder, episodes)` makes the folder of a run."""

    def write(folder: Path, episodes: Iterable[dict[str, Any]] | None = None, samples: int = 2, tasks: int = 6) -> Path:
        plan = Plan(tasks=tuple(range(tasks)), samples=samples)
        with open_run(folder, CONFIG, plan) as run, EpisodeLog(run.episodes) as log:
            for fields in kinds() if episodes is None else episodes:
                log.append(EpisodeRecord(config=run.config_hash, **fields))
            run.end_attempt(episodes=0, interrupted=False)
        return folder

    return write


@pytest.fixture(scope="session")
def write_long_run(write_run: WriteRun) -> WriteRun:
    """`write_long_run(folder, tasks)` makes a run of 4 samples each, about 2 kB an episode."""

    def write(folder: Path, tasks: int) -> Path:
        words = " ".join(f"{number} {number * number % 9973}" for number in range(150))
        turns = (turn("How much is it?", said(f"Think. {words}\n#### 7"), 1.0),)
        (line,) = _lines(write_run(folder, [episode(0, 0, *turns, extracted="7", explanation="equal")], 4, tasks))
        with (folder / "episodes.jsonl").open("w") as file:
            for task, sample in itertools.product(range(tasks), range(4)):
                right = (task * 7 + sample * 3) % 4 > 0
                said_ = f"equal: {task}" if right else f"{task} is not {sample * 31 + task}"
                judged = {"outcome": "correct" if right else "incorrect", "value": float(right), "explanation": said_}
                file.write(
                    f"{json.dumps({**line, 'task': task, 'sample': sample, 'task_id': f'row-{task}', **judged})}\n"
                )
        return folder

    return write


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "episodes.jsonl").read_text().splitlines()]

"""A long log as a run would have left it: made-up episodes of several turns with tool calls, 2 to 4 KB each."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import assaygym
from assaygym.agents.record import trajectory_to_dict
from assaygym.benchmarks.folder import Plan, open_run
from assaygym.benchmarks.provenance import prompt_digest
from assaygym.benchmarks.records import EpisodeLog, EpisodeRecord, Outcome, judgement
from assaygym.benchmarks.targets import find_target
from assaygym.types import Completion, Message, Score, StopReason, Trajectory, Turn, Verdict

__all__ = ["SAMPLES", "episodes", "make"]

ENV = "assay/Shop-v0"
SAMPLES = 4
"""Of each task."""
TRIED_AGAIN = 0.01
"""Share of the episodes that have an earlier line, of an error."""
OUTCOMES = {
    Outcome.CORRECT: 0.52,
    Outcome.INCORRECT: 0.33,
    Outcome.UNPARSED: 0.06,
    Outcome.PARTIAL: 0.05,
    Outcome.UNFINISHED: 0.02,
    Outcome.ERROR: 0.01,
    Outcome.INVALID: 0.01,
}
CATEGORIES = ("refund", "exchange", "address", "cancel", "question", "refuse")
TOOLS = ("find_customer", "list_orders", "get_order", "refund", "exchange", "refuse")
TEXT = """order lamp desk delivered kettle postcode customer refund variant black teapot policy days item address radio
tent boots shipped backpack knife please thanks wrong colour size exchange before again number today late green"""
WORDS = tuple(TEXT.split())


def make(folder: Path, count: int, seed: int = 0, tell: Callable[[int], object] = lambda done: None) -> Path:
    """Write the run of `count` episodes into the folder, without an index.

    Args:
        folder: of the run; empty or new.
        count: episodes that count; some have an earlier line besides.
        seed: of what is made up.
        tell: told now and then how many are written.

    Returns:
        The log.

    Raises:
        RunError: it cannot be written.
    """
    config = {
        "assaygym": assaygym.__version__,
        "target": dict(find_target(ENV).config),
        "policy": {"name": "made-up"},
        "params": {"temperature": 1.0, "top_p": 1.0, "max_tokens": None, "stop": [], "seed": seed},
        "seed": seed,
        "limits": {"timeout": None, "max_tokens": None},
    }
    plan = Plan(tasks=tuple(range(-(-count // SAMPLES))), samples=SAMPLES)
    with open_run(folder, config, plan) as run, EpisodeLog(run.episodes) as log:
        for number, record in enumerate(episodes(count, run.config_hash, seed)):
            log.append(record)
            if number % 1000 == 0:
                tell(min(number, count))
        run.end_attempt(episodes=count, why="done")
    return run.episodes


def episodes(count: int, config: str, seed: int = 0) -> Iterator[EpisodeRecord]:
    """The lines of the log in the order of their writing, which is not that of the tasks."""
    rng = random.Random(seed)
    window: list[int] = []
    for number in range(count):
        window.append(number)
        if len(window) > 32:  # as many as were under way at once
            yield from _lines(rng, window.pop(rng.randrange(len(window))), config)
    for number in window:
        yield from _lines(rng, number, config)


def _lines(rng: random.Random, number: int, config: str) -> Iterator[EpisodeRecord]:
    if rng.random() < TRIED_AGAIN:
        yield _record(rng, number, config, Outcome.ERROR, 1)
    (outcome,) = rng.choices(list(OUTCOMES), list(OUTCOMES.values()))
    yield _record(rng, number, config, outcome, 2)


def _record(rng: random.Random, number: int, config: str, outcome: Outcome, attempt: int) -> EpisodeRecord:
    task, sample = divmod(number, SAMPLES)
    trajectory = _trajectory(rng, task, outcome)
    row = trajectory_to_dict(trajectory)
    return EpisodeRecord(
        task=task,
        sample=sample,
        config=config,
        task_id=trajectory.task_id,
        **judgement(trajectory.score, outcome, trajectory.error),
        category=CATEGORIES[task % len(CATEGORIES)],
        prompt=prompt_digest(row),
        truncated=outcome is Outcome.UNFINISHED,
        attempt=attempt,
        trajectory=row,
    )


def _trajectory(rng: random.Random, task: int, outcome: Outcome) -> Trajectory:
    score = _score(rng, outcome)
    stop = {Outcome.ERROR: StopReason.ERROR, Outcome.UNFINISHED: StopReason.MAX_TURNS}
    return Trajectory(
        env_id=ENV,
        task_id=f"{ENV}:{task * 2654435761 % (1 << 48):012x}",
        seed=task,
        split="eval",
        turns=tuple(_turns(rng, task, score.value if score is not None and outcome.scored else 0.0)),
        score=score,
        stop_reason=stop.get(outcome, StopReason.COMPLETED),
        error="the server answered 503 three times" if outcome is Outcome.ERROR else None,
    )


def _score(rng: random.Random, outcome: Outcome) -> Score | None:
    if outcome in (Outcome.ERROR, Outcome.UNFINISHED):
        return None
    values = {Outcome.CORRECT: 1.0, Outcome.PARTIAL: 0.5, Outcome.INVALID: math.nan}
    right = outcome is Outcome.CORRECT
    return Score(
        value=values.get(outcome, 0.0),
        verdict=Verdict(outcome.value),
        extracted=None if outcome is Outcome.UNPARSED else f"W{rng.randrange(10_000)}",
        explanation="state: as expected" if right else f"state: ['orders']['W{rng.randrange(10_000)}'] {_text(rng, 8)}",
        metrics={"missing": 0.0 if right else 1.0, "unexpected": float(rng.random() < 0.1)},
        flags=("early_exit",) if rng.random() < 0.003 else (),
        seconds=rng.uniform(1e-4, 3e-3),
    )


def _turns(rng: random.Random, task: int, reward: float) -> Iterator[Turn]:
    asked: tuple[Message, ...] = (
        Message(role="system", content=f"You work in the service of a web shop. {_text(random.Random(task % 7), 60)}"),
        Message(role="user", content=f"Good morning. {_text(random.Random(task), 25)}"),
    )
    calls = rng.choice((1, 2, 2, 3))
    for number in range(calls):
        name, arguments = rng.choice(TOOLS), {"order_id": f"W{rng.randrange(10_000)}", "note": _text(rng, 4)}
        call = json.dumps({"name": name, "arguments": arguments})
        info = {"tool_calls": 1, "tool_errors": int(rng.random() < 0.15), "repaired": rng.random() < 0.02}
        said = f"<think>{_text(rng, 12)}</think><tool_call>\n{call}\n</tool_call>"
        yield _turn(rng, asked, said, info, 0.0)
        asked = (Message(role="tool", content=json.dumps({"found": _text(rng, 15)}), tool_call_id=f"call_{number}_0"),)
    yield _turn(rng, asked, f"All done. {_text(rng, 10)}", {}, reward)


def _turn(rng: random.Random, asked: tuple[Message, ...], said: str, info: Mapping[str, object], reward: float) -> Turn:
    ids = tuple(rng.choices(range(50_000), k=rng.randrange(4, 16)))
    return Turn(
        observation=asked,
        completion=Completion(
            message=Message(role="assistant", content=said),
            token_ids=ids,
            logprobs=tuple(round(-rng.expovariate(2), 4) for _ in ids),
        ),
        reward=reward,
        info=info,
        sampling_seconds=round(rng.lognormvariate(0, 0.6), 4),
        step_seconds=round(rng.expovariate(200), 6),
    )


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words))

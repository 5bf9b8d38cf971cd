"""Play episodes to their end and keep what must be the same every time, for `assaygym.envs.checker`."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any, TypeVar

from assaygym.envs.attacks import Agent
from assaygym.envs.core import Env
from assaygym.types import Score

__all__ = ["Trace", "finish", "in_threads", "oracle", "play", "play_elsewhere", "within"]

T = TypeVar("T")
R = TypeVar("R")
NOT_LOADED = 3
"""Exit code of a child that cannot import the environment's code."""
CHILD = (
    "import pickle, sys; path, home, work = pickle.load(sys.stdin.buffer); sys.path[:] = path; "
    "from assaygym.envs.probe import answer_parent; answer_parent(home, work)"
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One episode. Equality leaves the explanation out, which may speak of times and addresses."""

    task_id: str
    observations: tuple[str, ...]
    verdict: str
    value: str
    """As text, so that NaN equals itself."""


def oracle(env: Env) -> str:
    """The agent that plays the environment's own solution."""
    return env.oracle_action()


def play(env: Env, agent: Agent, seed: int) -> tuple[Trace, Score]:
    """An episode from its reset to its end."""
    observation, _ = env.reset(seed=seed)
    return finish(env, agent, (observation,))


def finish(env: Env, agent: Agent, seen: Sequence[str] = ()) -> tuple[Trace, Score]:
    """The rest of the live episode; `seen` are the observations before it.

    Raises:
        RuntimeError: the environment goes on after its limit of turns.
    """
    observations = list(seen)
    for _ in range(env.max_turns + 1):
        observation, _, terminated, truncated, info = env.step(agent(env))
        observations.append(observation)
        if terminated or truncated:
            score: Score = info["score"]
            task_id = env.task.id if env.task is not None else ""
            return Trace(task_id, tuple(observations), score.verdict.value, repr(score.value)), score
    raise RuntimeError(f"the episode goes on after {env.max_turns + 1} turns, max_turns is {env.max_turns}")


def within(seconds: float, work: Callable[[], R]) -> R:
    """The result of `work`, run in a thread that is left behind when it takes longer.

    Raises:
        TimeoutError: it takes longer.
    """
    (result,) = in_threads(lambda _: work(), [None], seconds=seconds)
    return result


def in_threads(work: Callable[[T], R], items: Iterable[T], *, seconds: float = 600.0) -> list[R]:
    """`work` on every item, each in a thread of its own, in order. Threads are daemons: a stuck one blocks no exit.

    Raises:
        TimeoutError: one takes longer than `seconds`.
        Exception: the first that an item raised.
    """
    given = list(items)
    results: dict[int, R] = {}
    errors: dict[int, BaseException] = {}

    def run(index: int) -> None:
        try:
            results[index] = work(given[index])
        except BaseException as error:  # handed to the caller below
            errors[index] = error

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(len(given))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    if errors:
        raise errors[min(errors)]
    if len(results) < len(given):
        raise TimeoutError(f"still running after {seconds:g} s")
    return [results[index] for index in range(len(given))]


def play_elsewhere(env: Env, seeds: Sequence[int], agent: str | None) -> list[Trace]:
    """The traces of these seeds in a fresh interpreter with another hash seed.

    Args:
        env: pickled for the journey.
        seeds: one episode each.
        agent: what to say at every turn; None for the oracle.

    Raises:
        ImportError: a fresh interpreter cannot import the environment's code.
        RuntimeError: it can, and the episodes fail there.
    """
    work = pickle.dumps((env, list(seeds), agent))
    home = getattr(env, "definition", type(env)).__module__
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=pickle.dumps((sys.path, home, work)),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        kind = ImportError if done.returncode == NOT_LOADED else RuntimeError
        raise kind(lines[-1])
    return [Trace(task, tuple(seen), verdict, value) for task, seen, verdict, value in json.loads(done.stdout)]


def answer_parent(home: str, work: bytes) -> None:
    """The other side of `play_elsewhere`; `home` is the module of the environment's code."""
    try:
        importlib.import_module(home)
        loaded: tuple[Env, list[int], str | None] = pickle.loads(work)
    except (ImportError, AttributeError) as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_LOADED)
    env, seeds, text = loaded
    agent: Agent = oracle if text is None else (lambda _: text)
    traces: list[Any] = [astuple(play(env, agent, seed)[0]) for seed in seeds]
    sys.stdout.write(json.dumps(traces))

"""What the benchmark of rollouts plays: episodes that cost nothing, that fail, and whose tools take time."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assaygym.agents.crew import EpisodeJob
from assaygym.agents.lockstep import play_in_lockstep
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.agents.workers import rollout_many
from assaygym.benchmarks.speed.contender import WrongResult
from assaygym.envs.core import Env, Reply
from assaygym.envs.registration import make
from assaygym.errors import PolicyError, TaskError
from assaygym.types import Completion, Message, Score, StopReason, Task, Trajectory

__all__ = ["Tally", "Work", "cost", "count", "in_a_loop", "in_lockstep", "without_barrier"]

ANSWER = r"\boxed{12}"


def cost(env_id: str, episodes: int, concurrency: int) -> tuple[float, float]:
    """(Wall seconds, CPU seconds) of so many single-turn episodes of a scripted policy.

    Args:
        env_id: of the environment.
        episodes: how many, on seeds of their own.
        concurrency: threads of `rollout_many`; 0 is `rollout`, one after the other.
    """
    policy, env = ScriptedPolicy([ANSWER]), make(env_id)
    wall, cpu = time.perf_counter(), time.process_time()
    if concurrency == 0:
        for seed in range(episodes):
            rollout(env, policy, seed=seed)
    else:
        for _ in rollout_many(lambda: make(env_id), policy, _jobs(episodes), concurrency=concurrency):
            pass
    return time.perf_counter() - wall, time.process_time() - cpu


def _jobs(episodes: int) -> Iterator[EpisodeJob]:
    return (EpisodeJob(key=str(number), seed=number) for number in range(episodes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the episodes that were asked for."""

    episodes: int
    lost: int
    """Asked for and never handed over."""
    duplicated: int
    """Handed over more than once, or asked of the policy more than once."""
    failed: int
    miscounted: int
    """Failed without having been made to fail, or the other way about."""
    threads_left: int


class _Failing(Env):
    """Asks for a number to be said; its reset fails at the given seeds."""

    def __init__(self, fails: Callable[[int], bool]) -> None:
        super().__init__("test/failing-v0", split="all")
        self._fails = fails

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        if seed is not None and self._fails(seed):
            raise TaskError("made to fail")
        return super().reset(seed=seed, options=options)

    def _pose(self, rng: Any) -> Task[Any]:
        number = rng.randrange(10**12)
        return Task(id=str(number), prompt=(Message(role="user", content=f"Say {number}."),), answer=str(number))

    def _reply(self, action: Message) -> Reply:
        return Reply(score=Score.of(self.task is not None and action.content == self.task.answer))


class _Asked:
    """Answers rightly, counts how often each seed was asked for, and fails at the given ones."""

    name = "asked"

    def __init__(self, fails: Callable[[int], bool]) -> None:
        self.fails, self.asked = fails, Counter[int]()
        self._lock = threading.Lock()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [self._answer(prompt) for prompt in prompts]

    def _answer(self, prompt: Prompt) -> Completion:
        assert isinstance(prompt.env, _Failing)
        episode = prompt.env._running()
        with self._lock:
            self.asked[episode.seed] += 1
        if self.fails(episode.seed):
            raise PolicyError("made to fail")
        return said(str(episode.task.answer))


def count(episodes: int, concurrency: int, fail: float, seed: int, step: Callable[[int], object] = repr) -> Tally:
    """Play so many episodes, some of which fail in the policy and some in the environment, and account for each.

    Args:
        episodes: how many.
        concurrency: threads.
        fail: the share of episodes that fail, half of them where they start.
        seed: of the choice of those that fail.
        step: told, now and then, how many have ended.
    """
    draw = random.Random(seed)
    fates = [draw.random() / fail if fail else 1.0 for _ in range(episodes)]
    policy, handed = _Asked(lambda seed: 0.5 <= fates[seed] < 1), Counter[int]()
    failed = miscounted = 0
    before = threading.active_count()
    played = rollout_many(
        lambda: _Failing(lambda seed: fates[seed] < 0.5), policy, _jobs(episodes), concurrency=concurrency
    )
    for done, (job, trajectory) in enumerate(played, 1):
        number = int(job.key)
        handed[number] += 1
        broken = trajectory.stop_reason is StopReason.ERROR
        failed += broken
        miscounted += broken != (fates[number] < 1) or (not broken and trajectory.reward != 1.0)
        miscounted += trajectory.seed != number
        if done % 1000 == 0:
            step(done)
    return Tally(
        episodes=episodes,
        lost=sum(not handed[number] for number in range(episodes)),
        duplicated=sum(times - 1 for counter in (handed, policy.asked) for times in counter.values()),
        failed=failed,
        miscounted=miscounted,
        threads_left=threading.active_count() - before,
    )


@dataclass(frozen=True, slots=True)
class Work:
    """Episodes of several turns: for each, the seconds that the tool call of each turn takes."""

    tools: tuple[tuple[float, ...], ...]
    generation: float
    """Seconds of one call of the policy, however many prompts it holds."""

    @classmethod
    def drawn(cls, episodes: int, turns: int, most: float, generation: float, seed: int, skew: float = 1.0) -> Work:
        """1 to `turns` turns an episode, and calls of 0 to `most` seconds: `most * u**skew` of a uniform u."""
        draw = random.Random(seed)
        return cls(
            tuple(tuple(most * draw.random() ** skew for _ in range(draw.randint(1, turns))) for _ in range(episodes)),
            generation,
        )

    @property
    def longest(self) -> float:
        """Seconds of the longest episode: its tool calls and its generation."""
        return max(sum(calls) + len(calls) * self.generation for calls in self.tools)

    @property
    def in_step(self) -> float:
        """Seconds of all turns where each waits for the slowest call of the one before, the calls all at once."""
        turns = range(max(map(len, self.tools)))
        return sum(max(calls[t] for calls in self.tools if t < len(calls)) + self.generation for t in turns)

    @property
    def turns(self) -> int:
        """Of all episodes."""
        return sum(map(len, self.tools))


class _Tools(Env):
    """An episode of some work: `seed` says which."""

    def __init__(self, work: Work) -> None:
        super().__init__("test/tools-v0", split="all", max_turns=10**6)
        self.work, self.number = work, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.number = seed or 0
        return super().reset(seed=seed, options=options)

    def _pose(self, rng: Any) -> Task[Any]:
        return Task(id=str(self.number), prompt=(Message(role="user", content="Go."),), answer=None)

    def _reply(self, action: Message) -> Reply:
        calls = self.work.tools[self.number]
        time.sleep(calls[self.turns - 1])
        if self.turns == len(calls):
            return Reply(score=Score.of(1.0))
        return Reply(messages=(Message(role="tool", content="done"),))


class _Engine:
    """Takes the time of one generation for each call."""

    name = "engine"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        time.sleep(self.seconds)
        return [said("next") for _ in prompts]


def without_barrier(work: Work) -> float:
    """Wall seconds of `rollout_many`, every episode on a thread of its own."""
    many = len(work.tools)
    started = time.perf_counter()
    played = [
        trajectory
        for _, trajectory in rollout_many(lambda: _Tools(work), _Engine(work.generation), _jobs(many), concurrency=many)
    ]
    return _checked(work, played, time.perf_counter() - started)


def in_lockstep(work: Work) -> float:
    """Wall seconds of `play_in_lockstep`: turns together, the tool calls of a turn all at once."""
    jobs = list(_jobs(len(work.tools)))
    started = time.perf_counter()
    played = play_in_lockstep(lambda: _Tools(work), _Engine(work.generation), jobs, SamplingParams())
    return _checked(work, played, time.perf_counter() - started)


def in_a_loop(work: Work) -> float:
    """Wall seconds of the plain loop: one batch for all live episodes, then their tool calls one after the other."""
    engine, params, turns = _Engine(work.generation), SamplingParams(), 0
    started = time.perf_counter()
    live = [_Tools(work) for _ in work.tools]
    for number, env in enumerate(live):
        env.reset(seed=number)
    while live:
        answers = engine.generate([Prompt(messages=tuple(env.transcript), env=env) for env in live], params)
        turns += len(answers)
        ended = [env.step(answer.message.content)[2] for env, answer in zip(live, answers, strict=True)]
        live = [env for env, over in zip(live, ended, strict=True) if not over]
    seconds = time.perf_counter() - started
    if turns != work.turns:
        raise WrongResult(f"the loop played {turns} turns of {work.turns}")
    return seconds


def _checked(work: Work, played: Sequence[Trajectory], seconds: float) -> float:
    turns = sum(len(trajectory.turns) for trajectory in played)
    if turns != work.turns or any(trajectory.reward != 1.0 for trajectory in played):
        raise WrongResult(f"{len(played)} episodes of {len(work.tools)} played {turns} turns of {work.turns}")
    return seconds

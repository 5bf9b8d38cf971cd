"""The checks that `assaygym.envs.checker` runs.

Each is a function of the subject that returns a sentence when all is well, and raises `Failed` or `NotApplicable` with
a sentence when it is not. `CHECKS` names them.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium

from assaygym.envs import attacks
from assaygym.envs.attacks import Agent, constant
from assaygym.envs.core import Env
from assaygym.envs.probe import Trace, finish, in_threads, oracle, play, play_elsewhere
from assaygym.envs.registration import make
from assaygym.envs.seeding import digest
from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict

__all__ = ["CHECKS", "Check", "Failed", "NotApplicable", "Subject"]

LEVELS = 16
GUESSES = 16
"""Tasks on which a guess is tried."""
CHANCE = 1 / 3
"""A guess that earns more than this on average pays."""
SPLIT_TASKS = 48
THREADS = 8


class Failed(Exception):
    """The environment is at fault; the message says how."""


class NotApplicable(Exception):
    """There is nothing to check; the message says why."""


@dataclass(frozen=True)
class Subject:
    """The environment under test and how to make it."""

    id: str
    options: Mapping[str, Any]
    seeds: int
    has_oracle: bool = True

    def make(self, **more: Any) -> Env:
        """A fresh environment; of no split, unless one is named, so that a small task space fails one check only."""
        return make(self.id, **{"split": "all", **self.options, **more})

    def play(self, agent: Agent, seed: int, **more: Any) -> tuple[Trace, Score]:
        """A whole episode in a fresh environment."""
        env = self.make(**more)
        try:
            return play(env, agent, seed)
        finally:
            env.close()

    @property
    def agent(self) -> Agent:
        """The oracle, or where there is none a fixed wrong answer."""
        return oracle if self.has_oracle else constant("42")


Check = Callable[[Subject], str]


def _levels(subject: Subject) -> list[int]:
    """The levels that the environment takes."""
    levels = []
    for level in range(LEVELS):
        try:
            subject.make(level=level).close()
        except (ConfigError, TypeError):
            break
        levels.append(level)
    return levels


# what a right answer earns


def oracle_earns_one(subject: Subject) -> str:
    """The oracle gets the full reward at every level."""
    if not subject.has_oracle:
        raise NotApplicable("it has no oracle: nothing proves its tasks solvable")
    variants: list[dict[str, Any]] = [{"level": level} for level in _levels(subject)]
    variants = variants if variants and "level" not in subject.options else [{}]
    for more in variants:
        for seed in range(subject.seeds):
            _, score = subject.play(oracle, seed, **more)
            if score.verdict is not Verdict.CORRECT:
                where = "".join(f" at {name} {value}" for name, value in more.items())
                raise Failed(f"the oracle earns {_told(score)}{where}, seed {seed}")
    return f"earns 1 on {subject.seeds * len(variants)} tasks, levels: {len(variants)}"


# what wrong answers earn


def _stays_at_floor(subject: Subject, agents: Mapping[str, Agent], seeds: int, chance: float = 0.0) -> str:
    for name, agent in agents.items():
        total = 0.0
        for seed in range(seeds):
            _, score = subject.play(agent, seed)
            if score.verdict is Verdict.INVALID:
                raise Failed(f"{name} ends the episode of seed {seed} without a verdict: {score.explanation}")
            total += score.value
            if total > chance * seeds:
                raise Failed(f"{name} earns {total:g} on {seed + 1} tasks; the last: {_told(score)}")
    return f"nothing beyond chance for {_counted(len(agents), 'agent')} on {_counted(seeds, 'task')} each"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _saying(texts: Iterable[str]) -> dict[str, Agent]:
    return {f"saying {_shown(text)}": constant(text) for text in texts}


def null_earns_nothing(subject: Subject) -> str:
    """An agent that says nothing."""
    return _stays_at_floor(subject, {"saying nothing": constant("")}, subject.seeds)


def echo_earns_nothing(subject: Subject) -> str:
    """An agent that repeats what it is shown: it finds an answer that the prompt gives away."""
    return _stays_at_floor(subject, {"repeating the prompt": attacks.echo}, GUESSES, CHANCE)


def constants_earn_nothing(subject: Subject) -> str:
    """An agent with one answer to everything."""
    return _stays_at_floor(subject, _saying(attacks.CONSTANTS), GUESSES, CHANCE)


def not_numbers_earn_nothing(subject: Subject) -> str:
    """NaN, infinities and divisions by zero."""
    return _stays_at_floor(subject, _saying(attacks.NOT_NUMBERS), 2)


def giant_numbers_earn_nothing(subject: Subject) -> str:
    """Numbers too big to compute, and nesting too deep to recurse into: no hang either."""
    return _stays_at_floor(subject, _saying(attacks.GIANTS), 1)


def _derived_earn_nothing(subject: Subject, derive: Callable[[Env], Iterable[str]]) -> str:
    probe = subject.make()
    played = 0
    for seed in range(subject.seeds):
        probe.reset(seed=seed)
        for text in derive(probe):
            played += 1
            _, score = subject.play(constant(text), seed)
            if score.verdict is Verdict.INVALID or score.value > 0:
                raise Failed(f"saying {_shown(text)} earns {_told(score)} at seed {seed}")
    if not played:
        raise NotApplicable("no answer that could be written this way is known")
    return f"{played} texts earn nothing"


def gold_in_noise_earns_nothing(subject: Subject) -> str:
    """The right answer among other things, not marked as the answer."""
    return _derived_earn_nothing(subject, attacks.noisy_golds)


def hedge_lists_earn_nothing(subject: Subject) -> str:
    """Several answers at once, the right one among them."""
    return _derived_earn_nothing(subject, attacks.hedges)


def unicode_digits_earn_nothing(subject: Subject) -> str:
    """The right number in digits of other scripts."""
    return _derived_earn_nothing(subject, attacks.unicode_golds)


def malformed_calls_earn_nothing(subject: Subject) -> str:
    """Tool calls that cannot be read."""
    return _stays_at_floor(subject, _saying(attacks.MALFORMED), 2)


def tool_spam_earns_nothing(subject: Subject) -> str:
    """Every tool, over and over."""
    return _stays_at_floor(subject, {"calling every tool over and over": attacks.tool_spam}, 2)


def hostile_text_earns_nothing(subject: Subject) -> str:
    """Control characters, lone surrogates, deep nesting, code: no exception, no hang, no reward."""
    return _stays_at_floor(subject, _saying(attacks.HOSTILE), 1)


# the same every time


def _traces(subject: Subject) -> list[Trace]:
    return [subject.play(subject.agent, seed)[0] for seed in range(subject.seeds)]


def _same(first: Iterable[Trace], second: Iterable[Trace], where: str) -> None:
    for seed, (one, other) in enumerate(zip(first, second, strict=True)):
        for name in ("task_id", "observations", "verdict", "value"):
            if getattr(one, name) != getattr(other, name):
                raise Failed(
                    f"an episode {where} (number {seed}) gives other {name}: {_shown(str(getattr(one, name)))}, then "
                    f"{_shown(str(getattr(other, name)))}"
                )


def same_seed_same_episode(subject: Subject) -> str:
    """Task, observations and verdict depend on the seed alone."""
    first = _traces(subject)
    _same(first, _traces(subject), "a second time")
    return f"{len(first)} seeds give the same task, observations and verdict twice"


def same_in_threads(subject: Subject) -> str:
    """Episodes that run at once do not disturb one another."""
    serial = _traces(subject)
    seeds = [index % subject.seeds for index in range(max(THREADS, subject.seeds))]
    parallel = in_threads(lambda seed: subject.play(subject.agent, seed)[0], seeds)
    _same([serial[seed] for seed in seeds], parallel, "in a thread")
    return f"{len(seeds)} episodes at once give what they give alone"


def same_in_another_process(subject: Subject) -> str:
    """Nothing depends on the hash seed or on the state of the process."""
    try:
        there = play_elsewhere(subject.make(), range(subject.seeds), None if subject.has_oracle else "42")
    except (ImportError, pickle.PicklingError, AttributeError) as error:
        raise NotApplicable(f"its code cannot be loaded in a fresh interpreter: {error}") from error
    _same(_traces(subject), there, "in another process")
    return f"{subject.seeds} seeds give the same in a fresh interpreter with another hash seed"


def splits_share_no_task(subject: Subject) -> str:
    """No prompt is in both `train` and `eval`, and both have some."""
    prints = {split: _prints(subject, split) for split in ("train", "eval")}
    if shared := prints["train"] & prints["eval"]:
        raise Failed(f"{len(shared)} prompts are in both train and eval")
    counts = " and ".join(f"{len(found)} {split}" for split, found in prints.items())
    return f"{counts} prompts of {SPLIT_TASKS} seeds each, none shared"


def _prints(subject: Subject, split: str) -> set[str]:
    env = subject.make(split=split)
    found = set()
    for seed in range(SPLIT_TASKS):
        env.reset(seed=seed)
        found.add(digest(env.task.prompt if env.task is not None else ()))
    env.close()
    return found


# one episode does not see another


def reset_leaves_nothing(subject: Subject) -> str:
    """An episode after others is the episode of a fresh environment."""
    used = subject.make()
    play(used, constant(attacks.MALFORMED[2]), 1)
    play(used, subject.agent, 2)
    used.reset(seed=3)
    used.step(attacks.tool_spam(used))
    fresh, _ = subject.play(subject.agent, 4)
    _same([fresh], [play(used, subject.agent, 4)[0]], "after other episodes")
    return "an environment that was used gives what a fresh one gives"


def _under_way(subject: Subject) -> Env:
    """An episode with one turn taken, where it has more than one."""
    env = subject.make()
    env.reset(seed=5)
    if env.max_turns > 1:
        ended = env.step(subject.agent(env))
        if ended[2] or ended[3]:
            env.reset(seed=5)
    return env


def pickled_episode_goes_on(subject: Subject) -> str:
    """A live episode pickles; the copy and the original end alike."""
    env = _under_way(subject)
    copy: Env = pickle.loads(pickle.dumps(env))
    theirs = finish(copy, subject.agent)[0]
    _same([finish(env, subject.agent)[0]], [theirs], "pickled in the middle")
    return "a live episode and its pickled copy end alike"


def forks_share_nothing(subject: Subject) -> str:
    """Branches of a live episode do not disturb one another."""
    alone = finish(_under_way(subject), subject.agent)[0]
    env = _under_way(subject)
    said = list(env.transcript)
    right, wrong = env.fork(2)
    finish(wrong, attacks.tool_spam)
    theirs = finish(right, subject.agent)[0]
    if env.transcript != said:
        raise Failed("playing a fork changed the transcript of the original")
    _same([alone, alone], [theirs, finish(env, subject.agent)[0]], "forked in the middle")
    return "two forks and the original end as if alone"


def gymnasium_accepts_it(subject: Subject) -> str:
    """Gymnasium's own checker passes without a warning."""
    from gymnasium.utils.env_checker import check_env as gymnasium_check

    options = {"split": "all", **subject.options}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        env = gymnasium.make(subject.id, **options).unwrapped
        try:
            gymnasium_check(env)
        except AssertionError as error:
            raise Failed(f"gymnasium's check_env: {error}") from error
    if told := [str(warning.message) for warning in seen if issubclass(warning.category, UserWarning)]:
        raise Failed(f"gymnasium's check_env warns: {told[0]}")
    return "gymnasium's check_env has nothing to say"


def _told(score: Score) -> str:
    return f"{score.value:g} ({score.verdict}{': ' + score.explanation if score.explanation else ''})"


CHECKS: dict[str, Check] = {
    "oracle": oracle_earns_one,
    "null": null_earns_nothing,
    "echo": echo_earns_nothing,
    "constant": constants_earn_nothing,
    "gold_in_noise": gold_in_noise_earns_nothing,
    "hedge_list": hedge_lists_earn_nothing,
    "nan_inf": not_numbers_earn_nothing,
    "giant_numbers": giant_numbers_earn_nothing,
    "unicode_digits": unicode_digits_earn_nothing,
    "malformed_call": malformed_calls_earn_nothing,
    "tool_spam": tool_spam_earns_nothing,
    "hostile_text": hostile_text_earns_nothing,
    "determinism": same_seed_same_episode,
    "threads": same_in_threads,
    "processes": same_in_another_process,
    "splits": splits_share_no_task,
    "reset_leak": reset_leaves_nothing,
    "pickle": pickled_episode_goes_on,
    "fork": forks_share_nothing,
    "gymnasium": gymnasium_accepts_it,
}

"""Rows that are seeds: a suite made of built-in environments, each task one of them at a level and a seed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.envs.core import Env, Reply
from assaygym.envs.data_tasks import DataEnv, DataTaskDefinition
from assaygym.envs.registration import make
from assaygym.envs.seeding import keyed_rng
from assaygym.errors import ConfigError, DataError
from assaygym.types import Message, Score, Task, ToolSpec

__all__ = ["Member", "MixtureEnv", "MixtureTasks", "fixed_rows", "fresh_rows", "mixture"]

SPLIT = "eval"
"""Of the environments: a policy trained on their `train` splits has seen none of these prompts."""
MOST_ENTROPY = 2**62


@dataclass(frozen=True, slots=True)
class Member:
    """One environment of a mixture, and the levels that its tasks are of, in turn."""

    env: str
    levels: tuple[int, ...]


def fixed_rows(members: Sequence[Member], count: int, version: int) -> list[Row]:
    """`count` rows, the members and their levels in turn; the same for ever: another version has other seeds."""
    return [_row(members, place, version * 1_000_000 + place) for place in range(count)]


def fresh_rows(members: Sequence[Member], count: int, options: dict[str, Any]) -> list[Row]:
    """`count` rows that nobody has seen before; sets `options["entropy"]`, which gives the same ones again.

    Raises:
        ConfigError: the entropy given is no integer from 0.
    """
    entropy = options.setdefault("entropy", secrets.randbelow(MOST_ENTROPY))
    if isinstance(entropy, bool) or not isinstance(entropy, int) or entropy < 0:
        raise ConfigError(f"entropy is {entropy!r}; expected an integer from 0, or none to have one drawn")
    rng = keyed_rng("suite/fresh-v0", SPLIT, entropy, {})
    return [_row(members, place, rng.randrange(1_000_000_000, 2**31)) for place in range(count)]


def _row(members: Sequence[Member], place: int, seed: int) -> Row:
    member = members[place % len(members)]
    level = member.levels[place // len(members) % len(member.levels)]
    return {"env": member.env, "level": level, "seed": seed}


def mixture(suite: Suite, rows: list[Row]) -> DataTaskDefinition:
    """The tasks of these rows.

    Raises:
        DataError: a row names no environment, or has no level or seed.
    """
    return MixtureTasks(f"suite/{suite.id}-v0", rows, {}, kind=suite.kind, summary=suite.title)


class _Verdict:
    """What judges these tasks is their own environments'."""

    name = "of each environment"

    def __call__(self, response: str, answer: Row, /) -> Score:
        """The score of an episode of this one turn."""
        env = _inner(answer)
        _, _, _, _, info = env.step(response)
        env.close()
        score: Score = info["score"] if "score" in info else Score.of(0.0, explanation="the episode goes on")
        return score


class MixtureTasks(DataTaskDefinition):
    """A task whose rows are (environment, level, seed)."""

    def __init__(self, env_id: str, rows: Sequence[Row], columns: Mapping[str, Any], **options: Any) -> None:
        super().__init__(env_id, rows, columns, **{"verifier": _Verdict(), **options})
        for number, row in enumerate(rows, start=1):
            if not isinstance(row.get("env"), str) or not all(isinstance(row.get(k), int) for k in ("level", "seed")):
                raise DataError(f"row {number} is {dict(row)}; expected env, level and seed")

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _made, (self.id, self.rows, self.kind, self.summary)

    def row_task(self, index: int) -> Task[Any]:
        """The task of row `index`, from 0.

        Raises:
            ConfigError: there is no such row.
        """
        if not 0 <= index < len(self.rows):
            raise ConfigError(f"{self.id} has rows 0 to {len(self.rows) - 1}, not {index}")
        row = self.rows[index]
        env = _inner(row)
        task = env.task
        env.close()
        assert task is not None  # it was just reset
        return _named(task, row)

    def make(
        self, *, split: str = "train", render_mode: str | None = None, level: int | None = None, **knobs: Any
    ) -> MixtureEnv:
        """An environment of these rows."""
        if level is not None or knobs:
            raise ConfigError(f"{self.id} takes no level and no knobs: its rows have theirs")
        return MixtureEnv(self, split=split, render_mode=render_mode, knobs={})


class MixtureEnv(DataEnv):
    """One row's environment at a time: each episode is an episode of that."""

    definition: MixtureTasks  # pyright: ignore[reportIncompatibleVariableOverride]
    _env: Env | None = None
    _text = ""
    _cut: Score | None = None

    def _draw(self, seed: int, options: Mapping[str, Any]) -> Task[Any]:
        if unknown := options.keys() - {"index"}:
            raise ConfigError(f"{self.id} takes the reset option 'index' only, got {', '.join(sorted(unknown))}")
        order = range(len(self.definition.rows)) if "index" in options else self.definition.order(self.split)
        index = int(options["index"]) if "index" in options else order[seed % len(order)]
        if not 0 <= index < len(self.definition.rows):
            raise ConfigError(f"{self.id} has rows 0 to {len(self.definition.rows) - 1}, not {index}")
        row = self.definition.rows[index]
        self._env, self._cut = _inner(row), None
        self.max_turns = self._env.max_turns
        task = self._env.task
        assert task is not None  # it was just reset
        return _named(task, row)

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """Those of the episode's environment."""
        return self._env.tools if self._env is not None else ()

    @property
    def has_oracle(self) -> bool:
        """Whether the episode's environment has one."""
        return self._env is None or self._env.has_oracle

    def parse_action(self, text: str) -> Message:
        """As the episode's environment reads it."""
        self._text = text
        return self._inside.parse_action(text)

    def action_text(self, message: Message) -> str:
        """As the episode's environment writes it."""
        return self._inside.action_text(message) if self._env is not None else message.content

    def _reply(self, action: Message) -> Reply:
        _, _, _, truncated, info = self._inside.step(self._text)
        score = info.get("score")
        rest = {name: value for name, value in info.items() if name not in ("score", "messages", "action")}
        if truncated:
            self._cut, score = score, None
        return Reply(messages=info["messages"], score=score, info=rest)

    def _conclude(self) -> Score:
        return self._cut if self._cut is not None else super()._conclude()

    def _solve(self) -> Any:
        return self._inside._solve()  # the oracle of the very episode that goes on inside

    def close(self) -> None:
        """End the episode."""
        if self._env is not None:
            self._env.close()
        super().close()

    @property
    def _inside(self) -> Env:
        assert self._env is not None  # a running episode has one
        return self._env


def _inner(row: Row) -> Env:
    env = make(row["env"], split=SPLIT, level=row["level"])
    env.reset(seed=row["seed"])
    return env


def _named(task: Task[Any], row: Row) -> Task[Any]:
    return Task(
        id=f"{row['env']}/{row['level']}/{row['seed']}",
        prompt=task.prompt,
        answer=row,
        metadata={"category": row["env"], "level": row["level"]},
    )


def _made(env_id: str, rows: Sequence[Row], kind: Any, summary: str) -> MixtureTasks:
    return MixtureTasks(env_id, rows, {}, kind=kind, summary=summary)

"""Where an oracle that is to fail makes its mistake."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from assaygym.agents.near_miss import NearMiss, near_miss
from assaygym.types import Verdict

if TYPE_CHECKING:
    from assaygym.envs.core import Env

__all__ = ["Mistake", "next_mistake"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is said in place of the oracle's turn, and when."""

    turn: int
    """The `Env.turns` before it."""
    miss: NearMiss


def next_mistake(env: Env, rng: Random) -> Mistake | None:
    """The next mistake of an episode that is to end wrong.

    It is at any of the oracle's turns alike where one cannot be put right afterwards: an order can be wrong, a farewell
    that nobody judges cannot. Where every single mistake can be put right, there is one at this turn, and another one
    must follow.

    Args:
        env: the live environment, which is forked and left alone.
        rng: draws the turn and the mistake.

    Returns:
        The mistake; None where it would come too late, and where nothing near the oracle's turns is wrong.

    Raises:
        TaskError: the oracle has no further action.
    """
    turns = _turns_to_right(env)
    first: NearMiss | None = None
    for n in rng.sample(range(len(turns)), len(turns)):
        miss = _miss_after(env, turns[:n], turns[n], rng)
        if miss is not None and miss.final:
            return Mistake(env.turns + n, miss)
        first = miss if n == 0 else first
    return None if first is None else Mistake(env.turns, first)


def _turns_to_right(env: Env) -> list[str]:
    """What the oracle says until it is right; nothing where it does not become right."""
    probe, turns = env.fork(1)[0], list[str]()
    try:
        if env.max_turns == 1:
            return [probe.oracle_action()]
        while True:
            turns.append(probe.oracle_action())
            *_, info = probe.step(turns[-1])
            if "score" in info:
                return turns if info["score"].verdict is Verdict.CORRECT else []
    finally:
        probe.close()


def _miss_after(env: Env, said: list[str], right: str, rng: Random) -> NearMiss | None:
    """A near miss of the turn that comes after these."""
    probe = env.fork(1)[0]
    try:
        for text in said:
            probe.step(text)
        return near_miss(probe, right, rng)
    finally:
        probe.close()

"""The contract of every verifier: (response, answer) -> Score."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar, runtime_checkable

from assaygym.errors import told
from assaygym.types import Score

__all__ = ["Verifier", "judge", "name_of"]

ResponseT = TypeVar("ResponseT", contravariant=True)
AnswerT = TypeVar("AnswerT", contravariant=True)


@runtime_checkable
class Verifier(Protocol[ResponseT, AnswerT]):
    """Proves a response right or wrong.

    Synchronous, thread-safe, deterministic, bounded in time and memory whatever the input; never executes model text in
    its own process and never uses signals. A fault of its own raises (any exception) and becomes INVALID in `judge`.
    """

    def __call__(self, response: ResponseT, answer: AnswerT, /) -> Score:
        """The score of one response."""
        ...


def judge(verifier: Callable[[Any, Any], Score | bool | float], response: object, answer: object) -> Score:
    """The verifier's score with the seconds it took; INVALID with the reason when the verifier itself fails."""
    started = time.perf_counter()
    try:
        score = Score.of(verifier(response, answer))
    except Exception as error:  # the boundary: a fault of ours is never a zero reward
        score = Score.invalid(f"verifier {name_of(verifier)} failed: {told(error)}")
    return replace(score, seconds=round(time.perf_counter() - started, 6))


def name_of(verifier: object) -> str:
    """What to call a verifier in messages and records."""
    return str(getattr(verifier, "name", getattr(verifier, "__name__", type(verifier).__name__)))

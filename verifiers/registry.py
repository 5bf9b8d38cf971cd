"""Verifiers by kind, for the command line and for data files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assaygym.errors import ConfigError, did_you_mean
from assaygym.types import Score

__all__ = ["KINDS", "SERVED", "verifier_for"]

Scorer = Callable[[Any, Any], Score]


def _math() -> Scorer:
    from assaygym.verifiers.maths.verify import math

    return math()


def _text() -> Scorer:
    from assaygym.verifiers.text import exact

    return exact()


def _number() -> Scorer:
    from assaygym.verifiers.text import number

    return number()


def _choice() -> Scorer:
    from assaygym.verifiers.text import choice

    return choice("ABCDEFGHIJ")


def _served(url: str) -> Scorer:
    from assaygym.verifiers.judges.http_reward import served

    return served(url)


_FACTORIES: dict[str, Callable[[], Scorer]] = {"math": _math, "number": _number, "text": _text, "choice": _choice}
KINDS = tuple(_FACTORIES)
SERVED = "reward:"
"""Begins the kind of a reward model on a server: `reward:http://HOST:PORT/PATH`."""


def verifier_for(kind: str) -> Scorer:
    """The verifier `(pred, gold) -> Score` of a kind: `math`, `number`, `text` (exact), `choice`, `reward:URL`.

    Raises:
        ConfigError: there is no such kind, or the URL is none.
    """
    if kind.startswith(SERVED):
        return _served(kind.removeprefix(SERVED))
    factory = _FACTORIES.get(kind)
    if factory is None:
        raise ConfigError(f"there is no verifier of kind {kind!r}; {did_you_mean(kind, KINDS)}")
    return factory()

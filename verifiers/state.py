"""Final state of a tool world: what should have changed did, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, ClassVar, Final

from assaygym.errors import VerifierError
from assaygym.types import Score, Verdict

__all__ = ["ABSENT", "Change", "StateMatch", "diff", "state_equals"]

MAX_DEPTH = 100
SHOWN_CHANGES = 10


class _Absent(Enum):
    ABSENT = "absent"

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent.ABSENT
"""Stands for a value that is not there."""

_PLAIN = (
    str,
    bytes,
    bool,
    int,
    float,
    complex,
    Decimal,
    Fraction,
    Enum,
    datetime.date,
    datetime.time,
    datetime.timedelta,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference at `path` (`orders['A1'].status`); either value may be `ABSENT`."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.path or 'the state'}: {_shown(self.before)} -> {_shown(self.after)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def diff(before: object, after: object) -> tuple[Change, ...]:
    """Every difference between two states of plain data, by path.

    Dicts, lists, tuples, sets and dataclass instances are compared part by part. Types are strict: `True` is not 1, 1
    is not 1.0, a list is not a tuple; NaN equals NaN. The order of a dict's keys does not count.

    Raises:
        VerifierError: a value is not plain data, or is nested over 100 deep.
    """
    return tuple(_changes("", before, after, 0))


def _changes(path: str, before: object, after: object, depth: int) -> Iterator[Change]:
    if depth > MAX_DEPTH:
        raise VerifierError(f"the state is nested deeper than {MAX_DEPTH} at {path[:80]}; expected plain data")
    left, right = _parts(path, before), _parts(path, after)
    if left is None or right is None or type(before) is not type(after):
        if not _same(path, before, after):
            yield Change(path, before, after)
        return
    for key in [*left, *(key for key in right if key not in left)]:
        one, other = left.get(key, ABSENT), right.get(key, ABSENT)
        if one is ABSENT or other is ABSENT:
            yield Change(f"{path}{key.text}", one, other)
        else:
            yield from _changes(f"{path}{key.text}", one, other, depth + 1)


@dataclass(frozen=True, slots=True)
class _Key:
    """A key with its type, so that the keys `1` and `True` stay apart; `text` is how a path shows it."""

    kind: type
    value: Hashable
    text: str


def _parts(path: str, value: object) -> dict[_Key, object] | None:
    """The parts of a container by key; None for what has none.

    Raises:
        VerifierError: a key or set member is not plain data.
    """
    if isinstance(value, Mapping):
        return {_key(path, key, f"[{key!r}]"): part for key, part in value.items()}
    if isinstance(value, (set, frozenset)):
        return {_key(path, member, f"{{{member!r}}}"): member for member in sorted(value, key=repr)}
    if isinstance(value, (list, tuple)):
        return {_Key(int, index, f"[{index}]"): part for index, part in enumerate(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_Key(str, f.name, f".{f.name}"): getattr(value, f.name) for f in dataclasses.fields(value)}
    return None


def _key(path: str, key: Hashable, text: str) -> _Key:
    is_container = isinstance(key, (tuple, frozenset)) or (dataclasses.is_dataclass(key) and not isinstance(key, type))
    if key is not None and not is_container and not isinstance(key, _PLAIN):
        raise VerifierError(f"the state has a {type(key).__name__} at {path}{text[:80]}; expected plain data")
    return _Key(type(key), key, text)


def _same(path: str, before: object, after: object) -> bool:
    for value in (before, after):
        if value is not None and _parts(path, value) is None and not isinstance(value, _PLAIN):
            raise VerifierError(f"the state has a {type(value).__name__} at {path or 'its top'}; expected plain data")
    if type(before) is not type(after):
        return False
    return bool(before == after) or (before != before and after != after)


@dataclass(frozen=True, slots=True)
class StateMatch:
    """See `state_equals`."""

    initial: Any = ABSENT
    name: ClassVar[str] = "state"

    def __call__(self, final: object, expected: object, /) -> Score:
        """CORRECT when `final` is `expected`; otherwise what is missing and what should not have changed."""
        differences = diff(expected, final)
        if not differences:
            return Score(value=1.0, verdict=Verdict.CORRECT, explanation="state: as expected", metrics=_counts(0, 0))
        wanted = {change.path for change in diff(self.initial, expected)} if self.initial is not ABSENT else None
        missing = [change for change in differences if wanted is None or _touches(change.path, wanted)]
        unexpected = [change for change in differences if change not in missing]
        told = [*_told("required but missing", missing), *_told("not asked for", unexpected)]
        return Score(
            value=0.0,
            verdict=Verdict.INCORRECT,
            explanation=f"state: {'; '.join(told)}",
            metrics=_counts(len(missing), len(unexpected)),
        )


def _counts(missing: int, unexpected: int) -> dict[str, float]:
    return {"missing": float(missing), "unexpected": float(unexpected)}


def _touches(path: str, wanted: set[str]) -> bool:
    """Whether a path is one of those wanted, or lies above or below one."""
    return any(path == other or _is_below(path, other) or _is_below(other, path) for other in wanted)


def _is_below(path: str, above: str) -> bool:
    return path.startswith(above) and path[len(above) : len(above) + 1] in (".", "[", "{")


def _told(title: str, changes: list[Change]) -> list[str]:
    if not changes:
        return []
    shown = [f"{change.path or 'the state'} should be {_shown(change.before)}, is {_shown(change.after)}"
             for change in changes[:SHOWN_CHANGES]]  # fmt: skip
    more = [f"and {len(changes) - SHOWN_CHANGES} more"] if len(changes) > SHOWN_CHANGES else []
    return [f"{title}: {', '.join([*shown, *more])}"]


def state_equals(initial: object = ABSENT) -> StateMatch:
    """A verifier of final states: `(final, expected)`, both plain data.

    With the `initial` state, the explanation and the metrics `missing` and `unexpected` tell required changes that were
    not made from changes that nobody asked for; the verdict is the same without it.
    """
    return StateMatch(initial)

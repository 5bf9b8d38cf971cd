"""The tests that code is judged by: frozen, picklable, never shown to the program beyond its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assaygym.errors import DataError

__all__ = ["AssertTests", "FunctionCase", "FunctionTests", "StdinCase", "StdinTests", "groups_of"]


@dataclass(frozen=True, slots=True)
class StdinCase:
    """One run of the program: what it reads, what it must print, and what it may take where that is not the usual."""

    input: str
    output: str
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    group: str = ""
    """The subtask that it belongs to, for `mode="groups"`."""


@dataclass(frozen=True, slots=True)
class StdinTests:
    """Runs of a whole program.

    Raises:
        DataError: there is no case, a limit is not positive, or the groups and their weights do not fit.
    """

    cases: tuple[StdinCase, ...]
    language: str | None = None
    """What the program must be written in, as `assaygym.sandbox.languages` names it; None: the verifier's."""
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    """What each run may take, where its case says nothing; None: the verifier's limits."""
    visible: tuple[StdinCase, ...] = ()
    """What the prompt showed: not run, only looked for in the program by a detector."""
    weights: Mapping[str, float] = field(default_factory=dict[str, float], hash=False)
    """What each group of cases counts, for `mode="groups"`; empty: all the same."""

    def __post_init__(self) -> None:
        _some(self.cases)
        _check_groups([case.group for case in self.cases], self.weights)
        limits = [limit for case in self.cases for limit in (case.cpu_seconds, case.memory_bytes)]
        for limit in (self.cpu_seconds, self.memory_bytes, *limits):
            if limit is not None and not limit > 0:
                raise DataError(f"a limit of the tests is {limit}; expected a positive number, or None")


@dataclass(frozen=True, slots=True)
class FunctionCase:
    """One call: plain data in, plain data out."""

    args: tuple[Any, ...]
    expected: Any
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    also: tuple[Any, ...] = ()
    """Other results that are right as well."""
    group: str = ""
    """The subtask that it belongs to, for `mode="groups"`."""


@dataclass(frozen=True, slots=True)
class FunctionTests:
    """Calls of `entry_point`: a name or an expression such as `Solution().twoSum`, evaluated anew for each call.

    Floats within `max(float_abs, float_rel * |expected|)` are equal; `nan_equal` lets NaN equal NaN.

    Raises:
        DataError: there is no case, or the groups and their weights do not fit.
    """

    entry_point: str
    cases: tuple[FunctionCase, ...]
    float_abs: float = 0.0
    float_rel: float = 0.0
    nan_equal: bool = False
    in_place: int | None = None
    """The number of the argument whose state after the call is the result, for tasks that change one in place."""
    bool_is_int: bool = False
    """Whether True equals 1, as `==` has it."""
    sequences_equal: bool = False
    """Whether a tuple equals a list of the same items, as where expected values were kept as JSON."""
    weights: Mapping[str, float] = field(default_factory=dict[str, float], hash=False)
    """What each group of cases counts, for `mode="groups"`; empty: all the same."""

    def __post_init__(self) -> None:
        _some(self.cases)
        _check_groups([case.group for case in self.cases], self.weights)
        if self.in_place is not None and not all(0 <= self.in_place < len(case.args) for case in self.cases):
            raise DataError(f"in_place is {self.in_place}; expected the number of an argument that every case has")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertTests:
    """Assert statements, in one of two shapes.

    HumanEval: `test` defines `check(candidate)`, `entry_point` names the candidate, `prompt` is the start of the
    program that the agent was shown. MBPP: `asserts` are statements that call the program by name, after `setup`.

    Raises:
        DataError: neither shape, or both.
    """

    test: str = ""
    entry_point: str = ""
    prompt: str = ""
    asserts: tuple[str, ...] = ()
    setup: str = ""

    def __post_init__(self) -> None:
        if bool(self.test) == bool(self.asserts) or bool(self.test) != bool(self.entry_point):
            raise DataError("expected either `test` and `entry_point` (HumanEval) or `asserts` (MBPP)")


def groups_of(cases: Sequence[StdinCase | FunctionCase]) -> tuple[str, ...]:
    """The group of each case; () where they have none."""
    return tuple(case.group for case in cases) if cases[0].group else ()


def _some(cases: tuple[Any, ...]) -> None:
    if not cases:
        raise DataError("there is no test; a program can be judged by one at least")


def _check_groups(groups: Sequence[str], weights: Mapping[str, float]) -> None:
    named = set(groups)
    if "" in named and (len(named) > 1 or weights):
        raise DataError(f"{groups.count('')} of {len(groups)} cases have no group; give every case one, or none")
    if weights and set(weights) != named:
        raise DataError(f"weights has the groups {sorted(weights)}; expected those of the cases, {sorted(named)}")
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise DataError(f"weights are {dict(weights)}; expected finite numbers of at least 0")
    if weights and not sum(weights.values()) > 0:
        raise DataError("all weights are 0; one group at least must count")

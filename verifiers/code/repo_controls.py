"""Negative controls: runs in which tests are made wrong, so that right code fails them.

Code that shares a process with its tests can read them and write its own verdict. But it sees one version of each test
a process, and cannot tell a true one from one made wrong without knowing what is right: what passes them all lies.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assaygym.verifiers.code.repo_suite import Suite
from assaygym.verifiers.code.repo_tests import base_of

__all__ = ["Control", "Controls"]

_FEWEST = 4
_MOST = 16


@dataclass(frozen=True, slots=True)
class Control:
    """One run with tests made wrong."""

    right: tuple[str, ...]
    """Node ids before the first wrong test, which must pass: a liar does not know where they end."""
    wrong: Mapping[str, int]
    """Tests without parameters, each with the site at which it is made wrong."""
    seed: int

    def wrong_in(self, path: str) -> list[tuple[str, int]]:
        """Those of one file, without its path."""
        parts = [(base.partition("::"), site) for base, site in self.wrong.items()]
        return [(test, site) for (file, _, test), site in parts if file == path]

    def rng(self) -> random.Random:
        """The generator of what is written into the tests: the same for each call."""
        return random.Random(self.seed)


class Controls:
    """The controls of some tests; the same for the same tests.

    Args:
        required: node ids.
        suites: their files by path.
    """

    def __init__(self, required: Iterable[str], suites: Mapping[str, Suite]) -> None:
        files = list(suites)
        places = {node: base_of(node).partition("::") for node in required}
        order = {node: (files.index(path), suites[path].position(test)) for node, (path, _, test) in places.items()}
        self._nodes = sorted(order, key=order.__getitem__)  # as pytest runs them
        sites = {base_of(node): suites[places[node][0]].sites(places[node][2]) for node in self._nodes}
        self._sites = {base: count for base, count in sites.items() if count}
        told = repr([*self._nodes, *(suite.source() for suite in suites.values())])
        self._rng = random.Random(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest())

    def controls(self) -> list[Control]:
        """Runs in which each assertion of each test is wrong once, as far as their number allows."""
        if not self._sites:
            return []
        rng, bases = self._rng, list(self._sites)
        orders = {base: rng.sample(range(count), count) for base, count in self._sites.items()}
        found: list[Control] = []
        for number in range(min(max(_FEWEST, *self._sites.values()), _MOST)):
            first = rng.randrange(len(bases)) if number % 2 else 0
            wrong = {base: orders[base][number % len(orders[base])] for base in bases[first:]}
            found.append(Control(self._before(bases[first]), wrong, rng.randrange(1 << 30)))
        return found

    def narrowed(self, control: Control, base: str) -> Control:
        """The same with only this wrong test, made wrong by other values: some classes take few values for one."""
        return Control(self._before(base), {base: control.wrong[base]}, control.seed + 1)

    def _before(self, base: str) -> tuple[str, ...]:
        bases = list(self._sites)
        earlier = set(bases[: bases.index(base)])
        return tuple(node for node in self._nodes if base_of(node) in earlier)

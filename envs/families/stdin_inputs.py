"""Random and edge inputs, as text, for the shapes of `assay/StdinStdout-v0`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

__all__ = ["draw_input", "edge_inputs"]


def draw_input(rng: random.Random, shape: str, size: int) -> str:
    """A random input of about this size, without a newline at its end."""
    return _DRAWN[shape](rng, size)


def edge_inputs(rng: random.Random, shape: str) -> list[str]:
    """The smallest inputs, and some where everything is equal."""
    return _EDGES[shape](rng)


def _values(rng: random.Random, size: int) -> list[int]:
    low, high = rng.choice(((-9, 9), (1, 6), (-40, 60), (0, 1000)))
    return [rng.randint(low, high) for _ in range(size)]


def _spaced(values: Sequence[int]) -> str:
    return " ".join(map(str, values))


def _list(values: Sequence[int]) -> str:
    return f"{len(values)}\n{_spaced(values)}"


def _list_k(values: Sequence[int], k: int) -> str:
    return f"{len(values)} {k}\n{_spaced(values)}"


def _queries(rng: random.Random, values: Sequence[int]) -> str:
    count = min(len(values), 40)
    pairs = [sorted((rng.randint(1, len(values)), rng.randint(1, len(values)))) for _ in range(count)]
    return "\n".join([f"{len(values)} {count}", _spaced(values), *map(_spaced, pairs)])


def _string(rng: random.Random, size: int) -> str:
    letters = rng.choice(("ab", "abc", "abcd", "abcdefgh"))
    runs = rng.random() < 0.3
    return "".join(c * (rng.randint(1, 4) if runs else 1) for c in rng.choices(letters, k=size))[:size]


def _grid(rows: Sequence[str]) -> str:
    return "\n".join([f"{len(rows)} {len(rows[0])}", *rows])


def _drawn_grid(rng: random.Random, size: int) -> str:
    height, width = (rng.randint(max(2, side // 2), side) for side in (_side(size), _side(size)))
    share = rng.choice((0.25, 0.4, 0.5))
    return _grid(["".join("#" if rng.random() < share else "." for _ in range(width)) for _ in range(height)])


def _side(size: int) -> int:
    return min(max(3, size // 2), 18)


def _graph(rng: random.Random, size: int, weights: int) -> str:
    count = rng.randint(size // 2, 2 * size)
    lines = []
    for _ in range(count):
        pair = rng.sample(range(1, size + 1), 2)
        lines.append(_spaced([*pair, rng.randint(1, weights)] if weights else pair))
    return "\n".join([f"{size} {count}", *lines])


def _intervals(pairs: Sequence[Sequence[int]]) -> str:
    return "\n".join([str(len(pairs)), *map(_spaced, pairs)])


def _drawn_intervals(rng: random.Random, size: int) -> str:
    widest = rng.choice((3, 8, 20))
    starts = [rng.randint(-size, 2 * size) for _ in range(size)]
    return _intervals([(start, start + rng.randint(0, widest)) for start in starts])


_DRAWN: dict[str, Callable[[random.Random, int], str]] = {
    "list": lambda rng, size: _list(_values(rng, size)),
    "list k": lambda rng, size: _list_k(_values(rng, size), rng.randint(1, min(size, 20))),
    "queries": lambda rng, size: _queries(rng, _values(rng, size)),
    "string": _string,
    "grid": _drawn_grid,
    "graph": lambda rng, size: _graph(rng, size, 0),
    "roads": lambda rng, size: _graph(rng, size, 20),
    "intervals": _drawn_intervals,
}
_EDGES: dict[str, Callable[[random.Random], list[str]]] = {
    "list": lambda rng: [_list([rng.randint(-5, 5)]), _list([3] * 5), _list([-2, -7, -2])],
    "list k": lambda rng: [_list_k([rng.randint(-5, 5)], 1), _list_k([3] * 5, 5), _list_k([-2, -7, 4, 4], 1)],
    "queries": lambda rng: [f"1 1\n{rng.randint(1, 9)}\n1 1", "3 2\n-6 -6 -6\n1 3\n2 2"],
    "string": lambda rng: [rng.choice("abc"), "aaaaaa", "ab", "abcba"],
    "grid": lambda rng: ["1 1\n.", "1 4\n....", "3 2\n##\n##\n##", "3 3\n.#.\n###\n.#."],
    "graph": lambda rng: ["1 0", "2 0", "3 3\n1 2\n2 1\n1 3"],
    "roads": lambda rng: ["1 0", "2 0", "2 2\n1 2 7\n2 1 4", "3 1\n2 3 5"],
    "intervals": lambda rng: ["1\n0 0", "2\n-3 4\n-3 4", "3\n1 2\n2 3\n3 4"],
}

"""Rules on tapes of R and B for `assay/Manufactoria-v0`: words, a finite machine each, and compositions of them.

An acceptance rule is a finite automaton; a rewriting rule is a transducer that reads the tape once and writes as it
goes. Both are run by `Automaton.accepts` and `Transducer.rewrite`, and turned into nodes by `robot_solutions`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Automaton", "Transducer", "both", "draw_acceptance", "draw_rewriting", "either"]

NAMES = {"R": "red", "B": "blue"}


@dataclass(frozen=True, slots=True)
class Automaton:
    """`words` follows "the tape". States are numbers, 0 the first; `moves[state]` gives the next by symbol."""

    words: str
    moves: tuple[Mapping[str, int], ...]
    final: frozenset[int]

    def accepts(self, tape: str) -> bool:
        """Whether the rule holds for the tape."""
        state = 0
        for symbol in tape:
            state = self.moves[state][symbol]
        return state in self.final


def _automaton(
    words: str, start: Hashable, step: Callable[[Hashable, str], Hashable], final: Callable[[Hashable], bool]
) -> Automaton:
    """The automaton of a step function, by visiting all its states."""
    states, moves = [start], list[dict[str, int]]()
    for state in states:  # grows
        row = dict[str, int]()
        for symbol in "RB":
            goal = step(state, symbol)
            if goal not in states:
                states.append(goal)
            row[symbol] = states.index(goal)
        moves.append(row)
    return Automaton(words, tuple(moves), frozenset(i for i, state in enumerate(states) if final(state)))


def both(one: Automaton, other: Automaton) -> Automaton:
    """Tapes for which both rules hold."""
    return _pair(one, other, f"{one.words} and {other.words}", lambda a, b: a and b)


def either(one: Automaton, other: Automaton) -> Automaton:
    """Tapes for which one of the rules holds, or both."""
    return _pair(one, other, f"{one.words} or {other.words} (or both)", lambda a, b: a or b)


def _pair(one: Automaton, other: Automaton, words: str, joined: Callable[[bool, bool], bool]) -> Automaton:
    def step(state: Hashable, symbol: str) -> Hashable:
        assert isinstance(state, tuple)
        return one.moves[state[0]][symbol], other.moves[state[1]][symbol]

    def final(state: Hashable) -> bool:
        assert isinstance(state, tuple)
        return joined(state[0] in one.final, state[1] in other.final)

    return _automaton(words, (0, 0), step, final)


def _pattern(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("RB", k=length))


def _starts(rng: random.Random, size: int) -> Automaton:
    p = _pattern(rng, size)
    return _automaton(
        f"starts with {p}",
        "",
        lambda s, c: s if s in (p, None) else (f"{s}{c}" if p.startswith(f"{s}{c}") else None),
        lambda s: s == p,
    )


def _ends(rng: random.Random, size: int) -> Automaton:
    p = _pattern(rng, size)
    return _automaton(f"ends with {p}", "", lambda s, c: f"{s}{c}"[-size:], lambda s: s == p)


def _contains(rng: random.Random, size: int) -> Automaton:
    p = _pattern(rng, size)
    return _automaton(f"contains {p} somewhere, in one piece", "", lambda s, c: _longest(p, s, c), lambda s: s == p)


def _avoids(rng: random.Random, size: int) -> Automaton:
    p = _pattern(rng, size)
    return _automaton(f"contains {p} nowhere in one piece", "", lambda s, c: _longest(p, s, c), lambda s: s != p)


def _longest(pattern: str, state: Hashable, symbol: str) -> str:
    """The longest end of what was read that the pattern starts with; the pattern itself once it was found."""
    if state == pattern:
        return pattern
    read = f"{state}{symbol}"
    return next(read[i:] for i in range(len(read) + 1) if pattern.startswith(read[i:]))


def _scattered(rng: random.Random, size: int) -> Automaton:
    p = _pattern(rng, size + 1)
    return _automaton(
        f"contains the symbols of {p} in this order, maybe with others in between",
        0,
        lambda s, c: s if s == len(p) else int(str(s)) + (p[int(str(s))] == c),
        lambda s: s == len(p),
    )


def _exactly(rng: random.Random, size: int) -> Automaton:
    p = _pattern(rng, size + 1)
    return _automaton(
        f"is exactly {p}",
        "",
        lambda s, c: f"{s}{c}" if s is not None and p.startswith(f"{s}{c}") else None,
        lambda s: s == p,
    )


def _remainder(rng: random.Random, size: int) -> Automaton:
    colour, modulus = rng.choice("RB"), size
    rest = rng.randrange(modulus)
    return _automaton(
        f"has a number of {NAMES[colour]} symbols ({colour}) that leaves remainder {rest} when divided by {modulus}",
        0,
        lambda s, c: (int(str(s)) + (c == colour)) % modulus,
        lambda s: s == rest,
    )


def _at_least(rng: random.Random, size: int) -> Automaton:
    colour, least = rng.choice("RB"), size
    return _automaton(
        f"has at least {least} {NAMES[colour]} symbols ({colour})",
        0,
        lambda s, c: min(least, int(str(s)) + (c == colour)),
        lambda s: s == least,
    )


def _nth(rng: random.Random, size: int) -> Automaton:
    colour = rng.choice("RB")
    return _automaton(
        f"has {colour} as its symbol number {size}, counted from the first",
        0,
        lambda s, c: s if int(str(s)) >= size else (size + (c == colour) if s == size - 1 else int(str(s)) + 1),
        lambda s: s == size + 1,
    )


def _alternates(rng: random.Random, size: int) -> Automaton:
    return _automaton(
        f"has no {size} equal symbols in a row",
        ("", 0),
        lambda s, c: s if s is None else _runs(s, c, size),
        lambda s: s is not None,
    )


def _runs(state: Hashable, symbol: str, size: int) -> Hashable:
    assert isinstance(state, tuple)
    length = state[1] + 1 if state[0] == symbol else 1
    return None if length == size else (symbol, length)


_ACCEPTANCE = (_starts, _ends, _contains, _avoids, _scattered, _exactly, _remainder, _at_least, _nth, _alternates)


def draw_acceptance(rng: random.Random, size: int) -> Automaton:
    """A simple rule about patterns of about this size (at least 2)."""
    return rng.choice(_ACCEPTANCE)(rng, size)


@dataclass(frozen=True, slots=True)
class Transducer:
    """`words` is an order. `prefix` is written first; `moves[state][symbol]` is (written, next); `tails` come last."""

    words: str
    moves: tuple[Mapping[str, tuple[str, int]], ...]
    prefix: str = ""
    tails: tuple[str, ...] = ("",)

    def rewrite(self, tape: str) -> str:
        """The tape after the rule."""
        state, written = 0, self.prefix
        for symbol in tape:
            more, state = self.moves[state][symbol]
            written += more
        return written + self.tails[min(state, len(self.tails) - 1)]


def _each(words: str, red: str, blue: str, prefix: str = "", tail: str = "") -> Transducer:
    return Transducer(words, ({"R": (red, 0), "B": (blue, 0)},), prefix, (tail,))


def _affix(rng: random.Random) -> Transducer:
    p = _pattern(rng, rng.randint(1, 3))
    if rng.random() < 0.5:
        return _each(f"put {p} before the first symbol", "R", "B", prefix=p)
    return _each(f"put {p} after the last symbol", "R", "B", tail=p)


def _per_symbol(rng: random.Random) -> Transducer:
    a = rng.choice("RB")
    b = "B" if a == "R" else "R"
    p = _pattern(rng, 2)
    rules: Sequence[tuple[str, str, str]] = (
        ("replace every R by B and every B by R", "B", "R"),
        (f"remove every {a}", "" if a == "R" else "R", "" if a == "B" else "B"),
        (f"replace every {a} by {p}", p if a == "R" else "R", p if a == "B" else "B"),
        (f"put {b} after every {a}", "RB" if a == "R" else "R", "BR" if a == "B" else "B"),
        ("write every symbol twice", "RR", "BB"),
    )
    words, red, blue = rng.choice(rules)
    return _each(words, red, blue)


def _first(rng: random.Random) -> Transducer:
    a = rng.choice("RB")
    b = "B" if a == "R" else "R"
    p = rng.choice(("", b, a + b, b + b))
    words = f"replace the first {a} by {p}, if there is one" if p else f"remove the first {a}, if there is one"
    return Transducer(words, ({a: (p, 1), b: (b, 0)}, {a: (a, 1), b: (b, 1)}), tails=("", ""))


def _to_the_end(rng: random.Random) -> Transducer:
    if rng.random() < 0.5:
        moves = ({"R": ("", 1), "B": ("", 2)}, {"R": ("R", 1), "B": ("B", 1)}, {"R": ("R", 2), "B": ("B", 2)})
        return Transducer("move the first symbol to the end", moves, tails=("", "R", "B"))
    moves = ({"R": ("", 1), "B": ("", 2)}, {"R": ("R", 1), "B": ("R", 2)}, {"R": ("B", 1), "B": ("B", 2)})
    return Transducer("remove the last symbol, if there is one", moves, tails=("", "", ""))


def _every_second(rng: random.Random) -> Transducer:
    if rng.random() < 0.5:
        moves = ({"R": ("R", 1), "B": ("B", 1)}, {"R": ("", 0), "B": ("", 0)})
        return Transducer("remove the second, the fourth, the sixth symbol and so on", moves, tails=("", ""))
    moves = ({"R": ("B", 1), "B": ("R", 1)}, {"R": ("R", 0), "B": ("B", 0)})
    return Transducer(
        "change the colour (R to B, B to R) of the first, third, fifth symbol and so on", moves, tails=("", "")
    )


def _neighbours(rng: random.Random) -> Transducer:
    a = rng.choice("RB")
    b = "B" if a == "R" else "R"
    if rng.random() < 0.5:
        moves = ({"R": ("R", 1), "B": ("B", 2)}, {"R": ("", 1), "B": ("B", 2)}, {"R": ("R", 1), "B": ("", 2)})
        return Transducer("keep only the first symbol of every run of equal symbols", moves, tails=("", "", ""))
    moves2 = ({a: (a, 1), b: (b, 0)}, {a: (a, 1), b: (a, 0)})
    return Transducer(
        f"replace every {b} that stands right after a {a} by {a} (judged by the tape as it was)", moves2, tails=("", "")
    )


def _parity(rng: random.Random) -> Transducer:
    a = rng.choice("RB")
    b = "B" if a == "R" else "R"
    moves = ({a: (a, 1), b: (b, 0)}, {a: (a, 0), b: (b, 1)})
    return Transducer(f"append R if the number of {a} on the tape is even, else append B", moves, tails=("R", "B"))


_REWRITING = (_affix, _per_symbol, _first, _to_the_end, _every_second, _neighbours, _parity)


def draw_rewriting(rng: random.Random) -> Transducer:
    """A rewriting rule."""
    return rng.choice(_REWRITING)(rng)

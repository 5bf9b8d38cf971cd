"""What every contender runs: each workload as whole programs and, for graders of functions, as a function.

A unit of work is one program, or twenty runs of one program for the workload that reads standard input.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["HUMANEVAL", "STDIN", "TRIVIAL", "WORKLOADS", "Case", "Function", "Workload"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run: what it reads, and the standard output that a right one prints."""

    stdin: str
    stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """The same work for a grader of functions: equal values from `entry` for every list of arguments."""

    source: str
    entry: str
    inputs: list[list[Any]]
    expected: list[Any]

    @property
    def asserts(self) -> str:
        """One `assert` a line that the function passes."""
        pairs = zip(self.inputs, self.expected, strict=True)
        return "".join(f"assert {self.entry}({', '.join(map(repr, args))}) == {value!r}\n" for args, value in pairs)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A program and its runs; `function` where a grader of functions can do the same work."""

    name: str
    about: str
    program: str
    cases: tuple[Case, ...]
    function: Function | None = None

    @cached_property
    def wire(self) -> dict[str, Any]:
        """What the loop in another interpreter needs of it, as JSON values."""
        document: dict[str, Any] = {"name": self.name, "forks": len(self.cases)}
        if self.function is not None:
            document |= {name: getattr(self.function, name) for name in ("source", "entry", "inputs", "expected")}
        return document


MERGED = '''from typing import List


def merged(intervals: List[List[int]]) -> List[List[int]]:
    """Unite the closed intervals that touch or overlap, in the order of their beginnings.

    >>> merged([[5, 8], [1, 3], [2, 4]])
    [[1, 4], [5, 8]]
    """
    united: List[List[int]] = []
    for start, end in sorted(intervals):
        if united and start <= united[-1][1]:
            united[-1][1] = max(united[-1][1], end)
        else:
            united.append([start, end])
    return united
'''
MERGED_CASES: list[tuple[list[list[int]], list[list[int]]]] = [
    ([], []),
    ([[3, 4]], [[3, 4]]),
    ([[5, 8], [1, 3], [2, 4]], [[1, 4], [5, 8]]),
    ([[1, 2], [2, 3]], [[1, 3]]),
    ([[1, 10], [2, 3], [4, 5]], [[1, 10]]),
    ([[-5, -1], [-2, 4], [6, 6]], [[-5, 4], [6, 6]]),
    ([[0, 0], [0, 0], [0, 0]], [[0, 0]]),
    ([[9, 12], [5, 7], [1, 3]], [[1, 3], [5, 7], [9, 12]]),
    ([[1, 4], [3, 6], [5, 8], [7, 10]], [[1, 10]]),
    ([[2, 100], [50, 200], [300, 301]], [[2, 200], [300, 301]]),
]
WORDS = """import sys

count = int(sys.stdin.readline())
seen = {}
for _ in range(count):
    for word in sys.stdin.readline().split():
        seen[word] = seen.get(word, 0) + 1
ranked = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
print(len(ranked))
for word, times in ranked[:5]:
    print(word, times)
total = sum(seen.values())
print(total)
"""
STDIN_CASES = 20
SYLLABLES = ("ab", "bc", "cd", "de", "ef", "fg", "gh")


def _merged() -> Function:
    inputs: list[list[Any]] = [[given] for given, _ in MERGED_CASES]
    return Function(source=MERGED, entry="merged", inputs=inputs, expected=[wanted for _, wanted in MERGED_CASES])


def _words(seed: int) -> Case:
    rng = random.Random(seed)
    lines = [" ".join(rng.choices(SYLLABLES, k=rng.randint(1, 8))) for _ in range(rng.randint(1, 9))]
    seen = Counter(" ".join(lines).split())
    ranked = sorted(seen, key=lambda word: (-seen[word], word))
    told = [str(len(seen)), *(f"{word} {seen[word]}" for word in ranked[:5]), str(seen.total())]
    return Case(stdin="\n".join([str(len(lines)), *lines, ""]), stdout="\n".join([*told, ""]))


TRIVIAL = Workload(
    name="trivial",
    about="the program `pass`",
    program="pass\n",
    cases=(Case(stdin="", stdout=""),),
    function=Function(source="def nothing():\n    pass\n", entry="nothing", inputs=[[]], expected=[None]),
)
HUMANEVAL = Workload(
    name="humaneval",
    about="a function of nine lines and ten asserts, in the manner of HumanEval",
    program=f"{MERGED}\n{_merged().asserts}",
    cases=(Case(stdin="", stdout=""),),
    function=_merged(),
)
STDIN = Workload(
    name="stdin",
    about="twelve lines that read standard input; a unit is its runs on twenty inputs",
    program=WORDS,
    cases=tuple(_words(seed) for seed in range(STDIN_CASES)),
)
WORKLOADS = {workload.name: workload for workload in (TRIVIAL, HUMANEVAL, STDIN)}

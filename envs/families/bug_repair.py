"""`assay/BugRepair-v0`: find and mend the bugs of a small module with tools; hidden tests judge its final state.

The module is made of functions with docstrings, and each bug is a small change of one of them that shows in hidden
tests. On the higher levels the visible tests may all pass: then the docstrings say what is right.
"""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Sequence
from typing import Any

from assaygym.envs.families.bug_repair_functions import Part, draw_arguments, parts
from assaygym.envs.families.mutations import mutant
from assaygym.envs.families.repair import LIMITS, RUNS, TRIES, Repair
from assaygym.errors import ConfigError
from assaygym.types import Score
from assaygym.verifiers.code import AssertTests, asserts

__all__ = ["BugRepair"]

HIDDEN = 14
"""Hidden tests of each function."""
DETECTING = 2
"""Least number of hidden tests that a bug fails."""
NAMES = ("helpers", "utils", "tools", "stats", "lib", "core", "common", "calc")
TEMPLATES = (
    "The module {module} has {bugs}. {symptom}The docstrings say what its functions must do. Mend it; tests that you "
    "do not see judge the module. {tests}",
    "Please repair {module}: somebody introduced {bugs}. {symptom}Each docstring is right, and hidden tests check the "
    "functions against it. {tests}",
    "There is trouble with {module}: it contains {bugs}. {symptom}Find and mend it: every function must do what its "
    "docstring says. {tests}",
)
TESTS = "Some tests stand in {path}; you may run them {runs} times, and they cannot be changed."


class BugRepair(
    Repair,
    id="assay/BugRepair-v0",
    max_turns=16,
    kind="code",
    difficulty={
        "functions": (2, 3, 4, 5, 6),
        "bugs": (1, 1, 1, 2, 2),
        "visible": (6, 4, 3, 2, 1),
        "symptom": (True, True, False, False, False),
    },
    summary="Mend a module with tools: read, edit, run tests; hidden tests judge its final state.",
    requires=("sandbox",),
):
    """You repair Python code with tools. Change only what is wrong. Call `submit` when you are done."""

    functions: int
    bugs: int
    visible: int
    """Visible tests of each function."""
    symptom: bool
    """Whether the prompt shows a call with a wrong result."""
    module: str
    broken: str
    hidden: tuple[str, ...]

    def setup(self, rng: random.Random) -> str:
        """Draw functions, tests and bugs."""
        if not 1 <= self.functions <= 8 or not 1 <= self.bugs <= self.functions or not 1 <= self.visible <= 8:
            raise ConfigError(
                f"BugRepair: functions {self.functions}, bugs {self.bugs}, visible {self.visible}; expected 1 to 8, at "
                "most as many bugs as functions, and 1 to 8"
            )
        chosen = _draw_parts(rng, self.functions)
        source = _source(rng, chosen)
        names = _load(source)
        cases: dict[str, list[Case]] = {}
        self.broken, wrong = "", ""
        for attempt in itertools.count():
            if attempt % TRIES == 0:
                cases = {part.name: _draw_cases(rng, part, names, self.visible + HIDDEN) for part in chosen}
            self.broken, wrong = self._break(rng, source, cases)
            if self.broken:
                break
        self.module = f"{rng.choice(NAMES)}.py"
        shown = [case for some in cases.values() for case in some[: self.visible]]
        self.hidden = tuple(f"assert {c} == {result}" for some in cases.values() for c, result in some[self.visible :])
        prelude = f"from {self.module.removesuffix('.py')} import {', '.join(cases)}"
        self.begin({self.module: self.broken}, {self.module: source}, prelude, shown)
        return self._prompt(rng, chosen, wrong)

    def verify(self) -> Score:
        """The hidden tests, all of them."""
        if self.files[self.module] == self.broken:
            return Score.of(0.0, explanation="the module was not changed")
        report = asserts(limits=LIMITS).run(self.files[self.module], AssertTests(asserts=self.hidden))
        return report.score("binary", extracted=self.files[self.module])

    def _break(self, rng: random.Random, source: str, cases: dict[str, list[Case]]) -> tuple[str, str]:
        """The source with bugs in different functions, and a call with its wrong result; "" where none shows enough."""
        broken, wrong = source, ""
        for name in rng.sample(sorted(cases), self.bugs):
            broken = mutant(rng, broken, [name])
            failures = _failures(broken, cases[name])
            hidden = [number for number in failures if number >= self.visible]
            if len(hidden) < DETECTING or (self.symptom and not failures[0] < self.visible):
                return "", ""
            call, right = cases[name][failures[0]]
            wrong = f"For example {call} gives {_outcome(_load(broken), call)}, but {right} is right. "
        return broken, wrong

    def _prompt(self, rng: random.Random, chosen: Sequence[Part], wrong: str) -> str:
        return rng.choice(TEMPLATES).format(
            module=self.module,
            bugs="a bug" if self.bugs == 1 else f"{self.bugs} bugs in different functions",
            symptom=wrong if self.symptom else f"Its functions are {', '.join(part.name for part in chosen)}. ",
            tests=TESTS.format(path=self.protected[0], runs=RUNS),
        )


Case = tuple[str, str]
"""A call and the text of its result."""


def _draw_parts(rng: random.Random, number: int) -> list[Part]:
    """Functions in random order, each after those it calls."""
    known = parts()
    while True:
        names = dict.fromkeys(rng.sample(sorted(known), number))
        needed = dict.fromkeys(name for part in names for name in (*known[part].needs, part))
        if len(needed) == number:
            return [known[name] for name in needed]


def _source(rng: random.Random, chosen: Sequence[Part]) -> str:
    numbers = {"<k>": str(rng.randint(2, 4)), "<m>": str(rng.randint(4, 6))}
    text = "\n\n".join(part.source for part in chosen)
    for hole, number in numbers.items():
        text = text.replace(hole, number)
    return ast.unparse(ast.parse(text)) + "\n"


def _load(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "module.py", "exec", dont_inherit=True), names)  # functions of ours, which always end
    return names


def _draw_cases(rng: random.Random, part: Part, names: dict[str, Any], number: int) -> list[Case]:
    found: dict[str, Case] = {}
    for _ in range(6 * number):
        arguments = ", ".join(map(repr, draw_arguments(rng, part)))
        call = f"{part.name}({arguments})"
        found.setdefault(call, (call, repr(eval(call, names))))
        if len(found) == number:
            break
    return list(found.values())


def _failures(source: str, cases: Sequence[Case]) -> list[int]:
    names = _load(source)
    return [number for number, (call, result) in enumerate(cases) if _outcome(names, call) != result]


def _outcome(names: dict[str, Any], call: str) -> str:
    """The text of a call's result, or of the exception it raises."""
    try:
        return repr(eval(call, names))
    except Exception as error:  # a bug of ours, put in on purpose
        return f"{type(error).__name__}"

"""`assay/MiniRepo-v0`: mend a small repository from an issue; hidden tests judge it like a repair of a repository.

The issue tells what is wrong at the top, the bug is in one of the modules below. Docstrings say what each function must
do. The hidden tests call the functions at the top, in a process that holds none of the repository's code.
"""

from __future__ import annotations

import ast
import itertools
import json
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from assaygym.envs.families.mini_repo_sources import Entry, Repository, repositories
from assaygym.envs.families.mutations import mutant
from assaygym.envs.families.repair import LIMITS, RUNS, TRIES, Repair
from assaygym.errors import ConfigError
from assaygym.types import Score
from assaygym.verifiers.code import RepoTests, repo

__all__ = ["MiniRepo"]

HIDDEN = 20
"""Hidden tests of each function at the top."""
DETECTING = 3
"""Least number of hidden tests that each bug fails."""
HIDDEN_PATH = "tests/test_hidden.py"
TITLES = ("{name} is wrong", "Wrong results of {name}", "{name}: unexpected result", "Bug: {name}")
TEMPLATES = (
    "Issue: {title}\n\n{body}\n\nMend the repository. Its files: {files}. {rules}",
    "This issue was opened in a repository with the files {files}:\n\n> {title}\n>\n> {body}\n\n"
    "Please mend it. {rules}",
    "Repository: {files}\n\nReported: {title}\n{body}\n\nFind the cause and mend it. {rules}",
)
RULES = (
    "The docstrings say what every function must do; {bugs}. {path} holds some tests: you may run them {runs} times, "
    "and they cannot be changed. Tests that you do not see judge the result."
)


class MiniRepo(
    Repair,
    id="assay/MiniRepo-v0",
    max_turns=24,
    kind="code",
    difficulty={
        "bugs": (1, 1, 1, 2, 2),
        "visible": (6, 4, 3, 2, 1),
        "example": (True, True, False, True, False),
        "narrow": (True, False, False, False, False),
    },
    summary="Mend a small repository from an issue with tools; hidden tests judge its final state.",
    requires=("sandbox",),
):
    """You repair a repository with tools. Change only what is wrong. Call `submit` when you are done."""

    bugs: int
    visible: int
    """Visible tests of each function at the top."""
    example: bool
    """Whether the issue says what a wrong result should have been."""
    narrow: bool
    """Whether the issue names the file with the bug."""
    broken: dict[str, str]
    hidden: str
    """The hidden test file."""
    nodes: tuple[str, ...]

    def setup(self, rng: random.Random) -> str:
        """Draw a repository, tests and bugs."""
        if not 1 <= self.bugs <= 3 or not 1 <= self.visible <= 8:
            raise ConfigError(f"MiniRepo: bugs {self.bugs}, visible {self.visible}; expected 1 to 3, and 1 to 8")
        repository = rng.choice(repositories())
        right = _filled(rng, repository)
        cases: list[list[Case]] = []
        for attempt in itertools.count():
            if attempt % TRIES == 0:
                cases = [_draw_cases(rng, right, entry, self.visible + HIDDEN) for entry in repository.entries]
            if self._break(rng, right, [case for some in cases for case in some[self.visible :]]):
                break
        shown = [case for some in cases for case in some[: self.visible]]
        self.hidden, self.nodes = _test_file(repository, [case for some in cases for case in some[self.visible :]])
        fixed = {path: text for path, text in right.items() if self.broken[path] != text}
        self.begin(self.broken, fixed, _imports(repository), shown)
        return self._prompt(rng, repository, [case for some in cases for case in some], sorted(fixed))

    def verify(self) -> Score:
        """The hidden tests, all of them, on the files as they are."""
        changed = {path: self.files[path] for path in self.broken if self.files[path] != self.broken[path]}
        tests = RepoTests(files=self.broken, hidden_files={HIDDEN_PATH: self.hidden}, hidden=self.nodes)
        if not changed:
            return Score.of(0.0, explanation="no file was changed")
        return repo(limits=LIMITS).run(json.dumps(changed), tests).score("binary", extracted=json.dumps(changed))

    def _break(self, rng: random.Random, right: Mapping[str, str], hidden: Sequence[Case]) -> bool:
        """Put the bugs in, each in a file of its own; whether each of them alone shows in enough hidden tests."""
        self.broken = dict(right)
        for path in rng.sample(sorted(right), self.bugs):
            self.broken[path] = mutant(rng, right[path])
            if len(_failures({**right, path: self.broken[path]}, hidden)) < DETECTING:
                return False
        return len(_failures(self.broken, hidden)) >= DETECTING

    def _prompt(self, rng: random.Random, repository: Repository, cases: Sequence[Case], places: Sequence[str]) -> str:
        call, right = cases[rng.choice(_failures(self.broken, cases))]
        name = call.partition("(")[0]
        wrong = _outcome(_load(self.broken), call)
        body = f"`{call}` gives `{wrong}`" + (
            f". It should give `{right}`." if self.example else ", which is not right."
        )
        if self.narrow:
            body += f" The cause seems to be in {places[0]}."
        return rng.choice(TEMPLATES).format(
            title=rng.choice(TITLES).format(name=name),
            body=body,
            files=", ".join(self.broken),
            rules=RULES.format(
                bugs="one of them has a bug" if self.bugs == 1 else f"{self.bugs} files have a bug each",
                path=self.protected[0],
                runs=RUNS,
            ),
        )


Case = tuple[str, str]
"""A call and the text of its result."""


def _filled(rng: random.Random, repository: Repository) -> dict[str, str]:
    """The files with their constants."""
    k, m = str(rng.randint(3, 6)), str(rng.randint(3, 9))
    return {path: _written(text.replace("<k>", k).replace("<m>", m)) for path, text in repository.files.items()}


@lru_cache(maxsize=1024)
def _written(source: str) -> str:
    """As `ast.unparse` writes it: like a file with a bug."""
    return ast.unparse(ast.parse(source)) + "\n"


def _load(files: Mapping[str, str]) -> dict[str, Any]:
    """All functions in one namespace: no two have the same name, and the files come in the order of their needs."""
    names: dict[str, Any] = {}
    for source in files.values():
        exec(_compiled(source), names)  # ours, and always ends
    return names


@lru_cache(maxsize=1024)
def _compiled(source: str) -> CodeType:
    kept = [line for line in source.splitlines() if not line.startswith("from ")]
    return compile("\n".join(kept), "repository.py", "exec", dont_inherit=True)


@lru_cache(maxsize=1024)
def _called(call: str) -> CodeType:
    return compile(call, "call", "eval", dont_inherit=True)


def _draw_cases(rng: random.Random, files: Mapping[str, str], entry: Entry, number: int) -> list[Case]:
    names = _load(files)
    found: dict[str, Case] = {}
    for _ in range(6 * number):
        call = f"{entry.name}({', '.join(map(repr, entry.draw(rng)))})"
        found.setdefault(call, (call, repr(eval(_called(call), names))))
        if len(found) == number:
            break
    return list(found.values())


def _failures(files: Mapping[str, str], cases: Sequence[Case]) -> list[int]:
    names = _load(files)
    return [number for number, (call, result) in enumerate(cases) if _outcome(names, call) != result]


def _outcome(names: dict[str, Any], call: str) -> str:
    """The text of a call's result, or the name of the exception it raises."""
    try:
        return repr(eval(_called(call), names))
    except Exception as error:  # a bug of ours, put in on purpose
        return type(error).__name__


def _imports(repository: Repository) -> str:
    return "\n".join(f"from {entry.module} import {entry.name}" for entry in repository.entries)


def _test_file(repository: Repository, cases: Sequence[Case]) -> tuple[str, tuple[str, ...]]:
    """The text of a test file, and its node ids."""
    tests = "\n".join(f"\n\ndef test_{i}():\n    assert {call} == {right}" for i, (call, right) in enumerate(cases))
    return f"{_imports(repository)}\n{tests}\n", tuple(f"{HIDDEN_PATH}::test_{i}" for i in range(len(cases)))

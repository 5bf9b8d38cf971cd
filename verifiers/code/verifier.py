"""The verifiers of code: picklable objects, `(response text, tests) -> Score`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assaygym.sandbox.base import Limits, Sandbox
from assaygym.types import Score, Verdict
from assaygym.verifiers.code.asserts import run_asserts
from assaygym.verifiers.code.base import DEFAULT_LIMITS, CodeVerifier
from assaygym.verifiers.code.checkers import TextChecker
from assaygym.verifiers.code.extract import extract_cells, extract_program, parses
from assaygym.verifiers.code.functions import run_functions
from assaygym.verifiers.code.outcome import Mode, Report
from assaygym.verifiers.code.repo import run_repo
from assaygym.verifiers.code.repo_patch import extract_patch
from assaygym.verifiers.code.repo_tests import RepoTests
from assaygym.verifiers.code.sessions import SessionTests, read_cells, run_session
from assaygym.verifiers.code.stdio import Runs, check_runs, run_stdio
from assaygym.verifiers.code.tests import AssertTests, FunctionTests, StdinTests

__all__ = [
    "AssertsVerifier",
    "CodeVerifier",
    "FunctionsVerifier",
    "RepoVerifier",
    "SessionVerifier",
    "StdioVerifier",
    "asserts",
    "functions",
    "repo",
    "session",
    "stdio",
]


@dataclass(frozen=True, kw_only=True)
class StdioVerifier(CodeVerifier[StdinTests]):
    """Whole programs, judged by what they print."""

    checker: TextChecker = field(default_factory=lambda: TextChecker("tokens"))
    language: str = "python"
    """What programs are written in, where the tests do not say."""
    runs: Runs = "many"
    """`many`: a run for each test. `one`: all tests in one run, in which the program is begun anew for each; what they
    share is told in `assaygym.sandbox.inputs`. The verdicts are the same."""
    name = "stdio"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_runs(self.runs)

    def __call__(self, response: str, answer: StdinTests, /) -> Score:
        """The score of the program in the response; UNPARSED where there is no block of the language."""
        score = super().__call__(response, answer)
        language = answer.language or self.language
        plain = language == "python" or score.verdict is not Verdict.UNPARSED
        return score if plain else Score.unparsed(f"no program in the response; expected a ```{language} block")

    def extract(self, response: str, answer: StdinTests) -> str | None:
        """The program of the language in a response, or None."""
        return extract_program(response, language=answer.language or self.language)

    def run(self, program: str, answer: StdinTests) -> Report:
        """One sandboxed run for each test, or for all."""
        return run_stdio(
            program,
            answer,
            checker=self.checker,
            sandbox=self._sandbox(),
            limits=self.limits,
            mode=self.mode,
            language=self.language,
            runs=self.runs,
        )


@dataclass(frozen=True, kw_only=True)
class FunctionsVerifier(CodeVerifier[FunctionTests]):
    """Functions, judged by what they return."""

    name = "functions"

    def extract(self, response: str, answer: FunctionTests) -> str | None:
        """The program in a response: the last block that defines the entry point before others; or None."""
        name = re.search(r"[^\W\d]\w*", answer.entry_point)
        return extract_program(response, defines=name[0] if name else None)

    def run(self, program: str, answer: FunctionTests) -> Report:
        """All the calls in one sandboxed process while it lives."""
        return run_functions(program, answer, sandbox=self._sandbox(), limits=self.limits, mode=self.mode)


@dataclass(frozen=True, kw_only=True)
class AssertsVerifier(CodeVerifier[AssertTests]):
    """Functions, judged by assert statements that run in another process."""

    name = "asserts"

    def extract(self, response: str, answer: AssertTests) -> str | None:
        """As in the other verifiers; the whole response too where it continues the prompt."""
        program = extract_program(response, defines=answer.entry_point or None)
        if program is None and answer.prompt and response.strip() and parses(f"{answer.prompt}{response}"):
            return response
        return program

    def run(self, program: str, answer: AssertTests) -> Report:
        """All the calls in one sandboxed process, the test code, where it is needed, in another."""
        return run_asserts(program, answer, sandbox=self._sandbox(), limits=self.limits, mode=self.mode)


@dataclass(frozen=True, kw_only=True)
class RepoVerifier(CodeVerifier[RepoTests]):
    """Repairs of repositories, judged by pytest; a program here is a patch in any format of `read_patch`."""

    name = "repo"
    wanted = "patch in the response; expected a ```diff or ```json block, or SEARCH/REPLACE blocks"

    def extract(self, response: str, answer: RepoTests) -> str | None:
        """The patch in a response, or None."""
        return extract_patch(response)

    def run(self, program: str, answer: RepoTests) -> Report:
        """The patched repository under its tests; a patch that cannot be applied fails them all.

        Raises:
            MissingDependencyError: pytest is not installed.
            VerifierError: the tests are at fault.
            SandboxError: the sandbox failed.
        """
        return run_repo(program, answer, sandbox=self._sandbox(), limits=self.limits, mode=self.mode)


@dataclass(frozen=True, kw_only=True)
class SessionVerifier(CodeVerifier[SessionTests]):
    """Cells of a notebook, judged by what each prints and returns; a program here is a JSON list of cells."""

    name = "session"
    wanted = "cells in the response; expected a ```python block for each, or a JSON list"

    def extract(self, response: str, answer: SessionTests) -> str | None:
        """The cells in a response, as a JSON list, or None."""
        if read_cells(response.strip()):
            return response.strip()
        cells = extract_cells(response)
        return json.dumps(cells) if cells else None

    def run(self, program: str, answer: SessionTests) -> Report:
        """All cells in one session."""
        return run_session(program, answer, sandbox=self._sandbox(), limits=self.limits, mode=self.mode)


def stdio(
    *,
    checker: str | Mapping[str, Any] = "tokens",
    language: str = "python",
    mode: Mode = "binary",
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    reveal: bool = False,
    flags_fail: Sequence[str] = (),
    runs: Runs = "many",
) -> StdioVerifier:
    """Verifies whole programs by `StdinTests`.

    Args:
        checker: `"tokens"`, `"exact"`, `"lines"`, `"unordered"` (lines), `{"type": "float", "abs": a, "rel": r}`, or
            `{"type": "python", "source": "def check(inp, out, expected): ..."}` (trusted code, run in a sandbox); see
            `TextChecker` for the rest.
        language: what programs are written in, where the tests do not say.
        mode: `"binary"` (stops at the first failure), `"fraction"`, `"balanced"` or `"groups"`; see `CodeVerifier`.
        limits: of each run; default: 10 s of CPU time, 30 s by the wall clock, 512 MiB.
        sandbox: where to run; default: the shared one.
        reveal: whether explanations may name expected values.
        flags_fail: flags of hack detectors that make the verdict INCORRECT; see `assaygym.verifiers.code.flags`.
        runs: `"many"`, a run for each test, or `"one"` for all; see `StdioVerifier`.

    Raises:
        ConfigError: unknown checker, mode, flag or way to run.
    """
    return StdioVerifier(
        checker=TextChecker.of(checker),
        language=language,
        mode=mode,
        limits=limits or DEFAULT_LIMITS,
        sandbox=sandbox,
        reveal=reveal,
        flags_fail=tuple(flags_fail),
        runs=runs,
    )


def functions(
    *,
    mode: Mode = "binary",
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    reveal: bool = False,
    flags_fail: Sequence[str] = (),
) -> FunctionsVerifier:
    """Verifies functions by `FunctionTests`: values in, values out, compared outside. Arguments as in `stdio`."""
    return FunctionsVerifier(
        mode=mode, limits=limits or DEFAULT_LIMITS, sandbox=sandbox, reveal=reveal, flags_fail=tuple(flags_fail)
    )


def asserts(
    *,
    mode: Mode = "binary",
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    reveal: bool = False,
    flags_fail: Sequence[str] = (),
) -> AssertsVerifier:
    """Verifies functions by `AssertTests` (HumanEval and MBPP shapes). Arguments as in `stdio`."""
    return AssertsVerifier(
        mode=mode, limits=limits or DEFAULT_LIMITS, sandbox=sandbox, reveal=reveal, flags_fail=tuple(flags_fail)
    )


def repo(
    *,
    mode: Mode = "binary",
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    reveal: bool = False,
    flags_fail: Sequence[str] = (),
) -> RepoVerifier:
    """Verifies repairs of repositories by `RepoTests`. Arguments as in `stdio`; the limits are of each run of tests."""
    return RepoVerifier(
        mode=mode, limits=limits or DEFAULT_LIMITS, sandbox=sandbox, reveal=reveal, flags_fail=tuple(flags_fail)
    )


def session(
    *,
    mode: Mode = "binary",
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    reveal: bool = False,
    flags_fail: Sequence[str] = (),
) -> SessionVerifier:
    """Verifies cells of a notebook by `SessionTests`. Arguments as in `stdio`; the limits are of each cell."""
    return SessionVerifier(
        mode=mode, limits=limits or DEFAULT_LIMITS, sandbox=sandbox, reveal=reveal, flags_fail=tuple(flags_fail)
    )

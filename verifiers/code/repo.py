"""Repaired repositories, judged by pytest.

Where the tests treat the code as functions of plain data, they run in a process that holds none of it, and what they
say is the verdict. Elsewhere code and tests share a process, which can claim anything; then what passes is run again
with tests made wrong (see `repo_controls`), and what passes those too earns nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from assaygym.errors import VerifierError
from assaygym.sandbox.base import Limits, Sandbox
from assaygym.verifiers.code.candidate import Candidate, Gone, Talk
from assaygym.verifiers.code.guest import program as guest
from assaygym.verifiers.code.outcome import Mode, Outcome, Report, TestStatus
from assaygym.verifiers.code.relay import relay
from assaygym.verifiers.code.repo_bundle import pytest_archive
from assaygym.verifiers.code.repo_controls import Control, Controls
from assaygym.verifiers.code.repo_lay import CONFIGURATIONS, Laid, import_roots, laid
from assaygym.verifiers.code.repo_patch import PatchError, read_patch
from assaygym.verifiers.code.repo_remote import remote_modules
from assaygym.verifiers.code.repo_reports import Heard, heard
from assaygym.verifiers.code.repo_suite import Suite
from assaygym.verifiers.code.repo_tests import RepoTests

__all__ = ["run_repo"]

_ROOM_SECONDS = 5.0
"""What pytest itself may take, on top of the limits of the code."""


def run_repo(patch: str, tests: RepoTests, *, sandbox: Sandbox, limits: Limits, mode: Mode) -> Report:
    """Judge the patch, in any format that `read_patch` takes, by the node ids that must pass.

    Raises:
        MissingDependencyError: pytest is not installed.
        VerifierError: the tests are at fault.
        SandboxError: the sandbox failed.
    """
    try:
        files = laid(tests, read_patch(patch, tests.repository))
    except PatchError as error:
        wrong = Outcome(TestStatus.WRONG, f"the patch cannot be applied: {error}")
        return Report(outcomes=(wrong,) * len(tests.required), total=len(tests.required))
    run = _Run(tests, files, sandbox, limits)
    outcomes = run.outcomes()
    return Report(outcomes=tuple(outcomes), total=len(outcomes), isolation=run.isolation, flags=tuple(run.flags))


class _Run:
    """One patched repository under its tests."""

    def __init__(self, tests: RepoTests, files: Laid, sandbox: Sandbox, limits: Limits) -> None:
        self._tests, self._files = tests, files
        self._sandbox, self._limits = sandbox, limits
        self._roots = import_roots(tests.repository)
        self.flags = list(files.flags)
        self.isolation: tuple[str, ...] = ()

    def outcomes(self) -> list[Outcome]:
        """The outcome of each node id that must pass."""
        sources = {path: text for path, text in self._files.tests.items() if path.endswith(".py")}
        try:
            modules = remote_modules(sources, self._code_before(), self._roots)
            suites = {path: Suite(sources[path]) for path in self._paths()}
        except (SyntaxError, ValueError, KeyError) as error:
            raise VerifierError(f"a test file cannot be read as Python: {error}") from error
        apart = self._apart(modules) if modules is not None else None
        return apart.outcomes(self._tests.required) if apart is not None else self._together(suites)

    def _code_before(self) -> dict[str, str]:
        return {path: text for path, text in self._tests.repository.items() if path not in self._files.tests}

    def _paths(self) -> list[str]:
        """The files that hold the tests that must pass."""
        return list(dict.fromkeys(node.partition("::")[0] for node in self._tests.required))

    def _apart(self, modules: Sequence[str]) -> Heard | None:
        """Tests in one process, code in another; None where the tests cannot be run like that."""
        config = self._config(self._files.tests, self._tests.required, remote=modules)
        with self._sandbox.place():
            candidate = Candidate(self._sandbox, [_prelude(self._files.code, self._roots)], self._limits)
            try:
                candidate.load()
                message, lost = self._relayed(candidate, config)
            except Gone as gone:
                return Heard(lost=gone.outcome)
            finally:
                self.isolation = candidate.close()
        if message is None:
            return Heard(lost=lost)
        return None if message[0] == "broken" else replace(heard(message), lost=lost)

    def _relayed(self, candidate: Candidate, config: object) -> tuple[list[Any] | None, Outcome | None]:
        talk = self._host(wait=self._limits.wall_seconds)
        try:
            return relay(talk, candidate, config)
        finally:
            talk.close()

    def _together(self, suites: Mapping[str, Suite]) -> list[Outcome]:
        """Tests and code in one process, then controls."""
        required = self._tests.required
        sources = {path: suite.source() for path, suite in suites.items()}
        outcomes = self._shared({**self._files.tests, **sources}, required).outcomes(required)
        if self._tests.controls and all(outcome.status is TestStatus.OK for outcome in outcomes):
            plan = Controls(required, suites)
            if any(self._lies(control, plan, suites) for control in plan.controls()):
                self.flags.append("passes tests that no right code passes")
                return [Outcome(TestStatus.WRONG, "wrong tests passed too: what runs in their process cheats")] * len(
                    required
                )
        return outcomes

    def _lies(self, control: Control, plan: Controls, suites: Mapping[str, Suite]) -> bool:
        """Whether a test made wrong passes, or one before it does not, also when it is the only wrong one.

        Several wrong tests in one run may disturb each other, since they end early.
        """
        suspect = self._suspect(control, suites)
        return suspect is not None and self._suspect(plan.narrowed(control, suspect), suites) is not None

    def _suspect(self, control: Control, suites: Mapping[str, Suite]) -> str | None:
        sources = {path: suite.source(control.wrong_in(path), control.rng()) for path, suite in suites.items()}
        found = self._shared({**self._files.tests, **sources}, [*control.right, *control.wrong])
        for base in control.wrong:
            if not found.fails(base):
                return base
        return None if found.pass_all(control.right) else next(iter(control.wrong))

    def _shared(self, files: Mapping[str, str], wanted: Sequence[str]) -> Heard:
        config = self._config({**self._files.code, **files}, wanted)
        with self._sandbox.place():
            talk = self._host()
            try:
                talk.send(config)
                message = talk.receive()
            except Gone as gone:
                return Heard(lost=gone.outcome)
            finally:
                self.isolation = talk.close().isolation
        return heard(message)

    def _host(self, wait: float = 0.0) -> Talk:
        """A process of pytest."""
        limits = replace(
            self._limits,
            cpu_seconds=self._limits.cpu_seconds + _ROOM_SECONDS,
            wall_seconds=self._limits.wall_seconds + wait + 2 * _ROOM_SECONDS,
            file_bytes=self._limits.file_bytes + len(pytest_archive()),
        )
        numpy = any("numpy" in text for files in (self._files.code, self._files.tests) for text in files.values())
        process = self._sandbox.spawn(
            guest("wire", "testhost", "repohost"),
            files={"pytest.zip": pytest_archive()},
            limits=limits,
            imports=("numpy",) if numpy else (),
        )
        return Talk(process, limits)

    def _config(self, files: Mapping[str, str], wanted: Sequence[str], remote: Sequence[str] = ()) -> dict[str, object]:
        return {
            "files": dict(files),
            "wanted": list(wanted),
            "paths": self._paths(),
            "roots": list(self._roots),
            "remote": list(remote),
            "ini": _ini(files),
        }


def _ini(files: Mapping[str, str]) -> str:
    """The trusted file with pytest's options, "" for none."""
    marks = {"pyproject.toml": "[tool.pytest", "tox.ini": "[pytest]", "setup.cfg": "[tool:pytest]"}
    found = [name for name in CONFIGURATIONS if name in files and marks.get(name, "") in files[name]]
    return found[0] if found else ""


def _prelude(files: Mapping[str, str], roots: Sequence[str]) -> str:
    """A program that lays the files of the code and makes them importable."""
    return (
        "import os, sys\n"
        f"for path, text in {dict(files)!r}.items():\n"
        "    path = os.path.join('repo', path)\n"
        "    os.makedirs(os.path.dirname(path), exist_ok=True)\n"
        "    with open(path, 'w', encoding='utf-8', newline='') as file:\n"
        "        file.write(text)\n"
        "os.makedirs('repo', exist_ok=True)\n"
        "os.chdir('repo')\n"
        f"sys.path[:0] = [os.path.abspath(root) for root in {list(roots)!r}]\n"
    )

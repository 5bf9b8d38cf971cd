"""One patched repository under some tests: in two processes, or in one and then with negative controls."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

from assaygym.errors import VerifierError
from assaygym.sandbox.base import ExecResult, Limits, Sandbox
from assaygym.sandbox.found import beyond_doubt, roomier
from assaygym.sandbox.guest.turns import MOST_WALLS
from assaygym.verifiers.code.candidate import Candidate
from assaygym.verifiers.code.guest import program as guest
from assaygym.verifiers.code.outcome import Outcome, TestStatus, Usage
from assaygym.verifiers.code.relay import relay
from assaygym.verifiers.code.repo_bundle import pytest_archive
from assaygym.verifiers.code.repo_controls import Control, Controls
from assaygym.verifiers.code.repo_lay import CONFIGURATIONS, import_roots
from assaygym.verifiers.code.repo_remote import remote_modules
from assaygym.verifiers.code.repo_reports import Heard, heard
from assaygym.verifiers.code.repo_suite import Suite
from assaygym.verifiers.code.repo_tests import RepoTests, base_of
from assaygym.verifiers.code.talk import Gone, Talk

__all__ = ["Part", "Run"]

_ROOM_SECONDS = 3.0
"""What pytest itself may take, on top of the limits of the code."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tests that run together."""

    files: Mapping[str, str]
    """All that is the tests' own, path to content."""
    required: tuple[str, ...]
    """Node ids that must pass."""

    @property
    def paths(self) -> list[str]:
        """The files that hold them."""
        return list(dict.fromkeys(node.partition("::")[0] for node in self.required))


class Run:
    """Tests of one repository, as it is after the patch.

    Args:
        part: the tests.
        code: the files of the repository after the patch, without the tests' own.
        tests: the task.
        sandbox: where to run.
        limits: of each run of the tests; a second run where the kernel may have ended the first wrongly, see
            `assaygym.sandbox.found`.
    """

    def __init__(self, part: Part, code: Mapping[str, str], tests: RepoTests, sandbox: Sandbox, limits: Limits) -> None:
        self._part, self._code, self._controlled = part, code, tests.controls
        self._before = {path: text for path, text in tests.repository.items() if path not in part.files}
        self._roots = import_roots(tests.repository)
        self._sandbox, self._limits, self._turn = sandbox, limits, Lock()
        self._helper = f"near_{hashlib.sha256(repr(part).encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
        self.isolation: tuple[str, ...] = ()
        self.usage = Usage()
        """What all its processes took that held code."""
        self.cheats = False
        """Whether code passed tests that no right code passes."""

    def outcomes(self, *, stop: bool) -> list[Outcome]:
        """The outcome of each node id.

        Args:
            stop: whether a failure decides, so that what passes beside it needs no control.

        Raises:
            VerifierError: a test file is not Python.
        """
        sources = {path: text for path, text in self._part.files.items() if path.endswith(".py")}
        try:
            modules = remote_modules(sources, self._before)
            suites = {path: Suite(sources[path], self._helper) for path in self._part.paths}
        except (SyntaxError, ValueError, KeyError) as error:
            raise VerifierError(f"a test file cannot be read as Python: {error}") from error
        apart = self._apart(modules) if modules is not None else None
        return apart.outcomes(self._part.required) if apart is not None else self._together(suites, stop)

    def _apart(self, modules: Sequence[str]) -> Heard | None:
        """Tests in one process, code in another; None where the tests cannot be run like that."""
        config = self._config(self._part.files, self._part.required, remote=modules)

        def attempt(limits: Limits) -> tuple[Heard | None, ExecResult]:
            with self._sandbox.place():
                candidate = Candidate(self._sandbox, [_prelude(self._code, self._roots)], limits)
                try:
                    return self._relayed(candidate, config, limits), candidate.result
                finally:
                    self._note(candidate.result)

        return beyond_doubt(attempt, self._limits)[0]

    def _relayed(self, candidate: Candidate, config: object, limits: Limits) -> Heard | None:
        try:
            candidate.load()
        except Gone as gone:
            return Heard(lost=gone.outcome)
        talk = self._host(roomier(_roomy(limits, wait=MOST_WALLS * limits.wall_seconds)))
        try:
            message, lost = relay(talk, candidate, config, limits)
        finally:
            talk.close()
        if message is None:
            return Heard(lost=lost)
        return None if message[0] == "broken" else replace(heard(message), lost=lost)

    def _together(self, suites: Mapping[str, Suite], stop: bool) -> list[Outcome]:
        """Tests and code in one process, then controls of what passes."""
        required = self._part.required
        outcomes = self._shared({path: suite.source() for path, suite in suites.items()}).outcomes(required)
        pairs = zip(required, outcomes, strict=True)
        passed = [node for node, outcome in pairs if outcome.status is TestStatus.OK]
        if self._controlled and passed and (len(passed) == len(required) or not stop):
            self.cheats = self._lies_somewhere(Controls(passed, suites), suites)
        return outcomes

    def _lies_somewhere(self, plan: Controls, suites: Mapping[str, Suite]) -> bool:
        """Whether a control finds a lie; as many are run side by side as the sandbox has workers."""
        controls = plan.controls()
        with ThreadPoolExecutor(max(1, min(len(controls), getattr(self._sandbox, "workers", 1)))) as pool:
            found = [pool.submit(self._lies, control, plan, suites) for control in controls]
            try:
                return any(future.result() for future in found)  # in their order: as one after the other
            finally:
                pool.shutdown(cancel_futures=True)

    def _lies(self, control: Control, plan: Controls, suites: Mapping[str, Suite]) -> bool:
        """Whether a test made wrong passes, or one before it does not, also when it is the only wrong one.

        Several wrong tests in one run may disturb each other, since they end early.
        """
        suspect = self._suspect(control, suites)
        return suspect is not None and self._suspect(plan.narrowed(control, suspect), suites) is not None

    def _suspect(self, control: Control, suites: Mapping[str, Suite]) -> str | None:
        with self._turn:  # a suite changes its tree meanwhile
            sources = {path: suite.source(control.wrong_in(path), control.rng()) for path, suite in suites.items()}
        found = self._shared(sources)
        for base in control.wrong:
            if not found.fails(base):
                return base
        return None if found.pass_all(control.right) else next(iter(control.wrong))

    def _shared(self, sources: Mapping[str, str]) -> Heard:
        """One run in one process; what it is told is the same for all but the test files."""
        helper = {f"{self._helper}.py": guest("shifted")}
        wanted = sorted({base_of(node) for node in self._part.required})
        config = self._config({**self._code, **self._part.files, **helper, **sources}, wanted)

        def attempt(limits: Limits) -> tuple[Heard, ExecResult]:
            with self._sandbox.place():
                talk = self._host(limits)
                try:
                    talk.send(config)
                    return heard(talk.receive()), talk.close()
                except Gone as gone:
                    return Heard(lost=gone.outcome), talk.close()
                finally:
                    self._note(talk.close())

        return beyond_doubt(attempt, _roomy(self._limits))[0]

    def _note(self, result: ExecResult) -> None:
        with self._turn:
            self.isolation = result.isolation
            self.usage += Usage.of([result])

    def _host(self, limits: Limits) -> Talk:
        """A process of pytest."""
        texts = [*self._code.values(), *self._part.files.values()]
        process = self._sandbox.spawn(
            guest("wire", "remote", "layout", "repohost"),
            files={"pytest.zip": pytest_archive()},
            limits=limits,
            imports=("numpy",) if any("numpy" in text for text in texts) else (),
        )
        return Talk(process, limits)

    def _config(self, files: Mapping[str, str], wanted: Sequence[str], remote: Sequence[str] = ()) -> dict[str, object]:
        return {
            "files": dict(files),
            "wanted": list(wanted),
            "paths": self._part.paths,
            "roots": list(self._roots),
            "remote": list(remote),
            "ini": _ini(self._part.files),
            "import_mode": _import_mode(self._part),
        }


def _roomy(limits: Limits, wait: float = 0.0) -> Limits:
    """Of a process of pytest; `wait` is what it may wait for another."""
    return replace(
        limits,
        cpu_seconds=limits.cpu_seconds + _ROOM_SECONDS,
        wall_seconds=limits.wall_seconds + wait + 3 * _ROOM_SECONDS,
        file_bytes=limits.file_bytes + len(pytest_archive()),
    )


def _ini(files: Mapping[str, str]) -> str:
    """The trusted file with pytest's options, "" for none."""
    marks = {"pyproject.toml": "[tool.pytest", "tox.ini": "[pytest]", "setup.cfg": "[tool:pytest]"}
    found = [name for name in CONFIGURATIONS if name in files and marks.get(name, "") in files[name]]
    return found[0] if found else ""


def _import_mode(part: Part) -> str:
    """As pytest does by itself, unless the task asks for the other, or loose test files share a name."""
    ini = _ini(part.files)
    asked = ini and re.search(r"import-mode[= ]importlib", part.files[ini])
    loose = [path for path in part.paths if f"{path.rpartition('/')[0]}/__init__.py".lstrip("/") not in part.files]
    names = [path.rpartition("/")[2] for path in loose]
    return "importlib" if asked or len(set(names)) < len(names) else "prepend"


def _prelude(files: Mapping[str, str], roots: Sequence[str]) -> str:
    """A program that lays the files of the code and makes them importable."""
    free = "[sys.modules.pop(name, None) for name in ('solution', 'library')]"  # ours, and maybe the repository's
    return f"{guest('layout')}\nlay({dict(files)!r}, {list(roots)!r})\n{free}\n"

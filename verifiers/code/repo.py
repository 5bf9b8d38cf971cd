"""Repaired repositories, judged by pytest.

Where the tests treat the code as functions of plain data, they run in a process that holds none of it, and what they
say is the verdict. Elsewhere code and tests share a process, which can claim anything; then what passes is run again
with tests made wrong (see `repo_controls`), and what passes those too earns nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from assaygym.sandbox.base import Limits, Sandbox
from assaygym.verifiers.code.detectors import flags_of
from assaygym.verifiers.code.outcome import Mode, Outcome, Report, TestStatus, Usage
from assaygym.verifiers.code.repo_lay import laid
from assaygym.verifiers.code.repo_patch import Changes, PatchError, read_patch
from assaygym.verifiers.code.repo_run import Part, Run
from assaygym.verifiers.code.repo_tests import RepoTests

__all__ = ["run_repo"]

_CHEATED = Outcome(TestStatus.WRONG, "wrong tests passed too: what runs in their process cheats")
_MOST_LOOKED_AT = 1 << 20
_CHEATS = "wrong_tests_pass"


def run_repo(patch: str, tests: RepoTests, *, sandbox: Sandbox, limits: Limits, mode: Mode) -> Report:
    """Judge the patch, in any format that `read_patch` takes, by the node ids that must pass.

    Raises:
        MissingDependencyError: pytest is not installed.
        VerifierError: the tests are at fault.
        SandboxError: the sandbox failed.
    """
    total = len(tests.required)
    try:
        changes = read_patch(patch, tests.repository)
    except PatchError as error:
        wrong = Outcome(TestStatus.WRONG, f"the patch cannot be applied: {error}")
        return Report(outcomes=(wrong,) * total, total=total)
    files = laid(tests, changes)
    flags = tuple(dict.fromkeys((*files.flags, *_flags(changes))))
    outcomes: list[Outcome] = []
    isolation: tuple[str, ...] = ()
    usage = Usage()
    for part, hidden in _parts(tests, files.support):
        run = Run(part, files.code, tests, sandbox, limits)
        found = run.outcomes(stop=mode == "binary")
        isolation, usage = run.isolation, usage + run.usage
        if run.cheats:
            flags = (*flags, _CHEATS)
            return Report(outcomes=(_CHEATED,) * total, total=total, isolation=isolation, flags=flags, usage=usage)
        outcomes += map(_untold, found) if hidden else found
        if mode == "binary" and any(outcome.status is not TestStatus.OK for outcome in found):
            break
    return Report(outcomes=tuple(outcomes), total=total, isolation=isolation, flags=flags, usage=usage)


def _flags(changes: Changes) -> Iterator[str]:
    """What the new modules look like, as far as they are no flood."""
    modules = [content for path, content in changes.items() if content is not None and path.endswith(".py")]
    if sum(map(len, modules)) <= _MOST_LOOKED_AT:
        for content in modules:
            yield from flags_of(content)


def _parts(tests: RepoTests, support: dict[str, str]) -> Iterator[tuple[Part, bool]]:
    """What runs together, and whether it is hidden: code that fails a visible test may tell what it saw."""
    hidden = {n for n in tests.required if n in tests.hidden or n.partition("::")[0] in tests.hidden_files}
    for wanted in (False, True):
        files = {**support, **tests.tests, **(tests.hidden_files if wanted else {})}
        required = tuple(node for node in tests.required if (node in hidden) is wanted)
        if required:
            yield Part(files, required), wanted


def _untold(outcome: Outcome) -> Outcome:
    return outcome if outcome.status is TestStatus.OK else replace(outcome, detail="a hidden test", expected="")

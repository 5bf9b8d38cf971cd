"""Notebook sessions: cells in, what each printed and returned out, compared here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assaygym.errors import DataError
from assaygym.foreign_json import read_json
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits, Sandbox, Session
from assaygym.verifiers.code.outcome import Mode, Outcome, Report, TestStatus, Usage, status_of

__all__ = ["CellCase", "SessionTests", "read_cells", "run_session"]

_MOST_CELLS = 1000


@dataclass(frozen=True, slots=True)
class CellCase:
    """What one cell must do."""

    stdout: str = ""
    """Exactly."""
    result: str | None = None
    """Text of the value of its last expression, as a notebook shows it; None: whatever it is."""
    error: str | None = None
    """Class name of the exception that ends it; None: it comes to its end."""


@dataclass(frozen=True, slots=True)
class SessionTests:
    """One expectation for each cell of a program.

    Raises:
        DataError: there is none.
    """

    cells: tuple[CellCase, ...]

    def __post_init__(self) -> None:
        if not self.cells:
            raise DataError("there is no cell; a session can be judged by one at least")


def read_cells(program: str) -> list[str] | None:
    """The cells of a program, a JSON list of texts; None where it is no such list."""
    try:
        cells = read_json(program)
    except ValueError:
        return None
    return cells if isinstance(cells, list) and all(isinstance(cell, str) for cell in cells) else None


def run_session(program: str, tests: SessionTests, *, sandbox: Sandbox, limits: Limits, mode: Mode) -> Report:
    """Run the cells in one session of their own; the first failure ends it in `binary` mode.

    Raises:
        SandboxError: the sandbox failed, or the machine is too busy to tell whether a cell needs too long.
    """
    cells = read_cells(program)
    if cells is None:
        return _refused("the program is no JSON list of cells", tests)
    if len(cells) != len(tests.cells) or len(cells) > _MOST_CELLS:
        return _refused(f"the program has {len(cells)} cells; expected {len(tests.cells)}", tests)
    outcomes: list[Outcome] = []
    with sandbox.place(), sandbox.session(limits=limits) as session:
        results = _judge(session, cells, tests.cells, outcomes, stop=mode == "binary")
    usage = Usage.of(results)
    return Report(outcomes=tuple(outcomes), total=len(tests.cells), isolation=results[0].isolation, usage=usage)


def _refused(detail: str, tests: SessionTests) -> Report:
    return Report(outcomes=(Outcome(TestStatus.RUNTIME_ERROR, detail),), total=len(tests.cells))


def _judge(
    session: Session, cells: Sequence[str], cases: Sequence[CellCase], outcomes: list[Outcome], *, stop: bool
) -> list[ExecResult]:
    """Add an outcome for each cell that is run; their results."""
    results: list[ExecResult] = []
    for cell, case in zip(cells, cases, strict=True):
        results.append(session.run(cell))
        outcomes.append(_outcome(results[-1], case))
        if stop and outcomes[-1].status is not TestStatus.OK:
            break
    return results


def _outcome(result: ExecResult, case: CellCase) -> Outcome:
    if result.status is not ExecStatus.OK and not (case.error and result.error == case.error):
        how = f"raised {result.error}" if result.error else result.status.value
        return Outcome(status_of(result), how, f"{case.error or 'no error'}")
    if case.error and result.error != case.error:
        return Outcome(TestStatus.WRONG, "came to its end", case.error)
    if result.truncated or result.stdout != case.stdout:
        return Outcome(TestStatus.WRONG, f"printed {result.stdout[:200]!r}", repr(case.stdout[:200]))
    if case.result is not None and result.value != case.result:
        return Outcome(TestStatus.WRONG, f"its value is {(result.value or '')[:200]}", case.result[:200])
    return Outcome(TestStatus.OK)

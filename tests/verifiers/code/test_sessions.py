"""Cells of a session: each judged by what it printed, returned and raised."""

from __future__ import annotations

import json

import pytest

from assaygym.errors import DataError
from assaygym.sandbox import Limits, Sandbox
from assaygym.types import Verdict
from assaygym.verifiers.code import CellCase, SessionTests, session

COUNT = SessionTests(
    (CellCase(), CellCase("3\n"), CellCase(result="[1, 2]"), CellCase(error="KeyError"), CellCase("3\n"))
)
RIGHT = ["x = 3", "print(x)", "[1, x - 1]", "{}[x]", "print(x)"]


def value(sandbox: Sandbox, cells: object, tests: SessionTests = COUNT) -> float:
    program = cells if isinstance(cells, str) else json.dumps(cells)
    return session(sandbox=sandbox, limits=Limits(cpu_seconds=2)).run(program, tests).score("binary").value


def test_cells_that_do_what_is_expected_are_paid(sandbox: Sandbox) -> None:
    assert value(sandbox, RIGHT) == 1.0


@pytest.mark.parametrize(
    ("at", "cell"),
    [
        (0, "x = 3\nprint()"),
        (1, "print(x, end='')"),
        (1, "print(x + 1)"),
        (2, "[1, 2.0]"),
        (2, "class R:\n    def __repr__(self): return '[1, 3]'\nR()"),
        (2, "None"),
        (3, "[][x]"),
        (3, "x"),
        (4, "print(x)\nraise KeyError"),
        (4, "import os\nprint(x, flush=True)\nos._exit(0)"),
        (4, "while True: pass"),
    ],
)
def test_one_wrong_cell_fails_the_session(sandbox: Sandbox, at: int, cell: str) -> None:
    assert value(sandbox, [*RIGHT[:at], cell, *RIGHT[at + 1 :]]) == 0.0


@pytest.mark.parametrize("cells", ["", "print(3)", "[1, 2]", "{}", [], RIGHT[:4], [*RIGHT, "x"], '["\\ud800"]'])
def test_a_program_of_other_cells_earns_nothing(sandbox: Sandbox, cells: object) -> None:
    assert value(sandbox, cells) == 0.0


def test_a_cell_that_is_no_text_is_its_own_fault(sandbox: Sandbox) -> None:
    tests = SessionTests((CellCase("a\n"),))
    assert value(sandbox, ["print('\ud800')"], tests) == 0.0
    assert value(sandbox, ["a\0b"], tests) == 0.0


def test_the_share_of_right_cells_is_the_fraction(sandbox: Sandbox) -> None:
    cells = [*RIGHT[:1], "print(4)", *RIGHT[2:]]
    report = session(sandbox=sandbox, mode="fraction").run(json.dumps(cells), COUNT)
    assert report.score("fraction").value == pytest.approx(0.8)


def test_a_value_is_told_only_where_asked(sandbox: Sandbox) -> None:
    report = session(sandbox=sandbox).run(json.dumps(["'no'"]), SessionTests((CellCase(result="'yes'"),)))
    assert "yes" not in report.explain()
    assert "yes" in report.explain(reveal=True)


def test_sessions_share_nothing(sandbox: Sandbox) -> None:
    leave = ["import builtins\nbuiltins.left = 1\nopen('note', 'w').close()\nleft = 1"]
    look = ["import os\nprint(os.path.exists('note'), 'left' in globals(), 'left' in dir(__builtins__))"]
    assert value(sandbox, leave, SessionTests((CellCase(),))) == 1.0
    assert value(sandbox, look, SessionTests((CellCase("False False False\n"),))) == 1.0


@pytest.mark.parametrize(
    "response", [json.dumps(RIGHT), "Cells:\n" + "".join(f"```python\n{cell}\n```\nthen\n" for cell in RIGHT)]
)
def test_cells_are_found_in_a_response(sandbox: Sandbox, response: str) -> None:
    assert session(sandbox=sandbox)(response, COUNT).value == 1.0


def test_a_response_without_cells_is_unparsed(sandbox: Sandbox) -> None:
    assert session(sandbox=sandbox)("I cannot.", COUNT).verdict is Verdict.UNPARSED


def test_no_cell_is_a_fault_of_the_tests() -> None:
    with pytest.raises(DataError, match="no cell"):
        SessionTests(())

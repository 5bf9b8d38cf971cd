"""Workers: what they can tell, and how they are ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from assaygym.errors import VerifierError
from assaygym.verifiers.maths.cas import WorkerPool
from assaygym.verifiers.maths.exact import free_symbols, probe_points
from assaygym.verifiers.maths.parser import parse
from assaygym.verifiers.maths.tokens import tidy


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(1)
    yield pool
    pool.close()


def ask(pool: WorkerPool, op: str, gold: str, pred: str, tolerance: Fraction | None = None) -> str:
    left, right = parse(tidy(gold)), parse(tidy(pred))
    points = probe_points(free_symbols(left) | free_symbols(right), gold, 4)
    return pool.ask(op, left, right, points, tolerance).verdict


@pytest.mark.parametrize(
    ("op", "gold", "pred", "verdict"),
    [
        ("equal", r"\sqrt{2+\sqrt3}", r"\frac{\sqrt6+\sqrt2}{2}", "equal"),
        ("equal", r"\sqrt{2+\sqrt3}", r"\frac{\sqrt6-\sqrt2}{2}", "different"),
        ("equal", r"\cos 2u", r"1-2\sin^2 u", "equal"),
        ("equal", r"\cos 2u", r"1+2\sin^2 u", "different"),
        ("equal", r"\sin 30^\circ", "1/2", "equal"),
        ("equal", r"e^{i\pi}", "-1", "equal"),
        ("equal", "0", "e^{-200}", "different"),
        ("equal", r"\sum_{j=1}^{m} j^2", r"\frac{m(m+1)(2m+1)}{6}", "equal"),
        ("equal", r"\sum_{n=1}^{\infty}\frac{1}{n^2}", r"\frac{\pi^2}{6}", "equal"),
        ("equal", r"\sum_{k=1}^{10000} k", "50005000", "equal"),
        ("equal", r"\log 100", "2", "unknown"),
        ("equal", r"\frac{\log 9}{\log 3}", "2", "equal"),
        ("equal", r"\sqrt{x^2}", "x", "different"),
        ("equal", r"\ln 0", "1", "unknown"),
        ("equal", r"\pi", "9^{9^{9^9}}", "unknown"),
        ("equal", r"\pi", "(1,2)", "unknown"),
        ("proportional", r"\sqrt2 x - 1", r"2x - \sqrt2", "equal"),
        ("proportional", r"\sqrt2 x - 1", r"2x + \sqrt2", "different"),
    ],
)
def test_sympy_tells_by_certified_digits(pool: WorkerPool, op: str, gold: str, pred: str, verdict: str) -> None:
    assert ask(pool, op, gold, pred) == verdict


@pytest.mark.parametrize(("decimal", "verdict"), [("1.4142135624", "equal"), ("1.4142135629", "different")])
def test_a_decimal_is_close_within_its_last_place(pool: WorkerPool, decimal: str, verdict: str) -> None:
    assert ask(pool, "close", r"\sqrt2", decimal, Fraction(1, 10**10)) == verdict


def test_a_worker_that_was_killed_from_outside_is_replaced(pool: WorkerPool) -> None:
    ask(pool, "equal", r"\pi", r"\pi+1")
    process = pool._idle[0].process
    process.kill()
    process.wait()
    assert ask(pool, "equal", r"\sqrt8", r"2\sqrt2") == "equal"


def fake(tmp_path: Path, body: str, deadline: float = 0.3) -> WorkerPool:
    program = tmp_path / "worker.py"
    program.write_text(f'import sys, time\nprint(\'{{"stage": "ready"}}\', flush=True)\nsys.stdin.readline()\n{body}')
    return WorkerPool(1, deadline=deadline, program=program)


BUSY = "while True: pass"
GOLD_DONE = 'print(\'{"stage": "gold"}\', flush=True)\n'


@pytest.mark.parametrize(("body", "fate"), [(BUSY, "took over 1.5 s"), ("raise SystemExit", "ended the worker")])
def test_a_failure_before_the_gold_side_is_done_is_our_fault_and_raises(tmp_path: Path, body: str, fate: str) -> None:
    pool = fake(tmp_path, body)
    with pytest.raises(VerifierError, match=f"gold answer alone {fate}"):
        ask(pool, "equal", r"\pi", "3")
    pool.close()


@pytest.mark.parametrize(
    ("body", "verdict"), [(BUSY, "time-out"), ("time.sleep(60)", "time-out"), ("raise SystemExit", "unknown")]
)
def test_a_failure_after_it_is_the_predictions(tmp_path: Path, body: str, verdict: str) -> None:
    pool = fake(tmp_path, GOLD_DONE + body)
    start = time.perf_counter()
    assert ask(pool, "equal", r"\pi", "3") == verdict
    assert ask(pool, "equal", r"\pi", "3") == verdict
    assert pool.killed == (2 if verdict == "time-out" else 4)
    assert time.perf_counter() - start < 10.0
    pool.close()


DIES_ONCE = """
import pathlib
mark = pathlib.Path(__file__).with_suffix(".mark")
if not mark.exists():
    mark.touch()
    raise SystemExit
print('{"stage": "gold"}', flush=True)
print('{"verdict": "equal", "why": ""}', flush=True)
time.sleep(60)
"""


def test_a_worker_that_dies_before_the_gold_side_is_done_is_replaced_once(tmp_path: Path) -> None:
    pool = fake(tmp_path, DIES_ONCE)
    assert ask(pool, "equal", r"\pi", "3") == "equal"
    assert pool.killed == 1
    pool.close()


LATE_GOLD = f'time.sleep(0.5)\n{GOLD_DONE}print(\'{{"verdict": "equal", "why": ""}}\', flush=True)\ntime.sleep(60)'


def test_a_worker_that_is_kept_waiting_is_not_late(tmp_path: Path) -> None:
    pool = fake(tmp_path, LATE_GOLD)
    assert ask(pool, "equal", r"\pi", "3") == "equal"
    assert pool.killed == 0
    pool.close()


def test_a_sum_without_a_closed_form_is_unknown(pool: WorkerPool) -> None:
    assert ask(pool, "equal", r"\pi", r"\sum_{n=1}^{10^{12}} \sin(n^2)") == "unknown"
    assert ask(pool, "equal", r"\sqrt8", r"2\sqrt2") == "equal"


def test_no_more_processes_than_allowed_are_started_and_close_ends_them() -> None:
    pool = WorkerPool(2)
    for _ in range(5):
        ask(pool, "equal", r"\pi", "3")
    processes = [worker.process for worker in pool._idle]
    pool.close()
    assert len(processes) == 1
    assert all(process.poll() is not None for process in processes)


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('{}', flush=True)\ninput()"])
def test_a_worker_that_does_not_come_up_is_our_fault(tmp_path: Path, program: str) -> None:
    path = tmp_path / "worker.py"
    path.write_text(program)
    with pytest.raises(VerifierError, match="did not come up"):
        ask(WorkerPool(1, program=path), "equal", r"\pi", "3")


def test_a_missing_interpreter_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(VerifierError, match="could not be started with /nowhere/python"):
        ask(WorkerPool(1), "equal", r"\pi", "3")


FORKED = r"""
import os, sys
from assaygym.verifiers import verify_math
from assaygym.verifiers.maths.cas import shared_pool
assert verify_math(r"\sqrt{8}", r"2\sqrt{2}").value == 1.0
parent = shared_pool()._idle[0].process.pid
child = os.fork()
if not child:
    right = verify_math(r"\sqrt{12}", r"2\sqrt{3}").value == 1.0
    apart = shared_pool()._idle[0].process.pid != parent
    shared_pool().close()
    os._exit(0 if right and apart else 1)
assert os.waitpid(child, 0)[1] == 0
assert verify_math(r"\sqrt{18}", r"3\sqrt{2}").value == 1.0
assert shared_pool()._idle[0].process.pid == parent
"""


def test_a_forked_child_has_workers_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-W", "error", "-c", FORKED], check=False).returncode == 0


def test_workers_end_with_their_parent() -> None:
    program = (
        "from assaygym.verifiers.maths.cas import shared_pool as p; from assaygym.verifiers import verify_math as v;"
        "import os; v('x^2', '\\\\sqrt{2}'); print(p()._idle[0].process.pid, flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            return
        time.sleep(0.1)
    os.kill(pid, 9)
    pytest.fail("the worker outlived its parent")

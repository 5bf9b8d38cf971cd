"""The last layer: what it shows, what it refuses, and how its processes live and end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from assaygym.errors import ConfigError, VerifierError
from assaygym.verifiers.maths.cas import crew as crew_module
from assaygym.verifiers.maths.cas.ask import ask
from assaygym.verifiers.maths.cas.crew import Crew
from assaygym.verifiers.maths.finding import Finding
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import Node


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    crew = Crew(1)
    yield crew
    crew.close()


def tree(text: str) -> Node:
    return parse(normalise(text))


def told(crew: Crew, gold: str, pred: str, op: str = "equal", **options: Any) -> bool | None:
    """The verdict; None where it is undecided."""
    finding = ask(op, tree(gold), tree(pred), crew=crew, **options)
    return finding.equal if finding.decided else None


SAME = [
    (r"\sum_{n=1}^{\infty}\frac{1}{n^2}", r"\frac{\pi^2}{6}"),
    (r"\sum_{k=1}^{m} k^2", r"\frac{m(m+1)(2m+1)}{6}"),
    (r"\sum_{n=0}^{\infty}\frac{x^n}{n!}", "e^x"),
    (r"\sum_{n=0}^{\infty} x^n", r"\frac{1}{1-x}"),
    (r"\sum_{n=1}^{\infty}\frac{(-1)^{n+1}}{n}", r"\ln 2"),
    (r"\sum_{n=1}^{\infty}\frac{1}{n(n+1)}", "1"),
    (r"\sum_{n=1}^{2023}\frac{1}{n(n+1)}", r"\frac{2023}{2024}"),
    (r"\sum_{k=1}^{10000} k", "50005000"),
    (r"\sum_{k=0}^{n}\binom{n}{k}", "2^n"),
    (r"\prod_{k=1}^{10} k", "10!"),
    (r"\prod_{n=1}^{\infty}\left(1-\frac{1}{4n^2}\right)", r"\frac{2}{\pi}"),
    (r"\int_0^1 x^2 dx", r"\frac13"),
    (r"\int_{-\infty}^{\infty} e^{-x^2} dx", r"\sqrt{\pi}"),
    (r"\int_0^{\infty}\frac{\sin x}{x} dx", r"\frac{\pi}{2}"),
    (r"\int_{-1}^{1} x^3 dx", "0"),
    (r"\int_0^2 |x-1| dx", "1"),
    (r"\int_0^1 \ln x dx", "-1"),
    (r"\lim_{x\to 0}\frac{\sin x}{x}", "1"),
    (r"\lim_{n\to\infty}\left(1+\frac1n\right)^n", "e"),
    (r"\lim_{x\to\infty}\frac{1}{\ln x}", "0"),
    (r"\lim_{x\to 0^+}\frac{|x|}{x}", "1"),
    (r"\frac{d}{dx}\sin(x^2)", r"2x\cos(x^2)"),
    (r"\begin{cases} x & x\ge 0\\ -x & x<0\end{cases}", "|x|"),
    (r"\begin{cases} 1 & x>2\\ 0 & x\le 2\end{cases}", r"\begin{cases} 0 & x\le 2\\ 1 & x>2\end{cases}"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_what_is_the_same_is_shown_from_either_side(crew: Crew, left: str, right: str) -> None:
    assert told(crew, left, right) is True
    assert told(crew, right, left) is True


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        (r"\sum_{n=1}^{\infty}\frac{1}{n^2}", r"\frac{\pi^2}{7}"),
        (r"\sum_{k=1}^{m} k^2", r"\frac{m(m+1)(2m+3)}{6}"),
        (r"\sum_{k=1}^{10000} k", "50005001"),
        (r"\sum_{n=1}^{\infty}\frac{1}{n^3}", r"\frac65"),
        (r"\int_0^1 x^2 dx", "0.33333333333333333333333"),
        (r"\int_0^{\infty} e^{-x^2} dx", r"\sqrt{\pi}"),
        (r"\lim_{x\to 0}\frac{\sin 2x}{x}", "1"),
        (r"\frac{d}{dx} x^5", "5x^3"),
        (r"\begin{cases} 1 & x\ge 0\\ -1 & x<0\end{cases}", r"\begin{cases} 1 & x>0\\ -1 & x\le 0\end{cases}"),
        (r"\begin{cases} 1 & x>2\\ 0 & x\le 2\end{cases}", r"\begin{cases} 1 & x>3\\ 0 & x\le 3\end{cases}"),
    ],
)
def test_another_value_is_shown_to_be_one(crew: Crew, gold: str, pred: str) -> None:
    assert told(crew, gold, pred) is False


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        (r"\frac12", r"\sum_{n=0}^{\infty} (-1)^n"),
        ("-1", r"\sum_{n=0}^{\infty} 2^n"),
        ("5", r"\sum_{n=1}^{\infty} \frac1n"),
        ("0", r"\int_{-1}^{1} \frac1x dx"),
        ("-2", r"\int_{-1}^{1} \frac{1}{x^2} dx"),
        ("0", r"\sum_{n=1}^{\infty} 10^{-100}"),
        ("1", r"\lim_{x\to 0}\frac{|x|}{x}"),
        ("0", r"\lim_{x\to\infty}\sin x"),
        ("1", r"\sum_{n=1}^{\infty}\sin n"),
        ("1", r"\sum_{n=1}^{10^{12}}\sin(n^2)"),
        (r"\pi", r"\int_0^1 9^{9^{9^{9^x}}} dx"),
        ("1", r"\prod_{n=1}^{99999999} n"),
    ],
)
def test_what_has_no_value_or_none_that_can_be_had_is_undecided(crew: Crew, gold: str, pred: str) -> None:
    assert told(crew, gold, pred) is None


ANTIDERIVATIVE = r"\int x e^x dx"


@pytest.mark.parametrize(
    ("pred", "verdict"), [("(x-1)e^x", True), ("(x-1)e^x + C", True), ("(x+1)e^x + C", False), ("(x-1)e^x+Cx", False)]
)
def test_antiderivatives_may_differ_by_a_constant(crew: Crew, pred: str, verdict: bool) -> None:
    assert told(crew, ANTIDERIVATIVE, pred, variable="x") is verdict
    assert told(crew, pred, ANTIDERIVATIVE, variable="x") is verdict


@pytest.mark.parametrize(
    ("pred", "verdict"), [("(x-1)e^x + C", True), (r"C + \int x e^x dx", True), ("(x-1)e^x", None), ("5", None)]
)
def test_an_indefinite_integral_is_no_single_function(crew: Crew, pred: str, verdict: bool | None) -> None:
    assert told(crew, ANTIDERIVATIVE, pred) is verdict


@pytest.mark.parametrize(("decimal", "verdict"), [("1.6449340668", True), ("1.6449340678", False)])
def test_a_decimal_is_close_within_a_tolerance(crew: Crew, decimal: str, verdict: bool) -> None:
    gold = r"\sum_{n=1}^{\infty}\frac{1}{n^2}"
    assert told(crew, gold, decimal, "close", tolerance=Fraction(1, 10**10)) is verdict


@pytest.mark.parametrize(("pred", "verdict"), [("x+3", True), ("2x+6", True), ("x+4", False)])
def test_multiples_of_each_other_are_proportional(crew: Crew, pred: str, verdict: bool) -> None:
    assert told(crew, r"x\int_0^1 t^2 dt + 1", pred, "proportional") is verdict


@pytest.mark.parametrize("gold", [r"\sum_{n=1}^{\infty}\sin n", r"\int_0^{\infty}\sin(x^x)dx"])
def test_a_gold_that_cannot_be_worked_out_is_our_fault(crew: Crew, gold: str) -> None:
    with pytest.raises(VerifierError, match="gold answer could not be worked out"):
        told(crew, gold, "1")


def test_names_that_only_the_prediction_counts_with_do_not_spoil_the_gold(crew: Crew) -> None:
    assert told(crew, r"\sum_{n=0}^{\infty} x^n", "x!") is None


def test_another_operation_is_refused(crew: Crew) -> None:
    with pytest.raises(ConfigError, match="asked for 'solve'; expected one of equal, close, proportional"):
        told(crew, "1", "1", "solve")


SLOW = r"\int_0^{\infty} \sin(x^x) dx"


def test_an_overlong_answer_takes_its_share_and_the_next_finds_a_worker_at_once(crew: Crew) -> None:
    told(crew, "1", r"\int_0^1 x dx")
    before = crew.idle
    assert told(crew, "3", SLOW) is None
    start = time.perf_counter()
    assert told(crew, r"\frac12", r"\int_0^1 x dx") is True
    assert time.perf_counter() - start < 1.0
    assert crew.idle == before


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    """Whether the process ends within some seconds; a zombie of another parent has."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False


def test_a_child_or_a_worker_that_is_killed_from_outside_is_replaced(crew: Crew) -> None:
    told(crew, "1", r"\int_0^1 x dx")
    (worker,) = crew.idle
    os.kill(children(worker)[0], signal.SIGKILL)
    assert told(crew, r"\frac14", r"\int_0^1 x^3 dx") is True
    assert crew.idle == [worker]
    os.kill(worker, signal.SIGKILL)
    assert told(crew, r"\frac15", r"\int_0^1 x^4 dx") is True
    assert crew.idle != [worker]
    assert gone(worker)


def test_a_worker_has_a_limit_of_memory(crew: Crew) -> None:
    told(crew, "1", r"\int_0^1 x dx")
    limits = Path(f"/proc/{crew.idle[0]}/limits").read_text()
    (line,) = (line for line in limits.splitlines() if line.startswith("Max address space"))
    assert int(line.split()[3]) <= 512 << 20


def test_threads_share_the_workers(crew: Crew) -> None:
    found: list[bool | None] = []

    def work(power: int) -> None:
        found.append(told(crew, rf"\frac{{1}}{{{power + 1}}}", rf"\int_0^1 x^{power} dx"))

    threads = [threading.Thread(target=work, args=(power,)) for power in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 6
    assert len(crew.idle) == 1


def test_close_ends_the_workers_and_their_children() -> None:
    crew = Crew(1)
    told(crew, "1", r"\int_0^1 x dx")
    (worker,) = crew.idle
    child = children(worker)[0]
    crew.close()
    assert crew.idle == []
    assert gone(worker)
    assert gone(child)
    assert told(crew, r"\frac12", r"\int_0^1 x dx") is True
    crew.close()


def fake(tmp_path: Path, body: str) -> Crew:
    program = tmp_path / "worker.py"
    program.write_text(f'import sys, time\nprint(\'{{"stage": "ready"}}\', flush=True)\n{body}')
    return Crew(1, program)


def test_a_worker_that_hangs_is_ended_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "WALL_SECONDS", 0.3)
    crew = fake(tmp_path, "time.sleep(60)")
    assert ask("equal", ("num", 1, 1), ("num", 2, 1), crew=crew) == Finding(
        False, "algebra", "over the limit by the clock", decided=False
    )
    crew.close()


@pytest.mark.parametrize(("gold", "raises"), [("1", False), (r"\int_0^1 x dx", True)])
def test_a_worker_that_always_ends_is_undecided_or_the_golds_fault(tmp_path: Path, gold: str, raises: bool) -> None:
    crew = fake(tmp_path, "sys.stdin.read(1)")
    if raises:
        with pytest.raises(VerifierError, match="the worker ended twice"):
            told(crew, gold, "2")
    else:
        assert told(crew, gold, "2") is None


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('{}', flush=True)\ninput()"])
def test_a_worker_that_does_not_come_up_is_our_fault(tmp_path: Path, program: str) -> None:
    path = tmp_path / "worker.py"
    path.write_text(program)
    with pytest.raises(VerifierError, match="did not come up"):
        told(Crew(1, path), "1", "2")


def test_a_missing_interpreter_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(VerifierError, match="could not be started with /nowhere/python"):
        told(Crew(1), "1", "2")


ASKING = r"""
import os
from assaygym.verifiers.maths.cas import ask
from assaygym.verifiers.maths.cas.crew import shared_crew
HALF = ("integral", ("sym", "x"), "x", ("num", 0, 1), ("num", 1, 1))
assert ask("equal", ("num", 1, 2), HALF).equal
(worker,) = shared_crew().idle
"""
FORKED = f"""{ASKING}
child = os.fork()
if not child:
    right = not ask("equal", ("num", 1, 3), HALF).equal
    apart = worker not in shared_crew().idle
    shared_crew().close()
    os._exit(0 if right and apart else 1)
assert os.waitpid(child, 0)[1] == 0
assert ask("equal", HALF, ("num", 2, 4)).equal
assert shared_crew().idle == [worker]
"""


def test_a_forked_child_has_workers_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-W", "error", "-c", FORKED], check=False).returncode == 0


@pytest.mark.parametrize("end", ["os._exit(9)", "os.kill(os.getpid(), 9)", "pass"])
def test_workers_end_with_their_parent(end: str) -> None:
    program = f"{ASKING}\nprint(worker, flush=True)\n{end}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert gone(int(done.stdout))

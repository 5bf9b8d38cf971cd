"""Many rows: in order, each once, whatever becomes of the processes."""

from __future__ import annotations

import itertools
import os
import random
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

from assaygym.errors import ConfigError, MissingDependencyError, VerifierError
from assaygym.types import Score, Verdict
from assaygym.verifiers.maths import pool, pool_worker, verify
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.pool import INLINE_ROWS, close_pool, verify_many
from assaygym.verifiers.maths.verify import compile_gold, verify_math


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    yield
    close_pool()
    assert workers_of(os.getpid()) == []


def workers_of(parent: int) -> list[int]:
    """The process ids of its pool workers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat, line = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(stat.rpartition(")")[2].split()[1]) == parent and b"pool_worker" in line:
                found.append(int(entry.name))
    return found


def numbered(count: int) -> list[tuple[str, Any]]:
    """Rows of which every third is wrong."""
    return [(f"The answer is $\\boxed{{{number}}}$.", str(number + (number % 3 == 0))) for number in range(count)]


def right(count: int) -> list[float]:
    return [float(number % 3 != 0) for number in range(count)]


@pytest.mark.parametrize("workers", [None, 0, 1, 3])
def test_scores_come_in_order_and_are_those_of_the_verifier(workers: int | None) -> None:
    rows = [*numbered(1000), ("no answer at all", "7"), (r"\boxed{x}", ""), (r"\boxed{0.5}", r"\frac12")]
    assert list(map(repr, verify_many(rows, workers=workers))) == [repr(verify_math(*row)) for row in rows]


def test_golds_may_be_compiled_or_plain_numbers() -> None:
    kinds: list[Any] = [compile_gold("7"), 7, 7.0, Fraction(7), "7"]
    rows: list[tuple[str, Any]] = [(r"\boxed{7}", kinds[number % 5]) for number in range(INLINE_ROWS + 100)]
    assert {score.value for score in verify_many(rows)} == {1.0}


@pytest.mark.parametrize(("policy", "value"), [("default", 0.0), (MathPolicy(percent="either"), 1.0)])
def test_the_policy_holds_for_every_row(policy: str | MathPolicy, value: float) -> None:
    scores = verify_many([("25", r"25\%")] * 1000, policy=policy, workers=1)
    assert {score.value for score in scores} == {value}


def test_no_row_is_no_score() -> None:
    assert list(verify_many([])) == []


def test_few_rows_need_no_process_and_are_verified_as_they_come() -> None:
    taken: list[int] = []

    def rows() -> Iterator[tuple[str, str]]:
        for number in range(50):
            taken.append(number)
            yield str(number), str(number)

    scores = verify_many(rows())
    assert next(scores).value == 1.0
    assert taken == [0]
    assert len(list(scores)) == 49
    assert workers_of(os.getpid()) == []


def test_endless_rows_are_read_only_so_far_ahead() -> None:
    taken = itertools.count()
    scores = verify_many((("1", "1") for _ in taken), workers=2)
    for _ in range(INLINE_ROWS + 500):
        assert next(scores).value == 1.0
    assert next(taken) <= INLINE_ROWS + 500 + (pool.AHEAD + 1) * 2 * pool.CHUNK_ROWS
    scores.close()  # type: ignore[attr-defined]  # a generator


def test_processes_stay_for_the_next_call() -> None:
    list(verify_many(numbered(2000), workers=1))
    first = workers_of(os.getpid())
    list(verify_many(numbered(2000), workers=1))
    assert workers_of(os.getpid()) == first
    assert len(first) == 1


def test_closing_early_ends_what_is_under_way() -> None:
    scores = verify_many(((r"\sum_{n=1}^{\infty}\sin(n)", "1") for _ in itertools.count()), workers=1)
    next(scores)
    scores.close()  # type: ignore[attr-defined]  # a generator
    scores = verify_many(numbered(10**6), workers=2)
    list(itertools.islice(scores, INLINE_ROWS + 1))
    scores.close()  # type: ignore[attr-defined]
    assert list(scores) == []


class Killer(threading.Thread):
    """Kills this process's workers at random until it is stopped."""

    def __init__(self, seed: int, most: float) -> None:
        super().__init__(daemon=True)
        self.rng, self.most = random.Random(seed), most
        self.over = threading.Event()
        self.kills = 0

    def run(self) -> None:
        while not self.over.wait(self.rng.uniform(0.0, self.most)):
            for pid in workers_of(os.getpid()):
                if self.rng.random() < 0.5:
                    os.kill(pid, signal.SIGKILL)
                    self.kills += 1

    def stop(self) -> int:
        self.over.set()
        self.join()
        return self.kills


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_workers_killed_at_random_lose_no_row_and_give_no_false_verdict(seed: int) -> None:
    killer = Killer(seed, 0.6)
    killer.start()
    rows = ((row[0], row[1]) if number % 500 else slowly(row) for number, row in enumerate(numbered(5000)))
    values = [score.value for score in verify_many(rows, workers=2)]
    assert killer.stop() > 0
    assert values == right(5000)


def slowly(row: tuple[str, Any]) -> tuple[str, Any]:
    """The row, after a while in which something may be killed."""
    time.sleep(0.15)
    return row


DEADLY = "deadly"


def deadly_verifier(monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """Workers that do something when they meet a certain prediction."""
    code = pool_worker.CODE.replace(
        "import main; ",
        "import main; import os, time; from assaygym.verifiers.maths import verify as v; real = v.verify_math; "
        f"v.verify_math = lambda p, g: ({act}) if p == {DEADLY!r} else real(p, g); ",
    )
    assert code != pool_worker.CODE
    monkeypatch.setattr(pool_worker, "CODE", code)


def with_deadly(count: int) -> list[tuple[str, Any]]:
    rows = numbered(count)
    rows[400] = (DEADLY, "1")
    return rows


@pytest.mark.parametrize(
    ("act", "patience"),
    [
        ("os.kill(os.getpid(), 9)", 60.0),
        pytest.param("os._exit(0)", 60.0, marks=pytest.mark.slow),
        pytest.param("time.sleep(60)", 1.5, marks=pytest.mark.slow),
    ],
)
def test_a_row_that_ends_every_process_is_invalid_and_its_neighbours_are_not(
    monkeypatch: pytest.MonkeyPatch, act: str, patience: float
) -> None:
    deadly_verifier(monkeypatch, act)
    monkeypatch.setattr(pool, "PATIENCE", patience)
    scores = list(verify_many(with_deadly(700), workers=2))
    assert scores[400].verdict is Verdict.INVALID
    assert "verifying this row ended 5 processes" in scores[400].explanation
    del scores[400]
    expected = right(700)
    del expected[400]
    assert [score.value for score in scores] == expected


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        ("(_ for _ in ()).throw(KeyError('x'))", VerifierError, "row 400: KeyError: 'x'"),
        ("real(p, g, policy='none')", ConfigError, "row 400: math policy"),
    ],
)  # fmt: skip
def test_another_error_is_raised_with_its_row_after_the_rows_before_it(
    monkeypatch: pytest.MonkeyPatch, act: str, error: type[Exception], message: str
) -> None:
    deadly_verifier(monkeypatch, act)
    scores = verify_many(with_deadly(2000), workers=2)
    assert [score.value for score in itertools.islice(scores, 400)] == right(400)
    with pytest.raises(error, match=message):
        next(scores)


def test_a_missing_package_is_told_with_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(pred: str, gold: object) -> Score:
        raise MissingDependencyError("sympy is missing")

    monkeypatch.setattr(verify, "verify_math", failing)
    with pytest.raises(MissingDependencyError, match="row 0: sympy is missing"):
        list(verify_many([("1", "1")]))


@pytest.mark.parametrize("place", [0, 300])
def test_what_the_rows_raise_comes_after_the_rows_before_it(place: int) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        yield from numbered(place)
        raise OSError("the file is gone")

    scores = verify_many(rows(), workers=2)
    assert [score.value for score in itertools.islice(scores, place)] == right(place)
    with pytest.raises(OSError, match="the file is gone"):
        next(scores)


@pytest.mark.parametrize("place", [0, 300])
def test_a_row_that_is_no_pair_is_refused(place: int) -> None:
    rows: list[Any] = [*numbered(place), 5]
    with pytest.raises(TypeError, match=f"row {place} is int; expected a pair"):
        list(verify_many(rows, workers=1))


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="workers=-1"):
        verify_many([], workers=-1)
    with pytest.raises(ConfigError, match="math policy 'none'"):
        verify_many([], policy="none")


def test_a_worker_that_cannot_be_started_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(VerifierError, match="could not be started with /nowhere/python"):
        list(verify_many(numbered(1000)))


def test_workers_that_never_come_up_are_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_worker, "CODE", "raise SystemExit(3)")
    with pytest.raises(VerifierError, match="ended before it was ready"):
        list(verify_many(numbered(1000), workers=1))


def test_an_error_that_does_not_pickle_still_arrives() -> None:
    class Local(Exception):
        pass

    again = pool_worker.unpacked((pool_worker._portable(Local("what happened")),))
    assert isinstance(again, VerifierError)
    assert "Local: what happened" in str(again)


INTERRUPTED = """
import itertools, os, signal, threading
from assaygym.verifiers.maths.pool import close_pool, verify_many
threading.Timer(1.0, os.kill, (os.getpid(), signal.{signal})).start()
try:
    for score in verify_many((("1", "1") for _ in itertools.count()), workers=2):
        pass
except KeyboardInterrupt:
    close_pool()
    children = open(f"/proc/self/task/{{os.getpid()}}/children").read().split()
    os._exit(1 if children else 7)
"""


@pytest.mark.slow
def test_an_interrupt_ends_the_workers() -> None:
    program = INTERRUPTED.format(signal="SIGINT")
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 7


def test_workers_end_when_their_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED.format(signal="SIGKILL")]) as process:
        found: set[int] = set()
        while process.poll() is None:
            found |= set(workers_of(process.pid))
            time.sleep(0.05)
    assert found
    for _ in range(100):
        if not any(alive(pid) for pid in found):
            return
        time.sleep(0.1)
    pytest.fail("a worker outlived its parent")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


FORKED = """
import os
from assaygym.verifiers.maths.pool import close_pool, verify_many
rows = [("1", "1")] * 2000
assert all(score.value == 1.0 for score in verify_many(rows, workers=1))
child = os.fork()
if not child:
    right = all(score.value == 1.0 for score in verify_many(rows, workers=1))
    close_pool()
    os._exit(0 if right else 1)
assert os.waitpid(child, 0)[1] == 0
assert all(score.value == 1.0 for score in verify_many(rows, workers=1))
"""


@pytest.mark.slow
def test_a_forked_child_has_workers_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-W", "error", "-c", FORKED], check=False, timeout=60).returncode == 0

"""All tests of a program in one run: the verdicts of a run for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.envs.registration import make
from assaygym.errors import ConfigError
from assaygym.sandbox import Limits, Sandbox
from assaygym.types import Task
from assaygym.verifiers.code import StdinCase, StdinTests, stdio, verify_row
from assaygym.verifiers.code.outcome import Report

CASES = tuple(StdinCase(f"{n}\n", f"{2 * n}\n") for n in range(4))
LIMITS = Limits(cpu_seconds=1.0, wall_seconds=30.0, memory_bytes=128 << 20)


def reports(program: str, tests: StdinTests, box: Sandbox, **options: Any) -> list[Report]:
    """Of a run for each test, and of one for all."""
    return [stdio(sandbox=box, limits=LIMITS, runs=runs, **options).report(program, tests) for runs in ("many", "one")]


def verdicts(report: Report) -> list[tuple[str, str]]:
    return [(outcome.status.value, outcome.detail) for outcome in report.outcomes]


PROGRAMS = {
    "right": "print(2 * int(input()))",
    "wrong": "print(3 * int(input()))",
    "sometimes wrong": "n = int(input())\nprint(2 * n if n != 2 else 0)",
    "sometimes a crash": "n = int(input())\nprint(2 * n // (n != 1))",
    "sometimes an exit": "import os\nn = int(input())\nprint(2 * n, flush=True)\nos._exit(n == 1)",
    "sometimes a signal": "import os\nn = int(input())\nprint(2 * n, flush=True)\nn == 1 and os.kill(os.getpid(), 15)",
    "sometimes too slow": "n = int(input())\nwhile n == 1: pass\nprint(2 * n)",
    "sometimes too large": "n = int(input())\nx = bytearray((n == 1) << 30)\nprint(2 * n)",
    "sometimes too long": "n = int(input())\nwhile n == 1: print('x' * 9999)\nprint(2 * n)",
    "no program": "print(",
    "a counter": "import os\nn = os.path.exists('n') and int(open('n').read())\n"
    "open('n', 'w').write(str(n + 1))\nprint(2 * n)",
    "a daemon": "import os, time\nprint(2 * int(input()), flush=True)\nif os.fork() == 0: time.sleep(9); print('late')",
    "a killer": "import os\nprint(2 * int(input()), flush=True)\nos.kill(os.getppid(), 9)",
}


@pytest.mark.parametrize("mode", ["binary", "fraction"])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_each_test_ends_alike(jail: Sandbox, program: str, mode: str) -> None:
    many, one = reports(program, StdinTests(CASES), jail, mode=mode)
    assert verdicts(one) == verdicts(many)
    assert (one.passed, one.total, one.isolation) == (many.passed, many.total, many.isolation)


def test_tests_of_one_run_have_limits_of_their_own(jail: Sandbox) -> None:
    cases = (StdinCase("0", "0\n"), StdinCase("150", "150\n", memory_bytes=64 << 20), StdinCase("1", "1\n"))
    slow = StdinCase("-1", "-1\n", cpu_seconds=0.2)
    program = "n = int(input())\nx = bytearray(max(n, 0) << 20)\nwhile n < 0: pass\nprint(n)"
    many, one = reports(program, StdinTests((*cases, slow)), jail, mode="fraction")
    assert [outcome.status.value for outcome in one.outcomes] == ["ok", "memory_limit", "ok", "time_limit"]
    assert verdicts(one) == verdicts(many)


def test_other_languages_have_a_run_for_each_test(sandbox: Sandbox) -> None:
    report = stdio(sandbox=sandbox, runs="one", language="bash").report("read n; echo $((2 * n))", StdinTests(CASES))
    assert report.passed == report.total == 4
    assert report.isolation


def test_the_inputs_of_one_run_are_told_apart_by_nothing_but_themselves(jail: Sandbox) -> None:
    program = "import random, os\ninput()\nprint(random.random(), sorted(os.environ), os.getcwd(), os.listdir('.'))"
    same = tuple(StdinCase("x\n", "") for _ in range(3))
    _, one = reports(program, StdinTests(same), jail, mode="fraction")
    assert len({outcome.got for outcome in one.outcomes}) == 1


def test_an_unknown_way_to_run_is_refused() -> None:
    with pytest.raises(ConfigError, match="runs is 'few'; expected 'many'"):
        stdio(runs="few")  # type: ignore[arg-type]


def stdin_rows(shared: Path) -> list[dict[str, Any]]:
    texts = [(shared / "code" / f"{name}.jsonl").read_text() for name in ("attacks", "honest")]
    rows = [json.loads(line) for text in texts for line in text.splitlines()]
    return [row for row in rows if row["task"]["kind"] == "stdin"]


@pytest.mark.slow
def test_the_samples_are_scored_alike(shared: Path, one: Sandbox) -> None:
    rows = stdin_rows(shared)
    assert len(rows) >= 10
    for row in rows:
        many, together = (verify_row(row, one, runs=runs) for runs in ("many", "one"))
        assert told(many) == told(together), row["id"]
        assert together["value"] == row["expected_reward"]


def told(record: dict[str, Any]) -> object:
    return record["verdict"], [one["status"] for one in record["tests"]], [one["value"] for one in record["after"]]


MUTANTS = {
    "the reference": ("", ""),
    "a minus": ("+", "-"),
    "a smaller range": ("range(", "range(1, "),
    "another comparison": (" > ", " < "),
    "a crash on empty inputs": ("print(", "import sys\nassert text\nprint("),
}


def posed(seed: int, level: int) -> Task[StdinTests]:
    env = make("assay/StdinStdout-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


@pytest.mark.parametrize(("old", "new"), MUTANTS.values(), ids=MUTANTS)
def test_generated_problems_score_their_reference_and_mutants_alike(jail: Sandbox, old: str, new: str) -> None:
    passed = []
    for seed in range(6):
        task = posed(seed, seed % 5)
        program = task.metadata["reference"].replace(old, new, 1) if old else task.metadata["reference"]
        many, one = reports(program, task.answer, jail, mode="fraction")
        assert verdicts(one) == verdicts(many), program
        passed.append(one.passed == one.total)
    assert all(passed) is (not old)

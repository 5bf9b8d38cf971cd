"""The workloads: a right program, run plainly, gives what every contender has to give."""

import json
import subprocess
import sys

import pytest

from assaygym.benchmarks.speed.workloads import HUMANEVAL, STDIN, STDIN_CASES, TRIVIAL, WORKLOADS, Workload


def plainly(program: str, stdin: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-c", program]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS.keys())
def test_a_program_gives_what_is_expected_of_it(workload: Workload) -> None:
    for case in workload.cases:
        seen = plainly(workload.program, case.stdin)
        assert (seen.returncode, seen.stdout, seen.stderr) == (0, case.stdout, "")


def test_there_are_twenty_different_inputs_of_a_program_of_twelve_lines() -> None:
    assert len({case.stdin for case in STDIN.cases}) == STDIN_CASES == 20
    assert len([line for line in STDIN.program.splitlines() if line]) == 12


def test_the_asserts_of_the_function_are_ten_and_can_fail() -> None:
    assert HUMANEVAL.function is not None
    assert HUMANEVAL.function.asserts.count("assert ") == 10
    assert plainly(HUMANEVAL.program.replace("max(", "min("), "").returncode == 1


@pytest.mark.parametrize("workload", [TRIVIAL, HUMANEVAL])
def test_the_function_does_what_its_values_say(workload: Workload) -> None:
    function = workload.function
    assert function is not None
    assert plainly(f"{function.source}\n{function.asserts}", "").returncode == 0


def test_what_a_loop_needs_of_a_workload_survives_json() -> None:
    for workload in WORKLOADS.values():
        assert json.loads(json.dumps(workload.wire)) == workload.wire
    assert (TRIVIAL.wire["forks"], STDIN.wire["forks"]) == (1, 20)

"""Quantities and the Python tool."""

import math
import random
from typing import cast

import pytest

from assaygym import sandbox
from assaygym.envs.families import quantities
from assaygym.envs.families.python_calc import CALLS, PythonCalc
from assaygym.envs.registration import make
from assaygym.envs.tools import call
from assaygym.errors import SandboxError
from assaygym.types import Message, Verdict


def started(seed: int = 1, level: int = 0) -> PythonCalc:
    env = cast(PythonCalc, make("assay/PythonCalc-v0", level=level))
    env.reset(seed=seed)
    return env


def turn(env: PythonCalc, *programs: str) -> str:
    calls = tuple(call("python", code=code) for code in programs)
    return env.action_text(Message(role="assistant", content="", tool_calls=calls))


def run(env: PythonCalc, *programs: str) -> str:
    return env.step(turn(env, *programs))[0]


@pytest.mark.parametrize(
    ("compute", "parameters", "value"),
    [
        (quantities.prime_sum, (10,), 17),
        (quantities.prime_sum, (100,), 1060),
        (quantities.digit_sum, (2, 15), 26),
        (quantities.power_remainder, (3, 4, 7), 4),
        (quantities.count_multiples, (30, 3, 5, 2), 7),
        (quantities.collatz_peak, (7,), 52),
        (quantities.divisor_sum, (28,), 56),
        (quantities.divisor_sum, (36,), 91),
        (quantities.fibonacci_remainder, (10, 100), 55),
        (quantities.ways_to_pay, (10, 2, 5, 100), 10),
        (quantities.palindrome_sum, (8, 33), 8 + 9 + 11 + 22 + 33),
        (quantities.sequence_sum, (1, 2, 3, 10, 4), 1 + 5 + 3 + 9),
    ],
)
def test_quantities_worked_by_hand(compute: object, parameters: tuple[int, ...], value: int) -> None:
    assert compute(*parameters) == value  # type: ignore[operator]


@pytest.mark.parametrize("quantity", quantities.QUANTITIES, ids=lambda q: q.compute.__name__)
@pytest.mark.parametrize("scale", [1, 81])
def test_every_phrasing_names_every_parameter(quantity: quantities.Quantity, scale: int) -> None:
    parameters = quantity.draw(random.Random(3), scale)
    for phrasing in quantity.phrasings:
        assert all(str(parameter) in phrasing.format(*parameters) for parameter in parameters)
    assert math.isfinite(quantity.compute(*parameters))


def test_a_program_returns_what_it_prints() -> None:
    assert run(started(), "print(6 * 7)") == "42"


@pytest.mark.parametrize(
    ("program", "result"),
    [
        ("print(1)\n1/0", "1\nZeroDivisionError: division by zero"),
        ("x = ", "SyntaxError: invalid syntax"),
        ("x = 1", "(nothing was printed; use print)"),
        ("raise SystemExit(3)", "ended with nonzero_exit"),
        ("x = [0] * 10**9", "stopped: it used more than 256 MiB of memory"),
    ],
)
def test_a_failure_is_told_in_its_last_line(program: str, result: str) -> None:
    assert run(started(), program) == result


def test_an_endless_program_is_stopped_and_the_episode_goes_on() -> None:
    env = started()
    assert run(env, "print('so far', flush=True)\nwhile True: pass").endswith("stopped: it ran longer than 3 seconds")
    assert env.step(f"\\boxed{{{env.gold}}}")[1] == 1.0


def test_long_output_is_cut() -> None:
    result = run(started(), "print('a' * 9000)")
    assert len(result) < 4100
    assert result.endswith("[cut: 5000 more characters]")


def test_each_run_starts_from_a_clean_state() -> None:
    env = started()
    run(env, "secret = 1; open('left', 'w').write('x')")
    assert "NameError" in run(env, "print(secret)")
    assert "FileNotFoundError" in run(env, "open('left')")


def test_calls_earn_nothing_by_themselves() -> None:
    env = started()
    rewards = [env.step(turn(env, "print(1)"))[1] for _ in range(4)]
    assert rewards == [0.0] * 4
    assert env.step("-1")[1] == 0.0


def test_the_runs_of_a_task_are_limited() -> None:
    env = started()
    results = run(env, *["print(1)"] * (CALLS + 2)).split("\n\n")
    assert results[:CALLS] == ["1"] * CALLS
    assert all("used up" in result for result in results[CALLS:])


def test_an_answer_that_was_only_printed_is_none() -> None:
    env = started()
    steps = [env.step(turn(env, f"print({env.gold})")) for _ in range(env.max_turns)]
    assert [step[1] for step in steps] == [0.0] * env.max_turns
    assert steps[-1][3]


def test_a_fault_of_the_sandbox_is_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise SandboxError("the worker is gone")

    monkeypatch.setattr(sandbox, "shared_sandbox", broken)
    env = started()
    _, reward, terminated, _, info = env.step(turn(env, "print(1)"))
    assert math.isnan(reward)
    assert terminated
    assert info["score"].verdict is Verdict.INVALID
    assert "the worker is gone" in info["score"].explanation


@pytest.mark.parametrize("level", range(5))
def test_the_answer_is_no_number_of_the_question(level: int) -> None:
    env = cast(PythonCalc, make("assay/PythonCalc-v0", level=level))
    for seed in range(40):
        env.reset(seed=seed)
        assert env.gold not in env.parameters
        assert env.gold > 1

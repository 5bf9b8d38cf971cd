"""Honest programs of every style end in a jail as under the bare interpreter: same output, same code, same signal."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaygym.sandbox import ExecStatus, Limits, Sandbox
from tests.sandbox.honest import endings, language, library, machine, processes, streams
from tests.sandbox.honest.honest import Honest

TABLES = {
    "streams": streams.PROGRAMS,
    "endings": endings.PROGRAMS,
    "language": language.PROGRAMS,
    "library": library.PROGRAMS,
    "machine": machine.PROGRAMS,
    "processes": processes.PROGRAMS,
}
WHAT = ("exit code", "signal", "stdout", "stderr")
ALL = [pytest.param(one, id=f"{kind}: {one.name}") for kind, table in TABLES.items() for one in table]


@pytest.mark.parametrize("honest", ALL)
def test_an_honest_program_ends_as_the_bare_interpreter_ends_it(honest: Honest, jail: Sandbox, tmp_path: Path) -> None:
    result = jail.run(
        honest.program, stdin=honest.stdin, argv=honest.argv, files=honest.files or None, limits=honest.limits
    )
    seen, truth = honest.seen(result), honest.truth(tmp_path)
    if seen != truth or honest.says not in result.stdout:  # no assertion: pytest would compare megabytes by the letter
        parts = [
            f"{what}: {str(one)[-1500:]}, not {str(two)[-1500:]}"
            for what, one, two in zip(WHAT, seen, truth, strict=True)
            if one != two
        ]
        pytest.fail("\n".join([f"ended as {result.status}; must say {honest.says!r}", *parts]), pytrace=False)


def test_every_program_is_another() -> None:
    programs = [one for table in TABLES.values() for one in table]
    assert len({one.name for one in programs}) == len({one.program for one in programs}) == len(programs) >= 40


@pytest.fixture(scope="module")
def numpy(jail: Sandbox) -> None:
    if jail.run("import numpy").status is not ExecStatus.OK:
        pytest.skip("NumPy cannot be imported in this jail")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("print(np.arange(6).reshape(2, 3).sum(axis=0))", "[3 5 7]"),
        ("print(np.linalg.solve(np.eye(3) * 2, np.ones(3)))", "[0.5 0.5 0.5]"),
        (
            "a = np.random.default_rng(1).random((200, 200)); print(np.allclose(a @ np.linalg.inv(a), np.eye(200)))",
            "True",
        ),
        ("print(np.fft.ifft(np.fft.fft([1, 2, 3])).real.round(6).tolist())", "[1.0, 2.0, 3.0]"),
        ("np.random.seed(0); print(np.random.randint(0, 100, 3).tolist())", "[44, 47, 64]"),
        ("np.save('x.npy', np.arange(3)); print(np.load('x.npy').tolist())", "[0, 1, 2]"),
        ("import sys; print(np.loadtxt(sys.stdin).sum())", "10.0"),
        ("import pickle; print(pickle.loads(pickle.dumps(np.float64(1.5))))", "1.5"),
    ],
)
def test_numpy_works(numpy: None, jail: Sandbox, program: str, expected: str) -> None:
    result = jail.run(f"import numpy as np\n{program}", stdin="1 2\n3 4\n", limits=Limits(wall_seconds=20))
    assert (result.status, result.stdout.strip(), result.stderr) == (ExecStatus.OK, expected, "")


def test_numpy_in_children_works(numpy: None, jail: Sandbox) -> None:
    program = """
import multiprocessing as mp
import numpy as np
def total(n): return int(np.arange(n).sum())
if __name__ == "__main__":
    with mp.get_context("fork").Pool(2) as pool: print(pool.map(total, [3, 4]))
"""
    result = jail.run(program, limits=Limits(wall_seconds=20, memory_bytes=1 << 30))
    assert (result.status, result.stdout) == (ExecStatus.OK, "[3, 6]\n")


def test_the_random_state_of_numpy_is_that_of_the_seed(numpy: None, jail: Sandbox) -> None:
    program = "import numpy as np; print(np.random.random())"
    first, second, other = (jail.run(program, seed=seed).stdout for seed in (1, 1, 2))
    assert first == second != other

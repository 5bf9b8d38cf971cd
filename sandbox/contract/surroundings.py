"""What a Python program finds: its standard input by every name, its own file, its seed, NumPy."""

from __future__ import annotations

import pytest

from assaygym.sandbox.base import ExecResult, ExecStatus, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract, promises

ROOMY = Limits(wall_seconds=30.0, memory_bytes=1 << 30)
"""For NumPy, whose libraries map much and load slowly."""
READERS = (
    "sys.stdin.read()",
    "sys.stdin.buffer.read().decode()",
    "open(0).read()",
    "open('/dev/stdin').read()",
    "''.join(sys.stdin)",
    "''.join(iter(lambda: os.read(0, 1000).decode(), ''))",
)
DRAW = "import random; print(random.random(), random.sample(range(10 ** 9), 5))"


def with_numpy(sandbox: Sandbox, program: str, seed: int = 0) -> ExecResult:
    """Run a program that needs NumPy, or skip the test where programs have none."""
    result = sandbox.run(program, limits=ROOMY, seed=seed)
    if "No module named 'numpy'" in result.stderr:
        pytest.skip("programs have no NumPy in this sandbox")
    return result


class SurroundingsContract(Contract):
    """Of what surrounds a Python program."""

    def test_standard_input_is_there_by_every_name(self, sandbox: Sandbox) -> None:
        """Whole, whether it fits a pipe or not."""
        for size in (10, 300_000):
            stdin = "\u00e9a\n" * (size // 4)
            for reader in READERS:
                result = sandbox.run(f"import os, sys\ntext = {reader}\nprint(len(text))", stdin=stdin)
                assert (result.stdout, result.stderr) == (f"{len(stdin)}\n", ""), (reader, size)

    def test_a_program_can_read_its_own_source(self, sandbox: Sandbox) -> None:
        """By its name, and by what the standard library makes of that."""
        program = "import os\nprint(os.path.basename(__file__), open(__file__).read().count('own'))  # own"
        assert sandbox.run(program).stdout == "main.py 2\n"
        program = "import inspect\ndef f(): return 'mine'\nprint(inspect.getsource(f), end='')"
        assert sandbox.run(program).stdout == "def f(): return 'mine'\n"

    def test_a_program_is_the_main_module(self, sandbox: Sandbox) -> None:
        """As pickles, and classes that look themselves up, need it."""
        program = """
import pickle, sys
class A: pass
print(type(pickle.loads(pickle.dumps(A()))) is A, sys.modules["__main__"].A is A, A.__module__)
"""
        result = sandbox.run(program)
        assert (result.stdout, result.stderr) == ("True True __main__\n", "")

    def test_it_works_and_keeps_its_temporary_files_in_its_own_directory(self, sandbox: Sandbox) -> None:
        """Where it may write."""
        program = """
import os, tempfile
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("x"); file.flush()
    print(open(file.name).read(), os.access(".", os.W_OK), os.path.samefile(tempfile.gettempdir(), "."))
"""
        assert sandbox.run(program).stdout == "x True True\n"

    @promises("large_output")
    def test_ten_megabytes_of_output_come_whole(self, sandbox: Sandbox) -> None:
        """Where the limit is 16."""
        result = sandbox.run("print('0123456789' * (1 << 20))", limits=Limits(output_bytes=16 << 20))
        assert (result.status, result.truncated) == (ExecStatus.OK, False)
        assert result.stdout == "0123456789" * (1 << 20) + "\n"

    @promises("seeds")
    def test_the_seed_decides_the_random_numbers(self, sandbox: Sandbox) -> None:
        """The same again with the same seed, and others with another."""
        for seed, other in ((0, 1), (7, 8), (1 << 70, 1)):
            first, again, others = (sandbox.run(DRAW, seed=number).stdout for number in (seed, seed, other))
            assert first == again != others, seed

    @promises("seeds")
    def test_the_seed_decides_the_random_numbers_of_numpy(self, sandbox: Sandbox) -> None:
        """Those of its global generator."""
        program = "import numpy; print(numpy.random.random(3))"
        first, again, other = (with_numpy(sandbox, program, seed=seed).stdout for seed in (7, 7, 8))
        assert with_numpy(sandbox, program).stdout == with_numpy(sandbox, program).stdout
        assert first == again != other

    def test_numpy_works(self, sandbox: Sandbox) -> None:
        """Arrays, and the libraries of linear algebra behind them."""
        program = """
import numpy as np
matrix = np.arange(9.0).reshape(3, 3) + np.eye(3)
print(np.allclose(matrix @ np.linalg.inv(matrix), np.eye(3)), matrix.sum(axis=0).tolist())
"""
        result = with_numpy(sandbox, program)
        assert (result.stdout, result.stderr) == ("True [10.0, 13.0, 16.0]\n", "")

    def test_numpy_can_be_imported_by_any_means(self, sandbox: Sandbox) -> None:
        """Named in the program or put together in it; and a program may name what it does not use."""
        result = with_numpy(sandbox, "module = __import__('num' + 'py'); print(module.arange(3).tolist())")
        assert (result.stdout, result.stderr) == ("[0, 1, 2]\n", "")
        assert sandbox.run("print('numpy')", limits=ROOMY).stdout == "numpy\n"

import os
import subprocess
import sys
import threading

import pytest

from assaygym.errors import ConfigError
from assaygym.sandbox import Limits, Sandbox, open_sandbox, shared_sandbox
from assaygym.sandbox.doctor import describe


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("jial", "did you mean 'jail'?"), ("proces", "did you mean 'process'?"), ("xyz", "known: auto, jail, process")],
)
def test_an_unknown_backend_is_refused_with_the_nearest_name(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_sandbox(name)
    assert name in str(error.value)
    assert sentence in str(error.value)


def test_auto_takes_the_jail(jail: Sandbox) -> None:
    with open_sandbox() as opened:
        assert opened.name == jail.name == "jail"


@pytest.mark.parametrize("workers", [0, -1])
def test_workers_must_be_positive(workers: int) -> None:
    with pytest.raises(ConfigError, match=f"workers is {workers}"):
        open_sandbox("process", workers=workers)


def test_the_limits_of_the_sandbox_hold_for_runs_that_give_none() -> None:
    with open_sandbox("process", limits=Limits(output_bytes=5)) as sandbox:
        assert sandbox.run("print('123456789')").stdout == "12345"
        assert sandbox.run("print('123456789')", limits=Limits()).stdout == "123456789\n"


def test_the_shared_sandbox_is_one_for_all_threads(jail: Sandbox) -> None:
    seen: list[Sandbox] = []
    threads = [threading.Thread(target=lambda: seen.append(shared_sandbox())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len({id(sandbox) for sandbox in seen}) == 1
    assert jail.name == seen[0].name


SHARED = """
import os, sys
from assaygym.sandbox import shared_sandbox
first = shared_sandbox()
print(first.name, first.run("print(1)").stdout.strip(), flush=True)
if os.fork() == 0:
    second = shared_sandbox()
    print(second is not first, second.run("print(2)").stdout.strip(), flush=True)
    sys.exit()
print(os.wait()[1], first.run("print(3)").stdout.strip())
"""


@pytest.mark.parametrize("backend", ["jail", "process"])
def test_the_shared_sandbox_survives_a_fork_on_both_sides(jail: Sandbox, backend: str) -> None:
    environment = {**os.environ, "ASSAYGYM_SANDBOX": backend}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SHARED]
    seen = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (seen.stdout, seen.stderr) == (f"{backend} 1\nTrue 2\n0 3\n", "")
    assert jail.name == "jail"


def test_importing_the_sandbox_loads_no_backend() -> None:
    program = "import sys, assaygym.sandbox; print([m for m in sys.modules if m.startswith('assaygym.sandbox.')])"
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert seen.stdout == "['assaygym.sandbox.base', 'assaygym.sandbox._open']\n"


def test_describe_tells_of_every_backend_what_it_covers(jail: Sandbox) -> None:
    reports = {report.name: report for report in describe()}
    assert list(reports) == ["jail", "process"]
    assert reports["jail"].works
    assert reports["jail"].isolation == jail.run("pass").isolation
    assert reports["process"].isolation == ("rlimits",)
    assert all(report.covered and report.not_covered and not report.reason for report in reports.values())

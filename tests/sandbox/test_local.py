"""What the backends of this machine share: forks of the host, and places for programs that work at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from assaygym.sandbox import ExecStatus, Limits, Sandbox, open_sandbox

FORKS = """
import gc, os, sys, threading, time
from assaygym.sandbox import open_sandbox
with open_sandbox({backend!r}, workers=1) as sandbox:
    seen = []
    thread = threading.Thread(target=lambda: seen.append(sandbox.run("import time; time.sleep(1); print(1)").stdout))
    thread.start()
    process = sandbox.spawn("import time; time.sleep(1)")
    time.sleep(0.3)
    child = os.fork()
    if child == 0:
        print("child", sandbox.run("print(7)").stdout.strip(), flush=True)
        del process
        gc.collect()
        sandbox.close()
        os._exit(0)
    os.waitpid(child, 0)
    thread.join()
    print("parent", seen, process.finish().status)
    process = sandbox.spawn("import time; time.sleep(60)")
    child = os.fork()
    if child == 0:
        time.sleep(60)
    start = time.monotonic()
    process.kill()
    del process
    print("at once" if time.monotonic() - start < 3 else "late")
    os.kill(child, 9)
"""


@pytest.mark.parametrize("backend", ["jail", "process"])
def test_a_sandbox_works_on_both_sides_of_a_fork(jail: Sandbox, backend: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKS.format(backend=backend)]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert seen.stderr == ""
    assert seen.stdout.splitlines() == ["child 7", "parent ['1\\n'] ok", "at once"]


def test_spawned_programs_that_hold_a_place_are_not_late_through_each_other(jail: Sandbox) -> None:
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    with open_sandbox("jail", workers=1) as sandbox:

        def one(_: int) -> ExecStatus:
            with sandbox.place():
                return sandbox.spawn(busy, limits=Limits(cpu_seconds=5, wall_seconds=3)).finish().status

        with ThreadPoolExecutor(12) as pool:
            assert set(pool.map(one, range(12))) == {ExecStatus.OK}

"""What a host ignores (nohup, shells in the background, servers) is no business of its programs and sessions."""

import subprocess
import sys

import pytest

from assaygym.sandbox._alone import why_not

IGNORED = (
    "import signal; print([int(n) for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN], end='')"
)
HOST = f"""
import signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
from assaygym.sandbox import open_sandbox
with open_sandbox(sys.argv[1], workers=1) as sandbox:
    if sys.argv[2] == "program":
        print(sandbox.run({IGNORED!r}).stdout)
    else:
        with sandbox.session() as session:
            print(session.run({IGNORED!r}).stdout)
"""
PYTHONS = "[13, 25]"
"""SIGPIPE and SIGXFSZ, which every interpreter ignores."""


@pytest.mark.parametrize("of", ["program", "session"])
@pytest.mark.parametrize("backend", ["jail", "jail:landlock", "process"])
def test_no_signal_that_the_host_ignores_is_ignored_inside(
    backend: str, of: str, request: pytest.FixtureRequest
) -> None:
    if backend == "jail":
        request.getfixturevalue("namespaces")
    if backend == "jail:landlock" and why_not():
        pytest.skip(why_not())
    host = [sys.executable, "-W", "ignore", "-c", HOST, backend, of]
    done = subprocess.run(host, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == (PYTHONS, "")

"""A Bash session over the cell loop: each command runs in a Bash of its own, which takes over the state of the last.

The state is text that Bash itself writes at the end of a command and reads before the next: working directory, file
mode mask, variables, functions, aliases, shell options. What cannot be set (`BASHPID`, `PPID` and the like) fails to be
set, silently. A command that ends by `exec`, by a signal or at a limit leaves the state as it was. Traps and jobs are
not kept, though background processes run on.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import tempfile
from contextlib import suppress

from assaygym.sandbox.guest.cells import Cells
from assaygym.sandbox.guest.seeds import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox.guest.orders import Cell

BASH = "bash"
STATE_IN, STATE_OUT = 198, 199
END = b"# whole\n"
SHARED_MEMORY = "/dev/shm"
PR_SET_CHILD_SUBREAPER = 36
NOT_RUN = 126
"""The exit code by which a shell says that a command could not be run."""
SIGNALS = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)
"""Those that an interpreter changes for itself."""
SAVE = (
    "[[ -n ${__assay_saved-} ]] && return",
    "__assay_saved=1",
    "unset __assay_command",
    f"""{{ builtin printf 'builtin cd -- %q\\n' "$PWD"; builtin umask -p; builtin declare -p; builtin declare -f;
    builtin alias -p; builtin shopt -p; builtin set +o; builtin printf '{END.decode().strip()}\\n'; }} >&{STATE_OUT}""",
    '[[ -n ${1-} ]] && builtin exit "$1"',
)
STEPS = (
    f"IFS= read -r -d '' -u {STATE_IN} __assay_state",
    f"IFS= read -r -d '' -u {STATE_IN} __assay_command",
    f"exec {STATE_IN}<&-",
    'ulimit -S -t "$1"',
    "shopt -s expand_aliases",
    f"__assay_save() {{ {'; '.join(SAVE)}; }}",
    "__assay_trap='{ __assay_save; } 2>/dev/null'",
    """{ eval "$__assay_state"; unset __assay_state __assay_saved; trap "$__assay_trap" EXIT; } 2>/dev/null""",
    'eval "$__assay_command"',
    "{ __assay_save $?; } 2>/dev/null",
)
DRIVER = f"{{ {'; '.join(STEPS)}; }}".replace("\n", " ")
"""One line, so that a command's own lines count from 1, and one group, which Bash reads whole before it runs any of it:
a command that cannot be parsed does not disturb what follows."""


class Shell(Cells):
    """The state of a Bash session and the way a command is run in it.

    Args:
        seed: of RANDOM.
    """

    def __init__(self, seed: int | str) -> None:
        super().__init__(seed)
        _adopt_orphans()
        self._state = b""
        self._seed = _random(seed)

    def reseed(self, seed: str) -> None:
        """Numbers of its own for RANDOM."""
        self._seed = _random(seed)

    def _attempt(self, order: Cell, number: int) -> tuple[str | None, str | None]:
        """Run one command; the value is its exit code (a signal is negative) and the CPU time it took."""
        command = order["source"].encode("utf-8", "surrogatepass")
        try:
            if b"\0" in command:
                raise ValueError("the command holds a NUL character")
            return self._command(command, math.ceil(order["cpu_seconds"])), None
        except (OSError, ValueError) as error:  # the session has no room left for a process or a file
            os.write(2, f"bash: {error}\n".encode())
            return f"{NOT_RUN} 0", None

    def _command(self, command: bytes, cpu_seconds: int) -> str:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.TemporaryFile(dir=SHARED_MEMORY) as given, tempfile.TemporaryFile(dir=SHARED_MEMORY) as left:
            given.write(self._state + self._seed + b"\0" + command + b"\0")
            given.seek(0)
            status = _run(given.fileno(), left.fileno(), cpu_seconds)
            left.seek(0)
            state = left.read()
        if state.endswith(END) and b"\0" not in state:
            self._state, self._seed = state, b""
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return f"{os.waitstatus_to_exitcode(status)} {seconds:.6f}"


def _random(seed: int | str) -> bytes:
    return f"RANDOM={number(seed)}\n".encode()


def _run(given: int, left: int, cpu_seconds: int) -> int:
    """Run the driver; what it is interrupted in is killed, with all that this command started and did not detach."""
    child = 0
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # until it is known whom an interrupt is to end
    try:
        try:
            child = _driver(given, left, cpu_seconds)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        return os.waitpid(child, 0)[1]
    except KeyboardInterrupt:
        if child:
            os.killpg(child, signal.SIGKILL)
            with suppress(ChildProcessError):
                while True:  # all of the group, so that none writes any more: orphans have come down to this process
                    os.waitpid(-child, 0)
        raise
    finally:
        _reap()


def _driver(given: int, left: int, cpu_seconds: int) -> int:
    """Start the Bash of one command; its number, which is that of its group too."""
    return os.posix_spawnp(
        BASH,
        [BASH, "--noprofile", "--norc", "-c", DRIVER, BASH, str(cpu_seconds)],
        {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        file_actions=[(os.POSIX_SPAWN_DUP2, given, STATE_IN), (os.POSIX_SPAWN_DUP2, left, STATE_OUT)],
        setpgroup=0,
        setsigmask=(),
        setsigdef=SIGNALS,
    )


def _adopt_orphans() -> None:
    """Let orphans come down to this process; to the first of a namespace they do anyhow."""
    if os.getpid() != 1:
        import ctypes  # dear to import, and not needed in the jail

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    """See to the orphans that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass

"""Signals, and what else one process can do to another: the supervisor lives, obeys its limits and tells the truth."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import CALLS, TRIES, Attack, bomb

STILL_HERE = "\nimport time; time.sleep(0.05); print('held')\nraise SystemExit(5)"
FIVE = (ExecStatus.NONZERO_EXIT,)

ATTACKS = (
    Attack(
        name="no signal to the first process ends the run",
        program="import os, signal\nfor n in signal.valid_signals():\n    try: os.kill(1, n)\n    except OSError: pass"
        + STILL_HERE,
        ends=FIVE,
        exit_code=5,
    ),
    Attack(
        name="no signal to the parent ends the run",
        program="import os, signal\nparent = os.getppid()\nfor n in signal.valid_signals() if parent > 0 else ():\n"
        "    try: os.kill(parent, n)\n    except OSError: pass" + STILL_HERE,
        ends=FIVE,
        exit_code=5,
    ),
    Attack(
        name="a kill of its own group kills only itself",
        program="import os\nprint('here', flush=True)\nos.kill(0, 9)\nprint('there')",
        ends=(ExecStatus.SIGNALED,),
        stdout="here\n",
        signal=9,
        after="print('held')",
    ),
    Attack(
        name="a kill of everything kills at most itself",
        program="import os\ntry: os.kill(-1, 9)\nexcept OSError: pass\nprint('held')",
        after="print('held')",
    ),
    Attack(
        name="a kill of the groups of others kills nobody",
        program="import os\nfor group in (1, os.getppid(), {{HOST_PID}}):\n    if group > 0:\n"
        "        try: os.killpg(group, 9)\n        except OSError: pass\nprint('held')",
    ),
    Attack(
        name="a kill of every number kills nobody",
        program="import os\nown = os.getpid()\nfor number in range(2, 33000):\n    if number != own:\n"
        "        try: os.kill(number, 9); print('killed', number)\n        except OSError: pass\nprint('held')",
    ),
    Attack(
        name="the host's process is not there to be signalled",
        program=TRIES + "import os\nattempt('the host', os.kill, {{HOST_PID}}, 0)\nverdict()",
        harmless=True,
    ),
    Attack(
        name="a signal through a process descriptor does not end the run",
        program=CALLS
        + """
import signal
handle = kernel("pidfd_open", 1, 0)
for number in signal.valid_signals():
    kernel("pidfd_send_signal", handle, number, 0, 0)
"""
        + STILL_HERE,
        ends=FIVE,
        exit_code=5,
    ),
    Attack(
        name="signals to single threads of the first process do not end the run",
        program=CALLS
        + """
import signal
info = ctypes.create_string_buffer(128)
for number in signal.valid_signals():
    kernel("tgkill", 1, 1, number)
    kernel("tkill", 1, number)
    info[0:4] = number.to_bytes(4, "little")
    info[8:12] = (-1).to_bytes(4, "little", signed=True)
    kernel("rt_sigqueueinfo", 1, number, info)
"""
        + STILL_HERE,
        ends=FIVE,
        exit_code=5,
    ),
    Attack(
        name="descriptors that signal the first process on every event do not end the run",
        program="""
import fcntl, os, signal, socket
for owner in (1, -1, os.getppid() or 1):
    for number in (9, 15, 19, signal.SIGRTMIN, 0):
        one, two = socket.socketpair()
        reader, writer = os.pipe()
        for descriptor in (one.fileno(), reader, 0, 1):
            try:
                fcntl.fcntl(descriptor, fcntl.F_SETOWN, owner)
                fcntl.fcntl(descriptor, 10, number)
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
            except OSError: pass
        two.send(b"x"); os.write(writer, b"x")
"""
        + STILL_HERE,
        ends=(ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED),
        stdout=None,
        after="print('held')",
    ),
    Attack(
        name="a stopped first process still ends the run at the program's end",
        program="""
import os, signal, time
for _ in range(1000):
    try: os.kill(1, signal.SIGSTOP); os.kill(1, signal.SIGTSTP)
    except OSError: pass
"""
        + STILL_HERE,
        ends=FIVE,
        exit_code=5,
    ),
    Attack(
        name="a flood of child signals does not hide the program's end",
        program="""
import os, signal, time
for _ in range(3):
    if os.fork() == 0:
        while True:
            try: os.kill(1, signal.SIGCHLD); os.kill(1, signal.SIGIO); os.kill(1, signal.SIGURG)
            except OSError: break
time.sleep(0.3)
print("held", flush=True)
os._exit(5)
""",
        ends=FIVE,
        exit_code=5,
        limits=bomb(wall=5),
    ),
    Attack(
        name="limits of the first process cannot be lowered",
        program=TRIES
        + """
import resource, time
for name in [name for name in dir(resource) if name.startswith("RLIMIT_")]:
    for number in (1, {{HOST_PID}}):
        attempt(name, resource.prlimit, number, getattr(resource, name), (0, 0))
verdict()
""",
    ),
    Attack(
        name="the scheduling of the first process may be touched and ends nothing",
        program="""
import os
for number in (1, os.getppid() or 1):
    for act in (lambda: os.setpriority(os.PRIO_PROCESS, number, 19), lambda: os.sched_setaffinity(number, {0}),
                lambda: os.setpriority(os.PRIO_USER, 0, 19), lambda: os.setpriority(os.PRIO_PGRP, 0, 19),
                lambda: os.sched_setscheduler(number, os.SCHED_IDLE, os.sched_param(0)),
                lambda: os.sched_setscheduler(number, os.SCHED_FIFO, os.sched_param(99))):
        try: act()
        except OSError: pass
print("held")
""",
        after="print('held')",
    ),
    Attack(
        name="no real-time or higher priority can be had",
        program=CALLS
        + """
for policy in (os.SCHED_FIFO, os.SCHED_RR):
    attempt(policy, os.sched_setscheduler, 0, policy, os.sched_param(1))
attempt("nice", os.setpriority, os.PRIO_PROCESS, 0, -5)
attempt("io", kernel, "ioprio_set", 1, 0, 1 << 13)
verdict()
""",
    ),
    Attack(
        name="a wish to die with the parent or to adopt orphans changes nothing",
        program="""
import ctypes, os, time
libc = ctypes.CDLL(None)
for option, value in ((1, 9), (36, 1), (4, 0), (4, 1), (0x59616D61, -1), (15, b"init"), (41, 1), (38, 1)):
    libc.prctl(option, ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_long(value), 0, 0, 0)
if os.fork() == 0:
    if os.fork(): os._exit(0)
    time.sleep(30)
os.wait()
print("held")
""",
    ),
    Attack(
        name="stopping its own group ends at the wall-clock limit",
        program="import os, signal\nprint('here', flush=True)\nos.kill(0, signal.SIGSTOP)\nprint('there')",
        ends=(ExecStatus.TIMEOUT,),
        stdout="here\n",
        limits=bomb(),
    ),
    Attack(
        name="there is no terminal to type into or to steal",
        program=TRIES
        + """
import fcntl, os, termios
for descriptor in range(3):
    for request in (termios.TIOCSTI, 0x541C, termios.TIOCSCTTY, termios.TIOCNOTTY, termios.TIOCGPGRP):
        attempt((descriptor, request), fcntl.ioctl, descriptor, request, b"x" * 16)
attempt("a terminal", os.open, "/dev/tty", os.O_RDWR)
attempt("a new terminal", os.openpty)
attempt("a new session", os.setsid)
verdict()
""",
    ),
    Attack(
        name="a timer that signals a thread of the first process is refused",
        program=CALLS
        + """
class Event(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signo", ctypes.c_int), ("notify", ctypes.c_int), ("thread", ctypes.c_int),
                ("rest", ctypes.c_char * 44)]
timer = ctypes.c_int()
for number in (9, 15, 34):
    attempt(number, kernel, "timer_create", 1, ctypes.byref(Event(None, number, 4, 1)), ctypes.byref(timer))
verdict()
""",
    ),
    Attack(
        name="ignoring every signal is no way past the wall-clock limit",
        program="""
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for number in signal.valid_signals():
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True:
    try: time.sleep(60)
    except BaseException: pass
""",
        ends=(ExecStatus.TIMEOUT,),
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a child that kills its parent again and again leaves the next run alone",
        program="""
import os, signal
for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        while True:
            for number in (os.getppid(), -1):
                try: os.kill(number, signal.SIGKILL)
                except OSError: pass
signal.pause()
""",
        ends=(ExecStatus.SIGNALED, ExecStatus.TIMEOUT),
        stdout="",
        limits=bomb(),
        after="print('held')",
    ),
)

"""The timing of limits: what a program can do to the clocks, timers and limits it runs under."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import TRIES, Attack, bomb

LATE = (ExecStatus.TIMEOUT,)
SPIN = "\nwhile True: pass"
CPU = bomb(wall=6, cpu=1)
"""One second of CPU time, the smallest that the kernel counts, and a wall-clock limit that must not be what ends it."""

ATTACKS = (
    Attack(
        name="a program that sleeps ends at the wall-clock limit",
        program="""
import time
time.sleep(600)
""",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a program that spins ends at the wall-clock limit",
        program="while True: pass",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a program that spins ends at the CPU limit",
        program="while True: pass",
        ends=LATE,
        stdout="",
        limits=CPU,
        signal=24,
    ),
    Attack(
        name="a handler of the CPU limit's signal does not go past it for long",
        program="import signal\nsignal.signal(signal.SIGXCPU, lambda *_: print('more', flush=True))" + SPIN,
        ends=LATE,
        stdout=None,
        limits=bomb(wall=6, cpu=1),
        slow=True,
    ),
    Attack(
        name="the CPU limit's signal that is ignored and blocked ends the run all the same",
        program="""
import signal
signal.signal(24, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {24, 9})
"""
        + SPIN,
        ends=LATE,
        stdout="",
        limits=CPU,
        slow=True,
    ),
    Attack(
        name="limits cannot be raised",
        program=TRIES
        + """
import resource
names = ("AS", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE")
for name in names:
    which = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY: got.append(name)
    for value in ((hard + 1, hard + 1), (resource.RLIM_INFINITY, resource.RLIM_INFINITY), (soft, hard + 10)):
        try: resource.setrlimit(which, value); got.append((name, value))
        except (ValueError, OSError): pass
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="the CPU limit cannot be put off by lowering and raising it",
        program="""
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
while True: pass
""",
        ends=LATE,
        stdout="",
        limits=CPU,
        slow=True,
    ),
    Attack(
        name="children that each use a share of the CPU are counted together",
        program="""
import os, time
for _ in range(6):
    if os.fork() == 0:
        end = time.process_time() + 0.4
        while time.process_time() < end: pass
        os._exit(0)
for _ in range(6): os.wait()
""",
        ends=LATE,
        stdout="",
        limits=bomb(wall=6, cpu=1),
        slow=True,
    ),
    Attack(
        name="children that are not waited for are counted too",
        program="""
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(6):
    if os.fork() == 0:
        os.setsid()
        end = time.process_time() + 0.4
        while time.process_time() < end: pass
        os._exit(0)
time.sleep(3)
""",
        ends=LATE,
        stdout="",
        limits=bomb(wall=6, cpu=1),
        slow=True,
        needs="cpu_cgroup",
    ),
    Attack(
        name="threads are counted together",
        program="""
import hashlib, threading
data = b"x" * (1 << 22)
def work():
    while True: hashlib.sha256(data).digest()
for _ in range(4): threading.Thread(target=work).start()
""",
        ends=LATE,
        stdout="",
        limits=bomb(wall=6, cpu=1),
    ),
    Attack(
        name="a program that stops itself ends at the wall-clock limit",
        program="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a child that stops its parent does not put off the wall-clock limit",
        program="""
import os, signal, time
if os.fork() == 0:
    while True: os.kill(os.getppid(), signal.SIGSTOP); time.sleep(0.01)
time.sleep(60)
""",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="timers of one's own end the program and nothing else",
        program="import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.1, 0.01)\nsignal.pause()",
        ends=(ExecStatus.SIGNALED,),
        stdout="",
        signal=14,
        after="import time; time.sleep(0.3); print('held')",
    ),
    Attack(
        name="an alarm that comes every millisecond does not put off the end",
        program="""
import signal
for which, number in ((signal.ITIMER_REAL, 14), (signal.ITIMER_VIRTUAL, 26), (signal.ITIMER_PROF, 27)):
    signal.signal(number, lambda *_: None)
    signal.setitimer(which, 0.001, 0.001)
while True: pass
""",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a long call of the interpreter that looks at no signal ends at the wall-clock limit",
        program="print(pow(7, 10 ** 8, 10 ** 3000) if False else sum(range(10 ** 12)))",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a finalizer that never returns ends at the wall-clock limit",
        program="""
class Stay:
    def __del__(self):
        while True: pass
stay = Stay()
print('held', flush=True)
""",
        ends=LATE,
        limits=bomb(),
    ),
    Attack(
        name="an exit handler that never returns ends at the wall-clock limit",
        program="import atexit, time\natexit.register(time.sleep, 600)\nprint('held', flush=True)",
        ends=LATE,
        limits=bomb(),
    ),
    Attack(
        name="a clock that the program replaced measures nothing of ours",
        program="""
import time
time.monotonic = time.time = time.perf_counter = time.process_time = lambda: 0.0
import ctypes
while True: pass
""",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a wait for oneself that can never end ends at the wall-clock limit",
        program="import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a program that catches every interruption ends at the wall-clock limit",
        program="""
import time
while True:
    try: time.sleep(1)
    except BaseException: continue
    finally: continue
""",
        ends=LATE,
        stdout="",
        limits=bomb(),
    ),
)

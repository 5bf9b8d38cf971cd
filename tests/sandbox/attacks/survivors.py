"""Threads, forks and daemons that would outlive their run. Each bears the host's mark as its name."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import CALLS, Attack, bomb

NAME = """
import ctypes, os, signal, time
ctypes.CDLL(None).prctl(15, b"{{MARK}}", 0, 0, 0)
"""
"""The name of a process is copied by fork."""
ANOTHER_NAME = "import os\nos.environ['A'] = '{{MARK}}'\n"

ATTACKS = (
    Attack(
        name="a child that sleeps ends with the run",
        program=NAME + "if os.fork() == 0: time.sleep(600)\nprint('held')",
    ),
    Attack(
        name="a daemon of two forks in a session of its own ends with the run",
        program=NAME
        + """
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    null = os.open("/dev/null", os.O_RDWR)
    for number in range(3): os.dup2(null, number)
    for number in signal.valid_signals() - {9, 19}:
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    time.sleep(5)
    os._exit(0)
os.wait()
time.sleep(0.1)
print("held")
""",
        harmless=True,
    ),
    Attack(
        name="a daemon that keeps the output open does not keep the host waiting",
        program=NAME
        + """
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    while True: time.sleep(1)
os.wait()
print("held")
""",
        limits=bomb(wall=4),
    ),
    Attack(
        name="another program under another name ends with the run",
        program=NAME
        + """
if os.fork() == 0:
    os.setsid()
    os.execv("/bin/sh", ["{{MARK}}", "-c", "trap '' TERM HUP INT; while :; do sleep 1; done"])
time.sleep(0.1)
print("held")
""",
    ),
    Attack(
        name="a thread that is no daemon and never ends is ended at the wall-clock limit",
        program=NAME + "import threading\nthreading.Thread(target=time.sleep, args=(600,)).start()\nprint('held')",
        ends=(ExecStatus.TIMEOUT,),
        limits=bomb(wall=0.6),
    ),
    Attack(
        name="a thread that spins ends with a program that does not wait for it",
        program=NAME
        + "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()\n"
        "time.sleep(0.05)\nprint('held')",
    ),
    Attack(
        name="bare threads of the kernel end with the run",
        program=NAME + "import _thread\nfor _ in range(5): _thread.start_new_thread(time.sleep, (600,))\nprint('held')",
    ),
    Attack(
        name="children of a killed program end with it",
        program=NAME
        + """
for _ in range(5):
    if os.fork() == 0: time.sleep(600)
print('held', flush=True)
os.kill(os.getpid(), 9)
""",
        ends=(ExecStatus.SIGNALED,),
        signal=9,
    ),
    Attack(
        name="children that fork as fast as they die end with the run",
        program=NAME
        + """
if os.fork() == 0:
    os.setsid()
    while True:
        try:
            if os.fork(): os._exit(0)
        except OSError: pass
time.sleep(0.2)
print("held")
""",
        limits=bomb(wall=4),
    ),
    Attack(
        name="a child that stopped itself ends with the run",
        program=NAME + "if os.fork() == 0: os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(0.1)\nprint('held')",
    ),
    Attack(
        name="a child started by clone without a signal at its end ends with the run",
        program=NAME
        + CALLS
        + """
child = kernel("clone", 0, 0, 0, 0, 0)
if child == 0:
    time.sleep(600)
child = kernel("clone", 0x8000 | 17, 0, 0, 0, 0)
if child == 0:
    time.sleep(600)
verdict()
""",
    ),
    Attack(
        name="zombies that nobody reaps end with the run",
        program=NAME + "for _ in range(10):\n    if os.fork() == 0: os._exit(0)\nprint('held')",
    ),
    Attack(
        name="a process that waits in an uninterruptible way ends with the run",
        program=NAME
        + """
libc = ctypes.CDLL(None)
if os.fork() == 0:
    libc.vfork.restype = ctypes.c_int
    os.posix_spawn("/bin/sh", ["{{MARK}}", "-c", "sleep 600"], {})
    signal.pause()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, b"x" * (1 << 20))
if os.fork() == 0:
    os.mkfifo("p"); open("p")
time.sleep(0.1)
print("held")
""",
    ),
    Attack(
        name="a child made while the interpreter ends does not outlive it",
        program=NAME
        + """
import atexit
class Late:
    def __del__(self):
        if os.fork() == 0: time.sleep(600)
late = Late()
@atexit.register
def at_the_end():
    if os.fork() == 0: time.sleep(600)
print("held")
""",
        limits=bomb(wall=4),
    ),
    Attack(
        name="a hundred daemons started one after the other end with the run",
        program=NAME
        + """
made = 0
for _ in range(100):
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
        made += 1
    except OSError:
        break
print("held" if made < 16 else made)
""",
        limits=bomb(wall=4),
    ),
    Attack(
        name="a subprocess that is left running ends with the run",
        program=ANOTHER_NAME
        + """
import subprocess
subprocess.Popen(['{{MARK}}', '600'], executable='/bin/sleep', start_new_session=True)
print('held')
""",
    ),
    Attack(
        name="a pool of processes that was never closed ends with the run",
        program=NAME
        + """
import multiprocessing
if __name__ == "__main__":
    pool = multiprocessing.get_context("fork").Pool(3)
    pool.apply_async(time.sleep, (600,))
    print("held", flush=True)
    os._exit(0)
""",
        limits=bomb(wall=5),
    ),
)

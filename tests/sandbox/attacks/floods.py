"""Too much of what is not memory: disk, names, output, descriptors, input."""

from dataclasses import replace

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import CALLS, MIB, Attack, bomb

NEXT = "print('held')"

ATTACKS = (
    Attack(
        name="scratch holds no more than its share",
        program="""
size = 0
try:
    for number in range(32):
        with open(f"f{number}", "wb", buffering=0) as file: size += file.write(b"x" * 1_000_000)
except OSError: pass
print("held" if size < 6_000_000 else size)
""",
        limits=bomb(wall=4),
        harmless=True,
        after=NEXT,
    ),
    Attack(
        name="one file is no larger than the limit",
        program="""
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = 0
try:
    with open('f', 'wb', buffering=0) as file:
        while size < 8 << 20: size += file.write(b'x' * 65536)
except OSError: pass
print('held' if size <= 2 << 20 else size)
""",
        limits=bomb(wall=4),
        harmless=True,
    ),
    Attack(
        name="a deleted file that is kept open counts",
        program="""
import os
kept, size = [], 0
try:
    for number in range(32):
        file = open("f", "wb", buffering=0)
        os.remove("f")
        kept.append(file)
        size += file.write(b"x" * 1_000_000)
except OSError: pass
print("held" if size < 6_000_000 else size)
""",
        limits=bomb(wall=4),
        harmless=True,
        after=NEXT,
    ),
    Attack(
        name="scratch has no more names than its share",
        program="""
import os
made = 0
try:
    while made < 20_000:
        os.mknod(f"n{made}")
        made += 1
except OSError: pass
print("held" if made < 10_000 else made)
""",
        limits=bomb(wall=5),
        after=NEXT,
    ),
    Attack(
        name="shared memory has no more names than its share",
        program="""
import os
made = 0
try:
    while made < 20_000:
        os.symlink("x", f"/dev/shm/n{made}")
        made += 1
except OSError: pass
print("held" if made < 10_000 else made)
""",
        limits=bomb(wall=5),
        after=NEXT,
    ),
    Attack(
        name="a tree of folders as deep as they go is cleared away",
        program="""
import os
made = 0
try:
    while made < 3000:
        os.mkdir("d"); os.chdir("d"); made += 1
except OSError: pass
print("held")
""",
        limits=bomb(wall=5),
        after=NEXT,
    ),
    Attack(
        name="a flood of output ends the run at its limit",
        program="while True: print('x' * 1000)",
        ends=(ExecStatus.OUTPUT_LIMIT,),
        stdout=None,
        limits=bomb(wall=5),
    ),
    Attack(
        name="a flood of error output ends the run at its limit",
        program="import os\nwhile True: os.write(2, b'\\xff' * 65536)",
        ends=(ExecStatus.OUTPUT_LIMIT,),
        stdout="",
        limits=bomb(wall=5),
    ),
    Attack(
        name="a flood of output by many processes ends the run at its limit",
        program="import os\nfor _ in range(3): os.fork()\nwhile True: os.write(1, b'x' * 4096)",
        ends=(ExecStatus.OUTPUT_LIMIT,),
        stdout=None,
        limits=bomb(wall=5),
    ),
    Attack(
        name="a flood of output by a child that is left behind does not keep the host reading",
        program="""
import os, time
if os.fork() == 0:
    os.setsid()
    while True: os.write(1, b'x' * 65536)
time.sleep(0.01)
""",
        ends=(ExecStatus.OUTPUT_LIMIT, ExecStatus.OK),
        stdout=None,
        limits=bomb(wall=5),
    ),
    Attack(
        name="output through a larger pipe is no larger",
        program="""
import fcntl, os
try: fcntl.fcntl(1, 1031, 1 << 20)
except OSError: pass
os.write(1, b'x' * 1_000_000)
os._exit(0)
""",
        ends=(ExecStatus.OUTPUT_LIMIT,),
        stdout="x" * 65536,
        limits=bomb(wall=5),
    ),
    Attack(
        name="no more descriptors than a few hundred can be had",
        program="""
import os
made = 0
try:
    while made < 900: os.dup(0); made += 1
except OSError: pass
print('held' if made < 512 else made)
""",
        limits=bomb(wall=4),
        harmless=True,
    ),
    Attack(
        name="input that is never read stalls nobody",
        program="print('held')",
        stdin="x" * (4 * MIB),
    ),
    Attack(
        name="input that is never read by a program that sleeps ends at the wall-clock limit",
        program="import time\nprint('held', flush=True)\ntime.sleep(60)",
        ends=(ExecStatus.TIMEOUT,),
        stdin="x" * (4 * MIB),
        limits=bomb(),
    ),
    Attack(
        name="input that is read by the byte while output is flooded deadlocks nobody",
        program="import os\nwhile os.read(0, 65536): os.write(1, b'x' * 60000)\nprint('held')",
        stdin="x" * (2 * MIB),
        stdout=None,
        limits=replace(bomb(wall=5), output_bytes=16 * MIB),
    ),
    Attack(
        name="input that is closed at once stalls nobody",
        program="import os, time\nos.close(0)\ntime.sleep(0.2)\nprint('held')",
        stdin="x" * (4 * MIB),
    ),
    Attack(
        name="watches, polls and event descriptors without end are bounded",
        program=CALLS
        + """
import select
made = []
try:
    while len(made) < 900: made.append(select.epoll())
except OSError: pass
if len(made) > 512: got.append("polls")
for one in made[10:]: one.close()
try:
    while len(made) < 5000:
        made.append(kernel("timer_create", 1, 0, ctypes.byref(ctypes.c_int())))
        if made[-1] < 0: break
except OSError: pass
verdict()
""",
        limits=bomb(wall=5),
        after=NEXT,
    ),
)

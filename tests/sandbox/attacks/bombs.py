"""Too much of everything: processes, threads, memory, disk, names, output, descriptors, input."""

from dataclasses import replace

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import CALLS, MIB, Attack, bomb

STOPPED = (ExecStatus.TIMEOUT, ExecStatus.OUT_OF_MEMORY, ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED)
MEMORY = (ExecStatus.OUT_OF_MEMORY,)
NEXT = "print('held')"

ATTACKS = (
    Attack(
        name="a fork bomb ends at the wall-clock limit",
        program="import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        ends=(ExecStatus.TIMEOUT,),
        stdout="",
        limits=bomb(),
        after=NEXT,
    ),
    Attack(
        name="a fork bomb of detached processes ends at the wall-clock limit",
        program="import os\nwhile True:\n    try:\n        if os.fork() == 0: os.setsid()\n    except OSError: pass",
        ends=(ExecStatus.TIMEOUT,),
        stdout="",
        limits=bomb(),
        after=NEXT,
    ),
    Attack(
        name="a fork bomb of shells ends at the wall-clock limit",
        program="import os\nos.execv('/bin/sh', ['sh', '-c', 'b() { b | b & }; b; while :; do :; done'])",
        ends=(ExecStatus.TIMEOUT, ExecStatus.NONZERO_EXIT, ExecStatus.OUTPUT_LIMIT),
        stdout="",
        limits=bomb(),
        after=NEXT,
    ),
    Attack(
        name="a fork bomb whose program has ended leaves nothing",
        program="""
import os
pid = os.fork()
while pid == 0:
    try: os.fork()
    except OSError: pass
import time; time.sleep(0.1)
print('held')
""",
        limits=bomb(wall=4),
        after=NEXT,
    ),
    Attack(
        name="no more processes than the limit are alive at once",
        program="""
import os, time
made = 0
for _ in range(40):
    try:
        if os.fork() == 0: time.sleep(3); os._exit(0)
    except OSError: break
    made += 1
print('held' if made < 16 else made, flush=True)
os.killpg(0, 9)
""",
        ends=(ExecStatus.SIGNALED,),
        limits=bomb(wall=4),
        harmless=True,
    ),
    Attack(
        name="no more threads than the limit are alive at once",
        program="""
import os, threading, time
threading.stack_size(65536)
made = 0
for _ in range(100):
    try: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError: break
    made += 1
print("held" if made < 16 else made, flush=True)
os._exit(0)
""",
        limits=bomb(wall=4),
        harmless=True,
    ),
    Attack(
        name="a thread bomb that retries ends at the wall-clock limit",
        program="""
import _thread, time
while True:
    try: _thread.start_new_thread(time.sleep, (60,))
    except RuntimeError: pass
""",
        ends=STOPPED,
        stdout="",
        limits=bomb(),
        after=NEXT,
    ),
    Attack(
        name="one process has no more memory than the limit",
        program="held = []\nwhile True: held.append('x' * 1_000_000)",
        ends=MEMORY,
        stdout="",
        limits=bomb(wall=4),
        after=NEXT,
    ),
    Attack(
        name="one block larger than the limit is refused",
        program="block = bytearray(200 << 20)\nprint('got', len(block))",
        ends=MEMORY,
        stdout="",
        limits=bomb(wall=4),
        harmless=True,
    ),
    Attack(
        name="mapped memory counts",
        program="""
import mmap
areas, size = [], 0
try:
    while size < 400 << 20:
        area = mmap.mmap(-1, 4 << 20)
        area.write(b"x" * len(area))
        areas.append(area)
        size += len(area)
except (OSError, ValueError, MemoryError): pass
print("held" if size < 140 << 20 else size)
""",
        limits=bomb(wall=5),
        harmless=True,
    ),
    Attack(
        name="shared mapped memory counts",
        program="""
import ctypes, mmap
areas, size = [], 0
try:
    while size < 400 << 20:
        area = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | 0x8000)
        areas.append(area)
        size += len(area)
except (OSError, ValueError, MemoryError): pass
print("held" if size < 140 << 20 else size)
""",
        limits=bomb(wall=5),
        harmless=True,
    ),
    Attack(
        name="many processes that each take their share leave the next run its own",
        program="""
import os, time
for _ in range(7):
    if os.fork() == 0: break
held = []
try:
    while True: held.append(bytearray(500_000))
except MemoryError: pass
time.sleep(60)
""",
        ends=STOPPED,
        stdout="",
        limits=bomb(wall=0.8, memory_mib=24),
        after=NEXT,
    ),
    Attack(
        name="memory taken in one integer is bounded",
        program="n = 1 << (1 << 33)\nprint('got', n.bit_length())",
        ends=(*MEMORY, ExecStatus.NONZERO_EXIT),
        stdout="",
        limits=bomb(wall=4),
    ),
    Attack(
        name="files in shared memory are bounded",
        program="""
import os
size = 0
try:
    for number in range(64):
        with open(f"/dev/shm/{number}", "wb", buffering=0) as file: size += file.write(b"x" * 1_000_000)
except OSError: pass
print("held" if size < 6_000_000 else size)
""",
        limits=bomb(wall=4),
        after=NEXT,
    ),
    Attack(
        name="memory mapped from shared memory is bounded",
        program="""
import mmap, os
with open("/dev/shm/big", "w+b") as file:
    try:
        file.truncate(1 << 30)
        mmap.mmap(file.fileno(), 1 << 30)[::4096] = b"x" * (1 << 18)
        print("got")
    except (OSError, ValueError, MemoryError): print("held")
""",
        ends=(ExecStatus.OK, ExecStatus.SIGNALED),
        stdout=None,
        limits=bomb(wall=4),
        after=NEXT,
    ),
    Attack(
        name="what lies in pipes and sockets counts as memory",
        program="""
import os, socket
kept, size = [], 0
try:
    while True:
        one, two = socket.socketpair()
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        kept += [one, two]
        while True:
            try: size += one.send(b"x" * 65536)
            except BlockingIOError: break
except OSError: pass
for one in kept[:100]: one.close()
try:
    while True:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        size += os.write(writer, b"x" * 65536)
except OSError: pass
if size > 200 << 20: os._exit(3)
print("held")
""",
        ends=(ExecStatus.OK, ExecStatus.OUT_OF_MEMORY, ExecStatus.SIGNALED),
        stdout=None,
        limits=bomb(wall=5),
        after=NEXT,
        needs="cgroup",
    ),
    Attack(
        name="a chain of descriptors in flight ends with the run",
        program="""
import array, os, socket
one, two = socket.socketpair()
one.setblocking(False)
sent = 0
try:
    while sent < 5000:
        parts = array.array("i", [one.fileno(), two.fileno()] * 50)
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, parts)])
        sent += 100
except OSError: pass
print("held")
""",
        limits=bomb(wall=4),
        after=NEXT,
    ),
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
    Attack(
        name="locked memory cannot take the machine's",
        program="""
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
libc.mlockall(3)
area = mmap.mmap(-1, 48 << 20)
address = ctypes.addressof(ctypes.c_char.from_buffer(area))
print("held" if libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(48 << 20)) else "locked")
""",
        ends=(ExecStatus.OK, *MEMORY, ExecStatus.NONZERO_EXIT),
        stdout=None,
        limits=bomb(wall=4),
    ),
)

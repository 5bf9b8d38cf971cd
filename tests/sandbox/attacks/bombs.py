"""Too many processes and threads, and too much memory of every kind."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import Attack, bomb

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

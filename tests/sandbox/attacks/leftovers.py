"""What a run leaves where the next one works: on scratch, in shared memory, under names. The next finds it clean."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import CALLS, Attack, bomb

ATTACKS = (
    Attack(
        name="files in scratch and in shared memory are gone",
        program="""
for folder in ('/tmp', '/dev/shm'):
    open(folder + '/left', 'w').write('x')
    open(folder + '/.left', 'w')
print('held')
""",
    ),
    Attack(
        name="folders that nobody may enter are gone",
        program="""
import os
for folder in ('/tmp/d', '/dev/shm/d'):
    os.makedirs(folder + '/e/f')
    open(folder + '/e/f/g', 'w').close()
    os.chmod(folder + '/e', 0)
    os.chmod(folder, 0)
print('held')
""",
    ),
    Attack(
        name="pipes, sockets, links and circles are gone",
        program="""
import os, socket
os.mkfifo("/tmp/p"); os.mkfifo("/dev/shm/p")
socket.socket(socket.AF_UNIX).bind("/tmp/left")
os.symlink(".", "/tmp/circle"); os.symlink("/", "/dev/shm/root"); os.symlink("loop", "/tmp/loop")
open("/tmp/a", "w").close(); os.link("/tmp/a", "/tmp/b")
print("held")
""",
    ),
    Attack(
        name="names that are hard to remove are gone",
        program="""
import os
for name in (b"\\xff\\xfe", b"-rf", b"*", b"new\\nline", b"x" * 255, b" ", b"\\x1b[2J", b"..."):
    for folder in (b"/tmp/", b"/dev/shm/"):
        open(folder + name, "w").close()
print("held")
""",
    ),
    Attack(
        name="rights of the scratch folders are as before",
        program="""
import os
for folder in ('/tmp', '/dev/shm'):
    try: os.chmod(folder, 0)
    except OSError: pass
    open('/tmp/left', 'w') if os.access('/tmp', os.W_OK) else None
print('held')
""",
    ),
    Attack(
        name="times of the scratch folders are as before",
        program="""
import os
for folder in ('/tmp', '/dev/shm', '.'):
    try: os.utime(folder, (1, 1))
    except OSError: pass
print('held')
""",
        after="import os\nprint('held' if min(os.stat(p).st_mtime for p in ('/tmp', '/dev/shm')) > 1e9 else 'old')",
    ),
    Attack(
        name="attributes, flags and lists of the scratch folders are as before",
        program="""
import fcntl, os
open("/tmp/left", "w").close()
rights = bytes.fromhex("02000000" "01000000ffffffff" "04000000ffffffff" "20000000ffffffff")
for folder in ("/tmp", "/dev/shm", "/tmp/left"):
    for name, value in (("user.left", b"x"), ("trusted.left", b"x"), ("security.left", b"x"),
                        ("system.posix_acl_default", rights), ("system.posix_acl_access", rights)):
        try: os.setxattr(folder, name, value)
        except OSError: pass
    try: descriptor = os.open(folder, os.O_RDONLY)
    except OSError: continue
    for flags in (0x40, 0x80, 0x10, 0x20):
        try: fcntl.ioctl(descriptor, 0x40086602, flags.to_bytes(8, "little"))
        except OSError: pass
print("held")
""",
    ),
    Attack(
        name="locks are free again",
        program="""
import fcntl, os, time
if os.fork() == 0:
    os.setsid()
    for path in ("/tmp", "/dev/shm", "/usr/lib", "/dev/null"):
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    time.sleep(60)
time.sleep(0.1)
print("held")
""",
        after="""
import fcntl, os
for path in ("/tmp", "/dev/shm", "/usr/lib", "/dev/null"):
    fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held")
""",
    ),
    Attack(
        name="the working folder is the same, wherever the program went",
        program="import os\nos.makedirs('/tmp/a/b')\nos.chdir('/tmp/a/b')\nos.rmdir('/tmp/a/b')\nprint('held')",
        after="""
import os
open('x', 'w').write('1')
print('held' if os.getcwd() == '/tmp' and open('/tmp/x').read() else os.getcwd())
""",
    ),
    Attack(
        name="a folder under the name of the program does not take its place",
        program="import os\nif os.path.exists('/tmp/main.py'): os.remove('/tmp/main.py')\nos.mkdir('/tmp/main.py')\n"
        "open('/tmp/main.py/__main__.py', 'w').write('print(0)')\nprint('held')",
        after="print('held')",
    ),
    Attack(
        name="a module beside the program is not imported by the next",
        program="""
for name in ("json", "random", "re", "sitecustomize", "usercustomize", "assaygym", "collections", "enum", "main"):
    open(f"/tmp/{name}.py", "w").write("raise SystemExit('poisoned')")
    open(f"/dev/shm/{name}.py", "w").write("raise SystemExit('poisoned')")
print("held")
""",
        after="import json, random, re, collections, enum\nprint('held')",
    ),
    Attack(
        name="files of an interpreter's start in the home folder are gone",
        program="""
import os, sys
place = f"/tmp/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
os.makedirs(place)
open(place + "/left.pth", "w").write("import sys; sys.exit('poisoned')")
open(place + "/usercustomize.py", "w").write("raise SystemExit('poisoned')")
for name in (".pythonrc", ".bashrc", ".profile", "pyvenv.cfg", "python._pth"):
    open(f"/tmp/{name}", "w").write("exit 1")
print("held")
""",
        after="import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'pass'], check=True)\nprint('held')",
    ),
    Attack(
        name="scratch that was filled is empty",
        program="""
try:
    with open('/tmp/full', 'wb', buffering=0) as file:
        while file.write(b'x' * 65536): pass
except OSError: pass
print('held')
""",
        ends=(ExecStatus.OK, ExecStatus.SIGNALED),
        stdout=None,
        after="open('/tmp/x', 'wb').write(b'x' * 1_000_000)\nprint('held')",
        limits=bomb(wall=4),
    ),
    Attack(
        name="shared memory that was filled is empty",
        program="import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n    for n in range(100): open(f'/dev/shm/{n}', 'wb', buffering=0).write(b'x' * 1_000_000)\n"
        "except OSError: pass\nprint('held')",
        after="open('/dev/shm/x', 'wb').write(b'x' * 1_000_000)\nprint('held')",
    ),
    Attack(
        name="a file that stays mapped or open by a child holds no room of the next run",
        program="""
import mmap, os, time
with open("/tmp/mapped", "w+b") as file:
    file.truncate(3 << 20)
    area = mmap.mmap(file.fileno(), 3 << 20)
area[:] = b"x" * len(area)
os.remove("/tmp/mapped")
if os.fork() == 0:
    os.setsid(); time.sleep(60)
print("held")
""",
        after="import os\nroom = os.statvfs('/tmp')\nprint('held' if room.f_blocks - room.f_bfree < 16 else room)",
    ),
    Attack(
        name="objects of shared memory by their library names are gone",
        program="""
import os
from multiprocessing import resource_tracker, shared_memory
resource_tracker.register = lambda *_: None
one = shared_memory.SharedMemory("left", create=True, size=1 << 16)
one.buf[:4] = b"left"
print("held", flush=True)
os._exit(0)
""",
        after="""
from multiprocessing import shared_memory
try: shared_memory.SharedMemory('left')
except FileNotFoundError: print('held')
""",
    ),
    Attack(
        name="named semaphores are gone",
        program=CALLS
        + """
libc.sem_open.restype = ctypes.c_void_p
one = libc.sem_open(b"/left", os.O_CREAT, 0o666, 7)
print("held", flush=True)
os._exit(0)
""",
        after="import ctypes\nlibc = ctypes.CDLL(None)\nlibc.sem_open.restype = ctypes.c_void_p\n"
        "print('held' if not libc.sem_open(b'/left', 0) else 'left')",
    ),
    Attack(
        name="robust locks in shared memory do not outlive the run",
        program="""
import mmap, os
with open("/dev/shm/lock", "w+b") as file:
    file.truncate(4096)
    area = mmap.mmap(file.fileno(), 4096)
area[0] = 1
print("held")
""",
        after="import os\nprint('held' if os.listdir('/dev/shm') == [] else os.listdir('/dev/shm'))",
    ),
)

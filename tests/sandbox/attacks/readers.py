"""Reading what belongs to others: the host's memory, the supervisor's, that of the run before on the same worker."""

from tests.sandbox.attacks.attack import CALLS, TRIES, Attack

VICTIM = """
import builtins, os, sys
secret = sys.stdin.read()
again = ["".join(reversed(secret))[::-1] for _ in range(1000)]
builtins.left_by_the_victim = sys.left_by_the_victim = secret
os.environ["LEFT"] = secret
open("/tmp/left", "w").write(secret)
open("/dev/shm/left", "w").write(secret)
print(secret)
print(secret, file=sys.stderr)
"""
"""A run with a secret in its input, its memory, its environment, its files and its output."""

NEEDLE = """
import re
NEEDLE = re.compile(rb"SECRET-[0-9a-f]{32}")
def look(data):
    if isinstance(data, str): data = data.encode("utf-8", "replace")
    if isinstance(data, (bytes, bytearray)):
        for found in NEEDLE.findall(data): print(found.decode())
"""
"""Prints every secret that is shown to it. Its own text is none."""

ATTACKS = (
    Attack(
        name="no process can be read with process_vm_readv",
        program=CALLS
        + """
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(64)
local, remote = Part(ctypes.addressof(buffer), 64), Part(id(os), 64)
for number in (1, os.getpid(), os.getppid(), {{HOST_PID}}):
    for name in ("process_vm_readv", "process_vm_writev"):
        attempt((name, number), kernel, name, number, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
verdict()
""",
    ),
    Attack(
        name="no process can be traced, and none offers itself",
        program=CALLS
        + """
for number in {1, os.getppid(), {{HOST_PID}}} - {0}:
    for request in (16, 0x4206):
        attempt((request, number), kernel, "ptrace", request, number, 0, 0)
child = os.fork()
if child == 0:
    attempt("to be traced", kernel, "ptrace", 0, 0, 0, 0)
    os._exit(len(got))
if os.waitpid(child, 0)[1]: got.append("to be traced")
verdict()
""",
    ),
    Attack(
        name="memory files of processes are not there",
        program=TRIES
        + """
import os
for number in ("self", 1, os.getpid(), os.getppid(), {{HOST_PID}}):
    for name in ("mem", "maps", "environ", "cmdline", "root/etc/passwd", "fd/0", "cwd", "map_files", "auxv", "stack"):
        attempt(f"{number}/{name}", os.stat, f"/proc/{number}/{name}")
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="no descriptor can be taken from another process",
        program=CALLS
        + """
for number in (1, os.getppid() or 1, os.getpid()):
    handle = kernel("pidfd_open", number, 0)
    for theirs in range(0, 64):
        attempt((number, theirs), kernel, "pidfd_getfd", handle, theirs, 0)
    attempt("namespaces", kernel, "setns", handle, 0x20000000)
    attempt("release", kernel, "process_mrelease", handle, 0) if number == 1 else None
    attempt("advice", kernel, "process_madvise", handle, 0, 0, 4, 0)
verdict()
""",
    ),
    Attack(
        name="processes cannot be compared or moved",
        program=CALLS
        + """
for kind in range(8):
    attempt(("kcmp", kind), kernel, "kcmp", 1, os.getpid(), kind, 0, 0)
attempt("move_pages", kernel, "move_pages", 1, 0, 0, 0, 0, 0)
attempt("migrate_pages", kernel, "migrate_pages", 1, 0, 0, 0)
verdict()
""",
    ),
    Attack(
        name="no object of the interpreter holds what the run before held",
        program=NEEDLE
        + """
import gc, sys, builtins
todo, seen = [gc.get_objects(), vars(sys), vars(builtins), list(sys.modules.values())], set()
while todo and len(seen) < 300_000:
    one = todo.pop()
    if id(one) in seen: continue
    seen.add(id(one))
    look(one)
    if not isinstance(one, (str, bytes, int, float)): todo.extend(gc.get_referents(one))
print("held")
""",
        scans=True,
        prior=VICTIM,
    ),
    Attack(
        name="no frame below the program holds what is not its own",
        program=NEEDLE
        + """
import sys
frame = sys._getframe()
while frame:
    for place in (frame.f_locals, frame.f_globals):
        for value in list(place.values()):
            look(value), look(repr(value)[:100_000])
    frame = frame.f_back
print("held")
""",
        scans=True,
        prior=VICTIM,
    ),
    Attack(
        name="no page near the interpreter's objects holds what the run before held",
        program=CALLS
        + NEEDLE
        + """
import fcntl, gc, sys
reader, writer = os.pipe()
os.set_blocking(reader, False)
MIB, PAGE = 1 << 20, 1 << 14
def scan(start, end):
    "Only what is mapped: the kernel refuses to copy from elsewhere, where reading it ourselves would kill us."
    before = b""
    for place in range(start, end, PAGE):
        if libc.write(writer, ctypes.c_void_p(place), ctypes.c_size_t(PAGE)) != PAGE:
            try: os.read(reader, PAGE)
            except BlockingIOError: pass
            before = b""
            continue
        data = os.read(reader, PAGE)
        look(before + data)
        before = data[-64:]
regions = {id(one) // MIB for one in gc.get_objects()} | {id(one) // MIB for one in vars(os).values()}
near = {region + step for region in regions for step in (-1, 0, 1)}
for region in sorted(near)[:250]:
    scan(region * MIB, (region + 1) * MIB)
libc.sbrk.restype = ctypes.c_void_p
top = libc.sbrk(ctypes.c_long(0))
scan((top - 32 * MIB) // PAGE * PAGE, top // PAGE * PAGE)
local = ctypes.c_int()
near_stack = ctypes.addressof(ctypes.c_char_p.in_dll(libc, "environ"))
texts = ctypes.c_void_p.in_dll(libc, "environ").value
if texts: scan(texts // PAGE * PAGE - 64 * PAGE, texts // PAGE * PAGE + 64 * PAGE)
print("held")
""",
        scans=True,
        prior=VICTIM,
    ),
    Attack(
        name="fresh memory of the kernel is empty",
        program=NEEDLE
        + """
import mmap
for size in (1 << 12, 1 << 16, 1 << 20, 1 << 24):
    with mmap.mmap(-1, size) as area:
        data = area.read(size)
        look(data)
        if data.strip(b"\\0"): print("not empty")
look(bytes(bytearray(1 << 22)))
print("held")
""",
        prior=VICTIM,
    ),
    Attack(
        name="no descriptor gives what the run before read or wrote",
        program=NEEDLE
        + """
import os, socket
for number in range(1024):
    os_calls = (lambda: os.pread(number, 1 << 20, 0), lambda: os.lseek(number, 0, 0), lambda: os.read(number, 1 << 20))
    try: os.set_blocking(number, False)
    except OSError: continue
    for call in os_calls:
        try: look(call())
        except OSError: pass
    try:
        with socket.socket(fileno=os.dup(number)) as one: look(one.recv(1 << 20, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError: pass
os.write(1, b"held\\n")
""",
        prior=VICTIM,
    ),
    Attack(
        name="no file, variable or name is left of the run before",
        program=TRIES
        + """
import builtins, os, sys
for folder in ("/tmp", "/dev/shm"):
    for name in set(os.listdir(folder)) - {"main.py"}: got.append(name)
for place in (builtins, sys):
    if hasattr(place, "left_by_the_victim"): got.append(place)
if "LEFT" in os.environ: got.append("environment")
if sys.stdin.read(): got.append("input")
verdict()
""",
        prior=VICTIM,
    ),
    Attack(
        name="the environment of the host is not handed down",
        program=TRIES
        + """
import ctypes, os
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
if os.environ.get("{{SECRET_ENV}}") or getenv(b"{{SECRET_ENV}}"): got.append("the variable")
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="the interpreter's own command line and variables name no place of this package",
        program="""
import ctypes, os, sys
texts = [*sys.orig_argv, *sys.argv, *sys.path, *os.environ.values(), sys.executable, sys.prefix]
print("held" if not [text for text in texts if "{{PACKAGE}}" in text] else "got the place")
""",
    ),
    Attack(
        name="the package that judges is not among the modules and cannot be imported",
        program=TRIES
        + """
import sys
got += [name for name in sys.modules if name.partition(".")[0] == "assaygym"]
for name in ("assaygym", "assaygym.sandbox", "assaygym.sandbox.guest", "assaygym.verifiers"):
    attempt(name, __import__, name)
verdict()
""",
    ),
    Attack(
        name="the memory of the machine has no file",
        program=TRIES
        + """
import os
for name in ("mem", "kmem", "port", "kmsg", "nvram", "cpu/0/msr", "vcs", "console", "tty", "ptmx", "fuse", "kvm",
             "net/tun", "vhost-net", "loop-control", "loop0", "sda", "vda", "mapper/control", "log", "uinput",
             "input/event0", "snd", "dri", "nvidia0", "hugepages", "mqueue", "pts", "fd", "stdin", "bus/usb"):
    attempt(name, os.open, f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK)
verdict()
""",
    ),
    Attack(
        name="the kernel's own probes are closed",
        program=CALLS
        + """
block = ctypes.create_string_buffer(256)
attempt("bpf", kernel, "bpf", 0, block, 128)
attempt("perf", kernel, "perf_event_open", block, 0, -1, -1, 0)
attempt("userfaultfd", kernel, "userfaultfd", 0)
attempt("userfaultfd, user mode only", kernel, "userfaultfd", 1)
attempt("syslog", kernel, "syslog", 3, block, 200)
attempt("log size", kernel, "syslog", 10, 0, 0)
attempt("cookie", kernel, "lookup_dcookie", 1, block, 200)
attempt("secret memory", kernel, "memfd_secret", 0)
attempt("mounts", kernel, "listmount", block, block, 8, 0)
attempt("mount", kernel, "statmount", block, block, 200, 0)
verdict()
""",
    ),
    Attack(
        name="shared memory of others cannot be attached",
        program=CALLS
        + """
for number in range(64):
    attempt(("shm", number), kernel, "shmat", number, 0, 0o10000)
    attempt(("key", number), kernel, "shmget", number, 4096, 0)
attempt("new", kernel, "shmget", 0, 4096, 0o1666)
verdict()
""",
    ),
    Attack(
        name="a core file of a crash is not written",
        program="""
import ctypes, os, resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)); print('got a core file')
except (ValueError, OSError): pass
child = os.fork()
if child == 0: ctypes.string_at(0)
dumped = os.WCOREDUMP(os.waitpid(child, 0)[1])
print('core' if dumped or [n for n in os.listdir('.') if 'core' in n] else 'held')
""",
    ),
    Attack(
        name="an error's traceback shows no source and no name of the run before",
        program=NEEDLE
        + """
import linecache, sys, traceback, gc
for name in list(linecache.cache): look(repr(linecache.cache[name]))
look(repr(getattr(sys, "last_value", None)) + repr(getattr(sys, "last_traceback", None)))
try: 1 / 0
except ZeroDivisionError: look(traceback.format_exc())
print("held")
""",
        prior=VICTIM + "\nraise ValueError(secret)",
    ),
)

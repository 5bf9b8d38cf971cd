"""Kernel calls that give more rights, another view of the machine, or something that outlives the run."""

from tests.sandbox.attacks.attack import CALLS, TRIES, Attack

ATTACKS = (
    Attack(
        name="rings of asynchronous calls cannot be set up",
        program=CALLS
        + """
block = ctypes.create_string_buffer(256)
for entries in (1, 8, 4096):
    attempt(entries, kernel, "io_uring_setup", entries, block)
for call in ("io_uring_enter", "io_uring_register"):
    for number in (0, 1, 3, -1):
        attempt((call, number), kernel, call, number, 0, 0, 0, 0, 0)
verdict()
""",
    ),
    Attack(
        name="nothing can be mounted in the old way",
        program=CALLS
        + """
for kind in (b"tmpfs", b"proc", b"sysfs", b"devpts", b"overlay", b"cgroup", b"mqueue", b"fuse", b"ext4"):
    for target in (b"/tmp", b"/dev/shm", b"/usr", b"/"):
        attempt((kind, target), kernel, "mount", b"x", target, kind, 0, 0)
verdict()
""",
    ),
    Attack(
        name="nothing can be bound, moved or made shared",
        program=CALLS
        + """
os.mkdir("d")
for flags in (4096, 4096 | 16384, 8192, 1 << 18, 1 << 19, 1 << 20, 1 << 17):
    for source, target in ((b"/", b"/tmp/d"), (b"/tmp", b"/usr"), (b"/tmp/d", b"/bin"), (b"/usr", b"/tmp/d")):
        attempt((flags, source, target), kernel, "mount", source, target, 0, flags, 0)
verdict()
""",
    ),
    Attack(
        name="no mount can be made writable or larger",
        program=CALLS
        + """
for target, options in ((b"/", 0), (b"/usr", 0), (b"/tmp", b"size=1g,nr_inodes=1m"), (b"/dev/shm", b"size=1g")):
    attempt(target, kernel, "mount", 0, target, 0, 32, options)
    attempt(target, kernel, "mount", 0, target, 0, 32 | 4096, options)
    clear = (ctypes.c_uint64 * 4)(0, 1 | 2 | 4 | 8, 0, 0)
    attempt((target, "attributes"), kernel, "mount_setattr", -100, target, 0x8000, clear, 32)
verdict()
""",
    ),
    Attack(
        name="nothing can be unmounted",
        program=CALLS
        + """
for target in (b"/tmp", b"/dev/shm", b"/usr", b"/", b"/dev/null", b"/usr/lib", b"/etc/localtime"):
    for flags in (0, 1, 2, 4, 8):
        attempt((target, flags), kernel, "umount2", target, flags)
verdict()
""",
    ),
    Attack(
        name="nothing can be mounted in the new way",
        program=CALLS
        + """
for kind in (b"tmpfs", b"proc", b"ext4", b"overlay"):
    handle = attempt(kind, kernel, "fsopen", kind, 0)
    attempt((kind, "config"), kernel, "fsconfig", handle if handle is not None else 3, 6, 0, 0, 0)
    attempt((kind, "mount"), kernel, "fsmount", handle if handle is not None else 3, 0, 0)
for path in (b"/", b"/tmp", b"/usr"):
    for flags in (0, 1, 0x8001):
        tree = attempt((path, flags), kernel, "open_tree", -100, path, flags)
        attempt((path, "attr"), kernel, "open_tree_attr", -100, path, flags, 0, 0)
        attempt((path, "move"), kernel, "move_mount", tree if tree is not None else -100, b"", -100, b"/tmp", 4)
    attempt((path, "pick"), kernel, "fspick", -100, path, 0)
verdict()
""",
    ),
    Attack(
        name="no new namespace can be made",
        program=CALLS
        + """
for shift in (7, 17, 25, 26, 27, 28, 29, 30):
    child = os.fork()
    if child == 0:
        os._exit(0 if kernel("unshare", 1 << shift) == -1 else 1)
    if os.waitpid(child, 0)[1]: got.append(hex(1 << shift))
attempt("all", kernel, "unshare", 0x7E020080)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="no child can be made in a new namespace",
        program=CALLS
        + """
for shift in (17, 25, 26, 27, 28, 29, 30):
    for more in (0, 1 << 28):
        child = kernel("clone", 1 << shift | more | 17, 0, 0, 0, 0)
        if child == 0: os._exit(0)
        if child > 0:
            got.append(hex(1 << shift | more))
            os.waitpid(child, 0)
verdict()
""",
    ),
    Attack(
        name="the newest way to make a child is not there",
        program=CALLS
        + """
for flags in (0, 0x10000000, 0x20000000, 0x200000000, 0x7E020080):
    block = (ctypes.c_uint64 * 11)(flags, 0, 0, 0, 17)
    child = kernel("clone3", block, 88)
    if child == 0: os._exit(0)
    if child > 0: got.append(hex(flags)); os.waitpid(child, 0)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="no other namespace can be entered",
        program=CALLS
        + """
for handle in (kernel("pidfd_open", 1, 0), kernel("pidfd_open", os.getpid(), 0), 0, 1, 2):
    for kind in (0, 0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x7E020000):
        attempt((handle, hex(kind)), kernel, "setns", handle, kind)
verdict()
""",
    ),
    Attack(
        name="the root cannot be changed",
        program=CALLS
        + """
os.makedirs("root/old")
for path in (b"/tmp", b"/tmp/root", b"/", b".", b"/usr"):
    attempt(("chroot", path), kernel, "chroot", path)
    attempt(("pivot", path), kernel, "pivot_root", path, path)
attempt("pivot", kernel, "pivot_root", b"/tmp/root", b"/tmp/root/old")
verdict()
""",
    ),
    Attack(
        name="a program with the mark of another user gives no rights",
        program=TRIES
        + """
import os, stat, subprocess
for folder in ("/bin", "/usr/bin", "/usr/sbin", "/sbin", "/usr/lib/dbus-1.0", "/usr/lib/openssh"):
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        path = f"{folder}/{name}"
        try: mode = os.stat(path).st_mode
        except OSError: continue
        if mode & (stat.S_ISUID | stat.S_ISGID) and not os.statvfs(path).f_flag & os.ST_NOSUID: got.append(path)
for path in ("/bin/su", "/usr/bin/sudo", "/usr/bin/newgrp", "/bin/mount"):
    if os.path.exists(path):
        seen = subprocess.run([path, "-c", "id -u"], capture_output=True, stdin=subprocess.DEVNULL, timeout=4)
        if seen.stdout.strip() == b"0": got.append(path)
verdict()
""",
    ),
    Attack(
        name="a mark of another user on one's own file gives no rights",
        program=TRIES
        + """
import os, shutil, subprocess
shutil.copy("/bin/sh", "sh")
for mode in (0o4755, 0o2755, 0o6755):
    os.chmod("sh", mode)
    seen = subprocess.run(["./sh", "-c", "id -ur; id -u; id -g"], capture_output=True, text=True, timeout=4)
    if set(seen.stdout.split()) != {str(os.getuid()), str(os.getgid())}: got.append(seen.stdout)
for folder in ("/tmp", "/dev/shm"):
    if not os.statvfs(folder).f_flag & os.ST_NOSUID: got.append(folder)
rights = bytes.fromhex("0100000200200000") + bytes(12)
attempt("capabilities of a file", os.setxattr, "sh", "security.capability", rights)
attempt("another owner", os.chown, "sh", 0, 0)
verdict()
""",
    ),
    Attack(
        name="no other user can be taken on",
        program=CALLS
        + """
for number in (0, 1, 65534, 2_000_000_000):
    for name in ("setuid", "setgid", "setresuid", "setresgid"):
        attempt((name, number), kernel, name, number, number, number)
    attempt(("groups", number), kernel, "setgroups", 1, (ctypes.c_uint32 * 1)(number))
    kernel("setfsuid", number)
    if kernel("setfsuid", -1) != os.getuid(): got.append(("setfsuid", number))
if 0 in (*os.getresuid(), *os.getresgid()): got.append("root")
verdict()
""",
    ),
    Attack(
        name="no capability is there and none can be had",
        program=CALLS
        + """
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
libc.capget(header, data)
if any(data): got.append(list(data))
for kind in range(3):
    for bit in range(32):
        wanted = (ctypes.c_uint32 * 6)()
        wanted[kind] = 1 << bit
        attempt((kind, bit), kernel, "capset", header, wanted)
for number in range(41):
    if libc.prctl(23, number, 0, 0, 0) == 1: got.append(("bounding", number))
    attempt(("ambient", number), libc.prctl, 47, 2, number, 0, 0)
attempt("securebits", libc.prctl, 28, 0, 0, 0, 0)
if libc.prctl(39, 0, 0, 0, 0) != 1: got.append("new privileges")
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="kernel keyrings are closed",
        program=CALLS
        + """
attempt("add", kernel, "add_key", b"user", b"left", b"x", 1, -3)
for ring in range(-8, 0):
    attempt(("ring", ring), kernel, "keyctl", 0, ring, 1)
    attempt(("read", ring), kernel, "keyctl", 11, ring, ctypes.create_string_buffer(64), 64)
    attempt(("add", ring), kernel, "add_key", b"user", b"left", b"x", 1, ring)
attempt("join", kernel, "keyctl", 1, b"session")
attempt("request", kernel, "request_key", b"user", b"left", 0, -3)
verdict()
""",
    ),
    Attack(
        name="shared memory, semaphores and queues that outlive a run cannot be made",
        program=CALLS
        + """
for key in (0, 1, 0x1234):
    for name, arguments in (("shmget", (key, 4096, 0o1666)), ("semget", (key, 4, 0o1666)), ("msgget", (key, 0o1666))):
        attempt((name, key), kernel, name, *arguments)
attempt("a queue", kernel, "mq_open", b"left", os.O_CREAT | os.O_RDWR, 0o666, 0)
verdict()
""",
    ),
    Attack(
        name="clocks cannot be set",
        program=CALLS
        + """
import time
now = (ctypes.c_long * 2)(int(time.time()) + 5, 0)
for clock in range(12):
    attempt(clock, kernel, "clock_settime", clock, now)
change = (ctypes.c_long * 32)(1)
attempt("adjust", kernel, "clock_adjtime", 0, change)
attempt("tune", kernel, "adjtimex", change)
attempt("time of day", kernel, "settimeofday", now, 0)
verdict()
""",
    ),
    Attack(
        name="the machine cannot be administered",
        program=CALLS
        + """
block = ctypes.create_string_buffer(4096)
calls = dict(init_module=(block, 8, b""), finit_module=(0, b"", 0), delete_module=(b"x", 0), kexec_load=(0, 0, 0, 0),
             swapon=(b"/tmp", 0), swapoff=(b"/tmp",), sethostname=(b"x", 1), setdomainname=(b"x", 1), acct=(b"/tmp/a",),
             quotactl=(0, 0, 0, block), quotactl_fd=(0, 0, 0, block), vhangup=(), iopl=(3,), modify_ldt=(1, block, 16),
             reboot=(0xFEE1DEAD, 672274793, 0, 0))
for name, arguments in calls.items():
    attempt(name, kernel, name, *arguments)
verdict()
""",
    ),
    Attack(
        name="the personality of the process cannot be made a weaker one",
        program=CALLS
        + """
for bits in (0x40000, 0x400000, 0x100000, 0x8, 0x20008):
    attempt(hex(bits), kernel, 'personality', bits)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="calls newer than the filter are not there",
        program=CALLS
        + """
block = ctypes.create_string_buffer(256)
for number in range(451, 600):
    attempt(number, libc.syscall, ctypes.c_long(number), block, wide(64), block, wide(0), wide(0))
verdict()
""",
    ),
    Attack(
        name="the filter cannot be taken off or replaced by a weaker one",
        program=CALLS
        + """
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]
allow = Program(1, bytes.fromhex("060000000000ff7f"))
kernel("seccomp", 1, 0, ctypes.byref(allow))
libc.prctl(22, 2, ctypes.byref(allow), 0, 0)
libc.prctl(38, 0, 0, 0, 0)
attempt("a trace", kernel, "ptrace", 0, 0, 0, 0)
attempt("a namespace", kernel, "unshare", 0x10000000)
attempt("a mount", kernel, "mount", b"x", b"/tmp", b"tmpfs", 0, 0)
if libc.prctl(39, 0, 0, 0, 0) != 1: got.append("new privileges")
verdict()
""",
    ),
    Attack(
        name="a child and another program are under the same filter",
        program=TRIES
        + """
import subprocess, sys
text = '''
import ctypes
libc = ctypes.CDLL(None)
print(libc.unshare(0x10000000), libc.mount(b"x", b"/tmp", b"tmpfs", 0, None), libc.ptrace(0, 0, 0, 0))
print(libc.prctl(21, 0, 0, 0, 0))
'''
seen = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
if seen.stdout.split() != ["-1", "-1", "-1", "2"]: got.append(seen.stdout + seen.stderr)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="the name of the machine is not the host's",
        program="""
import os, socket
name = os.uname().nodename
print('held' if name == socket.gethostname() == 'sandbox' else name)
""",
        harmless=True,
    ),
    Attack(
        name="no process but one's own and the first is to be seen",
        program="""
import os
seen = []
for number in range(1, 70000):
    try: os.kill(number, 0)
    except ProcessLookupError: continue
    except OSError: pass
    seen.append(number)
print("held" if len(seen) <= 2 and os.getpid() in seen else seen[:20])
""",
        harmless=True,
    ),
    Attack(
        name="memory that is both written and run gives no more rights than the program had",
        program=CALLS
        + """
import mmap
if os.uname().machine == "x86_64":
    area = mmap.mmap(-1, 4096, prot=7)
    area.write(bytes.fromhex("b8100100000f05c3"))  # unshare(rdi)
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(area)))
    if call(0x10000000) == 0: got.append("a namespace")
verdict()
""",
        harmless=True,
    ),
)

"""Users, capabilities, clocks, keys and what else would give more rights or outlive the run."""

from tests.sandbox.attacks.attack import CALLS, TRIES, Attack

ATTACKS = (
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

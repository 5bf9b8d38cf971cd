"""Kernel calls that give another view of the machine: rings, mounts, namespaces, roots."""

from tests.sandbox.attacks.attack import CALLS, Attack

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
)

"""The host's files, and this run's own on the way out: read, written, linked to, handed back."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import CALLS, TRIES, Attack, bomb

ATTACKS = (
    Attack(
        name="a file of the host cannot be read",
        program=TRIES + "attempt('the file', open, '{{SECRET_FILE}}')\nverdict()",
        harmless=True,
    ),
    Attack(
        name="a file of the host cannot be written where anybody may",
        program=TRIES + "attempt('the folder', open, '{{OUT_DIR}}/x', 'w')\nverdict()",
        harmless=True,
    ),
    Attack(
        name="a symbolic link in scratch leads nowhere",
        program=TRIES
        + """
import os
for number, target in enumerate(("{{SECRET_FILE}}", "{{OUT_DIR}}", "/proc/1/root/etc/passwd", "/root/.bashrc")):
    os.symlink(target, f"link{number}")
    attempt(target, os.stat, f"link{number}")
os.symlink("{{OUT_DIR}}", "out")
attempt("the folder", open, "out/y", "w")
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="a hard link to what is not one's own cannot be made",
        program=TRIES
        + """
import os, sys
for number, target in enumerate(("{{SECRET_FILE}}", "/etc/passwd", os.__file__, "/bin/su", sys.executable)):
    attempt(target, os.link, target, f"hard{number}")
verdict()
""",
    ),
    Attack(
        name="the way up ends at the root of the jail",
        program=TRIES
        + """
import os
up = "../" * 40
for path in ("{{SECRET_FILE}}", "/home", "/root/.ssh", "/etc/shadow", "/var/log", "/proc/self", "/sys/kernel"):
    attempt(path, os.stat, up + path)
root = os.open("/", os.O_RDONLY)
for _ in range(20):
    os.fchdir(os.open("..", os.O_RDONLY | os.O_PATH))
attempt("the file", os.open, "{{SECRET_FILE}}".lstrip("/"), os.O_RDONLY, dir_fd=root)
attempt("the file from above", os.open, "{{SECRET_FILE}}".lstrip("/"), os.O_RDONLY)
if os.stat("..").st_ino != os.stat("/").st_ino: got.append("above the root")
verdict()
""",
    ),
    Attack(
        name="no descriptor of the host's root stayed open",
        program=TRIES
        + """
import os
for number in range(3, 4096):
    attempt(number, os.fchdir, number)
    attempt(number, os.openat if hasattr(os, "openat") else os.open, "etc/shadow", os.O_RDONLY, dir_fd=number)
verdict()
""",
    ),
    Attack(
        name="a name given by handle cannot be opened",
        program=CALLS
        + """
block, mount = (ctypes.c_uint32 * 40)(128), ctypes.c_int()
for path in (b"/", b"/tmp", b"/usr"):
    attempt(("handle", path), kernel, "name_to_handle_at", -100, path, block, ctypes.byref(mount), 0)
    root = os.open(path, os.O_RDONLY)
    handle = (ctypes.c_uint32 * 4)(8, 1, 2, 0)
    attempt(("open", path), kernel, "open_by_handle_at", root, handle, 0)
verdict()
""",
    ),
    Attack(
        name="no device can be made",
        program=TRIES
        + """
import os, stat
for number, (kind, major, minor) in enumerate([(stat.S_IFCHR, 1, 1), (stat.S_IFCHR, 1, 11), (stat.S_IFBLK, 8, 0),
                                               (stat.S_IFBLK, 254, 0), (stat.S_IFCHR, 5, 0), (stat.S_IFCHR, 10, 229)]):
    for folder in ("/tmp", "/dev/shm", "/dev"):
        attempt((major, minor), os.mknod, f"{folder}/device{number}", kind | 0o666, os.makedev(major, minor))
verdict()
""",
    ),
    Attack(
        name="no folder outside scratch can be written, renamed or removed",
        program=TRIES
        + """
import os, sys, tempfile
for folder in ("/", "/etc", "/usr", "/usr/lib", "/usr/bin", "/bin", "/dev", "/opt", "/opt/python", sys.prefix,
               sys.base_prefix, os.path.dirname(os.__file__)):
    attempt(folder, os.open, f"{folder}/x", os.O_CREAT | os.O_WRONLY)
    attempt(folder, os.open, folder, os.O_TMPFILE | os.O_WRONLY)
    attempt(folder, os.mkdir, f"{folder}/y")
    attempt(folder, os.symlink, "/tmp", f"{folder}/z")
    attempt(folder, os.rename, folder, folder + ".old")
    attempt(folder, os.chmod, folder, 0o777)
    attempt(folder, os.utime, folder, (1, 1))
for folder in ("/tmp", "/dev/shm"):
    attempt(folder, os.rmdir, folder)
    attempt(folder, os.rename, folder, "/tmp/x" if folder != "/tmp" else "/dev/shm/x")
verdict()
""",
    ),
    Attack(
        name="the interpreter's files cannot be changed",
        program=TRIES
        + """
import json, os, sys
for path in (os.__file__, json.__file__, os.path.realpath(sys.executable), "/bin/sh", "/etc/passwd"):
    for mode in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_RDONLY | os.O_TRUNC):
        attempt((path, mode), os.open, path, mode)
    attempt(path, os.remove, path)
    attempt(path, os.truncate, path, 0)
    attempt(path, os.rename, path, "/tmp/taken")
    attempt(path, os.chown, path, os.getuid(), os.getgid())
    attempt(path, os.chmod, path, 0o777)
    attempt(path, os.utime, path)
    attempt(path, os.setxattr, path, "user.x", b"1")
verdict()
""",
    ),
    Attack(
        name="compiled files cannot be put beside the library's sources",
        program=TRIES
        + """
import json, os, py_compile
cached = os.path.join(os.path.dirname(json.__file__), "__pycache__")
attempt("folder", os.mkdir, cached + "x")
for name in os.listdir(cached) if os.path.isdir(cached) else ():
    attempt(name, open, os.path.join(cached, name), "r+b")
open("evil.py", "w").write("print('evil')")
attempt("compiled", py_compile.compile, "evil.py", os.path.join(cached, "decoder.cpython-311.pyc"), doraise=False)
verdict()
""",
    ),
    Attack(
        name="the users file names nobody of the host",
        program="import pwd, grp\nprint('held' if len(pwd.getpwall()) == 1 == len(grp.getgrall()) else pwd.getpwall())",
        harmless=True,
    ),
    Attack(
        name="the room of the host's file systems and their names cannot be asked",
        program=TRIES
        + """
import os
for path in ("/etc/mtab", "/etc/fstab", "/etc/hostname", "/etc/machine-id", "/etc/hosts", "/etc/ssh",
             "/lost+found", "/.dockerenv", "/run", "/var/run/docker.sock", "/run/systemd", "/sys/fs/cgroup", "/boot"):
    attempt(path, os.stat, path)
verdict()
""",
    ),
    Attack(
        name="a link to a secret under a name that is fetched is not followed",
        program="""
import os
os.symlink('{{SECRET_FILE}}', 'answer.txt')
os.symlink('/etc/passwd', 'users.txt')
print('held')
""",
        fetch=("answer.txt", "users.txt"),
    ),
    Attack(
        name="a linked folder on the way to a fetched name is not followed",
        program="import os\nos.symlink('/etc', 'd')\nos.symlink('{{OUT_DIR}}/..', 'e')\nprint('held')",
        fetch=("d/passwd", "e/secret.txt"),
    ),
    Attack(
        name="a pipe under a fetched name is not waited for",
        program="import os\nos.mkfifo('answer.txt')\nos.mkfifo('other.txt', 0)\nprint('held')",
        fetch=("answer.txt", "other.txt"),
    ),
    Attack(
        name="an endless device under a fetched name is not read",
        program="""
import os
os.symlink('/dev/zero', 'answer.txt')
os.symlink('/dev/random', 'b')
os.mkdir('c')
print('held')
""",
        fetch=("answer.txt", "b", "c"),
    ),
    Attack(
        name="links in a circle under a fetched name end",
        program="""
import os
os.symlink('b', 'a')
os.symlink('a', 'b')
os.mkdir('d')
os.symlink('../d', 'd/d')
print('held')
""",
        fetch=("a", "d/d/d/d/d/x"),
    ),
    Attack(
        name="a socket and a file without rights under fetched names are no fault of the sandbox",
        program="""
import os, socket
socket.socket(socket.AF_UNIX).bind('s')
open('f', 'w').write('x')
os.chmod('f', 0)
os.mkdir('g')
open('g/h', 'w').close()
os.chmod('g', 0)
print('held')
""",
        fetch=("s", "f", "g/h"),
    ),
    Attack(
        name="a file with a hole of a tebibyte under a fetched name is not read",
        program="import resource\ntry: open('big', 'wb').truncate(1 << 40)\nexcept OSError: pass\nprint('held')",
        ends=(ExecStatus.OK, ExecStatus.SIGNALED),
        stdout=None,
        fetch=("big",),
    ),
    Attack(
        name="a file that is fetched and swapped at the same time gives no secret",
        program="""
import os, time
open("a", "w").write("mine")
os.symlink("{{SECRET_FILE}}", "b")
if os.fork() == 0:
    while True:
        os.rename("a", "c"); os.rename("b", "a"); os.rename("c", "b")
time.sleep(0.2)
print("held")
""",
        fetch=("a", "b"),
        limits=bomb(wall=3),
    ),
    Attack(
        name="a name too long, too deep or of odd bytes is no fault of the sandbox",
        program="""
import os
for number in range(60):
    try: os.mkdir("d" * 200); os.chdir("d" * 200)
    except OSError: break
for name in (b"\\xff\\xfe", b"new\\nline", b"-rf", b"*", b"\\x1b[2J"):
    open(name, "w").close()
print("held")
""",
    ),
    Attack(
        name="watches on the whole file system cannot be set",
        program=CALLS
        + """
for flags in (0, 4, 8, 0x200):
    attempt(("fanotify", flags), kernel, "fanotify_init", flags, 0)
verdict()
""",
    ),
    Attack(
        name="a lease or a lock for writing on a file of the system cannot be had",
        program=TRIES
        + """
import fcntl, os
with open(os.__file__) as file:
    attempt("lease", fcntl.fcntl, file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    attempt("lease to read", fcntl.fcntl, file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    attempt("lock", fcntl.lockf, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
verdict()
""",
    ),
)

"""The processes of one worker, outermost first: watcher, keeper, zygote. All is imported before the jail hides it.

The watcher stays outside, as the host's child: it sees to it that nothing is left when the host, the keeper or the
zygote ends. The keeper enters the jail and stays outside of its process namespace; it alone can mount, and empties the
scratch. The zygote, the first process of that namespace, makes the runs.
"""

from __future__ import annotations

import gc
import importlib
import marshal
import os
import random
import resource
import select
import signal
import socket
import struct
import sys
import types
from contextlib import suppress
from functools import partial

from assaygym.sandbox.guest import alone, cgroup, kernel, program
from assaygym.sandbox.guest.clone import AloneCloner, PlainCloner, limit
from assaygym.sandbox.guest.dense import fill_gaps
from assaygym.sandbox.guest.frames import pack, read_frame, write_all
from assaygym.sandbox.guest.library import load
from assaygym.sandbox.guest.namespaces import enter_jail
from assaygym.sandbox.guest.native import NativeZygote
from assaygym.sandbox.guest.scratch import FolderScratch, MountedScratch, mount_scratch
from assaygym.sandbox.guest.seccomp import filter_program
from assaygym.sandbox.guest.zygote import FIRST_OWN, LINK_FD, Zygote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIZE = struct.Struct("<Q")
END_SECONDS = 5.0
LIMITS = (
    (resource.RLIMIT_CORE, (0, 0)),
    (resource.RLIMIT_STACK, (8 << 20, resource.RLIM_INFINITY)),
)
"""Of every run alike. What a stack has at first is also what each thread reserves; how far it may go is bounded by the
memory limit."""


def main(control: str) -> None:
    """Take the boot frame from the socket, start the keeper, watch; never returns."""
    link = socket.socket(fileno=_moved(int(control), LINK_FD))
    while os.open("/dev/null", os.O_RDWR) < FIRST_OWN:
        pass  # the numbers that a program's descriptors will have
    boot: dict[str, Any] = read_frame(link.fileno())
    host = os.pidfd_open(os.getppid()) if boot["host"] == os.getppid() else -1
    if boot["host"] and host < 0:
        os._exit(0)  # the host has ended already
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, boot["tier"] == "landlock")
    told, tell = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(told)
        _as_ours(partial(_keep, boot, link, tell, os.getppid()), link)
    os.close(tell)
    link.close()
    _turn_off_streams()
    _watch(keeper, host, told)
    if boot["tier"] == "landlock":
        _reap()  # the last program, which follows the zygote
    for folder in boot["cgroups"]:
        _remove(folder)
    os._exit(0)


def _moved(source: int, target: int) -> int:
    """The descriptor, given another number unless it has that one already; programs do not inherit it."""
    if source == target:
        os.set_inheritable(target, False)
    else:
        os.dup2(source, target, inheritable=False)
        os.close(source)
    return target


def _turn_off_streams() -> None:
    """Point them at nothing. The interpreter's stream objects stay as they are, made for pipes, as a program's are."""
    for number in (0, 1, 2):
        os.dup2(FIRST_OWN - 1, number)


def _watch(keeper: int, host: int, told: int) -> None:
    """Wait for the end of the keeper or of the host, then end what is left."""
    zygotes = [int(line) for line in os.read(told, 64).split()]
    watched = [os.pidfd_open(number) for number in zygotes if number != keeper]
    ended = os.pidfd_open(keeper)
    poll = select.poll()
    for descriptor in (ended, *([host] if host >= 0 else [])):
        poll.register(descriptor, select.POLLIN)
    poll.poll()
    with suppress(ProcessLookupError):
        os.kill(keeper, signal.SIGKILL)
    os.waitpid(keeper, 0)
    for descriptor in watched:  # the zygote follows its keeper, and all runs follow the zygote
        last = select.poll()
        last.register(descriptor, select.POLLIN)
        last.poll(END_SECONDS * 1000)


def _reap() -> None:
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _remove(folder: str) -> None:
    poll = select.poll()
    for _ in range(50):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError:
            poll.poll(20)
        else:
            return


def _as_ours(work: Any, link: socket.socket) -> None:
    """Do the work of a process; a failure is reported to the host as ours."""
    try:
        work()
    except BaseException as fault:  # whatever failed here is ours: say so, whatever it is
        with suppress(OSError):
            write_all(link.fileno(), pack({"fault": f"{type(fault).__name__}: {fault}"}))
    finally:
        os._exit(0)


def _keep(boot: dict[str, Any], link: socket.socket, tell: int, watcher: int) -> None:
    os.setsid()
    os.umask(0o022)
    _turn_off_streams()
    for folder in boot["cgroups"]:  # before anything is held that should count
        with open(f"{folder}/{cgroup.MEMBERS}", "w") as members:
            members.write("0")
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):  # a handler could be reached from inside a run
        signal.signal(number, signal.SIG_DFL)
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    boot["proc"] = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    if boot["tier"] == "userns":
        _keep_namespaces(boot, link, tell, watcher, statm)
    else:
        if boot["tier"] == "landlock":
            boot["score"] = alone.leave_root(boot["confinement"]["user"])
        kernel.follow_parent(watcher)
        os.write(tell, f"{os.getpid()} ".encode())
        os.close(tell)
        _serve(boot, link, statm)


def _keep_namespaces(boot: dict[str, Any], link: socket.socket, tell: int, watcher: int, statm: int) -> None:

    library = load(boot["helper"])  # while its file can be seen
    boot["isolation"] = enter_jail(boot["view"])
    kernel.follow_parent(watcher)
    mount_scratch(boot["scratch"], boot["scratch_bytes"], anew=False)
    _warm(boot, statm)
    ours, theirs = socket.socketpair()
    zygote = os.fork()
    if zygote == 0:
        ours.close()
        os.close(tell)
        _as_ours(partial(_serve_jailed, boot, link, theirs, library), link)
    os.write(tell, f"{zygote} ".encode())
    for descriptor in (tell, theirs.detach(), link.detach()):
        os.close(descriptor)
    while size := ours.recv(SIZE.size):
        mount_scratch(boot["scratch"], SIZE.unpack(size)[0], anew=True)
        ours.send(b"d")
    os.waitpid(zygote, 0)


def _renew(keeper: socket.socket, scratch: str, size: int) -> None:
    keeper.send(SIZE.pack(size))
    if keeper.recv(1) != b"d":
        raise ConnectionError("the keeper ended")
    os.chdir(scratch)


def _warm(boot: dict[str, Any], statm: int) -> None:
    """Import what programs use, as they will find it, and measure the result."""
    sys.path[:] = [boot["scratch"], *sys.path[1:], *boot["packages"]]
    sys.executable = boot["executable"]
    for name in boot["modules"]:
        importlib.import_module(name)
    if boot["library"]:
        code = marshal.dumps(compile(boot["library"], "library.py", "exec", dont_inherit=True))
        fill_gaps()
        library = sys.modules["library"] = types.ModuleType("library")
        exec(marshal.loads(code), library.__dict__)
    site = importlib.import_module("site")
    for part in (site.setquit, site.setcopyright, site.sethelper):  # what the switch -S leaves out
        part()
    program.scratch = boot["scratch"]
    boot["mapped_bytes"] = int(os.pread(statm, 100, 0).split()[0]) * resource.getpagesize()
    os.close(statm)


def _serve_jailed(boot: dict[str, Any], link: socket.socket, keeper: socket.socket, library: Any) -> None:

    kernel.follow_parent(0)
    os.chdir(boot["scratch"])
    scratch = MountedScratch(boot["scratch"], partial(_renew, keeper, boot["scratch"]))
    kernel.drop_bounding_set()
    kernel.keep_capabilities(kernel.CAP_SYS_ADMIN)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    isolation = [*boot["isolation"], "private_scratch", "no_capabilities", "no_new_privs"]
    if (refused := filter_program(os.uname().machine)) is not None:
        kernel.install_filter(refused)
        isolation.append("seccomp")
    if library:
        zygote: Zygote = NativeZygote(link, library, scratch, boot["mapped_bytes"], boot["proc"])
    else:
        zygote = Zygote(
            link,
            PlainCloner(kernel.clear_capabilities, boot["mapped_bytes"], boot["scratch"], boot["proc"]),
            scratch,
            grouped=False,
            proc=boot["proc"],
        )
    _go(boot, zygote, isolation)


def _serve(boot: dict[str, Any], link: socket.socket, statm: int) -> None:

    shut = boot["tier"] == "landlock"
    isolation = alone.shut_in(boot["confinement"]) if shut else []
    _warm(boot, statm)
    os.chdir(boot["scratch"])
    made = boot["mapped_bytes"], boot["scratch"]
    clone = alone.Cloner(boot["score"], *made) if shut else AloneCloner(bool, *made)
    _go(boot, Zygote(link, clone, FolderScratch(boot["scratch"]), grouped=True), isolation)


def _go(boot: dict[str, Any], zygote: Zygote, isolation: list[str]) -> None:
    for which, limits in LIMITS:
        limit(which, *limits)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit(resource.RLIMIT_NOFILE, most, most)  # so many may be on their way in sockets, those of all programs counted
    frame = {"isolation": [*isolation, *boot["more_isolation"], "rlimits"]}
    boot.clear()  # a program may look at the frames that called it
    for name in [name for name in sys.modules if name == "assaygym" or name.startswith("assaygym.")]:
        del sys.modules[name]
    sys.setrecursionlimit(sys.getrecursionlimit() + _depth() + zygote.frames)
    random.seed(0)
    if numbers := sys.modules.get("numpy.random"):
        numbers.seed(0)
    gc.collect()
    gc.freeze()
    program.prepare()  # not frozen: what a program leaves in it is collected at its end
    program.rehearse()
    fill_gaps()
    zygote.tell(pack(frame))
    zygote.serve()


def _depth() -> int:
    """How many frames stand below a program's, which its recursion shall not be charged with."""
    frame, count = sys._getframe(), 0
    while frame := frame.f_back:  # type: ignore[assignment]
        count += 1
    return count

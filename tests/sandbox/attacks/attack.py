"""An attack: a program, and what must be seen when it is run in a jail. The tables beside this file hold them by class.

A program notes each thing that it got hold of and prints `held` when it got nothing: the words `attempt` and `verdict`
are put before its text (`TRIES`), and where it makes bare kernel calls `kernel` as well (`CALLS`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assaygym.sandbox import ExecResult, ExecStatus, Limits

if TYPE_CHECKING:
    from tests.sandbox.attacks.host import Host

MIB = 1 << 20
QUICK = Limits(
    cpu_seconds=4,
    wall_seconds=6,
    memory_bytes=256 * MIB,
    output_bytes=256 << 10,
    file_bytes=4 * MIB,
    processes=16,
)
"""For attacks that end by themselves."""
SLACK_SECONDS = 4.0
"""How much later than its wall-clock limit a result may come: the machine that tests may be busy."""


def bomb(wall: float = 0.3, memory_mib: int = 64, processes: int = 16, cpu: float = 4) -> Limits:
    """Small limits, for what would go on for ever."""
    return Limits(
        cpu_seconds=cpu,
        wall_seconds=wall,
        memory_bytes=memory_mib * MIB,
        output_bytes=64 << 10,
        file_bytes=2 * MIB,
        processes=processes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack and what must be seen. `{{...}}` in its program stands for a thing of the host; see `Host.fill`."""

    name: str
    """The sentence that holds when the attack fails."""
    program: str = field(repr=False)
    ends: tuple[ExecStatus, ...] = (ExecStatus.OK,)
    stdout: str | None = "held\n"
    """Exactly; None: whatever it is."""
    exit_code: int | None = None
    signal: int | None = None
    error: str = ""
    """Part of standard error."""
    limits: Limits = QUICK
    stdin: str = ""
    prior: str = field(default="", repr=False)
    """A program that runs on the same worker just before; its standard input is the host's secret."""
    after: str = ""
    """A program that runs on the same worker just after and prints `held`."""
    fetch: tuple[str, ...] = ()
    receives: tuple[bytes | None, ...] | None = None
    """Where the program is spawned with a channel: what the host receives, in order."""
    scans: bool = False
    """It looks through memory for the secret, and is shown to find it where it is."""
    needs: str = ""
    """A mechanism of `ExecResult.isolation` without which nothing is promised."""
    slow: bool = False
    """It uses a second or more of CPU time, which is the least that the kernel counts."""
    harmless: bool = False
    """It may be run without a sandbox, where it succeeds: the proof that its check can fail."""

    def faults(self, result: ExecResult, seconds: float, host: Host) -> list[str]:
        """What was not as it must be; `seconds` is how long the host waited for the result."""
        found = []
        if result.status not in self.ends:
            found.append(f"it ended as {result.status}, not {' or '.join(self.ends)}")
        for what in ("stdout", "exit_code", "signal"):
            wanted, seen = getattr(self, what), getattr(result, what)
            if wanted is not None and seen != wanted:
                found.append(f"{what} is {str(seen)[:300]!r}, not {wanted!r}")
        if self.error not in result.stderr:
            found.append(f"standard error does not say {self.error!r}")
        if seconds > self.limits.wall_seconds + SLACK_SECONDS:
            found.append(f"it took {seconds:.1f} s; its limit is {self.limits.wall_seconds} s")
        if any(len(stream.encode()) > 4 * self.limits.output_bytes for stream in (result.stdout, result.stderr)):
            found.append("more output was kept than its limit")
        if host.secret in result.stdout + result.stderr or host.secret.encode() in b"".join(result.files.values()):
            found.append("it has the secret")
        return [*found, f"standard error: {result.stderr[-1500:]}"] if found and result.stderr else found


TRIES = """
got = []
def attempt(what, call, *arguments, **named):
    "Note what was got; nothing was where the call raises OSError or gives -1."
    try:
        given = call(*arguments, **named)
    except (OSError, ImportError, AttributeError):
        return None
    if type(given) is not int or given != -1:
        got.append(what)
    return given
def verdict():
    print(f"got {got}" if got else "held")
"""

CALLS = (
    TRIES
    + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
MACHINES = {
    "x86_64": dict(
        ptrace=101, process_vm_readv=310, process_vm_writev=311, kcmp=312, mount=165, umount2=166, pivot_root=155,
        chroot=161, setns=308, unshare=272, init_module=175, finit_module=313, delete_module=176, kexec_load=246,
        reboot=169, swapon=167, swapoff=168, sethostname=170, setdomainname=171, syslog=103, acct=163, quotactl=179,
        settimeofday=164, clock_settime=227, clock_adjtime=305, adjtimex=159, name_to_handle_at=303,
        open_by_handle_at=304, fanotify_init=300, bpf=321, perf_event_open=298, userfaultfd=323, add_key=248,
        request_key=249, keyctl=250, shmget=29, shmat=30, semget=64, msgget=68, mq_open=240, clone=56, socket=41,
        setuid=105, setgid=106, setgroups=116, setresuid=117, setresgid=119, setfsuid=122, capset=126, vhangup=153,
        personality=135, ioprio_set=251, ioprio_get=252, migrate_pages=256, move_pages=279, tgkill=234, tkill=200,
        rt_sigqueueinfo=129, timer_create=222, mknodat=259, prlimit64=302, lookup_dcookie=212, seccomp=317,
        iopl=172, modify_ldt=154, setxattr=188,
    ),
    "aarch64": dict(
        ptrace=117, process_vm_readv=270, process_vm_writev=271, kcmp=272, mount=40, umount2=39, pivot_root=41,
        chroot=51, setns=268, unshare=97, init_module=105, finit_module=273, delete_module=106, kexec_load=104,
        reboot=142, swapon=224, swapoff=225, sethostname=161, setdomainname=162, syslog=116, acct=89, quotactl=60,
        settimeofday=170, clock_settime=112, clock_adjtime=266, adjtimex=171, name_to_handle_at=264,
        open_by_handle_at=265, fanotify_init=262, bpf=280, perf_event_open=241, userfaultfd=282, add_key=217,
        request_key=218, keyctl=219, shmget=194, shmat=196, semget=190, msgget=186, mq_open=180, clone=220, socket=198,
        setuid=146, setgid=144, setgroups=159, setresuid=147, setresgid=149, setfsuid=151, capset=91, vhangup=58,
        personality=92, ioprio_set=30, ioprio_get=31, migrate_pages=238, move_pages=239, tgkill=131, tkill=130,
        rt_sigqueueinfo=138, timer_create=107, mknodat=33, prlimit64=261, lookup_dcookie=18, seccomp=277, setxattr=5,
    ),
}
EVERYWHERE = dict(
    pidfd_send_signal=424, io_uring_setup=425, io_uring_enter=426, io_uring_register=427, open_tree=428, move_mount=429,
    fsopen=430, fsconfig=431, fsmount=432, fspick=433, pidfd_open=434, clone3=435, openat2=437, pidfd_getfd=438,
    process_madvise=440, mount_setattr=442, quotactl_fd=443, memfd_secret=447, process_mrelease=448, statmount=457,
    listmount=458, lsm_set_self_attr=460, open_tree_attr=467,
)
NUMBERS = MACHINES.get(os.uname().machine, {}) | EVERYWHERE
def kernel(name, *arguments):
    "A bare kernel call; -1 where the machine has none of this name."
    if name not in NUMBERS:
        return -1
    return libc.syscall(ctypes.c_long(NUMBERS[name]), *map(wide, arguments))
def wide(value):
    return ctypes.c_long(value) if isinstance(value, int) else value
"""
)

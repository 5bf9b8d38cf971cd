"""How the container is confined: what the daemon limits, and our seccomp profile.

The profile allows what a worker needs to build its jail inside, and differs from Docker's own in both directions.
Allowed here, where Docker demands CAP_SYS_ADMIN: namespaces and mounts, which a user without privileges may have
inside a user namespace of its own. Absent here, though Docker allows them: all sockets but Unix ones (in a network
namespace of its own a program would be the administrator, and netlink and packet filters are where kernels break),
System V and POSIX queues, tracing, asynchronous I/O, new extended attributes.

The worker puts its own, much narrower filter on top before any program runs. Names are those of Linux for x86-64 and
aarch64; a runtime passes over those that its machine does not have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assaygym.sandbox._image import LABEL
from assaygym.sandbox.base import MIB, Limits

USER = "65534:65534"
SPARE_BYTES = 192 * MIB
"""Memory of a worker beside its program: two interpreters, shared memory."""
SPARE_PROCESSES = 32
"""Processes of a place's workers beside the program's, those that are idle included."""
SHARED_MEMORY_BYTES = 32 * MIB
INODES = 8192
LOOSENED = {"name=apparmor": "apparmor=unconfined", "name=selinux": "label=disable"}
"""Where these are on, their default rules for containers forbid mounts, or the folders that we share with it."""
ARCHITECTURES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}
AF_UNIX = 1

GROUPS = {
    "files": """
        access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
        fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fstat
        fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init
        inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr llistxattr lseek lstat mkdir mkdirat
        mknod mknodat newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
        readlink readlinkat readv rename renameat renameat2 rmdir sendfile splice stat statfs statx symlink symlinkat
        sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev
    """,
    "waiting": """
        epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 pipe pipe2 poll ppoll
        pselect6 select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_settime
    """,
    "memory": """
        brk madvise map_shadow_stack membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap mseal
        msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect
    """,
    "processes": """
        arch_prctl clone clone3 execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv
        futex_wake get_robust_list getcpu getpgid getpgrp getpid getppid getpriority getrlimit getrusage getsid gettid
        ioprio_get ioprio_set kill pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq
        sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
        sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
        set_robust_list set_tid_address setpgid setpriority setrlimit setsid sysinfo tgkill times tkill uname vfork
        wait4 waitid
    """,
    "signals and clocks": """
        alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep pause rt_sigaction
        rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo
        setitimer sigaltstack time timer_create timer_delete timer_getoverrun timer_gettime timer_settime
    """,
    "identity": """
        capget capset getegid geteuid getgid getgroups getrandom getresgid getresuid getuid setfsgid setfsuid setgid
        setgroups setregid setresgid setresuid setreuid setuid
    """,
    "sockets that are there": """
        accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
        sendto setsockopt shutdown socketpair
    """,
    "the worker's own jail": """
        landlock_add_rule landlock_create_ruleset landlock_restrict_self mount mount_setattr move_mount open_tree
        pivot_root seccomp setdomainname sethostname setns umount2 unshare
    """,
}


def options(info: Mapping[str, Any], workers: int, limits: Limits) -> dict[str, Any]:
    """How the container is made, in the words of the docker SDK.

    Args:
        info: what the daemon says of itself.
        workers: see `_container.Container`.
        limits: see `_container.Container`.
    """
    security = ["no-new-privileges:true"]
    daemon = [option.split(",")[0] for option in info.get("SecurityOptions") or ()]
    security += [mend for name, mend in LOOSENED.items() if name in daemon]
    if "name=seccomp" in daemon and info["Architecture"] in ARCHITECTURES:
        security.append(f"seccomp={profile()}")
    memory = workers * (limits.memory_bytes + limits.file_bytes + SPARE_BYTES)
    scratch = f"rw,exec,nosuid,nodev,mode=1777,size={workers * limits.file_bytes},nr_inodes={workers * INODES}"
    return {
        "network_mode": "none",
        "read_only": True,
        "user": USER,
        "cap_drop": ["ALL"],
        "security_opt": security,
        "pids_limit": workers * (limits.processes + SPARE_PROCESSES) + SPARE_PROCESSES,
        "mem_limit": memory,
        "memswap_limit": memory,
        "nano_cpus": min(workers, info["NCPU"]) * 1_000_000_000,
        "shm_size": workers * SHARED_MEMORY_BYTES,
        "tmpfs": {"/tmp": scratch},
        "hostname": "sandbox",
        "working_dir": "/",
        "auto_remove": True,
        "labels": {LABEL: "sandbox"},
    }


def profile() -> str:
    """The profile as JSON, in the form that the daemon takes as `seccomp=`."""
    names = sorted(name for group in GROUPS.values() for name in group.split())
    unix_only = {"index": 0, "value": AF_UNIX, "op": "SCMP_CMP_EQ"}
    content: dict[str, Any] = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "archMap": [{"architecture": name, "subArchitectures": []} for name in ARCHITECTURES.values()],
        "syscalls": [
            {"names": names, "action": "SCMP_ACT_ALLOW"},
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [unix_only]},
        ],
    }
    return json.dumps(content)

"""The numbers of the system calls that the seccomp policy names; linux/asm/unistd_64.h and asm-generic/unistd.h.

Calls that no group names need no number: they are allowed.
"""

from __future__ import annotations

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The audit code of each machine, as `os.uname` names it; the order is that of the columns below."""

FIRST_FOREIGN = 0x40000000
"""From here on x86-64 takes calls in the x32 convention."""

FIRST_UNKNOWN = 451
"""The table ends with Linux 6.1; programs that know newer calls can do without them."""

_GROUPS = {
    "tracing": """
        ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272, process_madvise 440 440,
        pidfd_getfd 438 438, process_mrelease 448 448, perf_event_open 298 241, bpf 321 280, userfaultfd 323 282""",
    "mounts": """
        mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51, open_tree 428 428, move_mount 429 429,
        fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433, mount_setattr 442 442""",
    "namespaces": "setns 308 268, unshare 272 97",
    "machine": """
        init_module 175 105, finit_module 313 273, delete_module 176 106, kexec_load 246 104, kexec_file_load 320 294,
        reboot 169 142, swapon 167 224, swapoff 168 225, sethostname 170 161, setdomainname 171 162, iopl 172 -,
        ioperm 173 -, syslog 103 116, acct 163 89, quotactl 179 60, quotactl_fd 443 443, vhangup 153 58,
        modify_ldt 154 -, personality 135 92, uselib 134 -, nfsservctl 180 42""",
    "clocks": "settimeofday 164 170, clock_settime 227 112, clock_adjtime 305 266, adjtimex 159 171",
    "handles": """
        name_to_handle_at 303 264, open_by_handle_at 304 265, fanotify_init 300 262, fanotify_mark 301 263,
        lookup_dcookie 212 18""",
    "keys": "add_key 248 217, request_key 249 218, keyctl 250 219",
    "system_v": """
        shmget 29 194, shmat 30 196, shmctl 31 195, shmdt 67 197, semget 64 190, semop 65 193, semctl 66 191,
        semtimedop 220 192, msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187""",
    "queues": """
        mq_open 240 180, mq_unlink 241 181, mq_timedsend 242 182, mq_timedreceive 243 183, mq_notify 244 184,
        mq_getsetattr 245 185""",
    "memory": """
        move_pages 279 239, migrate_pages 256 238, mbind 237 235, set_mempolicy 238 237,
        set_mempolicy_home_node 450 450, memfd_create 319 279, memfd_secret 447 447""",
    "rings": "io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427",
    "landlock": "landlock_create_ruleset 444 444, landlock_add_rule 445 445, landlock_restrict_self 446 446",
    "attributes": """
        setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15,
        fremovexattr 199 16""",
    "flushes": "sync 162 81, syncfs 306 267",
    "forks": "fork 57 -, vfork 58 -",
    "marks": """
        chmod 90 -, fchmod 91 52, fchmodat 268 53, chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54,
        utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88""",
    "schedules": """
        sched_setaffinity 203 122, sched_setscheduler 144 119, sched_setparam 142 118, sched_setattr 314 274""",
    "signals": "kill 62 129, tkill 200 130, tgkill 234 131, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240",
    "singles": """
        clone 56 220, clone3 435 435, socket 41 198, socketpair 53 199, connect 42 203, ioctl 16 29, fcntl 72 25,
        prctl 157 167, prlimit64 302 261, setpriority 141 140, ioprio_set 251 30, pidfd_open 434 434,
        pidfd_send_signal 424 424, truncate 76 45, open 2 -, openat 257 56, openat2 437 437""",
    "watches": "inotify_init 253 -, inotify_init1 294 26, inotify_add_watch 254 27",
}


def numbers(machine: str) -> dict[str, dict[str, int]]:
    """Per group the calls that the machine has, with their numbers.

    Raises:
        KeyError: there is no column for this machine; `ARCHITECTURES` lists them.
    """
    column = 1 + {name: at for at, name in enumerate(ARCHITECTURES)}[machine]
    table: dict[str, dict[str, int]] = {}
    for group, text in _GROUPS.items():
        rows = [row.split() for row in text.split(",")]
        table[group] = {row[0]: int(row[column]) for row in rows if row[column] != "-"}
    return table

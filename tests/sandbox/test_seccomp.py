"""The compiler of filters on a machine of 20 lines, and the policy, told a second time as a table of verdicts."""

import errno
import re
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.sandbox.guest.bpf import ALLOW, ERROR, KILL, Check, Rule, compile_filter
from assaygym.sandbox.guest.seccomp import OWN_PID, VARIANTS, filter_program
from assaygym.sandbox.guest.syscalls import ARCHITECTURES, numbers

MINE = 4321
EPERM, ENOSYS, EAGAIN, EAFNOSUPPORT = (
    ERROR | number for number in (errno.EPERM, errno.ENOSYS, errno.EAGAIN, errno.EAFNOSUPPORT)
)
NOTHING = ERROR
VALUES_OF_NOTE = (
    0, 1, 2, 3, 8, 15, 17, MINE, MINE + 2**32, 0x200, 0x201, 0x203, 0x400, 0x10000, 0x3D0F00, 0x53FF, 0x5400, 0x5412,
    0x541C, 0x5421, 0x54FF, 0x5500, 0x20000011, 0x20000111, 0x70020011, 0x30020011, 0x40086602, 0x401C5820, 2**32 - 1,
    2**32, 2**63,
)  # fmt: skip
ARCHITECTURE = ARCHITECTURES["x86_64"]
VERDICTS = st.integers(0, 40).map(lambda number: ERROR | number) | st.just(ALLOW)
OPERANDS = st.sampled_from((0, 1, 2, 17, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
MASKS = st.sampled_from((0xFFFFFFFF, 0xFF, 0x201))
CHECKS = st.builds(Check, st.integers(0, 5), st.sampled_from(("==", "!=", ">=", "&")), OPERANDS, VERDICTS, MASKS)
RULES = st.builds(Rule, VERDICTS, st.lists(CHECKS, max_size=4).map(tuple))
MAPS = st.dictionaries(st.integers(1, 600), RULES, max_size=200).flatmap(
    lambda rest: RULES.map(lambda r: {0: r} | rest)
)
HEADERS = {
    "x86_64": (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), r"#define __NR_(\w+)\s+(\d+)"),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"), r"#define __NR(?:3264)?_(\w+)\s+(\d+)"),
}

ALWAYS = {
    EPERM: """
        ptrace process_vm_readv process_vm_writev kcmp process_madvise pidfd_getfd process_mrelease perf_event_open bpf
        userfaultfd mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
        setns unshare init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff
        sethostname setdomainname iopl ioperm syslog acct quotactl quotactl_fd vhangup modify_ldt personality uselib
        nfsservctl settimeofday clock_settime clock_adjtime adjtimex name_to_handle_at open_by_handle_at fanotify_init
        fanotify_mark lookup_dcookie add_key request_key keyctl shmget shmat shmctl shmdt semget semop semctl
        semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
        move_pages migrate_pages mbind set_mempolicy set_mempolicy_home_node memfd_create memfd_secret io_uring_setup
        io_uring_enter io_uring_register landlock_create_ruleset landlock_add_rule landlock_restrict_self
        inotify_init inotify_init1 inotify_add_watch""",
    ERROR | errno.EOPNOTSUPP: "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
    NOTHING: "sync syncfs",
    ENOSYS: "clone3",
}
ALONE = {
    EPERM: "pidfd_send_signal connect truncate",
    EAGAIN: "fork vfork",
    NOTHING: "chmod fchmod fchmodat chown fchown lchown fchownat utime utimes futimesat utimensat",
    ENOSYS: "openat2",
    EAFNOSUPPORT: "socket",
}
NAMESPACE_BITS = 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x20000
RUN_CLONES = {0x20000011, 0x20000111}
SESSION_CLONES = RUN_CLONES | {0x70020011, 0x30020011}

Judge = Callable[[Sequence[int]], bool]
"""Whether a call with these arguments is allowed; the low 32 bits of each."""


def steps_of(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> list[int]:
    """The operands of the instructions that the kernel would run for this call; the last is the verdict."""
    filled = [argument % 2**64 for argument in (*arguments, *[0] * 6)][:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *filled)
    accumulator, at = 0, 0
    steps: list[int] = []
    while True:
        code, if_true, if_false, operand = struct.unpack_from("<HBBI", program, 8 * at)
        at += 1
        steps.append(operand)
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif code == 0x54:
            accumulator &= operand
        elif code == 0x06:
            return steps
        elif code == 0x05:
            at += operand
        else:
            held = {0x15: accumulator == operand, 0x35: accumulator >= operand, 0x45: bool(accumulator & operand)}[code]
            at += if_true if held else if_false


def evaluate(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    return steps_of(program, architecture, number, arguments)[-1]


def clones(exact: set[int]) -> Judge:
    return lambda given: given[0] in exact or not any(given[0] & bit for bit in NAMESPACE_BITS)


def me(given: Sequence[int]) -> bool:
    return given[0] == MINE


def me_or_zero(given: Sequence[int]) -> bool:
    return given[0] in (0, MINE)


def not_the_first(given: Sequence[int]) -> bool:
    return given[0] != 1


SCHEDULES = ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")
CONDITIONS: dict[str, tuple[Judge, int]] = {
    "clone": (clones(RUN_CLONES), EPERM),
    "socket": (lambda given: given[0] == 1, EAFNOSUPPORT),
    "socketpair": (lambda given: given[0] == 1, EAFNOSUPPORT),
    "ioctl": (lambda given: given[1] not in (0x5412, 0x541C, 0x40086602, 0x401C5820), EPERM),
    "fcntl": (lambda given: given[1] != 1024, EPERM),
    "prlimit64": (lambda given: given[0] == 0, EPERM),
    "setpriority": (lambda given: given[0] in (0, 1) and given[1] != 1, EPERM),
    "ioprio_set": (lambda given: given[0] in (0, 1, 2) and given[1] != 1, EPERM),
    **dict.fromkeys(
        ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"), (not_the_first, EPERM)
    ),
}
ALONE_CONDITIONS: dict[str, tuple[Judge, int]] = {
    "socketpair": (lambda given: given[0] == 1 and given[1] & 2 == 0, EAFNOSUPPORT),
    "prlimit64": (me_or_zero, EPERM),
    "setpriority": (lambda given: given[0] == 0 and given[1] in (0, MINE), EPERM),
    "ioprio_set": (lambda given: given[0] == 1 and given[1] in (0, MINE), EPERM),
    "fcntl": (lambda given: given[1] not in (15, 1024) and (given[1] != 8 or given[2] == MINE), EPERM),
    "prctl": (lambda given: given[0] != 1, EPERM),
    "open": (lambda given: given[1] & 3 in (1, 2) or given[1] & 0x203 == 0, EPERM),
    "openat": (lambda given: given[2] & 3 in (1, 2) or given[2] & 0x203 == 0, EPERM),
    **dict.fromkeys(SCHEDULES, (me_or_zero, EPERM)),
    **dict.fromkeys(("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open"), (me, EPERM)),
}


def expected(variant: str, name: str, arguments: Sequence[int]) -> int:
    low = [argument % 2**32 for argument in arguments]
    if variant == "landlock" and name.startswith("landlock_"):
        return ALLOW
    if variant == "alone" and name == "clone":
        if any(low[0] & bit for bit in NAMESPACE_BITS):
            return EPERM
        return ALLOW if low[0] & 0x10000 else EAGAIN
    if variant == "alone" and name == "ioctl":
        known = low[1] >> 8 & 0xFF == 0x54
        return EPERM if low[1] in (0x5412, 0x541C) else ALLOW if known else ERROR | errno.ENOTTY
    fixed = [ALONE, ALWAYS] if variant == "alone" else [ALWAYS]
    for table in fixed:
        for verdict, names in table.items():
            if name in names.split():
                return verdict
    conditions = CONDITIONS | (ALONE_CONDITIONS if variant == "alone" else {})
    if variant == "session":
        conditions = conditions | {"clone": (clones(SESSION_CLONES), EPERM)}
    allowed, verdict = conditions.get(name, (lambda _: True, ALLOW))
    return ALLOW if allowed(low) else verdict


VALUES = st.sampled_from(VALUES_OF_NOTE) | st.integers(0, 2**64 - 1)


def program_of(machine: str, variant: str) -> bytes:
    program = filter_program(machine, variant, own_pid=MINE if variant == "alone" else None)
    assert program is not None
    return program


def names_of(machine: str) -> dict[int, str]:
    return {number: name for group in numbers(machine).values() for name, number in group.items()}


def judge(rule: Rule, arguments: Sequence[int]) -> int:
    for argument, test, operand, verdict, mask in rule.checks:
        value = arguments[argument] & mask
        holds = {
            "==": value == operand,
            "!=": value != operand,
            ">=": value >= operand,
            "&": bool(value & operand),
        }
        if holds[test]:
            return verdict
    return rule.otherwise


@given(MAPS, st.integers(0, 650), st.lists(OPERANDS | st.integers(0, 2**64 - 1), min_size=6, max_size=6))
def test_a_call_gets_the_verdict_of_the_rule_at_or_below_its_number(
    rules: dict[int, Rule], number: int, arguments: list[int]
) -> None:
    rule = rules[max(start for start in rules if start <= number)]
    assert evaluate(compile_filter(ARCHITECTURE, rules), ARCHITECTURE, number, arguments) == judge(rule, arguments)


def test_jumps_over_more_than_255_instructions_arrive() -> None:
    rules = {
        start: Rule(ERROR | start, tuple(Check(0, "==", 1000 + start + n, ALLOW) for n in range(8)))
        for start in range(400)
    }
    program = compile_filter(ARCHITECTURE, rules)
    assert len(program) // 8 > 4 * 255
    assert [evaluate(program, ARCHITECTURE, number) for number in rules] == [ERROR | number for number in rules]
    assert evaluate(program, ARCHITECTURE, 399, (1399 + 7,)) == ALLOW


def test_neighbours_with_one_rule_share_a_leaf() -> None:
    alike = compile_filter(ARCHITECTURE, {number: Rule(ALLOW) for number in range(300)})
    assert alike == compile_filter(ARCHITECTURE, {0: Rule(ALLOW)})


def test_another_architecture_kills() -> None:
    program = compile_filter(ARCHITECTURE, {0: Rule(ALLOW)})
    assert evaluate(program, 0x40000003, 5) == KILL
    assert evaluate(program, ARCHITECTURE, 0xFFFFFFFF) == ALLOW


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_call_has_the_verdict_of_the_table(machine: str, variant: str) -> None:
    program, names = program_of(machine, variant), names_of(machine)
    rows = [
        (),
        (1,),
        (2, 1),
        (MINE, MINE),
        (17,),
        (0x3D0F00,),
        (0x20000011,),
        (0x70020011,),
        (1, 0x541C),
        (1, 0x8901),
        (3, 8),
        (3, 1024),
    ]
    for number in range(451):
        for arguments in ((*row, *[0] * 6)[:6] for row in rows):
            wanted = expected(variant, names.get(number, ""), arguments)
            assert evaluate(program, ARCHITECTURES[machine], number, arguments) == wanted, (
                names.get(number),
                arguments,
            )
    assert {evaluate(program, ARCHITECTURES[machine], number) for number in range(451, 601)} == {ENOSYS}


@given(
    st.sampled_from(sorted(ARCHITECTURES)),
    st.sampled_from(VARIANTS),
    st.sampled_from(sorted({*CONDITIONS, *ALONE_CONDITIONS})),
    st.lists(VALUES, min_size=6, max_size=6),
)
def test_every_combination_of_arguments_has_the_verdict_of_the_table(
    machine: str, variant: str, name: str, arguments: list[int]
) -> None:
    number = {call: at for at, call in names_of(machine).items()}.get(name)
    if number is not None:
        found = evaluate(program_of(machine, variant), ARCHITECTURES[machine], number, arguments)
        assert found == expected(variant, name, arguments)


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
@pytest.mark.parametrize("variant", VARIANTS)
def test_foreign_conventions_kill(machine: str, variant: str) -> None:
    program = program_of(machine, variant)
    other = next(code for name, code in ARCHITECTURES.items() if name != machine)
    for architecture in (0x40000003, other, 0):
        assert evaluate(program, architecture, 0) == KILL
    for number in (0x40000000, 0x40000000 + 520, 0xFFFFFFFF):
        assert evaluate(program, ARCHITECTURES[machine], number) == KILL


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_ordinary_call_passes_no_more_than_a_dozen_instructions(machine: str, variant: str) -> None:
    program, read = program_of(machine, variant), {"x86_64": 0, "aarch64": 63}[machine]
    assert len(steps_of(program, ARCHITECTURES[machine], read)) <= 12
    assert len(program) // 8 < 4096


def test_the_process_number_leaves_no_trace_of_what_stood_for_it() -> None:
    first, second = (filter_program("x86_64", "alone", own_pid=pid) or b"" for pid in (5, 0x3FFFFF))
    assert struct.pack("<I", OWN_PID) not in first + second
    changed = [at for at in range(0, len(first), 8) if first[at : at + 8] != second[at : at + 8]]
    assert {struct.unpack_from("<I", second, at + 4)[0] for at in changed} == {0x3FFFFF}
    assert len(changed) == 14


@pytest.mark.parametrize(("variant", "pid"), [("alone", None), ("run", 7), ("half", None)])
def test_a_wrong_variant_or_process_number_is_refused(variant: str, pid: int | None) -> None:
    with pytest.raises(ValueError, match=variant):
        filter_program("x86_64", variant, own_pid=pid)


def test_a_machine_without_a_table_has_no_filter() -> None:
    assert filter_program("riscv64") is None


@pytest.mark.parametrize("machine", sorted(HEADERS))
def test_the_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    path, pattern = HEADERS[machine]
    if not path.exists():
        pytest.skip(f"no kernel headers at {path}")
    known = {name: int(number) for name, number in re.findall(pattern, path.read_text())}
    table = {name: number for group in numbers(machine).values() for name, number in group.items()}
    assert table == {name: known[name] for name in table}
    absent = {name for group in numbers("x86_64").values() for name in group} - set(table)
    assert not absent & set(known)

"""The filter, run on a machine of 30 lines that knows the instructions it is made of."""

import errno
import struct

import pytest

from assaygym.sandbox.guest.seccomp import ALLOW, ERROR, KILL, TABLES, filter_program

NAMES = {
    "x86_64": {
        "read": 0,
        "clone": 56,
        "socket": 41,
        "ioctl": 16,
        "ptrace": 101,
        "mount": 165,
        "execve": 59,
        "prlimit": 302,
    }
}
NAMES["aarch64"] = {
    "read": 63,
    "clone": 220,
    "socket": 198,
    "ioctl": 29,
    "ptrace": 117,
    "mount": 40,
    "execve": 221,
    "prlimit": 261,
}
REFUSED = ERROR | errno.EPERM
UNKNOWN = ERROR | errno.ENOSYS


def verdict(program: bytes, architecture: int, number: int, first: int = 0, second: int = 0) -> int:
    data = struct.pack("<IIQQQ", number, architecture, 0, first, second)
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, operand = struct.unpack_from("<HBBI", program, 8 * at)
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif code == 0x06:
            return int(operand)
        else:
            held = {0x15: accumulator == operand, 0x35: accumulator >= operand, 0x45: bool(accumulator & operand)}[code]
            at += if_true if held else if_false


@pytest.mark.parametrize("machine", sorted(TABLES))
@pytest.mark.parametrize(
    ("call", "first", "second", "expected"),
    [
        ("read", 0, 0, ALLOW),
        ("execve", 0, 0, ALLOW),
        ("ptrace", 0, 0, REFUSED),
        ("mount", 0, 0, REFUSED),
        ("clone", 17, 0, ALLOW),
        ("clone", 0x3D0F00, 0, ALLOW),
        ("clone", 0x10000000 | 17, 0, REFUSED),
        ("clone", 0x20000, 0, REFUSED),
        ("clone", 0x40000000, 0, REFUSED),
        ("socket", 1, 0, ALLOW),
        ("socket", 2, 0, ERROR | errno.EAFNOSUPPORT),
        ("socket", 40, 0, ERROR | errno.EAFNOSUPPORT),
        ("ioctl", 0, 0x5401, ALLOW),
        ("ioctl", 0, 0x5412, REFUSED),
        ("prlimit", 0, 0, ALLOW),
        ("prlimit", 1, 0, REFUSED),
    ],
)
def test_a_call_gets_this_verdict(machine: str, call: str, first: int, second: int, expected: int) -> None:
    program = filter_program(machine)
    assert program is not None
    architecture = TABLES[machine]["architecture"][0]
    # arguments lie after number, architecture and instruction pointer
    assert verdict(program, architecture, NAMES[machine][call], first, second) == expected


@pytest.mark.parametrize("machine", sorted(TABLES))
def test_foreign_conventions_kill_and_newer_calls_do_not_exist(machine: str) -> None:
    program = filter_program(machine)
    assert program is not None
    architecture = TABLES[machine]["architecture"][0]
    assert verdict(program, 0x40000003, 0) == KILL
    assert verdict(program, architecture, 0x40000000) == KILL
    assert verdict(program, architecture, 435) == verdict(program, architecture, 451) == UNKNOWN
    assert verdict(program, architecture, 450) == ALLOW


def test_a_machine_without_a_table_has_no_filter() -> None:
    assert filter_program("riscv64") is None

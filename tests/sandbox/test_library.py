"""What the compiled helper does to the memory of the process that calls it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assaygym.sandbox._helper import native_helper
from assaygym.sandbox.guest.library import load

MOVED = """
import ctypes, decimal, gc, json, mmap, os, sys, zlib
from assaygym.sandbox.guest.library import load, move_memory

def maps():
    with open("/proc/self/maps") as file:
        return [line.split(None, 5) for line in file]

def address(block):
    return ctypes.addressof(ctypes.c_char.from_buffer(block))

held = [bytearray(b"%d" % number) for number in range(100_000)]
kept, shared = mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE), mmap.mmap(-1, 1 << 16)
kept.madvise(mmap.MADV_DONTFORK)
kept[:4] = shared[:4] = b"text"
before = maps()
move_memory(load(sys.argv[1]), os.open("/proc", os.O_PATH), address(kept))
after = maps()
"""


@pytest.fixture(scope="module")
def helper() -> str:
    found = native_helper()
    if not found:
        pytest.skip("there is no compiler for the native helper")
    return found


def said(helper: str, program: str) -> str:
    command = [sys.executable, "-c", MOVED + program, helper]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_everything_goes_on_as_before(helper: str) -> None:
    program = """
assert all(part == b"%d" % number for number, part in enumerate(held))
held += [str(number) for number in range(300_000)]
print(json.loads("[1]"), decimal.Decimal("0.1") * 3, zlib.crc32(b"x"), gc.collect() >= 0, kept[:4], shared[:4])
"""
    assert said(helper, program) == "[1] 0.3 2363233923 True b'text' b'text'\n"


def test_code_lies_no_longer_in_pages_of_files(helper: str) -> None:
    program = """
for lines in before, after:
    print(any("x" in line[1] and len(line) > 5 and "/libc" in line[5] for line in lines))
"""
    assert said(helper, program) == "True\nFalse\n"


def test_nothing_is_both_written_and_executed(helper: str) -> None:
    assert said(helper, "print([line for line in after if 'w' in line[1] and 'x' in line[1]])") == "[]\n"


def test_what_no_child_shall_inherit_is_still_not_inherited(helper: str) -> None:
    program = """
if not os.fork():
    kept[0]
    os._exit(0)
print(os.WTERMSIG(os.wait()[1]))
"""
    assert said(helper, program) == "11\n"


def test_shared_memory_is_still_shared(helper: str) -> None:
    program = """
if not os.fork():
    shared[:4] = b"told"
    os._exit(0)
os.wait()
print(shared[:4])
"""
    assert said(helper, program) == "b'told'\n"


def test_without_a_list_of_regions_all_stays_where_it_is(helper: str) -> None:
    program = """
move_memory(load(sys.argv[1]), -1)
print(len(held))
"""
    assert said(helper, program) == "100000\n"


@pytest.mark.parametrize("path", ["", "/nowhere/zygote.so", "/dev/null"])
def test_what_is_no_library_is_none(path: str) -> None:
    assert load(path) is None

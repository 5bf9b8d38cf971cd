"""The census: who descends from this process, lost ones included, and what they hold."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from assaygym.benchmarks.speed.census import Family, Identity, is_program

pytestmark = [pytest.mark.alone, pytest.mark.usefixtures("no_shared_sandbox")]  # counts processes and what they hold
ORPHAN = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()"


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def pids(members: list[Identity]) -> set[int]:
    return {member.pid for member in members}


def test_a_child_belongs_to_the_family_until_it_is_reaped() -> None:
    family = Family()
    before = pids(family.members())
    with process("sleep", "60") as child:
        assert pids(family.members()) - before == {child.pid}
        child.kill()
        time.sleep(0.05)
        assert child.pid in pids(family.members())  # a process that nobody reaps is a leak
    assert pids(family.members()) == before


def test_a_process_that_was_seen_is_followed_after_its_parent_died() -> None:
    family = Family()
    with process(sys.executable, "-c", ORPHAN) as parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        assert {parent.pid, orphan} <= pids(family.members())
    try:
        assert orphan in pids(family.members())
    finally:
        os.kill(orphan, 9)
    time.sleep(0.1)
    assert orphan not in pids(family.members())  # dead, and whoever adopted it reaps it in its own time


def test_the_census_counts_what_this_process_holds() -> None:
    family = Family()
    before = family.census()
    with open(os.devnull), process("sleep", "60"):
        during = family.census()
    assert during.descriptors == before.descriptors + 3
    assert during.processes == before.processes + 1
    assert during.family_memory > before.family_memory
    assert during.memory > 1 << 20
    assert family.census().descriptors == before.descriptors


def test_the_mounts_are_counted() -> None:
    mountinfo = Path("/proc/self/mountinfo")
    before, counted, after = mountinfo.read_text(), Family().census().mounts, mountinfo.read_text()
    assert counted in (before.count("\n"), after.count("\n"))  # anybody may mount meanwhile


def test_the_cgroups_of_this_process_itself_are_no_leak() -> None:
    family = Family()
    with process("sleep", "60") as child:
        family.note_cgroups(child.pid)
        assert family.census().cgroups == 0


def test_a_cgroup_that_a_descendant_was_seen_in_counts_until_it_is_removed() -> None:
    folder = Path("/sys/fs/cgroup/pids") / f"assaygym-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    family = Family()
    try:
        with process("sleep", "60") as child:
            (folder / "cgroup.procs").write_text(str(child.pid))
            assert family.census().cgroups == 1
        assert family.census().cgroups == 1
    finally:
        folder.rmdir()
    assert family.census().cgroups == 0


WAITING = """
import subprocess, time
from assaygym.benchmarks.speed.census import Family
family, start = Family(), time.monotonic()
family.wait_until_gone(30)
print(time.monotonic() - start < 5)
with subprocess.Popen(["sleep", "60"]) as child:
    print(family.wait_until_gone(0.1).processes)
    child.kill()
"""


def test_waiting_ends_at_once_when_all_are_gone_and_in_time_when_not() -> None:
    seen = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True, timeout=60, check=True)
    assert seen.stdout.split() == ["True", "1"]


def test_an_ordinary_process_is_no_untrusted_program() -> None:
    assert not is_program(os.getpid())
    assert not is_program(1 << 30)


def test_a_process_inside_a_namespace_is_a_program_unless_it_is_the_first() -> None:
    probe = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*probe, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no process namespaces here")
    family = Family()
    known = pids(family.members())
    with process(*probe, "sh", "-c", "sleep 60 & wait") as outer:
        found: list[bool] = []
        inside: list[int] = []
        deadline = time.monotonic() + 10
        while found != [False, True] and time.monotonic() < deadline:  # it takes a moment to set up
            inside = sorted(pids(family.members()) - known - {outer.pid})
            found = [is_program(pid) for pid in inside]
        assert found == [False, True]
        for pid in inside:
            with suppress(ProcessLookupError):  # the first one's end is the other's
                os.kill(pid, 9)

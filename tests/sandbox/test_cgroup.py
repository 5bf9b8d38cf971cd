"""Groups on this machine's real hierarchy, and where they would be made on others, by the texts of such machines."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from assaygym.sandbox.guest import cgroup
from assaygym.sandbox.guest.cgroup import Group, Hierarchy, candidates, find

pytestmark = pytest.mark.alone  # memory is filled
V1_MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 {root} /sys/fs/cgroup/memory rw,relatime shared:12 master:3 - cgroup cgroup rw,memory
39 31 0:36 {root} /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
V2_MOUNTS = "30 23 0:26 {root} {point} rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
LIMIT = 300 << 20
HUNGRY = """
import os, signal, time
input()
children = []
for _ in range(8):
    if not (child := os.fork()):
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("900")
        held = bytearray(b"x") * (100 << 20)
        signal.pause()
    children.append(child)
killed, deadline = 0, time.monotonic() + 20
while killed < 6 and time.monotonic() < deadline:
    child, status = os.waitpid(-1, os.WNOHANG)
    killed += child != 0 and os.waitstatus_to_exitcode(status) == -9
    time.sleep(0.002)
print(killed)
for child in children:
    try:
        os.kill(child, 9)
    except ProcessLookupError:
        pass
"""


@pytest.fixture(scope="module")
def hierarchy() -> Hierarchy:
    found = find()
    if found is None:
        pytest.skip("this process may make no cgroups with a memory limit")
    return found


@pytest.fixture
def group(hierarchy: Hierarchy) -> Iterator[Group]:
    made = hierarchy.create("test", LIMIT, 64)
    assert made is not None
    yield made
    assert made.remove()


def child_of(script: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-S", "-c", script]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_eight_children_of_100_mb_do_not_fit_into_300(group: Group) -> None:
    assert group.oom_kills() == 0
    with child_of(HUNGRY) as parent:
        group.join(parent.pid)
        assert parent.communicate("go\n", timeout=60)[0] == "6\n"  # two fit, beside the interpreter
    assert group.oom_kills() == 6
    assert (group.was_full(), group.was_full()) == (True, False)


def test_a_program_that_fits_is_left_alone(group: Group) -> None:
    with child_of("input(); print(len(bytearray(b'x') * (100 << 20)))") as process:
        group.join(process.pid)
        assert process.communicate("go\n", timeout=60)[0] == f"{100 << 20}\n"
    assert (group.oom_kills(), group.was_full()) == (0, False)


def test_files_in_memory_count_too(group: Group) -> None:
    script = "input(); import tempfile; f = tempfile.TemporaryFile(dir='/dev/shm'); f.write(b'x' * (1 << 20) * 400)"
    if not os.path.isdir("/dev/shm") or os.statvfs("/dev/shm").f_bavail * os.statvfs("/dev/shm").f_bsize < 500 << 20:
        pytest.skip("/dev/shm has not 500 MB free")
    with child_of(script) as process:
        group.join(process.pid)
        process.communicate("go\n", timeout=60)
        assert process.returncode == -9
    assert group.oom_kills() == 1


def test_the_number_of_processes_is_bounded(group: Group) -> None:
    if group.pids is None:
        pytest.skip("there is no limit on the number of processes to be had")
    script = """
import os
input()
made = 0
try:
    while made < 200:
        if not os.fork():
            os.read(0, 1)
            os._exit(0)
        made += 1
except BlockingIOError:
    print(made)
"""
    with child_of(script) as process:
        group.join(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "63\n"
        process.stdin.close()


def test_the_limit_can_be_raised_and_lowered_and_is_written_only_when_it_changes(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "memory.max" if group.version == 2 else "memory.limit_in_bytes"
    for size in (LIMIT + (64 << 20), LIMIT - (64 << 20), LIMIT):
        group.set_memory(size)
        assert int(Path(group.memory, name).read_text()) == size
    monkeypatch.setattr(cgroup, "_write", lambda path, value: pytest.fail(f"{value} was written to {path}"))
    group.set_memory(LIMIT)


def test_swap_is_no_way_around_the_limit(group: Group) -> None:
    name, limit = ("memory.swap.max", 0) if group.version == 2 else ("memory.memsw.limit_in_bytes", LIMIT)
    path = Path(group.memory, name)
    if not path.exists():
        pytest.skip("this kernel does not account for swap")
    assert int(path.read_text()) == limit


def test_a_group_with_a_process_in_it_is_not_removed(hierarchy: Hierarchy, monkeypatch: pytest.MonkeyPatch) -> None:
    made = hierarchy.create("busy", LIMIT)
    assert made is not None
    with child_of("input()") as process:
        made.join(process.pid)
        monkeypatch.setattr(cgroup, "REMOVE_SECONDS", 0.05)
        assert not made.remove()
        process.kill()
    assert made.remove()
    assert made.remove()  # gone is gone


def test_removing_waits_for_a_process_that_is_ending(hierarchy: Hierarchy) -> None:
    made = hierarchy.create("ending", LIMIT)
    assert made is not None
    with child_of("import time; input(); time.sleep(0.1)") as process:
        made.join(process.pid)
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.close()
        start = time.monotonic()
        assert made.remove()
        assert time.monotonic() - start > 0.05


def test_joining_a_process_that_is_gone_is_an_error(group: Group) -> None:
    with child_of("pass") as process:
        process.wait()
    with pytest.raises(OSError, match="No such process"):
        group.join(process.pid)


def test_sweeping_removes_what_the_dead_left_and_nothing_else(hierarchy: Hierarchy, group: Group) -> None:
    with child_of("pass") as process:
        process.wait()
    left = [f"{base}/assaygym-{process.pid}-worker" for base in {hierarchy.memory, hierarchy.pids or hierarchy.memory}]
    kept = [f"{hierarchy.memory}/assaygym-x-worker", f"{hierarchy.memory}/assaygym2-{process.pid}-worker"]
    for path in [*left, *kept]:
        os.mkdir(path)
    try:
        assert hierarchy.sweep() == len(left)
        assert [os.path.exists(path) for path in [*left, *kept, *group.paths]] == [False] * len(left) + [True] * (
            len(kept) + len(group.paths)
        )
    finally:
        for path in [*left, *kept]:
            with suppress(FileNotFoundError):
                os.rmdir(path)


def test_a_left_over_group_of_the_same_name_is_replaced(hierarchy: Hierarchy) -> None:
    first = hierarchy.create("twice", LIMIT, 64)
    second = hierarchy.create("twice", LIMIT // 2, 64)
    assert first is not None
    assert second is not None
    assert first.paths == second.paths
    assert second.remove()


def test_a_group_that_cannot_be_made_is_none(tmp_path: Path) -> None:
    assert Hierarchy(1, str(tmp_path / "absent"), None).create("x", LIMIT) is None
    plain = Hierarchy(1, str(tmp_path), None)  # a folder whose members are no controls
    assert plain.create("x", LIMIT, 5) is None
    assert os.listdir(tmp_path) == []
    assert Hierarchy(2, str(tmp_path / "absent"), None).sweep() == 0


@pytest.mark.parametrize(
    ("mounts", "membership", "expected"),
    [
        pytest.param(
            V1_MOUNTS.format(root="/"),
            "8:pids:/\n4:memory:/user/a\n2:cpu,cpuacct:/\n0::/\n",
            [
                Hierarchy(1, "/sys/fs/cgroup/memory/user/a", "/sys/fs/cgroup/pids"),
                Hierarchy(2, *["/sys/fs/cgroup/unified"] * 2),
            ],
            id="version 1, with an empty version 2 beside it",
        ),
        pytest.param(
            V1_MOUNTS.format(root="/docker/1f"),
            "8:pids:/docker/1f\n4:memory:/docker/1f/x\n",
            [Hierarchy(1, "/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/pids")],
            id="version 1 in a container without a cgroup namespace",
        ),
        pytest.param(
            V1_MOUNTS.format(root="/docker/1f"), "8:pids:/\n4:memory:/other\n", [], id="our group is not visible"
        ),
        pytest.param(
            V2_MOUNTS.format(root="/", point="/sys/fs/cgroup"),
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte.scope\n",
            [
                Hierarchy(2, *[f"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice{last}"] * 2)
                for last in ("/vte.scope", "")
            ],
            id="version 2 under a user's systemd",
        ),
        pytest.param(
            V2_MOUNTS.format(root="/", point="/sys/fs/cgroup"),
            "0::/\n",
            [Hierarchy(2, *["/sys/fs/cgroup"] * 2)],
            id="version 2 in a container",
        ),
        pytest.param(V2_MOUNTS.format(root="/", point="/sys/fs/cgroup"), "0::/../up\n", [], id="outside the namespace"),
        pytest.param(V2_MOUNTS.format(root="/../x", point="/c"), "0::/a\n", [], id="a mount from outside"),
        pytest.param(
            V2_MOUNTS.format(root="/a\\040b", point="/c\\134d"),
            "0::/a b/é:1\n",
            [Hierarchy(2, *["/c\\d/é:1"] * 2), Hierarchy(2, *["/c\\d"] * 2)],
            id="escaped names",
        ),
        pytest.param("23 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "", [], id="no cgroups"),
    ],
)
def test_where_groups_may_be_possible(mounts: str, membership: str, expected: list[Hierarchy]) -> None:
    assert candidates(mounts, membership) == expected


class Kernel:
    """Plain folders that behave like a version 2 hierarchy: a folder comes with its files and goes with them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        self.root, self.mkdir, self.rmdir = root, os.mkdir, os.rmdir
        monkeypatch.setattr(os, "mkdir", self.make)
        monkeypatch.setattr(os, "rmdir", self.remove)
        monkeypatch.setattr(cgroup, "_write", self.control)

    def make(self, path: str | Path, mode: int = 0o777) -> None:
        self.mkdir(path, mode)
        parent = Path(path).parent / "cgroup.subtree_control"
        passed_on = parent.read_text() if parent.exists() else "cpu memory pids"
        files = {"cgroup.controllers": passed_on, "cgroup.subtree_control": "", "cgroup.procs": ""}
        if "memory" in passed_on:
            files |= {"memory.max": "max", "memory.swap.max": "max", "memory.events": "low 0\noom 2\noom_kill 1\n"}
        if "pids" in passed_on:
            files |= {"pids.max": "max"}
        for name, text in files.items():
            Path(path, name).write_text(text)

    def remove(self, path: str | Path) -> None:
        if not os.path.isdir(path):
            raise FileNotFoundError(path)
        for name in os.listdir(path):
            os.unlink(os.path.join(path, name))
        self.rmdir(path)

    def control(self, path: str, value: int | str) -> None:
        """Enabling a controller adds it, except where processes are."""
        file, text = Path(path), str(value)
        if not file.exists():
            raise FileNotFoundError(path)
        if file.name == "cgroup.subtree_control":
            if file.with_name("cgroup.procs").read_text():
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            text = f"{file.read_text()} {text[1:]}".strip()
        file.write_text(text)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A scope that holds us, in a slice, as systemd has them; find() sees it."""
    kernel = Kernel(tmp_path, monkeypatch)
    for folder in ("cg", "cg/app.slice", "cg/app.slice/our.scope"):
        kernel.make(tmp_path / folder)
        (tmp_path / folder / "cgroup.subtree_control").write_text("cpu memory pids")
    own = tmp_path / "cg/app.slice/our.scope"
    (own / "cgroup.subtree_control").write_text("")
    (own / "cgroup.procs").write_text("7\n")
    texts = {
        "/proc/self/mountinfo": V2_MOUNTS.format(root="/", point=tmp_path / "cg"),
        "/proc/self/cgroup": "0::/app.slice/our.scope\n",
    }
    read = cgroup._read
    monkeypatch.setattr(cgroup, "_read", lambda path: texts.get(path) or read(path))
    return kernel


def test_version_2_makes_groups_beside_a_group_that_holds_processes(kernel: Kernel) -> None:
    parent = str(kernel.root / "cg/app.slice")
    assert find() == Hierarchy(2, parent, parent)
    assert sorted(name for name in os.listdir(parent) if "." not in name) == []


def test_version_2_asks_an_empty_group_to_pass_controllers_on(kernel: Kernel) -> None:
    own = kernel.root / "cg/app.slice/our.scope"
    (own / "cgroup.procs").write_text("")
    assert find() == Hierarchy(2, str(own), str(own))
    assert (own / "cgroup.subtree_control").read_text() == "memory pids"


def test_version_2_without_the_pids_controller_limits_memory_alone(kernel: Kernel) -> None:
    parent = kernel.root / "cg/app.slice"
    for name in ("cgroup.controllers", "cgroup.subtree_control"):
        (parent / name).write_text("memory")
    found = find()
    assert found is not None
    assert found == Hierarchy(2, str(parent), None)
    group = found.create("w", LIMIT, 5)
    assert group is not None
    assert group.pids is None


def test_version_2_without_the_memory_controller_has_no_groups(kernel: Kernel) -> None:
    for folder in ("cg", "cg/app.slice"):
        for name in ("cgroup.controllers", "cgroup.subtree_control"):
            (kernel.root / folder / name).write_text("cpu")
    assert find() is None


def test_version_2_sets_its_own_files(kernel: Kernel) -> None:
    found = find()
    assert found is not None
    group = found.create("w", LIMIT, 5)
    assert group is not None
    texts = {name: Path(group.memory, name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max")}
    assert texts == {"memory.max": str(LIMIT), "memory.swap.max": "0", "pids.max": "5"}
    group.join(42)
    assert Path(group.memory, "cgroup.procs").read_text() == "42"
    assert (group.oom_kills(), group.was_full(), group.was_full()) == (1, True, False)
    assert group.remove()


def test_without_proc_there_are_no_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(path: str) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(cgroup, "_read", absent)
    assert find() is None

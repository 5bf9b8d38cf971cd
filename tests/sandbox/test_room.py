"""A run has no more memory than the machine, or a group above, can give to one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.sandbox import ExecStatus, Limits, open_sandbox
from assaygym.sandbox.guest import cgroup, room
from assaygym.sandbox.guest.cgroup import Group, Hierarchy

MIB = 1 << 20


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of 1 GiB."""
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1 << 18, "SC_PAGE_SIZE": 1 << 12}.__getitem__)


def groups(folder: Path, version: int, *limits: str) -> Path:
    """Groups one below the other, with these limits; the last."""
    for name, limit in zip("abc", limits, strict=False):
        folder = folder / name
        folder.mkdir()
        (folder / room.LIMITS[version]).write_text(f"{limit}\n")
    return folder


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("version", "limits", "most"),
    [
        (1, (), 768),
        (1, (str((1 << 63) - 4096),), 768),
        (2, ("max", "max"), 768),
        (2, ("max", str(512 * MIB), "max"), 384),
        (1, (str(400 * MIB), str(800 * MIB)), 300),
    ],
)
def test_one_run_may_have_most_of_what_there_is(
    tmp_path: Path, version: int, limits: tuple[str, ...], most: int
) -> None:
    assert room.most(str(groups(tmp_path, version, *limits)), version) == most * MIB


@pytest.mark.usefixtures("machine")
def test_a_larger_limit_is_brought_down_to_it(tmp_path: Path) -> None:
    folder = groups(tmp_path, 2, str(512 * MIB)) / "run"
    folder.mkdir()
    group = Group(2, str(folder), None)
    (folder / "memory.max").touch()
    group.set_memory(100 * MIB)
    assert int((folder / "memory.max").read_text()) == 100 * MIB
    group.set_memory(1 << 50)
    assert int((folder / "memory.max").read_text()) == 384 * MIB


@pytest.fixture
def small() -> Iterator[Hierarchy]:
    """Groups below one that holds 300 MiB, as in a container of that size."""
    found = cgroup.find()
    if found is None or found.version != 1:
        pytest.skip("no groups of version 1 can be made here")
    above = Hierarchy(1, found.memory, None).create("small", 300 * MIB)
    assert above is not None
    yield Hierarchy(1, above.memory, None)
    assert above.remove()


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("processes", [1, 8])
def test_who_takes_all_the_memory_that_there_is_is_out_of_memory(
    small: Hierarchy, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    """Its limit is beyond that."""
    monkeypatch.setattr(cgroup, "find", lambda: small)
    fork = f"import os\nfor _ in range({processes - 1}):\n    if os.fork() == 0: break\n"
    hog = "x = []\nwhile True: x.append(bytearray(b'x') * (1 << 20))"
    with open_sandbox("jail", workers=1) as sandbox:
        result = sandbox.run(fork + hog, limits=Limits(memory_bytes=64 << 30))
        assert result.status is ExecStatus.OUT_OF_MEMORY
        assert sandbox.run("print(1)").stdout == "1\n"

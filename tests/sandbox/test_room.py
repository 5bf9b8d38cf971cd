"""A run has no more memory than the machine, or a group above, can give to one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assaygym.sandbox.guest import room
from assaygym.sandbox.guest.cgroup import Group

MIB = 1 << 20


@pytest.fixture(autouse=True)
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


def test_a_larger_limit_is_brought_down_to_it(tmp_path: Path) -> None:
    folder = groups(tmp_path, 2, str(512 * MIB)) / "run"
    folder.mkdir()
    group = Group(2, str(folder), None)
    (folder / "memory.max").touch()
    group.set_memory(100 * MIB)
    assert int((folder / "memory.max").read_text()) == 100 * MIB
    group.set_memory(1 << 50)
    assert int((folder / "memory.max").read_text()) == 384 * MIB

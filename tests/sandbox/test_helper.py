"""The library that is compiled on first use, and how it is done without."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assaygym.sandbox import _helper
from assaygym.sandbox._helper import native_helper


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is built yet, and the cache is an empty folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("ASSAYGYM_NATIVE", raising=False)
    _helper._built.cache_clear()


@pytest.fixture
def compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        pytest.skip("this machine has no C compiler")
    return found


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that a compiler was given, which writes an empty file."""
    given = list[list[str]]()

    def run(command: list[str], **_: object) -> None:
        given.append(command)
        Path(command[command.index("-o") + 1]).write_bytes(b"")

    monkeypatch.setattr("assaygym.sandbox._helper.subprocess.run", run)
    monkeypatch.setattr("assaygym.sandbox._helper.shutil.which", lambda name: f"/usr/bin/{name}")
    return given


def fails_with(error: Exception) -> Callable[..., None]:
    def run(*_: object, **__: object) -> None:
        raise error

    return run


def built(path: Path) -> list[str]:
    return [str(file) for file in (path / "assaygym").iterdir()]


@pytest.mark.usefixtures("compiler")
def test_a_library_is_built_that_can_be_loaded() -> None:
    library = ctypes.CDLL(native_helper())
    assert library.serve
    assert library.remember_clean


def test_it_is_built_once_a_machine(commands: list[list[str]], tmp_path: Path) -> None:
    first = native_helper()
    _helper._built.cache_clear()  # as in another process
    assert native_helper() == first
    assert built(tmp_path) == [first]
    assert len(commands) == 1


def test_nobody_but_the_user_can_reach_it(commands: list[list[str]], tmp_path: Path) -> None:
    native_helper()
    assert (tmp_path / "assaygym").stat().st_mode & 0o777 == 0o700


def test_no_compiler_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.sandbox._helper.shutil.which", lambda name: None)
    assert native_helper() == ""


def test_a_library_that_is_there_needs_no_compiler(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    found = native_helper()
    _helper._built.cache_clear()
    monkeypatch.setattr("assaygym.sandbox._helper.shutil.which", lambda name: None)
    assert native_helper() == found != ""


def test_who_does_not_want_it_does_without(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAYGYM_NATIVE", "0")
    assert native_helper() == ""
    assert commands == []


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_library_that_others_could_have_written_is_replaced(commands: list[list[str]], mode: int) -> None:
    library = Path(native_helper())
    library.chmod(mode)
    _helper._built.cache_clear()
    assert native_helper() == str(library)
    assert len(commands) == 2
    assert library.stat().st_mode & 0o022 == 0


def test_a_library_of_another_user_is_replaced(commands: list[list[str]]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    library = Path(native_helper())
    os.chown(library, 65534, 65534)
    _helper._built.cache_clear()
    native_helper()
    assert library.stat().st_uid == 0


def test_a_folder_that_others_could_write_to_is_not_used(commands: list[list[str]], tmp_path: Path) -> None:
    native_helper()
    (tmp_path / "assaygym").chmod(0o777)
    _helper._built.cache_clear()
    assert native_helper() == ""


@pytest.mark.parametrize(
    "error",
    [subprocess.CalledProcessError(1, "cc"), subprocess.TimeoutExpired("cc", 60), PermissionError("not executable")],
)
def test_a_compiler_that_fails_is_no_library_and_leaves_nothing(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    monkeypatch.setattr("assaygym.sandbox._helper.subprocess.run", fails_with(error))
    assert native_helper() == ""
    assert built(tmp_path) == []


def test_nobody_knows_where_home_is(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", fails_with(RuntimeError("Could not determine home directory.")))
    assert native_helper() == ""


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null/below"])
def test_a_cache_that_cannot_be_written_is_no_library(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    assert native_helper() == ""


def test_a_relative_cache_folder_is_not_one(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert native_helper().startswith(f"{tmp_path}/.cache/assaygym/")


def test_many_threads_build_it_once(commands: list[list[str]]) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: native_helper(), range(8)))) == 1
    assert len(commands) == 1


@pytest.mark.usefixtures("compiler")
def test_several_processes_build_it_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from assaygym.sandbox._helper import native_helper; print(native_helper())"]
    building = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    seen = {process.communicate(timeout=60)[0].strip() for process in building}
    assert sorted(seen) == built(tmp_path)


def test_a_fork_while_another_thread_builds_can_build_as_well(commands: list[list[str]]) -> None:
    with _helper._lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if native_helper() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

"""The image made of this machine's files."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from assaygym.errors import MissingDependencyError, SandboxError
from assaygym.sandbox import _image
from assaygym.sandbox._image import CACHE, REPOSITORY, Layer, layer_of_this_machine, worker_image
from assaygym.sandbox._interpreter import interpreter

pytestmark = [
    pytest.mark.alone,  # images are made and removed
    pytest.mark.skipif(sys.platform != "linux", reason="the image is made of a Linux machine's files"),
]


@pytest.fixture(scope="module")
def layer() -> Layer:
    return layer_of_this_machine(("numpy", "no_such_package_anywhere"))


@pytest.fixture
def small(tmp_path: Path) -> Layer:
    """A program, a text and its bytecode."""
    for name, mode in (("tool", 0o700), ("a.py", 0o600), ("a.pyc", 0o600)):
        (tmp_path / name).write_text(name, encoding="utf-8")
        (tmp_path / name).chmod(mode)
        os.utime(tmp_path / name, (1_000_000_000, 1_000_000_000))
    return Layer({f"/deep/er/{path.name}": str(path) for path in tmp_path.iterdir()}, {"/link": "deep/er"})


def members(layer: Layer) -> dict[str, tarfile.TarInfo]:
    content = io.BytesIO()
    layer.write(content)
    content.seek(0)
    with tarfile.open(fileobj=content) as archive:
        return {member.name: member for member in archive.getmembers()}


class TestTag:
    def test_the_same_files_have_the_same_tag(self, layer: Layer) -> None:
        assert layer.tag() == layer_of_this_machine(("numpy",)).tag()
        assert layer.tag().startswith(f"{REPOSITORY}:")

    @pytest.mark.parametrize("change", ["content", "name", "link"])
    def test_what_differs_has_another_tag(self, small: Layer, tmp_path: Path, change: str) -> None:
        before = small.tag()
        if change == "content":
            (tmp_path / "a.py").write_text("other", encoding="utf-8")
        elif change == "name":
            small.files["/deep/er/b.py"] = small.files.pop("/deep/er/a.py")
        else:
            small.links["/link"] = "deep"
        assert small.tag() != before

    def test_bytecode_and_the_linkers_cache_do_not_count(self, small: Layer, tmp_path: Path) -> None:
        before = small.tag()
        (tmp_path / "a.pyc").write_text("other", encoding="utf-8")
        small.files[CACHE] = str(tmp_path / "a.pyc")
        assert small.tag() == before


class TestArchive:
    def test_files_are_roots_and_readable_by_all(self, small: Layer) -> None:
        found = members(small)
        assert {(member.uid, member.gid) for member in found.values()} == {(0, 0)}
        modes = {name: found[f"deep/er/{name}"].mode for name in ("tool", "a.py")}
        assert modes == {"tool": 0o755, "a.py": 0o644}

    def test_times_stay_or_bytecode_would_be_stale(self, small: Layer) -> None:
        assert members(small)["deep/er/a.py"].mtime == 1_000_000_000

    def test_folders_come_before_what_is_in_them(self, small: Layer) -> None:
        names = list(members(small))
        assert names.index("deep") < names.index("deep/er") < names.index("deep/er/a.py")

    def test_the_scratch_folder_is_everybodys(self, small: Layer) -> None:
        assert members(small)["tmp"].mode == 0o1777

    def test_links_are_links(self, small: Layer) -> None:
        link = members(small)["link"]
        assert (link.issym(), link.linkname) == (True, "deep/er")

    def test_it_is_the_same_each_time(self, small: Layer) -> None:
        first, second = io.BytesIO(), io.BytesIO()
        small.write(first)
        small.write(second)
        assert first.getvalue() == second.getvalue()


class TestContent:
    def test_the_interpreter_and_what_it_loads_are_there(self, layer: Layer) -> None:
        assert layer.links["/usr/bin/python3"] == interpreter() or interpreter() == "/usr/bin/python3"
        names = {os.path.basename(path) for path in layer.files}
        assert {os.path.basename(interpreter()), "os.py", "sh"} <= names
        assert any(name.startswith("libc.") for name in names)
        assert any(name.startswith("ld-") for name in names)

    def test_packages_come_only_when_they_are_asked_for(self, layer: Layer) -> None:
        assert any(path.endswith("/numpy/__init__.py") for path in layer.files)
        assert not any("/numpy/" in path or "/pytest/" in path for path in layer_of_this_machine().files)

    def test_tests_and_build_leftovers_are_not(self, layer: Layer) -> None:
        parts = {part for path in layer.files for part in Path(path).parent.parts}
        assert not parts & {"test", "tests", "idlelib", "tkinter"}
        assert not any(part.startswith("config-") for part in parts)

    def test_without_ldd_it_cannot_be_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
        with pytest.raises(MissingDependencyError, match=r"ldd, which is missing.*image="):
            layer_of_this_machine()


class Refusing:
    """A daemon that takes an image and has it not."""

    def __init__(self) -> None:
        self.images = self.api = self

    def list(self, name: str) -> list[object]:
        return []

    def import_image_from_data(self, *_: object) -> str:
        return "no space left"


class TestImport:
    def test_an_image_that_the_daemon_did_not_take_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_image, "layer_of_this_machine", lambda _: Layer())
        with pytest.raises(SandboxError, match="no space left"):
            worker_image(Refusing())

    def test_it_is_imported_once(self, docker_client: Any, docker_image: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(docker_client.api, "import_image_from_data", None)
        assert worker_image(docker_client) == docker_image

    def test_python_in_it_runs_with_its_libraries_numpy_and_a_shell(
        self, docker_client: Any, docker_image: str
    ) -> None:
        program = (
            "import ctypes, hashlib, lzma, sqlite3, ssl, subprocess, zlib, numpy\n"
            "print(numpy.linalg.solve([[2.0]], [84.0]), subprocess.getoutput('echo shell | tr a-z A-Z'))"
        )
        command = ["python3", "-I", "-c", program]
        said = docker_client.containers.run(
            docker_image, command, remove=True, network_mode="none", read_only=True, user="65534"
        )
        assert said == b"[42.] SHELL\n"

    def test_python_in_it_is_the_one_that_runs_here(self, docker_client: Any, docker_image: str) -> None:
        said = docker_client.containers.run(docker_image, ["python3", "-VV"], remove=True, network_mode="none")
        here = subprocess.run([interpreter(), "-VV"], capture_output=True, check=True)
        assert said == here.stdout

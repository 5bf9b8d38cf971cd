"""Workers on another Python than the host's, and with other packages: images bring their own."""

import ast
import io
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assaygym.errors import ConfigError
from assaygym.sandbox import ExecStatus, Limits, _image
from assaygym.sandbox._alone import why_not
from assaygym.sandbox._container import GUEST
from assaygym.sandbox._image import layer_of_this_machine, worker_image
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox.docker import DockerSandbox
from assaygym.sandbox.guest.survey import outermost, present, way
from assaygym.sandbox.jail import TIERS
from assaygym.sandbox.languages import language

pytestmark = pytest.mark.alone  # images are made and removed
GUEST_MODULES = """
import runpy, sys
from importlib import import_module
runpy.run_path(sys.argv[1])["name_this_folder"]()
for name in ("container", "survey", "worker"):
    import_module(f"assaygym.sandbox.guest.{name}")
for name, module in sys.modules.items():
    if name.startswith("assaygym.sandbox.guest."):
        print(module.__file__)
"""
OLDEST = (3, 9)


def older_python() -> str:
    """An interpreter of this machine of the oldest version that an image may have; "" where there is none."""
    name = "python{}.{}".format(*OLDEST)
    kept = sorted(Path.home().glob(f".pyenv/versions/*/bin/{name}"))
    for path in (shutil.which(name), *map(str, kept)):
        if path and not subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode:
            return os.path.realpath(path)
    return ""


def test_what_runs_in_a_container_keeps_to_the_grammar_of_the_oldest_python() -> None:
    command = [sys.executable, "-I", "-S", "-B", "-c", GUEST_MODULES, str(GUEST / "launcher.py")]
    listing = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    paths = [GUEST / "launcher.py", *map(Path, listing.split())]
    assert len(paths) > 10
    for path in paths:
        ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=OLDEST)


@pytest.mark.parametrize("tier", TIERS)
def test_an_image_may_have_an_older_python(docker_client: Any, monkeypatch: pytest.MonkeyPatch, tier: str) -> None:
    if not (python := older_python()):
        pytest.skip("there is no Python {}.{} on this machine to make an image of".format(*OLDEST))
    if tier == "landlock" and (lacks := why_not()):
        pytest.skip(f"this machine has no such tier: {lacks}")
    monkeypatch.setattr(_image, "interpreter", lambda: python)
    image = worker_image(docker_client, ())
    try:
        with DockerSandbox(1, image=image, tier=tier) as sandbox:
            late = Limits(wall_seconds=0.5)
            assert sandbox.run("import time; time.sleep(9)", limits=late).status is ExecStatus.TIMEOUT
            assert sandbox.run("read a; echo $a$a", language="bash", stdin="hi").stdout == "hihi\n"
            program = f"import sys; print(sys.version_info[:2], open('a').read())\n# {'x' * 1000}"
            for _ in range(3):  # the code of the third is compiled beforehand
                result = sandbox.run(program, files={"a": b"content"}, fetch=["a"])
                assert (result.stdout, result.files) == (f"{OLDEST} content\n", {"a": b"content"})
    finally:
        docker_client.images.remove(image, force=True)


ENVIRONMENT = {
    "pyvenv.cfg": "home = {home}\ninclude-system-site-packages = false\n",
    "lib/python{0}.{1}/site-packages/mine.py": "text = 'of the image'\n",
    "lib/python{0}.{1}/site-packages/more.pth": "/srv/more\n",
    "bin/greet": "#!/bin/sh\necho hello\n",
}


@pytest.fixture
def virtual(docker_client: Any, tmp_path: Path) -> Iterator[str]:
    """An image whose python3 is a virtual environment in /opt, with packages in two folders and a command."""
    layer = layer_of_this_machine()
    texts = {f"/opt/venv/{path}": text for path, text in ENVIRONMENT.items()} | {"/srv/more/other.py": "text = 'too'\n"}
    for number, (path, text) in enumerate(texts.items()):
        (tmp_path / str(number)).write_text(text.replace("{home}", os.path.dirname(interpreter())), encoding="utf-8")
        (tmp_path / str(number)).chmod(0o755)
        layer.files[path.format(*sys.version_info)] = str(tmp_path / str(number))
    layer.links["/opt/venv/bin/python3"] = interpreter()
    content = io.BytesIO()
    layer.write(content)
    name = f"assaygym-test:{uuid.uuid4().hex[:12]}"
    changes = ["ENV PATH=/opt/venv/bin:/usr/bin"]
    docker_client.api.import_image_from_data(content.getvalue(), *name.split(":"), changes=changes)
    try:
        yield name
    finally:
        docker_client.images.remove(name, force=True)


def test_programs_get_the_packages_and_commands_that_the_images_python_has(virtual: str) -> None:
    greet = replace(language("bash"), name="greet-test", aliases=(), run=("greet",))
    program = """
import mine, os, other, subprocess, sys
print(mine.text, other.text, sys.executable, os.listdir("/srv"))
print(subprocess.check_output([sys.executable, "-c", "import mine; print(mine.text)"], text=True))
"""
    with DockerSandbox(1, image=virtual) as sandbox:
        result = sandbox.run(program)
        assert result.stderr == ""
        assert result.stdout == "of the image too /opt/venv/bin/python3 ['more']\nof the image\n\n"
        assert sandbox._builder.run(greet, "", limits=Limits()).stdout == "hello\n"
        with pytest.raises(ConfigError, match="needs gcc"):
            sandbox.run("", language="c")


def test_a_path_is_shown_with_every_link_on_its_way(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "deep" / "file").touch()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "inner").symlink_to(tmp_path / "link" / "deep")
    parts = ["link", "real/inner", "link", "real/deep/file"]
    assert way(f"{tmp_path}/link/inner/file") == [f"{tmp_path}/{part}" for part in parts]
    assert way(f"{tmp_path}/real/deep") == [f"{tmp_path}/real/deep"]


def test_of_paths_the_outermost_that_exist_are_shown_and_all_links(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a")
    given = [f"{tmp_path}/{name}" for name in ("a/b", "a", "link", "link/b", "none", "a")]
    assert outermost(present(given)) == [f"{tmp_path}/{name}" for name in ("a", "link", "link/b")]

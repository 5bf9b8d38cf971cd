"""Workers on another Python than the host's: images bring their own."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assaygym.sandbox import ExecStatus, Limits, _image
from assaygym.sandbox._alone import why_not
from assaygym.sandbox._container import GUEST
from assaygym.sandbox._image import worker_image
from assaygym.sandbox.docker import DockerSandbox
from assaygym.sandbox.jail import TIERS

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

"""What is built and installed: everything, and only under the name assaygym."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import assaygym

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("sandbox", "verifiers", "envs", "agents", "benchmarks")


def links_among(folder: str | os.PathLike[str], names: list[str]) -> set[str]:
    return {name for name in names if (Path(folder) / name).is_symlink()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist, and a wheel made from that sdist alone."""
    source = tmp_path_factory.mktemp("source") / "assaygym"
    leftovers = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "build", "dist", "runs")
    shutil.copytree(ROOT, source, ignore=lambda folder, names: {*leftovers(folder, names), *links_among(folder, names)})
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--outdir", str(out), str(source)]
    subprocess.run(build, check=True, capture_output=True, cwd=out)
    return out


def sources() -> set[str]:
    files = {f"assaygym/{p.relative_to(ROOT)}" for layer in LAYERS for p in (ROOT / layer).rglob("*.py")}
    own = [*(ROOT / "assaygym").glob("*.py"), *(ROOT / "assaygym" / "cli").rglob("*.py")]
    return files | {str(p.relative_to(ROOT)) for p in own}


def in_wheel(built: Path) -> set[str]:
    (wheel,) = built.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.timeout(300)
def test_the_wheel_built_from_the_sdist_holds_every_module(built: Path) -> None:
    assert sources() - in_wheel(built) == set()


@pytest.mark.timeout(300)
def test_the_wheel_holds_the_source_that_is_compiled_on_first_use(built: Path) -> None:
    assert "assaygym/sandbox/guest/zygote.c" in in_wheel(built)


def test_the_wheel_holds_the_typing_marker_and_the_licence(built: Path) -> None:
    names = in_wheel(built)
    assert "assaygym/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.timeout(300)
def test_the_wheel_installs_nothing_beside_assaygym(built: Path) -> None:
    assert {name.split("/")[0] for name in in_wheel(built)} == {
        "assaygym",
        f"assaygym-{assaygym.__version__}.dist-info",
    }


@pytest.mark.timeout(300)
def test_the_sdist_holds_the_tests_and_what_they_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"tests/packaging/test_distribution.py", "constraints.txt", "CHANGELOG.md", "setup.py"} <= names


@pytest.mark.parametrize("layer", LAYERS)
def test_a_link_leads_to_its_layer_or_is_not_checked_out(layer: str) -> None:
    link = ROOT / "assaygym" / layer
    assert not link.is_symlink() or link.resolve() == ROOT / layer


@pytest.mark.parametrize("layer", LAYERS)
def test_a_bare_layer_name_never_means_this_checkout(layer: str) -> None:
    """Other distributions are imported as `verifiers` and `agents`: run `pytest`, not `python -m pytest`."""
    found = importlib.util.find_spec(layer)
    assert found is None or found.origin is None or ROOT not in Path(found.origin).resolve().parents


def test_a_layer_module_is_one_object_by_either_path() -> None:
    from assaygym.sandbox import base
    from assaygym.sandbox.base import ExecStatus

    assert sys.modules["assaygym.sandbox.base"] is base
    assert base.ExecStatus is ExecStatus

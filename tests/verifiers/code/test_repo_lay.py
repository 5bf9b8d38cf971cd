"""Of a patch everything is laid that changes what tests find, nothing that changes how they run."""

from __future__ import annotations

import pytest

from assaygym.verifiers.code import RepoTests
from assaygym.verifiers.code.repo_lay import import_roots, laid

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "conftest.py": "# ours\n",
    "src/pkg/__init__.py": "",
    "src/pkg/core.py": "x = 1\n",
    "queue.py": "",
    "tests/helpers.py": "# ours\n",
    "pkg2/__init__.py": "",
    "pkg2/test_two.py": "# replaced by the trusted one\n",
}
TASK = RepoTests(
    files=FILES,
    tests={"tests/unit/test_core.py": "a", "pkg2/test_two.py": "b"},
    hidden_files={"checks/test_more.py": "c"},
    fail_to_pass=("tests/unit/test_core.py::test_x",),
)


@pytest.mark.parametrize(
    "path",
    [
        *("src/pkg/core.py", "src/pkg/json.py", "src/pkg/__init__.py", "src/pkg/new/__init__.py", "src/pkg/data.txt"),
        *(
            "queue.py",
            "app.py",
            "pkg2/more.py",
            "docs/conf.py",
            "README.md",
            "setup.py",
            "testing_tools.py",
            "src/x.py",
        ),
    ],
)
def test_code_and_data_are_laid(path: str) -> None:
    found = laid(TASK, {path: "new"})
    assert found.code[path] == "new"
    assert found.flags == ()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("tests/unit/test_core.py", "a test of the task"),
        ("Tests/Unit/test_core.py", "a test of the task"),
        ("pkg2/test_two.py", "a test of the task"),
        ("checks/test_more.py", "a test of the task"),
        ("checks/__init__.py", "in a folder of tests"),
        ("tests/unit/__init__.py", "in a folder of tests"),
        ("TESTS/unit/x.py", "in a folder of tests"),
        ("tests/helpers.py", "in a folder of tests"),
        ("tests/re.py", "in a folder of tests"),
        *((f"{folder}{name}", "configuration of the tests")
          for folder in ("", "src/", "src/pkg/", "tests/")
          for name in ("conftest.py", "Conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", "tox.ini", "setup.cfg",
                       "pyproject.toml")),
        *((name, "loaded before the tests")
          for name in ("sitecustomize.py", "src/usercustomize.py", "sitecustomize/__init__.py", "x.pth", "a/b.PTH",
                       "x.egg-info/entry_points.txt", "x.dist-info/METADATA", "src/pkg/__pycache__/core.cpython.pyc",
                       "core.pyc", "core.so", "x.egg-link", "pyvenv.cfg", "src/entry_points.txt")),
        *((name, "hides a module of the tests' own")
          for name in ("json.py", "src/json.py", "unittest/__init__.py", "pytest.py", "_pytest/a/b.py", "src/pluggy.py",
                       "numpy.py", "__init__.py", "json.cpython-311.txt")),
    ],
)  # fmt: skip
def test_what_changes_how_tests_run_is_left_out_and_told(path: str, reason: str) -> None:
    found = laid(TASK, {path: "new", "src/pkg/core.py": "x = 2\n"})
    assert found.flags == (f"not_laid: {path} ({reason})",)
    assert found.code["src/pkg/core.py"] == "x = 2\n"
    assert "new" not in {**found.code, **found.support}.values()


def test_the_support_of_the_tests_stays_as_it_was() -> None:
    found = laid(TASK, {"conftest.py": None, "pyproject.toml": "", "src/pkg/core.py": None})
    assert found.support == {path: FILES[path] for path in ("pyproject.toml", "conftest.py", "tests/helpers.py")}
    assert set(found.code) == {"src/pkg/__init__.py", "queue.py", "pkg2/__init__.py"}


@pytest.mark.parametrize(
    ("paths", "roots"),
    [
        (["pkg/__init__.py", "pkg/a.py"], ("",)),
        (["src/pkg/__init__.py"], ("src", "")),
        (["src/one.py"], ("src", "")),
        (["python/pkg/__init__.py", "tests/unit/__init__.py"], ("python", "")),
        (["a.py"], ("",)),
    ],
)
def test_imports_start_from_folders_of_packages_as_well(paths: list[str], roots: tuple[str, ...]) -> None:
    assert import_roots(paths) == roots

"""Which files of a patch are laid: none that could change how the tests run rather than what they find."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from assaygym.verifiers.code.repo_bundle import PACKAGES
from assaygym.verifiers.code.repo_patch import Changes
from assaygym.verifiers.code.repo_paths import folded
from assaygym.verifiers.code.repo_tests import RepoTests

__all__ = ["CONFIGURATIONS", "Laid", "import_roots", "laid"]

CONFIGURATIONS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
"""Where pytest finds its options, in its order."""
_FIXED = {"conftest.py", *CONFIGURATIONS}
_STARTUP = re.compile(
    r"(?:.*/)?(?:sitecustomize|usercustomize)(?:\.py|/.*)|.*\.(?:pth|pyc|pyo|egg-link|so|pyd)"
    r"|(?:.*/)?(?:__pycache__|[^/]*\.(?:egg-info|dist-info))(?:/.*)?|(?:.*/)?(?:entry_points\.txt|pyvenv\.cfg)"
)
_TEST_FOLDERS = {"test", "tests", "testing"}


@dataclass(frozen=True, slots=True)
class Laid:
    """The files of one run, path to content, and what of the patch was left out, as flags."""

    code: dict[str, str]
    """What belongs to the program."""
    support: dict[str, str]
    """What of the repository belongs to the tests, as it was before the patch."""
    flags: tuple[str, ...]


def laid(tests: RepoTests, changes: Changes) -> Laid:
    """The repository after the patch, with the tests, configuration and test folders of the trusted copy."""
    repository, trusted = tests.repository, tests.trusted
    rules = _Rules(tests)
    flags: dict[str, None] = {}
    after = {path: content for path, content in repository.items() if path not in trusted}
    for path, content in changes.items():
        reason = rules.reason(path)
        if reason:
            flags[f"not_laid: {path} ({reason})"] = None
        elif content is None:
            after.pop(path, None)
        else:
            after[path] = content
    ours = {path: content for path, content in after.items() if rules.belongs_to_tests(path)}
    code = {path: content for path, content in after.items() if path not in ours}
    return Laid(code, ours, tuple(flags))


def import_roots(paths: Collection[str]) -> tuple[str, ...]:
    """The folders that imports start from: the repository, and first-level folders of packages such as `src`."""
    tops = {path.split("/")[0] for path in paths if path.count("/") and path.endswith(".py")}
    bare = {top for top in tops if f"{top}/__init__.py" not in paths and folded(top) not in _TEST_FOLDERS}
    inner = {top for top in bare if any(re.fullmatch(rf"{re.escape(top)}/[^/]+/__init__\.py", path) for path in paths)}
    return (*sorted(inner | (bare & {"src", "lib"})), "")


class _Rules:
    """Why a path of a patch is not laid; decided by the trusted files alone."""

    def __init__(self, tests: RepoTests) -> None:
        self._files = set(tests.repository)
        self._trusted = {folded(path) for path in tests.trusted}
        self._roots = import_roots([*self._files])
        self._folders = {folded(folder) for path in tests.trusted for folder in self._folders_of_tests(path)}

    def reason(self, path: str) -> str:
        """In words; "" where it is laid."""
        if folded(path) in self._trusted:
            return "a test of the task"
        if folded(PurePosixPath(path).name) in _FIXED:
            return "configuration of the tests"
        if _STARTUP.fullmatch(folded(path)):
            return "loaded before the tests"
        if self.belongs_to_tests(path):
            return "in a folder of tests"
        if path not in self._files and (path == "__init__.py" or self._shadows(path)):
            return "hides a module of the tests' own"
        return ""

    def belongs_to_tests(self, path: str) -> bool:
        """Whether the file is the tests' rather than the program's."""
        return PurePosixPath(path).name in _FIXED or self._in_test_folder(path)

    def _in_test_folder(self, path: str) -> bool:
        return any(folded(path).startswith(f"{folder}/") for folder in self._folders)

    def _folders_of_tests(self, trusted: str) -> Iterator[str]:
        """Of the folders of a trusted file those that by their name, or by what they hold, are for tests only."""
        parent, *others = map(str, PurePosixPath(trusted).parents)
        yield from (folder for folder in (parent, *others) if folded(folder.rpartition("/")[2]) in _TEST_FOLDERS)
        if parent != "." and not any(one.startswith(f"{parent}/") and one.endswith(".py") for one in self._files):
            yield parent

    def _shadows(self, path: str) -> bool:
        for root in self._roots:
            inside = path.removeprefix(f"{root}/") if root else path
            top = inside.split("/")[0].split(".")[0]
            place = f"{root}/{top}" if root else top
            known = any(one.startswith((f"{place}/", f"{place}.")) for one in self._files)
            if top in _TAKEN and not known:
                return True
        return False


_TAKEN = {*sys.stdlib_module_names, *PACKAGES, "numpy", "pytest_cov", "xdist", "_distutils_hack"}

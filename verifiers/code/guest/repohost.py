"""The process of pytest: lays files, runs the wanted tests, tells how each phase of each ended.

With `remote` modules it holds no code of the repository: what the tests import from there is in another process.
Without, that code runs in here, and nothing that this process says proves anything by itself.
"""

import importlib.util
import os
import random
import resource
import sys
import types
from importlib.machinery import ModuleSpec
from typing import Any

from assaygym.verifiers.code.guest.layout import lay
from assaygym.verifiers.code.guest.remote import Broken, Line
from assaygym.verifiers.code.guest.wire import quiet, receive, send

ARCHIVE = "pytest.zip"
INI = "assay.ini"
STACK = 100 << 20
MOST_WORDS = 300


class RemoteModule(types.ModuleType):
    """A module of the repository, which is in the candidate's process."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__["_assay_line"].ask("get", self.__dict__["_assay_ref"], name)


class Finder:
    """Finds the remote modules, before anything else does; a loader as well."""

    def __init__(self, line: Line, modules: list[str]) -> None:
        self.line = line
        self.tops = {name.split(".")[0] for name in modules}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Where the module is, if it is remote."""
        if name.split(".")[0] not in self.tops:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """The stand-in, once the candidate's process has imported the module."""
        module = RemoteModule(spec.name)
        found = self.line.call("__import__('importlib').import_module", (spec.name,), {})
        module.__dict__.update(_assay_line=self.line, _assay_ref=found._assay[1])
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: it has been executed over there."""


class Witness:
    """Keeps what pytest says of the wanted tests."""

    def __init__(self, wanted: list[str]) -> None:
        self.wanted = set(wanted)
        self.reports: list[list[str]] = []
        self.broken: list[list[str]] = []
        self.unfit = ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave the other tests out."""
        items[:] = [item for item in items if item.nodeid in self.wanted or base(item.nodeid) in self.wanted]

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be collected."""
        if report.outcome != "passed":
            self.broken.append([report.nodeid, words(report)])

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        """Notice what is no verdict on the candidate."""
        if call.excinfo is not None and isinstance(call.excinfo.value, Broken):
            self.unfit = str(call.excinfo.value)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """How a phase of a test ended."""
        outcome = f"x{report.outcome}" if hasattr(report, "wasxfail") else report.outcome
        when = report.when if type(report).__name__ == "TestReport" else "subtest"
        self.reports.append([report.nodeid, when, outcome, "" if outcome == "passed" else words(report)])


def base(node: str) -> str:
    """The node id without its parameters."""
    path, _, rest = node.partition("::")
    return f"{path}::{rest.partition('[')[0]}"


def words(report: Any) -> str:
    """The error in words, without the values that an assertion compares."""
    long = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    crash = getattr(long, "reprcrash", None)
    text = str(getattr(crash, "message", None) or str(long).strip().rpartition("\n")[2])
    if "assert" in text or text.startswith(("AssertionError", "Failed")):
        return "AssertionError"
    return text.split("\n")[0][:MOST_WORDS].encode("utf-8", "backslashreplace").decode()


def run(config: dict[str, Any]) -> list[Any]:
    """Run pytest; the message that tells what it said."""
    sys.path.insert(0, os.path.abspath(ARCHIVE))
    import pytest

    lay(config["files"], [] if config["remote"] else config["roots"])
    with open(f"../{INI}", "w", encoding="utf-8") as file:
        file.write("[pytest]\n")
    witness = Witness(config["wanted"])
    if config["remote"]:
        sys.meta_path.insert(0, Finder(Line(), config["remote"]))
    options = ["-c", config["ini"] or f"../{INI}", f"--rootdir={os.getcwd()}", "-o", "addopts="]
    options += ["-o", "required_plugins=", f"--import-mode={config['import_mode']}"]
    options += [part for name in ("cacheprovider", "terminal", "faulthandler") for part in ("-p", f"no:{name}")]
    code = pytest.main([*options, *config["paths"]], plugins=[witness])
    if witness.unfit:
        return ["broken", witness.unfit]
    return ["done", witness.reports, witness.broken, int(code)]


if __name__ == "__main__":
    quiet()
    random.seed(0)
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (STACK if hard == resource.RLIM_INFINITY else min(STACK, hard), hard))
    os.environ.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS="", COLUMNS="80")
    send(run(receive()))
    os._exit(0)

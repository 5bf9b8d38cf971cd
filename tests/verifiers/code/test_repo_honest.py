"""Right repairs of repositories in many styles are paid in full, and the fault itself is not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code import repo

SPEC = importlib.util.spec_from_file_location("repo_honest", Path(__file__).with_name("repo_honest.py"))
assert SPEC is not None
assert SPEC.loader is not None
sys.modules["repo_honest"] = honest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(honest)
REPAIRS: dict[str, Any] = honest.REPAIRS
LIMITS = Limits(wall_seconds=30)
QUICK = ("a diff", "blocks", "src layout, relative imports", "parametrized, plain", "not ASCII", "higher functions")
ONE_PROCESS = ("dataclasses", "unittest", "state of a module", "parametrized, in one process", "hidden tests")


@pytest.mark.parametrize("name", [*QUICK, *ONE_PROCESS])
def test_a_repair_is_paid(jail: Sandbox, name: str) -> None:
    report = repo(sandbox=jail, limits=LIMITS).run(REPAIRS[name].text, REPAIRS[name].task)
    assert report.score("binary").value == 1.0, report.explain()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in REPAIRS if name not in (*QUICK, *ONE_PROCESS)])
def test_a_repair_in_another_style_is_paid(jail: Sandbox, name: str) -> None:
    report = repo(sandbox=jail, limits=LIMITS).run(REPAIRS[name].text, REPAIRS[name].task)
    assert report.score("binary").value == 1.0, report.explain()


@pytest.mark.slow
@pytest.mark.parametrize("name", REPAIRS)
def test_the_fault_left_as_it_is_earns_nothing(jail: Sandbox, name: str) -> None:
    report = repo(sandbox=jail, limits=LIMITS).run("{}", REPAIRS[name].task)
    assert report.score("binary").value == 0.0

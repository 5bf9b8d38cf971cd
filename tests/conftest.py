"""For all tests: property tests without a clock, in CI the same examples at every run, and who must run alone."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

HERE = Path(__file__).parent
SOCIABLE = {"core", "envs", "verifiers"}
"""Folders whose tests run beside each other on all cores; those of the others run alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).parts[0] not in SOCIABLE:
            item.add_marker("alone")

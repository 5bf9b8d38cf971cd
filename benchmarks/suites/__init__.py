"""Suites: declared data sets with a prompt, a gold answer and a verifier.

`suite(id)` finds one, `load(suite, data)` reads its rows and makes the task.
"""

from __future__ import annotations

from assaygym.benchmarks.suites.catalogue import SUITES, suite
from assaygym.benchmarks.suites.declaration import Suite
from assaygym.benchmarks.suites.load import LoadedSuite, load

__all__ = ["SUITES", "LoadedSuite", "Suite", "load", "suite"]

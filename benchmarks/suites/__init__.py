"""Suites: declared data sets with a prompt, a gold answer and a verifier.

`suite(id)` finds one, `load(suite, data)` reads its rows and makes the task, `register(suite, data)` makes that an
environment with an id. A suite is declared in one of the catalogues.
"""

from __future__ import annotations

from assaygym.benchmarks.suites.catalogue import SUITES, suite
from assaygym.benchmarks.suites.declaration import Suite
from assaygym.benchmarks.suites.load import LoadedSuite, load, register

__all__ = ["SUITES", "LoadedSuite", "Suite", "load", "register", "suite"]

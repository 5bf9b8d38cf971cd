"""The suites that are known by name."""

from __future__ import annotations

from assaygym.benchmarks.suites.code_catalogue import CODE_SUITES
from assaygym.benchmarks.suites.declaration import Suite
from assaygym.benchmarks.suites.made_catalogue import MADE_SUITES
from assaygym.benchmarks.suites.math_catalogue import MATH_SUITES
from assaygym.benchmarks.suites.tool_catalogue import TOOL_SUITES
from assaygym.benchmarks.suites.training_catalogue import TRAINING_SUITES
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["SUITES", "suite"]

SUITES: dict[str, Suite] = {
    found.id: found for found in (*MATH_SUITES, *CODE_SUITES, *TOOL_SUITES, *MADE_SUITES, *TRAINING_SUITES)
}


def suite(name: str) -> Suite:
    """The suite of this name.

    Raises:
        ConfigError: there is none; the message suggests suites and environments with a near name.
    """
    if name in SUITES:
        return SUITES[name]
    from assaygym.envs.registration import all_specs

    known = [*SUITES, *(spec.id for spec in all_specs())]
    raise ConfigError(f"no suite or environment {name!r}; {did_you_mean(name, known)}")

"""What `assaygym.verifiers` offers, and what it costs to import."""

from __future__ import annotations

import pickle
import subprocess
import sys
from types import ModuleType

import pytest

from assaygym import verifiers
from assaygym.verifiers.base import Verifier, name_of

FACTORIES = {"exact": (), "choice": ("ABCD",), "regex": (r"\d+",), "number": (), "math": (), "state_equals": ()}


def test_every_public_name_is_importable_and_every_lazy_name_is_public() -> None:
    assert sorted(verifiers.__all__) == dir(verifiers)
    assert all(getattr(verifiers, name) is not None for name in verifiers.__all__)
    assert set(verifiers.__all__) <= set(dir(verifiers))


def test_public_names_are_sorted() -> None:
    assert verifiers.__all__ == sorted(verifiers.__all__)


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'maths_'.*number"):
        verifiers.__getattr__("maths_")


def test_importing_the_package_of_math_leaves_the_factory_in_its_place() -> None:
    import assaygym.verifiers.maths.verify as module

    assert isinstance(module, ModuleType)
    assert verifiers.math is module.math
    assert verifiers.math().name == "math"


@pytest.mark.parametrize("name", FACTORIES)
def test_a_factory_returns_a_small_verifier_that_pickles(name: str) -> None:
    verifier = getattr(verifiers, name)(*FACTORIES[name])
    copy = pickle.loads(pickle.dumps(verifier))
    assert isinstance(verifier, Verifier)
    assert copy == verifier
    assert name_of(copy) in ("exact", "choice", "regex", "number", "math", "state")
    assert len(pickle.dumps(verifier)) < 500


def test_importing_verifiers_and_scoring_a_plain_answer_loads_no_sympy() -> None:
    program = (
        "import sys, assaygym.verifiers as v; v.number()('42', '42'); v.math()('1/2', '0.5'); v.exact()('a', 'a');"
        "assert 'sympy' not in sys.modules and 'torch' not in sys.modules and 'pydantic' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", program], check=False).returncode == 0

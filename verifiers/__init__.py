"""Prove a response right or wrong: (response, answer) -> Score.

    exact choice regex number    short plain answers          math    mathematical equality
    state_equals                 final state of a tool world  code    programs against hidden tests (a package)
    Rubric                       several verifiers, weighed

Factories return small picklable objects with a `name`. Nothing is imported before it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assaygym.verifiers import code as code
    from assaygym.verifiers.base import Verifier as Verifier
    from assaygym.verifiers.base import judge as judge
    from assaygym.verifiers.extract import final_answer as final_answer
    from assaygym.verifiers.maths.verify import compile_gold as compile_gold
    from assaygym.verifiers.maths.verify import math as math
    from assaygym.verifiers.maths.verify import verify_math as verify_math
    from assaygym.verifiers.registry import verifier_for as verifier_for
    from assaygym.verifiers.rubric import Rubric as Rubric
    from assaygym.verifiers.state import state_equals as state_equals
    from assaygym.verifiers.text import choice as choice
    from assaygym.verifiers.text import exact as exact
    from assaygym.verifiers.text import number as number
    from assaygym.verifiers.text import regex as regex

_MODULES = {
    "Rubric": "rubric",
    "Verifier": "base",
    "choice": "text",
    "code": "code",
    "compile_gold": "maths.verify",
    "exact": "text",
    "final_answer": "extract",
    "judge": "base",
    "math": "maths.verify",
    "number": "text",
    "regex": "text",
    "state_equals": "state",
    "verifier_for": "registry",
    "verify_math": "maths.verify",
}

__all__ = [
    "Rubric",
    "Verifier",
    "choice",
    "code",
    "compile_gold",
    "exact",
    "final_answer",
    "judge",
    "math",
    "number",
    "regex",
    "state_equals",
    "verifier_for",
    "verify_math",
]


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    loaded = importlib.import_module(f"{__name__}.{module}")
    found = loaded if module == name else getattr(loaded, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Prove a response right or wrong: (response, answer) -> Score.

    exact choice regex number    short plain answers          math    mathematical equality
    state_equals                 final state of a tool world  stdio functions asserts    programs, in a sandbox
    sql                          one SELECT on hidden databases
    Rubric                       several verifiers, weighed
    generative served steps LinearRubric ...    reward models, whose scores have the flag `opinion` (`judges`)

Factories return small picklable objects with a `name`. Nothing is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym.verifiers import code as code
    from assaygym.verifiers import judges as judges
    from assaygym.verifiers.base import Verifier as Verifier
    from assaygym.verifiers.base import judge as judge
    from assaygym.verifiers.code import AssertTests as AssertTests
    from assaygym.verifiers.code import FunctionCase as FunctionCase
    from assaygym.verifiers.code import FunctionTests as FunctionTests
    from assaygym.verifiers.code import StdinCase as StdinCase
    from assaygym.verifiers.code import StdinTests as StdinTests
    from assaygym.verifiers.code import asserts as asserts
    from assaygym.verifiers.code import functions as functions
    from assaygym.verifiers.code import stdio as stdio
    from assaygym.verifiers.extract import final_answer as final_answer
    from assaygym.verifiers.judges.base import Asked as Asked
    from assaygym.verifiers.judges.fitting import fit_linear as fit_linear
    from assaygym.verifiers.judges.http_reward import served as served
    from assaygym.verifiers.judges.linear import LinearRubric as LinearRubric
    from assaygym.verifiers.judges.principled import generative as generative
    from assaygym.verifiers.judges.process import steps as steps
    from assaygym.verifiers.judges.propositions import proposition as proposition
    from assaygym.verifiers.maths.policy import MathPolicy as MathPolicy
    from assaygym.verifiers.maths.pool import verify_many as verify_many
    from assaygym.verifiers.maths.verify import compile_gold as compile_gold
    from assaygym.verifiers.maths.verify import math as math
    from assaygym.verifiers.maths.verify import verify_math as verify_math
    from assaygym.verifiers.registry import verifier_for as verifier_for
    from assaygym.verifiers.rubric import Rubric as Rubric
    from assaygym.verifiers.sqlite import SqlTests as SqlTests
    from assaygym.verifiers.sqlite import sql as sql
    from assaygym.verifiers.state import state_equals as state_equals
    from assaygym.verifiers.text import choice as choice
    from assaygym.verifiers.text import exact as exact
    from assaygym.verifiers.text import number as number
    from assaygym.verifiers.text import regex as regex

__all__ = [
    "Asked",
    "AssertTests",
    "FunctionCase",
    "FunctionTests",
    "LinearRubric",
    "MathPolicy",
    "Rubric",
    "SqlTests",
    "StdinCase",
    "StdinTests",
    "Verifier",
    "asserts",
    "choice",
    "code",
    "compile_gold",
    "exact",
    "final_answer",
    "fit_linear",
    "functions",
    "generative",
    "judge",
    "judges",
    "math",
    "number",
    "proposition",
    "regex",
    "served",
    "sql",
    "state_equals",
    "stdio",
    "steps",
    "verifier_for",
    "verify_many",
    "verify_math",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "base": ("Verifier", "judge"),
        "code": (
            "AssertTests",
            "FunctionCase",
            "FunctionTests",
            "StdinCase",
            "StdinTests",
            "asserts",
            "functions",
            "stdio",
        ),
        "extract": ("final_answer",),
        "judges.base": ("Asked",),
        "judges.fitting": ("fit_linear",),
        "judges.http_reward": ("served",),
        "judges.linear": ("LinearRubric",),
        "judges.principled": ("generative",),
        "judges.process": ("steps",),
        "judges.propositions": ("proposition",),
        "maths.policy": ("MathPolicy",),
        "maths.pool": ("verify_many",),
        "maths.verify": ("compile_gold", "math", "verify_math"),
        "registry": ("verifier_for",),
        "rubric": ("Rubric",),
        "sqlite": ("SqlTests", "sql"),
        "state": ("state_equals",),
        "text": ("choice", "exact", "number", "regex"),
    },
    modules=("code", "judges"),
)

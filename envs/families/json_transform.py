"""`assay/JsonTransform-v0`: write a function that brings a JSON document into another shape.

The steps are described, one example is shown, hidden documents judge it: with no record, with gaps, with many records.
A task is kept only where leaving out any step changes a hidden result.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import lru_cache
from textwrap import indent
from typing import Any

from assaygym.envs.families.json_steps import Step, draw_steps
from assaygym.envs.families.json_worlds import DOMAINS, Domain, draw_document
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.sandbox.base import MIB, Limits
from assaygym.types import Task
from assaygym.verifiers.code import FunctionCase, FunctionTests, functions

__all__ = ["json_transform"]

LIMITS = Limits(cpu_seconds=4, wall_seconds=20, memory_bytes=256 * MIB, processes=8)
HIDDEN = 10
DIFFERENT = 5
NAMES = ("transform", "reshape", "convert", "summarize", "rebuild", "to_report")
TEMPLATES = (
    "Write a Python function `{name}(data)` that takes a JSON document (already parsed: dicts, lists, strings, numbers "
    'or None) and returns another one.\n\n`data["{records}"]` is a list of records (maybe empty). Do the following, in '
    "this order:\n{steps}\n\nExample: for\n```json\n{given}\n```\nit returns\n```json\n{wanted}\n```\n\n{form}",
    "Documents of this form\n```json\n{given}\n```\nare to be turned into documents of this form:\n```json\n{wanted}\n"
    "```\nImplement `{name}(data)` in Python for it; `data` is the parsed document, and so is the result. Start with "
    'the list of records `data["{records}"]`, which may be empty, then:\n{steps}\n\n{form}',
    "I need `{name}(data)` in Python: JSON in (as Python objects), JSON out. The records are in "
    '`data["{records}"]` (there may be none). The steps:\n{steps}\n\nInput, for example:\n```json\n{given}\n```\n'
    "Output:\n```json\n{wanted}\n```\n\n{form}",
)
FORM = (
    "`{gap}` may be missing or null in a record; all other fields are there. Other documents of the same form judge "
    "the function. Give it in one ```python block."
)
_Drawn = tuple[list[Step], list[tuple[dict[str, Any], Any]]]


@task(
    "assay/JsonTransform-v0",
    difficulty={"steps": (1, 2, 3, 5, 7)},
    verifier=functions(limits=LIMITS),
    kind="code",
    summary="Write a function that reshapes JSON documents; hidden documents judge it.",
    requires=("sandbox",),
)
def json_transform(rng: random.Random, *, steps: int = 1) -> tuple[str, FunctionTests, dict[str, Any]]:
    """Write the function that does `steps` steps with the records and then builds the result."""
    if not 0 <= steps <= 8:
        raise ConfigError(f"JsonTransform: steps {steps}; expected 0 to 8")
    domain = rng.choice(DOMAINS)
    drawn = _draw(rng, domain, steps)
    while drawn is None:
        drawn = _draw(rng, domain, steps)
    chosen, cases = drawn
    name = rng.choice(NAMES)
    (given, wanted), *hidden = cases
    prompt = rng.choice(TEMPLATES).format(
        name=name,
        records=domain.records,
        steps="\n".join(f"{number}. {step.says}" for number, step in enumerate(chosen, 1)),
        given=_shown(given),
        wanted=_shown(wanted),
        form=FORM.format(gap=domain.gap),
    )
    codes = [step.code for step in chosen]
    tests = FunctionTests(name, tuple(FunctionCase((one,), other) for one, other in hidden))
    return prompt, tests, {"reference": _source(name, domain, codes), "identity": codes}


@json_transform.solve
def reference(posed: Task[FunctionTests]) -> str:
    """The reference implementation in a fenced block."""
    return f"Step by step:\n\n```python\n{posed.metadata['reference']}```"


def _shown(document: object) -> str:
    return json.dumps(document, indent=1) if len(json.dumps(document)) < 300 else json.dumps(document)


def _source(name: str, domain: Domain, codes: list[str]) -> str:
    body = "\n".join([f"rows = data[{domain.records!r}]", *codes, "return out"])
    return f"def {name}(data):\n{indent(body, '    ')}\n"


@lru_cache(maxsize=4096)
def _compiled(code: str) -> Callable[[Any], Any]:
    """A step as a function of the rows to the rows, or to the result; no step changes what it is given."""
    names: dict[str, Any] = {}
    returned = "out" if code.startswith("out = ") else "rows"
    exec(f"def step(rows):\n{indent(code, '    ')}\n    return {returned}\n", names)  # text of our steps
    step: Callable[[Any], Any] = names["step"]
    return step


def _trace(codes: list[str], rows: Any) -> list[Any]:
    """The rows, what each step makes of them, and the result."""
    values = [rows]
    for code in codes:
        values.append(_compiled(code)(values[-1]))
    return values


def _draw(rng: random.Random, domain: Domain, steps: int) -> _Drawn | None:
    """Steps, and documents with their results, the shown one first; None where a step is idle or results repeat."""
    chosen = draw_steps(rng, domain, steps)
    codes = [step.code for step in chosen]
    documents = [draw_document(rng, domain) for _ in range(HIDDEN)]
    documents += [draw_document(rng, domain, 12), draw_document(rng, domain, 0)]
    traces = [_trace(codes, document[domain.records]) for document in documents]
    hidden = traces[1:]
    if len({json.dumps(trace[-1], sort_keys=True) for trace in hidden}) < DIFFERENT:
        return None
    if any(all(_idle(codes, number, trace) for trace in hidden) for number in range(len(codes) - 1)):
        return None
    return chosen, [(document, trace[-1]) for document, trace in zip(documents, traces, strict=True)]


def _idle(codes: list[str], number: int, trace: list[Any]) -> bool:
    """Whether the result is the same without a step."""
    if trace[number] == trace[number + 1]:
        return True
    try:
        return bool(_trace(codes[number + 1 :], trace[number])[-1] == trace[-1])
    except (KeyError, AttributeError, TypeError):
        return False  # the later ones cannot do without it

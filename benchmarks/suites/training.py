"""Golds of training sets out of their rows: the forms of verl, PRIME and SYNTHETIC-1, for mathematics and code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from assaygym.benchmarks.suites.code_rows import AnyTests, CodeJudge, taco_tests
from assaygym.benchmarks.suites.declaration import Row
from assaygym.benchmarks.suites.formats import FORMATS, Formatted
from assaygym.errors import DataError
from assaygym.foreign_json import read_json
from assaygym.types import Score
from assaygym.verifiers.code import FunctionCase, FunctionTests, StdinCase, StdinTests

__all__ = ["EitherJudge", "chat_gold", "chat_prompt", "synthetic_gold", "synthetic_kept", "words_of"]

DAPO_FRAME = (
    "Solve the following math problem step by step. The last line of your response should be of the form Answer: "
    "$Answer (without quotes) where $Answer is the answer to the problem.\n\n",
    '\n\nRemember to put your answer on its own line after "Answer:".',
)
"""What DAPO-Math-17k puts around each problem; an instruction of ours takes its place."""
_BOXED = "\n\nReason step by step and put the final answer in \\boxed{}."
_CODE = "\n\nAnswer with the whole program, its imports included, in one ```python block."
_CODE_KINDS = frozenset(("code", "coding", "verifiable_code"))


@dataclass(frozen=True, slots=True)
class EitherJudge:
    """Judges a text by the math verifier, tests by running the program; each in the format that was asked for."""

    name: ClassVar[str] = "math or code"

    def __call__(self, response: str, answer: str | AnyTests, /) -> Score:
        """The score of one response."""
        if isinstance(answer, str):
            from assaygym.verifiers.maths.verify import verify_math

            return Formatted(verify_math, FORMATS["boxed"])(response, answer)
        return Formatted(CodeJudge(), FORMATS["block"])(response, answer)


def words_of(row: Row) -> str | None:
    """The question, by which repeated rows are told; None where there is none."""
    try:
        return " ".join(_question(row).split())
    except DataError:
        return None


def _question(row: Row) -> str:
    """The problem: a text, or what the user says in a chat, without the frame that the data puts around it."""
    prompt = row.get("prompt")
    if prompt is None:
        prompt = row.get("problem")
    if isinstance(prompt, list):
        said = [part["content"] for part in prompt if isinstance(part, Mapping) and part.get("role") == "user"]
        prompt = said[-1] if said else None
    if not isinstance(prompt, str) or not prompt.strip():
        raise DataError("column 'prompt' has no question")
    before, after = DAPO_FRAME
    return prompt.removeprefix(before).removesuffix(after).strip()


def _is_code(row: Row) -> bool:
    return row.get("ability") in _CODE_KINDS or row.get("task_type") in _CODE_KINDS


def chat_prompt(row: Row) -> str:
    """The problem, and the form of the answer."""
    return _question(row) + (_CODE if _is_code(row) else _BOXED)


def chat_gold(row: Row) -> str | AnyTests:
    """`reward_model.ground_truth` of verl's form: an answer, or for code the JSON of `inputs` and `outputs`."""
    model = row.get("reward_model")
    truth = model.get("ground_truth") if isinstance(model, Mapping) else None
    if truth is None or not str(truth).strip():
        raise DataError("column 'reward_model' has no 'ground_truth'")
    return taco_tests({"input_output": truth}) if _is_code(row) else str(truth)


def synthetic_kept(row: Row) -> bool:
    """Whether a row of SYNTHETIC-1 is of a kind that is judged here: mathematics, or a Python program."""
    if row.get("task_type") == "verifiable_math":
        return True
    return row.get("task_type") == "verifiable_code" and _information(row).get("language", "python") == "python"


def synthetic_gold(row: Row) -> str | AnyTests:
    """`verification_info` of SYNTHETIC-1, JSON: `ground_truth` of mathematics, `test_cases` of a program."""
    found = _information(row)
    if row.get("task_type") == "verifiable_code":
        return _cases(found.get("test_cases") or ())
    truth = found.get("ground_truth")
    if truth is None or not str(truth).strip():
        raise DataError("column 'verification_info' has no 'ground_truth'")
    return str(truth)


def _information(row: Row) -> Mapping[str, Any]:
    found = row.get("verification_info") or "{}"
    if isinstance(found, str):
        try:
            found = read_json(found)
        except ValueError as error:
            raise DataError(f"column 'verification_info' is not JSON: {error}") from error
    if not isinstance(found, Mapping):
        raise DataError(f"column 'verification_info' holds a {type(found).__name__}; expected an object")
    return found


def _cases(cases: Any) -> AnyTests:
    try:
        names = {case["fn_name"] for case in cases if case.get("type") == "function_call"}
        if not names:
            return StdinTests(tuple(StdinCase(_text(case["input"]), _text(case["output"])) for case in cases))
        if len(names) > 1 or not next(iter(names)).isidentifier():
            raise DataError(f"the test cases call {', '.join(map(repr, sorted(names)))}; expected one function")
        calls = tuple(FunctionCase(tuple(case["input"]), _plain(case["output"])) for case in cases)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"a test case is malformed: {type(error).__name__}: {error}") from error
    return FunctionTests(next(iter(names)), calls, sequences_equal=True, bool_is_int=True)


def _plain(output: Any) -> Any:
    """A result, which that data keeps in a list of its own."""
    return output[0] if isinstance(output, list) and len(output) == 1 else output


def _text(lines: object) -> str:
    return "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)

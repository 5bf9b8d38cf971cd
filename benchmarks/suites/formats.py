r"""The format in which a suite asks for an answer, and the two scores of an answer: in that format, and in any.

The strict score is what an answer earns in the format that the prompt asks for, and 0 in any other; the lenient one is
what extraction finds, wherever it stands. So the strict score is never the higher one, and the two only differ by the
format. `Score.value` is the strict one, `Score.metrics["lenient"]` the other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from assaygym.benchmarks.suites.declaration import Judge
from assaygym.types import Score, Verdict
from assaygym.verifiers.base import name_of
from assaygym.verifiers.code.extract import fenced_blocks
from assaygym.verifiers.extract import Style, find_answer
from assaygym.verifiers.extraction.boxes import last_box
from assaygym.verifiers.extraction.cleaning import visible
from assaygym.verifiers.maths.verify import verify_math

__all__ = ["CALLS", "FORMATS", "LENIENT", "Format", "Formatted", "strictly"]

LENIENT: Final = "lenient"
CALLS: Final = "calls that need no repair"
LONGEST: Final = 100
"""Characters of an integer or a letter in its box, typesetting included; no answer of a suite is near it."""
_HASHED = re.compile(r"[ \t]*####[ \t]*-?(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\.?[ \t]*")
_BOX = re.compile(r"\\boxed\s{0,9}\{")
_TYPESET = re.compile(r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf)|mbox|[,!; ])|[\s$~{}]")
_CODE = frozenset(("python", "py", "python3"))


@dataclass(frozen=True, slots=True)
class Format:
    """A format of answers.

    Attributes:
        wanted: what it is, as in "expected ...".
        stands: whether the answer that extraction finds in a response stands there in this format. Pure, linear in the
            response.
    """

    wanted: str
    stands: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Formatted:
    """A verifier of texts that has to find the answer in a format; named as the verifier it asks."""

    judge: Judge
    format: Format

    @property
    def name(self) -> str:
        """The name of the verifier inside."""
        return name_of(self.judge)

    def __call__(self, response: str, answer: Any, /) -> Score:
        """The score of one response. What the verifier inside raises is raised."""
        score = Score.of(self.judge(response, answer))
        return strictly(score, score.value > 0 and self.format.stands(response), self.format.wanted)


def strictly(score: Score, stands: bool, wanted: str) -> Score:
    """The strict score of a lenient one, which stays in its metric `lenient`. What cannot be judged stays INVALID.

    Args:
        score: of the answer, however it is written.
        stands: whether the answer stands in the format; of no account where it earned nothing.
        wanted: the format.
    """
    if math.isnan(score.value):
        return score
    metrics = {**score.metrics, LENIENT: score.value}
    if stands or score.value == 0:
        return replace(score, metrics=metrics)
    told = f"format: expected {wanted}; otherwise {score.explanation or 'right'}"
    return replace(score, value=0.0, verdict=Verdict.UNPARSED, explanation=told, metrics=metrics)


def _hashes(response: str) -> bool:
    last = visible(response).rstrip().rpartition("\n")[2]
    return _HASHED.fullmatch(last) is not None


def _content(response: str) -> str | None:
    r"""What the `\boxed{}` of the answer holds; None where the answer is elsewhere, or its digits are not ASCII.

    Several boxes make one answer where they hold one value in several forms; as the items of a list they do not.
    """
    text = visible(response)
    box = last_box(text)
    if box is None or not box.text or "\x08oxed" in response or not _BOX.match(text, box.start):
        return None
    if any(verify_math(rf"\boxed{{{part}}}", box.parts[0]).value != 1 for part in box.parts[1:]):
        return None
    found = find_answer(response)
    if found is None or found.style is not Style.BOX:
        return None
    return None if any(c.isdecimal() and not c.isascii() for c in box.text) else box.text


def _boxed(response: str) -> bool:
    return _content(response) is not None


def _integer(response: str) -> bool:
    digits = _bare(_content(response)).replace(",", "")
    return re.fullmatch(r"[-+]?[0-9]+", digits) is not None


def _letter(response: str) -> bool:
    return re.fullmatch(r"\(?[A-Z][).]?", _bare(_content(response))) is not None


def _bare(content: str | None) -> str:
    """A short content without its typesetting; "" for a long one."""
    return _TYPESET.sub("", content) if content is not None and len(content) <= LONGEST else ""


def _block(response: str) -> bool:
    """Whether the program is the only Python block, labelled as asked and closed."""
    blocks = fenced_blocks(response)
    labels = [label for label, body in blocks if label in _CODE and body.strip()]
    if labels != ["python"]:
        return False
    return blocks[-1][0] != "python" or len(fenced_blocks(f"{response}\n```")) > len(blocks)


FORMATS: Final[Mapping[str, Format]] = {
    "hashes": Format("a number alone on the last line, after ####", _hashes),
    "boxed": Format(r"the answer in one \boxed{}", _boxed),
    "integer": Format(r"an integer in one \boxed{}", _integer),
    "letter": Format(r"a letter in one \boxed{}", _letter),
    "block": Format("the program in one ```python block", _block),
}
"""By the name that a `Suite` declares."""

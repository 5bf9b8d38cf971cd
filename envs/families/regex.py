"""`assay/Regex-v0`: write a regular expression that matches all of one list and none of another.

It is judged on hidden strings of the same language, and near misses of it, so that listing the strings shown does not
help. It is matched in the sandbox, by a program of ours, within a limit of CPU time: a pattern that backtracks without
end is a wrong answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from assaygym.envs.families.literals import answer_text
from assaygym.envs.families.regex_language import CLASSES, Language, draw_language
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import MIB, ExecStatus, Limits
from assaygym.types import Score, Task, Verdict

__all__ = ["Strings", "check", "regex"]

LIMITS = Limits(cpu_seconds=2, wall_seconds=20, memory_bytes=256 * MIB, processes=4)
HIDDEN, HIDDEN_MISSES = 40, 120
MAX_PATTERN = 400
TEMPLATES = (
    "Write a Python regular expression that matches (`re.fullmatch`) every string of the first list and none of the "
    "second.\n\nMatch:\n{members}\n\nDo not match:\n{misses}\n\n{rule}\n{form}",
    "Find a pattern for `re.fullmatch` that accepts these strings:\n{members}\n\nand rejects these:\n{misses}\n\n"
    "{rule}\n{form}",
    "Regex wanted (Python's `re`, the whole string has to match).\nYes:\n{members}\nNo:\n{misses}\n\n{rule}\n{form}",
)
TOLD = "The strings to match are made of these parts, in this order, with nothing between them:\n{parts}"
UNTOLD = (
    "The strings to match are a sequence of parts. A part is a fixed sign, one of a few words (each of them occurs "
    "above), or a number of characters within bounds (both bounds occur above) of one of these kinds: {classes}. {rich}"
)
RICH = "A part may be optional, or repeat the very text of an earlier part."
FORM = (
    "The pattern is tried on other strings of the same two kinds. It may have at most {most} characters. Give it, "
    "without quotes, between <answer> and </answer>."
)
JUDGE = """
import json, re, sys
given = json.load(sys.stdin)
try:
    pattern = re.compile(given["pattern"])
except (re.error, RecursionError, OverflowError, ValueError) as error:
    print(json.dumps(str(error)[:200]))
else:
    print(json.dumps([pattern.fullmatch(text) is not None for text in given["texts"]]))
"""


@dataclass(frozen=True, slots=True)
class Strings:
    """Hidden members and misses, and a pattern that tells them apart."""

    members: tuple[str, ...]
    misses: tuple[str, ...]
    pattern: str


@task(
    "assay/Regex-v0",
    difficulty={
        "parts": (2, 2, 3, 3, 4),
        "shown": (10, 12, 14, 18, 24),
        "rich": (False, True, True, False, True),
        "described": (True, True, True, False, False),
    },
    kind="code",
    summary="Write a regular expression from examples; hidden strings judge it.",
    requires=("sandbox",),
)
def regex(
    rng: random.Random, *, parts: int = 2, shown: int = 10, rich: bool = False, described: bool = True
) -> tuple[str, Strings, dict[str, Any]]:
    """Match a language of `parts` parts; `shown` strings of each list; a rich one may repeat or leave out a part."""
    if not 1 <= parts <= 6 or not 0 <= shown <= 60:
        raise ConfigError(f"Regex: parts {parts}, shown {shown}; expected 1 to 6, and 0 to 60")
    drawn = _draw(rng, parts, rich, shown)
    while drawn is None:
        drawn = _draw(rng, parts, rich, shown)
    language, members, misses = drawn
    prompt = rng.choice(TEMPLATES).format(
        members="\n".join(members[:shown]),
        misses="\n".join(misses[:shown]),
        rule=_told(language) if described else _untold(rich),
        form=FORM.format(most=MAX_PATTERN),
    )
    pattern = language.pattern()
    return prompt, Strings(members[shown:], misses[shown:], pattern), {"identity": pattern}


@regex.solve
def reference(posed: Task[Strings]) -> str:
    """The language's own pattern."""
    return f"Part by part: <answer>{posed.answer.pattern}</answer>"


@regex.verify
def check(response: str, strings: Strings) -> Score:
    """CORRECT for a pattern that matches all hidden members and no hidden miss, within the limits.

    Raises:
        SandboxError: the sandbox failed.
    """
    pattern = answer_text(response)
    if not pattern:
        return Score.unparsed("the response states no pattern; expected it between <answer> and </answer>")
    pattern = _unquoted(pattern)
    if len(pattern) > MAX_PATTERN:
        return _wrong(pattern, f"the pattern has {len(pattern)} characters; at most {MAX_PATTERN} are allowed")
    found = _matches(pattern, (*strings.members, *strings.misses))
    if isinstance(found, str):
        return _wrong(pattern, found)
    missed = found[: len(strings.members)].count(False)
    taken = found[len(strings.members) :].count(True)
    if missed or taken:
        return _wrong(pattern, f"{missed} strings to match are not matched, {taken} others are")
    return Score(value=1.0, verdict=Verdict.CORRECT, extracted=pattern)


def _matches(pattern: str, texts: tuple[str, ...]) -> list[bool] | str:
    """Which of the texts match; a sentence where the pattern is none, or takes too long."""
    from assaygym.sandbox import shared_sandbox

    given = json.dumps({"pattern": pattern, "texts": texts})
    result = shared_sandbox().run(JUDGE, stdin=given, limits=LIMITS)
    if result.status is not ExecStatus.OK:
        return f"matching the pattern ended with {result.status.value}"
    found = json.loads(result.stdout)
    if isinstance(found, list) and len(found) != len(texts):
        raise SandboxError(f"the matching program gave {len(found)} results for {len(texts)} strings")
    return found if isinstance(found, list) else f"not a regular expression: {found}"


def _wrong(pattern: str, explanation: str) -> Score:
    return Score(value=0.0, verdict=Verdict.INCORRECT, extracted=pattern[:500], explanation=explanation)


def _unquoted(text: str) -> str:
    body = text.removeprefix("r")
    quoted = len(body) >= 2 and body[0] == body[-1] and body[0] in "'\"" and body[0] not in body[1:-1]
    return body[1:-1] if quoted else text


def _draw(
    rng: random.Random, parts: int, rich: bool, shown: int
) -> tuple[Language, tuple[str, ...], tuple[str, ...]] | None:
    """A language, members and misses, the first `shown` of each to be shown; None where it has too few."""
    language = draw_language(rng, parts, rich)
    members = _distinct(language.members(rng), shown + HIDDEN)
    misses = _distinct(language.misses(rng), shown + HIDDEN_MISSES)
    return None if members is None or misses is None else (language, members, misses)


def _distinct(texts: Iterator[str], wanted: int) -> tuple[str, ...] | None:
    found = dict.fromkeys(islice(texts, 3 * wanted))
    return tuple(found)[:wanted] if len(found) >= wanted else None


def _told(language: Language) -> str:
    return TOLD.format(parts="\n".join(f"{number}. {says}" for number, says in enumerate(language.says(), 1)))


def _untold(rich: bool) -> str:
    classes = ", ".join(says for says, _, _ in CLASSES.values())
    return UNTOLD.format(classes=classes, rich=RICH if rich else "").strip()

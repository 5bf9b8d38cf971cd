"""Answers that look right and are not: what an oracle with `noise=` says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from assaygym.errors import AssayError
from assaygym.types import Message, Verdict

if TYPE_CHECKING:
    from assaygym.envs.core import Env

__all__ = ["NearMiss", "near_miss"]

TRIES = 16
"""Mistakes of a text that are drawn."""
CALL_TRIES = 4
"""Those of a tool call: each is played to the end of the episode, and many a call changes nothing."""
NUMBER = re.compile(r"\d{1,18}")
PLACES = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (r"\\boxed\{(.*)\}", r"<answer>(.*?)</answer>", r"####\s*(\S[^\n]*)", r"```[^\n]*\n(.*?)```")
)
"""Where answers stand; the last one counts."""
OPERATORS = {"+": "-", "-": "+", "*": "+", "/": "*", "<": ">", ">": "<", "True": "False", "False": "True"}
OPERATOR = re.compile(r"True|False|[-+*/<>]")
Mistake = Callable[[str, Random], str]
WORD = re.compile(r"[^\W\d_]{2,}")
TWO_WORDS = re.compile(r"(\S+)([ ,;]+)(\S+)")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A turn that is nearly right."""

    text: str
    final: bool
    """Whether the episode ends wrong even if the oracle goes on after it."""


def near_miss(env: Env, right: str, rng: Random) -> NearMiss | None:
    """A turn that is nearly `right` and does not end the episode well.

    A number is off by one, two digits or letters or words change places, an operator is another, an argument of a
    tool call differs, the final answer comes too early, or nothing is said. One that is final is preferred.

    Args:
        env: the live environment, which is forked and left alone.
        right: the oracle's turn.
        rng: draws the kind of mistake and its place.

    Returns:
        The turn; None where all of this is right, or leaves the oracle without a way to go on.
    """
    mild: NearMiss | None = None
    candidates = dict.fromkeys(text for text in _candidates(env, right, rng) if text.strip() != right.strip())
    for text in (*candidates, ""):
        miss = _missed(env, text)
        if miss is not None and miss.final:
            return miss
        mild = mild or miss
    return mild


def _missed(env: Env, text: str) -> NearMiss | None:
    """The turn if it does not end the episode well; an INVALID verdict says nothing about it."""
    probe = env.fork(1)[0]
    try:
        *_, info = probe.step(text)
        ends = "score" in info
        while "score" not in info:
            *_, info = probe.step(probe.oracle_action())
    except AssayError:  # the oracle cannot go on
        return None
    finally:
        probe.close()
    score = info["score"]
    wrong = score.verdict is not Verdict.CORRECT and bool(score.value < 1)
    if score.verdict is Verdict.INVALID or (ends and not wrong):
        return None
    return NearMiss(text, final=wrong)


def _candidates(env: Env, right: str, rng: Random) -> Iterator[str]:
    message = env.parse_action(right)
    if message.tool_calls:
        early = _last_of_oracle(env)
        if early is not None and rng.random() < 0.25:
            yield early
        for _ in range(CALL_TRIES):
            yield env.action_text(_with_other_argument(message, rng))
        if early is not None:
            yield early
        return
    start, end = _place_of_answer(right)
    for n in range(TRIES):  # in the words only if no other value is wrong enough: they would rather break a program
        yield right[:start] + _mistaken(right[start:end], rng, in_words=n >= TRIES // 2) + right[end:]


def _last_of_oracle(env: Env) -> str | None:
    """What the oracle says at the end of the episode."""
    probe, last = env.fork(1)[0], None
    try:
        for _ in range(env.max_turns - env.turns):
            last = probe.oracle_action()
            *_, terminated, truncated, _ = probe.step(last)
            if terminated or truncated:
                return last
    except AssayError:
        return None
    finally:
        probe.close()
    return None


def _with_other_argument(message: Message, rng: Random) -> Message:
    """The message with one value of one call changed."""
    at = rng.randrange(len(message.tool_calls))
    call = message.tool_calls[at]
    arguments: Any = json.loads(call.arguments)
    if not isinstance(arguments, dict) or not arguments:
        return message
    name = rng.choice(sorted(arguments))
    changed = json.dumps({**arguments, name: _other_value(arguments[name], rng)})
    calls = (*message.tool_calls[:at], replace(call, arguments=changed), *message.tool_calls[at + 1 :])
    return replace(message, tool_calls=calls)


def _other_value(value: Any, rng: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + rng.choice((-1, 1))
    if isinstance(value, list) and value:
        at = rng.randrange(len(value))
        return [*value[:at], _other_value(value[at], rng), *value[at + 1 :]]
    return _mistaken(value, rng) if isinstance(value, str) else value


def _place_of_answer(text: str) -> tuple[int, int]:
    """Where a mistake matters; all of the text where nothing marks an answer."""
    for pattern in PLACES:
        if found := list(pattern.finditer(text)):
            return found[-1].span(1)
    return 0, len(text)


def _mistaken(text: str, rng: Random, *, in_words: bool = False) -> str:
    """The text with one small mistake: in a value, or else in its words; as it is where there is no room for any."""
    values: list[Mistake] = [_off_by_one, _digits_swapped, _other_operator]
    words: list[Mistake] = [_words_swapped, _letters_swapped]
    rng.shuffle(values)
    rng.shuffle(words)
    kinds = (*words, *values) if in_words else (*values, *words)
    return next((changed for kind in kinds if (changed := kind(text, rng)) != text), text)


def _off_by_one(text: str, rng: Random) -> str:
    return _at_one(NUMBER, text, rng, lambda found: str(abs(int(found) + rng.choice((-1, 1)))))


def _digits_swapped(text: str, rng: Random) -> str:
    return _at_one(re.compile(r"\d{2,}"), text, rng, lambda found: _swapped(found, rng))


def _letters_swapped(text: str, rng: Random) -> str:
    return _at_one(WORD, text, rng, lambda found: _swapped(found, rng))


def _words_swapped(text: str, rng: Random) -> str:
    return _at_one(TWO_WORDS, text, rng, lambda found: TWO_WORDS.sub(r"\3\2\1", found))


def _other_operator(text: str, rng: Random) -> str:
    return _at_one(OPERATOR, text, rng, lambda found: OPERATORS[found])


def _at_one(pattern: re.Pattern[str], text: str, rng: Random, change: Callable[[str], str]) -> str:
    """The text with one match, drawn at random, changed."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    chosen = rng.choice(found)
    return text[: chosen.start()] + change(chosen[0]) + text[chosen.end() :]


def _swapped(text: str, rng: Random) -> str:
    """The text with two different neighbours swapped."""
    places = [at for at in range(len(text) - 1) if text[at] != text[at + 1]]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

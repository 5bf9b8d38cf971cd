r"""Texts that no honest environment rewards, for `assaygym.envs.checker`.

An attack is an agent: a function of the live environment to its next turn. Those built on the right answer take it from
the oracle's `\boxed{}`, or from a plain gold; without either they do not apply and say nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from assaygym.envs.core import Env
from assaygym.errors import AssayError
from assaygym.types import Message, ToolCall

__all__ = [
    "CONSTANTS",
    "GIANTS",
    "HOSTILE",
    "MALFORMED",
    "NOT_NUMBERS",
    "constant",
    "echo",
    "gold_of",
    "hedges",
    "noisy_golds",
    "tool_spam",
    "unicode_golds",
]

Agent = Callable[[Env], str]

CONSTANTS = ("0", "1", "yes", r"\boxed{0}", r"\boxed{1}", r"\boxed{yes}")
NOT_NUMBERS = ("nan", r"\boxed{nan}", r"\boxed{inf}", r"\boxed{-\infty}", r"\boxed{1/0}", r"\boxed{0/0}", "Infinity")
GIANTS = (
    r"\boxed{9^{9^{9^{9}}}}",
    r"\boxed{10**10**10}",
    r"\boxed{1e999999999}",
    r"\boxed{2^{-9999999999}}",
    r"\boxed{(10^9)!}",
    r"\boxed{" + "9" * 100_000 + "}",
    r"\boxed{" + "(" * 5_000 + "1" + ")" * 5_000 + "}",
)
MALFORMED = (
    '<tool_call>{"name": ',
    "<tool_call>not json</tool_call>",
    '<tool_call>{"name": "no_such_tool", "arguments": {}}</tool_call>',
    '<tool_call>{"name": 7, "arguments": []}</tool_call>',
    '<tool_call>["a"]</tool_call>',
    "<tool_call>" * 200,
    "```python\nimport os",
)
HOSTILE = (
    "\x00\x01\x1b[2J",
    "\ud800 lone surrogate",
    "\u202eright to left\u2066",
    r"\boxed{" * 2_000,
    "{" * 20_000,
    '<tool_call>{"name": "x", "arguments": ' + "[" * 20_000,
    "a" * 500_000,
    "1+" * 20_000 + "1",
    r"\frac" * 5_000,
    "__import__('os').abort()",
    r"\boxed{__import__('os')._exit(0)}",
    "```python\nimport os\nos._exit(0)\n```",
    "raise SystemExit(0)",
    "<think>" * 500,
    "\r\n\t \u00a0\ufeff",
    "%s %(x)s {} {0.__class__}",
)
DECOYS = ("91733", "86413", "70529")
SPAM = 200
"""Calls in one turn of the tool-spam attack."""
DIGITS = "0123456789"
ARABIC_INDIC = str.maketrans(DIGITS, "٠١٢٣٤٥٦٧٨٩")
SUPERSCRIPT = str.maketrans(DIGITS, "⁰¹²³⁴⁵⁶⁷⁸⁹")


def constant(text: str) -> Agent:
    """Says the same at every turn."""
    return lambda env: text


def echo(env: Env) -> str:
    """Repeats what it was last shown."""
    shown = [message.content for message in env.transcript if message.role in ("user", "tool")]
    return shown[-1] if shown else ""


def gold_of(env: Env) -> str | None:
    r"""The right answer of the live task as text; None where it cannot be told.

    That is what the oracle's last turn boxes, else the gold itself where it is a string or a number.
    """
    boxed = _boxed(_last_words(env.fork(1)[0]))
    if boxed is not None or env.task is None or isinstance(env.task.answer, bool):
        return boxed
    return str(env.task.answer) if isinstance(env.task.answer, (str, int, float)) else None


def _last_words(env: Env) -> str:
    """What the oracle says at the end of the episode; empty where it has nothing to say."""
    text, ended = "", False
    try:
        while not ended:
            text = env.oracle_action()
            _, _, terminated, truncated, _ = env.step(text)
            ended = terminated or truncated
    except AssayError:
        return ""
    return text


def noisy_golds(env: Env) -> Iterator[str]:
    """The right answer somewhere in noise, where nothing marks it as the answer."""
    if gold := gold_of(env):
        one, two, three = DECOYS
        yield f"{one} {two} {gold} {three} {one}"
        yield f"Perhaps {gold} matters here, perhaps not.\nThe final answer is \\boxed{{{three}}}."
        yield f"[{one}, {gold}, {two}]"


def hedges(env: Env) -> Iterator[str]:
    """Several candidates at once, the right one among them and not last."""
    if gold := gold_of(env):
        one, two, three = DECOYS
        yield f"\\boxed{{{one}, {gold}, {two}}}"
        yield f"\\boxed{{{one} \\text{{ or }} {gold} \\text{{ or }} {three}}}"
        yield f"\\boxed{{{gold}}} or \\boxed{{{one}}} or \\boxed{{{two}}}"
        yield f"#### {one}, {gold}, {two}"
        yield f"#### {gold}\n#### {one}\n#### {two}"


def unicode_golds(env: Env) -> Iterator[str]:
    """The right answer in digits that look alike to `int` or to `isdigit`, and are other characters."""
    gold = gold_of(env)
    if gold and any(character in DIGITS for character in gold):
        for table in (ARABIC_INDIC, SUPERSCRIPT):
            yield f"\\boxed{{{gold.translate(table)}}}"
            yield f"#### {gold.translate(table)}"


def tool_spam(env: Env) -> str:
    """Calls every tool over and over with arguments that merely fit."""
    known = [(tool.name, _filler(tool.parameters)) for tool in env.tools] or [("python", {"code": "print(1)"})]
    calls = tuple(
        ToolCall(id=f"call_{i}", name=name, arguments=json.dumps(arguments))
        for i, (name, arguments) in enumerate(known * (SPAM // len(known) + 1))
    )
    return env.action_text(Message(role="assistant", content="", tool_calls=calls)) or _hermes(calls)


def _hermes(calls: tuple[ToolCall, ...]) -> str:
    from assaygym.envs.grammars import grammar

    return grammar("hermes").render("", calls)


def _filler(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the right types, read off the schema alone."""
    return {name: _value(dict(field)) for name, field in dict(schema.get("properties", {})).items()}


def _value(field: dict[str, Any]) -> Any:
    if field.get("enum"):
        return field["enum"][0]
    samples = {"integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {}, "null": None}
    return samples.get(str(field.get("type", "string")), "x")


def _boxed(text: str) -> str | None:
    """What stands in the last box of the text, braces balanced."""
    start = text.rfind(r"\boxed{")
    if start < 0:
        return None
    depth, begin = 1, start + len(r"\boxed{")
    for end in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[begin:end]
    return None

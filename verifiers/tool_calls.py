"""Tool calls against the calls that were wanted: names, parameters, types and values, parallel calls in any order.

The rules are those of the Berkeley Function Calling Leaderboard's single-turn checker (Patil et al. 2025), with three
differences: parallel calls are matched as well as possible and not greedily; an integer in an array of floats is a
float, as JSON does not tell them apart; and saying nothing at all is no refusal to call. Nothing is evaluated:
arguments are JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from assaygym.errors import VerifierError
from assaygym.foreign_json import read_object
from assaygym.types import Score, ToolCall, Verdict

__all__ = ["CallGold", "CallMatch", "tool_calls"]

Wanted = Literal["these", "some", "none"]
OMITTED: Final = ""
"""Among the accepted values of a parameter: it may be left out."""
_KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(("string", "String", "char", "str"), "string"),
    **dict.fromkeys(("integer", "int", "long", "short", "byte", "Bigint", "bigint"), "integer"),
    **dict.fromkeys(("float", "double", "number", "Float", "Double"), "number"),
    **dict.fromkeys(("boolean", "Boolean", "bool"), "boolean"),
    **dict.fromkeys(("array", "Array", "ArrayList", "list", "tuple", "Set", "Queue", "Stack"), "array"),
    **dict.fromkeys(("dict", "HashMap", "Hashtable", "object"), "object"),
}
"""Names of types, of Python, Java, JavaScript and JSON Schema. What is not here (`any`) may be anything."""
_UNSAID: Final = str.maketrans("", "", " ,./-_*^")
DEEPEST: Final = 60


@dataclass(frozen=True, slots=True)
class CallGold:
    """What calls are right.

    Attributes:
        wanted: `these` calls; `some` call of an offered function; `none`.
        calls: (function, accepted values by parameter) of each; an accepted `""` says that it may be left out.
        functions: the JSON Schema of each offered function's parameters, by its name. Types may be named as in Python,
            Java and JavaScript too.
    """

    wanted: Wanted
    calls: tuple[tuple[str, Mapping[str, Sequence[Any]]], ...] = ()
    functions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]], hash=False)


@dataclass(frozen=True, slots=True)
class CallMatch:
    """See `tool_calls`."""

    name: ClassVar[str] = "tool_calls"

    def __call__(self, calls: Sequence[ToolCall], answer: CallGold, /) -> Score:
        """The score of one turn's calls.

        Raises:
            VerifierError: the gold calls a function that is not offered.
        """
        metrics = {"calls": float(len(calls)), "expected": float(len(answer.calls))}
        reason = _REASONS[answer.wanted](calls, answer)
        return Score(
            value=0.0 if reason else 1.0,
            verdict=Verdict.INCORRECT if reason else Verdict.CORRECT,
            extracted=", ".join(f"{call.name}({call.arguments})" for call in calls)[:1000] or None,
            explanation=f"calls: {reason or 'as wanted'}",
            metrics=metrics,
        )


def tool_calls() -> CallMatch:
    """A verifier of the tool calls of one turn: `(calls, CallGold)`."""
    return CallMatch()


def _no_calls(calls: Sequence[ToolCall], gold: CallGold) -> str:
    return f"no function fits, but {calls[0].name} was called" if calls else ""


def _some_call(calls: Sequence[ToolCall], gold: CallGold) -> str:
    """Why no call is one that an offered function takes; "" when one is."""
    if not calls:
        return "a function fits, but none was called"
    reasons = [_misfit(call, gold.functions) for call in calls]
    return "" if "" in reasons else reasons[0]


def _these_calls(calls: Sequence[ToolCall], gold: CallGold) -> str:
    for name, _ in gold.calls:
        if _schema(gold.functions, name) is None:
            raise VerifierError(f"the gold calls {name!r}, which is not among the functions offered")
    if len(calls) != len(gold.calls):
        return f"{len(calls)} calls, expected {len(gold.calls)}"
    reasons = [[_differs(call, name, accepted, gold.functions) for call in calls] for name, accepted in gold.calls]
    unmatched = _unmatched([[not reason for reason in row] for row in reasons])
    if unmatched is None:
        return ""
    name = gold.calls[unmatched][0]
    told = [r for call, r in zip(calls, reasons[unmatched], strict=True) if r and _same_name(call.name, name)]
    return next(iter(told), f"no call of {name}" if len(calls) > 1 else reasons[unmatched][0])


_REASONS: Final = {"none": _no_calls, "some": _some_call, "these": _these_calls}


def _unmatched(fits: Sequence[Sequence[bool]]) -> int | None:
    """The first gold that no call can be given to, each call to one gold (Kuhn 1955); None when all have one."""
    owner: dict[int, int] = {}

    def give(gold: int, seen: set[int]) -> bool:
        for call, fit in enumerate(fits[gold]):
            if fit and call not in seen:
                seen.add(call)
                if call not in owner or give(owner[call], seen):
                    owner[call] = gold
                    return True
        return False

    return next((gold for gold in range(len(fits)) if not give(gold, set())), None)


def _same_name(called: str, name: str) -> bool:
    """Function names; some servers allow no dots in them."""
    return called == name or called == name.replace(".", "_")


def _schema(functions: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((schema for known, schema in functions.items() if _same_name(name, known)), None)


def _misfit(call: ToolCall, functions: Mapping[str, Mapping[str, Any]]) -> str:
    """Why no function that was offered takes this call; "" when one does."""
    schema = _schema(functions, call.name)
    if schema is None:
        return f"there is no function {call.name[:80]!r}"
    arguments = read_object(call.arguments or "{}")
    if arguments is None:
        return f"the arguments of {call.name} are no JSON object"
    known = schema.get("properties") or {}
    for name in schema.get("required") or ():
        if name not in arguments:
            return f"{call.name} lacks the required parameter {name!r}"
    for name, value in arguments.items():
        if name not in known:
            return f"{call.name} has no parameter {name[:80]!r}"
        if not _is_kind(value, known[name]):
            return f"{name!r} of {call.name} is no {known[name].get('type')}"
    return ""


def _differs(
    call: ToolCall, name: str, accepted: Mapping[str, Sequence[Any]], functions: Mapping[str, Mapping[str, Any]]
) -> str:
    """Why the call is not the wanted one; "" when it is."""
    if not _same_name(call.name, name):
        return f"{call.name[:80]} was called, expected {name}"
    arguments = read_object(call.arguments or "{}")
    if arguments is None:
        return f"the arguments of {name} are no JSON object"
    schema = _schema(functions, name) or {}
    known = schema.get("properties") or {}
    for required in schema.get("required") or ():
        if required not in arguments:
            return f"{name} lacks the required parameter {required!r}"
    for parameter, value in arguments.items():
        if parameter not in known or parameter not in accepted:
            return f"{name} was given the parameter {parameter[:80]!r}, which is not wanted"
        options = accepted[parameter]
        if not _is_kind(value, known[parameter]) and not _is_like(value, options):
            return f"{parameter!r} of {name} is no {known[parameter].get('type')}: {_shown(value)}"
        if not _is_accepted(value, options):
            return f"{parameter!r} of {name} is {_shown(value)}, expected {' or '.join(map(_shown, options))[:200]}"
    for parameter, options in accepted.items():
        if parameter not in arguments and OMITTED not in options:
            return f"{name} lacks the parameter {parameter!r}"
    return ""


def _is_kind(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value is of a schema's type; the items of an array are looked at, one level deep."""
    kind = _KINDS.get(str(schema.get("type")))
    if kind == "array" and isinstance(value, list):
        items = schema.get("items")
        inner = _KINDS.get(str(items.get("type"))) if isinstance(items, Mapping) else None
        return all(_of_kind(item, inner) for item in value)
    return _of_kind(value, kind)


def _of_kind(value: Any, kind: str | None) -> bool:
    if kind is None:
        return True
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int):
        return kind in ("integer", "number")
    types = {"number": float, "string": str, "array": list, "object": dict}
    return kind in types and isinstance(value, types[kind])


def _is_like(value: Any, options: Sequence[Any]) -> bool:
    """Whether a value has the type of the accepted ones, where these have another than is declared."""
    said = [option for option in options if option != OMITTED]
    return bool(said) and type(value) is type(said[0])


def _is_accepted(value: Any, options: Sequence[Any], depth: int = 0) -> bool:
    return any(_equal(value, option, depth) for option in options)


def _equal(value: Any, gold: Any, depth: int) -> bool:
    """Whether a value is the gold one; of an object, the gold may list the accepted values of each key."""
    if depth > DEEPEST:
        return False
    if isinstance(value, dict) and isinstance(gold, Mapping):
        return _same_object(value, gold, depth + 1)
    if isinstance(value, list) and isinstance(gold, (list, tuple)):
        return len(value) == len(gold) and all(_equal(v, g, depth + 1) for v, g in zip(value, gold, strict=True))
    if isinstance(value, str) and isinstance(gold, str):
        return _folded(value) == _folded(gold)
    if isinstance(value, bool) or isinstance(gold, bool):
        return value is gold
    return bool(value == gold)


def _same_object(value: Mapping[str, Any], gold: Mapping[str, Any], depth: int) -> bool:
    if not value.keys() <= gold.keys():
        return False
    for key, wanted in gold.items():
        listed = isinstance(wanted, list)
        if key not in value:
            if not (listed and OMITTED in wanted):
                return False
        elif not (_equal(value[key], wanted, depth) or (listed and _is_accepted(value[key], wanted, depth))):
            return False
    return True


def _folded(text: str) -> str:
    """A text without what does not matter in it: case, spaces, most punctuation, the kind of quotes."""
    return text.translate(_UNSAID).lower().replace("'", '"')


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."

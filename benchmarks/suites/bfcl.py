"""BFCL's single-turn rows: a question, functions, and the calls of one turn that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.benchmarks.suites.worlds import World, WorldTasks
from assaygym.envs.core import Reply
from assaygym.envs.tools import call as call_of
from assaygym.errors import DataError
from assaygym.types import Message, Role, Score, ToolCall, ToolSpec, Verdict
from assaygym.verifiers.tool_calls import OMITTED, CallGold, tool_calls

__all__ = ["SingleTurn", "bfcl_tasks", "gold_of", "messages_of", "specs_of"]

_TYPES = {
    "dict": "object", "HashMap": "object", "Hashtable": "object", "float": "number", "double": "number",
    "long": "integer", "int": "integer", "short": "integer", "byte": "integer", "Bigint": "integer", "tuple": "array",
    "Array": "array", "ArrayList": "array", "Set": "array", "Queue": "array", "Stack": "array", "list": "array",
    "String": "string", "char": "string", "Boolean": "boolean",
}  # fmt: skip
_JSON_TYPES = frozenset(("object", "number", "integer", "array", "string", "boolean", "null"))
_SYSTEM = "Answer by calling the functions that are needed, all in one turn. Where none of them fits, say so in words."
_UNFIT = "None of the functions fits this request, or it does not say enough to call one."


def bfcl_tasks(suite: Suite, rows: list[Row]) -> WorldTasks:
    """The tasks of these rows.

    Raises:
        DataError: a row has no question, no functions, or an answer of another form.
    """
    tasks = WorldTasks(
        suite,
        rows,
        start=SingleTurn,
        prompt=_prompt,
        name=lambda row: str(row["id"]),
        verifier="tool_calls",
    )
    for number, row in enumerate(rows, start=1):
        try:
            gold_of(row)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"row {number}: {type(error).__name__}: {error}") from error
    return tasks


def _prompt(row: Row) -> Sequence[Message]:
    told = messages_of(row["question"][0])
    return told if told and told[0].role == "system" else (Message(role="system", content=_SYSTEM), *told)


def messages_of(turn: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """The chat messages of a turn as the data has them.

    Raises:
        DataError: one has no role that a message can have.
    """
    for said in turn:
        if said.get("role") not in get_args(Role):
            raise DataError(f"a message has the role {said.get('role')!r}")
    return tuple(Message(role=said["role"], content=str(said["content"])) for said in turn)


def specs_of(functions: Sequence[Mapping[str, Any]]) -> tuple[ToolSpec, ...]:
    """Functions as the data describes them, their types as JSON Schema names them."""
    return tuple(
        ToolSpec(name=f["name"], description=f.get("description", ""), parameters=_schema(f["parameters"]))
        for f in functions
    )


def _schema(node: Any) -> Any:
    """A schema whose types are JSON's; what is of no such type (`any`) may be anything."""
    if isinstance(node, list):
        return [_schema(part) for part in node]
    if not isinstance(node, Mapping):
        return node
    found = {
        key: ({k: _schema(v) for k, v in value.items()} if key == "properties" else _schema(value))
        for key, value in node.items()
    }
    if isinstance(node.get("type"), str):
        found["type"] = _TYPES.get(node["type"], node["type"])
        if found["type"] not in _JSON_TYPES:
            del found["type"]
    return found


def gold_of(row: Row) -> CallGold:
    """What calls are right for a row."""
    functions = {f["name"]: f["parameters"] for f in row["function"]}
    truth = row.get("ground_truth")
    if not truth:
        return CallGold(
            "some" if "irrelevance" not in row["category"] and _is_relevance(row) else "none", (), functions
        )
    calls = tuple((name, dict(accepted)) for call in truth for name, accepted in call.items())
    return CallGold("these", calls, functions)


def _is_relevance(row: Row) -> bool:
    return str(row["category"]).endswith("relevance")


class SingleTurn(World):
    """One question; the first turn is the answer."""

    def __init__(self, row: Row) -> None:
        self.gold = gold_of(row)
        self.tools = specs_of(row["function"])

    def turn(self, action: Message, problems: tuple[str, ...]) -> Reply:
        """Judge the turn's calls."""
        if problems:
            told = f"calls: they could not be read: {problems[0]}"
            return Reply(score=Score(value=0.0, verdict=Verdict.INCORRECT, explanation=told))
        if not action.tool_calls and not action.content.strip():
            return Reply(score=Score.unparsed("the turn calls nothing and says nothing"))
        return Reply(score=tool_calls()(action.tool_calls, self.gold))

    def end(self) -> Score:
        """Never asked: the first turn ends it."""
        return Score.of(0.0, explanation="no answer")

    def solve(self) -> Iterable[str | ToolCall | Sequence[ToolCall]]:
        """The calls, each with the first accepted values."""
        if self.gold.wanted == "none":
            yield _UNFIT
        elif self.gold.wanted == "some":
            name, schema = next(iter(self.gold.functions.items()))
            known = schema.get("properties") or {}
            yield call_of(name, **{p: _example(known[p]) for p in schema.get("required") or ()})
        else:
            schemas = self.gold.functions
            yield [call_of(name, **_arguments(accepted, schemas[name])) for name, accepted in self.gold.calls]


def _arguments(accepted: Mapping[str, Sequence[Any]], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The first accepted value of each parameter that has to be there, or that the function has."""
    known, required = schema.get("properties") or {}, schema.get("required") or ()
    found = {}
    for name, options in accepted.items():
        values = [option for option in options if option != OMITTED]
        may_lack = OMITTED in options and name not in required
        if values and not (may_lack and (options[0] == OMITTED or name not in known)):
            found[name] = _plain(values[0])
    return found


def _plain(value: Any) -> Any:
    """A value as an agent would give it, of one whose objects list the accepted values of each key."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _plain(options[0]) if isinstance(options, list) and options else options
        for key, options in value.items()
        if not (isinstance(options, list) and options[:1] == [OMITTED])
    }


def _example(schema: Mapping[str, Any]) -> Any:
    """A value of a type."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = _schema(schema).get("type", "string")
    return {"integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {}}.get(str(kind), "text")

"""tau2-bench's retail tasks, for an agent alone: the customer's instructions are a ticket, and nobody is asked back.

The benchmark's own user is a language model, whose faults are a good part of what it measures; a ticket has none. An
episode is right when the database is what the gold actions make of it, nothing else changed, and the agent's words hold
what had to be communicated. Assertions that only a language model can judge are left out, so scores do not compare with
the benchmark's own.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.benchmarks.suites.tau2_shop import Shop
from assaygym.benchmarks.suites.worlds import CallingWorld, WorldTasks, arguments_of
from assaygym.envs.core import Reply
from assaygym.envs.data import read_rows
from assaygym.errors import DataError, ToolError, did_you_mean
from assaygym.types import Message, Score, ToolCall, ToolSpec, Verdict
from assaygym.verifiers.state import state_equals

__all__ = ["Ticket", "is_judged_by_state", "read_tau2", "tau2_tasks"]

TURNS = 40
_WRITES = ("cancel_", "modify_", "return_", "exchange_")
_ALONE = """

## This conversation

The customer left a ticket and cannot be asked. Take what the ticket wants as confirmed as far as this policy allows it.
Act with the tools, then write one last message to the customer, without any call, that says what was done and answers
what was asked. That message ends the conversation."""
_TOOLS = tuple(name for name, member in vars(Shop).items() if inspect.isfunction(member) and not name.startswith("_"))


def read_tau2(paths: Sequence[Path]) -> list[Row]:
    """The tasks of a file (JSON lines or a list) with the database and the policy beside it.

    Raises:
        DataError: one of the three is missing or cannot be read.
    """
    path = paths[0]
    try:
        db = json.loads((path.parent / "db.json").read_text(encoding="utf-8"))
        policy = (path.parent / "policy.md").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(f"{path} needs db.json and policy.md beside it: {error}") from error
    if not isinstance(db, dict) or not {"users", "orders", "products"} <= db.keys():
        raise DataError(f"{path.parent / 'db.json'} has no users, orders and products; only the retail domain is read")
    text = json.dumps(db)
    return [{**row, "db": text, "policy": policy} for row in read_rows(path)]


def is_judged_by_state(row: Row) -> bool:
    """Whether doing nothing is wrong: an action changes something, or something has to be said."""
    criteria = row["evaluation_criteria"]
    return bool(criteria.get("communicate_info")) or any(
        action["name"].startswith(_WRITES) for action in criteria.get("actions") or ()
    )


def tau2_tasks(suite: Suite, rows: list[Row]) -> WorldTasks:
    """The tasks of these rows.

    Raises:
        DataError: a row has no instructions, or its gold actions name tools that there are not.
    """
    for number, row in enumerate(rows, start=1):
        for action in row["evaluation_criteria"].get("actions") or ():
            if action["name"] not in _TOOLS:
                raise DataError(f"row {number}: no tool {action['name']!r}; {did_you_mean(action['name'], _TOOLS)}")
    tasks = WorldTasks(
        suite,
        rows,
        start=Ticket,
        prompt=_prompt,
        name=lambda row: str(row["id"]),
        verifier="state and what was said",
        turns=TURNS,
    )
    return tasks


def _prompt(row: Row) -> Sequence[Message]:
    told = row["user_scenario"]["instructions"]
    if not isinstance(told, Mapping):
        raise DataError("column 'user_scenario' has no instructions by part")
    titles = {
        "reason_for_call": "Why they call",
        "known_info": "What they know",
        "unknown_info": "What they do not know",
        "task_instructions": "How they are",
    }
    parts = [f"{title}: {told[key]}" for key, title in titles.items() if str(told.get(key) or "").strip(" .")]
    ticket = "Ticket. 'You' is the customer.\n\n" + "\n".join(parts)
    return (Message(role="system", content=row["policy"].rstrip() + _ALONE), Message(role="user", content=ticket))


def _specs() -> tuple[ToolSpec, ...]:
    """The tools as models are told of them, by the signatures of the shop's methods."""
    return tuple(
        ToolSpec(name=name, description=inspect.getdoc(getattr(Shop, name)) or "", parameters=_parameters(name))
        for name in _TOOLS
    )


def _parameters(name: str) -> dict[str, Any]:
    strings = {"type": "array", "items": {"type": "string"}}
    taken = list(inspect.signature(getattr(Shop, name)).parameters)[1:]
    properties = {key: strings if key.endswith("_ids") else {"type": "string"} for key in taken}
    return {"type": "object", "properties": properties, "required": taken}


SPECS = _specs()


class Ticket(CallingWorld):
    """One ticket, on a database of its own."""

    tools = SPECS

    def __init__(self, row: Row) -> None:
        self._row = row
        self._shop = Shop(json.loads(row["db"]))
        self._said: list[str] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> Ticket:
        twin = Ticket.__new__(Ticket)
        twin._row, twin._said = self._row, list(self._said)
        twin._shop = Shop(json.loads(json.dumps(self._shop.db)))
        return twin

    def turn(self, action: Message, problems: tuple[str, ...]) -> Reply:
        """As every world with tools; what is said beside calls is said too."""
        if not problems:
            self._said.append(action.content)
        return super().turn(action, problems)

    def call(self, request: ToolCall) -> str:
        """The result of a tool.

        Raises:
            ToolError: there is no such tool, its arguments are others, or it refuses.
        """
        return _called(self._shop, request.name, arguments_of(request))

    def said(self, text: str) -> Reply:
        """The last message: judge."""
        if not text.strip():
            return Reply(score=Score.unparsed("the last message says nothing"))
        return Reply(score=self._verdict())

    def end(self) -> Score:
        """The limit of turns was reached."""
        return Score(value=0.0, verdict=Verdict.INCORRECT, explanation=f"no last message within {TURNS} turns")

    def _verdict(self) -> Score:
        gold = Shop(json.loads(self._row["db"]))
        for action in self._actions():
            _replayed(gold, action)
        if json.dumps(self._shop.db, sort_keys=True) == json.dumps(gold.db, sort_keys=True):
            score = Score(value=1.0, verdict=Verdict.CORRECT, explanation="state: as expected")
        else:
            initial, final, expected = _touched(json.loads(self._row["db"]), self._shop.db, gold.db)
            score = state_equals(initial)(final, expected)
        words = "\n".join(self._said).casefold().replace(",", "")
        lacking = [item for item in self._told() if str(item).casefold().replace(",", "") not in words]
        if score.verdict is Verdict.CORRECT and lacking:
            told = f"state: as expected, but the customer was not told {', '.join(map(repr, lacking))}"
            return Score(value=0.0, verdict=Verdict.INCORRECT, explanation=told)
        return score

    def _actions(self) -> Sequence[Mapping[str, Any]]:
        return self._row["evaluation_criteria"].get("actions") or ()

    def _told(self) -> Sequence[str]:
        return self._row["evaluation_criteria"].get("communicate_info") or ()

    def solve(self) -> Iterable[str | ToolCall | Sequence[ToolCall]]:
        """The gold actions, then what has to be communicated."""
        for action in self._actions():
            arguments = json.dumps(dict(action["arguments"]))
            yield ToolCall(id="call_0", name=action["name"], arguments=arguments)
        yield f"This is done. {', '.join(map(str, self._told()))}".strip()


def _touched(*states: dict[str, Any]) -> list[dict[str, Any]]:
    """The states without the entries that are the same in all of them, which are nearly all."""
    first, *others = states
    kept = {
        table: [key for key, entry in entries.items() if any(other[table].get(key) != entry for other in others)]
        for table, entries in first.items()
    }
    return [{table: {key: state[table].get(key) for key in keys} for table, keys in kept.items()} for state in states]


def _called(shop: Shop, name: str, arguments: Mapping[str, Any]) -> str:
    if name not in _TOOLS:
        raise ToolError(f"no tool {name[:80]!r}; {did_you_mean(name, _TOOLS)}")
    wanted = _parameters(name)["properties"]
    for key, schema in wanted.items():
        value = arguments.get(key)
        fits = isinstance(value, str) if schema["type"] == "string" else _is_strings(value)
        if not fits:
            raise ToolError(f"{name} needs {key}: {'a text' if schema['type'] == 'string' else 'a list of texts'}")
    if unknown := arguments.keys() - wanted.keys():
        raise ToolError(f"{name} takes no {', '.join(sorted(unknown))[:200]}")
    found: str = getattr(shop, name)(**arguments)
    return found


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _replayed(shop: Shop, action: Mapping[str, Any]) -> None:
    """Make a gold action; one that only reads may be refused, as when a name is first looked up in vain.

    Raises:
        DataError: one that changes something is refused.
    """
    try:
        _called(shop, action["name"], action["arguments"])
    except ToolError as error:
        if action["name"].startswith(_WRITES):
            raise DataError(f"the gold action {action['name']} is refused: {error}") from error

"""BFCL's conversations: simulated APIs, several requests of a user, the state compared after each.

The APIs are those of the package `bfcl-eval` (`pip install --no-deps bfcl-eval`), imported from where the user
installed it; nothing is fetched. Calls are method names and JSON arguments: no text of an agent or
of the data is evaluated.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assaygym.benchmarks.suites.bfcl import messages_of, specs_of
from assaygym.benchmarks.suites.bfcl_files import API_FILES
from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.benchmarks.suites.worlds import CALLS_PER_TURN, CallingWorld, WorldTasks, arguments_of
from assaygym.envs.core import Reply
from assaygym.errors import DataError, MissingDependencyError, ToolError
from assaygym.foreign_json import read_json
from assaygym.types import Message, Score, ToolCall, Verdict

__all__ = ["Conversation", "api_of", "bfcl_turn_tasks", "parsed_call"]

MODULES = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"
STEPS = 20
"""Turns of the agent for each request of the user, as that benchmark has it."""
_SYSTEM = (
    "Serve the user by calling the functions that are needed, with what their results say. "
    "When a request is served, or cannot be, say so without any call."
)
_MORE = "There are more functions now. Go on with what I asked."
_STATELESS = frozenset(("MathAPI",))
_BOUNDED = {"exponent": 1_000, "precision": 1_000, "degree": 1_000}
"""The largest number that an agent may give for what would otherwise take all our time or memory."""

Maker = Callable[[str], Any]


def bfcl_turn_tasks(suite: Suite, rows: list[Row], api: Maker | None = None) -> WorldTasks:
    """The tasks of these rows; `api` makes an API by the name of its class.

    Raises:
        DataError: a row has no question, or gold calls that are none.
        MissingDependencyError: the package with the APIs is not installed.
    """
    make = api or api_of
    for name in {name for row in rows for name in row["involved_classes"]}:
        make(name)
    for row in rows:
        for turn in row["ground_truth"]:
            for text in turn:
                parsed_call(text)
    most = max(len(row["question"]) for row in rows)
    tasks = WorldTasks(
        suite,
        rows,
        start=lambda row: Conversation(row, make),
        prompt=lambda row: (Message(role="system", content=_SYSTEM), *messages_of(row["question"][0])),
        name=lambda row: str(row["id"]),
        verifier="state after each request",
        turns=STEPS * most,
    )
    return tasks


def api_of(name: str) -> Any:
    """A fresh simulated API.

    Raises:
        DataError: there is none of this name.
        MissingDependencyError: the package with the APIs is not installed.
    """
    if name not in API_FILES:
        raise DataError(f"there is no simulated API {name!r}; expected one of {', '.join(API_FILES)}")
    try:
        module = importlib.import_module(f"{MODULES}.{API_FILES[name]}")
    except ImportError as error:
        raise MissingDependencyError(
            f"the conversations of BFCL need the simulated APIs of the package bfcl-eval ({error}): "
            "pip install --no-deps bfcl-eval"
        ) from error
    return getattr(module, name)()


def parsed_call(text: str) -> tuple[str, dict[str, Any]]:
    """The (function, arguments) of `name(key=literal, ...)`; arguments without a name are under their place, `"0"`.

    Raises:
        DataError: it is no such call.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise ValueError("expected name(key=value)")
        given = {str(place): ast.literal_eval(value) for place, value in enumerate(node.args)}
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise DataError(f"{text[:80]!r} is no call with literal arguments: {error}") from error
    return node.func.id, {**given, **named}


class _Apis:
    """The APIs of one side of a conversation: the agent's, or the gold one."""

    def __init__(self, row: Row, make: Maker) -> None:
        self.apis = {name: make(name) for name in row["involved_classes"]}
        long = "long_context" in str(row["category"]) or "composite" in str(row["category"])
        for name, api in self.apis.items():
            if name not in _STATELESS:
                api._load_scenario(copy.deepcopy(row["initial_config"].get(name, {})), long_context=long)

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """The result as text; what a simulated API raises is an answer of its own."""
        method = self._method(name)
        if method is None:
            return f"Error: there is no function {name[:80]!r}"
        parameters = list(inspect.signature(method).parameters)
        named = {parameters[int(k)] if k.isdigit() and int(k) < len(parameters) else k: v for k, v in arguments.items()}
        try:
            result = method(**named)
        except Exception as error:  # the APIs raise whatever the arguments make them: that is what the agent reads
            return f"Error during execution: {error}"
        return result if isinstance(result, str) else _as_json(result)

    def _method(self, name: str) -> Any:
        if name.startswith("_"):
            return None
        found = (getattr(api, name, None) for api in self.apis.values() if callable(getattr(type(api), name, None)))
        return next(found, None)

    def state(self) -> dict[str, dict[str, Any]]:
        """The public attributes of each API."""
        return {
            name: {key: value for key, value in vars(api).items() if not key.startswith("_")}
            for name, api in self.apis.items()
        }


def _as_json(result: Any) -> str:
    try:
        return json.dumps(result)
    except (TypeError, ValueError):
        return str(result)


def _compared(result: str) -> str:
    """A result as it is compared: a number is one number however it is written, `3.0` as `3`."""
    try:
        return json.dumps(read_json(result, parse_float=_number), sort_keys=True)
    except ValueError:
        return result


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


class Conversation(CallingWorld):
    """A row with its requests; the gold calls of a request are made when the agent says that it is done with it.

    After each request the state has to be the gold one's, and what the gold calls told has to have been told to the
    agent too, then or earlier. Where the gold makes no call, none is right.
    """

    def __init__(self, row: Row, make: Maker) -> None:
        self._mine, self._gold = _Apis(row, make), _Apis(row, make)
        self._requests: Sequence[Any] = row["question"]
        self._golds: Sequence[Sequence[str]] = row["ground_truth"]
        self._withheld: Mapping[str, Sequence[str]] = row.get("missed_function") or {}
        self._specs = specs_of(row["function"])
        self._request = 0
        self._steps = 0
        self._called = 0
        self._told: Counter[str] = Counter()
        self._offer()

    def _offer(self) -> None:
        """Offer what is not withheld until a later request."""
        hidden = {name for turn, names in self._withheld.items() if int(turn) > self._request for name in names}
        self.tools = tuple(spec for spec in self._specs if spec.name not in hidden)

    def turn(self, action: Message, problems: tuple[str, ...]) -> Reply:
        """As every world with tools; a request that takes too long is over."""
        self._steps += 1
        if self._steps > STEPS:
            return Reply(score=_wrong(self._request, f"no answer within {STEPS} turns"))
        return super().turn(action, problems)

    def call(self, request: ToolCall) -> str:
        """Call a method of an API.

        Raises:
            ToolError: the arguments are no JSON object, or the function is not offered.
        """
        self._called += 1
        if request.name not in {spec.name for spec in self.tools}:
            raise ToolError(f"there is no function {request.name[:80]!r}")
        arguments = arguments_of(request)
        if any(key.isdigit() for key in arguments):
            raise ToolError("arguments have names")
        for key, most in _BOUNDED.items():
            if isinstance(arguments.get(key), (int, float)) and not abs(arguments[key]) <= most:
                raise ToolError(f"{key} is over {most}")
        result = self._mine.call(request.name, arguments)
        self._told[_compared(result)] += 1
        return result

    def said(self, text: str) -> Reply:
        """The agent is done with a request: compare, then hear the next."""
        problem = self._compared()
        if problem:
            return Reply(score=_wrong(self._request, problem))
        self._request += 1
        self._steps = self._called = 0
        if self._request == len(self._requests):
            return Reply(score=Score(value=1.0, verdict=Verdict.CORRECT, explanation="state: as expected throughout"))
        self._offer()
        messages = messages_of(self._requests[self._request])
        return Reply(messages=messages or (Message(role="user", content=_MORE),))

    def _compared(self) -> str:
        """Why the request was not served; "" when it was."""
        gold = self._golds[self._request]
        if not gold:
            return "a function was called, but none could serve it" if self._called else ""
        if not self._called:
            return "no function was called"
        wanted = Counter(_compared(self._gold.call(*parsed_call(text))) for text in gold)
        mine, expected = self._mine.state(), self._gold.state()
        for name, attributes in expected.items():
            for key, value in attributes.items():
                if mine[name].get(key) != value:
                    return f"{key!r} of {name} is not as it should be"
        lacking = wanted - self._told
        return f"the results lack {next(iter(lacking))[:120]!r}" if lacking else ""

    def end(self) -> Score:
        """The limit of turns was reached."""
        return _wrong(self._request, "the conversation was not finished")

    def solve(self) -> Iterable[str | ToolCall | Sequence[ToolCall]]:
        """The gold calls, a few in each turn."""
        for turn in self._golds:
            calls = [self._as_call(*parsed_call(text)) for text in turn]
            for start in range(0, len(calls), CALLS_PER_TURN):
                yield calls[start : start + CALLS_PER_TURN]
            yield "That is all for this request."

    def _as_call(self, name: str, arguments: Mapping[str, Any]) -> ToolCall:
        return ToolCall(id="call_0", name=name, arguments=json.dumps(self._named(name, arguments)))

    def _named(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        method = self._mine._method(name)
        parameters = list(inspect.signature(method).parameters) if method is not None else []
        return {parameters[int(k)] if k.isdigit() else k: value for k, value in arguments.items()}


def _wrong(request: int, why: str) -> Score:
    return Score(value=0.0, verdict=Verdict.INCORRECT, explanation=f"state: request {request + 1}: {why}")

"""Suites whose tasks are episodes with tools: the tools, what a turn does and what is right are of each row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.benchmarks.suites.formats import CALLS, strictly
from assaygym.envs.core import Reply
from assaygym.envs.data_tasks import DataEnv, DataTaskDefinition
from assaygym.envs.grammars import ParsedTurn, grammar
from assaygym.errors import ConfigError, ToolError
from assaygym.foreign_json import read_object
from assaygym.types import Message, Score, Task, ToolCall, ToolSpec

__all__ = ["CALLS_PER_TURN", "CallingWorld", "Scenario", "World", "WorldEnv", "WorldTasks", "arguments_of"]

GRAMMARS = ("hermes", "pythonic")
"""How calls may be written; the first is how ours are. A turn in which the first finds nothing is read by the next."""
CALLS_PER_TURN = 16
RESULT_CHARACTERS = 20_000


class World:
    """One episode: a fresh state, changed by each turn."""

    tools: tuple[ToolSpec, ...] = ()

    @abstractmethod
    def turn(self, action: Message, problems: tuple[str, ...]) -> Reply:
        """React to one turn; `problems` are its calls that could not be read. Whatever this raises is our own fault."""

    @abstractmethod
    def end(self) -> Score:
        """The score of an episode that was cut by the limit of turns."""

    def solve(self) -> Iterable[str | ToolCall | Sequence[ToolCall]] | None:
        """The oracle's turns."""
        return None


class CallingWorld(World):
    """A world whose tools answer; a turn without calls is an answer to the user."""

    @abstractmethod
    def call(self, request: ToolCall) -> str:
        """The result of a call.

        Raises:
            ToolError: it is refused; the message is for the agent.
        """

    @abstractmethod
    def said(self, text: str) -> Reply:
        """React to a turn without calls."""

    def turn(self, action: Message, problems: tuple[str, ...]) -> Reply:
        """Run the turn's calls, or hear what it says."""
        if problems:
            lines = "\n".join(f"Error: {problem}" for problem in problems[:CALLS_PER_TURN])
            return Reply(messages=(Message(role="user", content=f"{lines}\nNo tool was run."),))
        if not action.tool_calls:
            return self.said(action.content)
        return Reply(messages=tuple(self._result(request, n) for n, request in enumerate(action.tool_calls)))

    def _result(self, request: ToolCall, number: int) -> Message:
        try:
            if number >= CALLS_PER_TURN:
                raise ToolError(f"not run: at most {CALLS_PER_TURN} calls a turn")
            content = self.call(request)
        except ToolError as error:
            content = f"Error: {error}"
        content = content.encode("utf-8", "replace").decode()[:RESULT_CHARACTERS]
        return Message(role="tool", content=content, tool_call_id=request.id)


def arguments_of(request: ToolCall) -> dict[str, Any]:
    """The arguments of a call.

    Raises:
        ToolError: they are no JSON object.
    """
    found = read_object(request.arguments or "{}")
    if found is None:
        raise ToolError(f"the arguments of {request.name[:80]} are no JSON object")
    return found


class Scenario:
    """A row's world, to be begun any number of times. Immutable, shared by all its episodes."""

    def __init__(self, row: Row, start: Callable[[Row], World]) -> None:
        self.row = row
        self._start = start

    def begin(self) -> World:
        """A fresh world."""
        return self._start(self.row)

    def __deepcopy__(self, memo: dict[int, Any]) -> Scenario:
        return self

    def __str__(self) -> str:
        return str(self.row.get("id", ""))


class _OneTurn:
    """Judges a text as the only turn of an episode."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, response: str, answer: Scenario, /) -> Score:
        """The score of one response."""
        world = answer.begin()
        parsed = read_turn(response, world.tools)
        action = Message(role="assistant", content=parsed.content, tool_calls=parsed.calls)
        reply = world.turn(action, parsed.errors)
        return strictly(reply.score if reply.score is not None else world.end(), not parsed.repaired, CALLS)


class WorldTasks(DataTaskDefinition):
    """A task whose rows are worlds.

    Args:
        suite: whose rows these are.
        rows: the rows.
        start: makes the world of a row.
        prompt: what the agent is first told, of a row.
        name: of a row.
        verifier: what the judgement is called.
        turns: the most turns of an episode.
    """

    def __init__(
        self,
        suite: Suite,
        rows: Sequence[Row],
        *,
        start: Callable[[Row], World],
        prompt: Callable[[Row], Sequence[Message]],
        name: Callable[[Row], str],
        verifier: str,
        turns: int = 1,
    ) -> None:
        def gold(row: Row) -> Scenario:
            return Scenario(row, start)

        columns = {"prompt": prompt, "gold": gold, "name": name}
        options = {"verifier": _OneTurn(verifier), "kind": suite.kind, "summary": suite.title}
        super().__init__(f"suite/{suite.id}-v0", rows, columns, **options)
        self.suite, self.turns = suite, turns
        self.check()

    def row_task(self, index: int) -> Task[Any]:
        """As `DataTaskDefinition`, with the row's category."""
        return self.suite.labelled(super().row_task(index), self.rows[index])

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _again, (self.suite.id, self.rows)

    def make(
        self, *, split: str = "train", render_mode: str | None = None, level: int | None = None, **knobs: Any
    ) -> WorldEnv:
        """An environment of these rows."""
        if level is not None or knobs:
            raise ConfigError(f"{self.id} takes no level and no knobs")
        env = WorldEnv(self, split=split, render_mode=render_mode, knobs={})
        env.max_turns = self.turns
        return env


def _again(name: str, rows: list[Row]) -> DataTaskDefinition:
    from assaygym.benchmarks.suites.catalogue import SUITES

    define = SUITES[name].define
    assert define is not None  # it made these rows' task
    return define(SUITES[name], rows)


class WorldEnv(DataEnv):
    """The environment of `WorldTasks`."""

    definition: WorldTasks  # pyright: ignore[reportIncompatibleVariableOverride]
    world: World | None = None
    _parsed = ParsedTurn(content="")
    _repaired = False
    """Whether a call of the episode had to be repaired."""

    def _draw(self, seed: int, options: Mapping[str, Any]) -> Task[Any]:
        task = super()._draw(seed, options)
        self.world, self._repaired = task.answer.begin(), False
        return task

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What the agent may call now."""
        return self.world.tools if self.world is not None else ()

    @property
    def has_oracle(self) -> bool:
        """Whether the row's world has one."""
        return self.world is None or type(self.world).solve is not World.solve

    def parse_action(self, text: str) -> Message:
        """The assistant's message: what it says beside the calls it makes."""
        parsed = self._parsed = read_turn(text, self.tools)
        if parsed.errors:
            return Message(role="assistant", content=text)
        calls = tuple(
            ToolCall(id=f"call_{self.turns}_{n}", name=call.name, arguments=call.arguments)
            for n, call in enumerate(parsed.calls)
        )
        return Message(role="assistant", content=parsed.content, tool_calls=calls)

    def action_text(self, message: Message) -> str:
        """The message's content followed by its calls."""
        return (
            grammar(GRAMMARS[0]).render(message.content, message.tool_calls) if message.tool_calls else message.content
        )

    def _reply(self, action: Message) -> Reply:
        parsed = self._parsed  # `step` has just parsed this very turn
        self._repaired = self._repaired or parsed.repaired
        reply = self._world.turn(action, parsed.errors)
        info = {"tool_calls": len(action.tool_calls), "repaired": parsed.repaired}
        score = None if reply.score is None else strictly(reply.score, not self._repaired, CALLS)
        return Reply(messages=reply.messages, score=score, info={**info, **reply.info})

    def _conclude(self) -> Score:
        return strictly(self._world.end(), not self._repaired, CALLS)

    def _solve(self) -> Any:
        return self._world.solve()

    @property
    def _world(self) -> World:
        assert self.world is not None  # a running episode has one
        return self.world


def read_turn(text: str, tools: Sequence[ToolSpec]) -> ParsedTurn:
    """What a turn says and which calls it makes, by the first grammar that finds any."""
    found = ParsedTurn(content=text)
    for name in GRAMMARS:
        found = grammar(name).parse(text, tools)
        if found.calls or found.errors:
            break
    return found

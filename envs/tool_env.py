"""Multi-turn environments whose tools are methods and whose verdict comes from the final state.

    class Shop(ag.ToolEnv, id="my/shop-v0", max_turns=8):
        \"\"\"You are a shop assistant.\"\"\"                   # the system prompt
        def setup(self, rng): ...                          # state on self; returns the prompt
        @ag.tool
        def refund(self, order_id: str) -> str: ...
        def verify(self): ...                              # bool, float in [0, 1] or Score
        def solve(self): ...                               # the oracle: yields calls and texts

A turn with tool calls is answered with their results; a turn without is the final answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from assaygym.envs.core import Env, Reply
from assaygym.envs.definition import as_prompt
from assaygym.envs.difficulty import Difficulty, check_knobs, resolve
from assaygym.envs.grammars import ParsedTurn, grammar
from assaygym.envs.registration import EnvSpec, Kind, register
from assaygym.envs.seeding import digest
from assaygym.envs.tools import Toolbox
from assaygym.errors import ConfigError, ToolError
from assaygym.types import Message, Score, Task, ToolCall, ToolSpec

__all__ = ["ToolEnv"]

ERROR = "Error: "
CALLS_PER_TURN = 16
"""Further calls of one turn are refused with a message."""
OWN = frozenset(
    {"id", "env_id", "split", "max_turns", "knobs", "grammar", "toolbox", "observation_space", "action_space"}
)
"""Attributes that are no state of an episode (beside what the class defines)."""
OPEN = frozenset({"spec", "np_random", "reply"})
"""Those of the class that may be set."""


class ToolEnv(Env):
    """Base of tool environments. All state of an episode lives on `self`, set by `setup`.

    Class arguments: `id` (registers the class), `max_turns`, `difficulty` (knobs from easy to hard; each is set on
    `self` before `setup`), `grammar` (how calls are written), `kind`, `summary`, `requires`. A subclass of a subclass
    inherits all of them but the id, `kind` and `summary`, and the system prompt where it has no docstring.

    Raises:
        ConfigError: a tool or a knob has the name of something that `ToolEnv` needs itself.
    """

    env_id: ClassVar[str]
    difficulty: ClassVar[Difficulty] = {}
    turn_limit: ClassVar[int] = 8
    grammar_name: ClassVar[str] = "hermes"
    needs: ClassVar[tuple[str, ...]] = ()
    toolbox: ClassVar[Toolbox]
    _sealed = False

    def __init_subclass__(
        cls,
        *,
        id: str | None = None,
        max_turns: int | None = None,
        difficulty: Difficulty | None = None,
        grammar: str | None = None,
        kind: Kind = "tool",
        summary: str = "",
        requires: tuple[str, ...] | None = None,
        **rest: Any,
    ) -> None:
        super().__init_subclass__(**rest)
        cls.env_id = id or cls.__name__
        cls.turn_limit = cls.turn_limit if max_turns is None else max_turns
        cls.difficulty = cls.difficulty if difficulty is None else dict(difficulty)
        cls.grammar_name = cls.grammar_name if grammar is None else grammar
        cls.needs = cls.needs if requires is None else requires
        cls.toolbox = Toolbox(cls)
        for name in cls.toolbox.names:
            if _is_own(name):
                raise ConfigError(f"the tool {name!r} of {cls.__name__} hides ToolEnv.{name}; choose another name")
        taken = [name for name in cls.difficulty if _is_own(name) or name in ("level", "reply")]
        check_knobs(cls.env_id, cls.difficulty, taken)
        if id is not None:
            line = summary or _system_prompt(cls).split("\n")[0]
            register(
                EnvSpec(id=id, entry_point=cls, kind=kind, summary=line, max_turns=cls.turn_limit, requires=cls.needs)
            )

    def __init__(
        self,
        *,
        split: str = "train",
        render_mode: str | None = None,
        max_turns: int | None = None,
        level: int | None = None,
        **knobs: Any,
    ) -> None:
        chosen = resolve(self.env_id, self.difficulty, level, knobs, {})
        turns = self.turn_limit if max_turns is None else max_turns
        super().__init__(self.env_id, split=split, render_mode=render_mode, max_turns=turns, knobs=chosen)
        self.grammar = grammar(self.grammar_name)
        self._parsed = ParsedTurn(content="")
        self.reply = ""
        """The text of the agent's final answer; empty before it."""
        self._own: frozenset[str] = frozenset()
        self._own = frozenset(vars(self)) | {"spec", "_np_random", "_np_random_seed", "_sealed"}
        self._sealed = True

    if not TYPE_CHECKING:  # a type checker would take it as leave to set anything

        def __setattr__(self, name: str, value: Any) -> None:
            if self._sealed and _is_own(name) and name not in OPEN:
                raise ConfigError(
                    f"self.{name} of {type(self).__name__} is the environment's own; name the state otherwise"
                )
            super().__setattr__(name, value)

    # what a subclass gives

    def setup(self, rng: Any) -> str | Sequence[Message]:
        """Set the episode's state on `self` and return the prompt.

        Args:
            rng: a `random.Random` of this task alone.
        """
        raise NotImplementedError(f"{type(self).__name__} has no setup(self, rng)")

    def verify(self) -> Score | bool | float:
        """Judge the final state (and `self.reply`, the final answer)."""
        raise NotImplementedError(f"{type(self).__name__} has no verify(self)")

    def solve(self) -> Iterable[str | ToolCall | Sequence[ToolCall]]:
        """The oracle: yields one turn at a time; it runs along, so it may look at the state between turns."""
        raise NotImplementedError(f"{type(self).__name__} has no solve(self)")

    # the episode

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What the agent may call."""
        return self.toolbox.specs

    @property
    def has_oracle(self) -> bool:
        """Whether the class has a `solve`."""
        return type(self).solve is not ToolEnv.solve

    def parse_action(self, text: str) -> Message:
        """The assistant's message: what it says beside the calls it makes.

        A turn with a malformed call keeps its text whole and makes no call at all.
        """
        parsed = self._parsed = self.grammar.parse(text, self.tools)
        if parsed.errors:
            return Message(role="assistant", content=text)
        calls = tuple(replace(call, id=f"call_{self.turns}_{i}") for i, call in enumerate(parsed.calls))
        return Message(role="assistant", content=parsed.content, tool_calls=calls)

    def action_text(self, message: Message) -> str:
        """The message's content followed by its structured calls in this environment's grammar."""
        return self.grammar.render(message.content, message.tool_calls) if message.tool_calls else message.content

    def _pose(self, rng: Any) -> Task[Any]:
        for name in vars(self).keys() - self._own:
            delattr(self, name)  # nothing of an earlier episode, or of a rejected draw, is left
        self.reply = ""
        vars(self).update(self.knobs)
        prompt = as_prompt(self.setup(rng), _system_prompt(type(self)), self.id)
        return Task(id=f"{self.id}:{digest(prompt)[:12]}", prompt=prompt, answer=None)

    def _reply(self, action: Message) -> Reply:
        parsed = self._parsed  # `step` has just parsed this very turn
        if action.tool_calls:
            return self._run_calls(action.tool_calls, parsed.repaired)
        if parsed.errors:
            text = "\n".join(f"{ERROR}{sentence}" for sentence in parsed.errors[:CALLS_PER_TURN])
            info = {"tool_calls": 0, "tool_errors": len(parsed.errors), "repaired": parsed.repaired}
            return Reply(messages=(Message(role="user", content=f"{text}\nNo tool was run."),), info=info)
        self.reply = action.content
        return Reply(score=self._judged())

    def _run_calls(self, calls: Sequence[ToolCall], repaired: bool) -> Reply:
        results = tuple(self._result(request, index) for index, request in enumerate(calls))
        errors = sum(message.content.startswith(ERROR) for message in results)
        return Reply(messages=results, info={"tool_calls": len(calls), "tool_errors": errors, "repaired": repaired})

    def _result(self, request: ToolCall, index: int) -> Message:
        try:
            if index >= CALLS_PER_TURN:
                raise ToolError(f"not run: at most {CALLS_PER_TURN} calls a turn")
            content = self.toolbox.run(self, request)
        except ToolError as error:
            content = f"{ERROR}{error}"
        return Message(role="tool", content=content, tool_call_id=request.id)

    def _conclude(self) -> Score:
        return self._judged()

    def _judged(self) -> Score:
        return Score.of(self.verify())

    def _solve(self) -> Iterable[Any]:
        return self.solve()


def _is_own(name: str) -> bool:
    """Whether an environment needs this attribute itself."""
    return name in OWN or (hasattr(ToolEnv, name) and not name.startswith("_"))


def _system_prompt(cls: type) -> str:
    """The docstring of the class, or of the nearest environment above it that has one."""
    family = cls.__mro__[: cls.__mro__.index(ToolEnv)]
    docs = (vars(base).get("__doc__") for base in family if issubclass(base, ToolEnv))
    return inspect.cleandoc(next((doc for doc in docs if doc), ""))

"""Tools: methods that an agent may call, with a JSON Schema derived from their signature."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from assaygym.errors import ConfigError, ToolError, did_you_mean
from assaygym.types import ToolCall, ToolSpec

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Tool", "Toolbox", "call", "tool"]

F = TypeVar("F", bound=Callable[..., Any])
MARK = "_assaygym_tool"
RESULT_CHARACTERS = 20_000
"""A longer result is cut, and says so: it goes into the agent's context."""


def tool(function: F) -> F:
    """Decorator: the agent may call this method.

    Its parameters' annotations become the JSON Schema, its docstring the description; `Annotated[T, Field(...)]` of
    pydantic adds to a parameter. Raise `ToolError` to refuse a call with a message that the agent reads; any other
    exception is a fault of the environment and ends the episode with verdict INVALID.
    """
    setattr(function, MARK, True)
    return function


def call(name: str, /, **arguments: Any) -> ToolCall:
    """A tool call, as an oracle yields it."""
    return ToolCall(id="call_0", name=name, arguments=json.dumps(arguments, ensure_ascii=False))


@dataclass(frozen=True)
class Tool:
    """One tool: a function of (owner, **arguments) and what is known of its arguments."""

    name: str
    function: Callable[..., Any]

    @cached_property
    def model(self) -> type[BaseModel]:
        """The pydantic model of the arguments.

        Raises:
            ConfigError: a parameter has no annotation, is variadic or positional-only, or has no JSON Schema.
        """
        import pydantic

        fields: dict[str, Any] = {}
        for parameter in list(inspect.signature(self.function, eval_str=True).parameters.values())[1:]:
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise ConfigError(f"tool {self.name!r}: parameter {parameter.name!r} is variadic or positional-only")
            if parameter.annotation is parameter.empty:
                raise ConfigError(
                    f"tool {self.name!r}: annotate parameter {parameter.name!r}, e.g. {parameter.name}: str"
                )
            fields[parameter.name] = (
                parameter.annotation,
                ... if parameter.default is parameter.empty else parameter.default,
            )
        config = pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=False)
        try:
            return pydantic.create_model(self.name, __config__=config, **fields)
        except (pydantic.PydanticUserError, NameError, TypeError) as error:
            raise ConfigError(f"tool {self.name!r}: no JSON Schema for its parameters: {error}") from error

    @cached_property
    def spec(self) -> ToolSpec:
        """What a model is told of the tool."""
        schema = self.model.model_json_schema()
        schema.pop("title", None)
        schema.setdefault("properties", {})
        for value in schema["properties"].values():
            value.pop("title", None)
        return ToolSpec(name=self.name, description=inspect.getdoc(self.function) or "", parameters=schema)

    def arguments(self, raw: str) -> dict[str, Any]:
        """The validated arguments of raw JSON text.

        Raises:
            ToolError: the text is not JSON, or does not fit the signature; the message is for the agent.
        """
        import pydantic

        try:
            checked = self.model.model_validate_json(raw or "{}")
        except pydantic.ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors(include_url=False)
            )
            raise ToolError(f"{self.name} was called with wrong arguments: {problems}") from None
        return {name: getattr(checked, name) for name in type(checked).model_fields}


class Toolbox:
    """The tools of a class, in the order of their definition."""

    def __init__(self, owner: type) -> None:
        members: dict[str, Callable[..., Any]] = {}
        for base in reversed(owner.__mro__):
            for name, value in vars(base).items():
                if getattr(value, MARK, False):
                    members[name] = value
                else:
                    members.pop(name, None)
        self._tools: Mapping[str, Tool] = {name: Tool(name, function) for name, function in members.items()}

    @cached_property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What a model is told."""
        return tuple(tool.spec for tool in self._tools.values())

    def run(self, owner: object, request: ToolCall) -> str:
        """The text of a call's result.

        Raises:
            ToolError: the agent's fault; the message is for it.
            Exception: whatever else the tool raises is a fault of the environment.
        """
        found = self._tools.get(request.name)
        if found is None:
            raise ToolError(f"no tool {request.name!r}; {did_you_mean(request.name, self._tools)}")
        return _as_text(found.function(owner, **found.arguments(request.arguments)))

    def __len__(self) -> int:
        return len(self._tools)

    def __deepcopy__(self, memo: dict[int, Any]) -> Toolbox:
        return self


def _as_text(result: Any) -> str:
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    if len(text) <= RESULT_CHARACTERS:
        return text
    return f"{text[:RESULT_CHARACTERS]}\n[cut: {len(text) - RESULT_CHARACTERS} more characters]"

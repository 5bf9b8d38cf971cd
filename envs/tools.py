"""Tools: methods that an agent may call, with a JSON Schema derived from their signature."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

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

    Raises:
        ConfigError: it is no plain method: async, a generator, static, a class method, a property.
    """
    kind = type(function).__name__
    if kind != "function":
        raise ConfigError(f"@tool takes a plain method, not {kind}; drop the other decorator")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ConfigError(
            f"tool {function.__name__!r} is async or a generator; expected a method that returns a result"
        )
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

        # a field's own name would clash with what pydantic reserves (`_x`, `json`, `model_config`): it is an alias
        fields: dict[str, Any] = {
            f"parameter_{index}": (
                Annotated[self._annotation(parameter), pydantic.Field(alias=parameter.name)],
                ... if parameter.default is parameter.empty else parameter.default,
            )
            for index, parameter in enumerate(self._parameters)
        }
        try:
            return pydantic.create_model(self.name, __config__=pydantic.ConfigDict(extra="forbid"), **fields)
        except (pydantic.PydanticUserError, NameError, TypeError) as error:
            raise ConfigError(f"tool {self.name!r}: no JSON Schema for its parameters: {error}") from error

    @cached_property
    def _parameters(self) -> tuple[inspect.Parameter, ...]:
        """All but the first, which is the owner."""
        return tuple(inspect.signature(self.function).parameters.values())[1:]

    def _annotation(self, parameter: inspect.Parameter) -> Any:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ConfigError(f"tool {self.name!r}: parameter {parameter.name!r} is variadic or positional-only")
        if parameter.annotation is parameter.empty:
            raise ConfigError(f"tool {self.name!r}: annotate parameter {parameter.name!r}, e.g. {parameter.name}: str")
        if not isinstance(parameter.annotation, str):
            return parameter.annotation
        try:
            return eval(parameter.annotation, inspect.unwrap(self.function).__globals__)  # the author's own source
        except Exception as error:
            raise ConfigError(
                f"tool {self.name!r}: the annotation {parameter.annotation!r} of {parameter.name!r} cannot be read: "
                f"{error}; define its type at the top of the module, outside TYPE_CHECKING"
            ) from error

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
        return {p.name: getattr(checked, f"parameter_{index}") for index, p in enumerate(self._parameters)}


class Toolbox:
    """The tools of a class, in the order of their definition."""

    def __init__(self, owner: type) -> None:
        members: dict[str, Callable[..., Any]] = {}
        for base in reversed(owner.__mro__):
            for name, value in vars(base).items():
                if getattr(_inside(value), MARK, False):
                    members[name] = tool(value)  # a decorator above @tool is refused here
                else:
                    members.pop(name, None)
        self._tools: Mapping[str, Tool] = {name: Tool(name, function) for name, function in members.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The tools' names."""
        return tuple(self._tools)

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


def _inside(value: Any) -> Any:
    """The function inside a static method, a class method or a property."""
    return getattr(value, "__func__", None) or getattr(value, "fget", None) or value


def _as_text(result: Any) -> str:
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair: no tokenizer and no server takes it
    if len(text) <= RESULT_CHARACTERS:
        return text
    return f"{text[:RESULT_CHARACTERS]}\n[cut: {len(text) - RESULT_CHARACTERS} more characters]"

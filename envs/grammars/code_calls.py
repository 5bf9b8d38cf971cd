"""Grammars whose calls are Python: a fenced block, a list of calls."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

from assaygym.envs.grammars.base import ParsedTurn, encode, joined
from assaygym.errors import ConfigError
from assaygym.types import ToolCall, ToolSpec

__all__ = ["Fence", "Pythonic"]


class Fence:
    """A fenced Python block is a call of the tool `python` with the argument `code` (CodeAct, ToRA)."""

    name = "fence"
    OPEN = re.compile(r"^```(?:python|py)[ \t]*$", re.MULTILINE)
    CLOSE = re.compile(r"^```[ \t]*$", re.MULTILINE)

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart; an unclosed block reaches to the end and counts as repaired."""
        content: list[str] = []
        calls: list[ToolCall] = []
        repaired = False
        position = 0
        while start := self.OPEN.search(text, position):
            content.append(text[position : start.start()])
            close = self.CLOSE.search(text, start.end())
            code = text[start.end() + 1 : close.start() if close else len(text)]
            calls.append(ToolCall(id=f"call_{len(calls)}", name="python", arguments=json.dumps({"code": code})))
            position = close.end() if close else len(text)
            repaired = repaired or close is None
        content.append(text[position:])
        return ParsedTurn(content="".join(content).strip(), calls=tuple(calls), repaired=repaired)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text.

        Raises:
            ConfigError: a call of another tool than `python`.
        """
        blocks = []
        for call in calls:
            if call.name != "python":
                raise ConfigError(f"the fence grammar writes calls of the tool 'python' only, not {call.name!r}")
            blocks.append(f"```python\n{json.loads(call.arguments)['code'].rstrip()}\n```")
        return joined(content, blocks)


MAX_SOURCE = 100_000
"""Longer text is not handed to Python's parser."""


class Pythonic:
    """`[f(a=1), g(b="x")]` is the whole turn (Llama 4, BFCL): keyword arguments that are literals, never evaluated."""

    name = "pythonic"
    LOOKS_LIKE_CALLS = re.compile(r"\[\s*[A-Za-z_][\w.]*\s*\(")

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart; a list that holds no call is an answer."""
        stripped = text.strip()
        if not self.LOOKS_LIKE_CALLS.match(stripped):
            return ParsedTurn(content=stripped)
        try:
            if len(stripped) > MAX_SOURCE:
                raise ValueError("it is too long")
            tree = ast.parse(stripped, mode="eval").body
            elements = tree.elts if isinstance(tree, ast.List) else [tree]
            calls = tuple(self._call(element, index) for index, element in enumerate(elements))
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            return ParsedTurn(content="", errors=(f"the calls could not be read: {reason}; write [name(key=value)]",))
        return ParsedTurn(content="", calls=calls)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text; content is left out, as the grammar has no place for it.

        Raises:
            ConfigError: a tool or argument name that is no Python name.
        """
        return f"[{', '.join(self._source(call) for call in calls)}]" if calls else content

    def _call(self, node: ast.expr, index: int) -> ToolCall:
        if not isinstance(node, ast.Call):
            raise ValueError(f"{ast.unparse(node)[:40]} is no call")
        if node.args:
            raise ValueError(f"{ast.unparse(node.func)} has an argument without a name")
        arguments = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ValueError("** is not allowed")
            arguments[keyword.arg] = ast.literal_eval(keyword.value)
        return ToolCall(id=f"call_{index}", name=ast.unparse(node.func), arguments=encode(arguments))

    def _source(self, call: ToolCall) -> str:
        arguments: dict[str, Any] = json.loads(call.arguments or "{}")
        for name in (*call.name.split("."), *arguments):
            if not name.isidentifier():
                raise ConfigError(f"the pythonic grammar cannot write the name {name!r}")
        return f"{call.name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"

"""A person as the policy."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn, TextIO

from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.errors import PolicyError
from assaygym.types import Completion, Message, ToolCall, ToolSpec

__all__ = ["HumanPolicy"]

CONTINUES, FENCE, BLOCK = "\\", "```", '"""'
QUIT, HELP, TOOLS = ":quit", ":help", ":tools"
USAGE = f"""\
One line is a turn. Longer ones: end a line with {CONTINUES} to go on in the next, or begin with {FENCE} and write until
the line that closes the fence (it is part of the turn), or with {BLOCK} alone and write until the next (it is not).
{TOOLS}: the tools again, {HELP}: this, {QUIT}: leave; the episode has no verdict then."""


def print_message(message: Message) -> None:
    """Show a message on standard output."""
    print(f"[{message.role}] {message.content}", file=sys.stdout, flush=True)


class HumanPolicy:
    r"""Shows what is new and reads the turn: a line, lines that end in `\`, a fenced block, or text between `\"\"\"`.

    Tools are shown with the first prompt, with the text of a call as the environment reads it. `:help`, `:tools` and
    `:quit` at the start of a turn are not said.

    Args:
        read: where lines come from: a function from a prompt to a line that raises EOFError at the end, as `input`
            does, or an open text stream.
        show: what displays a new message; None where somebody else does, who then also answers `:help` and `:tools`.

    Raises:
        PolicyError: from `generate`, when the player leaves (`:quit`, or Ctrl-D at the end of the input), and at once
            ever after. Ctrl-C is a KeyboardInterrupt as everywhere.
    """

    name = "human"

    def __init__(
        self, read: Callable[[str], str] | TextIO = input, show: Callable[[Message], object] | None = print_message
    ) -> None:
        self._read = read if callable(read) else lambda _: _line_of(read)
        self._show = show
        self._left = False
        self._lock = threading.Lock()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order, one episode at a time."""
        with self._lock:
            return [said(self._turn(prompt)) for prompt in prompts]

    def _turn(self, prompt: Prompt) -> str:
        if not self._left:
            self._open(prompt)
        while True:
            line = self._line("> ")
            command = line.strip()
            if command == QUIT:
                self._leave(f"({QUIT})")
            if self._show is None or command not in (HELP, TOOLS):
                return self._rest(line)
            self._tell(USAGE if command == HELP else _tools_text(prompt) or "There are no tools.")

    def _open(self, prompt: Prompt) -> None:
        if self._show is None:
            return
        for message in prompt.observation or prompt.messages:
            self._show(message)
        if prompt.turn == 0:
            self._tell(f"{_tools_text(prompt)}\n{HELP} for help" if prompt.tools else f"{HELP} for help")

    def _rest(self, line: str) -> str:
        """The whole turn that begins with this line."""
        if line.strip() == BLOCK:
            return "\n".join(self._until(BLOCK))
        if line.startswith(FENCE) and not line.endswith(CONTINUES) and FENCE not in line[len(FENCE) :]:
            return "\n".join([line, *self._until(FENCE), FENCE])
        lines = [line]
        while lines[-1].endswith(CONTINUES):
            lines[-1] = lines[-1].removesuffix(CONTINUES)
            lines.append(self._line(". "))
        return "\n".join(lines)

    def _until(self, end: str) -> list[str]:
        lines: list[str] = []
        while (line := self._line(". ")).strip() != end:
            lines.append(line)
        return lines

    def _line(self, prompt: str) -> str:
        if self._left:
            self._leave("(they left an earlier episode)")
        try:
            return self._read(prompt)
        except EOFError:
            self._leave("(end of input)")

    def _leave(self, how: str) -> NoReturn:
        self._left = True
        raise PolicyError(f"the player left before the episode ended {how}") from None

    def _tell(self, text: str) -> None:
        if self._show is not None:
            self._show(Message(role="system", content=text))


def _tools_text(prompt: Prompt) -> str:
    """The tools, and how one is called in this environment; empty without any."""
    lines = [f"{_signature(tool)}: {tool.description}" for tool in prompt.tools]
    if prompt.tools and prompt.env is not None:
        call = ToolCall(id="call_0", name=prompt.tools[0].name, arguments="{}")
        text = prompt.env.action_text(Message(role="assistant", content="", tool_calls=(call,)))
        lines.append("A call is written so: " + " ".join(text.split("\n")))
    return "\n".join(lines)


def _signature(tool: ToolSpec) -> str:
    names = tool.parameters.get("properties", {})
    needed = tool.parameters.get("required", ())
    return f"{tool.name}({', '.join(name if name in needed else f'{name}?' for name in names)})"


def _line_of(stream: TextIO) -> str:
    line = stream.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")

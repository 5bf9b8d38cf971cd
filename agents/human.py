"""A person as the policy: `assay play`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import TextIO

from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.errors import PolicyError
from assaygym.types import Completion, Message

__all__ = ["HumanPolicy"]

CONTINUES = "\\"


def print_message(message: Message) -> None:
    """Show a message on standard output."""
    print(f"[{message.role}] {message.content}", file=sys.stdout, flush=True)


class HumanPolicy:
    r"""Shows what is new and reads the turn, one line; a line that ends in `\` goes on in the next.

    Args:
        read: where lines come from: a function from a prompt to a line that raises EOFError at the end, as `input`
            does, or an open text stream.
        show: what displays a new message; None where somebody else does.

    Raises:
        PolicyError: from `generate`, when the input ends (Ctrl-D). Ctrl-C is a KeyboardInterrupt as everywhere.
    """

    name = "human"

    def __init__(
        self, read: Callable[[str], str] | TextIO = input, show: Callable[[Message], object] | None = print_message
    ) -> None:
        self._read = read if callable(read) else lambda _: _line_of(read)
        self._show = show
        self._lock = threading.Lock()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order, one episode at a time."""
        with self._lock:
            return [said(self._turn(prompt)) for prompt in prompts]

    def _turn(self, prompt: Prompt) -> str:
        if self._show is not None:
            for message in prompt.observation or prompt.messages:
                self._show(message)
        lines = [self._line("> ")]
        while lines[-1].endswith(CONTINUES):
            lines[-1] = lines[-1].removesuffix(CONTINUES)
            lines.append(self._line(". "))
        return "\n".join(lines)

    def _line(self, prompt: str) -> str:
        try:
            return self._read(prompt)
        except EOFError:
            raise PolicyError("the player left before the episode ended (end of input)") from None


def _line_of(stream: TextIO) -> str:
    line = stream.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")

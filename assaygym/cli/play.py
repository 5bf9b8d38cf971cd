"""`assay play`: the person is the agent."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, EnvId, Json, Level, Seed, resolve_id
from assaygym.cli.output import emit_json, say

if TYPE_CHECKING:
    from assaygym.envs.core import Env
    from assaygym.types import Message, Score

HINT, QUIT = ":hint", ":quit"
HELP = f"Answer after '> '; end a line with \\ to go on in the next. {HINT}: the oracle's next turn, {QUIT}: leave."


class Left(Exception):
    """The player is gone."""


def play(
    env_id: EnvId,
    seed: Seed = 0,
    level: Level = None,
    split: Annotated[str, typer.Option(help="train, eval or all.")] = "train",
    json: Json = False,
) -> int:
    """Play an environment yourself: read the prompt, call the tools, get the verdict and the reason."""
    from assaygym.envs.registration import make

    found = resolve_id(env_id)
    env = make(found.id, split=split, **({} if level is None else {"level": level}))
    table = Table(env, show=say if json else print)
    try:
        score = table.episode(seed)
    finally:
        env.close()
    if json:
        emit_json(_record(env, seed, score))
    return FOUND_SOMETHING if score is not None and score.verdict == "invalid" else 0


class Table:
    """One episode between an environment and a person."""

    def __init__(self, env: Env, show: Callable[[str], None]) -> None:
        self.env = env
        self.show = show
        self._hints = 0
        self._hint = ""

    def episode(self, seed: int) -> Score | None:
        """The score, or None when the player left."""
        from assaygym.agents.human import HumanPolicy

        _, info = self.env.reset(seed=seed)
        self._open(info)
        person = HumanPolicy(read=self._read, show=None)
        try:
            while "score" not in info:
                info = self._turn(person)
        except Left:
            self.show("left before the end: no verdict")
            return None
        score: Score = info["score"]
        reason = f": {score.explanation}" if score.explanation else ""
        self.show(f"\n{score.verdict.upper()} ({score.value:g}){reason}")
        return score

    def _open(self, info: dict[str, Any]) -> None:
        self.show(f"{self.env.id}, {self.env.split} seed {info['seed']}, at most {self.env.max_turns} turn(s)")
        self.show(HELP)
        for message in info["messages"]:
            self._show_message(message)
        for tool in info["tools"]:
            names = ", ".join(tool.parameters.get("properties", {}))
            self.show(f"[tool] {tool.name}({names}): {tool.description}")
        if info["tools"]:
            from assaygym.envs.tools import call

            self.show(f"Write a call so: {self._as_text(call('name', argument='value'))}")

    def _turn(self, person: Any) -> dict[str, Any]:
        from assaygym.agents.policy import Prompt, SamplingParams
        from assaygym.errors import PolicyError

        prompt = Prompt(messages=tuple(self.env.transcript), tools=self.env.tools, turn=self.env.turns, env=self.env)
        try:
            (completion,) = person.generate([prompt], SamplingParams())
        except PolicyError:
            raise Left from None  # the input ended
        *_, info = self.env.step(self.env.action_text(completion.message))
        for message in info["messages"]:
            self._show_message(message)
        return info

    def _read(self, prompt: str) -> str:
        """The next line that is no command."""
        while True:
            if sys.stdin.isatty():
                print(prompt, end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            if not line:
                raise EOFError
            line = line.rstrip("\r\n")
            if line.strip() == QUIT:
                raise Left
            if line.strip() != HINT:
                return line
            self.show(f"hint: {self._next_of_oracle()}")

    def _next_of_oracle(self) -> str:
        """The oracle's action for this turn; it is caught up where turns went by without a hint."""
        from assaygym.errors import TaskError

        try:
            while self._hints <= self.env.turns:
                self._hint = self.env.oracle_action()
                self._hints += 1
        except TaskError as error:
            return str(error)
        return self._hint

    def _show_message(self, message: Message) -> None:
        self.show(f"\n[{message.role}] {message.content}")

    def _as_text(self, call: Any) -> str:
        from assaygym.types import Message

        return self.env.action_text(Message(role="assistant", content="", tool_calls=(call,))).replace("\n", " ")


def _record(env: Env, seed: int, score: Score | None) -> dict[str, Any]:
    return {
        "id": env.id,
        "seed": seed,
        "split": env.split,
        "task_id": env.task.id if env.task is not None else None,
        "turns": env.turns,
        "score": score,
        "transcript": [{"role": message.role, "content": env.action_text(message)} for message in env.transcript],
    }

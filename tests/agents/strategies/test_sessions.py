"""Branches and trees over environments that hold a sandbox session, bare and in Gymnasium wrappers."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from random import Random
from typing import Any, ClassVar

import gymnasium
import pytest

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.strategies import Branching, Group, Tree
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import tool
from assaygym.errors import IsolationError, ToolError
from assaygym.sandbox import Sandbox, open_sandbox
from assaygym.types import Completion, Message, ToolCall

CELL = (
    "seen = globals().get('seen', []) + [{mark!r}]; open('log', 'a').write({mark!r} + ';'); (seen, open('log').read())"
)


class Notebook(ToolEnv, max_turns=5):
    """Run cells."""

    sandbox: ClassVar[Sandbox]
    sessions: ClassVar[list[Any]] = []

    def setup(self, rng: Any) -> str:
        self.session = self.sandbox.session()
        self.sessions.append(self.session)
        return "Run cells."

    @tool
    def run(self, code: str) -> str:
        """Run a cell."""
        result = self.session.run(code)
        if result.value is None:
            raise ToolError(result.stderr)
        return result.value

    def verify(self) -> bool:
        return True

    def fork(self, n: int) -> list[Any]:
        twins = super().fork(n)
        self.sessions.extend(twin.session for twin in twins)
        return twins

    def reset(self, **given: Any) -> Any:
        self.close()
        return super().reset(**given)

    def close(self) -> None:
        if "session" in vars(self):
            self.session.close()
        super().close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with ExitStack() as stack:
        yield stack.enter_context(_opened())


def _opened() -> AbstractContextManager[Sandbox]:
    try:
        return open_sandbox("jail")
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.fixture
def notebook(sandbox: Sandbox) -> Iterator[type[Notebook]]:
    """The class; no session of it is alive after a test."""
    Notebook.sandbox = sandbox
    Notebook.sessions.clear()
    yield Notebook
    assert Notebook.sessions
    until = time.monotonic() + 20  # an early end waits a bounded time for the cells that are being run
    while any(session.alive for session in Notebook.sessions) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(session.alive for session in Notebook.sessions)


class Marks:
    """Leaves a mark of its own in a variable and in a file at each turn."""

    name = "marks"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [self._completion(prompt, Random(params.seed)) for prompt in prompts]

    def _completion(self, prompt: Prompt, rng: Random) -> Completion:
        if prompt.turn == 4:
            return Completion(message=Message(role="assistant", content="Done."), entropies=())
        mark = f"{rng.randrange(10**9)}"
        call = ToolCall(id="", name="run", arguments=json.dumps({"code": CELL.format(mark=mark)}))
        return Completion(message=Message(role="assistant", content=mark, tool_calls=(call,)), entropies=())


def verify_marks(group: Group) -> None:
    """Every leaf's session saw the marks of its own turns and no others, in its variable and in its file."""
    for one in group.trajectories:
        assert one.error is None
        marks = [turn.completion.message.content for turn in one.turns[:-1]]
        assert len(set(marks)) == 4
        for number, turn in enumerate(one.turns[1:], 1):
            assert ast.literal_eval(turn.observation[0].content) == (
                marks[:number], "".join(f"{mark};" for mark in marks[:number])
            )  # fmt: skip


@pytest.mark.parametrize("wrap", [lambda env: env, gymnasium.wrappers.OrderEnforcing], ids=["bare", "wrapped"])
@pytest.mark.parametrize("strategy", [Branching(4, 1, base=1.0, vocabulary=10), Tree(1, 2, 1)], ids=["branch", "tree"])
def test_the_sessions_of_leaves_share_nothing_after_the_fork(
    notebook: Any, strategy: Any, wrap: Callable[[Any], Any], check: Callable[[Group], None]
) -> None:
    crew = Crew(lambda: wrap(notebook(split="all")), Marks(), params=SamplingParams(seed=1), concurrency=3)
    [group] = strategy.collect(crew, [EpisodeJob(key="k", seed=1)])
    assert any(one.parent is not None for one in group.trajectories)
    verify_marks(group)
    check(group)


@pytest.mark.parametrize("strategy", [Branching(4, 1, base=1.0, vocabulary=10), Tree(1, 2, 2)], ids=["branch", "tree"])
def test_an_early_end_leaves_no_session_over(notebook: Any, strategy: Any) -> None:
    crew = Crew(lambda: notebook(split="all"), Marks(), params=SamplingParams(seed=1), concurrency=2)
    groups = strategy.collect(crew, [EpisodeJob(key=f"k{i}", seed=i) for i in range(3)])
    next(groups)
    groups.close()


def test_a_session_that_cannot_be_copied_is_a_failed_leaf(notebook: Any) -> None:
    class Ends(Marks):
        """Ends the interpreter at its second turn."""

        def _completion(self, prompt: Prompt, rng: Random) -> Completion:
            if prompt.turn != 1:
                return super()._completion(prompt, rng)
            call = ToolCall(id="", name="run", arguments='{"code": "import os; os._exit(1)"}')
            return Completion(message=Message(role="assistant", content="", tool_calls=(call,)), entropies=())

    crew = Crew(lambda: notebook(split="all"), Ends(), params=SamplingParams(seed=1), concurrency=2)
    [group] = Tree(1, 4, 1).collect(crew, [EpisodeJob(key="k", seed=1)])
    errors = {one.parent: one.error for one in group.trajectories}
    assert errors[None] is None
    assert errors["k/0", 0] is None
    assert errors["k/0", 1] is None
    assert "the fork failed" in (errors["k/0", 2] or "")
    assert len(group.trajectories) == 5

"""What the tests of strategies share: a tool environment, a policy with tokens, and plans played without threads."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

import gymnasium
import pytest

from assaygym.agents.crew import EpisodeJob, Next
from assaygym.agents.live import LiveEpisode, derived_seed
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.strategies.group import Group, GroupPlan
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import tool
from assaygym.errors import PolicyError, SandboxError
from assaygym.types import Completion, Message, StopReason, ToolCall, Trajectory, Turn


class Ledger(ToolEnv, max_turns=6):
    """Add numbers."""

    open_now: ClassVar[Counter[int]] = Counter()
    """Environments that were forked and not closed, by id."""
    broken: ClassVar[bool] = False
    """Whether it cannot be forked."""

    def setup(self, rng: Any) -> str:
        self.entries: list[int] = []
        self.wanted = rng.randrange(3)
        return f"Add numbers, so that the sum leaves {self.wanted}."

    @tool
    def add(self, n: int) -> int:
        """Add a number; the sum so far."""
        self.entries.append(n)
        return sum(self.entries)

    def verify(self) -> bool:
        return bool(sum(self.entries) % 3 == self.wanted)

    def solve(self) -> Any:
        yield "Add nothing."

    def fork(self, n: int) -> list[Any]:
        if Ledger.broken:
            raise SandboxError("no room for another session")
        twins = super().fork(n)
        Ledger.open_now.update(map(id, twins))
        return twins

    def close(self) -> None:
        Ledger.open_now.pop(id(self), None)
        super().close()


@pytest.fixture
def ledger() -> Iterable[type[Ledger]]:
    """The class; no fork of it is left open by a test."""
    Ledger.open_now.clear()
    Ledger.broken = False
    yield Ledger
    assert not Ledger.open_now


class TokenPolicy:
    """Calls the tool or ends the episode, by the seed it is asked to sample with; its tokens are characters.

    Args:
        ends: how often it ends the episode.
        fails: asked before each turn; True raises.
        entropies: whether it gives them.
    """

    name = "tokens"

    def __init__(
        self, ends: float = 0.3, fails: Callable[[Prompt, Random], bool] = lambda prompt, rng: False,
        entropies: bool = True,
    ) -> None:  # fmt: skip
        self.ends, self.fails, self.entropies = ends, fails, entropies

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [self._completion(prompt, Random(params.seed)) for prompt in prompts]

    def _completion(self, prompt: Prompt, rng: Random) -> Completion:
        if self.fails(prompt, rng):
            raise PolicyError("no answer")
        n = rng.randrange(100)
        ends = rng.random() < self.ends
        text = "Done." if ends else f"I add {n}. "
        calls = () if ends else (ToolCall(id="", name="add", arguments=f'{{"n": {n}}}'),)
        ids = tuple(map(ord, text))
        return Completion(
            message=Message(role="assistant", content=text, tool_calls=calls),
            token_ids=ids,
            logprobs=tuple(-rng.random() for _ in ids),
            entropies=tuple(rng.random() for _ in ids) if self.entropies else None,
        )


@pytest.fixture(scope="session")
def token_policy() -> type[TokenPolicy]:
    return TokenPolicy


class Stub(gymnasium.Env[str, str]):
    """What a plan sees of an environment: it can be forked and closed."""

    id, split = "test/stub-v0", "all"

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def fork(self, n: int) -> list[Stub]:
        if self.stage.rng.random() < self.stage.fork_fails:
            raise SandboxError("no fork")
        twins = [Stub(self.stage) for _ in range(n)]
        self.stage.open += twins
        return twins

    def close(self) -> None:
        if self in self.stage.open:
            self.stage.open.remove(self)


@dataclass
class Stage:
    """Plays one plan without threads, one turn of one episode at a time, in an order drawn by `order`.

    What an episode does depends on its id and the turn alone; `fork_fails` is the exception.
    """

    seed: int = 0
    order: int = 0
    fails: float = 0.0
    """How often a turn fails."""
    ends: float = 0.3
    tools: float = 1.0
    """How often a turn is followed by a tool result."""
    fork_fails: float = 0.0
    turns: int = 6
    open: list[Stub] = field(default_factory=list)
    asked: int = 0
    """Turns that were sampled."""

    def __post_init__(self) -> None:
        self.rng = Random(self.order)

    def play(self, plan: GroupPlan) -> Group:
        going = [self._live(one) for one in plan.begin()]
        while going:
            live = going.pop(self.rng.randrange(len(going)))
            ended = self._turn(live, plan, going)
            if ended is None:
                going.append(live)
            else:
                live.env.close()
                going += [self._live(one) for one in plan.ended(ended)]
        return plan.group()

    def _live(self, one: Next) -> LiveEpisode:
        if isinstance(one, LiveEpisode):
            return one
        live = LiveEpisode(Stub(self), SamplingParams(seed=derived_seed(self.seed, one.id)), id=one.id)
        live.observation = (Message(role="user", content="Go."),)
        return live

    def _turn(self, live: LiveEpisode, plan: GroupPlan, going: list[LiveEpisode]) -> Trajectory | None:
        rng = Random(derived_seed(live.params.seed or 0, len(live.turns)))
        if live.fault is not None or rng.random() < self.fails:
            return live.trajectory(StopReason.ERROR, "failed")
        completion = Completion(
            message=Message(role="assistant", content=f"{live.id}@{len(live.turns)}"),
            token_ids=(1, 2),
            entropies=(rng.random(), rng.random()),
        )
        self.asked += 1
        going += plan.answered(live, completion)
        last = rng.random() < self.ends or len(live.turns) + 1 == self.turns
        reward = float(rng.random() < 0.5) if last else 0.0
        live.turns.append(Turn(observation=live.observation, completion=completion, reward=reward))
        role: Any = "tool" if rng.random() < self.tools else "user"
        live.observation = (Message(role=role, content="..."),)
        return live.trajectory(StopReason.COMPLETED) if last else None


@pytest.fixture(scope="session")
def stage() -> type[Stage]:
    return Stage


def checked(group: Group) -> None:
    """Parents, shared turns and segments are what the turns themselves say, compared by identity."""
    everyone = {one.id: one for one in (*group.trajectories, *group.pruned)}
    assert len(everyone) == len(group.trajectories) + len(group.pruned)
    for one in everyone.values():
        if one.parent is not None:
            name, turn = one.parent
            node = everyone[name].parent
            assert node is None or node[1] < turn  # a node hangs from the leaf that it was sampled in
            assert one.turns[:turn] == everyone[name].turns[:turn]
            assert all(a is b for a, b in zip(one.turns[:turn], everyone[name].turns[:turn], strict=True))
            assert not any(a is b for a, b in zip(one.turns[turn:], everyone[name].turns[turn:], strict=False))
    leaves: dict[tuple[int, int], list[str]] = {}
    for one in group.trajectories:
        if not math.isnan(one.reward) and len(one.turns) > (0 if one.parent is None else one.parent[1]):
            for turn, what in enumerate(one.turns):
                leaves.setdefault((id(what), turn), []).append(one.id)
    told = {(id(everyone[s.owner].turns[s.turn]), s.turn): list(s.leaves) for s in group.segments}
    assert told == leaves
    assert len(group.segments) == len(leaves)
    for segment in group.segments:
        parent = everyone[segment.owner].parent
        assert parent is None or parent[1] <= segment.turn
    sampled = [id(turn) for turn in group.sampled()]
    assert len(sampled) == len(set(sampled))


@pytest.fixture(scope="session")
def check() -> Callable[[Group], None]:
    return checked


@pytest.fixture(scope="session")
def task_jobs() -> Callable[[int], list[EpisodeJob]]:
    return lambda n: [EpisodeJob(key=f"task-{i}", seed=i) for i in range(n)]

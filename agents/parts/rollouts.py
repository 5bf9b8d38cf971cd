"""How the group of each task is sampled: declarations over `assaygym.agents.strategies`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from assaygym.agents.parts.base import Rollout
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from assaygym.agents.jobs import MakeEnv
    from assaygym.agents.policy import ModelPolicy
    from assaygym.agents.strategies.base import Strategy

__all__ = ["IID", "Branch", "Forget", "Greedy", "Hinted", "Replayed", "Retry", "TreeSearch", "WithReference"]


@dataclass(frozen=True, slots=True)
class IID(Rollout):
    """`episodes` independent samples of each task.

    Raises:
        ConfigError: `episodes` is below 1.
    """

    name: ClassVar[str] = "iid"
    episodes: int = 8

    def __post_init__(self) -> None:
        if self.episodes < 1:
            raise ConfigError(f"{self.name}: episodes is {self.episodes}; expected at least 1")

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """`Independent`."""
        from assaygym.agents.strategies import Independent

        return Independent(self.episodes)


@dataclass(frozen=True, slots=True)
class Greedy(IID):
    """`episodes` samples of each task, and one greedy episode that is not trained on: ReMax (arXiv 2310.10505)."""

    name: ClassVar[str] = "greedy_extra"
    companion: ClassVar[Literal["greedy", "reference"] | None] = "greedy"
    episodes: int = 1

    @property
    def companions(self) -> int:
        """One."""
        return 1


@dataclass(frozen=True, slots=True)
class WithReference(IID):
    """`episodes` samples of each task, and `references` of the reference model that are not trained on: QRPO."""

    name: ClassVar[str] = "with_reference"
    companion: ClassVar[Literal["greedy", "reference"] | None] = "reference"
    references: int = 8

    @property
    def companions(self) -> int:
        """Those of the reference."""
        return self.references


@dataclass(frozen=True, slots=True)
class Branch(Rollout):
    """`initial` episodes, and forks where a tool result makes the policy unsure: ARPO (arXiv 2507.19849).

    The numbers are those of `assaygym.agents.strategies.Branching`.
    """

    name: ClassVar[str] = "branch"
    episodes: int = 16
    initial: int = 8
    beam: int = 2
    base: float = 0.5
    weight: float = 0.2
    tokens: int = 20

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """`Branching`."""
        from assaygym.agents.strategies import Branching

        rule: dict[str, Any] = {"beam": self.beam, "base": self.base, "weight": self.weight, "tokens": self.tokens}
        return Branching(self.episodes, self.initial, **rule)


@dataclass(frozen=True, slots=True)
class TreeSearch(Rollout):
    """`trees` trees whose leaves share the turns before they parted: Tree-GRPO (arXiv 2509.21240).

    The numbers are those of `assaygym.agents.strategies.Tree`.
    """

    name: ClassVar[str] = "tree"
    trees: int = 2
    expansions: int = 2
    rounds: int = 1
    leaves: int | None = 3

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """`Tree`."""
        from assaygym.agents.strategies import Tree

        return Tree(self.trees, self.expansions, self.rounds, self.leaves)


@dataclass(frozen=True, slots=True)
class Forget(Rollout):
    """Half of a group, one step that makes it unlikely, the other half: EEPO (arXiv 2510.05837).

    `rate` is the learning rate of that step, `entropy_below` its gate in nats; None always takes it.
    """

    name: ClassVar[str] = "forget"
    episodes: int = 8
    rate: float = 1e-5
    entropy_below: float | None = None

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """`SampleThenForget` with `Unlearn`."""
        from assaygym.agents.strategies import SampleThenForget, Unlearn

        gate = float("inf") if self.entropy_below is None else self.entropy_below
        forget = Unlearn(policy, learning_rate=self.rate, entropy_below=gate, temperature=temperature)
        return SampleThenForget(self.episodes, forget)


@dataclass(frozen=True, slots=True)
class Replayed(Rollout):
    """A success of earlier rounds stands in for an episode of a lost group: the ARPO of GUI agents (arXiv 2505.16282).

    The last `per_task` episodes with a reward above `above` are kept; a group is lost where the deviation of its
    rewards is below `std` and their mean below `mean`.
    """

    name: ClassVar[str] = "replay"
    episodes: int = 8
    per_task: int = 8
    above: float = 0.1
    std: float = 0.05
    mean: float = 0.2

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """`Replay` of `Independent`."""
        from assaygym.agents.strategies import Independent, Replay, ReplayBuffer

        buffer = ReplayBuffer(self.per_task, above=self.above)
        return Replay(Independent(self.episodes), buffer, std=self.std, mean=self.mean)


@dataclass(frozen=True, slots=True)
class Hinted(Rollout):
    """A group without any reward is sampled again with a share of the solution in the prompt: GHPO (arXiv 2507.10628).

    `ladder` has the shares, each larger than the one before.
    """

    name: ClassVar[str] = "hint"
    episodes: int = 8
    ladder: tuple[float, ...] = (0.25, 0.5, 0.75)

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """`Hint` of `Independent`."""
        from assaygym.agents.strategies import Hint, Independent

        return Hint(Independent(self.episodes), self.ladder)


@dataclass(frozen=True, slots=True)
class Retry(IID):
    """Episodes in which a wrong answer may be tried again, up to `attempts` answers: UFO (arXiv 2507.14295)."""

    name: ClassVar[str] = "retry"
    attempts: int = 5

    def wrapped(self, make_env: MakeEnv) -> MakeEnv:
        """In `RetryOnWrong`."""
        return partial(_retried, make_env, self.attempts)


def _retried(make_env: MakeEnv, attempts: int) -> Any:
    from assaygym.envs.retry_on_wrong import RetryOnWrong

    return RetryOnWrong(make_env(), attempts)

"""Tree-GRPO and ARPO: what leaves that share their beginnings cost, beside independent ones. Exact counts."""

from __future__ import annotations

from functools import partial
from typing import Any

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.policy import SamplingParams
from assaygym.agents.strategies import Branching, Group, Independent, Strategy, Tree
from assaygym.benchmarks.claims.claim import Claim, Figures, above, below
from assaygym.benchmarks.speed.branching import VOCABULARY, Agent, costs
from assaygym.envs.registration import make

__all__ = ["ARPO", "TREE_GRPO"]

ENV = "assay/Shop-v0"
TASKS = 16


def measure_tree(seed: int, quick: bool) -> Figures:
    """Tokens of a leaf that differs from the others, in two trees of three leaves and among six samples."""
    figures: dict[str, float] = {}
    arms: dict[str, Strategy] = {"iid": Independent(6), "tree": Tree(2, 2, 1, 3)}
    for name, strategy in arms.items():
        groups, found = _played(strategy, seed, quick)
        distinct = sum(len({_said(leaf) for leaf in group.trajectories}) for group in groups)
        figures |= {f"{name}/tokens_a_leaf": found["tokens"] / distinct, f"{name}/distinct_leaves": distinct}
    return figures


def measure_branches(seed: int, quick: bool) -> Figures:
    """Tool calls and tokens of a leaf, branching from 8 to 16 and among 16 samples."""
    figures: dict[str, float] = {}
    branching = Branching(16, 8, beam=2, vocabulary=VOCABULARY)
    arms: dict[str, Strategy] = {"iid": Independent(16), "branch": branching}
    for name, strategy in arms.items():
        _, found = _played(strategy, seed, quick)
        figures |= {
            f"{name}/calls_a_leaf": found["calls"] / found["leaves"],
            f"{name}/tokens_a_leaf": found["tokens"] / found["leaves"],
        }
    return figures


def _played(strategy: Strategy, seed: int, quick: bool) -> tuple[list[Group], dict[str, Any]]:
    agent = Agent()
    crew = Crew(partial(make, ENV), agent, params=SamplingParams(seed=seed), concurrency=1)
    tasks = range(seed * TASKS, seed * TASKS + (4 if quick else TASKS))
    groups = list(strategy.collect(crew, [EpisodeJob(key=str(task), seed=task) for task in tasks]))
    return groups, costs(groups, agent)


def _said(leaf: Any) -> tuple[str, ...]:
    return tuple(turn.completion.message.content for turn in leaf.turns)


PLAYER = (
    f"a script plays {TASKS} tasks of {ENV} a seed by the solution of the oracle, thinks aloud, is more or less unsure "
    "and gives up at times; what is sampled and called is counted, exactly"
)

TREE_GRPO = Claim(
    name="tree_grpo",
    source="Tree-GRPO, arXiv 2509.21240, and its README: about 1.5 times the samples of the same budget",
    says="Leaves that are grown from nodes of trees cost fewer tokens each than independent episodes.",
    setting=f"{PLAYER}: 2 trees of 1 + 2 leaves (M=2, N=2, L=1, K=3) beside 6 independent episodes.",
    checks=(
        below("fewer tokens a distinct leaf", "tree/tokens_a_leaf", "iid/tokens_a_leaf", ratio=True),
        above(
            "at least 1.5 times the leaves of the same tokens",
            "iid/tokens_a_leaf",
            "tree/tokens_a_leaf",
            ratio=True,
            by=1.5,
            decides=False,
        ),
    ),
    measure=measure_tree,
)

ARPO = Claim(
    name="arpo",
    source="ARPO (agentic reinforced policy optimisation), arXiv 2507.19849, and its README: half the tool calls",
    says="Episodes that branch after tool results make fewer tool calls for each rollout than independent ones.",
    setting=f"{PLAYER}: 8 episodes that branch to 16, 2 forks at a point at most, beside 16 independent ones.",
    checks=(
        below("fewer calls a rollout", "branch/calls_a_leaf", "iid/calls_a_leaf", ratio=True),
        below(
            "at most 0.55 times as many: about half",
            "branch/calls_a_leaf",
            "iid/calls_a_leaf",
            ratio=True,
            by=0.55,
            decides=False,
        ),
        below("fewer tokens a rollout", "branch/tokens_a_leaf", "iid/tokens_a_leaf", ratio=True, decides=False),
    ),
    measure=measure_branches,
)

"""Tree-GRPO (arXiv 2509.21240): several leaves of one tree share the turns before they parted.

    root --o--o--o--> leaf 0                round 0: one chain from the prompt
           |  +--o--o--> leaf 0.2           round 1: N of the nodes so far, drawn at random, are played on to the end
           +--o--> leaf 0.1                 round 2: N of all nodes, those of round 1 included, ...

A node is the state before a turn, held as a fork of the live episode until the last round has drawn its nodes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from assaygym.agents.jobs import AnyCrew, EpisodeJob, Next
from assaygym.agents.live import LiveEpisode
from assaygym.agents.strategies.base import play_groups
from assaygym.agents.strategies.group import Group, GroupPlan, in_order, noted, sample_of
from assaygym.errors import ConfigError, told
from assaygym.types import Completion, Trajectory

__all__ = ["Tree"]


class Tree:
    """For each task `trees` trees of 1 + `expansions` * `rounds` leaves, of which `leaves` are kept.

    A leaf that was grown from the node before turn t of the leaf p has `parent` (p, t); t is 0 where it was grown from
    the root. `notes["tree"]` numbers the trees. The leaves kept are drawn at random, failed ones last; the others are
    the group's `pruned`. A node that could not be copied, once drawn, stands as a failed leaf.

    Args:
        trees: M in the paper.
        expansions: N, nodes that are drawn in one round of a tree; distinct ones as far as there are enough.
        rounds: L.
        leaves: K, of each tree; None keeps all.

    Raises:
        ConfigError: a number is below 1, or `leaves` above 1 + `expansions` * `rounds`.
    """

    def __init__(self, trees: int = 2, expansions: int = 2, rounds: int = 1, leaves: int | None = None) -> None:
        budget = 1 + expansions * rounds
        if min(trees, expansions, rounds) < 1 or not 1 <= (budget if leaves is None else leaves) <= budget:
            raise ConfigError(
                f"trees={trees}, expansions={expansions}, rounds={rounds}, leaves={leaves}; expected at least 1 each, "
                "and leaves at most 1 + expansions * rounds"
            )
        self.trees, self.expansions, self.rounds = trees, expansions, rounds
        self.leaves = budget if leaves is None else leaves

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done."""
        plan = partial(TreePlan, episodes=self.trees, seed=crew.params.seed, shape=self)
        return play_groups(crew, map(plan, tasks))


@dataclass(slots=True, eq=False)
class _Node:
    """The state before turn `turn` of the leaf `leaf`, as a fork that is not played."""

    leaf: str
    turn: int
    held: LiveEpisode


@dataclass(slots=True, eq=False)
class _Growth:
    """One tree."""

    number: int
    chains: int = 0
    """Episodes from the prompt."""
    rounds: int = 0
    playing: int = 1
    leaves: list[Trajectory] = field(default_factory=list[Trajectory])
    nodes: list[_Node] = field(default_factory=list[_Node])


@dataclass(slots=True)
class TreePlan(GroupPlan):
    """The plan of one task. Args: as in `GroupPlan`."""

    shape: Tree = field(default_factory=Tree)
    trees: list[_Growth] = field(default_factory=list[_Growth])
    roots: dict[str, _Growth] = field(default_factory=dict[str, _Growth])
    """The tree of each episode that started from the prompt."""
    grown: dict[str, int] = field(default_factory=dict[str, int])
    """By leaf: how many were grown from its nodes."""
    closed: bool = False

    def begin(self) -> Iterable[Next]:
        """The first chain of each tree."""
        self.trees = [_Growth(number) for number in range(self.episodes)]
        return [self._from_prompt(tree) for tree in self.trees]

    def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
        """No fork to play now; the state before this turn is kept as a node."""
        tree, turn = self._tree(live.id), len(live.turns)
        old = live.parent is not None and live.parent[1] == turn
        if not old and tree.rounds < self.shape.rounds:
            tree.nodes.append(_Node(live.id, turn, live.fork()))
            if self.closed:  # by the thread that ended the run while this one was making the fork
                self.close()
        return ()

    def ended(self, trajectory: Trajectory) -> Iterable[Next]:
        """The next round of its tree, where this was the last leaf of the round before."""
        tree = self._tree(trajectory.id)
        tree.leaves += noted([trajectory], tree=tree.number)
        tree.playing -= 1
        if tree.playing or tree.rounds == self.shape.rounds:
            return ()
        tree.rounds += 1
        tree.playing = self.shape.expansions
        return self._round(tree)

    def close(self) -> None:
        """End all nodes: what they hold (a sandbox session) is theirs alone."""
        self.closed = True
        for tree in self.trees:
            _close(tree.nodes)

    def group(self) -> Group:
        """The leaves kept of each tree, and the others."""
        kept: list[Trajectory] = []
        pruned: list[Trajectory] = []
        for tree in self.trees:
            leaves = list(in_order(tree.leaves))
            self.random("keep", tree.number).shuffle(leaves)
            leaves.sort(key=lambda leaf: math.isnan(leaf.reward))
            kept += leaves[: self.shape.leaves]
            pruned += leaves[self.shape.leaves :]
        return Group(key=self.job.key, trajectories=in_order(kept), pruned=in_order(pruned))

    def _tree(self, name: str) -> _Growth:
        key, _, numbers = name.rpartition("/")
        return self.roots[f"{key}/{numbers.partition('.')[0]}"]

    def _round(self, tree: _Growth) -> list[Next]:
        """The episodes that grow from this round's nodes; after the last round no node is held."""
        if not tree.nodes:  # the chain failed before its first turn: the prompt is all there is
            return [self._from_prompt(tree) for _ in range(self.shape.expansions)]
        drawn = self._drawn(tree)
        episodes: list[Next] = [self._grow(node) for node in drawn]
        if tree.rounds == self.shape.rounds:
            _close(tree.nodes)
        return episodes

    def _drawn(self, tree: _Growth) -> list[_Node]:
        order = {leaf.id: i for i, leaf in enumerate(in_order(tree.leaves))}
        nodes = sorted(tree.nodes, key=lambda node: (order[node.leaf], node.turn))
        self.random("nodes", tree.number, tree.rounds).shuffle(nodes)
        return [nodes[i % len(nodes)] for i in range(self.shape.expansions)]

    def _grow(self, node: _Node) -> LiveEpisode:
        """An episode that goes on from the node, named as a fork of the leaf that the node lies on."""
        self.grown[node.leaf] = number = self.grown.get(node.leaf, 0) + 1
        episode = node.held.fork()
        episode.id, episode.parent = f"{node.leaf}.{number}", (node.leaf, node.turn)
        return episode

    def _from_prompt(self, tree: _Growth) -> EpisodeJob:
        """A chain of this tree, numbered so that the number does not depend on what the other trees do."""
        number = self.job.sample + tree.number + tree.chains * self.shape.trees
        tree.chains += 1
        job = sample_of(self.job, number)
        self.roots[job.id] = tree
        return job


def _close(nodes: list[_Node]) -> None:
    """Close what these hold; the list is empty afterwards."""
    while nodes:
        try:
            nodes.pop().held.env.close()
        except Exception as fault:  # as in the crew: what was played stands
            warnings.warn(f"an environment could not be closed: {told(fault)}", RuntimeWarning, stacklevel=2)

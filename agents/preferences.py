"""Recorded groups as rows for preference trainers: pairs (DPO and its kin) and single answers with a label (KTO).

    group --nodes_of--> nodes (states that several answers go on from) --PairRule--> (better, worse) --> row

The rows are TRL's conversational format: `prompt` and each answer are lists of messages as `chat_dict` writes them.
Episodes of a group start at one node, its prompt; leaves of a tree part at later nodes too, and every two leaves are
compared at the one node where they part. So the pairs of a tree are Step-DPO's (arXiv 2406.18629), with what is shared
in `prompt`.

Columns of a pair, after prompt, chosen and rejected:

| column | what |
|---|---|
| `margin` | value of chosen - value of rejected |
| `turn` | of the episode (from 0): where the two part, the first that is not in `prompt` |
| `chosen_value`, `rejected_value` | rewards; with `turn_only` the mean reward of all that went on from this turn |
| `chosen_turns`, `rejected_turns` | the assistant's turns in each answer |
| `env_id`, `task_id`, `group` | where from |
| `chosen_id`, `rejected_id` | the trajectories |
| `tools` | JSON text, as TRL takes it; absent where the agent has no tools |

Columns of a labelled answer: prompt, completion, label, value, turns, env_id, task_id, group, id, tools.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assaygym.agents.chat import chat_dict, tool_dict
from assaygym.agents.preferences_nodes import Answer, TaskKey, judged_of, nodes_of, task_key
from assaygym.agents.strategies.group import Group
from assaygym.errors import ConfigError
from assaygym.types import Message, ToolSpec, Trajectory

__all__ = ["Counts", "PairRule", "label_rows", "pair_rows", "references_of"]

Row = dict[str, Any]
ToolsOf = Callable[[str], Sequence[ToolSpec]]
"""The tools that the agent had in the environment of this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRule:
    """Which two answers make a pair.

    Args:
        margin: the gap between their values has to be above it. None: above 0; beside a reference, which is the
            better answer by definition, no gap at all is enough.
        every: all pairs of a node instead of the best answer against the worst.
        turn_only: an answer is the one turn after `prompt` and not all that follows. No message of the environment is
            then among what is trained on.

    Raises:
        ConfigError: `margin` is no number from 0.
    """

    margin: float | None = None
    every: bool = False
    turn_only: bool = False

    def __post_init__(self) -> None:
        if self.margin is not None and not 0 <= self.margin < math.inf:
            raise ConfigError(f"margin is {self.margin}; expected a gap between rewards, 0 or more")

    def chosen(self, answers: Sequence[Answer], counts: Counts) -> list[tuple[Answer, Answer]]:
        """The (better, worse) pairs of the answers at one node, in their order; `counts.same` grows."""
        pairs = [(a, b) for a in answers for b in answers if a.branch != b.branch and self._apart(a, b)]
        return self._picked(pairs, counts)

    def against(self, reference: Answer, answers: Sequence[Answer], counts: Counts) -> list[tuple[Answer, Answer]]:
        """The pairs of a reference with each answer, or with the worst; `counts.same` grows."""
        enough = self.margin is None
        pairs = [
            (reference, one)
            for one in answers
            if self._apart(reference, one) or (enough and reference.value >= one.value)
        ]
        return self._picked(pairs, counts)

    def _apart(self, better: Answer, worse: Answer) -> bool:
        return better.value - worse.value > (self.margin or 0.0)

    def _picked(self, pairs: list[tuple[Answer, Answer]], counts: Counts) -> list[tuple[Answer, Answer]]:
        differing = [(a, b) for a, b in pairs if a.messages != b.messages]
        counts.same += len(pairs) - len(differing)
        if self.every or not differing:
            return differing
        return [max(differing, key=lambda pair: pair[0].value - pair[1].value)]


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of a recording, counted as its rows are taken."""

    groups: int = 0
    episodes: int = 0
    invalid: int = 0
    """Episodes without a reward: INVALID or failed. They are in no row."""
    empty: int = 0
    """Episodes in which the agent never answered. They are in no row."""
    small: int = 0
    """Groups that have too few other episodes for a pair."""
    flat: int = 0
    """Groups that have enough, but no gap between them."""
    unmatched: int = 0
    """Groups whose task has no reference."""
    same: int = 0
    """Pairs that were left out because both sides say the same."""
    rows: int = 0

    def to_dict(self) -> dict[str, int]:
        """All of them by name."""
        return asdict(self)


def pair_rows(
    groups: Iterable[Group],
    rule: PairRule | None = None,
    *,
    references: Mapping[TaskKey, Trajectory] | None = None,
    tools: ToolsOf | None = None,
    counts: Counts | None = None,
) -> Iterator[Row]:
    """The pairs of these groups; the order is that of the groups, of their nodes and of their trajectories.

    Args:
        groups: as `Recording` reads them, or as a strategy collects them.
        rule: which answers make a pair; None is `PairRule()`.
        references: from `references_of`: the answers to prefer to the agent's own (SPIN, arXiv 2401.01335). Without
            them the answers of a group are compared with each other.
        tools: asked once for each row; None leaves the tools out.
        counts: filled in as the rows are taken.
    """
    rule, counts = rule or PairRule(), counts if counts is not None else Counts()
    for group in groups:
        for turn, better, worse in _pairs_of(group, rule, references, counts):
            counts.rows += 1
            yield _pair_row(group, turn, better, worse, tools)


def label_rows(
    groups: Iterable[Group],
    *,
    threshold: float = 0.5,
    tools: ToolsOf | None = None,
    counts: Counts | None = None,
) -> Iterator[Row]:
    """Every judged episode of these groups, labelled as good where its reward is above the threshold.

    Args:
        groups: as in `pair_rows`, like `tools` and `counts`.
        threshold: of the reward.
        tools: asked once for each row; None leaves the tools out.
        counts: filled in as the rows are taken.

    Raises:
        ConfigError: the threshold is NaN.
    """
    if math.isnan(threshold):
        raise ConfigError("threshold is nan; expected a reward")
    counts = counts if counts is not None else Counts()
    for group in groups:
        for one in _counted(group, counts):
            counts.rows += 1
            prompt, said = _split(Answer.rest(one, 0))
            yield {
                "prompt": prompt,
                "completion": said,
                "label": one.reward > threshold,
                "value": one.reward,
                "turns": len(one.turns),
                **_origin(group, one),
                "id": one.id,
                **_tools_column(one, tools),
            }


def references_of(groups: Iterable[Group]) -> dict[TaskKey, Trajectory]:
    """The best episode of each task, the first of several; a recording of the oracle gives its solutions."""
    best: dict[TaskKey, Trajectory] = {}
    for group in groups:
        for one in judged_of(group):
            known = best.get(key := task_key(one))
            if known is None or one.reward > known.reward:
                best[key] = one
    return best


def _counted(group: Group, counts: Counts) -> tuple[Trajectory, ...]:
    """The judged of a group, the others counted."""
    judged = judged_of(group)
    invalid = sum(not math.isfinite(one.reward) for one in group.trajectories)
    counts.groups += 1
    counts.episodes += len(group.trajectories)
    counts.invalid += invalid
    counts.empty += len(group.trajectories) - invalid - len(judged)
    return judged


def _pairs_of(
    group: Group, rule: PairRule, references: Mapping[TaskKey, Trajectory] | None, counts: Counts
) -> list[tuple[int, Answer, Answer]]:
    """(turn, better, worse), or none and the reason counted."""
    judged = _counted(group, counts)
    if len(judged) < (2 if references is None else 1):
        counts.small += 1
        return []
    if references is None:
        found = [
            (node.turn, *pair)
            for node in nodes_of(group)
            for pair in rule.chosen(node.answers(turn_only=rule.turn_only), counts)
        ]
    else:
        tasks = {key: [one for one in judged if task_key(one) == key] for key in map(task_key, judged)}
        matched = {key: own for key, own in tasks.items() if key in references}
        if not matched:
            counts.unmatched += 1
            return []
        cut = Answer.turn if rule.turn_only else Answer.rest
        found = [
            (0, *pair)
            for key, own in matched.items()
            for pair in rule.against(cut(references[key], 0), [cut(one, 0) for one in own], counts)
        ]
    counts.flat += not found
    return found


def _pair_row(group: Group, turn: int, better: Answer, worse: Answer, tools: ToolsOf | None) -> Row:
    prompt, rejected = _split(worse)
    return {
        "prompt": prompt,
        "chosen": _split(better)[1],
        "rejected": rejected,
        "margin": better.value - worse.value,
        "turn": turn,
        "chosen_value": better.value,
        "rejected_value": worse.value,
        "chosen_turns": better.turns,
        "rejected_turns": worse.turns,
        **_origin(group, worse.leaf),
        "chosen_id": better.leaf.id,
        "rejected_id": worse.leaf.id,
        **_tools_column(worse.leaf, tools),
    }


def _origin(group: Group, leaf: Trajectory) -> Row:
    return {"env_id": leaf.env_id, "task_id": leaf.task_id, "group": group.key}


def _tools_column(leaf: Trajectory, tools: ToolsOf | None) -> Row:
    specs = tools(leaf.env_id) if tools is not None else ()
    return {"tools": json.dumps([tool_dict(tool) for tool in specs], ensure_ascii=False)} if specs else {}


def _split(answer: Answer) -> tuple[list[Row], list[Row]]:
    """What stands before the answer, and the answer, as TRL's messages."""
    rows = _chat((*answer.prompt, *answer.messages))
    return rows[: len(answer.prompt)], rows[len(answer.prompt) :]


def _chat(messages: Sequence[Message]) -> list[Row]:
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    return [chat_dict(message, names.get(message.tool_call_id or "")) for message in messages]

"""Count what a leaf costs when episodes branch: tokens sampled and tools called for iid, branch and tree rollouts.

    python -m assaygym.benchmarks.speed.branching
    python -m assaygym.benchmarks.speed.branching --env assay/Shop-v0 --level 5 --tasks 100 --json branching.json

Every strategy has the same number of leaves for each task. The policy is a script (`Agent`) that plays the solution of
the environment's oracle, thinks aloud before each turn, is more or less unsure of it, and gives up at times; all of it
is drawn from seeds. So the figures are counts: the same each time, on every machine, with any number of threads. They
show how much of the leaves is shared; how long a real policy's turns are, and where it is unsure, is another matter.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import threading
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.strategies import Branching, Group, Independent, Strategy, Tree
from assaygym.benchmarks.speed.contender import WrongResult
from assaygym.benchmarks.speed.document import versions
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive, progress
from assaygym.envs.registration import make
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion, Message

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Agent", "costs", "main", "strategies", "take"]

PIECE = re.compile(r"\w+|\W")
VOCABULARY = 50_000
WORDS = ("so", "the", "order", "first", "then", "check", "what", "policy", "says", "maybe", "it", "is", "not", "this")
GIVES_UP = 0.08
"""How often the agent ends an episode at a turn without having solved it."""
UNSURE = 2.5
"""Entropy of a token (nats) at most; each turn draws its own level below."""


class Agent:
    """A policy with tokens and entropies, made of the environment's oracle and a seed.

    A token is a word or a single other character. `tokens` and `calls` count what was sampled, beside the record.
    """

    name = "agent"

    def __init__(self) -> None:
        self.tokens = self.calls = 0
        self._lock = threading.Lock()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order, drawn from `params.seed`."""
        return [self._completion(prompt, Random(f"{params.seed}/{i}")) for i, prompt in enumerate(prompts)]

    def _completion(self, prompt: Prompt, rng: Random) -> Completion:
        if prompt.env is None:
            raise PolicyError("the agent plays from inside an environment, and this prompt comes without one")
        thought = " ".join(rng.choices(WORDS, k=rng.randint(10, 60)))
        action = "I give up." if rng.random() < GIVES_UP else prompt.env.oracle_action()
        text = f"{thought}.\n{action}"
        ids = tuple(zlib.crc32(piece.encode()) % VOCABULARY for piece in PIECE.findall(text))
        level = rng.uniform(0.0, UNSURE)
        with self._lock:
            self.tokens += len(ids)
            self.calls += len(prompt.env.parse_action(text).tool_calls)
        return Completion(
            message=Message(role="assistant", content=text),
            token_ids=ids,
            logprobs=(-level,) * len(ids),
            entropies=tuple(rng.uniform(0.0, level) for _ in ids),
        )


def strategies(leaves: int) -> dict[str, Strategy]:
    """The strategies that are compared, all with this many leaves, a multiple of 4.

    Raises:
        ConfigError: it is not.
    """
    if leaves % 4:
        raise ConfigError(f"{leaves} leaves; expected a multiple of 4, which two and four trees share out evenly")
    half, quarter = leaves // 2, leaves // 4
    found: dict[str, Strategy] = {
        "iid": Independent(leaves),
        f"branch {half} to {leaves}": Branching(leaves, half, vocabulary=VOCABULARY),
    }
    for trees, each in ((quarter, 4), (2, half)):
        found[f"tree {trees} x (1 + {each - 1})"] = Tree(trees, each - 1, 1)
    return found


def costs(groups: Sequence[Group], agent: Agent) -> dict[str, Any]:
    """What these groups cost, by the record.

    Raises:
        WrongResult: the record and what the agent sampled are not the same, or an episode failed.
    """
    leaves = [one for group in groups for one in group.trajectories]
    sampled = [turn for group in groups for turn in group.sampled()]
    tokens = sum(len(turn.completion.token_ids) for turn in sampled)
    calls = sum(turn.info.get("tool_calls", 0) for turn in sampled)
    failed = [one.error or one.score for one in leaves if math.isnan(one.reward)]
    if failed or (tokens, calls) != (agent.tokens, agent.calls):
        raise WrongResult(
            f"recorded are {tokens} tokens and {calls} calls, sampled were {agent.tokens} and {agent.calls}; "
            f"failed episodes: {failed[:3]}"
        )
    return {
        "leaves": len(leaves),
        "turns": len(sampled),
        "tokens": tokens,
        "calls": calls,
        "tokens_per_leaf": round(tokens / len(leaves), 2),
        "calls_per_leaf": round(calls / len(leaves), 3),
        "turns_in_leaves": sum(len(one.turns) for one in leaves),
        "mean_reward": round(sum(one.reward for one in leaves) / len(leaves), 4),
        "groups_with_spread": sum(group.spread > 0 for group in groups),
    }


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Play what the options ask for; returns the document."""
    knobs = {} if options.level is None else {"level": options.level}
    tasks = [EpisodeJob(key=str(i), seed=i) for i in range(options.tasks)]
    field = strategies(options.leaves)
    rows: list[dict[str, Any]] = []
    with progress(len(field) * len(tasks), lines=8) as tell:
        for name, strategy in field.items():
            agent = Agent()
            params = SamplingParams(seed=options.seed)
            crew = Crew(partial(make, options.env, **knobs), agent, params=params, concurrency=options.threads)
            groups: list[Group] = []
            for group in strategy.collect(crew, tasks):
                groups.append(group)
                tell(len(rows) * len(tasks) + len(groups), name)
            rows.append({"strategy": name, **costs(groups, agent)})
    iid = rows[0]
    for row in rows:
        row["tokens_of_iid"] = round(row["tokens_per_leaf"] / iid["tokens_per_leaf"], 3)
        row["calls_of_iid"] = round(row["calls_per_leaf"] / iid["calls_per_leaf"], 3) if iid["calls"] else None
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version for name, version in versions().items() if name in ("python", "assaygym")},
        "env": options.env,
        "level": options.level,
        "tasks": options.tasks,
        "seed": options.seed,
        "rows": rows,
    }


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the document as a table."""
    from rich.table import Table

    level = "" if found["level"] is None else f", level {found['level']}"
    told = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    console.print(f"{told}; exact counts, seed {found['seed']}", style="dim", highlight=False)
    table = Table(title=f"{found['tasks']} tasks of {found['env']}{level}", title_justify="left")
    names = list(found["rows"][0])
    for name in names:
        table.add_column(name.replace("_", " "), justify="left" if name == names[0] else "right")
    for row in found["rows"]:
        table.add_row(*("-" if row[name] is None else str(row[name]) for name in names))
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("branching", __doc__)
    parser.add_argument("--env", default="assay/Shop-v0", help="one with an oracle and tools (%(default)s)")
    parser.add_argument("--level", type=positive, help="its difficulty; its own default where none is given")
    parser.add_argument("--tasks", type=positive, default=64, help="(%(default)s)")
    parser.add_argument("--leaves", type=positive, default=16, help="of each task, a multiple of 4 (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    parser.add_argument("--threads", type=positive, default=1, help="changes no figure (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Measure our trainer beside TRL's GRPOTrainer: seconds a step, and samples and seconds until a task is learnt.

    python -m assaygym.benchmarks.speed.trainer --json trainer.json
    python -m assaygym.benchmarks.speed.trainer --only 2x64,learn --rounds 9
    python -m assaygym.benchmarks.speed.trainer --size large --rollouts vllm --json large.json      (a GPU)

Both train copies of one model on the same tasks in the same order, with the same groups, loss and rate, and take turns
step by step in one process, one thread each. For the time of a step every completion has equally many tokens and every
row a reward of its own, so that neither may stop early or leave a row out; then words are to be written backwards, from
one warm start, where both may. Ratios are taken within a round; their median counts.

The large size, and rollouts by vLLM with their weight sync and parity check, were run on a CPU at a tiny size only: no
figure of a GPU was measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive
from assaygym.benchmarks.speed.trainer_learning import learn
from assaygym.benchmarks.speed.trainer_show import show
from assaygym.benchmarks.speed.trainer_steps import SIZES, paired_steps

__all__ = ["GOALS", "main", "take"]

GOALS = {"2x64": 1.3, "4x256": 1.0}
"""By size: how many times TRL's steps a second are wanted."""
LEARNING = {"samples": 0.9, "seconds": 1.0}
"""How many times ours TRL is to need until a task is learnt. With one algorithm the samples differ by chance alone, by
about a tenth over a few runs."""
PARTS = (*GOALS, "learn")
PACKAGES = ("torch", "transformers", "trl", "vllm")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show)


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options ask for; returns the document.

    Raises:
        MissingDependencyError: trl, torch or transformers is not installed, or vllm where it is asked for.
        RunError: a trainer did other work than was asked for.
        ConfigError: no such part.
    """
    wanted = ("large",) if options.size == "large" else options.only
    with tempfile.TemporaryDirectory(prefix="assaygym-speed-") as folder:
        sizes = {
            name: paired_steps(SIZES[name], options.rounds, folder, rollouts=options.rollouts)
            for name in wanted if name in SIZES
        }  # fmt: skip
        runs = learn(options.seeds, options.steps, folder) if "learn" in wanted else []
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {name: text for name, text in versions().items() if name in ("python", "assaygym")} | _installed(),
        "rounds": options.rounds,
        "steps": sizes,
        "learning": runs,
        "goals": goals(sizes, runs),
    }


def goals(sizes: dict[str, Any], runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is wanted, what was found; of all runs that learn together, 0 where one of the two never learnt."""
    found = [
        {"name": f"steps a second at {name}, times TRL's", "wanted": GOALS[name], "found": size["ratio"]["seconds"]}
        for name, size in sizes.items() if name in GOALS
    ]  # fmt: skip
    for unit, wanted in LEARNING.items() if runs else ():
        needed = {name: [run["rows"][name][unit] for run in runs] for name in ("TRL", "assaygym")}
        never = None in needed["TRL"] + needed["assaygym"]
        ratio = 0.0 if never else round(sum(needed["TRL"]) / sum(needed["assaygym"]), 3)
        found.append({"name": f"{unit} that TRL needs to learn, times ours", "wanted": wanted, "found": ratio})
    return [{**goal, "met": goal["found"] >= goal["wanted"]} for goal in found]


def _installed() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _parts(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"no part {name!r}; expected some of {', '.join(PARTS)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("trainer", __doc__)
    parser.add_argument("--only", type=_parts, default=list(PARTS), metavar="PARTS", help=f"of {','.join(PARTS)}")
    parser.add_argument("--rounds", type=positive, default=15, help="pairs of steps at each size (%(default)s)")
    parser.add_argument("--seeds", type=positive, default=5, help="runs that learn (%(default)s)")
    parser.add_argument("--steps", type=positive, default=250, help="of such a run, at most (%(default)s)")
    parser.add_argument("--size", choices=("small", "large"), default="small", help="large wants a GPU (%(default)s)")
    parser.add_argument(
        "--rollouts", choices=("own", "vllm"), default="own", help="who samples at the large size (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

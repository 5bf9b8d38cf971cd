"""An evaluation that is slow enough to be killed: `python slow_run.py FOLDER SECONDS ANSWERS TASKS WORKERS`.

After so many answers it waits to be killed; -1: it never does.

Whether a sample is right depends on its own seed only, so every complete run has the same summary.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from itertools import count

from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.summary import Summary
from assaygym.envs.definition import TaskDefinition
from assaygym.types import Completion, Message, Score


def pose(rng: random.Random) -> tuple[str, str]:
    word = "".join(rng.choices("abcdefghij", k=12))
    return f"Repeat {word}.", word


def verify(response: str, gold: str) -> Score:
    return Score.of(gold in response, extracted=response, explanation=f"said {response!r}")


class SlowPolicy:
    name = "slow"

    def __init__(self, seconds: float, answers: int | None = None) -> None:
        self.seconds, self.answers, self.asked = seconds, answers, count()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        waits = self.answers is not None and next(self.asked) >= self.answers
        time.sleep(600 if waits else self.seconds)
        assert params.seed is not None
        said = prompts[0].messages[-1].content if params.seed % 3 else f"no {params.seed % 5}"
        return [Completion(message=Message(role="assistant", content=said))]


REPEAT = TaskDefinition("test/repeat-v0", pose, verifier=verify)


def run(folder: str, seconds: float, answers: int, tasks: int, workers: int) -> Summary:
    policy = SlowPolicy(seconds, answers if answers >= 0 else None)
    return evaluate(REPEAT, policy, out=folder, n=tasks, k=2, split="all", concurrency=workers)


if __name__ == "__main__":
    print(run(sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:])).headline())

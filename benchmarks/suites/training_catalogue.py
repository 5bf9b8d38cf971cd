"""Training sets, through the same doors as the suites. What is tested on must not be in them: `assay data overlap`.

As to commits, see the math suites; where none was found, the field is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.benchmarks.suites.math_catalogue import math_judge

__all__ = ["TRAINING_SUITES"]


def _of(name: str) -> Callable[[Row], Any]:
    """A function of `training`, which is imported when a set is used."""

    def call(row: Row) -> Any:
        from assaygym.benchmarks.suites import training

        return getattr(training, name)(row)

    return call


def _either() -> Callable[[str, Any], Any]:
    from assaygym.benchmarks.suites.training import EitherJudge

    return EitherJudge()


def _last_answer(row: Row) -> str:
    return rf"\boxed{{{row['answer']}}}"


def _only_answer(row: Row) -> str:
    return rf"\boxed{{{row['reward_model']['ground_truth']}}}"


TRAINING_SUITES = (
    Suite(
        id="dapo_math_17k",
        title="DAPO-Math-17k: problems with integer answers, each once (Yu et al. 2025)",
        kind="math",
        use="train",
        licence="Apache-2.0",
        published="2025-03",
        hub_id="BytedTsinghua-SIA/DAPO-Math-17k",
        split="train",
        hub_file="data/dapo-math-17k.parquet",
        revision="65877096c24ffa7abc4e4fa5edb95cf3413a5674",
        files=("dapo-math-17k.parquet", "data/dapo-math-17k.parquet", "train.jsonl", "train-*.parquet"),
        columns=("prompt", "reward_model"),
        prompt=_of("chat_prompt"),
        gold=_of("chat_gold"),
        verifier=math_judge(),
        format="boxed",
        solution=_only_answer,
        solution_column="reward_model",
        unique=_of("words_of"),
    ),
    Suite(
        id="deepscaler",
        title="DeepScaleR-Preview: AIME, AMC, Omni-MATH and STILL problems (Luo et al. 2025)",
        kind="math",
        use="train",
        licence="MIT",
        published="2025-02",
        hub_id="agentica-org/DeepScaleR-Preview-Dataset",
        split="train",
        hub_file="deepscaler.json",
        revision="b6ae8c60f5c1f2b594e2140b91c49c9ad0949e29",
        files=("deepscaler.json", "train.jsonl", "train-*.parquet"),
        rows=40315,
        columns=("problem", "answer"),
        prompt="{problem}\n\nReason step by step and put the final answer in \\boxed{{}}.",
        gold="answer",
        verifier=math_judge("math"),
        format="boxed",
        solution=_last_answer,
        solution_column="answer",
        unique=_of("words_of"),
        keep=lambda row: bool(str(row.get("answer") or "").strip()),
    ),
    Suite(
        id="eurus2_rl",
        title="Eurus-2-RL: mathematics and programs with tests (Cui et al. 2025)",
        kind="code",
        use="train",
        licence="MIT",
        published="2025-01",
        category="ability",
        hub_id="PRIME-RL/Eurus-2-RL-Data",
        split="train",
        hub_file="train.parquet",
        revision="9776b13264b5aaa0b16495fcf086a0a8d86fd655",
        digests={"train.parquet": "16feb28654b54924307ea0b5e866f65aca4980e3b3b891a8ab68ce52b5f460dd"},
        files=("train.parquet", "train.jsonl", "train-*.parquet"),
        rows=480537,
        columns=("prompt", "reward_model"),
        prompt=_of("chat_prompt"),
        gold=_of("chat_gold"),
        verifier=_either,
        format="boxed or block",
        unique=_of("words_of"),
    ),
    Suite(
        id="synthetic_1",
        title="SYNTHETIC-1: its verifiable mathematics and Python programs (Mattern et al. 2025)",
        kind="code",
        use="train",
        licence="Apache-2.0",
        published="2025-02",
        category="task_type",
        hub_id="PrimeIntellect/SYNTHETIC-1",
        split="train",
        files=("train.jsonl", "train.jsonl.gz", "data/train-*.parquet", "train-*.parquet"),
        many=True,
        columns=("prompt", "verification_info", "task_type"),
        prompt=_of("chat_prompt"),
        gold=_of("synthetic_gold"),
        verifier=_either,
        format="boxed or block",
        name="problem_id",
        unique=_of("words_of"),
        keep=_of("synthetic_kept"),
    ),
)

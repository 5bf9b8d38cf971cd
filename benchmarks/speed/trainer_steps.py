"""The time of one step of both trainers, and on a GPU its memory: equal work, one after the other."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from assaygym.benchmarks.speed.terminal import progress
from assaygym.benchmarks.speed.trainer_field import Contender, Load, Ours, Step, Theirs, noise_of
from assaygym.errors import MissingDependencyError, RunError

__all__ = ["SIZES", "Size", "one_thread", "paired_steps", "ratios"]

WARM_UP = 2
"""Steps of each that are not counted."""
SHARE = 0.2
"""Of the GPU's memory, that each engine of vLLM takes."""
ENGINE: Mapping[str, Any] = {"gpu_memory_utilization": SHARE, "context": 2048}
COLOCATED: Mapping[str, Any] = {"use_vllm": True, "vllm_mode": "colocate", "vllm_gpu_memory_utilization": SHARE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A model with random weights, and what a step of it is."""

    layers: int
    hidden: int
    heads: int = 4
    prompts: int = 16
    samples: int = 8
    tokens: int = 32
    micro_rows: int | None = None
    """Completions of a forward pass; None is all."""
    bfloat16: bool = False
    """Of the weights as well."""
    rounds: int | None = None
    """Fewer than were asked for."""
    on_gpu: bool = False
    """Where there is one."""


SIZES: dict[str, Size] = {
    "2x64": Size(layers=2, hidden=64),
    "4x256": Size(layers=4, hidden=256, rounds=7),
    "large": Size(layers=24, hidden=1280, heads=20, tokens=1024, micro_rows=16, bfloat16=True, rounds=5, on_gpu=True),
}
"""The large one has 0.63 billion parameters."""


def paired_steps(size: Size, rounds: int, folder: str, *, rollouts: str = "own") -> dict[str, Any]:
    """Rounds of one step each, in an order that turns around from round to round.

    Args:
        size: of the model and of a step.
        rounds: at most those of the size.
        folder: for what TRL writes.
        rollouts: who samples for ours where the size is one for GPUs, `own` or `vllm`; then TRL's engine is vLLM, too.

    Raises:
        MissingDependencyError: trl, torch or transformers is not installed, or vllm where it is asked for.
        RunError: one of them did other work than was asked for, or did not move its weights.
    """
    from assaygym.agents.tiny import tiny_tokenizer

    torch = one_thread()
    device = "cuda" if size.on_gpu and torch.cuda.is_available() else "cpu"
    count = min(rounds, size.rounds or rounds)
    tokenizer = tiny_tokenizer()
    model = _model(size, tokenizer, device)
    load = _load(size, count + WARM_UP + 1)
    engine = rollouts == "vllm" and size.on_gpu
    memory = Memory(torch, device)
    with memory.of("assaygym"):
        ours = Ours(model, tokenizer, load, player=_vllm(load) if engine else None)
    with memory.of("TRL"):
        theirs = Theirs(model, tokenizer, load, folder=folder, **(COLOCATED if engine else {}))
    field: list[Contender] = [ours, theirs]
    seen: dict[str, list[Step]] = {one.name: [] for one in field}
    with progress(WARM_UP + count, lines=5) as tell:
        for number in range(WARM_UP + count):
            for one in field if number % 2 == 0 else reversed(field):
                with memory.of(one.name):
                    step = one.step()
                if number >= WARM_UP:
                    seen[one.name].append(step)
            tell(number + 1, f"{size.layers}x{size.hidden}: round {number + 1}/{WARM_UP + count}")
    moved = {one.name: _moved(one, model) for one in field}
    for one in field:
        one.close()
    return {
        "model": {
            **asdict(size),
            "parameters": sum(weight.numel() for weight in model.parameters()),
            "device": device,
            "rollouts": "vllm" if engine else "own",
        },
        "rows": [_row(name, steps, moved[name], memory.peaks.get(name)) for name, steps in seen.items()],
        "ratio": ratios(seen["assaygym"], seen["TRL"]),
    }


def ratios(ours: Sequence[Step], theirs: Sequence[Step]) -> dict[str, float]:
    """How many times as long TRL takes, the median over the rounds; by the clock and by CPU time."""
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "seconds": round(statistics.median(b.seconds / a.seconds for a, b in pairs), 3),
        "cpu_seconds": round(statistics.median(b.cpu_seconds / a.cpu_seconds for a, b in pairs), 3),
    }


def one_thread() -> Any:
    """Torch, on one thread from now on.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError.of("torch", "train", "this benchmark") from error
    torch.set_num_threads(1)
    return torch


def _load(size: Size, steps: int) -> Load:
    from assaygym.envs.definition import TaskDefinition
    from assaygym.envs.families.reverse import reverse

    task = TaskDefinition("bench/Noise-v0", reverse.pose, verifier=noise_of)
    return Load(
        task=task,
        knobs={"length": 4, "alphabet": 8},
        prompts=size.prompts,
        samples=size.samples,
        tokens=size.tokens,
        steps=steps,
        bfloat16=size.bfloat16,
        micro_rows=size.micro_rows,
    )


def _model(size: Size, tokenizer: Any, device: str) -> Any:
    from assaygym.agents.tiny import tiny_model

    model: Any = tiny_model(tokenizer, hidden=size.hidden, layers=size.layers, heads=size.heads)
    return model.to(device, one_thread().bfloat16 if size.bfloat16 else None)


def _vllm(load: Load) -> Callable[[Any, Any], Any]:
    def player(model: Any, tokenizer: Any) -> Any:
        from assaygym.agents.vllm_policy import VLLMPolicy

        dtype = "bfloat16" if load.bfloat16 else "float32"
        return VLLMPolicy(model, tokenizer, max_batch=load.rows, dtype=dtype, **ENGINE)

    return player


class Memory:
    """Memory (GiB) that torch holds on the GPU, told apart by whose it is; nothing is told on a CPU."""

    def __init__(self, torch: Any, device: str) -> None:
        self.cuda = None if device == "cpu" else torch.cuda
        self.held: dict[str, int] = {}
        self.peaks: dict[str, float] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """What is taken here and not given back is this one's; its peak is that and what it needs in between."""
        if self.cuda is None:
            yield
            return
        self.cuda.synchronize()
        self.cuda.reset_peak_memory_stats()
        before = self.cuda.memory_allocated()
        yield
        self.cuda.synchronize()
        held = self.held.get(name, 0)
        peak = held + self.cuda.max_memory_allocated() - before
        self.peaks[name] = max(peak / (1 << 30), self.peaks.get(name, 0.0))
        self.held[name] = held + self.cuda.memory_allocated() - before


def _moved(one: Contender, start: Any) -> float:
    """How far the weights went (2-norm).

    Raises:
        RunError: nowhere.
    """
    pairs = zip(one.model.parameters(), start.parameters(), strict=True)
    squares = sum(float((new.detach().float() - old.detach().float()).norm()) ** 2 for new, old in pairs)
    if not squares > 0:
        raise RunError(f"the weights of {one.name} are where they were: it trained nothing")
    return float(squares**0.5)


def _row(name: str, steps: Sequence[Step], moved: float, peak: float | None) -> dict[str, Any]:
    return {
        "trainer": name,
        "seconds": round(statistics.median(step.seconds for step in steps), 4),
        "cpu_seconds": round(statistics.median(step.cpu_seconds for step in steps), 4),
        "tokens": steps[0].tokens,
        "per_second": round(statistics.median(step.tokens / step.seconds for step in steps), 1),
        "moved": round(moved, 4),
        "peak_gib": peak and round(peak, 3),
        "rounds": [round(step.seconds, 4) for step in steps],
    }

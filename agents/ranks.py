"""The processes of one training run: each samples a share of the tasks and computes a share of the gradient.

All of them take the same decisions from the same figures, so they hold the same weights without ever comparing them.
When one fails, the others learn of it where they wait for it, and end with its message.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from assaygym.errors import RunError, told

__all__ = ["Ranks", "TorchRanks"]

T = TypeVar("T")

BUCKET = 1 << 24
"""Numbers that are summed at once."""
TIMEOUT = timedelta(hours=1)
"""How long a process waits for one that has not failed; sampling takes as long as the slowest episode of any."""
GLANCE_SECONDS = 0.5
"""Between two looks whether another process has failed."""
FAILED = "assaygym/failed"


class Ranks:
    """One process alone."""

    rank = 0
    world = 1

    @staticmethod
    def of_environment() -> Ranks:
        """The processes that `torchrun` started (`WORLD_SIZE`, `RANK`, ...), or this one alone.

        Raises:
            RunError: they do not find each other.
        """
        return TorchRanks() if int(os.environ.get("WORLD_SIZE", "1")) > 1 else Ranks()

    @property
    def leads(self) -> bool:
        """Whether this process writes what a run leaves."""
        return self.rank == 0

    def gathered(self, mine: T) -> list[T]:
        """What each process has, in the order of their ranks; everything passed on is pickled."""
        return [mine]

    def total(self, mine: Tensor) -> Tensor:
        """The sum over the processes."""
        return mine

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Let every process have the sum of the gradients of all; a parameter that has one nowhere keeps none."""

    def copy_from_lead(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite the tensors with the leading process's."""

    def share(self, whole: Tensor) -> Tensor:
        """Of these rows, those that this process computes."""
        return whole[self.rank :: self.world]

    def mine(self, whole: Sequence[T]) -> Sequence[T]:
        """Of these, those that this process does."""
        return whole[self.rank :: self.world]

    def from_lead(self, value: T) -> T:
        """What the leading process has."""
        return self.gathered(value)[0]

    @contextmanager
    def together(self) -> Iterator[None]:
        """While this lasts, what fails in one process ends all.

        Raises:
            RunError: another process failed; with its message.
        """
        yield

    def close(self) -> None:
        """Leave the others."""


class TorchRanks(Ranks):
    """The processes of a `torch.distributed` group, which this makes: over gloo, and NCCL for tensors on GPUs.

    Args:
        timeout: how long a process waits for another one.

    Raises:
        RunError: they do not find each other.
    """

    def __init__(self, timeout: timedelta = TIMEOUT) -> None:
        backend = "gloo"
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
            backend = "cpu:gloo,cuda:nccl"
        try:
            dist.init_process_group(backend, timeout=timeout)
        except (ValueError, RuntimeError) as error:
            raise RunError(
                f"the processes of this run do not find each other: {error}; start it by torchrun"
            ) from error
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self._store = dist.distributed_c10d._get_default_store()

    def gathered(self, mine: T) -> list[T]:
        """What each process has, in the order of their ranks; everything passed on is pickled."""
        raw = torch.frombuffer(bytearray(pickle.dumps(mine)), dtype=torch.uint8)
        sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self.world)]
        self._done(dist.all_gather(sizes, torch.tensor([len(raw)]), async_op=True))
        widest = max(int(size) for size in sizes)
        padded = torch.zeros(widest, dtype=torch.uint8)
        padded[: len(raw)] = raw
        every = [torch.empty_like(padded) for _ in range(self.world)]
        self._done(dist.all_gather(every, padded, async_op=True))
        return [pickle.loads(one[: int(size)].numpy().tobytes()) for one, size in zip(every, sizes, strict=True)]

    def total(self, mine: Tensor) -> Tensor:
        """The sum over the processes."""
        return self._summed(mine.clone())

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Let every process have the sum of the gradients of all; a parameter that has one nowhere keeps none."""
        known = list(parameters)
        found = torch.tensor([float(one.grad is not None) for one in known], device=known[0].device)
        wanted = [one for one, owners in zip(known, self.total(found).tolist(), strict=True) if owners]
        for bucket in _buckets(wanted):
            grads = [torch.zeros_like(one) if one.grad is None else one.grad for one in bucket]
            summed = self._summed(torch.cat([grad.flatten() for grad in grads]))
            for one, part in zip(bucket, torch.split(summed, [grad.numel() for grad in grads]), strict=True):
                one.grad = part.view_as(one).clone()

    def copy_from_lead(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite the tensors with the leading process's."""
        for tensor in tensors:
            held = tensor.detach().contiguous()
            self._done(dist.broadcast(held, 0, async_op=True))
            tensor.detach().copy_(held)

    @contextmanager
    def together(self) -> Iterator[None]:
        """While this lasts, what fails in one process ends all.

        Raises:
            RunError: another process failed; with its message.
        """
        try:
            yield
        except BaseException as error:
            if self._failure() is None:
                self._store.set(FAILED, f"process {self.rank} of {self.world}: {told(error)}")
                time.sleep(2 * GLANCE_SECONDS)  # the store goes with the leading process: let the others read it
            raise

    def close(self) -> None:
        """Leave the others."""
        if dist.is_initialized():
            dist.destroy_process_group()

    def _summed(self, mine: Tensor) -> Tensor:
        """The same tensor, now the sum over the processes."""
        self._done(dist.all_reduce(mine, async_op=True))
        return mine

    def _done(self, work: Any) -> None:
        """Wait for the others, with an eye on whether they still live."""
        looked = started = time.monotonic()
        while not work.is_completed():
            now = time.monotonic()
            time.sleep(min(0.005, (now - started) / 10))
            if now - looked > GLANCE_SECONDS:
                looked = now
                self._look()
        try:
            work.wait()
        except RuntimeError as error:
            self._look()
            raise RunError(f"another process of this run has ended or does not answer: {error}") from error

    def _look(self) -> None:
        failure = self._failure()
        if failure is not None:
            raise RunError(f"another process of this run failed: {failure}")

    def _failure(self) -> str | None:
        """What the first process that failed wrote down."""
        try:
            return self._store.get(FAILED).decode() if self._store.check([FAILED]) else None
        except RuntimeError:
            return "the leading process has ended"


def _buckets(parameters: Sequence[torch.nn.Parameter]) -> Iterator[list[torch.nn.Parameter]]:
    """Parameters of one type and device, up to `BUCKET` numbers together."""
    bucket: list[torch.nn.Parameter] = []
    for one in parameters:
        alike = not bucket or (bucket[0].dtype, bucket[0].device) == (one.dtype, one.device)
        if bucket and not (alike and sum(other.numel() for other in bucket) + one.numel() <= BUCKET):
            yield bucket
            bucket = []
        bucket.append(one)
    if bucket:
        yield bucket

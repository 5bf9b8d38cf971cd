"""Continuous batching: what waits joins the running batch, and what is done leaves it at once.

Used by one thread at a time. What a request gets is a function of it and its seed, up to rounding; a set of requests
that is added at once while nothing runs takes the same steps every time, and so the same bits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice, takewhile
from typing import Any

import torch

from assaygym.agents.engine.choice import Choice, Chooser
from assaygym.agents.engine.request import Request, Sampled
from assaygym.agents.engine.running import Entry, Outcome, Running
from assaygym.agents.engine.stops import StopStrings

__all__ = ["Engine"]

PATIENCE = 8
"""Steps that a request waits for others to join with, so that not every step feeds a prompt."""
SHARE = 8
"""... unless so many wait that they are a SHARE-th of the rows that run."""
CHUNK_TOKENS = 4096
"""Of the prompts that are fed together, unless one is longer."""
WASTE_TOKENS = 256
"""Padding in a chunk that is always fine; above it, at most as much as there are tokens."""


class Engine:
    """Samples requests with one model.

    Args:
        model: a causal language model of `transformers`, or one that peft wrapped.
        pad_id: fills short rows, and is never attended to.
        text_of: ids to text, to look for stop strings.
        max_batch: rows that are decoded together at most.
    """

    def __init__(
        self, model: Any, *, pad_id: int, text_of: Callable[[Sequence[int]], str], max_batch: int = 64
    ) -> None:
        self.max_batch = max_batch
        self._chooser, self._stops = Chooser(model, pad_id), StopStrings(text_of)
        self._waiting: deque[Entry] = deque()
        self._batches: dict[Running, str] = {}
        """With the name of the way each one runs."""
        self._waited = 0

    @property
    def busy(self) -> bool:
        """Whether a step would do anything."""
        return bool(self._waiting or self._batches)

    def run(self, requests: Sequence[Request]) -> list[Sampled]:
        """All answers to a set of requests, in order; nothing else may be under way.

        Raises:
            PolicyError: the model's logits are not numbers.
            Exception: whatever the model raises.
        """
        call = object()
        self.add(call, requests)
        found: dict[int, Sampled] = {}
        while self.busy:
            for _, index, answer in self.step():
                if isinstance(answer, Exception):
                    self.discard(call)
                    raise answer
                found[index] = answer
        return [found[index] for index in range(len(requests))]

    def add(self, call: object, requests: Sequence[Request]) -> None:
        """Queue the requests of a call."""
        self._waiting.extend(Entry(request, call, index) for index, request in enumerate(requests))

    def discard(self, call: object) -> None:
        """Forget a call."""
        self._waiting = deque(entry for entry in self._waiting if entry.call is not call)
        for batch in self._batches:
            batch.discard(lambda entry: entry.call is call)
        self._sweep()

    @torch.no_grad()
    def step(self) -> list[tuple[object, int, Sampled | Exception]]:
        """Sample one more token everywhere; (call, index, answer) of the requests that are done.

        When a step fails, each call that was in it is run again from its start and alone; the error is the answer to
        a call that fails alone.
        """
        joining, outcomes = self._due(), list[Outcome]()
        try:
            self._step(joining, outcomes)
        except Exception as error:  # of the model's own code, or of a device without memory
            outcomes += self._part(error, joining)
        return [(entry.call, entry.index, answer) for entry, answer in outcomes]

    def choice(self, ids: Sequence[int]) -> str:
        """How the model runs now: `native`, `cached`, `apart` or `plain`; `ids` are any of its vocabulary."""
        return self._chooser(ids).name

    def _step(self, joining: Sequence[Entry], outcomes: list[Outcome]) -> None:
        plans = self._placed(joining) if joining else {}
        for batch in list(self._batches):
            outcomes += batch.step(plans.get(batch, ()))
        self._sweep()

    def _placed(self, joining: Sequence[Entry]) -> dict[Running, list[list[Entry]]]:
        """The batch of each entry that joins: the one that runs, or a new one."""
        choice = self._chooser(joining[0].request.prompt_ids)
        if not choice.joinable:
            return {self._begin(choice): [group] for group in _by_length(joining)}
        batch = next((batch for batch, name in self._batches.items() if name == choice.name), None)
        return {batch or self._begin(choice): list(_chunks(joining))}

    def _begin(self, choice: Choice) -> Running:
        batch = Running(choice.make, self.max_batch, self._stops)
        self._batches[batch] = choice.name
        return batch

    def _sweep(self) -> None:
        self._batches = {batch: name for batch, name in self._batches.items() if batch.entries}

    def _due(self) -> list[Entry]:
        """Who joins now, the oldest first."""
        if not self._waiting:
            return []
        running = [entry for batch in self._batches for entry in batch.entries]
        first = (running or self._waiting)[0]
        free = islice(self._waiting, max(0, self.max_batch - len(running)))
        joining = list(takewhile(lambda entry: _together(entry, first), free))
        if not joining:
            return []
        self._waited += 1
        if len(joining) * SHARE < len(running) and self._waited <= PATIENCE:
            return []
        self._waited = 0
        for _ in joining:
            self._waiting.popleft()
        return joining

    def _part(self, error: Exception, joining: Sequence[Entry]) -> list[Outcome]:
        """After a failed step: who was in it waits again, each call for itself."""
        entries = list(dict.fromkeys([*(entry for batch in self._batches for entry in batch.entries), *joining]))
        self._batches.clear()
        calls = dict.fromkeys(entry.call for entry in entries)
        if len(calls) == 1:
            self.discard(entries[0].call)
            return [(entries[0], error)]
        for entry in entries:
            entry.alone = True
        again = [entry for call in calls for entry in entries if entry.call is call]
        self._waiting.extendleft(reversed(again))
        return []


def _together(one: Entry, other: Entry) -> bool:
    return one.call is other.call or not (one.alone or other.alone)


def _by_length(entries: Sequence[Entry]) -> list[list[Entry]]:
    return [list(group) for _, group in groupby(sorted(entries, key=_length), key=_length)]


def _length(entry: Entry) -> int:
    return len(entry.request.prompt_ids)


def _chunks(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries whose prompts are fed together: of like lengths, equal ones once."""
    chunk: list[Entry] = []
    distinct: set[tuple[int, ...]] = set()
    for entry in sorted(entries, key=lambda entry: (_length(entry), entry.request.prompt_ids)):
        wider = distinct | {entry.request.prompt_ids}
        padded, tokens = len(wider) * _length(entry), sum(map(len, wider))
        if chunk and (padded > CHUNK_TOKENS or padded - tokens > max(WASTE_TOKENS, tokens)):
            yield chunk
            chunk, wider = [], {entry.request.prompt_ids}
        chunk.append(entry)
        distinct = wider
    yield chunk

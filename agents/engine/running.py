"""A batch that runs: requests join its rows, and leave as soon as they are done.

A row samples by draws of its own, so what it samples depends on its seed and not on its neighbours, up to the rounding
of a matrix product with another number of rows.

Axes: B rows, T steps, S slots.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from assaygym.agents.engine.request import Request, Sampled
from assaygym.agents.engine.rows import Rows
from assaygym.agents.engine.sampler import sample
from assaygym.agents.engine.stops import StopStrings
from assaygym.errors import PolicyError
from assaygym.types import FinishReason

__all__ = ["Entry", "Outcome", "Running"]

ROOM = 128
"""Steps the log has room for at first."""
UNIFORM, TOKEN, LOGPROB, ENTROPY = range(4)


@dataclass(slots=True, eq=False)
class Entry:
    """A request on its way, and whoever waits for it."""

    request: Request
    call: object
    index: int
    """Of the request in its call."""
    alone: bool = False
    """Whether it may share a batch with its own call only, because a batch it was in has failed."""
    uniforms: Any = field(init=False)
    start: int = 0
    """The step of its first token."""
    tail: list[int] = field(default_factory=list[int])
    """The sampled ids, where there are stop strings."""

    def __post_init__(self) -> None:
        steps = self.request.max_tokens
        greedy = self.request.temperature == 0
        self.uniforms = np.zeros(steps) if greedy else np.random.default_rng(self.request.seed).random(steps)


Outcome = tuple[Entry, Sampled | Exception]


class Running:
    """The state of one batch.

    Args:
        make: makes its rows.
        slots: rows it holds at most.
        stops: looks for stop strings.
    """

    def __init__(self, make: Callable[[], Rows], slots: int, stops: StopStrings) -> None:
        self.entries: list[Entry] = []
        self._rows, self._slots, self._stops = make(), slots, stops
        self._time = self._last = 0
        """The next step, and the one after which some row has all its tokens."""
        self._log = np.zeros((4, 0, slots))

    def step(self, joining: Sequence[Sequence[Entry]] = ()) -> list[Outcome]:
        """One more token for every row, those that join included; who is done, and has left.

        Args:
            joining: entries that join, in chunks that are fed to the model together.
        """
        parts = [self._rows.feed(self._token_B)] if self.entries else []
        for chunk in joining:
            parts.append(self._admit(chunk))
        logits_BV = parts[0] if len(parts) == 1 else torch.cat(parts)
        if joining:
            self._changed(logits_BV.device)
        if self._time == self._log.shape[1]:
            self._lay_out()
        tokens = self._sample(logits_BV)
        ended = self._ended(tokens)
        outcomes = [(self.entries[row], self._outcome(row, reason)) for row, reason in ended.items()]
        self._drop(ended)
        return outcomes

    def discard(self, unwanted: Callable[[Entry], bool]) -> None:
        """Drop the rows that nobody waits for; not during a step."""
        self._drop({row for row, entry in enumerate(self.entries) if unwanted(entry)})

    def _admit(self, chunk: Sequence[Entry]) -> Tensor:
        unique: dict[tuple[int, ...], int] = {}
        index = [unique.setdefault(entry.request.prompt_ids, len(unique)) for entry in chunk]
        logits_JV = self._rows.admit(list(unique), index)
        for entry in chunk:
            entry.start = self._time
            entry.tail.clear()
        self.entries += chunk
        self._plan(range(len(self.entries) - len(chunk), len(self.entries)))
        return logits_JV

    def _sample(self, logits_BV: Tensor) -> list[int]:
        time, rows = self._time, len(self.entries)
        uniform_B1 = torch.from_numpy(self._log[UNIFORM, time, :rows]).to(logits_BV.device).unsqueeze(1)
        token_B, logp_B, entropy_B = sample(logits_BV, uniform_B1, self._temperature_B1, self._top_p_B1)
        for kind, values_B in ((TOKEN, token_B), (LOGPROB, logp_B), (ENTROPY, entropy_B)):
            self._log[kind, time, :rows] = values_B.cpu().numpy()
        tokens: list[int] = token_B.tolist()
        self._sound = not math.isnan(sum(logp_B.tolist()))
        self._token_B = token_B
        self._time += 1
        return tokens

    def _ended(self, tokens: Sequence[int]) -> dict[int, FinishReason]:
        """The rows that are done, and why."""
        found: dict[int, FinishReason] = {}
        if self._time >= self._last or not self._ends.isdisjoint(tokens):
            for row, (entry, token) in enumerate(zip(self.entries, tokens, strict=True)):
                if token in entry.request.end_ids:
                    found[row] = "stop"
                elif self._time - entry.start >= entry.request.max_tokens:
                    found[row] = "length"
        for row in self._with_stops:
            entry = self.entries[row]
            entry.tail.append(tokens[row])
            if self._stops.reached(entry.request.stop, entry.tail):
                found[row] = "stop"
        if not self._sound:
            broken = np.isnan(self._log[LOGPROB, self._time - 1, : len(tokens)])
            found |= dict.fromkeys(map(int, broken.nonzero()[0]), "stop")
        return dict(sorted(found.items()))

    def _outcome(self, row: int, reason: FinishReason) -> Sampled | Exception:
        _, tokens, logprobs, entropies = self._log[:, self.entries[row].start : self._time, row].tolist()
        if math.isnan(logprobs[-1]):
            return PolicyError("the model's logits are not numbers (NaN): its weights are broken or it has diverged")
        return Sampled(
            token_ids=tuple(map(int, tokens)),
            logprobs=tuple(logprobs),
            entropies=tuple(entropies),
            finish_reason=reason,
        )

    def _drop(self, rows: Collection[int]) -> None:
        if len(rows) == len(self.entries):
            self.entries = []
        elif rows:
            index = self._rows.drop(rows)
            self._log[:, :, : len(index)] = self._log[:, :, index]
            self._token_B = self._token_B[index]
            self.entries = [self.entries[row] for row in index]
            self._changed(self._token_B.device)

    def _changed(self, device: torch.device) -> None:
        """After rows came or went: what all of them have in common."""
        requests = [entry.request for entry in self.entries]
        self._last = min(entry.start + entry.request.max_tokens for entry in self.entries)
        self._ends = frozenset().union(*{request.end_ids for request in requests})
        self._with_stops = [row for row, request in enumerate(requests) if request.stop]
        self._temperature_B1 = _column([request.temperature for request in requests], device)
        self._top_p_B1 = _column([request.top_p for request in requests], device)

    def _lay_out(self) -> None:
        """More room in the log, without the steps that no row needs."""
        first = min(entry.start for entry in self.entries)
        past = self._time - first
        log = np.zeros((4, past + max(past, ROOM), self._slots))
        log[:, :past] = self._log[:, first : self._time]
        for entry in self.entries:
            entry.start -= first
        self._log, self._time, self._last = log, past, self._last - first
        self._plan(range(len(self.entries)))

    def _plan(self, rows: Sequence[int]) -> None:
        """Write down the draws of these rows, as far as the log goes."""
        for row in rows:
            entry = self.entries[row]
            planned = self._log[UNIFORM, entry.start :, row]
            planned[: len(entry.uniforms)] = entry.uniforms[: len(planned)]


def _column(values: Sequence[float], device: torch.device) -> Tensor | None:
    """The values as a column; None where all are 1."""
    if all(value == 1 for value in values):
        return None
    return torch.tensor(values, dtype=torch.float32, device=device).unsqueeze(1)

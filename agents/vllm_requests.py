"""What goes into an engine of vLLM and what comes out: ids and sampling parameters, ids and log-probabilities."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from assaygym.agents.policy import SamplingParams
from assaygym.agents.vllm_engine import Engine, Request
from assaygym.errors import ConfigError

__all__ = ["Driven", "Sample", "drive", "sample_of", "sampling", "scores_of", "scoring"]

COLDEST, HOTTEST = 0.01, 2.0
"""Temperatures above 0 that vLLM takes as they are."""


class Sample(NamedTuple):
    """One completion: T ids, with the log-probability and the estimated entropy (nats) of each."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    top_k_entropies: tuple[float, ...]
    finish_reason: str


def sampling(
    ids: Sequence[int], params: SamplingParams, *, seed: int | None, room: int, top_k: int, end_ids: Sequence[int]
) -> Request:
    """A request for one completion of at most `room` ids, with the log-probabilities of `top_k` others.

    Without `end_ids` nothing but its length and stop strings ends it.

    Raises:
        ConfigError: vLLM does not sample at this temperature.
    """
    if 0 < params.temperature < COLDEST or params.temperature > HOTTEST:
        raise ConfigError(
            f"temperature is {params.temperature}; vLLM samples at 0 (greedy) and from {COLDEST} to {HOTTEST}"
        )
    return _request(
        ids,
        temperature=params.temperature,
        top_p=params.top_p,
        max_tokens=min(params.max_tokens, room),
        stop=list(params.stop),
        stop_token_ids=list(end_ids),
        ignore_eos=not end_ids,
        seed=seed,
        logprobs=top_k,
        detokenize=bool(params.stop),  # only the engine's own search for stop strings needs text
    )


def scoring(row: Sequence[int]) -> Request:
    """A request for the log-probabilities of given ids; vLLM computes them without its prefix cache."""
    return _request(row, temperature=0.0, max_tokens=1, prompt_logprobs=0, detokenize=False)


def sample_of(output: Any) -> Sample:
    """What came of a request of `sampling`."""
    (sampled,) = output.outputs
    token_ids = tuple(sampled.token_ids)
    logps_TK = np.array(sampled.logprobs.logprobs).reshape(len(token_ids), -1)  # the sampled id, then the likeliest
    return Sample(
        token_ids=token_ids,
        logprobs=tuple(logps_TK[:, 0].tolist()),
        top_k_entropies=tuple(_entropies(logps_TK[:, 1:]).tolist()),
        finish_reason=sampled.finish_reason,
    )


def scores_of(output: Any) -> tuple[float, ...]:
    """What came of a request of `scoring`: one log-probability for each id but the first."""
    return tuple(output.prompt_logprobs.logprobs)


def drive(engine: Engine, requests: Sequence[Request]) -> list[Any]:
    """The finished outputs of an engine that does nothing else, in order: for tasks of `EngineThread.alone`."""
    for index, (prompt, params) in enumerate(requests):
        engine.add_request(f"alone-{index}", prompt, params)
    done: dict[str, Any] = {}
    while len(done) < len(requests):
        done |= {output.request_id: output for output in engine.step() if output.finished}
    return [done[f"alone-{index}"] for index in range(len(requests))]


class Driven:
    """An engine as a `Scorer`, for its own thread."""

    def __init__(self, name: str, engine: Any) -> None:
        self.name, self._engine = name, engine

    def score(self, rows: Sequence[Sequence[int]]) -> list[tuple[float, ...]]:
        """See `Scorer.score`."""
        return [scores_of(output) for output in drive(self._engine, [scoring(row) for row in rows])]


def _request(ids: Sequence[int], **params: Any) -> Request:
    from vllm import SamplingParams as EngineParams
    from vllm.inputs import tokens_input
    from vllm.sampling_params import RequestOutputKind

    kind = RequestOutputKind.FINAL_ONLY
    return tokens_input(list(ids)), EngineParams(output_kind=kind, flat_logprobs=True, skip_clone=True, **params)


def _entropies(logps_TK: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """-sum p log p of each row; an id that was cut off has p = 0."""
    kept_TK = np.where(np.isfinite(logps_TK), logps_TK, 0.0)
    p_TK = np.where(np.isfinite(logps_TK), np.exp(kept_TK), 0.0)
    entropies_T: np.ndarray[Any, Any] = -(p_TK * kept_TK).sum(axis=1)
    return entropies_T

"""A model that vLLM runs in this process as a policy."""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from assaygym.agents.chat import Chat
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.vllm_engine import EngineThread, Request, drive
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError
from assaygym.types import Completion, Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from assaygym.agents.parity import Parity

__all__ = ["VLLMPolicy"]

PROBED = 8
"""Tokens that are sampled after each probe, to see what rollouts would be made with."""
COLDEST, HOTTEST = 0.01, 2.0
"""Temperatures above 0 that vLLM takes as they are."""


class VLLMPolicy:
    """Samples from one engine of vLLM in this process; what many threads ask for runs in one continuous batch.

    A thread of its own owns the engine. A caller is answered as soon as its own prompts are done. Prompts go in as ids
    (a later turn continues the ids of the turn before it) and share what the prefix cache holds of them.

    A completion carries `prompt_ids`; `token_ids` as sampled, the end-of-turn id included where one was sampled;
    `logprobs` of the distribution that was sampled from: softmax(logits / temperature), cut by `top_p` and
    renormalised where `top_p` is below 1 (a greedy turn: those of temperature 1). `top_k_entropies` is
    -sum p log p over the `top_k` likeliest ids of that distribution, from below: the engine tells of no more. Text and
    finish reasons are as with `TransformersPolicy`. One seed gives one completion as long as the engine computes the
    same, which it need not for another mix of requests.

    The engine holds a copy of the weights: call `sync` after each step of a trainer. On a GPU that updates them in
    place; on a CPU, where vLLM cannot, and over several GPUs, it makes the engine anew (seconds). Each sync compares
    log-probabilities with the trainer's model, and the policy refuses to answer while they differ.

    Only the CPU side has been run (vLLM 0.32.0, built for CPUs); what is done on a GPU was written from its source.

    Args:
        model: a local folder, an id on the Hugging Face Hub, or a model of `transformers`, which is copied. A model
            that is passed is also what `sync()` syncs with.
        tokenizer: of the model; loaded beside it if None.
        dtype: of the engine, by name; None is float32 on a CPU and the checkpoint's own on a GPU.
        context: tokens of the longest conversation; None is the model's own.
        max_batch: requests that are decoded together at most.
        top_k: ids an entropy is estimated from, at least 1.
        tolerance: nats by which a log-probability may differ from the trainer's; None is
            `parity.TOLERANCES` of the engine's dtype.
        engine: more arguments of `vllm.EngineArgs` (`gpu_memory_utilization=`, `tensor_parallel_size=`, ...).

    Raises:
        ConfigError: there is no such model, or a model is passed without its tokenizer.
        MissingDependencyError: vllm is not installed.
        PolicyError: vLLM cannot make the engine.
        WeightMismatchError: the engine computes something else than the model that was passed.
    """

    def __init__(
        self,
        model: str | PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase | None = None,
        *,
        dtype: str | None = None,
        context: int | None = None,
        max_batch: int = 256,
        top_k: int = 20,
        tolerance: float | None = None,
        **engine: Any,
    ) -> None:
        from assaygym.agents.vllm_setup import defaults, end_engine, make_engine, on_cpu, require_vllm

        require_vllm()
        if top_k < 1:
            raise ConfigError(f"top_k is {top_k}; expected at least 1")
        self.model: Any = None if isinstance(model, str) else model
        self.name = f"vllm:{model if isinstance(model, str) else model.config.name_or_path or type(model).__name__}"
        self.tokenizer: Any = tokenizer or _tokenizer_of(model)
        self.chat = Chat(self.tokenizer)
        self.end_ids = sorted(self.chat.end_ids)
        self.pad_id = next(i for i in (self.tokenizer.pad_token_id, *self.end_ids, 0) if i is not None)
        self._folder = tempfile.TemporaryDirectory(prefix="assaygym-vllm-")
        self._numbers = itertools.count()
        own = {"dtype": dtype, "max_model_len": context}
        self._options = {
            **defaults(),
            **{name: value for name, value in own.items() if value is not None},
            "max_num_seqs": max_batch,
            "max_logprobs": top_k,
            **engine,
            "model": model if isinstance(model, str) else self._written(model),
        }
        self._in_place = not on_cpu() and _workers(self._options) == 1
        self._on_cpu = on_cpu()
        self._changing = threading.Lock()
        self._asleep = self._dropped = False
        self._thread = EngineThread(partial(make_engine, self._options), end_engine, name=self.name)
        self._finish = weakref.finalize(self, _finish, self._thread, self._folder)
        config = self._thread.alone(_model_config)
        self.context: int = config.max_model_len
        self.top_k = min(top_k, config.get_vocab_size())
        self.tolerance = _tolerance_of(config) if tolerance is None else tolerance
        if self.model is not None:
            self._thread.alone(partial(self._checked, model=self.model), mends=True)

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order. Prompt `i` samples with `params.seed + i`.

        Raises:
            ConfigError: vLLM does not sample at this temperature.
            ContextOverflowError: a prompt leaves no room for one token.
            PolicyError: the chat template cannot render a prompt, the engine failed or is asleep.
            WeightMismatchError: the last sync did not bring the trainer's weights.
        """
        if 0 < params.temperature < COLDEST or params.temperature > HOTTEST:
            raise ConfigError(
                f"temperature is {params.temperature}; vLLM samples at 0 (greedy) and from {COLDEST} to {HOTTEST}"
            )
        rows = [self.chat.prompt_ids(prompt) for prompt in prompts]
        requests = [self._request(ids, params, index) for index, ids in enumerate(rows)]
        outputs = self._thread.ask(requests)
        return [self._completion(ids, output, params.stop) for ids, output in zip(rows, outputs, strict=True)]

    def score(self, rows: Sequence[Sequence[int]]) -> list[tuple[float, ...]]:
        """Log-probability (nats, temperature 1) of each id of a row given those before it; none for the first.

        Raises:
            PolicyError: the engine failed, is asleep, or a row is longer than its context.
        """
        return [_scores(output) for output in self._thread.ask([_scoring(row) for row in rows])]

    def sync(self, weights: Any = None) -> Parity:
        """Give the engine the trainer's weights when what is in flight has ended, and see that it has them.

        What is asked meanwhile is answered with the new weights. An engine that sleeps is woken.

        Args:
            weights: the trainer's model, or its state by the names of a checkpoint; None is the model that the policy
                was made with.

        Returns:
            How far log-probabilities of the engine and of the model lie apart.

        Raises:
            ConfigError: there is nothing to sync with, or the weights are those of an adapter.
            PolicyError: the engine could not take them.
            WeightMismatchError: it has others now; the policy refuses to answer until a sync succeeds.
        """
        from assaygym.agents.vllm_setup import make_engine

        model = self._model_from(weights)
        with self._changing:
            if self._in_place:
                parity = self._thread.alone(partial(self._updated, model=model, asleep=self._asleep), mends=True)
            else:
                self._options["model"] = self._written(model)
                make = partial(make_engine, dict(self._options))
                parity = cast("Parity", self._thread.replace(make, partial(self._checked, model=model)))
            self._asleep = self._dropped = False
        return parity

    def sleep(self, *, keep_weights: bool = True) -> None:
        """Give up the engine's memory, for a trainer on the same device, when what is in flight has ended.

        On a GPU the weights go to the host's memory, or are dropped if not `keep_weights`: then only `sync` wakes it.
        On a CPU the engine is ended, and `wake` makes it anew.
        """
        with self._changing:
            if self._asleep:
                return
            if self._on_cpu:
                self._thread.replace(None)
            else:
                self._thread.alone(partial(self._lulled, level=1 if keep_weights else 2))
                self._dropped = not keep_weights
            self._asleep = True

    def wake(self) -> None:
        """Take the memory back, with the weights it went to sleep with.

        Raises:
            PolicyError: they were dropped, or the memory is not there.
        """
        from assaygym.agents.vllm_setup import make_engine

        with self._changing:
            if self._dropped:
                raise PolicyError(f"{self.name} dropped its weights when it went to sleep; call sync() instead")
            if self._asleep and self._on_cpu:
                self._thread.replace(partial(make_engine, dict(self._options)))
            elif self._asleep:
                self._thread.alone(lambda engine: engine.wake_up(), mends=True)
            self._asleep = False

    def close(self) -> None:
        """End the engine, its thread, and what was written for it; calling it again does nothing."""
        self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _request(self, ids: tuple[int, ...], params: SamplingParams, index: int) -> Request:
        room = min(params.max_tokens, self.context - len(ids))
        if room < 1:
            raise ContextOverflowError(
                f"the prompt has {len(ids)} tokens and the context of {self.name} {self.context}"
            )
        return _asked(
            ids,
            temperature=params.temperature,
            top_p=params.top_p,
            max_tokens=room,
            stop=list(params.stop),
            stop_token_ids=self.end_ids,
            seed=None if params.seed is None else params.seed + index,
            logprobs=self.top_k,
            detokenize=bool(params.stop),  # only the engine's search for stop strings needs text
        )

    def _completion(self, ids: tuple[int, ...], output: Any, stop: Sequence[str] = ()) -> Completion:
        (sampled,) = output.outputs
        if sampled.finish_reason not in ("stop", "length"):
            raise PolicyError(f"{self.name} ended a completion with {sampled.finish_reason!r}")
        token_ids = tuple(sampled.token_ids)
        text = str(self.tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))
        for string in stop:
            text = text.split(string, 1)[0]
        logps_TK = np.array(sampled.logprobs.logprobs).reshape(len(token_ids), self.top_k + 1)
        return Completion(
            message=Message(role="assistant", content=text),
            finish_reason=sampled.finish_reason,
            prompt_ids=ids,
            token_ids=token_ids,
            logprobs=tuple(logps_TK[:, 0].tolist()),
            top_k_entropies=tuple(_entropies(logps_TK[:, 1:]).tolist()),
        )

    def _updated(self, engine: Any, *, model: Any, asleep: bool) -> Parity:
        """On the engine's thread: put new weights into it, on a GPU, and check them."""
        from assaygym.agents.vllm_weights import update

        if asleep:
            engine.wake_up()
        update(engine, model.state_dict())
        return self._checked(engine, model=model)

    def _lulled(self, engine: Any, *, level: int) -> None:
        """On the engine's thread: put it to sleep; requests are refused until it wakes."""
        engine.sleep(level=level)
        self._thread.fault = PolicyError(f"{self.name} sleeps; call wake(), or sync() if its weights were dropped")

    def _checked(self, engine: Any, *, model: Any) -> Parity:
        """On the engine's thread: compare given tokens, then tokens sampled through the prefix cache, with the model's.

        Raises:
            WeightMismatchError: they differ.
        """
        from assaygym.agents.parity import check_sampled, check_weights, probe_rows

        rows = probe_rows(self.tokenizer, longest=self.context - PROBED)
        given = check_weights(_Driven(self.name, engine), model, rows, tolerance=self.tolerance)
        params = SamplingParams(temperature=0.0, max_tokens=PROBED)
        outputs = drive(engine, [self._request(row, params, 0) for row in rows])
        sampled = [self._completion(*pair) for pair in zip(rows, outputs, strict=True)]
        drawn = check_sampled(sampled, model, name=self.name, tolerance=self.tolerance)
        return max(given, drawn, key=lambda parity: parity.largest)

    def _model_from(self, weights: Any) -> Any:
        from assaygym.agents.vllm_setup import model_of_state

        if weights is None and self.model is None:
            raise ConfigError(f"{self.name} was made from a name; pass sync() the trainer's model")
        model = self.model if weights is None else weights
        if isinstance(model, Mapping):
            return model_of_state(model, self._options["model"])
        if hasattr(model, "peft_config"):
            raise ConfigError("sync() was given a model with an adapter; merge it first (model.merge_and_unload())")
        return model

    def _written(self, model: Any) -> str:
        """A folder with the model as `from_pretrained` finds it; the one written before is removed."""
        from assaygym.agents.checkpoint import save_model

        for left in Path(self._folder.name).iterdir():
            shutil.rmtree(left)
        folder = Path(self._folder.name) / f"weights-{next(self._numbers)}"
        save_model(model, self.tokenizer, folder)
        return str(folder)


class _Driven:
    """An engine as a `Scorer`, on its own thread."""

    def __init__(self, name: str, engine: Any) -> None:
        self.name, self._engine = name, engine

    def score(self, rows: Sequence[Sequence[int]]) -> list[tuple[float, ...]]:
        return [_scores(output) for output in drive(self._engine, [_scoring(row) for row in rows])]


def _asked(ids: Sequence[int], **params: Any) -> Request:
    from vllm import SamplingParams as EngineParams
    from vllm.inputs import tokens_input
    from vllm.sampling_params import RequestOutputKind

    kind = RequestOutputKind.FINAL_ONLY
    return tokens_input(list(ids)), EngineParams(output_kind=kind, flat_logprobs=True, skip_clone=True, **params)


def _scoring(row: Sequence[int]) -> Request:
    return _asked(row, temperature=0.0, max_tokens=1, prompt_logprobs=0, detokenize=False)


def _scores(output: Any) -> tuple[float, ...]:
    return tuple(output.prompt_logprobs.logprobs)


def _entropies(logps_TK: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """-sum p log p of each row; an id that was cut off has p = 0."""
    kept_TK = np.where(np.isfinite(logps_TK), logps_TK, 0.0)
    p_TK = np.where(np.isfinite(logps_TK), np.exp(kept_TK), 0.0)
    entropies_T: np.ndarray[Any, Any] = -(p_TK * kept_TK).sum(axis=1)
    return entropies_T


def _tokenizer_of(model: Any) -> Any:
    if not isinstance(model, str):
        raise ConfigError("a model was passed without a tokenizer; pass tokenizer= as well")
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(model, local_files_only=Path(model).is_dir())
    except Exception as error:  # files of others and the network: whatever it is, the sentence carries it
        raise ConfigError(
            f"cannot load the model {model!r}: expected a folder with a transformers model and its tokenizer, or an id "
            f"on the Hugging Face Hub, which must be reachable or in the cache: {str(error).splitlines()[0]}"
        ) from error


def _workers(options: Mapping[str, Any]) -> int:
    names = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
    return math.prod(int(options.get(name, 1)) for name in names)


def _model_config(engine: Any) -> Any:
    return engine.model_config


def _tolerance_of(config: Any) -> float:
    from assaygym.agents.parity import TOLERANCES

    return TOLERANCES.get(str(config.dtype).removeprefix("torch."), max(TOLERANCES.values()))


def _finish(thread: EngineThread, folder: tempfile.TemporaryDirectory[str]) -> None:
    """End what a policy started; knows nothing of the policy, so that it can be collected."""
    thread.close()
    folder.cleanup()

"""A model that vLLM runs in this process as a policy."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from assaygym.agents.chat import Chat
from assaygym.agents.policy import Prompt, SamplingParams, seed_of
from assaygym.agents.vllm_engine import EngineThread, Request
from assaygym.agents.vllm_requests import Driven, drive, sample_of, sampling, scores_of, scoring
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError
from assaygym.types import Completion, FinishReason, Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from assaygym.agents.parity import Parity

__all__ = ["VLLMPolicy"]

PROBED = 8
"""Tokens that are sampled after each probe, to see what rollouts would be made with."""


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

    The engine holds a copy of the weights: call `sync` after each step of a trainer. It puts them into the engine as it
    runs (0.1 s for a tiny model), or makes the engine anew (seconds) where `in_place` is off or the engine has several
    workers. Each sync compares log-probabilities with the trainer's model; until they agree, nobody is answered.

    All of it was run with vLLM 0.32.0 built for CPUs. On a GPU nothing was run: there, other than on a CPU, `sleep`
    calls the engine's own, and the defaults of `dtype`, memory and compilation are vLLM's.

    Args:
        model: a local folder, an id on the Hugging Face Hub, or a model of `transformers`, which is copied. A model
            that is passed is also what `sync()` syncs with.
        tokenizer: of the model; loaded beside it if None.
        dtype: of the engine, by name; None is float32 on a CPU and the checkpoint's own on a GPU.
        context: tokens of the longest conversation; None is the model's own.
        max_batch: requests that are decoded together at most.
        top_k: ids an entropy is estimated from, at least 1.
        in_place: whether `sync` updates a running engine.
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
        in_place: bool = True,
        tolerance: float | None = None,
        **engine: Any,
    ) -> None:
        from assaygym.agents import vllm_setup

        vllm_setup.require_vllm()
        if top_k < 1:
            raise ConfigError(f"top_k is {top_k}; expected at least 1")
        self.model: Any = None if isinstance(model, str) else model
        self.name = f"vllm:{model if isinstance(model, str) else model.config.name_or_path or type(model).__name__}"
        self.tokenizer: Any = tokenizer or vllm_setup.tokenizer_of(model)
        self.chat = Chat(self.tokenizer)
        self.end_ids = sorted(self.chat.end_ids)
        self.pad_id = next(i for i in (self.tokenizer.pad_token_id, *self.end_ids, 0) if i is not None)
        self._folder = tempfile.TemporaryDirectory(prefix="assaygym-vllm-")
        self._numbers = itertools.count()
        own = {"dtype": dtype, "max_model_len": context, "max_num_seqs": max_batch, "max_logprobs": top_k}
        self._options = {
            **vllm_setup.defaults(),
            **{name: value for name, value in own.items() if value is not None},
            **engine,
            "model": model if isinstance(model, str) else self._written(model),
        }
        self._in_place = in_place and vllm_setup.workers_of(self._options) == 1
        self._on_cpu = vllm_setup.on_cpu()
        self._changing = threading.Lock()
        self._asleep = self._dropped = False
        self._ahead = False
        """Whether the engine has other weights than the folder it was made from."""
        self._begin(top_k, tolerance)

    def _begin(self, top_k: int, tolerance: float | None) -> None:
        from assaygym.agents.vllm_setup import end_engine

        try:
            self._thread = EngineThread(self._make(), end_engine, name=self.name)
        except BaseException:
            self._folder.cleanup()
            raise
        self._finish = weakref.finalize(self, _finish, self._thread, self._folder)
        config = self._thread.alone(_model_config)
        self.context: int = config.max_model_len
        self.top_k = min(top_k, config.get_vocab_size())
        self.tolerance = _tolerance_of(config) if tolerance is None else tolerance
        if self.model is None:
            return
        try:
            self._thread.alone(partial(self._checked, model=self.model), mends=True)
        except BaseException:
            self.close()
            raise

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order. Prompt `i` samples with its own seed, or with `params.seed + i`.

        Raises:
            ConfigError: vLLM does not sample at this temperature.
            ContextOverflowError: a prompt leaves no room for one token.
            PolicyError: the chat template cannot render a prompt, the engine failed or is asleep.
            WeightMismatchError: the last sync did not bring the trainer's weights.
        """
        rows = [self.chat.prompt_ids(prompt) for prompt in prompts]
        seeds = [seed_of(prompt, params, index) for index, prompt in enumerate(prompts)]
        outputs = self._thread.ask([self._request(ids, params, seed) for ids, seed in zip(rows, seeds, strict=True)])
        return [self._completion(ids, output, params.stop) for ids, output in zip(rows, outputs, strict=True)]

    def score(self, rows: Sequence[Sequence[int]]) -> list[tuple[float, ...]]:
        """Log-probability (nats, temperature 1) of each id of a row given those before it; none for the first.

        Raises:
            PolicyError: the engine failed, is asleep, or a row is as long as its context.
        """
        return [scores_of(output) for output in self._thread.ask([scoring(row) for row in rows])]

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
            WeightMismatchError: it has others now; nobody is answered until a sync succeeds.
        """
        model = self._model_from(weights)
        check = partial(self._checked, model=model)
        with self._changing:
            gone = self._thread.broken or (self._asleep and self._on_cpu)
            self._ahead = self._in_place and not gone
            if self._ahead:
                parity = self._thread.alone(partial(self._updated, model=model, asleep=self._asleep), mends=True)
            else:
                self._options["model"] = self._written(model)
                parity = cast("Parity", self._thread.replace(self._make(), check))
            self._asleep = self._dropped = False
        return parity

    def sleep(self, *, keep_weights: bool = True) -> None:
        """Give up the engine's memory, for a trainer on the same device, when what is in flight has ended.

        The weights go to the host's memory, or are dropped if not `keep_weights`: then only `sync` wakes it. On a CPU
        the engine is ended, and weights that a sync put into it in place are dropped whatever is asked.
        """
        with self._changing:
            if self._asleep:
                return
            if self._on_cpu:
                self._thread.replace(None)
                keep_weights = keep_weights and not self._ahead
            else:
                self._thread.alone(partial(self._lulled, level=1 if keep_weights else 2))
            self._asleep, self._dropped = True, not keep_weights

    def wake(self) -> None:
        """Take the memory back, with the weights it went to sleep with.

        Raises:
            PolicyError: they were dropped, or the memory is not there.
        """
        with self._changing:
            if self._dropped:
                raise PolicyError(f"{self.name} dropped its weights when it went to sleep; call sync() instead")
            if self._asleep and self._on_cpu:
                self._thread.replace(self._make())
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

    def _request(self, ids: tuple[int, ...], params: SamplingParams, seed: int | None) -> Request:
        if (room := self.context - len(ids)) < 1:
            raise ContextOverflowError(
                f"the prompt has {len(ids)} tokens and the context of {self.name} {self.context}"
            )
        return sampling(ids, params, seed=seed, room=room, top_k=self.top_k, end_ids=self.end_ids)

    def _completion(self, ids: tuple[int, ...], output: Any, stop: Sequence[str] = ()) -> Completion:
        sample = sample_of(output)
        if sample.finish_reason not in ("stop", "length"):
            raise PolicyError(f"{self.name} ended a completion with {sample.finish_reason!r}")
        text = str(
            self.tokenizer.decode(sample.token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )
        for string in stop:
            text = text.split(string, 1)[0]
        return Completion(
            message=Message(role="assistant", content=text),
            finish_reason=cast(FinishReason, sample.finish_reason),
            prompt_ids=ids,
            token_ids=sample.token_ids,
            logprobs=sample.logprobs,
            top_k_entropies=sample.top_k_entropies,
        )

    def _make(self) -> Any:
        """What makes an engine of the options as they are now."""
        from assaygym.agents.vllm_setup import make_engine

        return partial(make_engine, dict(self._options))

    def _updated(self, engine: Any, *, model: Any, asleep: bool) -> Parity:
        """On the engine's thread: put the model's weights into it and check them."""
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
        """On the engine's thread: compare given tokens, and then tokens sampled after them, with the model's.

        The second is what rollouts are made with: it reads the prefix cache, which may hold what the weights before
        left in it, and scoring given tokens does not.

        Raises:
            WeightMismatchError: they differ.
        """
        from assaygym.agents.parity import check_sampled, check_weights, probe_rows

        rows = probe_rows(self.tokenizer, longest=self.context - PROBED)
        given = check_weights(Driven(self.name, engine), model, rows, tolerance=self.tolerance)
        params = SamplingParams(temperature=0.0, max_tokens=PROBED)
        outputs = drive(engine, [self._request(row, params, None) for row in rows])
        sampled = [self._completion(row, output) for row, output in zip(rows, outputs, strict=True)]
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


def _model_config(engine: Any) -> Any:
    return engine.model_config


def _tolerance_of(config: Any) -> float:
    from assaygym.agents.parity import TOLERANCES

    return TOLERANCES.get(str(config.dtype).removeprefix("torch."), max(TOLERANCES.values()))


def _finish(thread: EngineThread, folder: tempfile.TemporaryDirectory[str]) -> None:
    """End what a policy started; knows nothing of the policy, so that it can be collected."""
    thread.close()
    folder.cleanup()

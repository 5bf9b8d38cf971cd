"""A causal language model of `transformers` as a policy, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaygym.agents.batcher import Batcher
from assaygym.agents.chat import Chat
from assaygym.agents.engine.request import Request
from assaygym.agents.lora import with_adapter
from assaygym.agents.policy import Prompt, SamplingParams, seed_of
from assaygym.agents.quiet import no_progress_bars
from assaygym.errors import ConfigError, ContextOverflowError, MissingDependencyError
from assaygym.types import Completion, Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from assaygym.agents.engine.request import Sampled

__all__ = ["TransformersPolicy"]


class TransformersPolicy:
    """Samples from any causal language model. What many episode threads ask for runs as one batch, which a prompt
    joins while it runs and leaves as soon as it is answered.

    A completion carries `prompt_ids`; `token_ids` as sampled, the end-of-turn id included where one was sampled;
    `logprobs` and `entropies` of softmax(logits / temperature), before the cut by `top_p` (a greedy turn: those of
    temperature 1). Its text leaves special tokens out and ends before a stop string. A later turn continues the ids of
    the turn before it. A turn that reaches the model's context ends with finish reason `length`.

    Args:
        model: a local folder, an id on the Hugging Face Hub, or a model. A model that is passed is shared: a trainer
            may update it between calls, and finds it in the mode (train or eval) it left it in. A model that peft
            wrapped samples with its adapter.
        tokenizer: of the model; loaded beside it if None.
        device: `auto` is the GPU if there is one; a model that is passed stays where it is.
        dtype: a torch dtype or its name; None is the checkpoint's own on a GPU and float32 on a CPU.
        adapter: a LoRA adapter to put on the model: a local folder, or an id on the Hugging Face Hub.
        max_batch: rows that are decoded together at most.

    Raises:
        ConfigError: there is no such model or adapter, or a model is passed without its tokenizer.
        MissingDependencyError: torch or transformers is not installed, or peft for an adapter.
    """

    model: Any
    tokenizer: Any

    def __init__(
        self,
        model: str | PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase | None = None,
        *,
        device: str = "auto",
        dtype: Any = None,
        adapter: str | None = None,
        max_batch: int = 64,
    ) -> None:
        try:
            from assaygym.agents.engine.engine import Engine
        except ImportError as error:
            raise MissingDependencyError.of(error.name or "torch", "train", "TransformersPolicy") from error
        if isinstance(model, str):
            self.name = f"hf:{model}"
            self.model, self.tokenizer = _load(model, tokenizer, device, dtype)
        else:
            self.name = f"hf:{model.config.name_or_path or type(model).__name__}"
            self.model, self.tokenizer = model, tokenizer
            if device != "auto":
                self.model = self.model.to(device)
        if self.tokenizer is None:
            raise ConfigError(f"{self.name} was passed without a tokenizer; pass tokenizer= as well")
        if adapter is not None:
            self.name, self.model = f"{self.name}+{adapter}", with_adapter(self.model, adapter)
        self.chat = Chat(self.tokenizer)
        self.end_ids = sorted(self.chat.end_ids | _generation_ends(self.model))
        self.pad_id = next(i for i in (self.tokenizer.pad_token_id, *self.end_ids, 0) if i is not None)
        self.context = _context_of(self.model)
        self._text_of = partial(_text, self.tokenizer)
        engine = Engine(self.model, pad_id=self.pad_id, text_of=self._text_of, max_batch=max_batch)
        self._batcher: Batcher[Request, Sampled] = Batcher(engine)

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order. Prompt `i` samples with its own seed, or with `params.seed + i`.

        Raises:
            ContextOverflowError: a prompt leaves no room for one token.
            PolicyError: the chat template cannot render a prompt, or the model failed.
        """
        requests = [self._request(prompt, params, index) for index, prompt in enumerate(prompts)]
        sampled = self._batcher(requests)
        return [self._completion(*pair, params.stop) for pair in zip(requests, sampled, strict=True)]

    def _request(self, prompt: Prompt, params: SamplingParams, index: int) -> Request:
        ids = self.chat.prompt_ids(prompt)
        room = params.max_tokens if self.context is None else min(params.max_tokens, self.context - len(ids))
        if room < 1:
            raise ContextOverflowError(
                f"the prompt has {len(ids)} tokens and the context of {self.name} {self.context}"
            )
        return Request(
            prompt_ids=ids,
            max_tokens=room,
            temperature=params.temperature,
            top_p=params.top_p,
            seed=seed_of(prompt, params, index),
            stop=params.stop,
            end_ids=frozenset(self.end_ids),
        )

    def _completion(self, request: Request, sampled: Sampled, stop: tuple[str, ...]) -> Completion:
        text = self._text_of(sampled.token_ids)
        for string in stop:
            text = text.split(string, 1)[0]
        return Completion(
            message=Message(role="assistant", content=text),
            finish_reason=sampled.finish_reason,
            prompt_ids=request.prompt_ids,
            token_ids=sampled.token_ids,
            logprobs=sampled.logprobs,
            entropies=sampled.entropies,
        )


def _text(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _load(name: str, tokenizer: Any, device: str, dtype: Any) -> tuple[Any, Any]:
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise MissingDependencyError.of(error.name or "torch", "train", "TransformersPolicy") from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if dtype is None:
        dtype = torch.float32 if device == "cpu" else "auto"
    try:
        local = _is_local(name)
        tokenizer = tokenizer or AutoTokenizer.from_pretrained(name, local_files_only=local)
        with no_progress_bars() if local else nullcontext():  # a download is long and shows its bars
            model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, local_files_only=local)
    except Exception as error:  # files of others and the network: whatever it is, the sentence carries it
        raise ConfigError(
            f"cannot load the model {name!r}: expected a folder with a transformers model and its tokenizer, or an id "
            f"on the Hugging Face Hub, which must be reachable or in the cache: {str(error).splitlines()[0]}"
        ) from error
    return model.to(device).eval(), tokenizer


def _is_local(name: str) -> bool:
    """Whether a folder or the cache holds the model; raises at once where there is none (loading retries)."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    if Path(name).is_dir() or isinstance(try_to_load_from_cache(name, "config.json"), str):
        return True
    HfApi().model_info(name, timeout=10)
    return False


def _generation_ends(model: Any) -> set[int]:
    ends = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    return {end for end in (ends if isinstance(ends, (list, tuple)) else (ends,)) if end is not None}


def _context_of(model: Any) -> int | None:
    """Tokens the model was made for; None where it does not say."""
    length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return length if isinstance(length, int) and length > 0 else None

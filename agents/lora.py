"""Low-rank adapters, through `peft`."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assaygym.errors import ConfigError, MissingDependencyError

__all__ = ["has_adapter", "load_adapter", "merged", "with_adapter", "with_new_adapter"]


def with_adapter(model: Any, name: str) -> Any:
    """The model with a LoRA adapter on it, its layers wrapped in place; in evaluation mode, to be sampled from.

    Args:
        model: of `transformers`.
        name: a local folder with the adapter, or its id on the Hugging Face Hub.

    Raises:
        ConfigError: there is no such adapter, or it does not fit the model.
        MissingDependencyError: peft is not installed.
    """
    try:
        from peft import PeftModel
    except ImportError as error:
        raise MissingDependencyError.of(error.name or "peft", "lora", "an adapter") from error
    try:
        with _as_they_are():
            return PeftModel.from_pretrained(model, name).eval()
    except Exception as error:  # files of others and the network: whatever it is, the sentence carries it
        raise ConfigError(
            f"cannot load the adapter {name!r}: expected a folder that peft saved, or an id on the Hugging Face Hub, "
            f"for this model: {str(error).splitlines()[0]}"
        ) from error


def with_new_adapter(model: Any, *, rank: int, alpha: float, seed: int = 0) -> Any:
    """The model with a fresh LoRA adapter on all its linear layers but the head, which alone is trained.

    It computes what the model did. Its layers are wrapped in place, so whoever samples from them has the adapter too.

    Args:
        model: of `transformers`.
        rank: of the adapter's matrices.
        alpha: the adapter's output is scaled by `alpha / rank`.
        seed: of its first weights; no generator of the caller moves.

    Raises:
        ConfigError: the model has an adapter, or no linear layers.
        MissingDependencyError: peft is not installed.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingDependencyError.of(error.name or "peft", "lora", "lora_rank") from error
    import torch

    if has_adapter(model):
        raise ConfigError("the model has an adapter already; merge it first (model.merge_and_unload()), or unfreeze it")
    scale: Any = alpha  # peft says int, and divides by the rank
    config = LoraConfig(r=rank, lora_alpha=scale, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    with torch.random.fork_rng(), _as_they_are():
        torch.manual_seed(seed)
        try:
            return get_peft_model(model, config).eval()
        except ValueError as error:
            raise ConfigError(f"cannot put adapters on {type(model).__name__}: {error}") from error


@contextmanager
def _as_they_are() -> Iterator[None]:
    """Without the warnings of one of the two libraries that the other uses an older name of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def has_adapter(model: Any) -> bool:
    """Whether peft wrapped it."""
    return hasattr(model, "peft_config")


def merged(model: Any) -> Any:
    """A copy of the model with its adapter added into its weights."""
    return copy.deepcopy(model).merge_and_unload()


def load_adapter(model: Any, folder: Path) -> None:
    """Load the adapter that `save_pretrained` wrote into the one that the model has, bit for bit."""
    from peft import load_peft_weights, set_peft_model_state_dict

    found: Any = set_peft_model_state_dict(model, load_peft_weights(str(folder), device="cpu"))
    if found.unexpected_keys:
        raise ConfigError(f"the adapter in {folder} is of another model: it has {found.unexpected_keys[0]}")

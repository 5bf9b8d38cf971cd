"""Low-rank adapters, through `peft`."""

from __future__ import annotations

from typing import Any

from assaygym.errors import ConfigError, MissingDependencyError

__all__ = ["with_adapter"]


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
        return PeftModel.from_pretrained(model, name).eval()
    except Exception as error:  # files of others and the network: whatever it is, the sentence carries it
        raise ConfigError(
            f"cannot load the adapter {name!r}: expected a folder that peft saved, or an id on the Hugging Face Hub, "
            f"for this model: {str(error).splitlines()[0]}"
        ) from error

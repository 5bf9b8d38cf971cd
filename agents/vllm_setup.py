"""Make and end an engine of vLLM in this process, and put back what that changes in the process."""

# pyright: reportMissingImports=false
from __future__ import annotations

import logging
import math
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from assaygym.agents.quiet import no_progress_bars
from assaygym.errors import ConfigError, MissingDependencyError, PolicyError, told

__all__ = [
    "defaults",
    "end_engine",
    "in_this_process",
    "make_engine",
    "model_of_state",
    "on_cpu",
    "require_vllm",
    "tokenizer_of",
    "workers_of",
]

CPU_CACHE = 1 << 30
"""Bytes for keys and values on a CPU."""


def require_vllm() -> None:
    """Import vLLM; it logs no more than errors unless `VLLM_LOGGING_LEVEL` asks for more.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        with in_this_process():
            import vllm  # noqa: F401
    except ImportError as error:
        if error.name != "vllm":
            raise
        raise MissingDependencyError.of("vllm", "vllm", "VLLMPolicy") from error


def on_cpu() -> bool:
    """Whether the vLLM that is installed computes on the CPU."""
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


def defaults() -> dict[str, Any]:
    """Arguments of `EngineArgs` that suit this machine: a caller's own come after them."""
    from vllm.platforms import current_platform

    from assaygym.agents.vllm_weights import BACKEND, register

    register()
    shared = {
        "enable_prefix_caching": True,
        "logprobs_mode": "processed_logprobs",
        "use_tqdm_on_load": False,
        "weight_transfer_config": {"backend": BACKEND},
    }
    if on_cpu():
        whole = {"enable_chunked_prefill": False}  # a prompt in parts winds its generator back, which a CPU's cannot
        return {**shared, **whole, "dtype": "float32", "enforce_eager": True, "kv_cache_memory_bytes": CPU_CACHE}
    return {**shared, "enable_sleep_mode": current_platform.is_sleep_mode_available()}


def make_engine(options: Mapping[str, Any]) -> Any:
    """An `LLMEngine` with its worker in this process.

    Args:
        options: of `vllm.EngineArgs`.

    Raises:
        PolicyError: vLLM cannot make it; the cause is chained.
    """
    with in_this_process(), _random_states():
        from vllm.engine.arg_utils import EngineArgs
        from vllm.usage.usage_lib import UsageContext
        from vllm.v1.engine.llm_engine import LLMEngine
        from vllm.v1.executor import Executor

        try:
            config = EngineArgs(**options).create_engine_config(UsageContext.ENGINE_CONTEXT)
            executor = Executor.get_class(config)
            return LLMEngine(vllm_config=config, executor_class=executor, log_stats=False, multiprocess_mode=False)
        except Exception as error:  # of the model's files, of memory, of CUDA: whatever it is, the sentence carries it
            raise PolicyError(f"vLLM cannot make an engine of {options['model']!r}: {told(error)}") from error


def end_engine(engine: Any) -> None:
    """Give up the engine's memory. Ends the process group of `torch.distributed` that vLLM began in this process."""
    engine.engine_core.shutdown()


def model_of_state(state: Mapping[str, Any], folder: str) -> Any:
    """The model of `transformers` that has these weights, which it shares, and the configuration in `folder`.

    Raises:
        ConfigError: the names are not those of this model.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.random.fork_rng(devices=[]), no_progress_bars():
        model: Any = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))  # type: ignore[no-untyped-call]
    names = model.load_state_dict(dict(state), strict=False, assign=True)
    model.tie_weights()
    tied = {"lm_head.weight"} if model.config.get_text_config().tie_word_embeddings else set()
    if wrong := sorted({*names.missing_keys, *names.unexpected_keys} - tied):
        raise ConfigError(
            f"the state is not one of the model in {folder}: {len(wrong)} names differ, such as {wrong[0]}"
        )
    return model.to(next(model.parameters()).device).eval()


def tokenizer_of(model: Any) -> Any:
    """The tokenizer beside a model that is named.

    Raises:
        ConfigError: there is none, or the model is not a name.
    """
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


def workers_of(options: Mapping[str, Any]) -> int:
    """How many workers such an engine has; the weights are spread over them, or there several times."""
    names = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
    return math.prod(int(options.get(name, 1)) for name in names)


@contextmanager
def in_this_process() -> Iterator[None]:
    """What vLLM reads from the environment: it stays in this process, and is quiet."""
    level = os.environ.get("VLLM_LOGGING_LEVEL", "ERROR")
    wanted = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_LOGGING_LEVEL": level}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    logging.getLogger("vllm").setLevel(level.upper())
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _random_states() -> Iterator[None]:
    """Undo that vLLM seeds all generators of the process: a trainer would draw the same numbers after each sync."""
    import torch

    states = random.getstate(), np.random.get_state()
    begun = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = [torch.cuda.current_device()] if begun else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])

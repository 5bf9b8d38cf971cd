"""Checkpoints of a training run: whole or absent, whatever moment the process dies at.

A checkpoint is the folder `checkpoint-NNNNNN` with a model that `from_pretrained` loads and the trainer's own state.
It is written beside its final name and moved there when complete.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import torch

from assaygym.agents.lora import has_adapter, load_adapter
from assaygym.agents.quiet import no_progress_bars
from assaygym.errors import RunError

__all__ = ["latest_checkpoint", "load_weights", "read_state", "save_checkpoint", "save_model"]

STATE_FILE = "trainer.pt"
NAME = re.compile(r"checkpoint-(\d{6,})")


def save_checkpoint(folder: Path, step: int, model: Any, tokenizer: Any, state: dict[str, Any]) -> Path:
    """Write `folder/checkpoint-<step>` and remove the older ones. `state` holds tensors and plain values."""
    final = folder / f"checkpoint-{step:06d}"
    for left in folder.glob("partial-*"):  # by a process that was killed while it wrote
        shutil.rmtree(left, ignore_errors=True)
    partial = folder / f"partial-{os.getpid()}"
    save_model(model, tokenizer, partial)
    torch.save(state, partial / STATE_FILE)
    for path in (*partial.iterdir(), partial):
        _sync(path)
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    _sync(folder)
    for path, number in _checkpoints(folder):
        if number < step:
            shutil.rmtree(path, ignore_errors=True)
    return final


def latest_checkpoint(folder: Path) -> Path | None:
    """The complete checkpoint with the highest step, or None."""
    found = _checkpoints(folder)
    return max(found, key=lambda pair: pair[1])[0] if found else None


def read_state(path: Path) -> dict[str, Any]:
    """The trainer's state of a checkpoint, on the CPU.

    Raises:
        RunError: it cannot be read.
    """
    try:
        state: dict[str, Any] = torch.load(path / STATE_FILE, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes make the reader raise anything
        raise RunError(_cannot(path, error)) from error
    return state


def load_weights(path: Path, model: Any) -> None:
    """Load the weights of a checkpoint, or its adapter where the model has one, into `model`, in place.

    Raises:
        RunError: they cannot be read, or are of a model of another shape.
    """
    try:
        if has_adapter(model):
            load_adapter(model, path)
            return
        with no_progress_bars():
            saved = type(model).from_pretrained(path, dtype=model.dtype)
        model.load_state_dict(saved.state_dict())
    except Exception as error:  # as above
        raise RunError(_cannot(path, error)) from error


def _cannot(path: Path, error: Exception) -> str:
    reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return f"cannot resume from {path}: {reason}; delete it to begin again, or name another folder"


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write model and tokenizer so that `from_pretrained(folder)` gives them back; of a model with an adapter, that."""
    with no_progress_bars():
        model.save_pretrained(folder, **({"save_embedding_layers": False} if has_adapter(model) else {}))
        tokenizer.save_pretrained(folder)


def _checkpoints(folder: Path) -> list[tuple[Path, int]]:
    named = [(path, NAME.fullmatch(path.name)) for path in folder.glob("checkpoint-*")]
    return [(path, int(match[1])) for path, match in named if match]


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

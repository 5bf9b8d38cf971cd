"""Randomness that is keyed, local and split-safe.

A task's generator is keyed by a hash of (id with version, split, seed, difficulty), so near seeds share nothing and no
global generator is ever touched. Which split a task belongs to is decided by its own prompt: whatever the seeds, no
prompt can turn up in both `train` and `eval`.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from assaygym.errors import ConfigError, did_you_mean
from assaygym.types import Message, Task

__all__ = ["EVAL_SHARE", "SPLITS", "Split", "check_split", "digest", "fingerprint", "keyed_rng", "split_of"]

Split = Literal["train", "eval", "all"]
SPLITS: tuple[str, ...] = get_args(Split)
EVAL_SHARE = 5
"""One prompt in so many belongs to `eval`."""


def keyed_rng(
    env_id: str, split: str, seed: int, difficulty: Mapping[str, Any], purpose: str = "task"
) -> random.Random:
    """The generator of one task: same arguments, same stream, in any process."""
    knobs = ", ".join([f"[{_text(name)}, {_json(value)}]" for name, value in sorted(difficulty.items())])
    key = f"[{_text(env_id)}, {_text(split)}, {_json(seed)}, [{knobs}], {_text(purpose)}]"
    return random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))


def digest(prompt: Sequence[Message]) -> str:
    """Hex digest of all that the agent is told."""
    messages = ", ".join([f"[{_text(message.role)}, {_text(message.content)}]" for message in prompt])
    return hashlib.sha256(f"[{messages}]".encode()).hexdigest()


# The keys are JSON, put together by hand: `json.dumps` sets up an encoder each time, which takes longer than the hash.

_text = json.encoder.encode_basestring_ascii
_encode = json.JSONEncoder(default=repr).encode


def _json(value: object) -> str:
    return repr(value) if type(value) is int else _encode(value)


def fingerprint(task: Task[Any]) -> str:
    """Hex digest of what makes two tasks the same for the splits.

    That is the prompt without its system message, which all tasks share; or `metadata["identity"]` where the author
    gives one, so that two wordings of one problem stay together.
    """
    if "identity" in task.metadata:
        return hashlib.sha256(repr(task.metadata["identity"]).encode("utf-8", "surrogatepass")).hexdigest()
    return digest([message for message in task.prompt if message.role != "system"])


def split_of(task: Task[Any]) -> Split:
    """The one split that the task belongs to."""
    return "eval" if int(fingerprint(task)[:16], 16) % EVAL_SHARE == 0 else "train"


def check_split(split: str) -> Split:
    """The split, if it is one.

    Raises:
        ConfigError: it is none.
    """
    if split not in SPLITS:
        raise ConfigError(f"no split {split!r}; {did_you_mean(split, SPLITS)}")
    return split  # type: ignore[return-value]  # narrowed by the membership test

"""Policies, rollouts and trainers."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from assaygym.agents.rollout import rollout as rollout  # now: importing the module later would hide the function

if TYPE_CHECKING:
    from assaygym.agents.chat import Chat as Chat
    from assaygym.agents.chat import Drift as Drift
    from assaygym.agents.human import HumanPolicy as HumanPolicy
    from assaygym.agents.openai_policy import OpenAIPolicy as OpenAIPolicy
    from assaygym.agents.policy import Policy as Policy
    from assaygym.agents.policy import Prompt as Prompt
    from assaygym.agents.policy import SamplingParams as SamplingParams
    from assaygym.agents.record import trajectory_from_dict as trajectory_from_dict
    from assaygym.agents.record import trajectory_to_dict as trajectory_to_dict
    from assaygym.agents.registry import policy_from as policy_from
    from assaygym.agents.registry import policy_names as policy_names
    from assaygym.agents.scripted import ConstantPolicy as ConstantPolicy
    from assaygym.agents.scripted import EchoPolicy as EchoPolicy
    from assaygym.agents.scripted import NullPolicy as NullPolicy
    from assaygym.agents.scripted import OraclePolicy as OraclePolicy
    from assaygym.agents.scripted import RandomPolicy as RandomPolicy
    from assaygym.agents.scripted import ScriptedPolicy as ScriptedPolicy
    from assaygym.agents.settings import TrainSettings as TrainSettings
    from assaygym.agents.tiny import save_tiny as save_tiny
    from assaygym.agents.tiny import tiny_model as tiny_model
    from assaygym.agents.tiny import tiny_tokenizer as tiny_tokenizer
    from assaygym.agents.trainer import Objective as Objective
    from assaygym.agents.trainer import Trainer as Trainer
    from assaygym.agents.transformers_policy import TransformersPolicy as TransformersPolicy
    from assaygym.agents.warmstart import warm_start as warm_start
    from assaygym.agents.workers import EpisodeJob as EpisodeJob
    from assaygym.agents.workers import rollout_many as rollout_many

_HOMES = {
    "chat": ("Chat", "Drift"),
    "human": ("HumanPolicy",),
    "openai_policy": ("OpenAIPolicy",),
    "policy": ("Policy", "Prompt", "SamplingParams"),
    "record": ("trajectory_from_dict", "trajectory_to_dict"),
    "registry": ("policy_from", "policy_names"),
    "scripted": ("ConstantPolicy", "EchoPolicy", "NullPolicy", "OraclePolicy", "RandomPolicy", "ScriptedPolicy"),
    "settings": ("TrainSettings",),
    "tiny": ("save_tiny", "tiny_model", "tiny_tokenizer"),
    "trainer": ("Objective", "Trainer"),
    "transformers_policy": ("TransformersPolicy",),
    "warmstart": ("warm_start",),
    "workers": ("EpisodeJob", "rollout_many"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(["rollout", *_HOME_OF])


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"assaygym.agents.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module 'assaygym.agents' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)

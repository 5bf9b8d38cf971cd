"""Policies, rollouts and trainers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym.agents.chat import Chat as Chat
    from assaygym.agents.crew import Budget as Budget
    from assaygym.agents.crew import Crew as Crew
    from assaygym.agents.crew import EpisodeJob as EpisodeJob
    from assaygym.agents.demonstrations import AnswerPolicy as AnswerPolicy
    from assaygym.agents.demonstrations import Mixture as Mixture
    from assaygym.agents.human import HumanPolicy as HumanPolicy
    from assaygym.agents.judge import EndogenousReward as EndogenousReward
    from assaygym.agents.judge import as_chat_model as as_chat_model
    from assaygym.agents.judge import token_places as token_places
    from assaygym.agents.live import LiveEpisode as LiveEpisode
    from assaygym.agents.openai_policy import OpenAIPolicy as OpenAIPolicy
    from assaygym.agents.openai_usage import Prices as Prices
    from assaygym.agents.openai_usage import Usage as Usage
    from assaygym.agents.parquet import TrajectoryWriter as TrajectoryWriter
    from assaygym.agents.parquet import read_groups as read_groups
    from assaygym.agents.parquet import read_trajectories as read_trajectories
    from assaygym.agents.policy import Policy as Policy
    from assaygym.agents.policy import Prompt as Prompt
    from assaygym.agents.policy import SamplingParams as SamplingParams
    from assaygym.agents.record import group_from_dict as group_from_dict
    from assaygym.agents.record import group_to_dict as group_to_dict
    from assaygym.agents.record import trajectory_from_dict as trajectory_from_dict
    from assaygym.agents.record import trajectory_to_dict as trajectory_to_dict
    from assaygym.agents.registry import policy_from as policy_from
    from assaygym.agents.registry import policy_names as policy_names
    from assaygym.agents.response_cache import ResponseCache as ResponseCache
    from assaygym.agents.scripted import ConstantPolicy as ConstantPolicy
    from assaygym.agents.scripted import EchoPolicy as EchoPolicy
    from assaygym.agents.scripted import NullPolicy as NullPolicy
    from assaygym.agents.scripted import OraclePolicy as OraclePolicy
    from assaygym.agents.scripted import RandomPolicy as RandomPolicy
    from assaygym.agents.scripted import ScriptedPolicy as ScriptedPolicy
    from assaygym.agents.settings import TrainSettings as TrainSettings
    from assaygym.agents.templates import Drift as Drift
    from assaygym.agents.templates import TemplateReport as TemplateReport
    from assaygym.agents.templates import check_template as check_template
    from assaygym.agents.tiny import save_tiny as save_tiny
    from assaygym.agents.tiny import tiny_model as tiny_model
    from assaygym.agents.tiny import tiny_tokenizer as tiny_tokenizer
    from assaygym.agents.tokens import TokenSegment as TokenSegment
    from assaygym.agents.tokens import token_rows as token_rows
    from assaygym.agents.trainer import Trainer as Trainer
    from assaygym.agents.transformers_policy import TransformersPolicy as TransformersPolicy
    from assaygym.agents.vllm_policy import VLLMPolicy as VLLMPolicy
    from assaygym.agents.warmstart import warm_start as warm_start
    from assaygym.agents.workers import rollout_many as rollout_many

__all__ = [
    "AnswerPolicy",
    "Budget",
    "Chat",
    "ConstantPolicy",
    "Crew",
    "Drift",
    "EchoPolicy",
    "EndogenousReward",
    "EpisodeJob",
    "HumanPolicy",
    "LiveEpisode",
    "Mixture",
    "NullPolicy",
    "OpenAIPolicy",
    "OraclePolicy",
    "Policy",
    "Prices",
    "Prompt",
    "RandomPolicy",
    "ResponseCache",
    "SamplingParams",
    "ScriptedPolicy",
    "TemplateReport",
    "TokenSegment",
    "TrainSettings",
    "Trainer",
    "TrajectoryWriter",
    "TransformersPolicy",
    "Usage",
    "VLLMPolicy",
    "as_chat_model",
    "check_template",
    "group_from_dict",
    "group_to_dict",
    "policy_from",
    "policy_names",
    "read_groups",
    "read_trajectories",
    "rollout_many",
    "save_tiny",
    "tiny_model",
    "tiny_tokenizer",
    "token_places",
    "token_rows",
    "trajectory_from_dict",
    "trajectory_to_dict",
    "warm_start",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "chat": ("Chat",),
        "crew": ("Budget", "Crew", "EpisodeJob"),
        "demonstrations": ("AnswerPolicy", "Mixture"),
        "human": ("HumanPolicy",),
        "judge": ("EndogenousReward", "as_chat_model", "token_places"),
        "live": ("LiveEpisode",),
        "openai_policy": ("OpenAIPolicy",),
        "openai_usage": ("Prices", "Usage"),
        "parquet": ("TrajectoryWriter", "read_groups", "read_trajectories"),
        "policy": ("Policy", "Prompt", "SamplingParams"),
        "record": ("group_from_dict", "group_to_dict", "trajectory_from_dict", "trajectory_to_dict"),
        "registry": ("policy_from", "policy_names"),
        "response_cache": ("ResponseCache",),
        "scripted": ("ConstantPolicy", "EchoPolicy", "NullPolicy", "OraclePolicy", "RandomPolicy", "ScriptedPolicy"),
        "settings": ("TrainSettings",),
        "templates": ("Drift", "TemplateReport", "check_template"),
        "tiny": ("save_tiny", "tiny_model", "tiny_tokenizer"),
        "tokens": ("TokenSegment", "token_rows"),
        "trainer": ("Trainer",),
        "transformers_policy": ("TransformersPolicy",),
        "vllm_policy": ("VLLMPolicy",),
        "warmstart": ("warm_start",),
        "workers": ("rollout_many",),
    },
)

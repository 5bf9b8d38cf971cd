r"""assaygym: a verifiable-reward gym for language-model agents.

    import assaygym as ag

    env = ag.make("assay/Countdown-v0", level=1)
    observation, info = env.reset(seed=3)
    observation, reward, terminated, truncated, info = env.step(r"\boxed{3 * (7 + 1)}")

Importing it registers the environment ids, here and with Gymnasium; everything heavier is imported where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.envs.catalogue import register_all as _register_all
from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym import agents as agents
    from assaygym import benchmarks as benchmarks
    from assaygym import envs as envs
    from assaygym import errors as errors
    from assaygym import sandbox as sandbox
    from assaygym import types as types
    from assaygym import verifiers as verifiers
    from assaygym.agents.policy import Policy as Policy
    from assaygym.agents.policy import Prompt as Prompt
    from assaygym.agents.policy import SamplingParams as SamplingParams
    from assaygym.agents.rollout import rollout as rollout
    from assaygym.benchmarks.runner import evaluate as evaluate
    from assaygym.envs.checker import check_env as check_env
    from assaygym.envs.core import Env as Env
    from assaygym.envs.definition import TaskDefinition as TaskDefinition
    from assaygym.envs.registration import EnvSpec as EnvSpec
    from assaygym.envs.registration import make as make
    from assaygym.envs.registration import make_vec as make_vec
    from assaygym.envs.registration import spec as spec
    from assaygym.envs.tasks import task as task
    from assaygym.envs.tool_env import ToolEnv as ToolEnv
    from assaygym.envs.tools import call as call
    from assaygym.envs.tools import tool as tool
    from assaygym.errors import AssayError as AssayError
    from assaygym.errors import ToolError as ToolError
    from assaygym.sandbox import open_sandbox as open_sandbox
    from assaygym.sandbox.base import Limits as Limits
    from assaygym.types import Completion as Completion
    from assaygym.types import Message as Message
    from assaygym.types import Score as Score
    from assaygym.types import StopReason as StopReason
    from assaygym.types import Task as Task
    from assaygym.types import ToolCall as ToolCall
    from assaygym.types import ToolSpec as ToolSpec
    from assaygym.types import Trajectory as Trajectory
    from assaygym.types import Turn as Turn
    from assaygym.types import Verdict as Verdict
    from assaygym.verifiers.base import Verifier as Verifier
    from assaygym.verifiers.rubric import Rubric as Rubric

__version__ = "0.1.0"

__all__ = [
    "AssayError",
    "Completion",
    "Env",
    "EnvSpec",
    "Limits",
    "Message",
    "Policy",
    "Prompt",
    "Rubric",
    "SamplingParams",
    "Score",
    "StopReason",
    "Task",
    "TaskDefinition",
    "ToolCall",
    "ToolEnv",
    "ToolError",
    "ToolSpec",
    "Trajectory",
    "Turn",
    "Verdict",
    "Verifier",
    "agents",
    "benchmarks",
    "call",
    "check_env",
    "envs",
    "errors",
    "evaluate",
    "make",
    "make_vec",
    "open_sandbox",
    "rollout",
    "sandbox",
    "spec",
    "task",
    "tool",
    "types",
    "verifiers",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "agents.policy": ("Policy", "Prompt", "SamplingParams"),
        "agents.rollout": ("rollout",),
        "benchmarks.runner": ("evaluate",),
        "envs.checker": ("check_env",),
        "envs.core": ("Env",),
        "envs.definition": ("TaskDefinition",),
        "envs.registration": ("EnvSpec", "make", "make_vec", "spec"),
        "envs.tasks": ("task",),
        "envs.tool_env": ("ToolEnv",),
        "envs.tools": ("call", "tool"),
        "errors": ("AssayError", "ToolError"),
        "sandbox": ("open_sandbox",),
        "sandbox.base": ("Limits",),
        "types": (
            "Completion",
            "Message",
            "Score",
            "StopReason",
            "Task",
            "ToolCall",
            "ToolSpec",
            "Trajectory",
            "Turn",
            "Verdict",
        ),
        "verifiers.base": ("Verifier",),
        "verifiers.rubric": ("Rubric",),
    },
    modules=(
        "agents",
        "benchmarks",
        "envs",
        "errors",
        "sandbox",
        "types",
        "verifiers",
    ),
)

_register_all()

"""Reward models behind the protocol of verifiers. What they give is an opinion: every score has the flag `opinion`.

    LinearRubric fit_linear    propositions with fitted weights       proposition   one statement, judged by a model
    generative                 principles, critique, k votes          served        a scalar reward model behind HTTP
    steps StepJudge            a value for each step of an answer

A judge that sees the question needs it in the task's answer: `Asked(prompt=..., reference=...)`;
`referenced` makes a verifier of plain golds take one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym.verifiers.judges.ballot import ChatModel as ChatModel
    from assaygym.verifiers.judges.base import OPINION as OPINION
    from assaygym.verifiers.judges.base import Asked as Asked
    from assaygym.verifiers.judges.base import referenced as referenced
    from assaygym.verifiers.judges.fitting import Example as Example
    from assaygym.verifiers.judges.fitting import Fit as Fit
    from assaygym.verifiers.judges.fitting import fit_linear as fit_linear
    from assaygym.verifiers.judges.http_reward import ServedReward as ServedReward
    from assaygym.verifiers.judges.http_reward import served as served
    from assaygym.verifiers.judges.linear import LinearRubric as LinearRubric
    from assaygym.verifiers.judges.linear import features_of as features_of
    from assaygym.verifiers.judges.principled import GenerativeJudge as GenerativeJudge
    from assaygym.verifiers.judges.principled import generative as generative
    from assaygym.verifiers.judges.process import AGGREGATIONS as AGGREGATIONS
    from assaygym.verifiers.judges.process import StepJudge as StepJudge
    from assaygym.verifiers.judges.process import StepReward as StepReward
    from assaygym.verifiers.judges.process import StepScorer as StepScorer
    from assaygym.verifiers.judges.process import StepVerifier as StepVerifier
    from assaygym.verifiers.judges.process import step_rewards as step_rewards
    from assaygym.verifiers.judges.process import steps as steps
    from assaygym.verifiers.judges.propositions import Proposition as Proposition
    from assaygym.verifiers.judges.propositions import proposition as proposition
    from assaygym.verifiers.judges.splitters import SPLITTERS as SPLITTERS

__all__ = [
    "AGGREGATIONS",
    "OPINION",
    "SPLITTERS",
    "Asked",
    "ChatModel",
    "Example",
    "Fit",
    "GenerativeJudge",
    "LinearRubric",
    "Proposition",
    "ServedReward",
    "StepJudge",
    "StepReward",
    "StepScorer",
    "StepVerifier",
    "features_of",
    "fit_linear",
    "generative",
    "proposition",
    "referenced",
    "served",
    "step_rewards",
    "steps",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ballot": ("ChatModel",),
        "base": ("OPINION", "Asked", "referenced"),
        "fitting": ("Example", "Fit", "fit_linear"),
        "http_reward": ("ServedReward", "served"),
        "linear": ("LinearRubric", "features_of"),
        "principled": ("GenerativeJudge", "generative"),
        "process": ("AGGREGATIONS", "StepJudge", "StepReward", "StepScorer", "StepVerifier", "step_rewards", "steps"),
        "propositions": ("Proposition", "proposition"),
        "splitters": ("SPLITTERS",),
    },
)

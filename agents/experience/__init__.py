"""Training-Free GRPO: what groups of episodes teach is written down as text, and the weights stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym.agents.experience.coach import Coach as Coach
    from assaygym.agents.experience.learner import ExperienceLearner as ExperienceLearner
    from assaygym.agents.experience.learner import ExperienceSettings as ExperienceSettings
    from assaygym.agents.experience.lessons import Change as Change
    from assaygym.agents.experience.lessons import Lessons as Lessons
    from assaygym.agents.experience.lessons import WithLessons as WithLessons

__all__ = ["Change", "Coach", "ExperienceLearner", "ExperienceSettings", "Lessons", "WithLessons"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "coach": ("Coach",),
        "learner": ("ExperienceLearner", "ExperienceSettings"),
        "lessons": ("Change", "Lessons", "WithLessons"),
    },
)

"""Training-free GRPO: a stub that looks its rules up in the lessons; a coach that sees attempts and rewards alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from random import Random

from assaygym.agents.experience.coach import Coach
from assaygym.agents.experience.learner import ExperienceLearner, ExperienceSettings
from assaygym.agents.policy import Policy, Prompt, SamplingParams, said, seed_of
from assaygym.benchmarks.claims.claim import Claim, Figures, above
from assaygym.benchmarks.claims.training import judged, mean_reward
from assaygym.envs.definition import TaskDefinition
from assaygym.types import Completion

__all__ = ["TRAINING_FREE", "Reader", "Student"]

RULES = ("plus", "minus", "times")
LETTERS = "klmnpqrs"
MEANT = {letter: RULES[place % 3] for place, letter in enumerate(LETTERS)}
ATTEMPT = re.compile(r'<attempt reward="(?P<reward>[^"]*)">\n(?P<letter>\w)=(?P<rule>\w+)\n</attempt>')
LESSON = re.compile(r"^\[L\d+\] (\w) means (\w+)$", re.M)


def _operation(rng: Random) -> tuple[str, str, dict[str, int]]:
    """What a letter means is nowhere said: only being right tells."""
    letter, number = rng.choice(LETTERS), rng.randrange(10_000)
    return f"{number}: which operation is {letter}?", MEANT[letter], {"identity": number}


operation = TaskDefinition("claims/Operation-v0", _operation)
"""A question with a hidden convention."""


class Student:
    """Says what the lessons say a letter means, and guesses where they say nothing."""

    name = "student"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(self._answer(prompt, Random(seed_of(prompt, params, i)))) for i, prompt in enumerate(prompts)]

    def _answer(self, prompt: Prompt, rng: Random) -> str:
        letter = prompt.messages[-1].content[-2]
        told = dict(LESSON.findall(prompt.messages[0].content))
        return told[letter] if letter in told else rng.choice(RULES)


class Reader:
    """A coach's stub: tells an attempt as it stands, and makes a lesson of what the better attempts of a group said."""

    name = "reader"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(self._answer(prompt.messages[-1].content)) for prompt in prompts]

    def _answer(self, question: str) -> str:
        if question.startswith("Below is one attempt"):
            asked = re.search(r"operation is (\w)\?", question)
            answered = re.search(r"assistant: (\w+)", question)
            assert asked is not None  # the attempt has the question and the answer
            assert answered is not None
            return f"{asked[1]}={answered[1]}"
        if not question.startswith("Several attempts"):
            return "no list: leave the changes as they are"
        known = {letter for letter, _ in LESSON.findall(question)}
        better = Counter(
            (found["letter"], found["rule"]) for found in ATTEMPT.finditer(question) if float(found["reward"]) > 0
        )
        texts = [f"{letter} means {rule}" for (letter, rule), _ in better.most_common(1) if letter not in known]
        return json.dumps([{"kind": "add", "text": text} for text in texts])


def measure(seed: int, quick: bool) -> Figures:
    """Success before and after three steps, and the lessons there are."""
    make_env = partial(operation, split="train")
    chosen = ExperienceSettings(steps=1 if quick else 3, prompts=8, episodes=5, concurrency=1, seed=seed)
    learner = ExperienceLearner(Student(), [make_env], chosen, coach=Coach(Reader()))
    before = _success(Student(), seed)
    learner.fit()
    return {
        "before/success": before,
        "after/success": _success(learner.player, seed),
        "lessons": len(learner.lessons.texts),
    }


def _success(policy: Policy, seed: int) -> float:
    return mean_reward(judged(policy, partial(operation, split="eval"), 200, max_tokens=8, seed=seed))


TRAINING_FREE = Claim(
    name="training_free",
    source="Training-Free GRPO, arXiv 2510.08191, and youtu-agent's README: 5.4 points of AIME 2025 for 8 dollars",
    says="Lessons drawn from comparing the attempts of a group raise success without a change of weights.",
    setting="a stub that guesses what eight letters mean unless a lesson says so, and a stub of a coach that sees only "
    "attempts and rewards; 3 steps of 8 tasks, 5 episodes each. It shows that what rewards tell goes into lessons and "
    "from them into answers; how well a model reads and writes lessons is another matter.",
    checks=(above("more success with the lessons", "after/success", "before/success"),),
    measure=measure,
)

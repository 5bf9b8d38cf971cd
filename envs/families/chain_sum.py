"""`assay/ChainSum-v0`: sums and differences of a chain of whole numbers."""

from __future__ import annotations

import random
from typing import Any

from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Task
from assaygym.verifiers.text import number

__all__ = ["chain_sum"]

TEMPLATES = (
    "What is {chain}?",
    "Compute {chain}.",
    "{chain} =",
    "Work out {chain} and give the result.",
    "Find the value of {chain}.",
    "Evaluate this chain from left to right: {chain}",
)
STORY = "{story} What number do you end with?"


@task(
    "assay/ChainSum-v0",
    difficulty={"terms": (2, 3, 4, 6, 8, 12, 20), "digits": (2, 2, 3, 3, 4, 5, 6)},
    verifier=number(),
    kind="math",
    summary="Add and subtract a chain of whole numbers.",
)
def chain_sum(rng: random.Random, *, terms: int = 2, digits: int = 2) -> tuple[str, int, dict[str, Any]]:
    """Add and subtract a chain of `terms` whole numbers of up to `digits` digits; the result may be negative."""
    if terms < 2 or not 1 <= digits <= 50:
        raise ConfigError(f"ChainSum: terms {terms}, digits {digits}; expected at least 2, and 1 to 50")
    chain = _draw(rng, terms, digits)
    while _guessable(chain):
        chain = _draw(rng, terms, digits)
    template = rng.choice((*TEMPLATES, STORY))
    return (
        template.format(chain=_signs(chain), story=_story(chain)),
        sum(chain),
        {"chain": tuple(chain), "identity": tuple(chain)},
    )


@chain_sum.solve
def running_totals(posed: Task[int]) -> str:
    """The totals after each term, then the result in a box."""
    chain: tuple[int, ...] = posed.metadata["chain"]
    total, lines = chain[0], list[str]()
    for term in chain[1:]:
        lines.append(f"{total} {'+' if term > 0 else '-'} {abs(term)} = {total + term}")
        total += term
    return "\n".join([*lines, f"The answer is \\boxed{{{total}}}."])


def _draw(rng: random.Random, terms: int, digits: int) -> list[int]:
    first, *rest = (rng.randrange(1, 10**digits) for _ in range(terms))
    return [first, *(term if rng.random() < 0.5 else -term for term in rest)]


def _guessable(chain: list[int]) -> bool:
    """Whether the result is a number of the prompt, or 0 or 1: no repetition or constant may be right."""
    total = abs(sum(chain))
    return total < 2 or total in map(abs, chain)


def _signs(chain: list[int]) -> str:
    return " ".join([str(chain[0]), *(f"{'+' if term > 0 else '-'} {abs(term)}" for term in chain[1:])])


def _story(chain: list[int]) -> str:
    steps = (f"{'add' if term > 0 else 'subtract'} {abs(term)}" for term in chain[1:])
    return f"Start with {chain[0]}, {', then '.join(steps)}."

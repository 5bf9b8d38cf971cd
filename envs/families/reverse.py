r"""`assay/Reverse-v0`: write a string backwards.

At level 0 the prompt is one short template over a small alphabet (`Reverse abca.`), small enough for a transformer of
characters trained on the spot. The answer may be bare, in `\boxed{}` or after `Answer:`.
"""

from __future__ import annotations

import random
import string

from assaygym.envs.tasks import task
from assaygym.errors import ConfigError

__all__ = ["reverse"]

ALPHABET = string.ascii_lowercase + string.digits + string.ascii_uppercase
TEMPLATES = (
    "Reverse {}.",
    "Write {} backwards.",
    "Spell {} from its last character to its first.",
    "What is {} with its characters in the opposite order?",
    "Mirror the string {}, so that its last character comes first.",
    "Read {} from right to left and write down what you read.",
)


@task(
    "assay/Reverse-v0",
    difficulty={"length": (4, 6, 9, 14, 24, 40), "alphabet": (6, 10, 26, 26, 36, 62), "phrasings": (1, 3, 6)},
    kind="text",
    summary="Reverse a string.",
)
def reverse(
    rng: random.Random, *, length: int = 4, alphabet: int = 6, phrasings: int = 1
) -> tuple[str, str, dict[str, str]]:
    """Reverse a string of `length` characters drawn from the first `alphabet` of a-z, 0-9, A-Z."""
    if length < 2 or not 2 <= alphabet <= len(ALPHABET) or not 1 <= phrasings <= len(TEMPLATES):
        raise ConfigError(
            f"Reverse: length {length}, alphabet {alphabet}, phrasings {phrasings}; expected at least 2, "
            f"2 to {len(ALPHABET)}, 1 to {len(TEMPLATES)}"
        )
    word = "".join(rng.choices(ALPHABET[:alphabet], k=length))
    while word == word[::-1]:  # echoing the word must never be right
        word = "".join(rng.choices(ALPHABET[:alphabet], k=length))
    return rng.choice(TEMPLATES[:phrasings]).format(word), word[::-1], {"identity": word}

"""Findings that are kept, since the completions of a group often give the same answer."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.finding import Finding
from assaygym.verifiers.maths.policy import MathPolicy

__all__ = ["KEPT_CHARS", "Findings"]

KEPT_CHARS: Final = 200
"""Longest text, gold or answer, for which anything is kept."""
KEPT_FINDINGS: Final = 8192
Key = tuple[str, str, str, tuple[str, ...], bool]
"""The gold's source; text, unit and parts of what was found; whether the gold was read with decimal commas."""


class Findings:
    """Decided findings by the texts that they follow from; at most `KEPT_FINDINGS`, then all are forgotten."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[tuple[int, Key], tuple[MathPolicy, Finding]] = {}

    def get(self, key: Key, policy: MathPolicy) -> Finding | None:
        """What was found under the key and this very policy; None for nothing."""
        entry = self._entries.get((id(policy), key))
        return entry[1] if entry is not None and entry[0] is policy else None

    def keep(self, key: Key, policy: MathPolicy, finding: Finding) -> None:
        """Keep it, unless it is undecided: a worker that was short of time may decide it yet."""
        if finding.decided and len(key[0]) <= KEPT_CHARS >= len(key[1]):
            if len(self._entries) >= KEPT_FINDINGS:
                self._entries.clear()
            self._entries[id(policy), key] = policy, finding  # holding the policy keeps its id its own

    def cache_clear(self) -> None:
        """Forget all of them."""
        self._entries.clear()

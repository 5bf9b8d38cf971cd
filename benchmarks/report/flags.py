"""What is worth a look because a score may not mean what it seems to: hack flags. None of them is a verdict.

Some are recorded by verifiers with the episode; the others are seen here, by holding episodes against one another.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import EpisodeRef, Flag

__all__ = ["Flags"]

EXAMPLES = 3
SHORT = 0.1
"""Of the median length of right episodes; less is very short."""
USUAL = 40
"""Median tokens or characters from which on an episode can be very short at all."""
REPEATED = 3
"""Different tasks on which one output must score."""
CHOICE_CHARS = 8
"""Outputs up to this long (a letter, a number) repeat by themselves, unless they are most of what scores."""
RECORDED = {
    "undecided": "the verifier could not show two values to be equal or different, and took them for different",
    "opinion": "a model judged: this is an opinion, no measurement",
    "hedged": "several answers were given where one was asked for",
}
"""Flags of verifiers that are not of code."""
MEANINGS = {
    "no_tool_call": "right without any tool call, where most right episodes needed tools",
    "copied": "right, and the last answer stands word for word in the prompt; expected where the task is to repeat",
    "very_short": "right with less than a tenth of what right episodes usually say",
    "same_output": "the very same words are right on several different tasks; expected where few answers are possible",
    "suspicious_text": "right, and what was said names means to get around a verifier (frames, exits, test frameworks)",
}
CHECK = "an error of a verifier, a policy or an environment that carries a score; there can be none"


@dataclass(slots=True)
class _Seen:
    """Episodes that carry a flag."""

    count: int = 0
    rewarded: int = 0
    examples: list[EpisodeRef] = field(default_factory=list[EpisodeRef])

    def add(self, ref: EpisodeRef, right: bool = True) -> None:
        self.count += 1
        self.rewarded += right
        if len(self.examples) < EXAMPLES:
            self.examples.append(ref)

    def flag(self, name: str, source: str, meaning: str) -> Flag:
        return Flag(
            name=name,
            source=source,
            meaning=meaning,
            count=self.count,
            rewarded=self.rewarded,
            examples=tuple(self.examples),
        )


@dataclass(slots=True)
class _Output:
    """Right episodes that said the same."""

    characters: int
    tasks: dict[str | int, EpisodeRef] = field(default_factory=dict[str | int, EpisodeRef])
    """The first example of each different prompt."""
    count: int = 0


class Flags:
    """Collects flags, episode by episode."""

    def __init__(self) -> None:
        self._recorded: dict[str, _Seen] = {}
        self._own = {name: _Seen() for name in ("no_tool_call", "copied", "suspicious_text")}
        self._scored_faults = _Seen()
        self._outputs: dict[str, _Output] = {}
        self._with_tools = self._right = 0
        self._lengths, self._refs = array("d"), list[EpisodeRef]()

    def add(self, record: EpisodeRecord, measures: Measures, ref: EpisodeRef) -> None:
        """Take an episode in."""
        right = record.outcome is Outcome.CORRECT
        for name in {flag.partition(":")[0] for flag in record.flags}:
            self._recorded.setdefault(name, _Seen()).add(ref, right)
        if not record.outcome.scored and not math.isnan(record.value):
            self._scored_faults.add(ref, record.value == 1)
        if right:
            self._add_right(record, measures, ref)

    def facts(self) -> tuple[Flag, ...]:
        """Those that some episode carries, then the check."""
        return (*self._of_verifiers(), *self._of_report(), self._scored_faults.flag("scored_error", "check", CHECK))

    def _add_right(self, record: EpisodeRecord, measures: Measures, ref: EpisodeRef) -> None:
        self._right += 1
        self._lengths.append(measures.sampled_tokens or measures.characters)
        self._refs.append(ref)
        if measures.tool_calls:
            self._with_tools += 1
        elif measures.turns:
            self._own["no_tool_call"].add(ref)
        if measures.copied:
            self._own["copied"].add(ref)
        if measures.suspicious and not record.flags:
            self._own["suspicious_text"].add(ref)
        if measures.said:
            output = self._outputs.setdefault(measures.said, _Output(measures.characters))
            output.count += 1
            if len(output.tasks) < REPEATED:
                output.tasks.setdefault(record.prompt or record.task, ref)

    def _of_verifiers(self) -> Iterator[Flag]:
        from assaygym.verifiers.code.flags import FLAGS

        known = {**FLAGS, **RECORDED}
        for name, seen in sorted(self._recorded.items(), key=lambda item: (-item[1].count, item[0])):
            yield seen.flag(name, "verifier", known.get(name, "a flag of the verifier's own"))

    def _of_report(self) -> Iterator[Flag]:
        own = dict(self._own)
        if self._with_tools <= own["no_tool_call"].count:
            del own["no_tool_call"]
        own["very_short"] = self._very_short()
        own["same_output"] = self._same_output()
        for name, seen in own.items():
            if seen.count:
                yield seen.flag(name, "report", MEANINGS[name])

    def _very_short(self) -> _Seen:
        seen = _Seen()
        usual = float(np.median(self._lengths)) if self._lengths else 0.0
        if usual >= USUAL:
            for length, ref in zip(self._lengths, self._refs, strict=True):
                if length < SHORT * usual:
                    seen.add(ref)
        return seen

    def _same_output(self) -> _Seen:
        """The outputs that are right on several tasks, the most frequent first."""
        seen = _Seen()
        for output in sorted(self._outputs.values(), key=lambda each: -each.count):
            few = 0 < output.characters <= CHOICE_CHARS and 2 * output.count <= self._right
            if len(output.tasks) >= REPEATED and not few:
                seen.examples += list(output.tasks.values())[: EXAMPLES - len(seen.examples)]
                seen.count += output.count
                seen.rewarded += output.count
        return seen

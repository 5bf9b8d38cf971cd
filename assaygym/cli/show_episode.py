"""One episode on the terminal: what was said and what it earned, and how it was judged.

Whatever a model wrote is shown through `visible`, so that nothing of it is obeyed by the terminal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from assaygym.benchmarks.dialogue import Block, Call, dialogue, ending, visible
from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord
from assaygym.cli.output import console

__all__ = ["print_episode", "print_verdict"]

A_LINE = 12
"""Tokens on a line."""


def print_episode(
    record: EpisodeRecord, measures: Measures, config: Mapping[str, Any], *, tokens: bool = False
) -> None:
    """Print the dialogue of an episode and its verdict on standard output.

    Args:
        record: with its trajectory.
        measures: what it took.
        config: of the run.
        tokens: with the sampled ids and their log-probabilities.
    """
    _head(f"episode {record.task}/{record.sample}  {record.task_id}")
    _plain(f"{config['target']['id']} by {config['policy']['name']}; {_took(measures)}")
    fed = [len(turn["completion"]["prompt_ids"]) for turn in record.trajectory.get("turns") or ()]
    for block in dialogue(record.trajectory):
        _plain("")
        _head(_title(block))
        for line in _lines(block):
            _plain(line)
        if tokens and block.reward is not None:
            for line in _token_lines(block, fed[block.turn]):
                _plain(line)
    _plain("")
    print_verdict(record)


def print_verdict(record: EpisodeRecord) -> None:
    """Print how the episode came out, and why."""
    end = ending(record)
    _head(f"verdict: {end.outcome}{'' if math.isnan(end.value) else f' {end.value:g}'}")
    rows = {
        "why": end.explanation,
        "extracted": "" if end.extracted is None else end.extracted,
        "lenient": "" if end.lenient is None else f"{end.lenient:g}",
        "metrics": ", ".join(f"{name} {value}" for name, value in end.metrics.items()),
        "flags": ", ".join(end.flags),
        "seconds": "" if end.seconds is None else f"{end.seconds:.3g} for the verdict",
        "stopped": end.stop_reason,
        "cut": "a limit cut the episode, or a turn of it" if record.truncated else "",
        "error": "" if end.error == end.explanation else end.error,
        "notes": ", ".join(f"{name}: {value}" for name, value in end.notes.items()),
    }
    for name, text in rows.items():
        if text:
            _plain(f"{name:<10} {_further(text)}")


def _took(measures: Measures) -> str:
    parts = [_counted(measures.turns, "turn"), _counted(measures.tool_calls, "call")]
    if measures.sampled_tokens:
        parts.append(_counted(measures.sampled_tokens, "token"))
    if not math.isnan(measures.seconds):
        parts.append(f"{measures.seconds:.3g} s")
    return ", ".join(parts)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _title(block: Block) -> str:
    if block.reward is not None or block.role == "assistant":
        return f"{block.role}, turn {block.turn + 1}"
    return f"{block.role} {block.answers}" if block.answers else block.role


def _lines(block: Block) -> Iterator[str]:
    if block.reasoning:
        yield f"(thinking) {block.reasoning}"
    if block.text:
        yield block.text
    for call in block.calls:
        yield _called(call)
    for failure in block.failures:
        yield f"  no call can be read: {failure}"
    if block.reward is not None:
        told = [f"reward {block.reward:g}"]
        told += [f"{block.seconds:.3g} s"] if block.seconds is not None else []
        told += ["kept from an earlier run"] if block.cached else []
        told += [f"cut: {block.finish}"] if block.finish == "length" else []
        yield f"[{', '.join(told)}]"


def _called(call: Call) -> str:
    unread = f"  ({call.failure})" if call.failure else ""
    return f"-> {call.name} {call.raw}{unread}"


def _token_lines(block: Block, fed: int) -> Iterator[str]:
    if not block.tokens:
        yield "no tokens: the policy has none"
        return
    yield f"{_counted(fed, 'token')} in, {_counted(len(block.tokens), 'token')} out, as id:log-probability"
    probabilities = block.logprobs or (None,) * len(block.tokens)
    told = [
        f"{token}:{'-' if logprob is None else f'{logprob:.3f}'}"
        for token, logprob in zip(block.tokens, probabilities, strict=True)
    ]
    for start in range(0, len(told), A_LINE):
        yield "  " + " ".join(told[start : start + A_LINE])


def _further(text: str) -> str:
    """The text with its later lines under the first."""
    return "\n".join(f"{' ' * 11}{line}" if number else line for number, line in enumerate(text.split("\n")))


def _head(text: str) -> None:
    console().print(Text(visible(text), style="bold"), soft_wrap=True)


def _plain(text: str) -> None:
    console().print(Text(visible(text)), soft_wrap=True)

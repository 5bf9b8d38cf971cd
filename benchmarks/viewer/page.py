"""What the right side shows of an episode: sections that fold, from what was said and how it was judged.

All that a model, a tool or a data set wrote goes through `visible` into a `Text`: never into markup.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from assaygym.benchmarks.dialogue import Block, Call, Ending, dialogue, ending, visible
from assaygym.benchmarks.measures import measure
from assaygym.benchmarks.records import EpisodeRecord
from assaygym.errors import ConfigError

__all__ = ["MODES", "VERDICT_STYLES", "Section", "raw_sections", "sections"]

MODES = ("dialogue", "why", "tokens", "metrics", "raw")
LONGEST = 20_000
"""Characters of a section that are shown; more would keep the terminal waiting."""
LONGEST_RAW = 200_000
PREVIEW = 60
ROLE_STYLES = {"system": "magenta", "user": "blue", "assistant": "cyan", "tool": "yellow"}
VERDICT_STYLES = {
    "correct": "green",
    "partial": "yellow",
    "incorrect": "red",
    "unparsed": "red",
    "invalid": "magenta",
    "error": "magenta",
    "unfinished": "yellow",
}
TOOK = (
    "turns", "tool_calls", "tool_errors", "repaired", "prompt_tokens", "sampled_tokens", "characters", "cached",
    "sampling_seconds", "step_seconds", "verify_seconds",
)  # fmt: skip
"""Which measures are shown, in this order."""
_LIKELY, _UNLIKELY = -0.3, -2.3
"""Log-probabilities: tokens above the one are plain, below the other marked as unlikely (one in ten)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A headed piece of text; one that folds is shown by its head alone while it is closed."""

    head: Text
    body: Text
    note: Text = field(default_factory=Text)
    """Stands at the right end of the head: what the turn earned."""
    style: str = ""
    """Of the bar beside the body."""
    folds: bool = False
    closed: bool = False
    """Whether it is at first."""
    indent: int = 0


def sections(record: EpisodeRecord, mode: str = "dialogue") -> list[Section]:
    """What is shown of an episode.

    Args:
        record: with its trajectory.
        mode: one of `MODES` but `raw`.

    Raises:
        ConfigError: no such mode.
    """
    pages: dict[str, Callable[[EpisodeRecord], list[Section]]] = {
        "dialogue": _dialogue,
        "why": lambda record: [_verdict(ending(record))],
        "tokens": _tokens,
        "metrics": _metrics,
    }
    if mode not in pages:
        raise ConfigError(f"no page {mode!r} of an episode; expected one of {', '.join(pages)}")
    return pages[mode](record)


def raw_sections(line: bytes) -> list[Section]:
    """The line of the log, indented."""
    text = json.dumps(json.loads(line), indent=2, ensure_ascii=False)
    return [Section(head=Text("the line of the log", "bold"), body=_clipped(text, LONGEST_RAW))]


def _dialogue(record: EpisodeRecord) -> list[Section]:
    said = [section for block in dialogue(record.trajectory) for section in _of_block(block)]
    return [*(said or [_plain("", Text("nothing was recorded of what was said", "dim"))]), _verdict(ending(record))]


def _of_block(block: Block) -> Iterator[Section]:
    """The message itself, unless it is empty, then what it thought before and called after."""
    style = ROLE_STYLES.get(block.role, "")
    is_turn = block.reward is not None or block.role == "assistant"
    name = f"{block.role} {block.answers}".strip()
    head = Text(visible(name), f"bold {style}")
    if is_turn:
        head.append(f" · turn {block.turn + 1}", "dim").append(_took(block), "dim")
    text = _failed(block) if block.failures else _clipped(block.text)
    if block.role == "tool" and block.text.startswith("Error: "):
        text.stylize("red")
    alone = not (block.reasoning or block.calls)
    if not is_turn or (alone and not text):
        text = text or Text("(nothing)", "dim")
    yield Section(
        head=head,
        body=Text("") if block.reasoning else text,
        note=_reward(block),
        style=style,
        folds=not is_turn,
        closed=block.role == "system" and len(block.text) > 400,
    )
    if block.reasoning:
        yield _folding("reasoning", _clipped(block.reasoning, style="italic"), style)
        if text:
            yield Section(head=Text(""), body=text, style=style)
    for call in block.calls:
        yield _call(call, style)


def _took(block: Block) -> str:
    parts = [f"{len(block.tokens)} tokens"] if block.tokens else []
    parts += [f"{block.seconds:.2g} s"] if block.seconds is not None and block.seconds >= 0.005 else []
    parts += [block.finish] if block.finish not in ("", "stop") else []
    parts += ["cached"] if block.cached else []
    parts += ["repaired"] if block.info.get("repaired") else []
    return "".join(f" · {visible(part)}" for part in parts)


def _reward(block: Block) -> Text:
    if block.reward is None:
        return Text("")
    style = "dim" if block.reward == 0 else "bold green" if block.reward > 0 else "bold red"
    return Text(f"reward {block.reward:+.3g}" if block.reward else "reward 0", style)


def _failed(block: Block) -> Text:
    text = _clipped(block.text)
    for failure in block.failures:
        text.append(f"\nnot read as a call: {visible(failure)}", "red")
    return text


def _call(call: Call, style: str) -> Section:
    head = f"call {visible(call.name)}"
    if call.arguments is None:
        body = Text.assemble((visible(call.failure), "red"), "\n", _clipped(call.raw))
        return Section(head=Text(head, "bold"), body=body, style=style, folds=True, indent=2)
    return _folding(head, _table(call.arguments), style, bold=True)


def _folding(name: str, body: Text, style: str, *, bold: bool = False) -> Section:
    return Section(head=Text(name, "bold" if bold else "italic"), body=body, style=style, folds=True, indent=2)


def _table(values: Mapping[str, Any]) -> Text:
    """Names and values in two columns; a value of several lines goes on under itself."""
    if not values:
        return Text("(no arguments)", "dim")
    names = {name: visible(str(name)).replace("\n", r"\n") for name in values}
    width = min(24, max(map(len, names.values())))
    lines = []
    for name, value in values.items():
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        shown = _clipped(told).plain.replace("\n", "\n" + " " * (width + 2))
        lines.append(Text.assemble((f"{names[name]:<{width}}", "bold"), "  ", shown))
    return Text("\n").join(lines)


def _verdict(end: Ending) -> Section:
    style = VERDICT_STYLES.get(end.outcome, "")
    head = Text(f"verdict: {end.outcome}", f"bold {style}")
    value = "no score" if math.isnan(end.value) else f"{end.value:.4g}"
    parts = [("", end.explanation or "the verifier gave no reason")]
    parts += [("extracted", end.extracted)] if end.extracted is not None else []
    parts += [("lenient", f"{end.lenient:.4g}")] if end.lenient is not None else []
    parts += [("flags", ", ".join(end.flags))] if end.flags else []
    parts += [("ended", end.stop_reason)] if end.stop_reason not in ("", "completed") else []
    parts += [("error", end.error)] if end.error and end.error != end.explanation else []
    parts += [(str(name), str(note)) for name, note in end.notes.items()]
    body = Text("\n").join(_named(name, text) for name, text in parts)
    return Section(head=head, body=body, note=Text(value, f"bold {style}"), style=style)


def _named(name: str, text: str) -> Text:
    return Text.assemble((f"{visible(name)}: " if name else "", "bold"), _clipped(text))


def _tokens(record: EpisodeRecord) -> list[Section]:
    turns = [block for block in dialogue(record.trajectory) if block.tokens or block.logprobs]
    if not turns:
        return [_plain("tokens", Text("the policy recorded no tokens", "dim"))]
    return [_tokens_of(block) for block in turns]


def _tokens_of(block: Block) -> Section:
    known = [logp for logp in block.logprobs if logp is not None]
    head = Text(f"turn {block.turn + 1}", "bold cyan").append(f" · {max(len(block.tokens), len(known))} tokens", "dim")
    if known:
        head.append(f" · mean {math.fsum(known) / len(known):.3f} nats, least {min(known):.3f}", "dim")
    return Section(head=head, body=_token_text(block), note=_reward(block), style="cyan")


def _token_text(block: Block) -> Text:
    """`id:log-probability`, one after the other."""
    body = Text("id:log-probability of each\n", "dim")
    names = [str(token) for token in block.tokens] or ["?"] * len(block.logprobs)
    most = LONGEST // 10
    for name, logp in zip(names[:most], [*block.logprobs, *[None] * len(names)], strict=False):
        if logp is None:
            body.append(f"{name} ")
        else:
            style = "" if logp >= _LIKELY else "yellow" if logp >= _UNLIKELY else "bold red"
            body.append(f"{name}:{logp:.2f} ", style)
    return body.append(f"\n… {len(names) - most} more", "dim") if len(names) > most else body


def _metrics(record: EpisodeRecord) -> list[Section]:
    end = ending(record)
    facts = {
        "task": f"{record.task}, sample {record.sample}",
        "id": record.task_id,
        "category": record.category or "-",
        "stopped": end.stop_reason or "-",
        "attempt": record.attempt,
    }
    took = measure(record.trajectory)
    found = {name.replace("_", " "): getattr(took, name) for name in TOOK}
    return [
        _plain("metrics of the verdict", _facts(end.metrics)),
        _plain("what it took", _facts(found)),
        _plain("episode", _facts(facts)),
    ]


def _facts(values: Mapping[str, Any]) -> Text:
    shown = {name: _figure(value) for name, value in values.items()}
    return _table(shown) if shown else Text("none", "dim")


def _figure(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(head: str, body: Text) -> Section:
    return Section(head=Text(head, "bold"), body=body)


def _clipped(text: str, most: int = LONGEST, style: str = "") -> Text:
    shown = Text(visible(text[:most]), style)
    if len(text) > most:
        shown.append(f"\n… {len(text) - most:,} more characters; assay show prints them", "dim")
    return shown

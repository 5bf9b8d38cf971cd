"""A training run as it goes: a chart on a terminal, plain lines elsewhere, always on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from assaygym.cli.output import say

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

__all__ = ["TrainingDisplay", "chart"]

EIGHTHS = " ▁▂▃▄▅▆▇█"
WIDTH = 64
"""Columns of a chart where there is room."""
MARGIN = 7
"""Columns left of a chart."""
EVERY = 2.0
"""Seconds between plain lines."""


KNOWN = {
    "reward_std": "spread {:.3f}",
    "completions/mean_length": "length {:.1f}",
    "entropy": "entropy {:.2f}",
    "kl": "kl {:.4f}",
    "lessons": "{:.0f} lessons",
    "step_time": "{:.2f} s/step",
}
"""Figures of a line, as far as the step has them."""


def chart(values: Sequence[float], *, width: int = WIDTH, height: int = 8, top: float = 1.0) -> str:
    """The values, in [0, top], as columns of block characters; more than `width` of them are averaged.

    NaN leaves its column empty.
    """
    columns = [round(8 * height * min(max(v, 0.0), top) / top) if v == v else 0 for v in _squeezed(values, width)]
    rows = []
    for row in reversed(range(height)):
        label = f"{top * (row + 1) / height:5.2f} " if row in (height - 1, height // 2 - 1) else "      "
        rows.append(label + "│" + "".join(EIGHTHS[min(max(c - 8 * row, 0), 8)] for c in columns))
    return "\n".join([*rows, "      └" + "─" * width])


def _squeezed(values: Sequence[float], width: int) -> list[float]:
    if len(values) <= width:
        return list(values)
    edges = [i * len(values) // width for i in range(width + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]


class TrainingDisplay:
    """Shows the metrics of each step; a context manager. Call it with a step's metrics.

    Args:
        title: what is trained, on what.
        steps: how many there will be.
        stream: where it writes; standard error when None.
        clock: a monotonic clock in seconds.
        quiet: show nothing: another process of the run does.
    """

    def __init__(
        self,
        title: str,
        steps: int,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        quiet: bool = False,
    ) -> None:
        self.title, self.steps, self.quiet = title, steps, quiet
        self.rewards: list[float] = []
        self._times: list[float] = []
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._last = float("-inf")
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self.quiet:
            return self
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=self._stream), refresh_per_second=4, transient=False)
            self._live.start()
        else:
            print(self.title, file=self._stream, flush=True)
        return self

    def __call__(self, metrics: Mapping[str, float], /) -> None:
        """Show one step."""
        if self.quiet:
            return
        self.rewards.append(metrics["reward"])
        self._times.append(metrics.get("step_time", 0.0))
        line, now = self._line(metrics), self._clock()
        if self._live is not None:
            self._live.update(self._picture(line))
        elif now - self._last >= EVERY or metrics["step"] >= self.steps:
            self._last = now
            print(line, file=self._stream, flush=True)

    def note(self, sentence: str, *, at_once: bool = False) -> None:
        """Show what goes on beside the steps; as a plain line only now and then, unless `at_once`."""
        now = self._clock()
        if self._live is not None:
            self._live.update(self._picture(sentence))
        elif at_once or now - self._last >= EVERY:
            self._last = now
            print(sentence, file=self._stream, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _line(self, metrics: Mapping[str, float]) -> str:
        recent = self.rewards[-10:]
        parts = [
            f"step {metrics['step']:.0f}/{self.steps}",
            f"reward {metrics['reward']:.3f}",
            f"last {len(recent)} mean {sum(recent) / len(recent):.3f}",
        ]
        parts += [shape.format(metrics[name]) for name, shape in KNOWN.items() if name in metrics]
        seconds = metrics.get("step_time", 0.0)
        if seconds and "num_tokens" in metrics:
            parts.append(f"{metrics['num_tokens'] / seconds:,.0f} tokens/s")
        left = (self.steps - metrics["step"]) * sum(self._times[-10:]) / len(self._times[-10:])
        return "  ".join([*parts, f"{_clock(left)} left"] if left else parts)

    def _picture(self, line: str) -> Group:
        from rich.console import Group
        from rich.text import Text

        width = max(8, min(WIDTH, self._live.console.width - MARGIN)) if self._live is not None else WIDTH
        picture = chart(self.rewards, width=width)
        return Group(Text(self.title, style="bold"), Text(picture, style="green"), Text(line))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def plain_progress(title: str, steps: int) -> Callable[[int, float], None]:
    """A callback of (step, loss) that says how a warm start goes, every few steps."""

    def told(step: int, loss: float) -> None:
        if step == 1 or step % 50 == 0 or step == steps:
            say(f"{title}: step {step}/{steps}, loss {loss:.3f}")

    return told

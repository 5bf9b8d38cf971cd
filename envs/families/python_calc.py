r"""`assay/PythonCalc-v0`: compute a quantity with a sandboxed Python tool.

Only the final answer earns anything: a call is neither paid nor punished. An episode has `CALLS` runs of the tool; each
starts from a clean interpreter. A fault of the sandbox ends the episode with verdict INVALID.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from assaygym.envs.families.quantities import QUANTITIES
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import call, tool
from assaygym.errors import ConfigError, ToolError
from assaygym.sandbox.base import MIB, ExecResult, ExecStatus, Limits
from assaygym.types import Score, ToolCall
from assaygym.verifiers.numbers import find_numbers
from assaygym.verifiers.text import number

__all__ = ["PythonCalc"]

LIMITS = Limits(cpu_seconds=3, wall_seconds=15, memory_bytes=256 * MIB, output_bytes=64 * 1024, processes=8)
CALLS = 12
SHOWN = 4_000
SIZES = (1, 2, 3, 4, 5)
_FATES = {
    ExecStatus.TIMEOUT: f"stopped: it ran longer than {LIMITS.cpu_seconds:g} seconds",
    ExecStatus.OUT_OF_MEMORY: f"stopped: it used more than {LIMITS.memory_bytes // MIB} MiB of memory",
    ExecStatus.OUTPUT_LIMIT: "stopped: it printed too much",
}


class PythonCalc(
    ToolEnv,
    id="assay/PythonCalc-v0",
    max_turns=6,
    difficulty={"size": SIZES},
    summary="Compute a quantity with a sandboxed Python tool.",
    requires=("sandbox",),
):
    r"""Answer with one exact number. You may run Python with the tool. Give the final number in \boxed{}."""

    size: int
    kind: int
    """Which of `QUANTITIES`."""
    parameters: tuple[int, ...]
    gold: int
    calls: int

    def setup(self, rng: random.Random) -> str:
        """Draw a quantity; the answer is none of the numbers in the question, nor 0 or 1."""
        if self.size not in SIZES:
            raise ConfigError(f"PythonCalc: size {self.size!r}; expected {SIZES[0]} to {SIZES[-1]}")
        self.calls = 0
        while True:
            self.kind = rng.randrange(len(QUANTITIES))
            quantity = QUANTITIES[self.kind]
            self.parameters = quantity.draw(rng, 3 ** (self.size - 1))
            self.gold = quantity.compute(*self.parameters)
            prompt = rng.choice(quantity.phrasings).format(*self.parameters)
            if self.gold > 1 and all(shown.value != self.gold for shown in find_numbers(prompt)):
                return prompt

    @tool
    def python(self, code: str) -> str:
        """Run a Python program from a clean state and return what it prints."""
        from assaygym.sandbox import shared_sandbox

        if self.calls >= CALLS:
            raise ToolError(f"the {CALLS} runs of this task are used up; give your answer")
        self.calls += 1
        return _told(shared_sandbox().run(code, limits=LIMITS))

    def verify(self) -> Score:
        """Judge the final answer alone."""
        return number()(self.reply, self.gold)

    def solve(self) -> Iterator[str | ToolCall]:
        """Run the program that computes the quantity and report what it printed."""
        yield call("python", code=QUANTITIES[self.kind].program(self.parameters))
        yield f"The program printed the answer: \\boxed{{{self.transcript[-1].content.strip()}}}"


def _told(result: ExecResult) -> str:
    """What the program printed, and the last line of its error where it failed."""
    printed = result.stdout.rstrip()
    if len(printed) > SHOWN:
        printed = f"{printed[:SHOWN]}\n[cut: {len(printed) - SHOWN} more characters]"
    parts = [printed] if printed else []
    if result.status is not ExecStatus.OK:
        lines = result.stderr.strip().splitlines()
        last = lines[-1][:SHOWN] if lines else f"ended with {result.status.value}"
        parts.append(_FATES.get(result.status, last))
    return "\n".join(parts) or "(nothing was printed; use print)"

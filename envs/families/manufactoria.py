"""`assay/Manufactoria-v0`: build a machine of nodes that accepts tapes, or rewrites them, by a rule.

After the Manufactoria tasks of DELTA: the rule families compose from level to level, the tests are hidden tapes, and
the share of them that a machine passes stands in the score's metrics (`passed`, `total`) for a dense first phase.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assaygym.envs.families.fenced import last_block
from assaygym.envs.families.robot_machine import MachineError, parse, run
from assaygym.envs.families.robot_rules import (
    Automaton,
    Transducer,
    both,
    draw_acceptance,
    draw_rewriting,
    either,
)
from assaygym.envs.families.robot_solutions import machine_of
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Score, Task
from assaygym.verifiers.code.outcome import Mode, check_mode

__all__ = ["MachineVerifier", "TapeTests", "manufactoria"]

FUEL = 5_000
SHORT = 5
"""All tapes up to this length are tests; longer ones are drawn."""
LONGER = 40
LONGEST = 14
RARE = 0.08
"""Least share of the tapes that a rule accepts, and that it rejects or changes (`is exactly` is an exception)."""
GUIDE = """A robot carries a tape: a queue of symbols, R (red), B (blue), Y (yellow) and G (green). It is empty or \
holds R and B at the start. The robot walks through a machine of nodes:

START name:          the only one of its kind; the robot begins here
    NEXT node
PULLER_RB name:      looks at the first symbol: R or B is removed, and the robot leaves by that exit; if the first
    [R] node         symbol is another one, or the tape is empty, nothing is removed and it leaves by [EMPTY]
    [B] node
    [EMPTY] node
PULLER_YG name:      the same for Y and G, with the exits [Y], [G] and [EMPTY]
PAINTER_RED name:    appends an R at the end of the tape; PAINTER_BLUE, PAINTER_YELLOW and PAINTER_GREEN likewise
    NEXT node
END name             the robot is accepted

An exit that is left out, or leads to NONE, rejects the robot. # starts a comment."""
TEMPLATES = (
    "{guide}\n\nBuild a machine for this: {goal}\n{examples}\n\n{form}",
    "Here is how machines for a robot are written.\n\n{guide}\n\nYour task: {goal}\n{examples}\n\n{form}",
    "You build machines for a robot.\n\n{guide}\n\nGoal: {goal}\n{examples}\n\n{form}",
)
FORM = f"At most {FUEL} nodes are visited for a tape. Give the machine in a fenced code block (```)."
Rules = tuple[Automaton | None, list[Transducer]]
STAGES = (
    {"accept": 1, "size": 2, "rewrite": 0},
    {"accept": 1, "size": 3, "rewrite": 0},
    {"accept": 2, "size": 2, "rewrite": 0},
    {"accept": 0, "size": 2, "rewrite": 1},
    {"accept": 1, "size": 2, "rewrite": 2},
)


@dataclass(frozen=True, slots=True)
class TapeTests:
    """Tapes, each with the tape that must be left; None where it must be rejected. `tape_counts`: what is left does."""

    cases: tuple[tuple[str, str | None], ...]
    tape_counts: bool


@dataclass(frozen=True, slots=True)
class MachineVerifier:
    """Judges a machine by tapes: `binary` asks for all of them, `fraction` pays the share.

    Raises:
        ConfigError: unknown mode.
    """

    mode: Mode = "binary"
    name = "machine"

    def __post_init__(self) -> None:
        check_mode(self.mode)

    def __call__(self, response: str, answer: TapeTests, /) -> Score:
        """The score of the machine in the last block; UNPARSED without a block."""
        text = last_block(response)
        if text is None:
            return Score.unparsed("no machine in the response; expected a fenced block")
        total = len(answer.cases)
        try:
            machine = parse(text)
        except MachineError as error:
            metrics = {"passed": 0.0, "total": float(total)}
            return Score.of(False, extracted=text[:1000], explanation=f"machine: {error}", metrics=metrics)
        wrong = [tape for tape, left in answer.cases if not _right(run(machine, tape, FUEL), left, answer.tape_counts)]
        told = f"wrong for {len(wrong)} of {total} tapes" if wrong else f"right for {total} tapes"
        passed = total - len(wrong)
        return Score.of(
            not wrong if self.mode == "binary" else passed / total,
            extracted=text[:1000],
            explanation=f"machine: {told}",
            metrics={"passed": float(passed), "total": float(total)},
        )


def _right(found: str | None, left: str | None, tape_counts: bool) -> bool:
    return found == left if tape_counts else (found is None) == (left is None)


@task(
    "assay/Manufactoria-v0",
    difficulty={"stage": (1, 2, 3, 4, 5), "examples": (4, 4, 4, 4, 4)},
    verifier=MachineVerifier(),
    kind="code",
    summary="Build a machine that accepts or rewrites tapes by a rule; hidden tapes judge it.",
)
def manufactoria(rng: random.Random, *, stage: int = 1, examples: int = 4) -> tuple[str, TapeTests, dict[str, Any]]:
    """A rule of a stage: 1 and 2 accept, 3 two conditions, 4 rewrite, 5 accept and rewrite twice."""
    if not 1 <= stage <= len(STAGES) or not 0 <= examples <= 8:
        raise ConfigError(f"Manufactoria: stage {stage}, examples {examples}; expected 1 to 5, and 0 to 8")
    while True:
        (accept, rewrites), simpler = _draw_rules(rng, stage)
        tests = _tests(rng, accept, rewrites)
        if _telling(tests, accept) and not any(_same(tests, *rules) for rules in simpler):
            break
    goal = _goal(accept, rewrites)
    shown = _shown(rng, tests, examples)
    prompt = rng.choice(TEMPLATES).format(guide=GUIDE, goal=goal, examples=shown, form=FORM)
    near = [machine_of(*rules) for rules in simpler]
    return prompt, tests, {"reference": machine_of(accept, rewrites), "near": near, "identity": goal}


@manufactoria.solve
def reference(posed: Task[TapeTests]) -> str:
    """The reference machine in a fenced block."""
    return f"This machine:\n\n```\n{posed.metadata['reference']}\n```"


def _draw_rules(rng: random.Random, stage: int) -> tuple[Rules, list[Rules]]:
    """Rules, and those that lack one of their parts."""
    plan = STAGES[stage - 1]
    parts = [draw_acceptance(rng, plan["size"] + rng.randint(0, 1)) for _ in range(plan["accept"])]
    accept = parts[0] if parts else None
    if len(parts) == 2:
        accept = rng.choice((both, either))(parts[0], parts[1])
    rewrites = [draw_rewriting(rng) for _ in range(plan["rewrite"])]
    simpler: list[Rules] = [(part, rewrites) for part in parts if part is not accept]
    simpler += [(accept, rewrites[:i] + rewrites[i + 1 :]) for i in range(len(rewrites))]
    return (accept, rewrites), simpler + ([(None, rewrites)] if accept else [])


def _same(tests: TapeTests, accept: Automaton | None, rewrites: Sequence[Transducer]) -> bool:
    """Whether these rules pass the tests too."""
    return all(_right(_left(tape, accept, rewrites), left, tests.tape_counts) for tape, left in tests.cases)


def _left(tape: str, accept: Automaton | None, rewrites: Sequence[Transducer]) -> str | None:
    if accept is not None and not accept.accepts(tape):
        return None
    for rule in rewrites:
        tape = rule.rewrite(tape)
    return tape


def _tests(rng: random.Random, accept: Automaton | None, rewrites: Sequence[Transducer]) -> TapeTests:
    tapes = ["".join(tape) for length in range(SHORT + 1) for tape in itertools.product("RB", repeat=length)]
    tapes += ["".join(rng.choices("RB", k=rng.randint(SHORT + 1, LONGEST))) for _ in range(LONGER)]
    tapes = list(dict.fromkeys(tapes))
    return TapeTests(tuple((tape, _left(tape, accept, rewrites)) for tape in tapes), bool(rewrites))


def _telling(tests: TapeTests, accept: Automaton | None) -> bool:
    """Whether many tapes are accepted, and many are not or are changed."""
    accepted = [(tape, left) for tape, left in tests.cases if left is not None]
    if tests.tape_counts and sum(tape != left for tape, left in accepted) < RARE * len(tests.cases):
        return False
    if accept is None:
        return True
    if not tests.tape_counts and accept.words.startswith("is exactly"):
        return len(accepted) == 1
    return RARE * len(tests.cases) < len(accepted) < (1 - RARE) * len(tests.cases)


def _goal(accept: Automaton | None, rewrites: Sequence[Transducer]) -> str:
    orders = ", then ".join(rule.words for rule in rewrites)
    if accept is None:
        return f"{orders}. Every tape is accepted, and what is on the tape at the end counts."
    if not rewrites:
        return f"accept a tape exactly if it {accept.words}. What is on the tape at the end does not matter."
    return (
        f"if the tape {accept.words}, {orders}, and accept it; reject every other tape. What is on the tape at the end "
        "counts."
    )


def _shown(rng: random.Random, tests: TapeTests, number: int) -> str:
    """Some tapes, where possible as many that are accepted as rejected."""
    kinds = [[case for case in tests.cases if (case[1] is None) == rejected] for rejected in (False, True)]
    mixed = [rng.choice(kinds[i % 2] or kinds[0]) for i in range(number)]
    lines = [f"  {tape or '(empty)'}: {_said(left, tests.tape_counts)}" for tape, left in dict.fromkeys(mixed)]
    return "\n".join(["For example:", *lines]) if lines else ""


def _said(left: str | None, tape_counts: bool) -> str:
    if left is None:
        return "rejected"
    return f"accepted with {left or '(empty)'}" if tape_counts else "accepted"

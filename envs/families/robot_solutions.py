"""From rules to machines: the reference solutions of `assay/Manufactoria-v0`."""

from __future__ import annotations

from collections.abc import Sequence

from assaygym.envs.families.robot_machine import COLOURS
from assaygym.envs.families.robot_rules import Automaton, Transducer

__all__ = ["machine_of"]

_PAINTERS = {colour: kind for kind, colour in COLOURS.items()}


def machine_of(accept: Automaton | None, rewrites: Sequence[Transducer]) -> str:
    """The text of a machine that rejects what `accept` does not hold for, then rewrites by each rule in turn.

    Phases are kept apart by a yellow mark: painted at the end, met again when the tape has gone round once.
    """
    writer = _Writer()
    phases = len(rewrites) + bool(accept and rewrites)
    after = "done"
    for number in reversed(range(phases)):
        if accept and number == 0:
            after = writer.check(accept, "p0", after, keep=True)
        else:
            after = writer.rewrite(rewrites[number - bool(accept and rewrites)], f"p{number}", after)
    if accept and not rewrites:
        after = writer.check(accept, "p0", after, keep=False)
    return "\n".join([f"START begin:\n    NEXT {after}", *writer.nodes, "END done"])


class _Writer:
    """Collects nodes; each method returns the name of the node that its part begins with."""

    def __init__(self) -> None:
        self.nodes: list[str] = []

    def check(self, rule: Automaton, name: str, after: str, keep: bool) -> str:
        """Read the tape by an automaton; where it is kept, everything read is painted again behind a mark."""
        for state, moves in enumerate(rule.moves):
            goals = {c: f"{name}s{goal}" for c, goal in moves.items()}
            if keep:
                goals = {c: self.paint(c, f"{name}s{state}{c}", goal) for c, goal in goals.items()}
            end = after if state in rule.final else "NONE"
            if keep and end != "NONE":
                end = self.unmark(f"{name}s{state}y", after)
            self.pull(f"{name}s{state}", goals, end)
        return self.paint("Y", f"{name}mark", f"{name}s0") if keep else f"{name}s0"

    def rewrite(self, rule: Transducer, name: str, after: str) -> str:
        """Go once round the tape by a transducer."""
        for state, moves in enumerate(rule.moves):
            goals = {
                c: self.paint(written, f"{name}s{state}{c}", f"{name}s{goal}") for c, (written, goal) in moves.items()
            }
            tail = rule.tails[min(state, len(rule.tails) - 1)]
            end = self.unmark(f"{name}s{state}y", self.paint(tail, f"{name}s{state}t", after))
            self.pull(f"{name}s{state}", goals, end)
        return self.paint(f"Y{rule.prefix}", f"{name}mark", f"{name}s0")

    def pull(self, name: str, goals: dict[str, str], end: str) -> None:
        """A puller of red and blue."""
        exits = "".join(f"    [{colour}] {goal}\n" for colour, goal in goals.items())
        self.nodes.append(f"PULLER_RB {name}:\n{exits}    [EMPTY] {end}")

    def unmark(self, name: str, after: str) -> str:
        """Take the mark off."""
        self.nodes.append(f"PULLER_YG {name}:\n    [Y] {after}")
        return name

    def paint(self, colours: str, name: str, after: str) -> str:
        """Paint these colours, one after the other."""
        for number, colour in reversed(list(enumerate(colours))):
            self.nodes.append(f"{_PAINTERS[colour]} {name}{number}:\n    NEXT {after}")
            after = f"{name}{number}"
        return after

"""The machines of `assay/Manufactoria-v0`: a queue of coloured symbols and nodes that read its head or paint its end.

A node is written as a line `KIND name:` and its exits, one a line:

    START begin:
        NEXT look
    PULLER_RB look:
        [R] done
        [B] look
        [EMPTY] NONE
    PAINTER_RED mark:
        NEXT done
    END done
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["COLOURS", "Machine", "MachineError", "Node", "parse", "run"]

COLOURS = {"PAINTER_RED": "R", "PAINTER_BLUE": "B", "PAINTER_YELLOW": "Y", "PAINTER_GREEN": "G"}
PULLERS = {"PULLER_RB": ("R", "B", "EMPTY"), "PULLER_YG": ("Y", "G", "EMPTY")}
NOWHERE = "NONE"
MOST_NODES = 300
MOST_LINES = 2_000
MOST_TAPE = 2_000
_HEAD = re.compile(r"([A-Z_]{3,20})\s+([A-Za-z_]\w{0,40})\s*:?", re.ASCII)
_EXIT = re.compile(r"(?:(NEXT)|\[(R|B|Y|G|EMPTY)\])\s+([A-Za-z_]\w{0,40})", re.ASCII)


class MachineError(Exception):
    """The text is no machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its kind, and the name of the node behind each exit."""

    kind: str
    exits: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """Nodes by name; `start` is the first one's."""

    start: str
    nodes: Mapping[str, Node]


def parse(text: str) -> Machine:
    """The machine of a text; `#` starts a comment.

    Raises:
        MachineError: a line cannot be read, a node is missing, doubled or has wrong exits.
    """
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise MachineError(f"{len(lines)} lines, over the limit of {MOST_LINES}")
    found: dict[str, Node] = {}
    exits: dict[str, str] | None = None
    for number, line in enumerate(lines, 1):
        bare = line.partition("#")[0].strip()
        if not bare:
            continue
        if match := _EXIT.fullmatch(bare) if len(bare) <= 120 else None:
            _add_exit(number, exits, match[1] or match[2], match[3])
        elif match := _HEAD.fullmatch(bare) if len(bare) <= 120 else None:
            exits = {}
            _add_node(number, found, match[2], Node(match[1], exits))
        else:
            raise MachineError(f"line {number} cannot be read")
    return _checked(found)


def _add_exit(number: int, exits: dict[str, str] | None, name: str, goal: str) -> None:
    if exits is None:
        raise MachineError(f"line {number}: an exit before the first node")
    if name in exits:
        raise MachineError(f"line {number}: the exit {name} stands twice")
    exits[name] = goal


def _add_node(number: int, found: dict[str, Node], name: str, node: Node) -> None:
    if node.kind not in (*COLOURS, *PULLERS, "START", "END"):
        raise MachineError(f"line {number}: there is no kind of node {node.kind}")
    if name in found or name == NOWHERE:
        raise MachineError(f"line {number}: the name {name} is taken")
    if len(found) >= MOST_NODES:
        raise MachineError(f"over {MOST_NODES} nodes")
    found[name] = node


def _checked(found: dict[str, Node]) -> Machine:
    starts = [name for name, node in found.items() if node.kind == "START"]
    if len(starts) != 1:
        raise MachineError(f"{len(starts)} START nodes, expected 1")
    for name, node in found.items():
        allowed = PULLERS.get(node.kind, () if node.kind == "END" else ("NEXT",))
        if wrong := node.exits.keys() - set(allowed):
            raise MachineError(f"the node {name} has no exit {min(wrong)}")
        for goal in node.exits.values():
            if goal != NOWHERE and goal not in found:
                raise MachineError(f"the node {name} leads to {goal}, which is not there")
    return Machine(starts[0], found)


def run(machine: Machine, tape: str, fuel: int) -> str | None:
    """The tape at the end where the machine accepts; None where it rejects, or goes on for over `fuel` nodes.

    It accepts by reaching an END node, and rejects by an exit that leads nowhere. A puller removes the head of the tape
    when it has one of its two colours and leaves by that exit; else it removes nothing and leaves by [EMPTY].
    """
    name, first, cells = machine.start, 0, list(tape)
    for _ in range(fuel):
        node = machine.nodes[name]
        if node.kind == "END":
            return "".join(cells[first:])
        way = "NEXT"
        if node.kind in PULLERS:
            head = cells[first] if first < len(cells) else ""
            way = head if head in PULLERS[node.kind] else "EMPTY"
            first += way != "EMPTY"
        elif node.kind in COLOURS:
            cells.append(COLOURS[node.kind])
        name = node.exits.get(way, NOWHERE)
        if name == NOWHERE or len(cells) - first > MOST_TAPE:
            return None
    return None

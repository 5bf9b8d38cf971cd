"""Compiles rules for system calls to classic BPF (linux/filter.h): 8-byte instructions of code, jumps, operand.

The rules stand at the leaves of a balanced tree over the calls' numbers. The kernel runs the whole program once per
call number when a filter is installed, to learn which calls are always allowed (those cost nothing later on), so a tree
of depth 8 in place of a chain of 150 comparisons is what keeps installing cheap.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
"""Verdicts (linux/seccomp.h); the error number is added to `ERROR`, and 0 makes the call do nothing and succeed."""
LOAD, AND, JUMP, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
LONGEST_JUMP = 255
EVERY_BIT = 0xFFFFFFFF
TESTS = {"==": JUMP_EQUAL, "!=": JUMP_EQUAL, ">=": JUMP_GREATER_EQUAL, "&": JUMP_SET}


class Check(NamedTuple):
    """When an argument (0 to 5), of which only the bits of the mask count, passes the test, the verdict is this.

    `&` asks for any of the operand's bits. Bits beyond the low 32 never count, as the kernel takes these arguments.
    """

    argument: int
    test: str
    operand: int
    verdict: int
    mask: int = EVERY_BIT


class Rule(NamedTuple):
    """The verdict of the first check that holds, or `otherwise`."""

    otherwise: int
    checks: tuple[Check, ...] = ()


def compile_filter(architecture: int, rules: Mapping[int, Rule]) -> bytes:
    """The program for one architecture; a call under any other one kills.

    Args:
        architecture: the audit code of the calls' convention.
        rules: per call number the rule of it and of all numbers up to the next key; 0 must be a key.
    """
    starts = sorted(rules)
    segments = [
        (start, rules[start]) for at, start in enumerate(starts) if at == 0 or rules[start] != rules[starts[at - 1]]
    ]
    return b"".join(
        [
            _line(LOAD, ARCHITECTURE_AT),
            _line(JUMP_EQUAL, architecture, 1, 0),
            _line(RETURN, KILL),
            _line(LOAD, NUMBER_AT),
            *_tree(segments),
        ]
    )


def _tree(segments: list[tuple[int, Rule]]) -> list[bytes]:
    if len(segments) == 1:
        return _leaf(segments[0][1])
    middle = len(segments) // 2
    lower, upper = _tree(segments[:middle]), _tree(segments[middle:])
    first = segments[middle][0]
    if len(lower) <= LONGEST_JUMP:
        return [_line(JUMP_GREATER_EQUAL, first, len(lower), 0), *lower, *upper]
    return [_line(JUMP_GREATER_EQUAL, first, 0, 1), _line(JUMP, len(lower)), *lower, *upper]


def _leaf(rule: Rule) -> list[bytes]:
    lines: list[bytes] = []
    loaded = None
    for check in rule.checks:
        if (check.argument, check.mask) != loaded:
            lines.append(_line(LOAD, ARGUMENTS_AT + 8 * check.argument))
            if check.mask != EVERY_BIT:
                lines.append(_line(AND, check.mask))
            loaded = check.argument, check.mask
        jumps = (1, 0) if check.test == "!=" else (0, 1)
        lines += [_line(TESTS[check.test], check.operand, *jumps), _line(RETURN, check.verdict)]
    return [*lines, _line(RETURN, rule.otherwise)]


def _line(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, operand)

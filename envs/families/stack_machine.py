"""The machine of `assay/StackVM-v0`: a stack of integers, maybe registers, one instruction a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["OPERATIONS", "Fault", "Instruction", "parse", "run"]

MOST_LINES = 2_000
MOST_STACK = 1_000
REGISTERS = 16
BOUND = 1 << 62
"""Values stay below it, in either direction."""
_LINE = re.compile(r"(?:([A-Za-z_]\w{0,40}):)?\s*(?:([A-Za-z]{2,5})(?:\s+(-?\d{1,18}|[A-Za-z_]\w{0,40}))?)?", re.ASCII)
_NUMBER = re.compile(r"-?\d+", re.ASCII)

OPERATIONS = {
    "PUSH": "PUSH n: push the integer n",
    "POP": "POP: remove the top",
    "DUP": "DUP: push a copy of the top",
    "SWAP": "SWAP: exchange the two topmost values",
    "OVER": "OVER: push a copy of the second value from the top",
    "PICK": "PICK n: push a copy of the value n places below the top (PICK 0 is DUP, PICK 1 is OVER)",
    "ADD": "ADD: pop b, pop a, push a + b",
    "SUB": "SUB: pop b, pop a, push a - b",
    "MUL": "MUL: pop b, pop a, push a * b",
    "DIV": "DIV: pop b, pop a, push a / b rounded down (towards minus infinity)",
    "MOD": "MOD: pop b, pop a, push a - b * (a / b rounded down)",
    "LT": "LT: pop b, pop a, push 1 if a < b, else 0",
    "EQ": "EQ: pop b, pop a, push 1 if a = b, else 0",
    "JMP": "JMP label: go on at the label",
    "JZ": "JZ label: pop the top; if it is 0, go on at the label",
    "LOAD": f"LOAD k: push the value of register k (0 to {REGISTERS - 1}; all start at 0)",
    "STORE": f"STORE k: pop the top into register k (0 to {REGISTERS - 1})",
}
"""What each instruction does, in the words of the prompt."""
_NUMBERED = ("PUSH", "PICK", "LOAD", "STORE")
_JUMPS = ("JMP", "JZ")
_BINARY: dict[str, Callable[[int, int], int]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": lambda a, b: a // b,
    "MOD": lambda a, b: a % b,
    "LT": lambda a, b: int(a < b),
    "EQ": lambda a, b: int(a == b),
}


class Fault(Exception):
    """The program cannot be read, or cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """An operation with its number, or with the index that it jumps to."""

    operation: str
    operand: int = 0


def parse(text: str, operations: Sequence[str]) -> tuple[Instruction, ...]:
    """The program of a text: one instruction a line, `name:` labels, `#` or `;` comments, letters of either case.

    Raises:
        Fault: a line cannot be read, uses another operation, or jumps to no label.
    """
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise Fault(f"{len(lines)} lines, over the limit of {MOST_LINES}")
    labels: dict[str, int] = {}
    read: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        bare = re.split("[#;]", line, maxsplit=1)[0].strip()
        match = _LINE.fullmatch(bare) if len(bare) <= 120 else None
        if match is None:
            raise Fault(f"line {number} cannot be read")
        label, operation, operand = match.groups("")
        if label in labels:
            raise Fault(f"line {number}: the label {label} stands twice")
        if label:
            labels[label] = len(read)
        if operation:
            _check(number, operation.upper(), operand, operations)
            read.append((operation.upper(), operand))
    if not read:
        raise Fault("there is no instruction")
    return tuple(_instruction(operation, operand, labels) for operation, operand in read)


def _check(number: int, operation: str, operand: str, operations: Sequence[str]) -> None:
    if operation not in operations:
        raise Fault(f"line {number}: there is no operation {operation}")
    if operation in _JUMPS:
        if not operand or _NUMBER.fullmatch(operand):
            raise Fault(f"line {number}: {operation} needs a label")
    elif bool(_NUMBER.fullmatch(operand)) != (operation in _NUMBERED):
        raise Fault(f"line {number}: {operation} takes {'a number' if operation in _NUMBERED else 'nothing'}")


def _instruction(operation: str, operand: str, labels: dict[str, int]) -> Instruction:
    if operation in _JUMPS:
        if operand not in labels:
            raise Fault(f"there is no label {operand}")
        return Instruction(operation, labels[operand])
    return Instruction(operation, int(operand or 0))


def run(program: Sequence[Instruction], inputs: Sequence[int], fuel: int) -> int:
    """The result: what alone is on the stack when the program runs past its last instruction.

    Args:
        program: what `parse` gave.
        inputs: on the stack at the start, the last one on top.
        fuel: the most instructions carried out.

    Raises:
        Fault: it cannot go on, uses the fuel up, or leaves the stack with another number of values.
    """
    stack, registers, position = list(inputs), [0] * REGISTERS, 0
    for _ in range(fuel):
        if position >= len(program):
            if len(stack) != 1:
                raise Fault(f"{len(stack)} values are left on the stack, expected 1")
            return stack[0]
        here = program[position]
        try:
            position = _step(here, position, stack, registers)
        except IndexError:
            raise Fault(f"{here.operation} finds too few values on the stack, or no such place") from None
        except ZeroDivisionError:
            raise Fault(f"{here.operation} by zero") from None
        if stack and not -BOUND < stack[-1] < BOUND:
            raise Fault("a value is too large")
        if len(stack) > MOST_STACK:
            raise Fault("the stack is too deep")
    raise Fault(f"it does not end within {fuel} steps")


def _step(here: Instruction, position: int, stack: list[int], registers: list[int]) -> int:
    """Carry one instruction out; the index of the next one."""
    operation, operand = here.operation, here.operand
    if operation in _BINARY:
        b, a = stack.pop(), stack.pop()
        stack.append(_BINARY[operation](a, b))
    elif operation == "PUSH":
        stack.append(operand)
    elif operation == "LOAD":
        stack.append(registers[_index(operand)])
    elif operation == "STORE":
        registers[_index(operand)] = stack.pop()
    elif operation == "JMP":
        return operand
    elif operation == "JZ":
        return operand if stack.pop() == 0 else position + 1
    else:
        _shuffle(operation, operand, stack)
    return position + 1


def _shuffle(operation: str, operand: int, stack: list[int]) -> None:
    if operation == "POP":
        stack.pop()
    elif operation == "SWAP":
        stack[-1], stack[-2] = stack[-2], stack[-1]
    else:
        depth = {"DUP": 0, "OVER": 1}.get(operation, operand)
        stack.append(stack[-1 - _index(depth)])


def _index(number: int) -> int:
    if number < 0:
        raise IndexError(number)
    return number

"""Arithmetic on matrices and tuples that only spreads over the entries, and small determinants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.objects.trees import ZERO, linear, negated, product, settled
from assaygym.verifiers.maths.scalars.scalar import free_names
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["determinants_expanded", "spread", "unit_vectors", "vector_components", "with_multiples"]

MAX_DETERMINANT: Final = 4
_ARRAYS: Final = ("matrix", "seq")


def spread(node: Node) -> Node | None:
    """The matrix or tuple that multiples, sums and quotients by a scalar make; None for anything else."""
    if node[0] == "matrix" or (node[0] == "seq" and node[1] in "(["):
        return node
    rule = _RULES.get(node[0])
    return rule(node) if rule else None


def _is_array(node: Node) -> bool:
    if node[0] in _ARRAYS:
        return True
    return node[0] in ("add", "neg", "mul", "div") and any(_is_array(part) for part in node[1:])


def _mapped(array: Node, change: Callable[[Node], Node]) -> Node:
    if array[0] == "seq":
        return (*array[:3], *(change(item) for item in array[3:]))
    return ("matrix", *(tuple(change(entry) for entry in row) for row in array[1:]))


def _negation(node: Node) -> Node | None:
    inner = spread(node[1])
    return inner and _mapped(inner, negated)


def _product(node: Node) -> Node | None:
    arrays = [part for part in node[1:] if _is_array(part)]
    if len(arrays) != 1:
        return None
    array = spread(arrays[0])
    factors = [part for part in node[1:] if part is not arrays[0]]
    factor = factors[0] if len(factors) == 1 else ("mul", *factors)
    return array and _mapped(array, lambda entry: settled(product(factor, entry)))


def _quotient(node: Node) -> Node | None:
    array = None if _is_array(node[2]) else spread(node[1])
    return array and _mapped(array, lambda entry: settled(("div", entry, node[2])))


def _sum(node: Node) -> Node | None:
    arrays = [spread(part) for part in node[1:]]
    first = arrays[0]
    if first is None:
        return None
    for array in arrays[1:]:
        if array is None or _shape(array) != _shape(first):
            return None
    rows = [[list(row) for row in _rows(array)] for array in arrays if array is not None]
    summed = [[settled(("add", *entries)) for entries in zip(*row, strict=True)] for row in zip(*rows, strict=True)]
    return (*first[:3], *summed[0]) if first[0] == "seq" else ("matrix", *(tuple(row) for row in summed))


def _power(node: Node) -> Node | None:
    """A transposed row, column or matrix."""
    array = spread(node[1]) if node[2] in _TRANSPOSED else None
    if array is None:
        return None
    rows = _rows(array)
    return ("matrix", *zip(*rows, strict=True)) if len({len(row) for row in rows}) == 1 else None


_TRANSPOSED: Final = (("sym", "T"), ("sym", "top"))


def _rows(array: Node) -> tuple[tuple[Node, ...], ...]:
    return (array[3:],) if array[0] == "seq" else array[1:]


def _shape(array: Node) -> tuple[object, ...]:
    return (array[0], *(array[1:3] if array[0] == "seq" else ()), *(len(row) for row in _rows(array)))


_RULES: Final = {"neg": _negation, "mul": _product, "div": _quotient, "add": _sum, "pow": _power}


def vector_components(node: Node, count: int) -> list[Node] | None:
    r"""The components of `2\mathbf i-\mathbf j`; None when the tree is no sum of unit vectors."""
    for prefix in ("vec ", "hat "):
        names = [prefix + letter for letter in "ijk"]
        found = []
        if not free_names(node) & set(names) or any(name in free_names(node) for name in names[count:]):
            continue
        rest = node
        for name in names[:count]:
            parts = linear(rest, name)
            if parts is None:
                return None
            found.append(parts[0])
            rest = parts[1]
        return found if _vanishes(rest) else None
    return None


def unit_vectors(node: Node) -> Node | None:
    """`2i-3j`, typed without accents, with the unit vectors meant; None when no j or k tells so."""
    names = free_names(node)
    if not names & {"j", "k"} or any(name.startswith(("vec ", "hat ")) for name in names):
        return None
    return _accented(node)


def _accented(node: Node) -> Node:
    if node == ("const", "i") or node in (("sym", "j"), ("sym", "k")):
        return ("sym", f"vec {node[1]}")
    return tuple(_accented(part) if isinstance(part, tuple) else part for part in node)


def with_multiples(node: Node) -> Node:
    """`(1,2,3)+t(1,1,1)`, where the second tuple is no argument of a function t."""
    if node[0] != "add":
        return node
    lengths = {len(term) - 3 for term in node[1:] if term[0] == "seq"}
    return ("add", *(_multiple(term, lengths) for term in node[1:]))


def _multiple(node: Node, lengths: set[int]) -> Node:
    if node[0] == "neg":
        return ("neg", _multiple(node[1], lengths))
    if node[0] != "call" or len(node[1]) != 1 or not node[1].islower() or len(node) - 2 not in lengths:
        return node
    return ("mul", ("sym", node[1]), ("seq", "(", ")", *node[2:]))


def _vanishes(node: Node) -> bool:
    """Whether a sum without its linear parts has nothing left."""
    return node == ZERO or (node[0] in ("add", "neg", "mul", "div") and all(_vanishes(part) for part in node[1:2]))


def determinants_expanded(node: Node) -> Node:
    """The tree with determinants of small square matrices as polynomials of their entries."""
    if node[:2] == ("fn", "det") and len(node) == 3 and node[2][0] == "matrix":
        rows = node[2][1:]
        if len(rows) <= MAX_DETERMINANT and all(len(row) == len(rows) for row in rows):
            return settled(_determinant([list(row) for row in rows]))
    return tuple(determinants_expanded(part) if isinstance(part, tuple) else part for part in node)


def _determinant(rows: list[list[Node]]) -> Node:
    if len(rows) == 1:
        return rows[0][0]
    terms = []
    for column, entry in enumerate(rows[0]):
        minor = [row[:column] + row[column + 1 :] for row in rows[1:]]
        term: Node = ("mul", entry, _determinant(minor))
        terms.append(("neg", term) if column % 2 else term)
    return ("add", *terms)

r"""Constants of integration: `x^2+C` and `x^2+K` are the same antiderivative, and so is `x^2+5+C`."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Final

from assaygym.verifiers.maths.finding import Finding
from assaygym.verifiers.maths.objects.context import Context
from assaygym.verifiers.maths.objects.trees import ZERO, difference, renamed
from assaygym.verifiers.maths.scalars.scalar import Scalar, free_names, substitute
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["same_up_to_constant", "same_with_constants_renamed"]

_CONSTANT: Final = re.compile(r"[CKck](?:_?[0-9])?|const|constant")
_ARBITRARY: Final = re.compile(r"[A-HK]|[CKck]_?[0-9]")
_NUMBERED: Final = re.compile(r"[CKck]_?[0-9]")
MOST_CONSTANTS: Final = 3
_ELSEWHERE: Final = "at"


def same_up_to_constant(gold: Scalar, pred: Scalar, context: Context) -> Finding | None:
    """The finding where the gold has a constant of integration; None where it has none."""
    left = _constant_names(gold)
    if not left:
        return None
    right = _constant_names(pred)
    if len(left) == len(right) == 1 and _added(gold.tree, left[0]) and _added(pred.tree, right[0]):
        return _same_family(_without(gold.tree, left[0]), _without(pred.tree, right[0]), context)
    if not right and context.policy.plus_c and len(left) == 1 and _added(gold.tree, left[0]):
        return context.values(Scalar(_without(gold.tree, left[0])), pred)
    if len(left) == len(right) == 1 and left != right and left[0] not in pred.names:
        return context.values(gold, Scalar(renamed(pred.tree, {right[0]: left[0]})))
    return None


def same_with_constants_renamed(gold: Scalar, pred: Scalar, context: Context) -> Finding | None:
    """`C_1e^x+C_2e^{-x}` with other letters for the constants, or in another order; None where these are not told."""
    mine, other = gold.names, pred.names
    if len(mine) != len(other) or not any(map(_NUMBERED.fullmatch, mine | other)):
        return None
    names, others = (sorted(filter(_ARBITRARY.fullmatch, side)) for side in (mine, other))
    if len(names) != len(others) or not 1 < len(names) <= MOST_CONSTANTS or mine - set(names) != other - set(others):
        return None
    if not (all(map(_NUMBERED.fullmatch, names)) or all(map(_NUMBERED.fullmatch, others))):
        return None
    finding = None
    for order in permutations(sorted(names)):
        finding = context.values(gold, Scalar(renamed(pred.tree, dict(zip(others, order, strict=True)))))
        if finding.equal:
            break
    return finding


def _constant_names(scalar: Scalar) -> list[str]:
    names = scalar.names
    return [name for name in names if _CONSTANT.fullmatch(name)] if len(names) > 1 else []


def _added(tree: Node, name: str) -> bool:
    """Whether the name stands once, as a term."""
    terms = _terms(tree, name)
    if terms is None:
        return False
    return not any(name in free_names(term) for term in terms)


def _terms(tree: Node, name: str) -> list[Node] | None:
    if tree[0] != "add":
        return None
    constant: Node = ("sym", name)
    rest = [term for term in tree[1:] if term not in (constant, ("neg", constant))]
    return rest if len(rest) == len(tree) - 2 else None


def _without(tree: Node, name: str) -> Node:
    terms = _terms(tree, name) or [ZERO]
    return terms[0] if len(terms) == 1 else ("add", *terms)


def _same_family(gold: Node, pred: Node, context: Context) -> Finding:
    """Whether the difference does not depend on any name: it is the same everywhere."""
    finding = context.values(Scalar(gold), Scalar(pred))
    if finding.equal:
        return finding
    elsewhere: dict[str, Node] = {name: ("sym", name + _ELSEWHERE) for name in free_names(gold) | free_names(pred)}
    changes = [Scalar(difference(side, substitute(side, elsewhere))) for side in (gold, pred)]
    return context.values(*changes)

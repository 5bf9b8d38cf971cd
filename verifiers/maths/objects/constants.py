r"""Constants of integration: `x^2+C` and `x^2+K` are the same antiderivative, and so is `x^2+5+C`."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.maths.finding import Finding
from assaygym.verifiers.maths.objects.context import Context
from assaygym.verifiers.maths.objects.trees import ZERO, difference, renamed
from assaygym.verifiers.maths.scalars.scalar import Scalar, free_names, substitute
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["same_up_to_constant"]

_CONSTANT: Final = re.compile(r"[CKck](?:_?[0-9])?|const|constant")
_ELSEWHERE: Final = "at"


def same_up_to_constant(gold: Scalar, pred: Scalar, context: Context) -> Finding | None:
    """The finding where the gold has a constant of integration; None where it has none."""
    left = _constant_names(gold.tree)
    if not left:
        return None
    right = _constant_names(pred.tree)
    if len(left) == len(right) == 1 and _added(gold.tree, left[0]) and _added(pred.tree, right[0]):
        return _same_family(_without(gold.tree, left[0]), _without(pred.tree, right[0]), context)
    if not right and context.policy.plus_c and len(left) == 1 and _added(gold.tree, left[0]):
        return context.values(Scalar(_without(gold.tree, left[0])), pred)
    if len(left) == len(right) == 1 and left != right and left[0] not in free_names(pred.tree):
        return context.values(gold, Scalar(renamed(pred.tree, {right[0]: left[0]})))
    return None


def _constant_names(tree: Node) -> list[str]:
    names = free_names(tree)
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

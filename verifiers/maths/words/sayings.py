"""Answers that are always said in one of a few ways: yes and no, no solution, undefined, infinity, directions."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.maths.syntax.tree import Node
from assaygym.verifiers.maths.words.kinds import Words

__all__ = ["read_saying"]

_INFINITY: Final[Node] = ("const", "inf")

_NAMES: Final[dict[str, tuple[Node | None, str]]] = {
    "yes": (None, "yes|yes it is|yes it does|yes they are|yes they do|ja|oui|sí|si señor|да|是|是的"),
    "no": (None, "no|no it is not|no it does not|no they are not|nein|non|нет|不是|否"),
    "true": (None, "true|it is true|wahr|vrai|verdadero|正确|正確|对"),
    "false": (None, "false|it is false|falsch|faux|falso|错误|錯誤|错"),
    "no solution": (
        ("set",),
        "empty set|null set|none|no value|no values|no answer exists|has no solution|keine lösung|keine lösungen"
        "|pas de solution|aucune solution|no hay solución|sin solución|нет решений|无解|無解|空集|inconsistent",
    ),
    "none of these": (None, "none of these|none of above|none of them|none of given options|none of options"),
    "does not exist": (None, "does not exist|do not exist|doesn't exist|dne|nonexistent|non existent|不存在"),
    "undefined": (("const", "undefined"), "undefined|not defined|is undefined|is not defined|无定义|未定义"),
    "infinity": (_INFINITY, "infinity|positive infinity|plus infinity|unendlich|infini|infinito|无穷大|正无穷"),
    "minus infinity": (("neg", _INFINITY), "negative infinity|minus infinity|负无穷"),
    "infinitely many": (
        None,
        "infinitely many|infinite number|infinite|infinite solutions|infinite number of solutions|unendlich viele"
        "|infinitely many solutions|there are infinitely many|there are infinitely many solutions|无数个|无穷多|无限多",
    ),
    "all real numbers": (
        ("domain", "R"),
        "all real numbers|all reals|real numbers|any real number|every real number|set of real numbers"
        "|set of all real numbers|all real values|all real x|any real x|全体实数|一切实数",
    ),
    "all integers": (("domain", "Z"), "all integers|any integer|every integer|set of integers|set of all integers"),
    "all rational numbers": (("domain", "Q"), "all rational numbers|all rationals|any rational number"),
    "all complex numbers": (("domain", "C"), "all complex numbers|any complex number|every complex number"),
    "all positive integers": (
        ("domain", "Z+"),
        "all positive integers|any positive integer|every positive integer|set of positive integers",
    ),
    **{way: (None, way) for way in ("north", "south", "east", "west")},
    **{f"{a}{b}": (None, f"{a}{b}|{a} {b}") for a in ("north", "south") for b in ("east", "west")},
}

_SAYINGS: Final = {
    form.replace(" ", ""): (name, tree) for name, (tree, forms) in _NAMES.items() for form in forms.split("|")
}
_DIRECTIONS: Final = {
    "N": "north", "S": "south", "E": "east", "W": "west",
    "NE": "northeast", "NW": "northwest", "SE": "southeast", "SW": "southwest",
}  # fmt: skip
_NO_SOLUTION = re.compile(
    r"(?:(?:there (?:is|are|exists?) |it has |has )?no(?: such)?|without) (?:(real|integer|integral|rational|positive|"
    r"positive integer|complex|natural) )?(?:solution|root|zero|value|number)s?(?: (?:exists?|of x))?"
)


def read_saying(plain: str, words: tuple[str, ...], *, directions: bool = False) -> Words | None:
    """The fixed answer that the words are; None when they are none.

    Args:
        plain: from `plain_text`.
        words: the same, folded.
        directions: whether the other answer is a direction: then `NE` and even `E` are.
    """
    key = "".join(words[1:] if words[:1] in (("due",), ("to",)) else words)
    found = _SAYINGS.get(key)
    if found is not None:
        return _saying(*found)
    direction = _DIRECTIONS.get(plain.replace(".", ""))
    if direction and directions:
        return _saying(direction, None)
    return _none(" ".join(words)) if key.startswith(("no", "there", "it", "has", "without")) else None


def _none(text: str) -> Words | None:
    """`no solution`, with the sort of them that there is none of; real ones, where nothing is said."""
    match = _NO_SOLUTION.fullmatch(text)
    if match is None:
        return None
    sort = match[1]
    return _saying("no solution", ("set",)) if sort in (None, "real") else _saying(f"no {sort} solution", None)


def _saying(name: str, tree: Node | None) -> Words:
    return Words("saying", name, name.replace(" ", ""), tree, certain=len(name) > 2)

"""Trees in one line, for tables of what texts are read as."""

from collections.abc import Callable
from typing import Any

import pytest

from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse


def compact(node: Any) -> str:
    """`(mul 2 (fn sin x))`: numbers and names bare, constants after `#`, `1/2` for a literal fraction."""
    if not isinstance(node, tuple):
        return str(node)
    if node[0] == "num":
        return str(node[1]) if node[2] == 1 else f"{node[1]}/{node[2]}"
    if node[0] in ("sym", "const"):
        return f"{'#' if node[0] == 'const' else ''}{node[1]}"
    return "(" + " ".join(map(compact, node)) + ")"


@pytest.fixture
def reading() -> Callable[[str], str]:
    """What a text is read as, in one line."""
    return lambda text: compact(parse(normalise(text)))

r"""A tree as plain LaTeX that parses back to an equal tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.syntax.lexicon import (
    GREEK,
    MODULUS,
    POSTFIX,
    POWER,
    PRODUCT,
    RATIO,
    RELATION,
    STOP,
    SUM,
    UNION,
)
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["show"]

_ATOM: Final = POSTFIX + 10
_Shown = tuple[str, int]
_SIGNS: Final = {
    "=": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "~": r"\approx", "in": r"\in",
    "notin": r"\notin",
    "subset": r"\subset", "->": r"\to", "==": r"\equiv", "|": r"\mid", "perp": r"\perp", "par": r"\parallel",
}  # fmt: skip
_DOMAINS: Final = {"": "", "+": "^{+}", "-": "^{-}", "*": "^{*}", "0+": r"_{\ge 0}", "0-": r"_{\le 0}"}
_CURRENCIES: Final = {"$": r"\$"}
_ACCENTED: Final = {"vec": r"\vec", "hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot",
    "ddot": r"\ddot", "cal": r"\mathcal",
    "frak": r"\mathfrak", "bb": r"\mathbb", "angle": r"\angle ", "triangle": r"\triangle ", "square": r"\square ",
    "odot": r"\odot ", "arc": r"\widearc",
    "line": r"\overleftrightarrow", "parallelogram": r"\parallelogram ", "check": r"\check"}  # fmt: skip
_CONSTANTS: Final = {"pi": r"\pi", "inf": r"\infty"}
_OTHERWISE: Final = r"\text{otherwise}"
_UNIT_PART: Final = re.compile(r"[^/*^]+")


def show(node: Node) -> str:
    """The tree as LaTeX; of every tree that `parse` returns, `parse(show(tree)) == tree`."""
    return _shown(node)[0]


def _shown(node: Node) -> _Shown:
    return _RENDERERS[node[0]](node)


def _at(node: Node, level: int) -> str:
    """The node where only what binds tighter than `level` may stand bare."""
    text, own = _shown(node)
    return text if own > level else f"({text})"


def _num(node: Node) -> _Shown:
    if node[1] < 0:
        return f"-{_num(('num', -node[1], node[2]))[0]}", SUM
    return (str(node[1]), _ATOM) if node[2] == 1 else (rf"\frac{{{node[1]}}}{{{node[2]}}}", POWER)


def _dec(node: Node) -> _Shown:
    _, over, under, places = node
    digits = str(abs(over) * 10**places // under).rjust(places + 1, "0")
    text = f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}"
    return (f"-{text}", SUM) if over < 0 else (text, _ATOM)


def _sci(node: Node) -> _Shown:
    return rf"{_at(node[1], PRODUCT)} \times 10^{{{node[2]}}}", PRODUCT


def _mixed(node: Node) -> _Shown:
    return rf"{node[1]}\frac{{{node[2]}}}{{{node[3]}}}", POWER


def _repeating(node: Node) -> _Shown:
    whole, rest = divmod(node[1], node[2])
    digits, seen = "", {}
    while rest not in seen:
        seen[rest] = len(digits)
        digit, rest = divmod(rest * 10, node[2])
        digits += str(digit)
    start = seen[rest]
    return rf"{whole}.{digits[:start]}\overline{{{digits[start:]}}}", _ATOM


def _based(node: Node) -> _Shown:
    zero = "0" if node[1][0].isalpha() else ""
    return f"{zero}{node[1].upper()}_{{{node[2]}}}", _ATOM


def _const(node: Node) -> _Shown:
    return _CONSTANTS.get(node[1]) or str(node[1]), _ATOM


def _letters(base: str) -> str:
    return f"\\{base}" if base in GREEK and len(base) > 1 else base


def _sym(node: Node) -> _Shown:
    return _name(node[1]), _ATOM


def _name(name: str) -> str:
    if name.startswith("d") and "/" in name:
        return _differential(name)
    marks = len(name) - len(name.rstrip("'*†"))
    base, _, below = name[: len(name) - marks].partition("_")
    accent, _, inner = base.partition(" ")
    if inner:
        command = _ACCENTED[accent]
        text = f"{command}{inner}" if command.endswith(" ") else f"{command}{{{_letters(inner)}}}"
    else:
        text = _letters(base)
    text += f"_{{{below}}}" if below else ""
    return text + "".join(mark if mark == "'" else f"^{{{mark}}}" for mark in name[len(name) - marks :])


def _differential(name: str) -> str:
    over, _, under = name.partition("/")
    letter, _, power = under[1:].partition("^")
    raised = f"^{{{power}}}" if power else ""
    return rf"\frac{{d{raised} {over[-1]}}}{{d{letter}{raised}}}"


def _call(node: Node) -> _Shown:
    name, _, power = node[1].partition("^")
    return f"{_name(name)}{'^' + power if power else ''}({_listed(node[2:])})", POSTFIX


def _listed(nodes: Node, separator: str = ", ") -> str:
    return separator.join(_at(node, STOP) for node in nodes)


def _add(node: Node) -> _Shown:
    parts = [_at(node[1], SUM - 1) if node[1][0] != "add" else _at(node[1], SUM)]
    for term in node[2:]:
        sign, inner = "+", term
        if term[0] in ("neg", "pm", "mp"):
            sign, inner = {"neg": "-", "pm": r"\pm", "mp": r"\mp"}[term[0]], term[1]
        elif term[0] in ("num", "dec") and term[1] < 0:
            sign, inner = "-", (term[0], -term[1], *term[2:])
        parts.append(f"{sign} {_at(inner, SUM)}")
    return " ".join(parts), SUM


def _mul(node: Node) -> _Shown:
    return r" \cdot ".join(_factor(factor, place) for place, factor in enumerate(node[1:])), PRODUCT


def _factor(node: Node, place: int) -> str:
    is_ten = node[0] == "pow" and node[1] == ("num", 10, 1)
    text = _at(node, PRODUCT)
    return f"({text})" if place == 1 and is_ten else text


def _div(node: Node) -> _Shown:
    return rf"\frac{{{_at(node[1], STOP)}}}{{{_at(node[2], STOP)}}}", POWER


def _neg(node: Node) -> _Shown:
    return f"-{_at(node[1], SUM)}", SUM


def _signed(command: str) -> Callable[[Node], _Shown]:
    return lambda node: (f"{command} {_at(node[1], SUM)}", SUM)


def _pow(node: Node) -> _Shown:
    return f"{_at(node[1], POWER)}^{{{_at(node[2], STOP)}}}", POWER


def _after(text: str) -> Callable[[Node], _Shown]:
    return lambda node: (f"{_at(node[1], POWER)}{text}", SUM + 1)


def _deg(node: Node) -> _Shown:
    return f"{_at(node[1], POWER)}^{{\\circ}}", POWER


def _unit(node: Node) -> _Shown:
    name = node[2]
    if name in ("°C", "°F"):
        return f"{_at(node[1], POWER)}^{{\\circ}}\\text{{{name[1]}}}", SUM + 1
    parts = name.split("^")
    text = "".join(_unit_piece(part, place) for place, part in enumerate(parts))
    return f"{_at(node[1], PRODUCT)} {text}", SUM + 1


def _unit_piece(part: str, place: int) -> str:
    power = ""
    if place:
        power = re.match(r"-?[0-9]*", part)[0]  # type: ignore[index]
        part = part[len(power) :]
        power = f"^{{{power}}}"
    return power + _UNIT_PART.sub(lambda found: f"\\text{{{found[0]}}}", part).replace("*", r"\cdot ")


def _money(node: Node) -> _Shown:
    return f"{_CURRENCIES.get(node[2], node[2])}{_at(node[1], POWER)}", SUM + 1


_ROUND: Final = {"abs": (r"\lvert ", r" \rvert"), "floor": (r"\lfloor ", r" \rfloor"), "ceil": (r"\lceil ", r" \rceil"),
    "norm": (r"\lVert ", r" \rVert")}  # fmt: skip


def _fn(node: Node) -> _Shown:
    known, items = node[1], node[2:]
    if known == "abs" and items[0][0] == "matrix":
        return _command("abs", items)
    if known in _ROUND:
        return _ROUND[known][0] + _at(items[0], STOP) + _ROUND[known][1], _ATOM
    special = _SPECIAL.get(known)
    return special(items) if special else _command(known, items)


def _command(known: str, items: Node) -> _Shown:
    return f"\\{known}({_listed(items)})", POSTFIX


def _root(items: Node) -> _Shown:
    degree = "" if items[1] == ("num", 2, 1) else f"[{_at(items[1], STOP)}]"
    return rf"\sqrt{degree}{{{_at(items[0], STOP)}}}", _ATOM


def _log(items: Node) -> _Shown:
    base = f"_{{{_at(items[1], STOP)}}}" if len(items) == 2 else ""
    return rf"\log{base}({_at(items[0], STOP)})", POSTFIX


_SPECIAL: Final[dict[str, Callable[[Node], _Shown]]] = {
    "root": _root,
    "log": _log,
    "binomial": lambda items: (rf"\binom{{{_at(items[0], STOP)}}}{{{_at(items[1], STOP)}}}", _ATOM),
    "factorial": lambda items: (f"{_at(items[0], POSTFIX)}!", POSTFIX),
    "double_factorial": lambda items: (f"{_at(items[0], POSTFIX)}!!", POSTFIX),
    "mod": lambda items: (rf"{_at(items[0], MODULUS)} \bmod {_at(items[1], MODULUS)}", MODULUS),
    "re": lambda items: (rf"\Re({_at(items[0], STOP)})", POSTFIX),
    "im": lambda items: (rf"\Im({_at(items[0], STOP)})", POSTFIX),
    "gamma": lambda items: (rf"\Gamma({_at(items[0], STOP)})", POSTFIX),
}


def _running(node: Node) -> _Shown:
    kind, body, name, low, high = node
    bounds = f"_{{{_letters(name)}={_at(low, RELATION)}}}^{{{_at(high, STOP)}}}"
    return f"\\{kind}{bounds} {_at(body, PRODUCT)}", SUM + 1


def _integral(node: Node) -> _Shown:
    _, body, name, low, high = node
    bounds = "" if low is None else f"_{{{_at(low, STOP)}}}^{{{_at(high, STOP)}}}"
    return f"\\int{bounds} ({_at(body, STOP)}) d{' ' if len(name) > 1 else ''}{_letters(name)}", SUM + 1


def _limit(node: Node) -> _Shown:
    _, body, name, point, side = node
    approached = _at(point, POWER) + (f"^{{{side}}}" if side else "")
    return rf"\lim_{{{_letters(name)} \to {approached}}} {_at(body, PRODUCT)}", SUM + 1


def _derivative(node: Node) -> _Shown:
    power = f"^{{{node[3]}}}" if node[3] > 1 else ""
    return rf"\frac{{d{power}}}{{d{node[2]}{power}}} {_at(node[1], PRODUCT)}", SUM + 1


def _cases(node: Node) -> _Shown:
    rows = []
    for value, told in node[1:]:
        rows.append(f"{_at(value, STOP)} & {_OTHERWISE if told is None else show(told)}")
    return r"\begin{cases}" + r" \\ ".join(rows) + r"\end{cases}", _ATOM


def _seq(node: Node) -> _Shown:
    return f"{node[1]}{_listed(node[3:])}{node[2]}", _ATOM


def _list(node: Node) -> _Shown:
    nested = any(item[0] == "list" for item in node[1:])
    return ("; " if nested else ", ").join(show(item) for item in node[1:]), STOP


def _or(node: Node) -> _Shown:
    return " or ".join(show(item) for item in node[1:]), STOP


def _set(node: Node) -> _Shown:
    return f"\\{{{_listed(node[1:])}\\}}", _ATOM


def _setof(node: Node) -> _Shown:
    return f"\\{{{_at(node[1], STOP)} : {', '.join(map(show, node[2:]))}\\}}", _ATOM


def _of_sets(sign: str) -> Callable[[Node], _Shown]:
    return lambda node: (sign.join(_at(item, UNION) for item in node[1:]), UNION)


def _domain(node: Node) -> _Shown:
    return f"\\mathbb{{{node[1][0]}}}{_DOMAINS[node[1][1:]]}", _ATOM


def _matrix(node: Node) -> _Shown:
    rows = r" \\ ".join(" & ".join(_at(cell, STOP) for cell in row) for row in node[1:])
    return rf"\begin{{pmatrix}}{rows}\end{{pmatrix}}", _ATOM


def _ratio(node: Node) -> _Shown:
    return " : ".join(_at(item, RATIO) for item in node[1:]), RATIO


def _rel(node: Node) -> _Shown:
    text = _at(node[2], RELATION)
    for sign, term in zip(node[1], node[3:], strict=True):
        text += f" {_SIGNS[sign]} {_at(term, RELATION)}"
    return text, RELATION


def _with(node: Node) -> _Shown:
    return show(node[1]) + "".join(f", where {show(told)}" for told in node[2:]), STOP


def _words(node: Node) -> _Shown:
    return f"\\text{{{node[1]}}}", _ATOM


_RENDERERS: Final[dict[str, Callable[[Node], _Shown]]] = {
    "num": _num, "dec": _dec, "sci": _sci, "mixed": _mixed, "repeating": _repeating, "based": _based, "const": _const,
    "sym": _sym, "call": _call, "add": _add, "mul": _mul, "div": _div, "neg": _neg, "pow": _pow, "pm": _signed(r"\pm"),
    "mp": _signed(r"\mp"), "percent": _after(r"\%"), "deg": _deg, "unit": _unit, "money": _money, "fn": _fn,
    "sum": _running, "prod": _running, "integral": _integral, "limit": _limit, "derivative": _derivative,
    "cases": _cases,
    "seq": _seq, "list": _list, "or": _or, "set": _set, "setof": _setof, "union": _of_sets(r" \cup "),
    "inter": _of_sets(r" \cap "), "minus": _of_sets(r" \setminus "), "domain": _domain, "matrix": _matrix,
    "ratio": _ratio, "rel": _rel, "with": _with, "words": _words,
}  # fmt: skip

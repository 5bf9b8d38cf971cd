r"""A whole answer: items between commas, semicolons, lines, "and", "or", with the conditions said of them.

Commas bind closest, then semicolons, then "or" between statements (`x=1, y=2 or x=3, y=4`); between bare values
(`1, 2 or 3`) "or" and commas are one level. An item is a condition, not one more answer, when a word says so ("where"),
when it tells a name's domain (`k\in\mathbb{Z}`), or when it is an inequality beside an equation or a value (`x\neq 1`).
Values after an equation belong to it: `x=1, 2` is `x=1, x=2`.
"""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.brackets import over
from assaygym.verifiers.maths.syntax.conditions import CONDITION_WORDS, condition
from assaygym.verifiers.maths.syntax.core import PREFIX, Parser
from assaygym.verifiers.maths.syntax.lexicon import GREEK, STOP
from assaygym.verifiers.maths.syntax.phrases import phrase, said_of
from assaygym.verifiers.maths.syntax.tokens import END, is_word
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node, walk

__all__ = ["answer"]

_SEPARATORS: Final = {",": ",", "\\quad": ",", "and": "and", "\\land": "land", "\\wedge": "land", ";": ";",
    "\\\\": ";", "\\newline": ";", "or": "or", "\\lor": "lor", "\\vee": "lor", "\\cup": "or"}  # fmt: skip
_RANK: Final = {",": 0, "and": 1, "land": 2, ";": 3, "or": 4, "lor": 5}
_PLAIN: Final = {",": ",", "and": ",", "land": ",", ";": ";", "or": "or", "lor": "or"}
_LOGIC: Final = {"land": "inter", "lor": "union"}
_INEQUALITIES: Final = frozenset(("<", "<=", ">", ">=", "!="))
_WRAPPERS: Final = frozenset(("\\therefore", "\\because", "=", "\\approx", "\\simeq", "\\sim"))
_VALUES: Final = frozenset(("num", "dec", "neg", "div", "add", "mul", "pow", "fn", "const", "mixed", "sci", "pm", "deg",
    "unit", "percent", "repeating"))  # fmt: skip
_COMPOUNDS: Final = (
    ("h", "hr", "hrs", "hour", "hours", "min", "mins", "minute", "minutes", "s", "sec", "secs", "second", "seconds",
     "day", "days", "week", "weeks", "month", "months", "year", "years"),
    ("ft", "foot", "feet", "in", "inch", "inches", "yard", "yards"), ("lb", "lbs", "pound", "pounds", "oz", "ounces"),
)  # fmt: skip


def answer(parser: Parser) -> Node:
    """The tree of all tokens up to the end."""
    first = _item(parser)
    if parser.tokens[parser.at] == END:
        return first[1] if first[0] == "condition" else first
    items, between = [first], []
    while parser.tokens[parser.at] != END:
        separator = _separator(parser)
        if parser.tokens[parser.at] == END:
            break
        between.append(separator)
        items.append(_item(parser))
    if len(items) > 1:
        return _grouped(items, between)
    return items[0][1] if items[0][0] == "condition" else items[0]


def _separator(parser: Parser) -> str:
    """The strongest of the separators that come next (`, or` is "or"); a condition's word separates too."""
    found = ""
    while (token := parser.tokens[parser.at]) in _SEPARATORS:
        kind = _SEPARATORS[token]
        found = kind if not found or _RANK[kind] > _RANK[found] else found
        parser.at += 1
    if not found and token not in CONDITION_WORDS:
        raise parser.refuse(token)
    return found or ","


def _item(parser: Parser) -> Node:
    tokens = parser.tokens
    while tokens[parser.at] in _WRAPPERS:
        parser.at += 1
    token = tokens[parser.at]
    if token in CONDITION_WORDS:
        return ("condition", condition(parser))
    if is_word(token) or token.startswith("\\text{"):
        node = phrase(parser) or _mapping(parser)
        if node:
            return node
        _find_head(parser)
    elif token[1:] in GREEK:
        _find_head(parser)
    node = parser.expression(STOP)
    if tokens[parser.at] != END:
        node = said_of(parser, over(parser, node))
    if parser.conditions:
        node = ("with", node, *parser.conditions)
        parser.conditions = []
    return node


def _mapping(parser: Parser) -> Node | None:
    r"""`f: x \mapsto 2x` is the equation of the function."""
    if parser.ahead(1) != ":" or parser.ahead(3) not in ("\\mapsto", "->", "\\to") or not is_word(parser.ahead(2)):
        return None
    called, of = parser.ahead(0), parser.ahead(2)
    if len(called) != 1 or len(of) != 1 or of in "ei":
        return None
    parser.at += 4
    return ("rel", ("=",), ("call", called, ("sym", of)), parser.expression(STOP))


def _find_head(parser: Parser) -> None:
    """Mark the bracket of `P(A) =`, `N(n) =`, `p_1(x) =`: a name that starts an item, applied, an equals sign after."""
    tokens, at = parser.tokens, parser.at + 1
    if is_word(tokens[at - 1]) and len(tokens[at - 1]) > 1:
        return
    while tokens[at] in ("_", "'", "''"):
        at += 1
        if tokens[at - 1] == "_":
            at = tokens.index("}", at) + 1 if tokens[at] == "{" and "}" in tokens[at:] else at + 1
            at = min(at, len(tokens) - 1)
    if tokens[at] != "(":
        return
    end, depth = at + 1, 1
    while depth and tokens[end] != END:
        depth += (tokens[end] == "(") - (tokens[end] == ")")
        end += 1
    if tokens[parser.at] in ("P", "E") and tokens[at + 1 : end].count("|") == 1:
        tokens[tokens.index("|", at)] = "\\mid"
    if not depth and tokens[end] == "=" and _are_arguments(tokens[parser.at], tokens[at + 1 : end - 1]):
        parser.head = at


def _are_arguments(letter: str, inside: list[str]) -> bool:
    """Whether what stands in the brackets is what a function of that name takes, not a factor."""
    if letter in inside or not inside:
        return False
    return "," in inside or letter.isupper() or (len(inside) == 1 and (inside[0] in PREFIX or is_word(inside[0])))


def _grouped(items: list[Node], between: list[str]) -> Node:
    joined = _logical(items, between) or _all_at_once(items, between)
    if joined:
        return joined
    between = [_PLAIN[separator] for separator in between]
    kinds = set(between)
    if "or" in kinds:
        if any(item[0] in ("rel", "with", "condition") for item in items):
            return _of_all(_divided(items, between, "or", "or"))
        return _single(("or", *_with_conditions(items, alternatives=True)))
    if kinds == {";", ","}:
        return _divided(items, between, ";", "list")
    return _compound(items) or _single(("list", *_with_conditions(items)))


def _logical(items: list[Node], between: list[str]) -> Node | None:
    r"""`p\land q`: what stands between signs of logic and is no statement of numbers, as sets."""
    kinds = {_LOGIC.get(separator) for separator in between}
    if None in kinds or any(item[0] in _STATED for item in items):
        return None
    if len(kinds) > 1:
        raise MathSyntaxError("and beside or, without brackets")
    return (kinds.pop(), *items)


_STATED: Final = frozenset(("rel", "with", "condition", "words", "cases"))


def _all_at_once(items: list[Node], between: list[str]) -> Node | None:
    """`x>1 and x<4`: inequalities of one name that hold together; between commas they may be alternatives."""
    if not set(between) <= {"and", "land"} or not all(map(_is_inequality, items)):
        return None
    names = {part[1] for item in items for part in walk(item) if part and part[0] == "sym"}
    return ("inter", *items) if len(names) == 1 else None


def _is_inequality(node: Node) -> bool:
    return node[0] == "rel" and _INEQUALITIES.issuperset(node[1])


def _compound(items: list[Node]) -> Node | None:
    """`1 hour and 20 minutes` is a sum."""
    if any(item[0] != "unit" for item in items):
        return None
    names = [item[2] for item in items]
    return ("add", *items) if any(set(names) <= set(kind) for kind in _COMPOUNDS) and len(set(names)) > 1 else None


def _of_all(node: Node) -> Node:
    r"""`x = a or x = b, k\in\mathbb{Z}`: what is said of a domain after the last alternative is said of all."""
    last = node[-1]
    if node[0] != "or" or last[0] != "with" or any(item[0] == "with" for item in node[1:-1]):
        return node
    if not all(told[0] == "rel" and told[1] == ("in",) for told in last[2:]):
        return node
    return ("with", (*node[:-1], last[1]), *last[2:])


def _divided(items: list[Node], between: list[str], at: str, kind: str) -> Node:
    groups: list[list[Node]] = [[items[0]]]
    inner: list[list[str]] = [[]]
    for item, separator in zip(items[1:], between, strict=True):
        if separator == at:
            groups.append([item])
            inner.append([])
        else:
            groups[-1].append(item)
            inner[-1].append(separator)
    nodes = [_grouped(group, seps) if seps else group[0] for group, seps in zip(groups, inner, strict=True)]
    return _single((kind, *_with_conditions(nodes, alternatives=kind == "or")))


def _single(node: Node) -> Node:
    return node[1] if len(node) == 2 else node


def _shared(items: list[Node]) -> list[Node]:
    """`x = 1, 2` as `x = 1, x = 2`."""
    first = items[0]
    if first[0] != "rel" or first[1] != ("=",) or first[2][0] not in ("sym", "seq"):
        return items
    if first[2][0] == "seq":
        if all(item[0] == "seq" and len(item) == len(first[2]) for item in items[1:]):
            return [first, *(("rel", ("=",), first[2], item) for item in items[1:])]
        return items
    if any(item[0] not in _VALUES for item in items[1:] if item[0] != "condition" and not _tells(item, [first])):
        return items
    return [first, *(("rel", ("=",), first[2], item) if item[0] in _VALUES else item for item in items[1:])]


def _with_conditions(items: list[Node], alternatives: bool = False) -> list[Node]:
    """The items, each with the conditions that follow it; a condition after all answers holds for all of them.

    Among alternatives an inequality is one of them: `a=0 or a>4`.
    """
    answers: list[Node] = []
    told: list[Node] = []
    items = _shared(items)
    for place, item in enumerate(items):
        said = item[1] if item[0] == "condition" else item
        domain = _domain_after(items, place) if said[0] == "sym" and (place or item is not said) else None
        if domain:
            told.append(("rel", ("in",), said, domain))
        elif said is not item or _tells(item, items[:place], alternatives):
            told.append(said)
        else:
            _bind(answers, told)
            answers.append(item)
    if not answers:
        if len(told) == len(items):
            return told
        raise MathSyntaxError("conditions without an answer")
    if told:
        whole: Node = ("list", *answers) if len(answers) > 1 else answers[0]
        return [_given(whole, told)]
    return answers


def _given(node: Node, told: list[Node]) -> Node:
    return (*node, *told) if node[0] == "with" else ("with", node, *told)


def _domain_after(items: list[Node], place: int) -> Node | None:
    r"""The domain of a name that shares it with the next ones: of `a` in `a, b\in\mathbb{Z}`."""
    while items[place][0] in ("sym", "condition") and place + 1 < len(items):
        place += 1
    last = items[place]
    return last[3] if last[0] == "rel" and last[1] == ("in",) and last[3][0] == "domain" else None


def _bind(answers: list[Node], told: list[Node]) -> None:
    """Conditions told so far go to the answer before them, when one more answer follows."""
    if told and answers:
        answers[-1] = _given(answers[-1], told)
        told.clear()


def _tells(item: Node, before: list[Node], alternatives: bool = False) -> bool:
    """Whether an item with no word before it is a condition on what stands before it."""
    if item[0] != "rel" or not before:
        return False
    if item[1] == ("in",) and item[3][0] == "domain":
        return True
    if alternatives:
        return False
    kinds = {node[1] if node[0] == "rel" else () for node in before if node[0] != "condition"}
    return "=" not in item[1] and item[1] != ("~",) and all(signs in ((), ("=",)) for signs in kinds)

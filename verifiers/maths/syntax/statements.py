r"""A whole answer: items between commas, semicolons, lines, "and", "or"; conditions; labels; text.

Commas bind closest, then semicolons, then "or" between statements (`x=1, y=2 or x=3, y=4`); between bare values
(`1, 2 or 3`) "or" and commas are one level. An item is a condition, not one more answer, when a word says so ("where"), when
it tells a name's domain (`k\in\mathbb{Z}`), or when it is an inequality beside an equation or a value (`x\neq 1`).
"""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.conditions import (
    CONDITION_WORDS,
    PHRASE,
    condition,
    domain_of_words,
    take_words,
)
from assaygym.verifiers.maths.syntax.core import INFIX, PREFIX, Parser
from assaygym.verifiers.maths.syntax.lexicon import CONSTANTS, FUNCTIONS, GREEK, RELATION_SIGNS, SHORT_WORDS, STOP
from assaygym.verifiers.maths.syntax.names import is_product_run, run_of_names
from assaygym.verifiers.maths.syntax.tokens import END, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["answer"]

_COMMAS: Final = {",": ",", "\\quad": ",", "and": ",", "\\land": ",", "\\wedge": ",", ";": ";", "\\\\": ";",
    "\\newline": ";", "or": "or", "\\lor": "or", "\\vee": "or"}  # fmt: skip
_RANK: Final = {",": 0, ";": 1, "or": 2}
_WRAPPERS: Final = frozenset(("\\therefore", "\\because", "=", "\\approx", "\\simeq", "\\sim"))


def answer(parser: Parser) -> Node:
    """The tree of all tokens up to the end."""
    items, between = [_item(parser)], []
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
    while (token := parser.tokens[parser.at]) in _COMMAS and token != END:
        kind = _COMMAS[token]
        found = kind if not found or _RANK[kind] > _RANK[found] else found
        parser.at += 1
    if not found and token not in CONDITION_WORDS:
        raise parser.refuse(token)
    return found or ","


def _item(parser: Parser) -> Node:
    while parser.accept(*_WRAPPERS):
        pass
    token = parser.tokens[parser.at]
    if token in CONDITION_WORDS:
        return ("condition", condition(parser))
    if is_word(token) or token.startswith("\\text{"):
        phrase = _phrase(parser, token)
        if phrase is not None:
            return phrase
    mapping = _mapping(parser)
    if mapping:
        return mapping
    _find_head(parser)
    node = _said(parser, parser.expression(STOP))
    if parser.conditions:
        node = ("with", node, *parser.conditions)
        parser.conditions = []
    return node


def _mapping(parser: Parser) -> Node | None:
    r"""`f: x \mapsto 2x` is the equation of the function."""
    if parser.ahead(1) != ":" or parser.ahead(3) not in ("\\mapsto", "->", "\\to") or not is_word(parser.ahead(2)):
        return None
    called, of = parser.ahead(0), parser.ahead(2)
    if len(called) != 1 or len(of) != 1:
        return None
    parser.at += 4
    return ("rel", ("=",), ("call", called, ("sym", of)), parser.expression(STOP))


def _said(parser: Parser, node: Node) -> Node:
    """What follows a finished item in words: `k is an integer`, `k any integer`; "is" a value is an equation."""
    token = parser.tokens[parser.at]
    if token in ("is", "are"):
        parser.at += 1
        words = take_words(parser)
        domain = domain_of_words(words) if words else None
        if domain is not None:
            return ("condition", ("rel", ("in",), node, domain))
        return ("rel", ("=",), node, parser.expression(STOP))
    if node[0] in ("sym", "rel", "mul") and (is_word(token) or text_of(token)):
        domain = domain_of_words(words) if (words := take_words(parser)) else None
        if domain is not None and node[0] == "sym":
            return ("condition", ("rel", ("in",), node, domain))
        if words:
            raise parser.refuse(words[0])
    return node


_UNDEFINED: Final = frozenset(("does not exist", "undefined", "not defined", "dne", "indeterminate"))
_KNOWN: Final = frozenset((*FUNCTIONS, *CONSTANTS, *GREEK, "sqrt", "cbrt", "lim", "sum", "prod"))


def _phrase(parser: Parser, token: str) -> Node | None:
    """A run of words that is text, not mathematics, up to the end of the item; or a domain in words."""
    at, words = parser.at, []
    tokens = parser.tokens
    while (text := text_of(tokens[at])) is not None or _is_plain_word(tokens[at]):
        words.append(tokens[at] if text is None else text)
        at += 1
        if tokens[at] in ("-", "'") and is_word(tokens[at + 1]) and _is_english(words[-1]):
            words[-1] += tokens[at] + tokens[at + 1]
            at += 2
    following = tokens[at]
    if not words or not _ends_phrase(following) or not any(map(_is_english, words)):
        return None
    if len(words[0]) == 1 and len(words) > 1 and all(part in PHRASE for part in " ".join(words[1:]).split()):
        return None
    parser.at = at
    folded = " ".join(" ".join(words).casefold().split()).strip(" .,:")
    if folded in _UNDEFINED:
        return ("const", "undefined")
    domain = domain_of_words(folded.split())
    if following == ":":
        parser.at += 1
        return ("rel", ("=",), ("words", folded), parser.expression(STOP))
    return domain if domain and len(folded.split()) > 1 else _labelled(parser, ("words", folded))


def _labelled(parser: Parser, label: Node) -> Node:
    following = parser.tokens[parser.at]
    if following in RELATION_SIGNS:
        return INFIX[following][1](parser, label)
    if following == "is":
        parser.at += 1
        return ("rel", ("=",), label, parser.expression(STOP))
    return label


def _is_plain_word(token: str) -> bool:
    return is_word(token) and token not in _KNOWN and (token not in INFIX or token in ("to", "in", "on", "as", "with"))


def _is_english(text: str) -> bool:
    if text.lower() in SHORT_WORDS or (text in PHRASE and len(text) > 1):
        return True
    bare = text.replace(" ", "")
    return (len(bare) > 3 and not is_product_run(bare) and not run_of_names(bare)) or not bare.isascii() or (len(bare) > 1 and " " in text)


def _ends_phrase(token: str) -> bool:
    return token in (END, ":", "is") or token in _COMMAS or (token in RELATION_SIGNS and token != "in")


def _find_head(parser: Parser) -> None:
    """Mark the bracket of `P(A) =`, `N(n) =`, `p_1(x) =`: a name at the start of an item, applied, and an equals sign after."""
    tokens, at = parser.tokens, parser.at
    if not (is_word(tokens[at]) and len(tokens[at]) == 1) and tokens[at][1:] not in GREEK:
        return
    at += 1
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
    if not depth and tokens[end] == "=" and _are_arguments(tokens[parser.at], tokens[at + 1 : end - 1]):
        parser.head = at


def _are_arguments(letter: str, inside: list[str]) -> bool:
    """Whether what stands in the brackets is what a function of that name takes, not a factor."""
    if letter in inside or not inside:
        return False
    names = [token for token in inside if token != ","]
    return "," in inside or letter.isupper() or (len(names) == 1 and (names[0] in PREFIX or is_word(names[0])))


def _grouped(items: list[Node], between: list[str]) -> Node:
    if "or" in between and any(_is_statement(item) for item in items):
        return _of_all(_divided(items, between, "or", "or"))
    if "or" in between:
        kinds = [("or", *_with_conditions(items))] if ";" not in between else []
        return _single(kinds[0]) if kinds else _divided(items, between, "or", "or")
    if ";" in between and "," in between:
        return _divided(items, between, ";", "list")
    return _single(("list", *_with_conditions(items)))


def _of_all(node: Node) -> Node:
    r"""`x = a or x = b, k\in\mathbb{Z}`: what is said of a domain after the last alternative is said of all."""
    last = node[-1]
    if node[0] != "or" or last[0] != "with" or any(item[0] == "with" for item in node[1:-1]):
        return node
    if not all(told[0] == "rel" and told[1] == ("in",) for told in last[2:]):
        return node
    return ("with", (*node[:-1], last[1]), *last[2:])


def _is_statement(item: Node) -> bool:
    return item[0] in ("rel", "with", "condition")


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
    return _single((kind, *_with_conditions(nodes)))


def _single(node: Node) -> Node:
    return node[1] if len(node) == 2 else node


def _with_conditions(items: list[Node]) -> list[Node]:
    """The items, each with the conditions that follow it; a condition after all answers holds for all of them."""
    answers: list[Node] = []
    told: list[Node] = []
    pending: list[Node] = []
    for place, item in enumerate(items):
        if item[0] == "condition" or _tells(item, items[:place]):
            told.extend((*pending, item[1] if item[0] == "condition" else item))
            pending = []
        elif told and item[0] == "sym" and place + 1 < len(items):
            pending.append(("rel", ("in",), item, items[place + 1][-1]))
        else:
            answers.append(_bound(answers, told, item))
    if not answers:
        raise MathSyntaxError("conditions without an answer")
    if told:
        whole: Node = ("list", *answers) if len(answers) > 1 else answers[0]
        return [("with", whole, *told)]
    return answers


def _bound(answers: list[Node], told: list[Node], item: Node) -> Node:
    """The item; conditions told so far go to the answer before it."""
    if told and answers:
        answers[-1] = ("with", answers[-1], *told)
        told.clear()
    return item


def _tells(item: Node, before: list[Node]) -> bool:
    """Whether an item with no word before it is a condition on what stands before it."""
    if item[0] != "rel" or not before:
        return False
    kinds = {node[1] if node[0] == "rel" else () for node in before if node[0] != "condition"}
    if item[1] == ("in",) and item[3][0] == "domain":
        return True
    return "=" not in item[1] and all(signs in ((), ("=",)) for signs in kinds) and item[1] != ("~",)

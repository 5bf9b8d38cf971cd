r"""Items of an answer that are words: text, labels (`Area = 5`), sets ("all real numbers except 1")."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.conditions import PHRASE, PROPERTIES, domain_of_words, take_words
from assaygym.verifiers.maths.syntax.core import INFIX, Parser
from assaygym.verifiers.maths.syntax.lexicon import CONSTANTS, FUNCTIONS, GREEK, RELATION_SIGNS, SHORT_WORDS, STOP
from assaygym.verifiers.maths.syntax.names import is_product_run, run_of_names
from assaygym.verifiers.maths.syntax.tokens import END, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["phrase", "said_of"]

_UNDEFINED: Final = frozenset(("does not exist", "undefined", "not defined", "dne", "indeterminate"))
_KNOWN: Final = frozenset((*FUNCTIONS, *CONSTANTS, *GREEK, "sqrt", "cbrt", "lim", "sum", "prod"))
_EXCEPT: Final = frozenset(("except", "excluding", "but", "besides", "other"))
_ALLOWED: Final = frozenset(("to", "in", "on", "as", "with", *PROPERTIES))
"""Words of the grammar that may stand inside a text."""
_ITEM_ENDS: Final = frozenset(
    (END, ":", "is", ",", ";", "and", "or", "\\\\", "\\quad", "\\land", "\\lor", "\\newline", "\\vee", "\\wedge")
)


def phrase(parser: Parser) -> Node | None:
    """The words that come next, up to the end of the item or a relation, as a node; None where they are mathematics."""
    at, words = parser.at, []
    tokens = parser.tokens
    if len(tokens[at]) == 1 and not (is_word(tokens[at + 1]) or tokens[at + 1].startswith("\\text{")):
        return None  # a letter, beside a sign: the commonest beginning
    while (text := text_of(tokens[at])) is not None or _is_plain_word(tokens[at]):
        words.append(tokens[at] if text is None else text)
        at += 1
        if tokens[at] in ("-", "'") and is_word(tokens[at + 1]) and _is_english(words[-1]):
            words[-1] += tokens[at] + tokens[at + 1]
            at += 2
    if not words:
        return None
    excluded = _excluding(parser, words, at)
    if excluded:
        return excluded
    if not _ends_phrase(tokens[at]) or not any(map(_is_english, words)) or _is_said_of_name(words):
        return None
    parser.at = at
    parser.unusual = True
    return _folded(parser, " ".join(" ".join(words).casefold().split()).strip(" .,:"))


def _is_said_of_name(words: list[str]) -> bool:
    """`k odd`, `n integer`: a letter and what it is."""
    rest = " ".join(words[1:]).split()
    return len(words[0]) == 1 and bool(rest) and all(part in PHRASE or part in PROPERTIES for part in rest)


def _folded(parser: Parser, text: str) -> Node:
    following = parser.tokens[parser.at]
    if text in _UNDEFINED:
        return ("const", "undefined")
    if following in (":", "is"):
        parser.at += 1
        return ("rel", ("=",), ("words", text), parser.expression(STOP))
    if following in RELATION_SIGNS:
        return INFIX[following][1](parser, ("words", text))
    words = text.split()
    domain = domain_of_words(words) if len(words) > 1 else None
    return domain or ("words", text)


def _is_plain_word(token: str) -> bool:
    return is_word(token) and token not in _KNOWN and (token not in INFIX or token in _ALLOWED)


def _is_english(text: str) -> bool:
    if text.lower() in SHORT_WORDS or (text in PHRASE and len(text) > 1):
        return True
    bare = text.replace(" ", "")
    if len(bare) > 3:
        return not is_product_run(bare) and not run_of_names(bare)
    return not bare.isascii() or (len(bare) > 1 and " " in text)


def _ends_phrase(token: str) -> bool:
    return token in _ITEM_ENDS or (token in RELATION_SIGNS and token != "in")


def _excluding(parser: Parser, words: list[str], at: int) -> Node | None:
    r"""`all real numbers except 1 and x = 2`: a domain without values; `all real x \ne 1`: what is said of a name."""
    said = " ".join(words).casefold().split()
    cut = next((place for place, told in enumerate(said) if told in _EXCEPT), 0)
    if cut and set(said[cut + 1 :]) <= {"for", "than", "not", "x"} and (domain := domain_of_words(said[:cut])):
        parser.at = at - (said[-1] == "x")
        return ("minus", domain, ("set", *_values(parser)))
    if len(said) < 2 or len(words[-1]) > 1 or parser.tokens[at] not in RELATION_SIGNS:
        return None
    domain = domain_of_words(said[:-1])
    if domain is None:
        return None
    parser.at = at - 1
    node = parser.expression(STOP)
    return node if domain == ("domain", "R") else ("with", node, ("rel", ("in",), ("sym", words[-1]), domain))


def _values(parser: Parser) -> list[Node]:
    values = []
    while True:
        node = parser.expression(STOP)
        values.append(node[3] if node[0] == "rel" and node[1] == ("=",) else node)
        if not parser.accept(",", "and", "or", "\\quad"):
            return values
        parser.accept("and", "or")


def said_of(parser: Parser, node: Node) -> Node:
    """A finished item with what words say of it: `k is an integer`, `k odd` are conditions, `x is 5` an equation."""
    token = parser.tokens[parser.at]
    equals = token in ("is", "are")
    if not equals and not (node[0] in ("sym", "rel", "mul") and (is_word(token) or text_of(token))):
        return node
    parser.at += equals
    words = take_words(parser)
    domain = domain_of_words(words) if words else None
    if domain is not None and node[0] in ("sym", "list"):
        return ("condition", ("rel", ("in",), node, domain))
    token = parser.tokens[parser.at]
    if (text_of(token) or token) in PROPERTIES and node[0] == "sym":
        parser.at += 1
        return ("condition", ("words", f"{node[1]} {text_of(token) or token}"))
    if words:
        raise parser.refuse(words[0])
    return ("rel", ("=",), node, parser.expression(STOP)) if equals else node

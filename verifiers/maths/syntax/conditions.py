r"""What is said of names beside an answer: "where k is an integer", `x \neq 1`, "for all x > 0", "if y is even"."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.core import Parser
from assaygym.verifiers.maths.syntax.lexicon import DOMAIN_LETTERS, STOP
from assaygym.verifiers.maths.syntax.tokens import END, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["CONDITION_WORDS", "PHRASE", "PROPERTIES", "condition", "domain_of_words", "is_approximate",
    "take_approximately", "take_words", "which_domain"]  # fmt: skip

CONDITION_WORDS: Final = frozenset(("where", "for", "if", "when", "with", "such", "provided", "given", "whenever",
    "assuming", "\\forall", "\\text{where}", "\\text{for}", "\\text{if}", "as", "on", "\\exists"))  # fmt: skip
_FILLERS: Final = frozenset(
    ("all", "any", "every", "each", "some", "that", "an", "a", "the", "arbitrary", "both", "are", "is", "be", "of",
     "constant", "fixed", "set", "values", "value", "number", "numbers", "only")
)  # fmt: skip
_DOMAINS: Final = {"integer": "Z", "integers": "Z", "real": "R", "reals": "R", "rational": "Q", "rationals": "Q",
    "complex": "C", "natural": "N", "naturals": "N"}  # fmt: skip
_SIGNS: Final = {"positive": "+", "negative": "-", "nonnegative": "0+", "non-negative": "0+", "nonzero": "*",
    "non-zero": "*", "nonpositive": "0-"}  # fmt: skip
PROPERTIES: Final = frozenset(("odd", "even", "prime", "composite"))
"""What a name is said to be where no domain says it; kept as words."""
PHRASE: Final = frozenset((*_FILLERS, *_DOMAINS, *_SIGNS, "non"))


_APPROXIMATELY: Final = frozenset(("approximately", "about", "roughly", "approx", "nearly", "around", "\\approx",
    "\\simeq", "\\approxeq", "\\thickapprox"))  # fmt: skip


def _means_about(token: str) -> bool:
    return (text_of(token) or token).lower().rstrip(".") in _APPROXIMATELY


def is_approximate(parser: Parser, ahead: int = 0) -> bool:
    r"""Whether `\approx` or a word for it comes next, or after `ahead` more tokens; "or" may stand before."""
    token = parser.ahead(ahead)
    return _means_about(token) or (token in ("or", "=", "is") and _means_about(parser.ahead(ahead + 1)))


def take_approximately(parser: Parser) -> None:
    """Consume what `is_approximate` found."""
    while parser.accept("or", "=", "is", ".") or _means_about(parser.tokens[parser.at]):
        parser.at += _means_about(parser.tokens[parser.at])


def domain_of_words(words: list[str]) -> Node | None:
    """`all positive integers` as a domain; None when a word is not understood, or none names a domain."""
    letter = sign = ""
    for word in words:
        if word in _DOMAINS:
            letter = letter or _DOMAINS[word]
        elif word in _SIGNS:
            sign = _SIGNS[word]
        elif word not in _FILLERS:
            return None
    return ("domain", letter + sign) if letter else None


def take_words(parser: Parser) -> list[str]:
    """The words of domain phrases that come next, consumed: `all positive integers`; "non-negative" is one."""
    found: list[str] = []
    while True:
        token = parser.tokens[parser.at]
        written = text_of(token) or (token if is_word(token) else "")
        words = written.lower().split()
        if token == "-" and found and found[-1] == "non":
            found.pop()
            parser.at += 1
            found.append("non" + parser.tokens[parser.at].lower())
            parser.at += 1
            continue
        if len(written) == 1 and written != "a":
            return found
        is_article = written == "a" and is_word(parser.ahead(1)) and parser.ahead(1).lower() in PHRASE
        if not is_article and (not words or written == "a" or not all(word in PHRASE for word in words)):
            return found
        parser.at += 1
        found.extend(words)


def condition(parser: Parser) -> Node:
    """One condition; words like "where" before it are consumed."""
    while parser.accept(*CONDITION_WORDS):
        pass
    domain = domain_of_words(words) if (words := take_words(parser)) else None
    if domain is None and words and set(words) - _FILLERS:
        return ("words", " ".join(words))
    if words and (parser.tokens[parser.at] in (END, ",", ";", ")")):
        return ("words", " ".join(words))
    left = parser.expression(STOP)
    if domain is not None:
        return ("rel", ("in",), left, domain) if left[0] == "sym" else left
    return _said(parser, left, bool(words))


def _said(parser: Parser, left: Node, of_all: bool) -> Node:
    """`k is an integer`, `k an integer`, `x` of "for all x"."""
    parser.accept("is", "are")
    words = take_words(parser)
    domain = domain_of_words(words) if words else None
    if domain is not None:
        return ("rel", ("in",), left, domain)
    token = parser.tokens[parser.at]
    if (text_of(token) or token) in PROPERTIES and left[0] == "sym":
        parser.at += 1
        return ("words", f"{left[1]} {text_of(token) or token}")
    if words and left[0] == "sym":
        return ("words", f"{left[1]} is {' '.join(words).removeprefix('is ')}")
    if words:
        raise parser.refuse(words[0])
    if left[0] == "sym" and of_all:
        return ("words", f"for all {left[1]}")
    return left


def which_domain(node: Node) -> Node:
    r"""After `\in`: a plain R, Z, N, Q or C is the domain."""
    if node[0] == "sym" and node[1][0] in DOMAIN_LETTERS and node[1][1:] in ("", "_+", "*"):
        return ("domain", node[1].replace("_", ""))
    return node

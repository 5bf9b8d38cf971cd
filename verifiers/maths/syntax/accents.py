r"""Names with something over, under or before them: accents, bold and double-struck letters, angles and triangles."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.core import Parser, Prefix
from assaygym.verifiers.maths.syntax.lexicon import DOMAIN_LETTERS, GREEK, STOP, UNION
from assaygym.verifiers.maths.syntax.names import name, subscript
from assaygym.verifiers.maths.syntax.tokens import END, is_number, is_word, shown, text_of
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["ACCENT_PREFIXES"]

_ACCENTS: Final = {"\\vec": "vec", "\\hat": "hat", "\\widehat": "hat", "\\bar": "bar", "\\overline": "bar",
    "\\tilde": "tilde", "\\widetilde": "tilde", "\\dot": "dot", "\\ddot": "ddot", "\\overrightarrow": "vec",
    "\\overset": "over", "\\mathcal": "cal", "\\mathscr": "cal", "\\mathfrak": "frak", "\\mathbf": "bold",
    "\\boldsymbol": "bold", "\\bm": "bold", "\\bf": "bold", "\\overleftrightarrow": "line", "\\widearc": "arc",
    "\\overarc": "arc", "\\overparen": "arc", "\\wideparen": "arc", "\\check": "check"}  # fmt: skip
_SHAPES: Final = {"\\angle": "angle", "\\triangle": "triangle", "\\measuredangle": "angle", "\\sphericalangle": "angle",
    "\\square": "square", "\\odot": "odot", "\\parallelogram": "parallelogram"}  # fmt: skip


def _accented(accent: str) -> Prefix:
    def read(parser: Parser) -> Node:
        return _with_accent(parser, accent)

    return read


def _with_accent(parser: Parser, accent: str) -> Node:
    r"""An accent is part of a name; bold is typesetting, but bold, hatted or arrowed i, j, k are the unit vectors."""
    wrapped = parser.accept("{")
    if accent == "bold" and wrapped and parser.ahead(1) != "}":
        node = parser.expression(STOP)
        parser.expect("}")
        return node
    if accent == "bar" and wrapped and _is_complex(parser):
        node = parser.expression(STOP)
        parser.expect("}")
        return ("fn", "conj", node)
    inner, depth = "", 1
    while wrapped and depth:
        token = parser.tokens[parser.at]
        depth += (token == "{") - (token == "}")
        inner += _inner_text(token)
        parser.at += 1
    if not wrapped:
        token = parser.tokens[parser.at]
        if is_word(token) and len(token) > 1:
            parser.tokens[parser.at] = token[1:]
        else:
            parser.at += 1
        inner = _inner_text(token[:1] if is_word(token) else token)
    if accent == "bold" and (is_number(inner) or (is_word(inner) and len(inner) > 1)):
        return parser.literal(inner)
    if accent == "bold" and inner in ("R", "Z", "N", "Q") and parser.tokens[parser.at] in _AFTER_SETS:
        return ("domain", inner)
    return name(parser, _accented_name(accent, inner))


_AFTER_SETS: Final = frozenset((END, "\\setminus", "\\backslash", "\\cup", "\\cap"))
_COMPLEX: Final = frozenset("+-i")


def _is_complex(parser: Parser) -> bool:
    """Whether a complex number in digits stands in the braces: its conjugate is meant, not a name."""
    tokens, at, has_digits = parser.tokens, parser.at, False
    while tokens[at] in _COMPLEX or is_number(tokens[at]):
        has_digits = has_digits or tokens[at][0].isdigit()
        at += 1
    return tokens[at] == "}" and has_digits and "i" in tokens[parser.at : at]


def _accented_name(accent: str, inner: str) -> str:
    if not inner[:1].isalnum():
        raise MathSyntaxError(f"{inner!r} under a {accent}")
    if inner in ("i", "j", "k") and accent in ("bold", "hat", "vec"):
        return f"vec {inner}"
    return inner if accent == "bold" else f"{accent} {inner}"


def _inner_text(token: str) -> str:
    text = text_of(token)
    if text is not None and text.isalnum():
        return text
    if token in ("{", "}", "\\mathbf", "\\boldsymbol", "\\bm"):
        return ""
    if is_word(token) or is_number(token) or token in ("+", "-", "'", "_"):
        return token
    bare = token[1:]
    if token[:1] == "\\" and bare in GREEK:
        return GREEK[bare]
    raise MathSyntaxError(f"{shown(token)} under an accent")


def _shape(kind: str) -> Prefix:
    def read(parser: Parser) -> Node:
        letters = []
        while is_word(parser.tokens[parser.at]) or parser.tokens[parser.at] == "_":
            token = parser.tokens[parser.at]
            parser.at += 1
            letters.append("_" + subscript(parser) if token == "_" else token)
        if not letters or letters[0][0] == "_":
            return _numbered(parser, kind)
        return ("sym", f"{kind} {''.join(letters)}")

    return read


def _numbered(parser: Parser, kind: str) -> Node:
    token = parser.tokens[parser.at]
    if not token.isdigit():
        raise parser.refuse(token, f"after \\{kind}")
    parser.at += 1
    return ("sym", f"{kind} {token}")


def _measure(parser: Parser) -> Node:
    r"""`m\angle ABC` is the angle itself."""
    if parser.tokens[parser.at] in ("\\angle", "\\measuredangle"):
        parser.at += 1
        return _shape("angle")(parser)
    return name(parser, "m")


def _complement(parser: Parser) -> Node:
    r"""`\complement_U A` as a call."""
    whole = f"_{subscript(parser)}" if parser.accept("_") else ""
    return ("call", f"complement{whole}", parser.expression(UNION))


def _domain(parser: Parser) -> Node:
    r"""`\mathbb{R}`, `\mathbb Z^+`, `\mathbb{Z}_{>0}`, `\mathbb{R}^*`, `\mathbb{R}_{\ge 0}`."""
    wrapped = parser.accept("{")
    letter = parser.tokens[parser.at]
    parser.at += 1
    if wrapped:
        parser.expect("}")
    if letter not in DOMAIN_LETTERS:
        return name(parser, f"bb {letter}") if is_word(letter) else _refused(parser, letter)
    suffix = ""
    while parser.tokens[parser.at] in ("^", "_") and (mark := _domain_mark(parser)):
        suffix += mark
    return ("domain", letter + suffix)


_DOMAIN_MARKS: Final = {
    "+": "+", "-": "-", "*": "*", "\\ast": "*", "\\times": "*", ">0": "+", "<0": "-", "\\ge0": "0+", "\\geq0": "0+",
    "\\le0": "0-", "\\leq0": "0-", ">=0": "0+", "<=0": "0-", "\\geqslant0": "0+", "0+": "0+", "\\ne0": "*",
    "\\neq0": "*", "+0": "0+", ",+": "+", ",>0": "+",
}  # fmt: skip


def _domain_mark(parser: Parser) -> str:
    tokens, at = parser.tokens, parser.at + 1
    end = at + 1
    if tokens[at] == "{":
        end = tokens.index("}", at) + 1 if "}" in tokens[at : at + 5] else at
    written = "".join(tokens[at:end]).strip("{}")
    if written in _DOMAIN_MARKS:
        parser.at = end
        return _DOMAIN_MARKS[written]
    return ""


def _refused(parser: Parser, token: str) -> Node:
    raise parser.refuse(token)


ACCENT_PREFIXES: Final[dict[str, Prefix]] = {
    **{command: _accented(accent) for command, accent in _ACCENTS.items()},
    **{command: _shape(kind) for command, kind in _SHAPES.items()},
    "\\mathbb": _domain, "\\Bbb": _domain, "\\complement": _complement, "m": _measure,
}  # fmt: skip

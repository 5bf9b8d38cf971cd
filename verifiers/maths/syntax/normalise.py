r"""Text of an answer (LaTeX, plain, Unicode, HTML, Markdown) to one plain notation, of which `parse` makes a tree.

What goes: sizes, spaces, styles, colours, delimiters, quotes, labels, trailing punctuation, thousands separators,
escapes doubled on the way. What is mathematics stays, so that no token is lost: an unknown command stays and is an
error later.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from assaygym.verifiers.maths.syntax.alphabets import to_latex, with_stacked
from assaygym.verifiers.maths.syntax.bases import has_base, plain_bases
from assaygym.verifiers.maths.syntax.separators import join_digits
from assaygym.verifiers.maths.syntax.tree import MAX_CHARS
from assaygym.verifiers.maths.syntax.typesetting import plain_latex

__all__ = ["normalise"]

_LONGEST: Final = 4 * MAX_CHARS
"""A longer text is returned as it is; `parse` refuses it."""
_CLEAN: Final = re.compile(
    r"(?:[A-Za-z0-9+\-*/^){}=|!:&%\[\]>]|\((?!mod)|_(?![0-9]{3}(?![0-9]))|<(?![A-Za-z/])"
    r"|,(?![0-9},])|,(?=[0-9]{1,2}(?![0-9]))|(?<![0-9]) (?! )|(?<=[0-9]) (?![0-9 ]|[xX] [0-9])"
    r"|\.(?=[0-9]{1,12}(?![0-9.,(\\]))|\\(?:frac|sqrt|pi|infty|cdot|times|pm|cup|cap|in|le|ge|leq|geq|ne|neq|ln|log|sin|cos"
    r"|tan|theta|alpha|binom|mathbb|circ|sum|lambda|dfrac)(?![A-Za-z])|\\[{}])*+"
)
_SIZED: Final = re.compile(r"\\(?:left|right) ?(?=[()\[\]])")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,6}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,10}[0-9]{0,2});")
_TAG: Final = re.compile(
    r"<(/?)(sup|sub|br|b|i|em|strong|p|span|code|math|div|u|center|td|tr|table|tbody|font|small|big|mark|tt|h[1-6])\b[^<>]{0,100}>",
    re.IGNORECASE,
)
_TAGS: Final = {"sup": "^{", "/sup": "}", "sub": "_{", "/sub": "}", "br": r" \\ "}
_KNOWN: Final = (
    "d?frac|tfrac|cfrac|sqrt|text|textbf|mathrm|mathbb|mathbf|pi|infty|cdot|times|pm|mp|cup|cap|in|notin|leq?|geq?|neq?|ln"
    "|log|sin|cos|tan|theta|alpha|beta|gamma|left|right|begin|end|binom|boxed|circ|sum|int|lim|to|quad|displaystyle|lambda"
    "|degree|approx|div|operatorname|overline|mid|setminus|emptyset|angle|dots|ldots|cdots"
)
_TWICE: Final = re.compile(rf"(?<!\\)\\\\(?=(?:{_KNOWN})(?![A-Za-z]))")
_TWICE_SIGN: Final = re.compile(r"(?<!\\)\\\\(?=[{}%$,!;(\[)\]])")
_EATEN: Final = re.compile(r"\t(?=ext|imes|frac|heta|an\b|o\b|au\b)")
_DOLLAR: Final = re.compile(r"(?<!\\)\$")
_MONEY_DOLLAR: Final = re.compile(r"(?<!\\)(?<![0-9])\$(?= ?-?[.0-9])")
_VECTOR: Final = re.compile(r"<([^<>=]{1,200},[^<>=]{1,200})>")
_TIMES: Final = re.compile(r"(?<=[0-9])(?: [xX] (?=[0-9])| ?[xX] ?(?=10 ?(?:\^|\*\*)))")
_PLUS_MINUS: Final = re.compile(r"(^|[=,({] ?)\+-")
_MODULUS: Final = re.compile(r"\( ?\\?(?:b|p)?mod ?(?=[^)]{1,60}\))")
_CURRENCY_BEFORE: Final = re.compile(
    r"(?<![A-Za-z])(?:(US|USD|A|AU|CA|C) ?\\\$|(USD) ?(?=[0-9])|(Rs|INR)\.? ?(?=[.]?[0-9])|(EUR) ?(?=[0-9]))"
)
_QUOTES: Final = 4
"""Most quotes and marks of emphasis around each other that are taken away."""
_GROUPING: Final = re.compile(r",|\\over(?![A-Za-z])|\\choose")
"""What braces around a whole text keep apart or together, so that they stay."""
_ENDS: Final = " \n\t.,;:"


def normalise(text: str, decimal_comma: bool = False) -> str:
    r"""The answer in plain notation; never raises. With `decimal_comma`, `3,14` is 3.14 (`1.234,56` always is 1234.56).

    Dollars are delimiters, unless each stands before a number or it is a single one beside a number (then `\$`).
    A text of more than four times MAX_CHARS is returned as it is.
    """
    if len(text) > _LONGEST:
        return text
    plain = _undressed(text)
    if _CLEAN.fullmatch(plain) and not decimal_comma and not _needs_more(plain):
        return plain.strip()
    return _slow(text, decimal_comma)


def _undressed(text: str) -> str:
    """Without what most answers have and is quickly told: dollars around, sizes of brackets, a full stop."""
    if "\\" in text and ("\\left" in text or "\\right" in text):
        text = _SIZED.sub("", text)
    if text[:1] == "$" and text[-1:] == "$" and text.count("$") == 2 and text[-2:-1] != "\\":
        text = text[1:-1]
    return text[:-1] if text[-1:] == "." and text[-2:-1].isalnum() else text


def _needs_more(text: str) -> bool:
    """Whether a text of harmless characters has a harmful run of them."""
    return (
        "**" in text
        or "+-" in text
        or "+/-" in text
        or "Rs" in text
        or "USD" in text
        or "EUR" in text
        or "{:}" in text
        or ("_" in text and ("/_" in text or has_base(text)))
        or text[:1] in ("*", "<", "_")
    )


def _slow(text: str, decimal_comma: bool) -> str:
    if "&" in text and ";" in text:
        text = _ENTITY.sub(lambda entity: unescape(entity[0]), text)
    if "<" in text:
        text = _without_tags(text)
    if not text.isascii():
        text = to_latex(text)
    if "\\" in text or "\x0c" in text or "\x08" in text or "\t" in text:
        text = _unescaped(text)
    text = _unquoted(text.strip())
    if "/_" in text:
        text = with_stacked(text)
    if "_" in text:
        text = plain_bases(text)
    if "{:}" in text:
        text = text.replace("{:}", ":")
    if "$" in text:
        text = _without_dollars(text)
    if "\\" in text:
        text = plain_latex(text)
    text = " ".join(text.split())
    text = join_digits(_trimmed(text), decimal_comma)
    if "~" in text or "\\," in text or "\\!" in text or "\\;" in text:
        text = text.replace("\\,", " ").replace("\\!", "").replace("\\;", " ").replace("~", " ")
    if "x" in text or "X" in text:
        text = _TIMES.sub(lambda _: "\\times ", text)
    if "+-" in text or "+/-" in text:
        text = _PLUS_MINUS.sub(r"\1\\pm ", text.replace("+/-", "\\pm "))
    if "mod" in text:
        text = _MODULUS.sub(r"\\pmod (", text)
    if "S" in text or "R" in text or "s" in text:
        text = _CURRENCY_BEFORE.sub(_currency, text)
    return _trimmed(" ".join(text.split()))


def _currency(match: re.Match[str]) -> str:
    return "₹" if match[3] else "€" if match[4] else "\\$"


def _without_tags(text: str) -> str:
    text = _TAG.sub(lambda tag: _TAGS.get((tag[1] + tag[2]).lower(), ""), text)
    if text[:1] == "<" and (match := _VECTOR.fullmatch(text)):
        return f"\\langle {match[1]}\\rangle "
    return text


def _unescaped(text: str) -> str:
    r"""`\\frac` as `\frac`, and what a string literal made of backslashes: a form feed before `rac`."""
    if "\x0c" in text or "\x08" in text or "\t" in text:
        text = _EATEN.sub(lambda _: "\\t", text.replace("\x0c", "\\f").replace("\x08", "\\b"))
    if "\\\\" not in text:
        return text
    if "\\\\begin" in text:
        return text.replace("\\\\", "\\")
    text = _TWICE.sub(_backslash, text)
    return text if "\\begin" in text else _TWICE_SIGN.sub(_backslash, text)


def _backslash(_: re.Match[str]) -> str:
    """A function, since a template with a backslash is worked out at each call, match or not."""
    return "\\"


def _unquoted(text: str) -> str:
    for _ in range(_QUOTES):
        if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'`*_" or text[0] in text[1:-1].strip("*_`\"'"):
            break
        text = text[1:-1].strip()
    if "`" in text:
        text = text.replace("`", "")
    if text.startswith("**") and text.endswith("**") and text.count("**") == 2:
        return text[2:-2]
    return text


def _without_dollars(text: str) -> str:
    bare = _DOLLAR.findall(text)
    if not bare:
        return text
    if "$$" not in text and (len(_MONEY_DOLLAR.findall(text)) == len(bare) and not text.endswith("$")):
        return _MONEY_DOLLAR.sub(r"\\$", text)
    if len(bare) == 1 and text.endswith("$") and text[-2:-1].isdigit():
        return text[:-1] + "\\$"
    return _DOLLAR.sub(" ", text)


def _trimmed(text: str) -> str:
    r"""Without punctuation at its ends and braces around it all."""
    text = text.strip(" \n\t,;:").rstrip(_ENDS) if not text.endswith("...") else text.strip()
    while text.endswith("\\") and not text.endswith("\\\\"):
        text = text[:-1].rstrip(_ENDS)
    while text[:1] == "{" and text[-1:] == "}" and _GROUPING.search(text) is None and _is_wrapped(text):
        text = text[1:-1].strip()
    return text


def _is_wrapped(text: str) -> bool:
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if not depth:
            return at == len(text) - 1
    return False

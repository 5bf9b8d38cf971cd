r"""Text of an answer (LaTeX, plain or Unicode, in one pass) to tokens. Linear; what is not mathematics is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MAX_CHARS", "MathSyntaxError", "Token", "tidy", "tokenize"]

MAX_CHARS = 4000
MAX_TOKENS = 1500
MAX_DIGITS = 400


class MathSyntaxError(ValueError):
    """The text is not an expression of the grammar; the message names the token. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is one of num, cmd, word, text, op, end; `spaced` tells whether white space stood before it."""

    kind: str
    value: str
    spaced: bool = False


_UNICODE = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict(zip("−–‐‑×·⋅∙÷√π∞≤≥≠⩽⩾∪∩∈±∓°", (*"----", *(r"\times ",), *(r"\cdot ",) * 3, "/", r"\surd ", r"\pi ",
        r"\infty ", r"\le ", r"\ge ", r"\ne ", r"\le ", r"\ge ", r"\cup ", r"\cap ", r"\in ", r"\pm ", r"\mp ",
        r"^\circ "), strict=True)),
    **dict(zip("αβγδθλμρστφω", (rf"\{name} " for name in ("alpha", "beta", "gamma", "delta", "theta", "lambda", "mu",
        "rho", "sigma", "tau", "phi", "omega")), strict=True)),
    **dict(zip("½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞", (rf"\frac{{{half}}}{{{under}}}" for half, under in (
        "12", "13", "23", "14", "34", "15", "25", "35", "45", "16", "56", "18", "38", "58", "78")), strict=True)),
    "，": ",", "、": ",", "。": ".", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "’": "'", "∅": r"\emptyset ",
}  # fmt: skip
_TRANSLATE = str.maketrans(_UNICODE)
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿˣ", "0123456789-+nx")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\s?\\!|\\!|\\,|\{\\,\})\s*(?=\d{3}(?!\d))", re.ASCII)
_DOLLAR = re.compile(r"\\?\$|[€£¥]|(?<!\\)\\\(|(?<!\\)\\\)|(?<!\\)\\\[|(?<!\\)\\\]")
_STYLED = re.compile(
    r"\\(?:text|textbf|textrm|textit|mathbf|mathrm|mathit|bm|boldsymbol|mbox)\s*\{\s*([-+]?[\d.,]{1,40})\s*\}"
)
_HTML = re.compile(r"<(sup|sub)>\s*([^<>]{1,40})\s*</\1>", re.IGNORECASE)

_TOKEN = re.compile(
    r"""(?P<space>(?:\s|~|\\[,;:!\ >]|\\(?:quad|qquad|left|right|big|Big|bigg|Bigg|bigl|bigr|displaystyle|textstyle
                  |limits|nolimits|mathstrut)(?![A-Za-z])|(?<=\\left)\.|(?<=\\right)\.)+)
    |(?P<env>\\(?:begin|end)\s*\{\s*[a-z]{1,10}\*?\s*\}(?:\s*\{[lcr|\s]{1,20}\})?)
    |\\(?:text|mbox|textbf|textrm|textit|hbox)\s*\{(?P<text>[^{}]{0,200})\}
    |\\(?:mathrm|operatorname\*?|mathbf|mathit|rm)\s*\{[\s~]*(?P<roman>[A-Za-z ./]{1,40})\s*\}
    |(?P<repeating>\d*\.\d*\\(?:overline|dot|bar)\s*\{\s*\d{1,40}\s*\})
    |(?P<mixed>\d+\s+\d+\s*/\s*\d+(?![\d.]))
    |(?P<num>\d+(?:\.\d+)?(?:[eE][-+]?\d{1,4}(?![\w.]))?|\.\d+)
    |(?P<cmd>\\[A-Za-z]+|\\[{}%|\\&\#_])
    |(?P<word>[A-Za-z]+)
    |(?P<op>\*\*|<=|>=|!=|==|[-+*/^_=<>!|()\[\]{},;:&%'.])""",
    re.VERBOSE | re.ASCII,
)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])", re.ASCII)
_ALIASES = {
    "\\dfrac": "\\frac", "\\tfrac": "\\frac", "\\cfrac": "\\frac", "\\leq": "\\le", "\\geq": "\\ge", "\\neq": "\\ne",
    "\\leqslant": "\\le", "\\geqslant": "\\ge", "<=": "\\le", ">=": "\\ge", "!=": "\\ne", "==": "=", "\\lt": "<",
    "\\gt": ">", "**": "^", "\\lbrace": "\\{", "\\rbrace": "\\}", "\\lvert": "|", "\\rvert": "|", "\\vert": "|",
    "\\%": "%", "\\degree": "\\circ", "\\thinspace": "", "\\colon": ":", "\\ast": "*", "\\dbinom": "\\binom",
    "\\tbinom": "\\binom", "\\lparen": "(", "\\rparen": ")", "\\lbrack": "[", "\\rbrack": "]", "\\div": "/",
    "\\cdots": "\\dots", "\\ldots": "\\dots", "\\arcsin": "\\asin", "\\arccos": "\\acos", "\\arctan": "\\atan",
    "\\varnothing": "\\emptyset", "\\land": "and", "\\lor": "or", "\\times": "*", "\\cdot": "*",
}  # fmt: skip


def tidy(text: str) -> str:
    """The answer with Unicode mathematics as LaTeX, and delimiters, currency and typeset thousands taken away."""
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿˣ]+", lambda run: "^{" + run[0].translate(_SUPER) + "}", text)
    text = re.sub("[₀-₉]+", lambda run: "_{" + run[0].translate(_SUB) + "}", text)
    text = _HTML.sub(lambda tag: f"{'^' if tag[1].lower() == 'sup' else '_'}{{{tag[2]}}}", text.translate(_TRANSLATE))
    if "\\begin" not in text:
        text = re.sub(r"\\\\(?=[A-Za-z]{2})", r"\\", text)
    text = _THOUSANDS.sub("", _DOLLAR.sub(" ", _STYLED.sub(r" \1 ", text)))
    return text.strip().rstrip(".,;").strip()


def tokenize(text: str) -> list[Token]:
    """The tokens of a tidied text, ending in one of kind `end`.

    Raises:
        MathSyntaxError: it is longer than 4,000 characters or 1,500 tokens, or has a character outside the grammar.
    """
    if len(text) > MAX_CHARS:
        raise MathSyntaxError(f"{len(text)} characters, over the limit of {MAX_CHARS}")
    tokens: list[Token] = []
    at, depth, spaced = 0, 0, False
    while at < len(text):
        grouped = _GROUPED.match(text, at) if depth == 0 else None
        match = grouped or _TOKEN.match(text, at)
        if match is None:
            raise MathSyntaxError(f"character {text[at]!r} at {at}")
        at = match.end()
        if match.lastgroup == "space":
            spaced = True
            continue
        token = Token("num", match[0].replace(",", ""), spaced) if grouped else _token(match, spaced)
        depth += {"(": 1, "[": 1, "\\{": 1, ")": -1, "]": -1, "\\}": -1}.get(token.value, 0)
        if token.value:
            tokens.append(token)
        spaced = False
    if len(tokens) > MAX_TOKENS:
        raise MathSyntaxError(f"{len(tokens)} tokens, over the limit of {MAX_TOKENS}")
    return [*tokens, Token("end", "end of the answer")]


def _token(match: re.Match[str], spaced: bool) -> Token:
    kind, value = match.lastgroup or "", match[match.lastgroup or 0]
    if kind == "roman":
        return _roman(value.strip(), spaced)
    if kind == "text":
        value = " ".join(value.split())
        return Token("word" if re.fullmatch(r"[A-Za-z]|or|and|to", value) else "text", value, spaced)
    if kind in ("num", "repeating", "mixed") and len(value) > MAX_DIGITS:
        raise MathSyntaxError(f"a number of {len(value)} digits, over the limit of {MAX_DIGITS}")
    if kind == "env":
        return Token("cmd", re.sub(r"\s|\{[lcr|\s]+\}$", "", value), spaced)
    return Token("num" if kind in ("repeating", "mixed") else kind, _ALIASES.get(value, value), spaced)


def _roman(value: str, spaced: bool) -> Token:
    """Upright letters: a constant or a variable when single, a function name, else a unit or a word."""
    if len(value) == 1:
        return Token("word", value, spaced)
    known = ("sin", "cos", "tan", "cot", "sec", "csc", "ln", "log", "exp", "max", "min", "gcd", "lcm")
    return Token("cmd", f"\\{value}", spaced) if value in known else Token("text", value, spaced)

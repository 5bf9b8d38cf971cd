r"""LaTeX without its typesetting: which commands go, which give way to their argument, and what upright text is."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.maths.syntax.lexicon import CONSTANTS, FUNCTIONS, GREEK

__all__ = ["plain_latex"]

_DROPPED: Final = frozenset((
    "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "bigm", "Bigl", "Bigr", "Bigm", "biggl",
    "biggr",
    "Biggl", "Biggr", "displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "limits", "nolimits",
    "mathstrut",
    "strut", "nonumber", "notag", "bf", "rm", "it", "sf", "tt", "cal", "large", "Large", "LARGE", "huge", "Huge",
    "small",
    "normalsize", "tiny", "hfill", "hline", "centering", "noindent", "par", "smash", "protect", "null", "relax",
    "boldmath", "allowbreak", "nobreak", "hfil",
))  # fmt: skip
_SPACES: Final = frozenset(("space", "enspace", "thinspace", "medspace", "thickspace", "enskip", "nobreakspace",
    "negthinspace",
    "negmedspace", "negthickspace"))  # fmt: skip
_UNWRAPPED: Final = frozenset((
    "boxed", "fbox", "framebox", "mathop", "mathbin", "mathrel", "mathord", "mathopen", "mathclose", "mathpunct",
    "mathinner",
    "cancel", "bcancel", "xcancel", "ensuremath", "underline", "uline", "emph", "underbrace", "smash", "mathnormal",
    "pmb", "hbox", "vbox", "colorbox", "fcolorbox", "llap", "rlap", "boxed*", "underset", "smashed", "framed",
))  # fmt: skip
_TEXTS: Final = frozenset((
    "text", "textbf", "textit", "textrm", "textsf", "texttt", "textup", "textnormal", "textmd", "textsc", "mbox",
    "mathrm",
    "mathit", "mathsf", "mathtt", "operatorname", "operatorname*", "unit", "si", "rm", "up", "textsl", "bfseries",
    "mathup",
))  # fmt: skip
_WITH_ARGUMENT: Final = frozenset(("color", "textcolor", "hspace", "vspace", "hskip", "label", "tag", "phantom",
    "hphantom",
    "vphantom", "kern", "mkern", "mskip", "vskip", "hspace*", "vspace*", "tag*", "raisebox", "cellcolor", "definecolor",
    "require", "usepackage", "fontsize", "selectfont"))  # fmt: skip
_LINES: Final = (
    "aligned|align|alignat|alignedat|gathered|gather|split|eqnarray|equation|center|displaymath|math|multline|flalign"
)
_ALIASES: Final = {
    "lbrace": "\\{", "rbrace": "\\}", "dotsc": "\\dots ", "dotsb": "\\dots ", "ldots": "\\dots ", "cdots": "\\dots ",
    "dfrac": "\\frac", "tfrac": "\\frac", "cfrac": "\\frac", "qquad": "\\quad ", "lt": "<", "gt": ">", "colon": ":",
    "degree": "^\\circ ", "textdegree": "^\\circ ", "celsius": "^\\circ C", "percent": "\\%", "textdollar": "\\$",
    "dollar": "\\$",
    "leqslant": "\\le ", "geqslant": "\\ge ", "leq": "\\le ", "geq": "\\ge ", "neq": "\\ne ", "lparen": "(",
    "rparen": ")",
    "lbrack": "[", "rbrack": "]", "nicefrac": "\\frac", "sfrac": "\\frac", "dbinom": "\\binom", "tbinom": "\\binom",
    "ohm": "\\Omega ", "textquotesingle": "'", "And": " and ", "newline": r"\\", "tabularnewline": r"\\",
    "dprime": "\\prime\\prime ", "N": "\\mathbb{N}", "R": "\\mathbb{R}", "Z": "\\mathbb{Z}", "Q": "\\mathbb{Q}",
    "C": "\\mathbb{C}",
    "reals": "\\mathbb{R}", "Reals": "\\mathbb{R}", "lq": "", "rq": "'", "textpi": "\\pi ",
    "textbackslash": "\\setminus ",
}  # fmt: skip
_BAR_SIDES: Final = {
    "left": "\\lvert ",
    "right": "\\rvert ",
    "bigl": "\\lvert ",
    "bigr": "\\rvert ",
    "Bigl": "\\lvert ",
    "Bigr": "\\rvert ",
}
_SWITCHED: Final = re.compile(r"\{ ?\\(?:rm|bf)(?![A-Za-z]) ?(?:\\,|~)? ?([A-Za-z0-9 .]{1,40})\}")
_FRAME: Final = re.compile(r"\\(?:boxed|fbox|mathbf|boldsymbol|bm|underline|ensuremath|cancel) ?\{")
_FRAMES: Final = 4
"""Most frames around each other that are taken away."""
_COMMAND: Final = re.compile(
    r"\\(?!(?:frac|sqrt|pi|infty|cdot|times|theta|sin|cos|tan|log|ln|in|le|ge|cup|cap|pm|alpha|mathbb|begin|end)(?![A-Za-z]))"
    r"(?:([A-Za-z]+)(\*?)|([,;:!> ()\[\]/.]))"
)
"""A command that may be typesetting; the commonest that are not are passed over."""
_TOKENS: Final = re.compile(r"\\(?:[A-Za-z]+\*?|.)|[{}]", re.DOTALL)
_TEXT: Final = re.compile(r"\\text ?\{([^{}]*)\}")
_TEXT_TO_POWER: Final = re.compile(r"\\text ?\{([^{}]*)([_^])\{([-0-9A-Za-z]{1,20})\}([^{}]*)\}")
_GLUE: Final = re.compile(r"\\(begin|end) *\{ *([A-Za-z]+)\*? *\}")
_LINE_ENVIRONMENT: Final = re.compile(rf"\\(begin|end)\{{(?:{_LINES})\*?\}}(?:\{{[0-9]\}})?")
_LINE_SPACING: Final = re.compile(r"\\\\ ?\[[0-9.]{1,8} ?[a-z]{2}\]")
_NOT: Final = re.compile(r"\\not ?(=|\\in(?![a-z])|\\subset|\\equiv|<|>)")
_NOTS: Final = {"=": "\\ne ", "\\in": "\\notin ", "<": "\\ge ", ">": "\\le "}
_QUAD: Final = re.compile(
    r" *\\quad *(?=\\quad|$|[,;)\]]|\\text|\\}|or\b|and\b|where\b|for\b|if\b|\\begin|\(|&|\\\\)"
    r"|(?:(?<=^)|(?<=[,;&(]) ?)\\quad "
)
_UNWORDED: Final = frozenset((
    "or", "and", "to", "where", "for", "if", "when", "with", "is", "are", "for all", "for any", "for every", "for each",
    "for some",
    "is an integer", "is any integer", "an integer", "any integer", "integer", "integers", "are integers",
    "is an arbitrary integer",
    "such that", "where k is an integer", "where n is an integer", "mod", "is", "if and only if",
    "is a positive integer",
    "provided", "is odd", "is even", "for all real", "for real", "with", "as", "on", "in", "is a real number",
    "for integer",
    "for all integers", "for integers", "for all real numbers", "where", "choose", "base", "divides",
    "for positive integers",
    "for positive integer", "for every integer", "for any integer", "for all integer", "for any real",
    "all real numbers",
    "U", "union", "i", "e", "cis",
))  # fmt: skip
_AMBIGUOUS: Final = frozenset(("min", "sec", "max"))
"""Functions that upright text leaves as text, since they are units or words too."""
_UNIT: Final = (
    r"(?:[kcdmnμMG]?(?:m|g|s|N|J|W|V|A|Pa|K|C|L|T|F|H|Hz|mol|eV)|h|hr|min|sec|ft|in|mi|yd|lb|rad)(?:\^-?[0-9])?"
)
_UNIT_TEXT: Final = re.compile(rf"{_UNIT}(?:(?: / |[ /*·]){_UNIT}){{0,6}}")
_SIGN: Final = re.compile(r"[=<>\\^_|]")
_DIGIT: Final = re.compile("[0-9]")


def plain_latex(text: str) -> str:
    """The text without typesetting. Linear: one pass for commands, one for texts."""
    text = _without_frame(text)
    if "\\begin" in text:
        text = _LINE_SPACING.sub(lambda _: "\\\\", text)
        text = _without_lines(_GLUE.sub(lambda found: f"\\{found[1]}{{{found[2]}}}", text))
    if "\\rm" in text or "\\bf" in text:
        text = _SWITCHED.sub(r"\\text{\1}", text)
    text = _without_commands(text)
    if "\\text" in text:
        for _ in range(3 if "^" in text or "_" in text else 0):
            if _TEXT_TO_POWER.search(text) is None:
                break
            text = _TEXT_TO_POWER.sub(r"\\text{\1}\2{\3}\\text{\4}", text)
        text = _TEXT.sub(_upright, text)
    if "\\not" in text:
        text = _NOT.sub(lambda found: _NOTS.get(found[1], found[0]), text)
    if "\\quad" in text:
        text = _QUAD.sub(" ", text)
    return text.replace("{}", "") if "{}" in text else text


def _without_frame(text: str) -> str:
    """Without a box, bold or underlining around the whole text, whose braces would hold its commas together."""
    for _ in range(_FRAMES):
        match = _FRAME.match(text)
        if match is None or _closing(text, match.end() - 1) != len(text) or len(text) - match.end() < 3:
            break
        text = text[match.end() : -1].strip()
    return text


def _without_lines(text: str) -> str:
    """Environments that only align lines give way to the lines; the marks of alignment in them go."""
    parts, at, inside = [], 0, False
    for match in _LINE_ENVIRONMENT.finditer(text):
        piece = text[at : match.start()]
        parts.append(piece.replace("&", " ") if inside and "\\begin" not in piece else piece)
        parts.append(" ")
        inside, at = match[1] == "begin", match.end()
    return "".join(parts) + text[at:]


def _without_commands(text: str) -> str:
    parts: list[str] = []
    at = 0
    while (match := _COMMAND.search(text, at)) is not None:
        start = match.start()
        if start and text[start - 1] == "\\" and _odd_backslashes(text, start):
            parts.append(text[at : start + 1])
            at = start + 1
            continue
        parts.append(text[at:start])
        written, at = _command(text, match)
        parts.append(written)
    return "".join(parts) + text[at:] if parts else text


def _odd_backslashes(text: str, at: int) -> bool:
    count = 0
    while at - count and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _command(text: str, match: re.Match[str]) -> tuple[str, int]:
    """What a command is written as, and where the text goes on."""
    name, end = match[1], match.end()
    if name is None:
        return _sign(match[3]), end
    if name in _BAR_SIDES and (following := text[end:].lstrip()[:2]) and following[0] == "|":
        return _BAR_SIDES[name], text.index("|", end) + 1
    if (
        name in ("left", "right", "bigl", "bigr", "Bigl", "Bigr")
        and (following := text[end:].lstrip()[:1]) in (".", "<", ">")
        and following
    ):
        return {"<": "\\langle ", ">": "\\rangle ", ".": " "}[following], text.index(following, end) + 1
    if name in _TEXTS or name + match[2] in _TEXTS:
        return _text(text, end)
    if name in _DROPPED or name in _SPACES:
        return " ", end
    if name in _UNWRAPPED:
        return "", end
    if name in _WITH_ARGUMENT:
        return " ", _after_argument(text, end)
    if name in _ALIASES:
        return _ALIASES[name], end
    return match[0], end


def _sign(sign: str) -> str:
    """Spaces stay as commands for thousands to be told by; delimiters of formulas go."""
    if sign in ",!;:":
        return f"\\{sign}" if sign in ",!" else "\\;"
    return " "


def _after_argument(text: str, at: int) -> int:
    end = _skip(text, at)
    if text[end : end + 1] == "{":
        close = _closing(text, end)
        return close if close > 0 else at
    return at


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at


def _closing(text: str, at: int) -> int:
    """The place after the brace that closes the one at `at`; -1 where none does."""
    depth = 0
    for match in _TOKENS.finditer(text, at):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0:
            return match.end()
    return -1


def _text(text: str, at: int) -> tuple[str, int]:
    r"""A text in braces as `\text{...}`; with braces or mathematics inside, without the command."""
    start = _skip(text, at)
    if text[start : start + 1] != "{":
        return " ", at
    return "\\text", start


_OPENERS: Final = frozenset(("where", "for", "if", "when", "or", "and", "with"))


def _upright(match: re.Match[str]) -> str:
    """Upright text that is mathematics, or one of the words of the grammar, as such; else a `text` token."""
    inner = " ".join(match[1].replace("~", " ").replace("\\;", " ").replace("\\,", " ").replace("\\!", "").split())
    if not inner:
        return " "
    if inner == "d":
        return "d"
    bare = inner.rstrip(".,;:")
    if bare.lower() in _UNWORDED:
        return f" {bare.lower() if bare != 'U' else bare} "
    if (bare in FUNCTIONS and bare not in _AMBIGUOUS) or bare in GREEK or bare in CONSTANTS:
        return f"\\{bare} " if bare in FUNCTIONS or bare in GREEK or bare == "pi" else f" {bare} "
    if _UNIT_TEXT.fullmatch(inner):
        return "\\text{" + inner.replace(" / ", "/").replace(" ", "*").replace("·", "*") + "}"
    if inner[0] == "(" and ")" not in inner:
        return f"({_upright_word(inner[1:])}"
    if inner[-1] == ")" and "(" not in inner:
        return f"{_upright_word(inner[:-1])})"
    if _is_formula(inner) or bare[:6].split(" ")[0].lower() in _OPENERS:
        return f" {inner} "
    return f"\\text{{{inner}}}"


def _upright_word(inner: str) -> str:
    return f"\\text{{{inner.strip()}}}" if inner.strip() else ""


def _is_formula(text: str) -> bool:
    """Whether upright text has signs of relations or scripts, or digits before words: `x=5`, `3 apples`, not `H2O`."""
    return text in ",;" or _SIGN.search(text) is not None or (not text[0].isalpha() and _DIGIT.search(text) is not None)

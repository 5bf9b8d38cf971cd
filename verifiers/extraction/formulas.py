r"""Short responses that are nothing but a formula or one box: read at once, as the long way would read them.

Half of the golds and many of the answers that reach a verifier are such formulas. The patterns let nothing through that
one of the steps of the long way changes: no word that is not the name of a function or of a unit, no mark of Markdown
or of a template, no dollar but those around everything, and no punctuation at the end. A test holds both ways together.
"""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.extraction.found import Found, Style
from assaygym.verifiers.extraction.statements import is_brief
from assaygym.verifiers.extraction.wording import english, settled

__all__ = ["QUICK_CHARS", "quick_answer"]

_BARE, _BOX = Style.BARE, Style.BOX
QUICK_CHARS: Final = 160
"""Longest response that is looked at."""
_UNREAD_CHARS: Final = 120
_UNREAD = re.compile(
    r"(?:[0-9+\-/^=(),\[\]{}|!% ]|\.(?=\d)|\\(?:[dt]?frac|sqrt|pi|cdot|times|left|right|pm|infty|cup|leq?"
    r"|geq?|in|circ)(?![A-Za-z])"
    r"|(?:[A-Za-df-np-xz]|(?<!\d )[ey])(?![A-Za-z]))++"
)
"""Formulas that are returned as they are, also with punctuation at the end and as a chain of equations."""
_KNOWN: Final = (
    "[dtc]?frac|sqrt|pi|c?dots?|times|left|right|[mp]m|infty|c[ua]p|[lg]eq?|leqslant|geqslant|[lg]t|neq?|(?:not)?in|circ"
    "|text(?:bf|rm|it)?|math(?:rm|bf|bb|cal|it)|operatorname|mbox|overline|bar|vec|hat|dot|[dt]?binom|sum|prod|int|lim|to"
    "|(?:arc)?(?:sin|cos|tan|cot)|(?:sin|cos|tan)h|sec|csc|l[ng]|log|exp|max|min|gcd|det|alpha|beta|gamma|delta|epsilon"
    "|(?:var)?(?:theta|phi)|lambda|mu|nu|rho|sigma|tau|psi|omega|eta|xi|zeta|kappa|Delta|Gamma|Omega|Phi|Psi|Theta|Sigma|ell"
    "|mid|setminus|emptyset|varnothing|approx|equiv|cong|sim|ldots|[lr](?:angle|floor|ceil|vert|brace)|vert|angle|degree"
    "|triangle|div|over|partial|nabla|[bp]?mod|forall|land|lor|[bB]igg?[lr]?|displaystyle|limits|subset(?:eq)?|prime|perp"
    "|parallel|mapsto|rightarrow|Rightarrow|implies|hbox|surd"
)
"""Commands that every step of the long way passes over, if only as parts of a formula."""
_BOXED: Final = rf"[^{{}}$*\\a-zA-Z:]|\\(?:{_KNOWN})(?![A-Za-z])|\\[{{}}%$|,;! ]|[A-Za-z](?![A-Za-z])"
_SIMPLE_BOX = re.compile(
    r"\\boxed\{([^{}$*\\a-zA-Z]+"
    r"|(?:[^{}$*a-zA-Z\\]|\\frac\{[^{}\\]*\}\{[^{}\\]*\}|\\sqrt\{[^{}\\]*\}|\\pi)+"
    rf"|((?:{_BOXED}|\{{(?:{_BOXED}|\{{(?:{_BOXED})*+\}})*+\}})++))\}}\.?\Z"
)
_SIGNS: Final = (
    r"[0-9+\-/^=(),\[\]{}|!% :;]|&(?![A-Za-z#])|\.(?=[\d\\])|>(?![A-Za-z/|])|<(?![/|<]|[A-Za-z][A-Za-z>])"
    r"|\*(?!\*)|_(?!_)"
)
_COMMANDS: Final = (
    rf"\\(?:\\?(?:{_KNOWN})(?![A-Za-z])|[{{}}%$|,;!: ]"
    r"|\\(?![A-Za-z()\[\]])|q?quad(?![A-Za-z])(?!\Z)|(?:begin|end)\{(?:[pbvBV]?matrix|array|cases)\})"
)
_LETTER: Final = r"[A-Za-z](?![A-Za-z'])"
_NAMES: Final = (
    r"(?:sqrt|pi|sin|cos|tan|cot|sec|csc|log|ln|exp|arcsin|arccos|arctan|max|min|gcd|lcm|infinity|or|and|to|in)"
    r"(?![A-Za-z0-9_'])"
)
_END: Final = r"(?:(?<=[0-9A-Za-z)\]}|%])|(?<=[0-9)\]}]!))"
_PLAIN = re.compile(rf"(?:{_SIGNS}|{_COMMANDS}|{_LETTER}|{_NAMES})++{_END}")
"""Formulas in ASCII without a word in them."""
_UNITS: Final = (
    r"(?:(?:square |cubic |sq )?(?:[kcmd]?m|[km]?g|m[lL]|ft|km/h|m/s|mph|hours?|minutes?|seconds?|days|weeks"
    r"|months|years|meters|metres|miles|inches|feet|yards|dollars|cents|degrees|units?|percent))(?![A-Za-z'])"
)
_PAIRS: Final = r"(?:a[bcd]|b[cd]|cd|xy|yz|xz|pq|rs|mn|A[BC]|B[CD]|CD|xyz|abc|ABC|PQ)(?![A-Za-z'])"
_SYMBOLS: Final = "[√π°²³¹⁴⁵⁶⁷⁸⁹½¼¾⅓⅔×·÷−±∞≤≥≠∪∩θαβλφω]"
_COUNTED = re.compile(
    rf"(?![,:;<> &]|[A-Za-z]+\s|[^\W\d_]{{3}})(?:\\text\{{\s?{_UNITS}\s?\}}|{_SIGNS}|{_COMMANDS}|{_LETTER}|{_SYMBOLS}"
    rf"|(?<=\d )(?:{_UNITS})|{_PAIRS})++(?:{_END}|(?<={_SYMBOLS}))"
)
"""Formulas with the signs of Unicode or products of letters, and numbers with units."""


def quick_answer(text: str) -> Found | None:
    """What `find_answer` finds in a short response that is a formula or a simple box; None for all others."""
    if text.startswith("\\boxed{"):
        return _in_box(text)
    formula = text.strip()
    if _UNREAD.fullmatch(formula) and len(text) <= _UNREAD_CHARS:
        return Found(formula, _BARE)
    if formula[-1:] == "." and formula[-2:-1] not in (".", " ", "\\", "!", ""):
        formula = formula[:-1]
    if formula[:1] == "$" == formula[-1:]:
        inner = formula[1:-1]
        fine = _PLAIN.fullmatch(inner) and inner[0] != " "
        return Found(settled(inner), _BARE) if fine else None
    if _PLAIN.fullmatch(formula) or (_COUNTED.fullmatch(formula) and is_brief(formula)):
        return Found(settled(formula), _BARE)
    return None


def _in_box(text: str) -> Found | None:
    box = _SIMPLE_BOX.match(text)
    if box is None or not (content := box[1].strip()):
        return None
    if box[2] is not None:
        return Found(english(content), _BOX)
    return Found(content, _BOX) if len(text) <= _UNREAD_CHARS else None

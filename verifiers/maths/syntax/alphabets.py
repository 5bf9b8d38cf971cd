r"""Unicode mathematics to LaTeX, one character at a time, by one translate table."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["to_latex", "with_stacked"]

_SUPERSCRIPTS: Final = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵏᵃᵇᵈᵉᵐᵖᵗʲʳˢᵀ", "0123456789+-=()nixykabdemptjrsT", strict=True))
_SUBSCRIPTS: Final = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₖₓᵢⱼₐₘₚₜ", "0123456789+-=()nkxijampt", strict=True))
_UP, _UP_END, _DOWN, _DOWN_END = "\ue000", "\ue001", "\ue002", "\ue003"
_FRACTIONS: Final = [
    "½12",
    "⅓13",
    "⅔23",
    "¼14",
    "¾34",
    "⅕15",
    "⅖25",
    "⅗35",
    "⅘45",
    "⅙16",
    "⅚56",
    "⅐17",
    "⅛18",
    "⅜38",
    "⅝58",
    "⅞78",
    "⅑19",
]
_GREEK: Final = {
    **dict(zip("αβγδεζηθικλμνξπρςστυφχψω", (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΥΦΨΩϕϑϵϱϖµ", (
        "Gamma", "Delta", "Theta", "Lambda", "Xi", "prod", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "phi", "theta",
        "epsilon", "rho", "varpi", "mu"), strict=True)),
}  # fmt: skip
_COMMANDS: Final = {
    "×": "times", "·": "cdot", "⋅": "cdot", "∙": "cdot", "•": "cdot", "∗": "ast", "∞": "infty",
    "≤": "le", "≦": "le", "⩽": "le", "≥": "ge", "≧": "ge", "⩾": "ge", "≠": "ne", "≈": "approx", "≅": "cong",
    "≃": "simeq",
    "≡": "equiv", "∼": "sim", "∪": "cup", "∩": "cap", "⋃": "cup", "⋂": "cap", "⊔": "sqcup",
    "∈": "in", "∉": "notin", "∅": "emptyset", "⊂": "subset",
    "⊆": "subseteq", "⊊": "subsetneq", "∖": "setminus", "±": "pm", "∓": "mp", "⟨": "langle", "⟩": "rangle",
    "〈": "langle", "〉": "rangle", "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil", "→": "to", "⟶": "to",
    "↦": "mapsto", "∑": "sum", "∏": "prod", "∫": "int", "∠": "angle", "∡": "angle", "△": "triangle", "⊥": "perp",
    "∥": "parallel", "∣": "mid", "∀": "forall", "∃": "exists", "∧": "land", "∨": "lor", "∴": "therefore",
    "∂": "partial",
    "ℓ": "ell", "ℏ": "hbar", "ℵ": "aleph", "∇": "nabla", "⊙": "odot", "…": "dots", "⋯": "cdots", "℧": "mho", "‖": "|",
    "⁡": "", "⇒": "Rightarrow", "⋀": "land", "⋁": "lor", "¬": "neg", "⟹": "Rightarrow", "⇔": "Leftrightarrow",
}  # fmt: skip
_PLAIN: Final = {
    **dict.fromkeys("−–‐‑‒﹣", "-"), "ᵒ": "^\\circ ", **dict.fromkeys("÷∕⁄∶"[:3], "/"), "∶": ":", "ː": ":", "꞉": ":",
    "⁢": "", "⁣": ",",
    "⁤": "+",
    "√": "\\sqrt ", "∛": "\\sqrt[3]", "∜": "\\sqrt[4]", "°": "^\\circ ", "˚": "^\\circ ", "º": "^\\circ ",
    "℃": "^\\circ C", "℉": "^\\circ F", "′": "'", "″": "''", "‴": "'''", "’": "'", "‘": "'", "ʹ": "'", "＇": "'",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‰": "‰", "，": ",", "、": ",", "。": ".", "．": ".", "；": ";",
    "：": ":", "（": "(", "）": ")", "［": "[", "］": "]", "【": "[", "】": "]", "｛": "\\{", "｝": "\\}", "＄": "\\$",
    "﹛": "\\{", "﹜": "\\}", "％": "%", "￥": "¥", "￡": "£", "\u00a0": "~", "\u2007": "~", "\u2009": "\\,",
    "\u202f": "\\,", "\u200a": "", "\u2002": " ", "\u2003": " ", "\u2004": " ", "\u2005": " ", "\u2006": "\\,",
    "\u2008": " ", "\u205f": " ", "\u3000": " ", "\u2028": "\n", "\u2029": "\n", "\x85": "\n",
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u061c\ufe0e\ufe0f", ""),
    **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""),
    "或": " or ", "和": " and ", "且": " and ", "与": " and ", "℮": "e", "ℯ": "e", "ⅇ": "e", "ⅈ": "i", "ⅆ": "d",
    "⁰": "", "ı": "i", "⟦": "[", "⟧": "]", "✓": "", "∎": "",
}  # fmt: skip
_DOMAINS: Final = {letter: f"\\mathbb{{{plain}}}" for letter, plain in zip("ℝℤℕℚℂℙ", "RZNQCP", strict=True)}


class _Table(dict[int, str]):
    """Characters that are known, and by compatibility the letters and digits of styled and full-width alphabets."""

    def __missing__(self, code: int) -> str:
        if (
            0x1D400 <= code <= 0x1D7FF
            or 0xFF00 <= code <= 0xFFEF
            or 0xFE50 <= code <= 0xFE6F
            or 0x2100 <= code <= 0x214F
            or 0x2160 <= code <= 0x2188
        ):
            found = unicodedata.normalize("NFKC", chr(code))
        elif code > 0x600 and (digit := unicodedata.decimal(chr(code), -1)) >= 0:
            found = str(digit)
        else:
            raise LookupError(code)
        self[code] = found = "".join(self.get(ord(letter), letter) for letter in found)
        return found


_TABLE: Final = _Table({
    **{ord(letter): written for letter, written in _PLAIN.items()},
    **{ord(letter): f"{_UP}{plain}{_UP_END}" for letter, plain in _SUPERSCRIPTS.items()},
    **{ord(letter): f"{_DOWN}{plain}{_DOWN_END}" for letter, plain in _SUBSCRIPTS.items()},
    **{ord(item[0]): f"\\frac{{{item[1]}}}{{{item[2]}}}" for item in _FRACTIONS},
    **{ord(letter): f"\\{name} " for letter, name in (_GREEK | _COMMANDS).items() if name},
    **{ord(letter): written for letter, written in _DOMAINS.items()},
    **{ord(mark): "\ufffd" for mark in (_UP, _UP_END, _DOWN, _DOWN_END)},
})  # fmt: skip
_OVERLINED: Final = re.compile("((?:[0-9][\u0304\u0305\u0307])+)")
_ACCENTED: Final = re.compile("([A-Za-z])([\u0302\u0304\u0305\u0307\u20d7])")
_ACCENTS: Final = {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0307": "dot", "\u20d7": "vec"}
_STACKED: Final = re.compile(r"\^\{([0-9]+)\}/_\{([0-9]+)\}")
_INDEXED_ROOT: Final = re.compile(r"(?<![0-9A-Za-z)}\]])\^\{([0-9]{1,3}|n)\}\\sqrt ")


def with_stacked(text: str) -> str:
    r"""`^{1}/_{2}` as `\frac{1}{2}`."""
    return _STACKED.sub(r"\\frac{\1}{\2}", text)


def to_latex(text: str) -> str:
    r"""The text with what is known of Unicode mathematics as LaTeX: `x²` as `x^{2}`, `√` as `\sqrt`."""
    text = text.translate(_TABLE)
    if _UP in text or _DOWN in text:
        text = text.replace(_UP_END + _UP, "").replace(_DOWN_END + _DOWN, "")
        text = text.replace(_UP, "^{").replace(_UP_END, "}").replace(_DOWN, "_{").replace(_DOWN_END, "}")
        text = _INDEXED_ROOT.sub(r"\\sqrt[\1]", with_stacked(text))
    if "\u0305" in text or "\u0304" in text or "\u0307" in text:
        text = _OVERLINED.sub(lambda run: f"\\overline{{{run[1][::2]}}}", text)
        text = _ACCENTED.sub(lambda found: f"\\{_ACCENTS[found[2]]}{{{found[1]}}}", text)
    if "\u20d7" in text or "\u0302" in text:
        text = _ACCENTED.sub(lambda found: f"\\{_ACCENTS[found[2]]}{{{found[1]}}}", text)
    if "\u0338" in text:
        text = text.replace("=\u0338", "\\ne ").replace("\\in \u0338", "\\notin ")
    return text

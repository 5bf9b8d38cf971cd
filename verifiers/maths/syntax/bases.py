r"""Numbers in other bases, however typeset, to one spelling: `(1A5)_{\text{sixteen}}` as `1A5_{16}`."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["BASE_WORDS", "has_base", "plain_bases"]

BASE_WORDS: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "sixteen": 16, "bin": 2, "oct": 8, "dec": 10, "hex": 16}  # fmt: skip
_UPRIGHT: Final = r"\\(?:text|mathrm|texttt|mathtt|textrm|operatorname|mathbf|textbf|mathit)"
_WORD: Final = re.compile(
    rf"_ ?(?:\{{ ?)?{_UPRIGHT} ?\{{ ?(?:base )?({'|'.join(BASE_WORDS)}|[0-9]{{1,2}}) ?\}}(?: ?\}})?"
)
_UPRIGHT_BASE: Final = re.compile(rf"_ ?\{{ ?{_UPRIGHT} ?\{{ ?base ?\}} ?([0-9]{{1,2}}) ?\}}")
_IN_WORDS: Final = re.compile(rf"_\{{ ?(?:base )?({'|'.join(BASE_WORDS)}) ?\}}")
_BRACKETED: Final = re.compile(r"(?<=[0-9A-Fa-f)}])_\{ ?\(([0-9]{1,2})\) ?\}")
_LETTER_BASE: Final = r" ?_ ?(?:\{ ?)?(?=1[126](?![0-9]))"
_UPRIGHT_DIGITS: Final = re.compile(rf"{_UPRIGHT} ?\{{ ?([0-9A-Fa-f]{{2,40}}) ?\}}(?={_LETTER_BASE})")
_DIGITS_IN_BRACKETS: Final = re.compile(rf"\(([0-9A-F]{{2,40}}|[0-9a-f]{{2,40}})\)(?={_LETTER_BASE})")
_SMALL_LETTERS: Final = re.compile(
    rf"(?<![0-9A-Za-z\\.])(?:(?=[a-f]{{0,40}}[0-9])[0-9a-f]{{1,40}}[a-f][0-9][0-9a-f]{{0,40}}|[a-f]{{3,40}})(?={_LETTER_BASE})"
)
_BASE: Final = re.compile(rf"_ ?(?:\{{ ?)?(?:1[126](?![0-9])|\([0-9]|base|{'|'.join(BASE_WORDS)})")
_SPACED: Final = re.compile(r" ?_ ?\{ ?(1[126]) ?\}")
_BASE_TEN: Final = re.compile(r"[0-9]+")


def has_base(text: str) -> bool:
    """Whether a text without upright words may have a number that `plain_bases` changes."""
    return _BASE.search(text) is not None


def plain_bases(text: str) -> str:
    r"""The text with the base of a number as digits, and digits over nine as bare capital letters.

    Small letters are digits where they cannot be names: `1a5_{16}` and `bee_{16}`, but `2a_{16}` is twice a name.
    """
    if "text" in text or "math" in text or "oper" in text:
        text = _WORD.sub(_with_digits, _UPRIGHT_BASE.sub(_braced, text))
    text = _BRACKETED.sub(_braced, _IN_WORDS.sub(_with_digits, text))
    if "_16" in text or "_{" in text or "_ " in text:
        text = _SPACED.sub(_braced, text)
        text = _UPRIGHT_DIGITS.sub(_capitals, text)
        text = _DIGITS_IN_BRACKETS.sub(_unbracketed, text)
        text = _SMALL_LETTERS.sub(lambda digits: digits[0].upper(), text)
    return text


def _braced(base: re.Match[str]) -> str:
    return f"_{{{base[1]}}}"


def _with_digits(base: re.Match[str]) -> str:
    return f"_{{{BASE_WORDS.get(base[1], base[1])}}}"


def _capitals(digits: re.Match[str]) -> str:
    return digits[1].upper()


def _unbracketed(digits: re.Match[str]) -> str:
    return digits[0] if _BASE_TEN.fullmatch(digits[1]) else digits[1].upper()

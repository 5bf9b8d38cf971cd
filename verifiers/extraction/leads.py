"""What stands before the answer in a statement: "so we get", "minimum value:", "the point"."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.extraction.doubts import is_negated
from assaygym.verifiers.extraction.gates import first_word
from assaygym.verifiers.extraction.sentences import unmarked

__all__ = ["lead_of", "without_lead"]

_LEAD = re.compile(
    r"(?:[\s,:;>∴⇒→✓✔✅]++|(?:therefore|thus|hence|so|consequently|then|and|finally|accordingly|clearly"
    r"|in conclusion|in summary"
    r"|to conclude|as a result|overall|altogether|yes|ok|okay|sure|well|here|alors|donc|also|daher|por (?:lo )?tanto"
    r"|portanto|quindi"
    r"|entonces|luego|получаем|значит|следовательно|отсюда|итак|因此|所以|故|综上(?:所述)?|于是|解得|可得|(?:总共|一共|共计|合计|共)(?:有|是|为)?(?=\s?[\d$])|有(?=\s?[\d$])|したがって|よって|따라서)(?:(?=[\s,:，：、$\\])|(?<=[^\x00-\u024f]))[、，]?"
    r"|(?:we (?:get|have|obtain|find|conclude|see)(?: that)?|this (?:gives|yields|means|is|equals)|which (?:gives|is)"
    r"|it(?:'s| is| equals| must be| should be)|that(?:'s| is| would be)|they are|there (?:are|is|will be|were)"
    r"|i (?:get|got|think|believe)(?: (?:that|it's|it is))?|indeed|simply|just|exactly|approximately|about"
    r"|roughly|around"
    r"|nearly|as follows|given by|equal to|either(?= both)|precisely|probably|definitely|equals|left with)(?![\w']))++",
    re.IGNORECASE,
)
_NOUN = re.compile(
    r"(?:the\s)?(?:ordered (?:pair|triple|tuple)|coordinates|set|interval|point|number|integer|fraction"
    r"|value|values|matrix"
    r"|vector|expression|polynomial|function|equation|line|solutions?|roots?|pair|triple|range|domain|union)s?(?: of)?"
    r"\s+(?=[$\\(\[{]|-?\d)|(?:all |any )?(?:real )?values? of\s+(?=\$?[a-z]\$?\s?(?:\\in|[<>]))|(?:in"
    r"|on) (?=the interval|[A-Z\d])|at (?=\d)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\s*(?!(?:sin|cos|tan|log|max|min|gcd|lcm|mod|lim|det|exp|not|wrong|incorrect|false|if|when|case|unless|otherwise"
    r"|except|given|guess|question|problem|step|example)\b)(?:[^\W\d_]{3,20}\s){0,4}[^\W\d_]{3,20}\s?[:：=]\s*"
    r"(?=[-−$\\(\[]?[\d\x00\\]|[a-z]\s?=)",
    re.IGNORECASE,
)
_PRESENTED = re.compile(
    r"\s*(?!(?:if|when|for|case|unless|otherwise|else|where|step|given|let|note|check|example|suppose)\b)"
    r"[^\d\x00$\\=:：.]{3,100}+[:：]\s*(?=\x00++\W{0,3}\Z)",
    re.IGNORECASE,
)
_LEADS: Final = frozenset((
    "therefore", "thus", "hence", "so", "consequently", "then", "and", "finally", "accordingly", "clearly", "in",
    "to", "as", "overall", "altogether", "yes", "ok", "okay", "sure", "well", "here", "alors", "donc", "also",
    "daher", "por", "portanto", "quindi", "entonces", "luego", "we", "this", "which", "it", "that", "they", "there",
    "i", "indeed", "simply", "just", "exactly", "approximately", "about", "roughly", "around", "nearly", "given",
    "equal", "either", "precisely", "probably", "definitely", "equals", "left",
))  # fmt: skip
"""The ASCII words that `_LEAD` may begin with."""
_SEPARATORS: Final = frozenset(",:;>")


def lead_of(text: str) -> re.Match[str] | None:
    """The words that only lead to the answer."""
    first = text[:1]
    if text.isascii() and not first.isspace() and first not in _SEPARATORS and first_word(text) not in _LEADS:
        return None
    return _LEAD.match(text)


def without_lead(text: str) -> str:
    """The text without "so we get", "the answer is:", "the point" before its answer."""
    lead = lead_of(text)
    if lead and text[lead.end() :].strip(" .*"):
        text = text[lead.end() :]
    prose = unmarked(text)
    colon = ":" in prose or "=" in prose or not prose.isascii()
    label = (_LABEL.match(prose) or _PRESENTED.match(prose)) if colon else None
    if label and not is_negated(prose, label.end()):
        text = text[label.end() :]
    noun = _NOUN.match(text)
    return text[noun.end() :] if noun else text

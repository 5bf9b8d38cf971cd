r"""Multiple choice: `D`, `(E)`, `\textbf{(E)}\ 19`, `B. 42`, `A, C`."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.maths.words.kinds import Words

__all__ = ["read_choice", "read_labelled", "stated_choice"]

_LEAD: Final = (
    r"(?:(?:the )?(?:(?:correct|right|final|best) )?(?:option|choice|answer|statement)s?(?: is| are)?:? ?){0,2}"
    r"(?:both )?"
)
_TAIL: Final = r"(?: (?:is|are) (?:the )?(?:correct|right|true)(?: (?:answer|option|choice|one)s?)?)?"
_ONE = re.compile(rf"\(?(?i:{_LEAD})(?:[(\[]\s?([A-Ja-h])\s?[)\]]|([A-J])[).:]?)(?i:{_TAIL})\)?", re.ASCII)
_COMMAND: Final = r"\\\\?(?:text(?:bf|it|rm)?|math(?:rm|bf)|[mh]box|bf|rm)"
_CONTENT = re.compile(
    rf"[\s$*{{]*+(?i:{_LEAD})[\s$*]*+(?P<command>{_COMMAND}\s?\{{)?[\s*{{]?"
    r"(?:[(\[]\s?(?P<inside>[A-J])\s?[)\]](?![A-Za-z(])|(?P<before>[A-J])\s?(?:\)|[.:](?=[\s}$\\])))"
    r"(?!\s?[=+*/^_<>])"
    r"(?:\\[ ,;:]|\s)?(?P<close>\})?\*{0,2}[.:)]?(?P<content>.*)",
    re.ASCII | re.DOTALL,
)
_LABEL = re.compile(r"(?<![A-Za-z\\])[A-J](?:\s?[):=]|\.\s)")
_LETTER_ALONE = re.compile(r"\(?([a-j])[).:]|([a-dfghj])", re.ASCII)
"""A bare `e` or `i` is a number."""
_WRAPPED = re.compile(
    rf"[\s$]*+{_COMMAND}\s?\{{\s?(?P<letter>[A-J])\s?\}}(?P<space>(?:\\(?:[ ,;:]|q?quad(?![A-Za-z]))|[\s~])+)"
    r"(?![=+*/^_<>-])(?P<content>.+)",
    re.ASCII | re.DOTALL,
)
_SEVERAL = re.compile(
    rf"(?i:{_LEAD})[(\[]?([A-J])[)\]]?((?:(?:, ?and |, ?| and |; ?| ?& ?| )[(\[]?[A-J][)\]]?)+)(?i:{_TAIL})", re.ASCII
)
_SPACES = re.compile(r"(?:\\(?:[ ,;:]|q?quad(?![A-Za-z]))|[\s~])+")
_RUN = re.compile(rf"(?i:{_LEAD})[(\[]?([A-J]{{2,6}})[)\]]?", re.ASCII)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")
_BRACKETED = re.compile(r"(?<!\w)\(([A-J])\)", re.ASCII)
_RULED_OUT = re.compile(
    r"\b(?:not|wrong|incorrect|false|fails|eliminated?|excluded?|rejected?|ruled|impossible|except|neither|but|cannot)\b|n't",
    re.IGNORECASE,
)
_JUDGED = re.compile(r"(?:is|are|was|were|does|do|has|can|could|would|will)(?:n't|not)?\b")
_CAPITAL = re.compile(r"[A-J](?![a-z])")


def read_choice(plain: str, *, expected: bool = False) -> Words | None:
    """The letters that the text is, and nothing else; None when it is something else.

    Args:
        plain: from `plain_text`.
        expected: whether the other answer is a choice: then `b` is one too, and the letters of `CAB` may stand in any
            order; otherwise only `ABC` is letters, and everything else may be a name.
    """
    if one := _ONE.fullmatch(plain):
        return _choice(one[1] or one[2])
    if expected and (small := _LETTER_ALONE.fullmatch(plain)):
        return _choice(small[1] or small[2])
    if several := _SEVERAL.fullmatch(plain):
        return _choice(several[1] + "".join(_CAPITAL.findall(several[2])))
    if run := _RUN.fullmatch(plain):
        letters = run[1]
        distinct = len(set(letters)) == len(letters)
        return _choice(letters) if distinct and (expected or list(letters) == sorted(letters)) else None
    return None


def read_labelled(text: str, *, expected: bool = False) -> Words | None:
    r"""The letter at the beginning of an answer as it was written, and the content after it: `\textbf{(E)}\ 19`.

    None where there is none, where what follows has labels too (`A: 3, B: 4`), or says that it is wrong. Beside a
    choice (`expected`) the letter may lack its bracket: `\text{E}\ 19`.
    """
    if expected and (wrapped := _WRAPPED.fullmatch(text)) and not _LABEL.search(wrapped["content"]):
        return _choice(wrapped["letter"], wrapped["content"].strip("$ "))
    match = _CONTENT.fullmatch(text)
    if match is None or _LABEL.search(match["content"]):
        return None
    spaces = _SPACES.match(match["content"])
    content = match["content"][spaces.end() if spaces else 0 :].strip()
    if match["command"] and not match["close"]:
        content = content.removesuffix("}")
    content = content.strip("$ *") if content.count("$") != 1 else content.replace("$", "").strip()
    judged = _JUDGED.match(content) is not None and _RULED_OUT.search(content) is not None
    return _choice(match["inside"] or match["before"], content) if content and not judged else None


def stated_choice(response: str) -> Words | None:
    """The one choice that prose comes to, as `I pick (A) since the others fail` does to A.

    Only bracketed letters count, in the last 2,000 characters, and in the last sentence that has one where they differ;
    a sentence that rules a letter out, or names several, chooses none. A response with a box says it there or nowhere.
    """
    if "\\boxed" in response or "\\fbox" in response:
        return None
    sentences = [text for text in _SENTENCE_END.split(response[-2000:]) if _BRACKETED.search(text)]
    if not sentences:
        return None
    letters = set(_BRACKETED.findall(sentences[-1]))
    return _choice(letters.pop()) if len(letters) == 1 and not _RULED_OUT.search(sentences[-1]) else None


def _choice(letters: str, content: str = "") -> Words:
    chosen = frozenset(letters.upper())
    return Words("choice", chosen, "".join(sorted(chosen)), None, content, certain=False)

"""Whether what follows a stated answer takes it back, and what it puts in its place."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.extraction.gates import plain_words
from assaygym.verifiers.extraction.guesses import concluding_answer
from assaygym.verifiers.extraction.phrases import phrases
from assaygym.verifiers.extraction.sentences import first_sentence, unmarked
from assaygym.verifiers.extraction.statements import answer_of, is_answer, is_brief

__all__ = ["alternative", "correction", "may_take_back", "stated_answer"]

SEARCHED_CHARS = 6000

_TALK = re.compile(
    r"(?:(?:also|indeed|thus|therefore|then|not|in|now|already|just|in fact|again)\s)*(?:(?:a"
    r"|an)\s(?:\w+\s){0,3}?(?:integer|number|fraction"
    r"|value|expression|decimal|percentage|single|function|polynomial|set|interval)s?\b(?![^\n]*[\d$\\])"
    r"|correct|right|wrong"
    r"|incorrect|clear|obvious|valid|verified|consistent|reasonable|unique|independent|determined|found|obtained|simple"
    r"|straightforward|boxed|in the (?:form|box|range)|shown|below|above|different|the same"
    r"|positive\b(?!\s*\d)|required|needed|expected"
    r"|supposed|going|known|asked|usually|always|written|expressed|expected|what|confirmed|easy|hard|that\s"
    r"|given\b(?! by))(?!\w)",
    re.IGNORECASE,
)
_WORKING = re.compile(r"(?:we|let(?:'s|’s| us)?|to|first|in order|i)\s", re.IGNORECASE)
"""How a whole solution begins that is headed "Answer:"."""
_SKIPPED = re.compile(r"(?:[\s:：>]|[*_]{1,3}(?=\s))*+")
_WRONG = re.compile(
    r"\b(?:(?:that|this|which|it|(?:the|my) (?:above|previous|first|last|boxed)? ?(?:answer|calculation"
    r"|result|value|box))\s?"
    r"(?:is|was|seems|looks|'s|isn't|wasn't)(?: clearly| actually| obviously)?\s(?:wrong|incorrect"
    r"|not (?:right|correct|it|true|the (?:answer|right|correct|final))|mistaken|a mistake"
    r"|an error|right(?=,? (?:because|since|as))|false)|that isn't|(?:that|it|this)'s not|i(?:'ve"
    r"| have)? ?(?:made|had) (?:a|an) (?:\w+ )?(?:mistake|error|slip)"
    r"|i (?:miscalculated|misread|miscounted|forgot|was wrong|messed)|scratch that|let me (?:correct|fix"
    r"|redo)|correction\b|oops"
    r"|my mistake|actually,? no\b|no,? (?:that|wait|actually)|wait,? (?:no\b|that's|that is|i made|actually"
    r"|this is)|disregard|ignore that)"
    r"|\A[\s$*.]{0,6}(?:is|was) (?:wrong|incorrect|not)\b"
    r"|不对|错了|错误|更正|有误|неверно|ошиб|falsch|je me suis trompé|me equivoqué|錯|間違",
    re.IGNORECASE,
)
_TAKING_BACK: Final = (
    "wrong", "correct", "not", "mista", "error", "right", "false", "isn't", "slip", "miscalc", "misread", "miscount",
    "forgot", "messed", "scratch", "let me", "oops", "actually", "wait", "disregard", "ignore", "falsch", "hmm",
    "hold on", "second thought", "sorry", "check", "consider", "i mean", "rather", "precisely", "accurately",
    "moment mal", "en realidad", "en fait", "attends",
)  # fmt: skip
"""Parts of what `_WRONG` and `_DOUBT` match in ASCII, but for the word "no"."""
_OF_ANOTHER = re.compile(
    r"\s(?:to (?:say|think|claim|answer|write|guess)|in saying|when i (?:said|wrote|guessed)|about|earlier|before"
    r"|(?:at )?first|initially)\b[^.\n]{0,60}\d",
    re.IGNORECASE,
)
_OF_EARLIER = re.compile(
    r"\b(?:earlier|previous\w*|initial\w*|original\w*|first|i (?:said|wrote|thought"
    r"|guessed))\b[^.\n]{0,60}\d[^.\n]{0,30}\Z",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:wait|actually|hmm+|hold on|no|on second thought|sorry|let me (?:re|double|check|verify)[\w-]*|re-?check\w*"
    r"|re-?consider\w*|i mean|i meant|rather|more (?:precisely|accurately))\b|等等|等一下|应该是|нет\b|стоп"
    r"|moment mal|en realidad|en fait|attends",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(
    r"(?<!not )(?<!n't )\b(?:(?:is|was|are|'s|were)(?: indeed| in fact| actually| still)? (?:correct|right"
    r"|confirmed|verified|valid|fine|ok|good)"
    r"|checks out|stands|still holds|as before|no (?:mistake|error)|yes\b|confirmed|matches|agrees"
    r"|same (?:answer|result))|✓|✔|✅",
    re.IGNORECASE,
)
_SECOND = re.compile(
    r"(?:\.?\s{1,3}(?:alternatively|or else|otherwise),?\s|(?:[\s$).,;*}~]|\\(?:text|mbox)\s?\{|\\[ ,;!]"
    r"|\\q?quad|(?<=, )\$?-?\d[\d./]{0,20}){0,16}"
    r"(?:\bor(?=[\s}])|\band(?=[\s}]{1,3}\$?-?\d[\d./]{0,20}\W{0,3}\Z))[\s}]{1,4})"
    r"(?!approx|about|roughly|around|equiv|simply|just)(?:maybe|perhaps|possibly|even)?\s{0,2}"
    r"(?=[-−+$\\(\d√π]|[A-Za-z]\s?=)",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    r"\b(?:no|wait|actually|sorry|oops|correction|rather|hmm+|mean|meant)\b[^\n.]{0,40}?\b(?:(?:it|that"
    r"|this)(?:'s| is| should be| must be| has to be)"
    r"|should (?:be|have been)|must be|make (?:that|it)|mean|meant)\s{1,3}:?\s{0,3}"
    r"|\bcorrection\s{0,3}:\s{0,3}|\b(?:oops|sorry|no|actually|wait),\s(?=[-−$\\(\d])|应该是|应为",
    re.IGNORECASE,
)


def stated_answer(text: str) -> tuple[str, int] | None:
    """The last answer that a phrase names, and where its sentence ends; None without one.

    "The answer is correct", "the answer is an integer" name none. What is said not to be the answer is "not 5", unless
    another one was named before. The end of the text may have cut the last one: when an earlier one begins like it,
    there is none.
    """
    denied = cut = None
    for phrase in phrases(text):
        if phrase.text:
            answer, end = answer_of(phrase.text), phrase.end
        else:
            answer, end = _following(text, phrase.end)
        if not answer or _TALK.match(answer) or _WORKING.match(answer):
            continue
        if phrase.another:
            return "", end
        if phrase.denied or text[end - 1 : end] in ("?", "？"):
            answer = _denied(answer)
        if answer.startswith("not "):
            denied = denied or (answer, end)
        elif cut is None and end >= len(text) and answer[-1].isalnum():
            cut = answer, end
        elif cut and cut[0] != answer and answer.startswith(cut[0]):
            return "", end
        else:
            return cut or (("", end) if denied and denied[0] == f"not {answer}" else (answer, end))
    return cut or denied


def _denied(answer: str) -> str:
    """Of the 5 in "the answer isn't 5" it is "not 5"; of "5 but 6" there it is "6"."""
    instead = answer_of(f"not {answer}")
    return instead if instead != answer else f"not {answer}"


def _following(text: str, position: int) -> tuple[str, int]:
    rest = text[position : position + SEARCHED_CHARS]
    skipped = len(_SKIPPED.match(rest)[0])  # type: ignore[index]
    sentence, length = first_sentence(rest[skipped:])
    return answer_of(sentence), position + skipped + length


def correction(rest: str) -> str | None:
    """What the text behind an answer makes of it: another answer, "" when it is only taken back, None if it stands.

    Another answer counts when it follows words that take the first back ("wait, that's wrong", "actually", "no, it is")
    or is called final; a check, a remark or a second wording is no correction.
    """
    rest = rest[:SEARCHED_CHARS]
    if not may_take_back(rest):
        return _called_final(rest)
    wrong, doubt = _wrong(rest), _DOUBT.search(rest)
    if wrong is None and doubt is None:
        return _called_final(rest)
    start = min(match.start() for match in (wrong, doubt) if match)
    behind = rest[start:]
    replaced = _replacement(behind)
    if replaced:
        return replaced
    if wrong is None or _CONFIRMED.search(rest, wrong.end()):
        return _called_final(rest)
    return concluding_answer(rest[wrong.end() :].rstrip()) or ""


def may_take_back(rest: str) -> bool:
    """Whether a text may have anything that `_WRONG` or `_DOUBT` match: a quick look for parts of that."""
    words, low = plain_words(rest), rest.lower()
    return words is None or "no" in words or any(part in low for part in _TAKING_BACK)


def _wrong(rest: str) -> re.Match[str] | None:
    """Where the answer is called wrong; what is said of another one ("I was wrong to say 70") is passed over."""
    wrong = _WRONG.search(rest)
    while wrong and (_OF_ANOTHER.match(rest, wrong.end()) or _OF_EARLIER.search(rest[: wrong.start()][-120:])):
        wrong = _WRONG.search(rest, wrong.end())
    return wrong


def alternative(rest: str) -> str | None:
    """A second guess right behind a stated answer ("or 6"); None without one."""
    guess = _SECOND.match(rest)
    if guess is None:
        return None
    answer = answer_of(first_sentence(rest[guess.end() : guess.end() + 400])[0])
    return answer if is_answer(unmarked(answer)) else None


def _called_final(rest: str) -> str | None:
    if "final" not in rest and "Final" not in rest and "FINAL" not in rest:
        return None
    for phrase in phrases(rest):
        if phrase.final:
            answer, _ = _following(rest, phrase.end)
            return answer if is_answer(unmarked(answer)) and not _TALK.match(answer) else None
    return None


def _replacement(behind: str) -> str | None:
    stated = stated_answer(behind)
    found = stated[0] if stated else ""
    instead = list(_IT_IS.finditer(behind))
    if instead and (stated is None or instead[-1].start() > stated[1]):
        found = _following(behind, instead[-1].end())[0]
    return found if is_answer(unmarked(found)) and is_brief(found) else None

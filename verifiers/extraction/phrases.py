"""The phrases that name the final answer, in the languages models are asked in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Phrase", "phrases"]


class Phrase(NamedTuple):
    """One naming of the answer: where it starts, where the answer starts, whether it says "final"."""

    start: int
    end: int
    final: bool
    text: str = ""
    """The answer, when it stands before the phrase ("5 is the answer")."""
    denied: bool = False
    """Whether it says that this is not the answer, or only supposes it."""
    another: bool = False
    """Whether it names one more answer beside another: "another answer is 5"."""


_COLON = r"[\"'\]]?\s{0,3}[:：=→]+(?!=)"
_IS = (
    r"(?:is|are|was|were|equals?|=|would be|should be|must be|will be|has to be|comes? (?:out )?to(?: be)?"
    r"|turns out to be|cannot be|can['’]t be|could not be|becomes|isn['’]t|wasn['’]t|aren['’]t|reads)"
)
_NOW = r"(?:\s{1,3}(?:therefore|thus|then|hence|simply|just|indeed|now|clearly|finally|also|still|actually|surely))?"
_AFTERWARDS = (
    r"(?:\s{1,3}(?:therefore|thus|then|hence|simply|just|indeed|clearly|given by|for sure|equal to))?(?:\s{0,3}[:：])?"
)
_ENGLISH = re.compile(
    rf"answers?\b(?!\s(?:the|this|that|these|each|any|all|both|your|questions?|choices?)\b)(?:\*\*?|__?)?"
    rf"(?:(?:\s\([^()\n]{{1,60}}\)|,?\s[^\n.:：;=$]{{1,80}}?)??{_NOW},?\s{{1,3}}{_IS}(?![\w'])(?!\s+(?:that"
    rf"|correct)\b){_AFTERWARDS}"
    rf"|(?:\s\([^()\n]{{1,60}}\)|\s(?:to|for|in|of|as)\s[^\n.:：;=$]{{1,60}}?)?{_COLON}(?:\s{{0,3}}(?:is|are)\b)?"
    rf"|\s{{0,3}}[—–](?=\s)|\s?[-.]\s?(?=\(?(?-i:[A-J])\)?\.?\s*(?:\Z|\n))|\s{{1,3}}(?=\(?(?-i:[A-J])\)?\s*(?:\Z|[.\n]))"
    rf"|(?<=final\sanswer)\]?\s{{1,3}}(?=[\d$\\(]|-\d))",
    re.IGNORECASE,
)
_HEADED = re.compile(
    r"answer(?:\*\*|__)?(?:[ \t]*\n\s*(?=\S)|[ \t]{1,3}(?=\$|\\[(\[]|-?\d[\d.,/]{0,40}\s*(?:\n|\Z)))", re.IGNORECASE
)
_REVERSED = re.compile(r"(?:answer|option|choice)\b[\s.!*]*(?:\Z|\n|\s(?=[A-Z(]))", re.IGNORECASE)
_IS_THE = re.compile(
    r"\s(?:is|are|as)\s(?:the|our|my|your)\s(?:final |correct |right |required |desired |best )?\Z", re.IGNORECASE
)
_CLAUSE_START = re.compile(r"[.!?]\s|\n|[。！？]")
_OPTION = re.compile(
    r"(?:correct|right|best|chosen|matching)\s(?:option|choice|letter|statement|alternative)(?:\s{0,3}(?:is"
    r"|:|：|would be)\s*)+",
    re.IGNORECASE,
)
_PICK = re.compile(
    r"i(?:\s(?:would\s|will\s)?|'ll\s|'d\s)(?:pick|choose|select|go with|went with|vote for)\s+(?=(?:option "
    r"|choice |answer )?\(?[A-J]\b)",
    re.IGNORECASE,
)
_IS_CORRECT = re.compile(
    r"(?:option|choice)\s\(?[A-J]\)?\s(?:is|must be|seems)\s(?:the\s)?(?:correct|right|best|answer)", re.IGNORECASE
)
_FINAL_VALUE = re.compile(
    rf"final\s(?:result|value|solution|expression|output|number|count"
    rf"|total)(?:\s[^\n.:=$]{{0,60}}?)?(?:\s{{0,3}}[:：=]|\s{{1,3}}{_IS}(?!\w)){_AFTERWARDS}",
    re.IGNORECASE,
)


def _words(stems: str, verbs: str, adjectives: str = "") -> re.Pattern[str]:
    middle = rf"(?:\s(?:{adjectives}))?" if adjectives else ""
    between = r"(?:\s[^\n.:=$]{0,60}?)?"
    return re.compile(
        rf"(?:{stems}){middle}(?:\*\*)?(?:{_COLON}|\s{{0,3}}[—–](?=\s)|{between}\s{{1,3}}(?:{verbs})(?!\w)"
        rf"(?:\s(?:donc|entonces|pues|also|dunque|quindi|portanto|então|zatem|więc))?(?:\s{{0,3}}[:：])?)",
        re.IGNORECASE,
    )


_BY_KEYWORD: dict[str, tuple[re.Pattern[str], ...]] = {
    "answer": (_HEADED, _ENGLISH),
    "ans": (re.compile(r"ans\.?\s{0,3}[:=]|ans\.\s|ans\s{1,3}(?=\(?[A-J]\)?\.?\s*(?:\Z|\n))", re.IGNORECASE),),
    "correct": (_OPTION,),
    "right": (_OPTION,),
    "best": (_OPTION,),
    "i": (_PICK,),
    "option": (_IS_CORRECT,),
    "choice": (_IS_CORRECT,),
    "final": (_FINAL_VALUE,),
    "antwort": (_words(r"antwort", r"lautet|ist|beträgt|wäre"),),
    "lösung": (_words(r"lösung", r"lautet|ist|beträgt"),),
    "ergebnis": (_words(r"ergebnis", r"lautet|ist|beträgt"),),
    "réponse": (_words(r"réponse", r"est|vaut|serait", r"finale?|correcte?"),),
    "respuesta": (_words(r"respuesta", r"es|son|sería|será", r"final|correcta"),),
    "resposta": (_words(r"resposta", r"é|são|será|seria", r"final|correta"),),
    "risposta": (_words(r"risposta", r"è|sono|sarebbe", r"finale|corretta|esatta"),),
    "antwoord": (_words(r"antwoord", r"is|luidt"),),
    "svar": (_words(r"svar(?:et)?", r"är|er|blir"),),
    "vastaus": (_words(r"vastaus", r"on"),),
    "odpowiedź": (_words(r"odpowiedź", r"to|brzmi|jest|wynosi", r"końcowa|ostateczna|prawidłowa"),),
    "odpověď": (_words(r"odpověď", r"je|zní"),),
    "cevap": (_words(r"cevap|cevab[ıi]m?[ıi]z?", r"şudur|olarak"), re.compile(r"cevap\s(?=[\d$\\(-])", re.IGNORECASE)),
    "yanıt": (_words(r"yanıt", r"şudur"),),
    "đáp": (_words(r"đáp (?:án|số)", r"là|bằng", r"cuối cùng|đúng"),),
    "trả lời": (_words(r"trả lời", r"là", r"cuối cùng"),),
    "jawaban": (_words(r"jawaban(?:nya)?", r"adalah|ialah|yaitu"),),
    "răspuns": (_words(r"răspuns(?:ul)?", r"este|e"),),
    "válasz": (_words(r"válasz", r"az?"),),
    "απάντηση": (_words(r"απάντηση", r"είναι"),),
    "отговор": (_words(r"отговор(?:ът)?", r"е|са"),),
    "одговор": (_words(r"одговор", r"је|су"),),
    "odgovor": (_words(r"odgovor", r"je|su"),),
    "atsakymas": (_words(r"atsakymas", r"yra"),),
    "ответ": (_words(r"ответ", r"равен|это|будет|составляет"),),
    "відповідь": (_words(r"відповідь", r"дорівнює|це|буде"),),
    "jibu": (_words(r"jibu", r"ni"),),
    "답": (re.compile(r"답(?:은|안은|변은)?\s{0,3}[:：]?\s{0,3}(?=[\d$\\(\-\"'A-Za-z*√π])|답안?\s{0,3}[:：]"),),
    "答": (
        re.compile(
            r"答案?\s{0,3}】|答案?\s{0,3}(?:应该|應該|就)?(?:是|为|為|即|等于|等於|选|選)?\s{0,3}[:：]|答案(?:应该|應該|应|應|就|也|并|並|绝)?不?(?:是|为|為|即|等于|等於|选|選)"
            r"|答え?(?:は|が|[:：])\s{0,3}[、,:：]?|答\s{0,3}[:：]"
        ),
    ),
    "正解": (re.compile(r"正解(?:は|[:：])"),),
    "选": (
        re.compile(
            r"(?:故|应|应该|因此|所以|正确)?选(?:择|项)?\s{0,3}(?:是|为|项)?\s{0,3}[:：]?\s{0,3}(?=[(（\"“*]{0,3}[A-H](?![A-Za-z]))"
        ),
    ),
    "選": (
        re.compile(
            r"(?:故|應|應該)?選(?:擇|項)?\s{0,3}(?:是|為)?\s{0,3}[:：]?\s{0,3}(?=[(（\"“*]{0,3}[A-H](?![A-Za-z]))"
        ),
    ),
    "الإجابة": (re.compile(r"الإجابة(?:\s(?:النهائية|الصحيحة))?\s{0,3}(?:هي|هو|[:=：])(?:\s{0,3}[:：])?"),),
    "الجواب": (re.compile(r"الجواب(?:\s(?:النهائي|الصحيح))?\s{0,3}(?:هو|هي|[:=：])(?:\s{0,3}[:：])?"),),
    "תשובה": (re.compile(r"תשובה(?:\sהסופית)?\s{0,3}(?:היא|הוא|[:=：])(?:\s{0,3}[:：])?"),),
    "پاسخ": (re.compile(r"پاسخ(?:\sنهایی)?\s{0,3}(?:برابر(?:\sاست)?(?:\sبا)?|[:=：])(?:\s{0,3}[:：])?"),),
    "उत्तर": (re.compile(r"उत्तर(?:\sहै)?\s{0,3}[:：=]?\s{1,3}(?=[\d$\\(\-*])|उत्तर\s{0,3}[:：=]"),),
    "উত্তর": (re.compile(r"উত্তর(?:\s?(?:হল|হলো))?\s{0,3}[:：=]?\s{1,3}(?=[\d$\\(\-*])|উত্তর\s{0,3}[:：=]"),),
    "คำตอบ": (re.compile(r"คำตอบ(?:สุดท้าย)?\s{0,3}(?:คือ|เท่ากับ|[:=：])"),),
}
_KEYWORDS_ASCII = re.compile(
    r"i(?<!\wi)(?=[ '])|answer|ans(?<!\wans)\b|correct|right|best|option|choice|final|antwort|ergebnis|respuesta"
    r"|resposta|risposta|antwoord|svar|vastaus|cevap|jawaban|jibu|odgovor|atsakymas"
)
_KEYWORDS = re.compile(
    _KEYWORDS_ASCII.pattern + "|" + "|".join(re.escape(word) for word in _BY_KEYWORD if not word.isascii())
)
_LINE_START = re.compile(r"[\s*_#>:]*(?:the |your |my )?(?:final |correct )?", re.IGNORECASE)
_CHOSEN = re.compile(r"\(?[A-Ja-j]\)?(?=\s(?:is|must|seems))")
_DENIED = re.compile(
    r"\b(?:not|never|cannot|neither|non|não|n[’']est|n[’']était|ne|nicht|nie|nem|inte|ikke|niet|değil|bukan|tidak|không|не)\b"
    r"|n[’']t\b|\bno\s(?:es|son|sería|será|puede)\b|不|没|非",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\b(?:if|suppos(?:e|ing)|assum(?:e|ing)|whether|unless|to think|thought|assumed|believed|claimed|guessed|said"
    r"|(?:might|may|could|some|someone|people|many)(?: \w+)? (?:think|believe|say|claim|guess|conclude))"
    r"(?: that)?(?: the| our| my| this| its)?(?: (?:final|correct|right))? \Z",
    re.IGNORECASE,
)
_IN_A_CASE = re.compile(r"\b(?:if|had|were|without)\b[^.!?\n]{1,100}\Z", re.IGNORECASE)
_ANOTHER = re.compile(
    r"\b(?:another|alternative|second|(?:an|one)other)(?: possible| valid| correct)? \Z", re.IGNORECASE
)
_WOULD = re.compile(r"\b(?:would|could|might)\b", re.IGNORECASE)
MOST_PHRASES = 200
"""How many occurrences of a keyword are looked at, from the end."""
_CERTAIN = re.compile(r"final\W{1,4}\Z|最终\Z|最終的な\Z", re.IGNORECASE)
_CERTAIN_AFTER = re.compile(r"\S{1,12}\s(?:final|النهائية|النهائي|cuối cùng|ostateczna|finale)\b", re.IGNORECASE)


def phrases(text: str) -> Iterator[Phrase]:
    """Every phrase of the text that names the answer, the last one first."""
    low = _lower(text)
    keywords = list((_KEYWORDS_ASCII if text.isascii() else _KEYWORDS).finditer(low))
    for keyword in reversed(keywords[-MOST_PHRASES:]):
        phrase = _phrase(text, keyword)
        if phrase is not None:
            yield phrase


def _lower(text: str) -> str:
    low = text.lower()
    return low if len(low) == len(text) else "".join(char if len(char.lower()) != 1 else char.lower() for char in text)


def _phrase(text: str, keyword: re.Match[str]) -> Phrase | None:
    start = keyword.start()
    for pattern in _BY_KEYWORD[keyword[0]]:
        match = pattern.match(text, start)
        if match is None or (pattern is _HEADED and not _heads_its_line(text, start)):
            continue
        if pattern is _IS_CORRECT:
            letter = _CHOSEN.search(match[0])
            return Phrase(start, match.end(), False, letter[0] if letter else "")
        final = _CERTAIN.search(text, max(0, start - 10), start) or _CERTAIN_AFTER.match(text, start)
        another = _ANOTHER.search(text, max(0, start - 40), start) is not None
        denied = _DENIED.search(match[0]) is not None or _is_supposed(text, start, match[0])
        return Phrase(start, match.end(), bool(final) or pattern is _FINAL_VALUE, denied=denied, another=another)
    return _reversed(text, start) if keyword[0] in ("answer", "option", "choice") else None


def _is_supposed(text: str, start: int, phrase: str) -> bool:
    """Whether it is only said of a case that is none: "if the answer is 5", "one might think", "it would be"."""
    before = max(0, start - 100)
    if _SUPPOSED.search(text, max(before, start - 60), start):
        return True
    return _WOULD.search(phrase) is not None and _IN_A_CASE.search(text, before, start) is not None


def _heads_its_line(text: str, start: int) -> bool:
    line = text[max(text.rfind("\n", 0, start) + 1, start - 40) : start]
    return _LINE_START.fullmatch(line) is not None


def _reversed(text: str, start: int) -> Phrase | None:
    if _REVERSED.match(text, start) is None:
        return None
    is_the = _IS_THE.search(text, max(0, start - 30), start)
    if is_the is None:
        return None
    begin = max(0, is_the.start() - 240)
    starts = [begin, *(match.end() for match in _CLAUSE_START.finditer(text, begin, is_the.start()))]
    return Phrase(start, start + 6, False, text[starts[-1] : is_the.start()].strip())

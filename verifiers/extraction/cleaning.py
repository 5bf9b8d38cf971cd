"""Take away what is not the answer's text: reasoning, the chat template's tokens, HTML, Markdown."""

from __future__ import annotations

import html
import re

__all__ = ["plain", "strip_markup", "visible"]

_THOUGHT = r"(?:think|thinking|thoughts?|reasoning|scratchpad|reflection|inner_monologue|seed:think)"
_OPEN = re.compile(
    rf"<{_THOUGHT}>|◁think▷|\[THINK\]|<\|begin_of_thought\|>|<\|START_THINKING\|>", re.IGNORECASE | re.ASCII
)
_CLOSE = re.compile(
    rf"</{_THOUGHT}>|◁/think▷|\[/THINK\]|<\|end_of_thought\|>|<\|END_THINKING\|>", re.IGNORECASE | re.ASCII
)
_CHANNEL = re.compile(r"<\|channel\|>\s{0,9}(\w{1,20})[^<]{0,99}(?:<\|message\|>)?", re.ASCII)
_ROLE = (
    r"(?:<\|im_start\|>\s{0,3}|<start_of_turn>\s{0,3}|<\|start_header_id\|>\s{0,3}|<\|start\|>\s{0,3}|<\|?|<｜)"
    r"(?:%s)(?:<\|end_header_id\|>|\|>|>|｜>|(?=\s|<|:))?"
)
_ASSISTANT = re.compile(_ROLE % "assistant|model", re.IGNORECASE | re.ASCII)
_ANSWERING = re.compile(r"\s*" + _ASSISTANT.pattern, _ASSISTANT.flags)
_ASKED = re.compile(r"\s*" + _ROLE % "user|system|human", re.IGNORECASE | re.ASCII)
_TOKEN = re.compile(
    r"<\|(?:im_end|im_start|eot_id|eom_id|endoftext|end_of_text|end|return|call|user|start|start_header_id"
    r"|end_of_solution|END_RESPONSE)\|>|</s>|<eos>|<end_of_turn>|<start_of_turn>|<｜(?:end▁of▁sentence|User)｜>"
)
_FIRST = re.compile(
    r"\s*(?:(?:<s>|<bos>|</s>|<\|(?:begin_of_text|im_end|endoftext|eot_id|begin_of_solution|START_RESPONSE)\|>)\s*)++"
)
_NEXT_QUESTION = re.compile(r"\n[ \t]*(?:Human|User|Q|Question|Problem)[ \t]?:[ \t\n]")
_STATED = re.compile(r"\\(?:boxed|fbox)\b|####|</answer>|\banswer(?: is|:)", re.IGNORECASE | re.ASCII)
_CONTROL = (
    (re.compile(r"\x08(?=oxed|egin\b|inom\b|ar\b|eta\b)"), r"\\b"),
    (re.compile(r"\x0c(?=rac|box|rame)"), r"\\f"),
    (re.compile(r"\t(?=ext\{|frac|imes\b|heta\b|an\b)"), r"\\t"),
)

_BOLD = re.compile(
    r"(?<![\w)}*])\*\*(?=[^\s*])((?:[^*\n]|\*(?!\*)){1,600}+)\*\*|(?<![\w_])__(?=\S)([^_\n]{1,600}+)__(?!\w)"
)
_LOOSE_BOLD = re.compile(r"(?<![\w)} ])\*\*|\*\*(?![\w({\\ -])|^\*\* ?(?=\w)", re.ASCII | re.MULTILINE)
_STRUCK = re.compile(
    r"(?<![\w}~\\$])~~(?=[^\s~])[^~\n]{1,300}+~~(?![\w~\\{$])|<(?:del|strike)>[^<]{1,300}+</(?:del|strike)>",
    re.IGNORECASE,
)
_CALCULATION = re.compile(r"<<[\d+\-*/().=,%$ ]{1,200}>>")
_PROGRAM = re.compile(
    r"```[ \t]*(?:python|py|sympy|cpp|c|java|javascript|js|rust|go|bash|sh|r|sql|matlab|julia)\d?[ \t]*\n"
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+-]*[ \t]*$", re.MULTILINE | re.ASCII)
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*$", re.MULTILINE)
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}\d{0,2}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|hr|/tr)\s{0,3}/?>", re.IGNORECASE)
_BOLD_TAG = re.compile(r"</?(?:b|strong)>", re.IGNORECASE)
_ELEMENT = re.compile(
    r"</?(?:p|div|span|i|em|u|center|font|code|pre|li|ul|ol|h[1-6]|table|tbody|tr|td|th|big|small|mark|math|latex)"
    r"(?:\s[^<>\n]{0,200})?>",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """What of a response its reader sees: no reasoning, no template tokens, nothing after the end of the turn.

    All up to the last closing reasoning tag is dropped, unless nothing follows it; after an opening tag that is never
    closed nothing is left, for an answer that only occurs inside the reasoning was not given. A next question that the
    model asked itself after its answer (`<|im_start|>user`, "Question:") ends the turn.
    """
    if "\x08" in text or "\x0c" in text or "\t" in text:
        for pattern, written in _CONTROL:
            text = pattern.sub(written, text)
    if "<" in text or "◁" in text or "[/THINK]" in text:
        text = _one_turn(_without_reasoning(_final_channel(text)))
    if "~~" in text or "</del" in text or "</strike" in text:
        text = _STRUCK.sub("", text)
    return _before_next_question(text) if "\n" in text else text


def _final_channel(text: str) -> str:
    if "<|channel|>" not in text:
        return text
    final = [match for match in _CHANNEL.finditer(text) if match[1] == "final"]
    return text[final[-1].end() :] if final else text[: text.index("<|channel|>")]


def _without_reasoning(text: str) -> str:
    closings = [match.span() for match in _CLOSE.finditer(text)]
    rest = text[closings[-1][1] :] if closings else text
    if closings and not rest.strip():
        start = closings[-2][1] if len(closings) > 1 else 0
        rest = text[start : closings[-1][0]]
        return rest[: opening.start()] if (opening := _OPEN.search(rest)) else ""
    opening = _OPEN.search(rest)
    return rest[: opening.start()] if opening else rest


def _one_turn(text: str) -> str:
    if _ASKED.match(text):
        turns = [match.end() for match in _ASSISTANT.finditer(text)]
        text = text[turns[-1] :] if turns else text
    first = _FIRST.match(text)
    start = first.end() if first else 0
    assistant = _ANSWERING.match(text, start)
    start = assistant.end() if assistant else start
    end = _TOKEN.search(text, start)
    return text[start : end.start()] if end else text[start:]


def _before_next_question(text: str) -> str:
    for _, question in zip(range(8), _NEXT_QUESTION.finditer(text), strict=False):
        if _STATED.search(text, max(0, question.start() - 2000), question.start()):
            return text[: question.start()]
    return text


def unbold(text: str) -> str:
    """The text without Markdown bold; `2**3` stays."""
    if "**" not in text and "__" not in text:
        return text
    return _LOOSE_BOLD.sub("", _BOLD.sub(lambda bold: bold[1] or bold[2], text))


def strip_markup(text: str) -> str:
    """The text that `visible` leaves, without Markdown bold."""
    return unbold(visible(text))


def plain(text: str) -> str:
    """The text without HTML, code fences and programs, drawings, headings, rules and calculator marks. Bold stays.

    `<sup>` and `<sub>` stay: they are mathematics.
    """
    if "<" in text or "&" in text:
        text = _without_html(text)
    if "```" in text or "~~~" in text:
        text = _FENCE.sub("", _without_programs(text))
    if "[asy]" in text:
        text = _without(text, "[asy]", "[/asy]")
    if "#" in text:
        text = _HEADING.sub(r"\n\1\n", text)
    if "---" in text or "***" in text or "___" in text or "===" in text:
        text = _RULE.sub("", text)
    return text


def _without(text: str, opening: str, closing: str) -> str:
    """The text without drawings, or what stands between other marks."""
    first, *rest = text.split(opening)
    return first + "".join(part.split(closing, 1)[1] if closing in part else "" for part in rest)


def _without_html(text: str) -> str:
    if "<<" in text:
        text = _CALCULATION.sub("", text)
    if "</" in text:
        text = _ELEMENT.sub("", _BOLD_TAG.sub("**", _BREAK.sub("\n", text)))
    elif "<" in text:
        text = _BREAK.sub("\n", text)
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]).replace("\xa0", " "), text)
    return text


def _without_programs(text: str) -> str:
    kept, position = [], 0
    for opening in _PROGRAM.finditer(text):
        if opening.start() < position:
            continue
        closing = text.find("```", opening.end())
        kept.append(text[position : opening.start()])
        position = closing + 3 if closing >= 0 else len(text)
    return "".join([*kept, text[position:]])

"""Tool calls in text: read, written, and refused aloud."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.envs.grammars import GRAMMARS, grammar
from assaygym.errors import ConfigError
from assaygym.types import ToolCall, ToolSpec

GOOD = '{"name": "refund", "arguments": {"order": "A1"}}'
ORDER = [("refund", {"order": "A1"})]


def block(body: str, closing: str = "</tool_call>") -> str:
    return f"<tool_call>{body}{closing}"


def coder(name: str, **parameters: str) -> str:
    inside = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in parameters.items())
    return f"<tool_call>\n<function={name}>\n{inside}</function>\n</tool_call>"


def openai(*functions: dict[str, Any]) -> str:
    return json.dumps({"tool_calls": [{"id": "c", "type": "function", "function": f} for f in functions]})


# grammar, text, content, calls, repaired
READ: list[tuple[str, str, str, list[tuple[str, dict[str, Any]]], bool]] = [
    ("hermes", "Done.", "Done.", [], False),
    ("hermes", block(GOOD), "", ORDER, False),
    ("hermes", block(f"\n{GOOD}\n"), "", ORDER, False),
    ("hermes", "Let me see. " + block(GOOD) + " Now wait.", "Let me see.  Now wait.", ORDER, False),
    ("hermes", block(GOOD) + "\n" + block('{"name": "b", "arguments": {}}'), "", [*ORDER, ("b", {})], False),
    ("hermes", block('{"name": "b"}'), "", [("b", {})], False),
    ("hermes", block(GOOD, closing=""), "", ORDER, True),
    ("hermes", block('{"name": "b", "arguments": "{\\"x\\": 1}"}'), "", [("b", {"x": 1})], True),
    (
        "hermes",
        block('{"name": "say", "arguments": {"t": "</tool_call>"}}'),
        "",
        [("say", {"t": "</tool_call>"})],
        False,
    ),
    ("openai", "Done.", "Done.", [], False),
    ("openai", "Sure. " + openai({"name": "refund", "arguments": '{"order": "A1"}'}), "Sure.", ORDER, False),
    ("openai", '{"tool_calls": [' + GOOD + "]}", "", ORDER, True),
    ("openai", openai({"name": "refund", "arguments": {"order": "A1"}}), "", ORDER, True),
    ("llama3", "Done.", "Done.", [], False),
    ("llama3", '<|python_tag|>{"name": "refund", "parameters": {"order": "A1"}}', "", ORDER, False),
    ("llama3", '{"name": "refund", "parameters": {"order": "A1"}}', "", ORDER, False),
    ("llama3", '{"name": "refund", "parameters": {"order": "A1"}}; {"name": "b"}', "", [*ORDER, ("b", {})], False),
    ("llama3", "Ok <|python_tag|>" + GOOD, "Ok", ORDER, True),
    ("llama3", '{"total": 3}', '{"total": 3}', [], False),
    ("mistral", "Done.", "Done.", [], False),
    ("mistral", f"[TOOL_CALLS][{GOOD}]", "", ORDER, False),
    ("mistral", f'Ok.[TOOL_CALLS] [{GOOD}, {{"name": "b"}}]', "Ok.", [*ORDER, ("b", {})], False),
    ("mistral", '[TOOL_CALLS]refund[ARGS]{"order": "A1"}', "", ORDER, False),
    ("mistral", '[TOOL_CALLS]refund[ARGS]{"order": "A1"}[TOOL_CALLS]b[ARGS]{}', "", [*ORDER, ("b", {})], False),
    ("pythonic", "Done.", "Done.", [], False),
    ("pythonic", "[1, 2, 3]", "[1, 2, 3]", [], False),
    ("pythonic", '[refund(order="A1")]', "", ORDER, False),
    (
        "pythonic",
        ' [refund(order="A1"), shop.list(limit=3, all=True)] ',
        "",
        [*ORDER, ("shop.list", {"limit": 3, "all": True})],
        False,
    ),
    ("react", "Thought: done\nFinal Answer: 42", "42", [], False),
    ("react", "Just text.", "Just text.", [], False),
    ("react", 'Thought: refund\nAction: refund\nAction Input: {"order": "A1"}', "Thought: refund", ORDER, False),
    ("react", 'Action: refund\nAction Input: {"order": "A1"}\nObservation: ok\nFinal Answer: 1', "", ORDER, True),
    ("qwen3_coder", "Done.", "Done.", [], False),
    ("qwen3_coder", "Ok. " + coder("refund", order="A1"), "Ok.", ORDER, False),
    ("qwen3_coder", coder("refund", order="A1") + coder("b", n="3"), "", [*ORDER, ("b", {"n": 3})], False),
    ("qwen3_coder", coder("b", text="two\nlines"), "", [("b", {"text": "two\nlines"})], False),
    ("qwen3_coder", "<function=b></function>", "", [("b", {})], False),
    ("fence", "```python\nprint(1)\n```", "", [("python", {"code": "print(1)\n"})], False),
    ("fence", "Try:\n```py\nx\n```\nthen", "Try:\n\nthen", [("python", {"code": "x\n"})], False),
    ("fence", "```python\nprint(1)", "", [("python", {"code": "print(1)"})], True),
    ("fence", "```\nno language\n```", "```\nno language\n```", [], False),
    ("fence", "inline ```python is no block", "inline ```python is no block", [], False),
]


@pytest.mark.parametrize(("name", "text", "content", "calls", "repaired"), READ)
def test_calls_are_read(
    name: str, text: str, content: str, calls: list[tuple[str, dict[str, Any]]], repaired: bool
) -> None:
    parsed = grammar(name).parse(text)
    assert parsed.errors == ()
    assert [(call.name, json.loads(call.arguments)) for call in parsed.calls] == calls
    assert (parsed.content, parsed.repaired) == (content, repaired)


# grammar, text, a part of the sentence that the agent reads
REFUSED = [
    ("hermes", block('{"name": "refund", "argum'), "not JSON"),
    ("hermes", block("refund(A1)"), "write <tool_call>"),
    ("hermes", block(""), "not JSON"),
    ("hermes", block('["refund"]'), 'not an object with a "name"'),
    ("hermes", block('{"name": 3}'), 'not an object with a "name"'),
    ("hermes", block("[" * 100_000), "nested deeper than 200"),
    ("openai", '{"tool_calls": [{"function": {}}]}', 'not an object with a "name"'),
    ("openai", '{"tool_calls": 3}', "not a list"),
    ("openai", '{"tool_calls": [', "not JSON"),
    ("llama3", '<|python_tag|>{"name": "refund", ', "not JSON"),
    ("llama3", "<|python_tag|>print(1)", "not JSON"),
    ("mistral", "[TOOL_CALLS]", "not JSON"),
    ("mistral", "[TOOL_CALLS][3]", 'not an object with a "name"'),
    ("mistral", "[TOOL_CALLS]refund[ARGS]{", "not JSON"),
    ("pythonic", "[refund(A1)]", "could not be read"),
    ("pythonic", '[refund("A1")]', "has an argument without a name"),
    ("pythonic", "[refund(order=open('x'))]", "could not be read"),
    ("pythonic", "[refund(**{})]", "is not allowed"),
    ("pythonic", "[refund(order=1), 3]", "is no call"),
    ("pythonic", "[refund(order=", "could not be read"),
    ("pythonic", "[f(a=" + "(" * 90_000, "could not be read"),
    ("pythonic", "[f(a='" + "x" * 200_000 + "')]", "too long"),
    ("react", "Action: refund", "without an Action Input"),
    ("react", "Action: refund\nAction Input: A1", "write Action Input"),
    ("qwen3_coder", "<function=refund><parameter=order>A1", "no closing"),
    ("qwen3_coder", "<function=refund>", "no closing"),
]


@pytest.mark.parametrize(("name", "text", "reason"), REFUSED)
def test_a_malformed_call_is_an_error_for_the_agent(name: str, text: str, reason: str) -> None:
    parsed = grammar(name).parse(text)
    assert parsed.calls == ()
    assert len(parsed.errors) == 1
    assert reason in parsed.errors[0]


def test_a_malformed_call_does_not_hide_its_neighbours() -> None:
    parsed = grammar("hermes").parse(block("{bad}") + block(GOOD))
    assert ([call.name for call in parsed.calls], len(parsed.errors)) == (["refund"], 1)


@pytest.mark.parametrize(("kind", "value"), [("string", "007"), ("integer", 7), (None, 7)])
def test_values_without_types_are_read_by_the_schema(kind: str | None, value: object) -> None:
    schema = {"type": "object", "properties": {"code": {"type": kind} if kind else {}}}
    tool = ToolSpec(name="open", description="", parameters=schema)
    text = coder("open", code="007" if kind == "string" else "7")
    (call,) = grammar("qwen3_coder").parse(text, [tool]).calls
    assert json.loads(call.arguments) == {"code": value}


@pytest.mark.parametrize(("name", "call"), [("fence", "refund"), ("pythonic", "not a name")])
def test_a_call_that_the_grammar_cannot_write_is_refused(name: str, call: str) -> None:
    with pytest.raises(ConfigError, match=call):
        grammar(name).render("", [ToolCall(id="0", name=call, arguments="{}")])


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True)
SAFE = st.text(alphabet="abc XYZ\n.,:{}'é\u2028", max_size=30)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | SAFE, lambda inner: st.lists(inner, max_size=3))
CALLS = st.lists(
    st.tuples(
        NAMES.filter(lambda n: n not in {"if", "in", "is", "or", "as"}), st.dictionaries(NAMES, VALUES, max_size=3)
    ),
    max_size=3,
)
PLAIN = st.text(alphabet="abc def.\n", max_size=40).map(str.strip)
KEYWORDS = {"if", "in", "is", "or", "as", "def", "for", "and", "not", "del", "try"}


def written(calls: list[tuple[str, dict[str, Any]]]) -> list[ToolCall]:
    return [ToolCall(id=f"call_{i}", name=n, arguments=json.dumps(a)) for i, (n, a) in enumerate(calls)]


@pytest.mark.parametrize("name", ["hermes", "openai", "llama3", "mistral", "pythonic", "react"])
@given(content=PLAIN, calls=CALLS)
def test_a_grammar_reads_back_what_it_writes(name: str, content: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
    if name == "react":
        calls = calls[:1]
    if name == "pythonic":
        calls = [(n, a) for n, a in calls if not ({n, *a} & KEYWORDS)]
    parsed = grammar(name).parse(grammar(name).render(content, written(calls)))
    assert [(c.name, json.loads(c.arguments)) for c in parsed.calls] == calls
    assert parsed.content == ("" if name == "pythonic" and calls else content)
    assert not parsed.repaired


@given(content=PLAIN, codes=st.lists(SAFE, max_size=3))
def test_the_fence_grammar_reads_back_the_code_it_writes(content: str, codes: list[str]) -> None:
    calls = written([("python", {"code": code}) for code in codes])
    parsed = grammar("fence").parse(grammar("fence").render(content, calls))
    assert [json.loads(c.arguments)["code"].rstrip() for c in parsed.calls] == [code.rstrip() for code in codes]


@given(name=NAMES, arguments=st.dictionaries(NAMES, SAFE.filter(lambda s: s.strip("\n") == s), max_size=3))
def test_the_coder_grammar_reads_back_what_it_writes(name: str, arguments: dict[str, str]) -> None:
    properties = {key: {"type": "string"} for key in arguments}
    tool = ToolSpec(name=name, description="", parameters={"type": "object", "properties": properties})
    parsed = grammar("qwen3_coder").parse(grammar("qwen3_coder").render("", written([(name, arguments)])), [tool])
    assert [(c.name, json.loads(c.arguments)) for c in parsed.calls] == [(name, arguments)]


PIECES = st.sampled_from(
    [
        "<tool_call>",
        "</tool_call>",
        '{"name"',
        ": ",
        '"a"',
        "}",
        "[TOOL_CALLS]",
        "[ARGS]",
        "<|python_tag|>",
        ";",
        "[f(",
        ")]",
        "Action: a\n",
        "Action Input: ",
        "Final Answer:",
        "<function=a>",
        "</function>",
        "<parameter=b>",
        "</parameter>",
        '{"tool_calls": [',
        "```python\n",
        "```\n",
        "\x00",
        "\ud800",
        "é",
        "\n",
    ]
)


@pytest.mark.parametrize("name", GRAMMARS)
@given(pieces=st.lists(PIECES, max_size=12))
def test_no_text_raises(name: str, pieces: list[str]) -> None:
    parsed = grammar(name).parse("".join(pieces))
    assert len(parsed.content) <= len("".join(pieces)) + 1


NESTED = {
    "hermes": '<tool_call>{"name": "f", "arguments": {"x": %s}}</tool_call>',
    "openai": '{"tool_calls": [{"name": "f", "arguments": {"x": %s}}]}',
    "llama3": '<|python_tag|>{"name": "f", "parameters": {"x": %s}}',
    "mistral": '[TOOL_CALLS][{"name": "f", "arguments": {"x": %s}}]',
    "react": 'Action: f\nAction Input: {"x": %s}',
    "qwen3_coder": "<function=f><parameter=x>%s</parameter></function>",
    "pythonic": "[f(x=%s)]",
}


@pytest.mark.parametrize("name", NESTED)
def test_nesting_of_any_depth_is_a_call_or_an_error_for_the_agent(name: str) -> None:
    for depth in (10, *range(100, 1100)):
        parsed = grammar(name).parse(NESTED[name] % ("[" * depth + "]" * depth))
        assert len(parsed.calls) + len(parsed.errors) == 1


@pytest.mark.parametrize("name", NESTED)
def test_half_a_surrogate_pair_stays_escaped_in_the_arguments(name: str) -> None:
    (call,) = grammar(name).parse(NESTED[name] % '"\\ud83d"').calls
    assert json.loads(call.arguments.encode()) == {"x": "\ud83d"}


@pytest.mark.parametrize("name", ["hermes", "llama3", "mistral", "react"])
def test_a_call_without_arguments_may_hold_no_text_for_them(name: str) -> None:
    text = grammar(name).render("", [ToolCall(id="c", name="look", arguments="")])
    assert [(call.name, call.arguments) for call in grammar(name).parse(text).calls] == [("look", "{}")]


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize(
    "unit",
    [
        "<tool_call>",
        "<tool_call>{",
        "```python\n",
        "`" * 7,
        '<tool_call>{"name":"a"}',
        "[TOOL_CALLS]a[ARGS]{}",
        '{"name":"a"};',
        "<function=a>",
        "<function=a><parameter=b>",
        "<function=a></function>",
        "[f(a=1),",
        "Action: a\n",
    ],
)
def test_a_flood_is_read_in_time_linear_in_its_length(name: str, unit: str) -> None:
    start = time.perf_counter()
    grammar(name).parse(unit * 10_000)
    assert time.perf_counter() - start < 5


def test_an_unknown_grammar_suggests_a_known_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'hermes'"):
        grammar("hermess")

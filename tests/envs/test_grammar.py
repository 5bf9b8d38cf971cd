"""Tool calls in text: read, written, and refused aloud."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.envs.grammar import GRAMMARS, grammar
from assaygym.errors import ConfigError
from assaygym.types import ToolCall

HERMES, FENCE = grammar("hermes"), grammar("fence")


def block(body: str, closing: str = "</tool_call>") -> str:
    return f"<tool_call>{body}{closing}"


GOOD = '{"name": "refund", "arguments": {"order": "A1"}}'


@pytest.mark.parametrize(
    ("text", "content", "names", "repaired"),
    [
        ("Done.", "Done.", [], False),
        ("", "", [], False),
        (block(GOOD), "", ["refund"], False),
        (block(f"\n{GOOD}\n"), "", ["refund"], False),
        ("Let me see. " + block(GOOD) + " Now wait.", "Let me see.  Now wait.", ["refund"], False),
        (block(GOOD) + "\n" + block('{"name": "b", "arguments": {}}'), "", ["refund", "b"], False),
        (block('{"name": "b"}'), "", ["b"], False),
        (block(GOOD, closing=""), "", ["refund"], True),
        (block('{"name": "b", "arguments": "{\\"x\\": 1}"}'), "", ["b"], True),
        (block('{"name": "say", "arguments": {"text": "</tool_call>"}}'), "", ["say"], False),
    ],
)
def test_hermes_calls_are_read(text: str, content: str, names: list[str], repaired: bool) -> None:
    parsed = HERMES.parse(text)
    assert parsed.errors == ()
    assert (parsed.content, [call.name for call in parsed.calls], parsed.repaired) == (content, names, repaired)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"name": "refund", "argum', "not JSON"),
        ("refund(A1)", "not JSON"),
        ("", "not JSON"),
        ('["refund"]', 'not an object with a "name"'),
        ('{"arguments": {}}', 'not an object with a "name"'),
        ('{"name": 3}', 'not an object with a "name"'),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_malformed_hermes_call_is_an_error_for_the_agent(body: str, reason: str) -> None:
    parsed = HERMES.parse(block(body))
    assert parsed.calls == ()
    assert len(parsed.errors) == 1
    assert reason in parsed.errors[0]
    assert "write <tool_call>" in parsed.errors[0]


def test_a_malformed_call_does_not_hide_its_neighbours() -> None:
    parsed = HERMES.parse(block("{bad}") + block(GOOD))
    assert ([call.name for call in parsed.calls], len(parsed.errors)) == (["refund"], 1)


@pytest.mark.parametrize(
    ("text", "codes", "content", "repaired"),
    [
        ("```python\nprint(1)\n```", ["print(1)\n"], "", False),
        ("Try:\n```py\nx = 1\n```\nthen\n```python\nx\n```\n", ["x = 1\n", "x\n"], "Try:\n\nthen", False),
        ("```python\nprint(1)", ["print(1)"], "", True),
        ("```\nno language\n```", [], "```\nno language\n```", False),
        ("inline ```python is no block", [], "inline ```python is no block", False),
    ],
)
def test_fenced_python_is_a_call_of_the_python_tool(text: str, codes: list[str], content: str, repaired: bool) -> None:
    parsed = FENCE.parse(text)
    assert [json.loads(call.arguments)["code"] for call in parsed.calls] == codes
    assert {call.name for call in parsed.calls} <= {"python"}
    assert (parsed.content, parsed.repaired) == (content, repaired)


def test_the_fence_grammar_writes_no_other_tool() -> None:
    with pytest.raises(ConfigError, match="'refund'"):
        FENCE.render("", [ToolCall(id="0", name="refund", arguments="{}")])


ARGUMENTS = st.dictionaries(
    st.text(), st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text()))
)
PLAIN = st.text().map(lambda s: s.replace("<", "").replace("`", "").strip())


@given(PLAIN, st.lists(st.tuples(st.text(), ARGUMENTS), max_size=4))
def test_hermes_reads_back_what_it_writes(content: str, calls: list[tuple[str, dict[str, object]]]) -> None:
    written = [ToolCall(id=f"call_{i}", name=n, arguments=json.dumps(a)) for i, (n, a) in enumerate(calls)]
    parsed = HERMES.parse(HERMES.render(content, written))
    assert parsed.content == content
    assert [(c.name, json.loads(c.arguments)) for c in parsed.calls] == calls
    assert not parsed.repaired


@given(PLAIN, st.lists(PLAIN, max_size=3))
def test_the_fence_grammar_reads_back_the_code_it_writes(content: str, codes: list[str]) -> None:
    written = [ToolCall(id="x", name="python", arguments=json.dumps({"code": code})) for code in codes]
    parsed = FENCE.parse(FENCE.render(content, written))
    assert [json.loads(c.arguments)["code"].rstrip() for c in parsed.calls] == [code.rstrip() for code in codes]


@pytest.mark.parametrize("name", GRAMMARS)
@given(text=st.text(alphabet=st.sampled_from('<tool_cal>/{}"name: ,`python\n[]\\')))
def test_no_text_raises(name: str, text: str) -> None:
    parsed = grammar(name).parse(text)
    assert len(parsed.content) <= len(text)


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize("unit", ["<tool_call>", "<tool_call>{", "```python\n", "`" * 7, '<tool_call>{"name":"a"}'])
def test_a_flood_is_read_in_time_linear_in_its_length(name: str, unit: str) -> None:
    start = time.perf_counter()
    grammar(name).parse(unit * 20_000)
    assert time.perf_counter() - start < 5


def test_an_unknown_grammar_suggests_a_known_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'hermes'"):
        grammar("hermess")

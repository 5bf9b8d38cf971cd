"""Messages to ids: what was sampled is never tokenised again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.agents.chat import ANCHOR, Chat, chat_dict
from assaygym.agents.policy import Prompt
from assaygym.agents.tiny import tiny_tokenizer
from assaygym.errors import PolicyError
from assaygym.types import Completion, Message, Role, ToolCall, ToolSpec

TOKENIZER: Any = tiny_tokenizer()
END = TOKENIZER.eos_token_id
ADD = ToolSpec(name="add", description="Add.", parameters={"type": "object"})

KEEPS = TOKENIZER.chat_template
STRIPS_REASONING = (
    "{% for m in messages %}{{ '<' + m.role + '>' }}"
    "{% if m.role == 'assistant' and not loop.last %}{{ m.content.split('</think>')[-1] }}"
    "{% else %}{{ m.content }}{% endif %}{{ '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
STRICT_TOOLS = (
    "{% for m in messages %}{% if m.role == 'tool' and not messages[loop.index0 - 1].tool_calls "
    "and messages[loop.index0 - 1].role != 'tool' %}{{ raise_exception('a result without a call') }}{% endif %}"
    "{{ '<' + m.role + '>' + m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor %}"
    "{{ '<end>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
NINE = (
    "{% for m in messages %}{% if m.tool_call_id and m.tool_call_id | length != 9 %}{{ raise_exception('nine') }}"
    "{% endif %}{{ '<' + m.role + '>' + m.content + (m.tool_call_id or '') + '<end>' }}{% endfor %}"
)
ONE_CALL = STRICT_TOOLS.replace(
    "{% for m in messages %}",
    "{% for m in messages %}{% if (m.tool_calls or []) | length > 1 %}{{ raise_exception('one') }}{% endif %}",
    1,
)
STAYS_OPEN = (
    "{% for m in messages %}{{ '<' + m.role + '>' + m.content }}{% for c in m.tool_calls or [] %}"
    "{{ c.function.arguments.x }}{% endfor %}{{ '<end>' if not m.tool_calls }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
NAMES_TOOLS = (
    "{% for m in messages %}"
    "{% if m.role == 'tool' and not m.name is defined %}{{ raise_exception('no name') }}{% endif %}"
    "{{ '<' + m.role + '>' + (m.name or '') + m.content + '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
SPACES = KEEPS.replace("'<end>'", "' <end>'")
UPPERCASES = "{% for m in messages %}{{ m.role + m.content | upper }}{% endfor %}"
ALTERNATES = (
    "{% for m in messages %}{% if m.role not in ('user', 'assistant') %}{{ raise_exception('only users') }}{% endif %}"
    "{{ m.content + '<end>' }}{% endfor %}"
)


def chat(template: str | None = KEEPS) -> Chat:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    return Chat(tokenizer)


def message(role: Role, content: str) -> Message:
    return Message(role=role, content=content)


USER = message("user", "2+2?")


def text(bound: Chat, ids: tuple[int, ...]) -> str:
    return str(bound.tokenizer.decode(list(ids)))


def first_prompt() -> Prompt:
    return Prompt(messages=(USER,), observation=(USER,))


def later_prompt(prompt_ids: tuple[int, ...], token_ids: tuple[int, ...], *observation: Message) -> Prompt:
    said = Completion(message=message("assistant", "?"), prompt_ids=prompt_ids, token_ids=token_ids)
    return Prompt(messages=(USER, said.message, *observation), previous=said, observation=observation, turn=1)


def test_the_first_turn_is_what_the_template_renders() -> None:
    assert text(chat(), chat().prompt_ids(first_prompt())) == "<user>2+2?<end><assistant>"


def test_a_first_turn_that_is_asked_for_again_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    chat, rendered = Chat(TOKENIZER), list[tuple[Message, ...]]()
    render = chat.render_ids

    def told(messages: tuple[Message, ...], *given: Any, **options: Any) -> tuple[int, ...]:
        rendered.append(messages)
        return render(messages, *given, **options)

    monkeypatch.setattr(chat, "render_ids", told)
    one, other = ((Message(role="user", content=text),) for text in ("one", "other"))
    wanted = [
        Prompt(messages=m, tools=t) for m, t in [(one, ())] * 2 + [(other, ())] * 2 + [(other, (ADD,)), (one, ())]
    ]
    found = [chat.prompt_ids(prompt) for prompt in wanted]
    assert found == [Chat(TOKENIZER).prompt_ids(prompt) for prompt in wanted]
    assert rendered == [one, other, other, one]


def test_a_turn_that_closed_itself_is_closed_once() -> None:
    bound = chat()
    before = bound.prompt_ids(first_prompt())
    sampled = (*bound.encode("4"), END)
    ids = bound.prompt_ids(later_prompt(before, sampled, message("user", "and 3?")))
    assert text(bound, ids) == "<user>2+2?<end><assistant>4<end><user>and 3?<end><assistant>"
    assert ids[: len(before) + 2] == before + sampled


def test_a_turn_that_was_cut_off_is_closed_by_the_suffix() -> None:
    bound = chat()
    before = bound.prompt_ids(first_prompt())
    ids = bound.prompt_ids(later_prompt(before, bound.encode("4"), message("user", "and 3?")))
    assert text(bound, ids) == "<user>2+2?<end><assistant>4<end><user>and 3?<end><assistant>"


def test_sampled_ids_are_kept_even_where_their_text_would_be_tokenised_otherwise() -> None:
    bound = chat()
    before = bound.prompt_ids(first_prompt())
    strange = (TOKENIZER.unk_token_id, TOKENIZER.convert_tokens_to_ids("<user>"), TOKENIZER.pad_token_id)
    ids = bound.prompt_ids(later_prompt(before, strange, message("tool", "5")))
    assert ids[: len(before) + 3] == before + strange


def test_what_the_template_writes_after_the_end_token_is_kept() -> None:
    bound = chat(STRICT_TOOLS)
    suffix = bound.suffix_ids((USER,))
    assert text(bound, suffix) == "<end>\n<user>2+2?<end>\n<assistant>"


@pytest.mark.parametrize(("end", "closed"), [((), "4 <end>"), ((END,), "4<end>")])
def test_what_stands_before_the_end_token_does_not_close_a_turn_twice(end: tuple[int, ...], closed: str) -> None:
    bound = chat(SPACES)
    sampled = (*bound.encode("4"), *end)
    ids = bound.prompt_ids(later_prompt(bound.prompt_ids(first_prompt()), sampled, USER))
    assert text(bound, ids) == f"<user>2+2? <end><assistant>{closed}<user>2+2? <end><assistant>"


@pytest.mark.parametrize(
    ("template", "suffix"),
    [(STRICT_TOOLS, "<end>\n<tool>18<end>\n<assistant>"), (NAMES_TOOLS, "<end><tool>add18<end><assistant>")],
)
def test_a_template_that_wants_a_call_before_its_result_gets_it(template: str, suffix: str) -> None:
    bound = chat(template)
    call = ToolCall(id="c1", name="add", arguments='{"broken')
    result = Message(role="tool", content="18", tool_call_id="c1")
    assert text(bound, bound.suffix_ids((result,), (), (call,))) == suffix
    said = Completion(message=message("assistant", "?"), prompt_ids=(9,), token_ids=(8, END))
    messages = (USER, Message(role="assistant", content="", tool_calls=(call,)), result)
    prompt = Prompt(messages=messages, previous=said, observation=(result,), turn=1)
    assert text(bound, bound.prompt_ids(prompt)[3:]) == suffix.removeprefix("<end>")


CALL = ToolCall(id="call_0", name="add", arguments="{}")


def results(*names: str) -> tuple[Message, ...]:
    return tuple(Message(role="tool", content=name, tool_call_id=f"call_{n}") for n, name in enumerate(names))


def test_ids_that_a_template_does_not_take_are_replaced_by_some_it_does() -> None:
    bound = chat(NINE)
    assert text(bound, bound.suffix_ids(results("18"), (), (CALL,))) == "<end><tool>18assay0000<end>"


def test_several_results_follow_one_call_where_a_template_takes_no_more() -> None:
    bound = chat(ONE_CALL)
    calls = (CALL, ToolCall(id="call_1", name="add", arguments="{}"))
    suffix = text(bound, bound.suffix_ids(results("18", "19"), (), calls))
    assert suffix == "<end>\n<tool>18<end>\n<tool>19<end>\n<assistant>"


def test_a_result_without_a_call_gets_one_made_up_where_the_template_insists() -> None:
    bound = chat(STRICT_TOOLS)
    assert text(bound, bound.suffix_ids((message("tool", "18"),))) == "<end>\n<tool>18<end>\n<assistant>"


def test_a_turn_that_a_call_leaves_open_is_continued_as_a_plain_one_and_shows_no_dummy() -> None:
    bound = chat(STAYS_OPEN)
    assert text(bound, bound.suffix_ids(results("18"), (), (CALL,))) == "<end><tool>18<end><assistant>"


def test_a_call_turn_that_is_written_otherwise_when_it_is_the_last_is_continued_as_an_earlier_one() -> None:
    bound = chat(
        STRICT_TOOLS.replace(
            "'<' + m.role + '>'", "'<' + m.role + '>' + ('(new)' if loop.last and m.tool_calls else '')"
        )
    )
    assert text(bound, bound.suffix_ids(results("18"), (), (CALL,))) == "<end>\n<tool>18<end>\n<assistant>"


def test_an_observation_that_quotes_the_mark_of_the_dummy_turn_is_kept() -> None:
    bound = chat()
    assert text(bound, bound.suffix_ids((message("user", ANCHOR),))) == f"<end><user>{ANCHOR}<end><assistant>"


def test_a_turn_with_calls_that_closed_itself_keeps_all_that_follows() -> None:
    bound = chat(STRICT_TOOLS.replace("'<end>'", "' <end>'"))
    said = Completion(message=message("assistant", "?"), prompt_ids=(9,), token_ids=(8, END))
    messages = (USER, Message(role="assistant", content="", tool_calls=(CALL,)), *results("18"))
    prompt = Prompt(messages=messages, previous=said, observation=messages[2:], turn=1)
    assert text(bound, bound.prompt_ids(prompt)[3:]) == "\n<tool>18 <end>\n<assistant>"


def test_a_turn_cut_off_at_a_token_that_also_stands_after_an_end_is_still_closed() -> None:
    bound = chat(None)
    ids = bound.prompt_ids(later_prompt((9,), bound.encode("4\n"), USER))
    assert text(bound, ids[1:]) == "4\n<end>\nuser: 2+2?\nassistant: "


@pytest.mark.parametrize("template", ["chatml", "qwen", "qwen3", "llama3", "mistral", "deepseek", "strips", "sorts"])
@pytest.mark.parametrize("ends", [True, False])
def test_byte_pairs_never_merge_what_was_sampled_with_what_follows(
    bpe: Callable[[str], Any], template: str, ends: bool
) -> None:
    bound = Chat(bpe(template))
    ids = bound.prompt_ids(first_prompt())
    for said in ("4", "\n\n4 \n", " It is 42.\n\n", ""):
        sampled = bound.encode(said) + ((bound.closing_ids[0],) if ends else ())
        longer = bound.prompt_ids(later_prompt(ids, sampled, message("user", "\n\nok")))
        assert longer[: len(ids) + len(sampled)] == ids + sampled
        assert "ok" in text(bound, longer[len(ids) + len(sampled) :])
        ids = longer


@pytest.mark.parametrize("template", ["chatml", "qwen", "llama3", "strips", "sorts"])
def test_an_appended_conversation_is_the_rendered_one_where_the_template_keeps_it(
    bpe: Callable[[str], Any], template: str
) -> None:
    bound = Chat(bpe(template))
    said = message("assistant", "It is 42.")
    sampled = (*bound.encode(said.content), bound.closing_ids[0])
    completion = Completion(message=said, prompt_ids=bound.prompt_ids(first_prompt()), token_ids=sampled)
    prompt = Prompt(messages=(USER, said, USER), previous=completion, observation=(USER,), turn=1)
    assert bound.prompt_ids(prompt) == bound.render_ids(prompt.messages, generation=True)


@pytest.mark.parametrize(
    ("template", "role", "reason"),
    [
        (UPPERCASES, "user", "is not rendered as it was written"),
        (ALTERNATES, "tool", "only users"),
        ("{{ messages[-2].content }}", "user", "nothing follows the assistant's turn"),
    ],
)
def test_a_template_that_cannot_be_continued_says_why(template: str, role: Role, reason: str) -> None:
    with pytest.raises(PolicyError, match=rf"cannot continue a conversation with \({role}\).*{reason}"):
        chat(template).suffix_ids((message(role, "x"),))


def test_a_template_that_refuses_the_messages_says_why() -> None:
    with pytest.raises(PolicyError, match=r"cannot render the messages \(system, user\): only users"):
        chat(ALTERNATES).prompt_ids(Prompt(messages=(message("system", "Be brief."), USER)))


def test_a_drifting_template_is_continued_by_appending() -> None:
    bound = chat(STRIPS_REASONING)
    before = bound.prompt_ids(first_prompt())
    sampled = (*bound.encode("<think>hm</think>4"), END)
    ids = bound.prompt_ids(later_prompt(before, sampled, message("user", "sure?")))
    assert ids[: len(before) + len(sampled)] == before + sampled
    assert text(bound, ids).endswith("<think>hm</think>4<end><user>sure?<end><assistant>")


def test_the_end_of_a_turn_is_the_end_of_sequence_and_what_the_template_closes_with() -> None:
    assert chat(KEEPS).end_ids == {END}
    other = chat(KEEPS.replace("<end>", "<tool>"))
    assert other.end_ids == {END, TOKENIZER.convert_tokens_to_ids("<tool>")}
    assert chat(UPPERCASES).end_ids == {END}


def test_a_tokenizer_without_a_template_gets_a_plain_one() -> None:
    bound = chat(None)
    asked = (message("system", "Be brief."), USER)
    assert bound.render(asked, (), generation=True) == "system: Be brief.\nuser: 2+2?\nassistant: "
    assert text(bound, bound.suffix_ids((message("tool", "18"),))) == "<end>\ntool: 18\nassistant: "


def test_the_plain_template_shows_tools_and_calls() -> None:
    call = ToolCall(id="c", name="add", arguments='{"a": 1}')
    said = Message(role="assistant", content="", tool_calls=(call,))
    rendered = chat(None).render((USER, said), (ADD,), generation=False)
    assert '"name": "add", "description": "Add."' in rendered.splitlines()[0]
    assert 'assistant: <tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call><end>' in rendered


@pytest.mark.parametrize(
    ("raw", "read"),
    [('{"a": 1}', {"a": 1}), ("[1]", "[1]"), ('{"a": ', '{"a": '), ('{"a": ' * 2000, '{"a": ' * 2000)],
    ids=["an object", "a list", "no JSON", "nested deep"],
)
def test_a_template_reads_arguments_as_an_object_where_they_are_one(raw: str, read: Any) -> None:
    said = Message(
        role="assistant", content="", reasoning="hm", tool_calls=(ToolCall(id="c", name="f", arguments=raw),)
    )
    row = chat_dict(said)
    assert row["tool_calls"][0]["function"]["arguments"] == read
    assert row["reasoning_content"] == "hm"


TURN = st.tuples(st.lists(st.integers(0, len(TOKENIZER) - 1), max_size=5).map(tuple), st.text(max_size=5))


@settings(max_examples=60, deadline=None)
@given(
    template=st.sampled_from([KEEPS, STRIPS_REASONING, None]),
    turns=st.lists(TURN, max_size=4),
    role=st.sampled_from(["user", "tool"]),
)
def test_the_ids_of_a_turn_begin_those_of_the_next(
    template: str | None, turns: list[tuple[tuple[int, ...], str]], role: Role
) -> None:
    bound = chat(template)
    ids = bound.prompt_ids(first_prompt())
    for sampled, observed in turns:
        longer = bound.prompt_ids(later_prompt(ids, sampled, message(role, observed)))
        assert longer[: len(ids) + len(sampled)] == ids + sampled
        assert text(bound, longer).endswith(text(bound, bound.suffix_ids((message(role, observed),)))[5:])
        ids = longer


def test_a_tokenizer_that_puts_a_space_before_every_text_puts_none_before_what_follows_a_turn() -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = {letter: at for at, letter in enumerate(["▁", "\n", *map(chr, range(33, 127))])}
    core = Tokenizer(models.BPE(vocab=letters, merges=[]))
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    core.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer: Any = PreTrainedTokenizerFast(tokenizer_object=core)  # type: ignore[no-untyped-call]
    tokenizer.chat_template = "{% for m in messages %}{{ m.content + '\n' }}{% endfor %}"
    bound = Chat(tokenizer)
    assert tokenizer.convert_ids_to_tokens(list(bound.encode("a"))) == ["▁", "a"]
    assert tokenizer.convert_ids_to_tokens(list(bound.suffix_ids((message("user", "b"),)))) == ["\n", "b", "\n"]


def test_a_result_names_its_tool_even_where_the_dummy_turn_makes_no_call() -> None:
    bound = chat(STAYS_OPEN.replace("m.content", "(m.name or '') + m.content"))
    assert text(bound, bound.suffix_ids(results("18"), (), (CALL,))) == "<end><tool>add18<end><assistant>"

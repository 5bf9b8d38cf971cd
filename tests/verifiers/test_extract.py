"""Tables of real answers, and where the final answer in them is."""

from __future__ import annotations

import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.extract import (
    Style,
    anchored_answer,
    bare_answer,
    boxed_answer,
    final_answer,
    find_answer,
    hash_answer,
    last_math,
    last_number,
    strip_markup,
    tagged_answer,
)

BOXES = [
    (r"so $\boxed{42}$.", "42"),
    (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
    (r"\fbox{7}", "7"),
    (r"\boxed {8}", "8"),
    (r"thus \boxed 5.", "5"),
    (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    (r"\boxed{a \} b}", r"a \} b"),
    (r"first \boxed{1}. Wrong, it is \boxed{2}.", "2"),
    (r"\boxed{x = \boxed{3}}", "3"),
    (r"$t=\boxed{3}$ or $t=\boxed{8}$", "3, 8"),
    (r"\boxed{3}, \boxed{4} and \boxed{5}", "3, 4, 5"),
    ("\\boxed{41}\n\\boxed{42}", "41, 42"),
    (r"\boxed{5}, \boxed{5}", "5"),
    (r"first \boxed{42}, then \boxed{277}", "277"),
    (r"\boxed{}", ""),
    (r"right: \boxed{4}, in short \boxed{", ""),
    (r"\boxed{4", ""),
    (r"\boxedness{4}", None),
    ("no box", None),
]


@pytest.mark.parametrize(("text", "expected"), BOXES)
def test_the_last_box_counts_and_boxes_in_one_statement_are_joined(text: str, expected: str | None) -> None:
    assert boxed_answer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\n#### 1,000", "1,000"), ("#### 42 #### 41", "41"), ("####", ""), ("#### 5\nmore", "5"), ("none", None)],
)
def test_the_last_four_hashes_count(text: str, expected: str | None) -> None:
    assert hash_answer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<answer> 5 </answer>", "5"),
        ("<answer>4</answer> no, <ANSWER>5</ANSWER>", "5"),
        ("<answer>6", "6"),
        ("<|begin_of_box|>9<|end_of_box|>", "9"),
        ("answer", None),
    ],
)
def test_the_last_answer_element_counts(text: str, expected: str | None) -> None:
    assert tagged_answer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is 5.", "5"),
        ("Final Answer: The final answer is $36$. I hope it is correct.", "36"),
        ("Answer:\n\n17", "17"),
        ("The answer to the question of the day is: 12", "12"),
        ("the answer is 3 or 4", "3 or 4"),
        ("The answer is 5. Wait. The answer is 6", "6"),
        ("Answer = 1.5", "1.5"),
        ("Die Antwort lautet 44.", "44"),
        ("La respuesta es 8.", "8"),
        ("综上，答案是 12。", "12"),
        ("Ответ: 45", "45"),
        ("These answers differ: 5", None),
    ],
)
def test_the_last_sentence_that_names_the_answer_counts(text: str, expected: str | None) -> None:
    assert anchored_answer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 5", "x = 5"),
        (" 3 to 8. ", "3 to 8"),
        (r"\frac{1}{2}\text{ cm}", r"\frac{1}{2}\text{ cm}"),
        ("We see that there must be five of them", None),
        ("two\nlines", None),
        ("", None),
    ],
)
def test_a_short_line_is_an_answer_and_prose_is_not(text: str, expected: str | None) -> None:
    assert bare_answer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("take $x=1$ and $y=2$ here", "x=1 and y=2"),
        (r"so \[ a^2 \] holds", "a^2"),
        (r"so \( b \) holds", "b"),
        (r"$$c$$ and then some", "c"),
        ("it costs $5 and $6 in all", None),
        (r"\] backwards \[", None),
    ],
)
def test_the_last_closed_math_span_counts(text: str, expected: str | None) -> None:
    assert last_math(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("from 3 to 12 apples", "12"), (r"it is \frac{3}{4} of it", "3/4"), ("2, so 3 or 4!", "3 or 4"), ("none", None)],
)
def test_the_last_number_counts(text: str, expected: str | None) -> None:
    assert last_number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>it is 5</think> 6", " 6"),
        ("<think>a</think>b<think>c</think>d", "d"),
        ("before <think>never closed 7", "before "),
        ("<Thinking>x</Thinking>y", "y"),
        ("**Answer:** 4", "Answer: 4"),
        ("2**3", "2**3"),
    ],
)
def test_reasoning_and_bold_are_dropped(text: str, expected: str) -> None:
    assert strip_markup(text) == expected


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("\\boxed{5}\nThe answer is 6", Style.BOX, "5"),
        ("#### 5\n\\boxed{6}", Style.BOX, "6"),
        ("\\boxed{6}\n#### 5", Style.HASH, "5"),
        (r"<answer>\boxed{7}</answer>", Style.BOX, "7"),
        (r"\boxed{3} <answer>4</answer>", Style.TAG, "4"),
        ("I get 4.\nThe answer is 5 since 2+3=5", Style.ANCHOR, "5"),
        ("41", Style.BARE, "41"),
        ("We can see that it must in the end be $x^2$ here", Style.SENTENCE, "x^2"),
        ("We can see that it must in the end be 17 apples", Style.SENTENCE, "17 apples"),
        ("**Answer:** $\\frac{2}{9}$", Style.ANCHOR, r"\frac{2}{9}"),
    ],
)
def test_explicit_markers_come_before_sentences_and_sentences_before_guesses(
    text: str, style: Style, expected: str
) -> None:
    found = find_answer(text)
    assert found is not None
    assert (found.style, found.text) == (style, expected)


@pytest.mark.parametrize("text", ["", "  \n", r"right \boxed{5}, then \boxed{}", "####", "<think>\\boxed{5}</think>"])
def test_an_empty_or_open_marker_and_an_answer_only_in_the_reasoning_are_no_answer(text: str) -> None:
    assert final_answer(text) is None


@given(st.text(st.characters(), max_size=300) | st.text("\\boxedfsr{}$#<>answer is:0123456789 \n", max_size=300))
def test_no_text_raises_and_what_is_found_is_never_empty(text: str) -> None:
    found = find_answer(text)
    assert found is None or found.text


HOSTILE = [
    *(
        "\\boxed{",
        "\\boxed{1}, ",
        "\\boxed{5} wait ",
        "{",
        "}",
        "$",
        "$1",
        "$$a",
        "$a$ and ",
        "\\",
        "\\[",
        "\\(",
        "\\begin{a}",
    ),
    *(
        "####",
        "#### a",
        "<answer>",
        "</answer>",
        "<think>",
        "</think>",
        "<",
        "&lt;",
        "<<1=1>>",
        "<b>",
        "<|im_end|>",
        "<|channel|>",
    ),
    *(
        "answer is ",
        "answer to ",
        "the final answer: ",
        "is the answer. ",
        "\nAnswer\n",
        "option A is ",
        "final value ",
        "答案",
        "是",
    ),
    *(
        "**",
        "**a",
        "* ",
        "_a_",
        "```\n",
        "```python\n",
        "\n",
        "\n\n- a",
        " ",
        "\t",
        "1",
        "1,",
        "1 or ",
        "a",
        "A. ",
        "x = ",
        "\\text{",
    ),
    *("no, ", "wait, ", "because ", "not 5 but ", "so ", ". ", "!", "Q: \n", "\0", "\ud800", "\u202e", "İ"),
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("before", ["", "\\boxed{5} "])
def test_a_megabyte_of_anything_is_read_in_linear_time(piece: str, before: str) -> None:
    text = before + piece * (1_000_000 // len(piece))
    start = time.process_time()
    find_answer(text)
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("piece", ["$", "\\boxed{", "answer is ", "{", "**a", "wait ", "is the answer. ", ". "])
def test_twice_the_text_takes_no_more_than_four_times_as_long(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        return min(timeit.repeat(lambda: find_answer(text), timer=time.process_time, number=1, repeat=5))

    assert seconds(600_000) < 4 * seconds(300_000) + 0.02


@pytest.mark.parametrize("text", ["42", "\\boxed{42}", "x^2+1", "\\frac{1}{2}", "\\boxed{\\frac{1}{2}}", "(2,5),(5,2)"])
def test_a_short_bare_answer_costs_a_few_microseconds(text: str) -> None:
    seconds = min(timeit.repeat(lambda: find_answer(text), timer=time.process_time, number=1000, repeat=7)) / 1000
    assert seconds < 20e-6


@given(st.text("abxyz0123456789+-/^=(), ", min_size=1, max_size=40))
def test_a_box_around_a_text_gives_it_back(text: str) -> None:
    assert final_answer(f"The result is\n\\[\\boxed{{{text}}}\\]") == (text.strip() or None)


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["The answer is {}.", "#### {}", "<answer>{}</answer>", "So x is {}."]),
)
def test_a_number_is_found_in_every_wrapping(value: int, wrapping: str) -> None:
    assert final_answer("We add up.\n" + wrapping.format(value)) == str(value)

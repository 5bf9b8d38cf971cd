"""Exact text, choice letters, patterns and numbers, by tables of real strings."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError
from assaygym.types import Verdict
from assaygym.verifiers import choice, exact, number, regex
from assaygym.verifiers.numbers import find_numbers, parse_decimal, plain_numbers

RIGHT, WRONG, NONE, BROKEN = Verdict.CORRECT, Verdict.INCORRECT, Verdict.UNPARSED, Verdict.INVALID


@pytest.mark.parametrize(
    ("response", "gold", "verdict"),
    [
        ("abc", "abc", RIGHT),
        ("  abc\n", "abc", RIGHT),
        (r"It reads \boxed{abc}.", "abc", RIGHT),
        ("Answer: abc", "abc", RIGHT),
        ("**Answer:** abc.", "abc", RIGHT),
        ("<think>abd</think>abc", "abc", RIGHT),
        ("a  b\tc", "a b c", RIGHT),
        ("café", "café", RIGHT),
        ("ABC", "abc", WRONG),
        ("abc or abd", "abc", WRONG),
        ("I believe it is abc", "abc", WRONG),
        ("cba abc bca", "abc", WRONG),
        (r"\boxed{abc} no, \boxed{abd}", "abc", WRONG),
        ("abc\nAnswer: abd", "abc", WRONG),
        ("", "abc", NONE),
        (" \n ", "abc", NONE),
        (r"abc \boxed{}", "abc", NONE),
        ("<think>abc</think>", "abc", NONE),
        ("abc", "", BROKEN),
        ("abc", "  ", BROKEN),
    ],
)
def test_exact_compares_the_stated_answer_whole(response: str, gold: str, verdict: Verdict) -> None:
    assert exact()(response, gold).verdict is verdict


def test_exact_can_ignore_case() -> None:
    assert exact(ignore_case=True)("ABC", "abc").value == 1.0


@given(st.text(min_size=1))
def test_every_gold_text_equals_itself(text: str) -> None:
    score = exact()(text, text)
    assert score.verdict is not WRONG


@pytest.mark.parametrize(
    ("response", "gold", "verdict"),
    [
        ("B", "B", RIGHT),
        ("b", "B", RIGHT),
        ("(B)", "B", RIGHT),
        ("B. Paris", "(B)", RIGHT),
        (r"\boxed{\text{B}}", "B", RIGHT),
        (r"\boxed{\textbf{(B)}\ 19}", "B", RIGHT),
        ("The answer is (B) because A is too small.", "B", RIGHT),
        ("I pick (B) since the others fail.", "B", RIGHT),
        ("Answer: B", r"\text{(B)}", RIGHT),
        ("option B", "B", RIGHT),
        ("Answer: Option B", "B", RIGHT),
        ("ANSWER : OPTION B", "B", RIGHT),
        ("ANSWER :(Option B)", "B", RIGHT),
        ("The correct option is (B)", "B", RIGHT),
        ("I'll go with option B.", "B", RIGHT),
        ("故选：B", "B", RIGHT),
        ("Answer: B. 42", "B", RIGHT),
        ("B) 12", "B", RIGHT),
        (r"\textbf{(B)}\ 19", "B", RIGHT),
        ("720/60 = 12\nB", "B", RIGHT),
        ("B is the correct choice", "B", RIGHT),
        ("Thus (A) fails.\nOption B is correct.", "B", RIGHT),
        ("The answer is B. No, wait, the answer is C.", "B", WRONG),
        ("Option A or B", "B", NONE),
        ("C", "B", WRONG),
        (r"\boxed{C}, not (B)", "B", WRONG),
        ("The answer is A or B", "B", NONE),
        ("A, B, C, D", "B", NONE),
        (r"\boxed{A} \boxed{B}", "B", NONE),
        ("(A) and (B)", "B", NONE),
        ("Because", "B", NONE),
        ("", "B", NONE),
        ("B", "17", BROKEN),
    ],
)
def test_choice_reads_exactly_one_letter(response: str, gold: str, verdict: Verdict) -> None:
    assert choice("ABCD")(response, gold).verdict is verdict


@pytest.mark.parametrize("letters", ["", "A", "AAB", "abcd", "A1"])
def test_choice_refuses_other_than_different_capitals(letters: str) -> None:
    with pytest.raises(ConfigError, match="different capitals"):
        choice(letters)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [("2024-01-31", RIGHT), ("Answer: 2024-01-31", RIGHT), ("on 2024-01-31", WRONG), ("", NONE), ("1" * 5000, WRONG)],
)
def test_regex_matches_the_whole_stated_answer(response: str, verdict: Verdict) -> None:
    assert regex(r"\d{4}-\d{2}-\d{2}")(response, None).verdict is verdict


def test_regex_refuses_a_broken_pattern_and_never_matches_an_overlong_answer() -> None:
    with pytest.raises(ConfigError, match="not a regular expression"):
        regex("(")
    assert regex("a*", max_length=5)("aaaaaa", None).explanation.endswith("over the limit of 5")


NUMBERS = [
    ("#### 42", "42", RIGHT),
    ("#### 42.", "42", RIGHT),
    ("#### 42.0", "42", RIGHT),
    ("#### $42", "42", RIGHT),
    ("#### 1,000", "1000", RIGHT),
    ("#### 42 #### 41", "41", RIGHT),
    ("#### 42 #### 41", "42", WRONG),
    ("18 dollars", "18", RIGHT),
    ("$18", "18", RIGHT),
    ("-$18", "-18", RIGHT),
    ("$-18", "-18", RIGHT),
    ("18.0", "18", RIGHT),
    ("1/2", "0.5", RIGHT),
    ("2 1/2", "2.5", RIGHT),
    (r"$\frac{1}{2}$", "0.5", RIGHT),
    (r"\boxed{1{,}234}", "1234", RIGHT),
    (r"\boxed{10,\!080}", "10080", RIGHT),
    (r"7.5 \times 10^3", "7500", RIGHT),
    ("1.5e3", "1500", RIGHT),
    ("−7", "-7", RIGHT),
    (".5", "1/2", RIGHT),
    ("25%", "25", RIGHT),
    ("First 3, then 4, so in the end there are 12 apples left.", "12", RIGHT),
    ("The answer is 3 + 4 = 7", "7", RIGHT),
    ("The answer is 12 because 3 * 4 = 12", "12", RIGHT),
    ("17", "18", WRONG),
    ("-18", "18", WRONG),
    ("100000000000000000001", "100000000000000000000", WRONG),
    ("The answer is 3 or 4", "4", WRONG),
    ("The answer is 3 or 4", "3", WRONG),
    (r"\boxed{3} or \boxed{4}", "4", WRONG),
    (r"\boxed{3, 4}", "4", WRONG),
    ("I would say that it has to be 3 or 4.", "4", WRONG),
    (r"\boxed{3,4}", "3", WRONG),
    ("3,4", "3", WRONG),
    (r"\boxed{\pm 42}", "42", WRONG),
    (r"\boxed{± 42}", "42", WRONG),
    (r"\boxed{not 42}", "42", WRONG),
    (r"\boxed{\neq 42}", "42", WRONG),
    (r"\boxed{x \ge 42}", "42", WRONG),
    (r"\boxed{> 42}", "42", WRONG),
    ("The answer is not 42.", "42", WRONG),
    ("The answer is at least $42.", "42", WRONG),
    (r"\boxed{–7}", "-7", RIGHT),
    ("10–20", "-20", WRONG),
    (r"\boxed{\sqrt{10}}", "10", WRONG),
    (r"\boxed{√10}", "10", WRONG),
    (r"\boxed{10 \cdot 10}", "10", WRONG),
    (r"\boxed{10 \times 10}", "10", WRONG),
    (r"\boxed{5 + 5}", "5", WRONG),
    (r"\boxed{10^{10^{10}}}", "10", WRONG),
    (r"\boxed{\log 10}", "10", WRONG),
    (r"\boxed{\sqrt{1} = 1}", "1", RIGHT),
    (r"\boxed{5 + 5 = 10}", "10", RIGHT),
    (r"\boxed{18\text{ cm}^2}", "18", RIGHT),
    (r"\boxed{42^\circ}", "42", RIGHT),
    (r"\boxed{7.5 \times 10^3}", "7500", RIGHT),
    (r"\boxed{2 \frac12}", "2.5", RIGHT),
    (r"\boxed{42^\circ}", "42", RIGHT),
    (r"\boxed{42^{\circ}}", "42", RIGHT),
    (r"\boxed{42^2}", "42", NONE),
    ("60*8 = <<60*8=480>>480", "480", RIGHT),
    ("6 * 7 => 42", "42", RIGHT),
    ("The answer is 42, which is not a prime.", "42", RIGHT),
    ("1234,567", "567", NONE),
    ("nan", "4", NONE),
    ("inf", "4", NONE),
    ("Infinity", "4", NONE),
    ("1e999999999", "1", NONE),
    ("1" * 500, "1", NONE),
    ("1_000", "1000", NONE),
    ("٣", "3", NONE),
    ("１２", "12", NONE),
    ("1/0", "1", NONE),
    ("1.2.3", "3", NONE),
    ("7:45", "45", NONE),
    ("2x", "2", NONE),
    ("x2", "2", NONE),
    ("", "4", NONE),
    ("four", "4", NONE),
    ("4", "four", BROKEN),
    ("4", "3 or 4", BROKEN),
]


@pytest.mark.parametrize(("response", "gold", "verdict"), NUMBERS)
def test_number_compares_the_final_number_exactly(response: str, gold: str, verdict: Verdict) -> None:
    assert number()(response, gold).verdict is verdict


def test_several_numbers_are_flagged_as_a_hedge() -> None:
    assert number()("The answer is 3 or 4", "4").flags == ("hedged",)


@pytest.mark.parametrize("gold", [42, 42.0, Fraction(42), "#### 42", "so it is 42\n#### 42"])
def test_gold_may_be_a_number_or_a_solution(gold: object) -> None:
    assert number()("42", gold).value == 1.0


@pytest.mark.parametrize(
    ("tolerance", "relative", "response", "right"),
    [
        (0.1, 0, "3.2", True),
        (0.1, 0, "3.21", False),
        (0, 0.01, "3.131", True),
        ("1e-3", 0, "3.101", True),
        (0, 0, "3.1000000001", False),
    ],
)
def test_tolerances_are_exact(tolerance: float | str, relative: float, response: str, right: bool) -> None:
    assert number(tolerance=tolerance, relative=relative)(response, "3.1").value == float(right)


def test_percent_may_mean_a_hundredth() -> None:
    assert number(percent="fraction")("25%", "0.25").value == 1.0
    assert number(percent="fraction")("25", "25%").value == 0.0


@pytest.mark.parametrize("options", [{"tolerance": -1}, {"relative": float("nan")}, {"percent": "sign"}])
def test_number_refuses_options_that_mean_nothing(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        number(**options)  # type: ignore[arg-type]


@given(st.fractions())
def test_number_reads_every_fraction_as_python_does(value: Fraction) -> None:
    assert number()(f"The answer is {value}", str(value)).value == 1.0
    assert number()(f"The answer is {value}", str(value + 1)).value == 0.0


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_number_reads_grouped_decimals_as_python_does(value: object) -> None:
    assert number()(f"#### {value:,}", str(value)).value == 1.0


@given(st.text(), st.text())
def test_no_text_raises(response: str, gold: str) -> None:
    for verifier in (exact(), choice("ABCD"), regex("a+"), number()):
        assert verifier(response, gold).verdict in Verdict


@given(st.text(st.one_of(st.sampled_from("{}\\<[~*_ \t\nab1"), st.characters())), st.text("ab1 "))
def test_a_box_that_stands_alone_reads_as_one_with_a_space_behind_it(content: str, gold: str) -> None:
    for verifier in (exact(), exact(ignore_case=True)):
        assert verifier(rf"\boxed{{{content}}}", gold or "a") == verifier(rf"\boxed{{{content}}} ", gold or "a")


@given(st.from_regex(r"-?[0-9]{1,20}", fullmatch=True), st.sampled_from([-1, 0, 7]))
def test_a_whole_number_reads_as_the_same_with_a_point_zero(text: str, more: int) -> None:
    assert [found.value for found in find_numbers(text)] == [int(text)]
    for verifier in (number(), number(tolerance=3), number(relative=0.5, percent="fraction")):
        for gold in (int(text) + more, str(int(text) + more), f"{int(text) + more}.0"):
            seen = [verifier(rf"\boxed{{{written}}}", gold).verdict for written in (text, f"{text}.0")]
            assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "text",
    [
        "1" * 10**6,
        "1,2," * 250_000,
        r"\boxed{" + "$1$ " * 250_000 + "}",
        "\u0315\u0300" * 200_000,
        "$" * 10**6,
        "\0" * 10**5,
        "\ud800",
        "1/" * 10**5,
    ],
)
def test_long_and_hostile_text_takes_under_two_seconds(text: str) -> None:
    start = time.perf_counter()
    for verifier, gold in ((exact(), "a"), (choice("ABCD"), "A"), (number(), "1")):
        assert verifier(text, gold).value == 0.0
    assert time.perf_counter() - start < 2.0


def test_numbers_tell_where_they_stand_and_whether_a_percent_sign_follows() -> None:
    first, second = find_numbers("from 1,000 to 25%")
    assert (first.value, first.start, first.end, first.percent) == (Fraction(1000), 5, 10, False)
    assert (second.value, second.percent) == (Fraction(25), True)


def test_latex_numbers_are_written_plainly() -> None:
    assert plain_numbers(r"1{,}000 \frac{1}{2} 5 \cdot 10^{-3}") == "1,000 1/2 5e-3"


@pytest.mark.parametrize("text", ["", ".", "1.2.3", "-1", "1e5", "٣", "1" * 401])
def test_a_decimal_is_digits_and_a_point(text: str) -> None:
    with pytest.raises(ValueError, match="is not a decimal"):
        parse_decimal(text)

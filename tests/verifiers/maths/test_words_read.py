"""What kinds of answers in words are read, and that mathematics is left alone."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.words import read_words, same_words, stated_choice
from assaygym.verifiers.maths.words.kinds import KINDS
from assaygym.verifiers.maths.words.numerals import cardinal
from assaygym.verifiers.maths.words.spelling import LARGEST, other_languages, spelled


@pytest.mark.parametrize(
    "text",
    [
        "15", "-3.5", r"\frac{1}{2}", r"\sqrt{3}-1", "x^2+2x+1", "x", "xy", "abc", "f(x)", r"\sin x", "sin a",
        "log b", "(2, 3)", "3, 4, 5", "[2, 5)", "D?", "D/E", "D - 12", "x = 5", "x=3 or x=4", r"2 \text{ km}",
        "14 cm^2", "5 apples", "3 + 4i", "3:8 + 1", "a_1", "A+B", "C_1", "A^c", "A = 3", "D:E", "A: 3, B: 4",
        "x and y", "2024", "$5", r"\pi", "", " ", r"\text{}", "5 m", r"\{1, 2\}", "(A)(B)", "(A)^2", "10/12",
        "3:5:7", "25:70", "e", "i", "x'", "pqr", "theta", "∞", "√2", "x" * 5000,
    ],
)  # fmt: skip
def test_mathematics_is_not_read_as_words(text: str) -> None:
    assert read_words(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("D", "choice"), (r"\text{(E)}", "choice"), ("ABD", "choice"), ("October 12", "date"), ("Friday", "date"),
        ("2024-10-12", "date"), ("7:45 PM", "time"), ("noon", "time"), ("7:45", "time"),
        ("2 hours 30 minutes", "quantity"), ("fifteen", "number"), ("3rd", "number"), ("Yes.", "saying"),
        ("no real solutions", "saying"), ("north", "saying"), ("Alice and Bob", "list"), ("yes or no", "hedge"),
        ("maybe prime", "hedge"), ("hexagon", "phrase"), (r"\text{odd}", "phrase"), ("Ann", "phrase"),
        ("is never prime", "phrase"), ("regular hexagon", "phrase"), ("圆", "phrase"), ("Plan B", "phrase"),
    ],
)  # fmt: skip
def test_words_are_read_as_their_kind(text: str, kind: str) -> None:
    found = read_words(text)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("fifteen", ("num", 15, 1)),
        ("twenty-one", ("num", 21, 1)),
        ("one hundred and five", ("num", 105, 1)),
        ("Two Thousand Three Hundred", ("num", 2300, 1)),
        ("one million", ("num", 10**6, 1)),
        ("a thousand", ("num", 1000, 1)),
        ("two thirds", ("num", 2, 3)),
        ("three-quarters", ("num", 3, 4)),
        ("a third", ("num", 1, 3)),
        ("half", ("num", 1, 2)),
        ("one hundredth", ("num", 1, 100)),
        ("three twenty-fifths", ("num", 3, 25)),
        ("two and a half", ("num", 5, 2)),
        ("three and two fifths", ("num", 17, 5)),
        ("zero point two five", ("num", 1, 4)),
        ("minus three", ("num", -3, 1)),
        ("negative one half", ("num", -1, 2)),
        ("a dozen", ("num", 12, 1)),
        ("half a dozen", ("num", 6, 1)),
        ("three dozen", ("num", 36, 1)),
        ("third", ("num", 3, 1)),
        ("3rd", ("num", 3, 1)),
        (r"21^{\text{st}}", ("num", 21, 1)),
        ("the twenty-first", ("num", 21, 1)),
        ("fifteen apples", ("unit", ("num", 15, 1), "apples")),
        ("fifty percent", ("percent", ("num", 50, 1))),
        ("ninety degrees", ("deg", ("num", 90, 1))),
        ("vingt et un", ("num", 21, 1)),
        ("quatre-vingt-dix-neuf", ("num", 99, 1)),
        ("einundzwanzig", ("num", 21, 1)),
        ("treinta y cinco", ("num", 35, 1)),
        ("九十九", ("num", 99, 1)),
        ("no solution", ("set",)),
        ("the empty set", ("set",)),
        ("all real numbers", ("domain", "R")),
        ("infinity", ("const", "inf")),
        ("negative infinity", ("neg", ("const", "inf"))),
        ("undefined", ("const", "undefined")),
        ("two and three", ("list", ("num", 2, 1), ("num", 3, 1))),
        ("one minute", ("unit", ("num", 1, 1), "minute")),
        ("2 hours 30 minutes", ("unit", ("num", 5, 2), "hour")),
        ("five dollars and twenty cents", ("money", ("num", 26, 5), "$")),
        ("no positive solutions", None),
    ],
)
def test_words_that_stand_for_mathematics_have_its_tree(text: str, tree: object) -> None:
    found = read_words(text)
    assert found is not None
    assert found.tree == tree


@pytest.mark.parametrize(
    "text",
    ["two three", "twenty and one", "hundred two and", "and five", "one hundred hundred", "point", "two point ten"],
)
def test_words_that_spell_no_number_have_no_value(text: str) -> None:
    assert cardinal(text.split()) is None
    found = read_words(text)
    assert found is None or found.kind != "number"


@given(st.integers(min_value=0, max_value=LARGEST))
def test_every_spelled_number_is_read_as_itself(number: int) -> None:
    assert cardinal(spelled(number)) == number


def test_other_languages_count_to_ninety_nine() -> None:
    words = other_languages()
    assert set(words.values()) == set(range(100))
    assert len(words) > 390
    assert all(
        (found := read_words(word)) and found.tree == ("num", value, 1)
        for word, value in words.items()
        if word != "sept"
    )


@pytest.mark.parametrize(
    ("text", "letters", "content"),
    [
        (r"\textbf{(E)}\ 19", "E", "19"),
        ("B. 42", "B", "42"),
        ("C) 12", "C", "12"),
        ("E)None of these", "E", "None of these"),
        (r"$\textbf{(A)}\ \frac{1}{12}$", "A", r"\frac{1}{12}"),
        (r"\text{(A) 12}", "A", "12"),
        (r"\textbf{B. }$12\pi$", "B", r"12\pi"),
        (r"D: $(3, 4)$", "D", "(3, 4)"),
        ("(B) -3", "B", "-3"),
        (r"\boxed{\text{B}}", "B", ""),
        ("**B**", "B", ""),
        ("Option (c)", "C", ""),
        ("The answer is B.", "B", ""),
        ("B is correct", "B", ""),
        ("A, C", "AC", ""),
        ("A and C", "AC", ""),
        ("A, B, and D", "ABD", ""),
        ("(A) and (C)", "AC", ""),
        ("ＡＣ", "AC", ""),
    ],
)
def test_a_choice_has_its_letters_and_its_content(text: str, letters: str, content: str) -> None:
    found = read_words(text)
    assert found is not None
    assert (found.kind, found.value, found.content) == ("choice", frozenset(letters), content)


@pytest.mark.parametrize(
    ("text", "gold"), [("b", "B"), ("e)", "E"), ("CAB", "ABC"), ("E", "east"), ("NE", "northeast")]
)
def test_a_lone_letter_is_what_the_gold_is(text: str, gold: str) -> None:
    kinds = [found.kind if found else "" for found in (read_words(text), read_words(text, read_words(gold)))]
    assert kinds[0] != kinds[1]


def test_a_bare_e_is_a_number_even_beside_a_choice() -> None:
    assert read_words("e", read_words("E")) is None


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("I pick (A) since the others fail.", "A"),
        ("(A) and (B) are too small. So it has to be (D).", "D"),
        ("Thus, option (C).\nDone.", "C"),
        ("(A) is wrong.", None),
        ("It is (A) or (B).", None),
        ("No letter at all, f(A) at most.", None),
        ("So it is A.", None),
        ("It isn't (C).", None),
        (r"I pick (C), that is \boxed{5}.", None),
        (r"I pick (C) \boxed{}.", None),
    ],
)
def test_prose_states_a_choice_when_its_last_word_names_one_letter(response: str, letter: str | None) -> None:
    found = stated_choice(response)
    assert (found and found.text) == letter


@given(st.text(max_size=60) | st.text(alphabet="ABab (),.:andor0123456789\\text{}$-'", max_size=60))
def test_nothing_raises_and_what_is_read_equals_itself(text: str) -> None:
    found = read_words(text)
    assert read_words(text, found) is None or found is not None
    if found is not None:
        assert found.kind in KINDS
        assert same_words(found, found, MathPolicy()).equal


@pytest.mark.parametrize(
    "piece", ["a", "a ", "A, ", "1 ", ":", r"\text{", "(", "one ", "and ", "-", "$", "~", "'", "1h", "A) "]
)
def test_an_endless_text_is_read_at_once(piece: str) -> None:
    texts = [piece * (400 // len(piece)), piece * (10**6 // len(piece))]
    for text in texts:
        stated_choice(text)
        found = read_words(text)
        assert found is None or len(text) <= 400


def test_the_value_of_a_quantity_is_exact() -> None:
    found = read_words("1.1 hours")
    assert found is not None
    assert found.value == ("time", Fraction(3960), ("hour",))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("12个", ("num", 12, 1)), ("12 人", ("num", 12, 1)), ("12个苹果", ("num", 12, 1)),
        ("3厘米", ("unit", ("num", 3, 1), "cm")),
        ("3 см", ("unit", ("num", 3, 1), "cm")), ("2.5千米", ("unit", ("num", 5, 2), "km")),
        ("3平方厘米", ("unit", ("num", 3, 1), "cm^2")), ("500元", ("money", ("num", 500, 1), "¥")),
        ("500 рублей", ("money", ("num", 500, 1), "₽")), ("25 Prozent", ("percent", ("num", 25, 1))),
        ("12,5 Prozent", ("percent", ("num", 25, 2))), ("25 per cent", ("percent", ("num", 25, 1))),
        ("百分之二十五", ("percent", ("num", 25, 1))), ("三分之二", ("num", 2, 3)), ("year 1999", ("num", 1999, 1)),
        ("1999 CE", ("num", 1999, 1)), ("hundred", ("num", 100, 1)), ("5 façons", ("unit", ("num", 5, 1), "façons")),
    ],
)  # fmt: skip
def test_quantities_of_other_languages_are_read(text: str, tree: object) -> None:
    found = read_words(text)
    assert found is not None
    assert found.tree == tree


@pytest.mark.parametrize("text", ["12个或13个", "44 değil", "44 неверно", "零分之二", "null", "1999 BC", "12不到"])
def test_what_is_no_such_quantity_is_no_number(text: str) -> None:
    found = read_words(text)
    assert found is None or found.tree is None


def test_infinitely_many_is_no_infinity() -> None:
    found = read_words("infinitely many")
    assert found is not None
    assert found.tree is None

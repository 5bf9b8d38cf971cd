"""Which answers in words are the same."""

import pytest

from assaygym.verifiers.maths.finding import Finding
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.words import read_words, same_words

DEFAULT = MathPolicy()


def compare(pair: str, policy: MathPolicy = DEFAULT) -> Finding:
    gold, pred = pair.split("|")
    left = read_words(gold)
    assert left is not None, gold
    right = read_words(pred, left)
    assert right is not None, pred
    return same_words(left, right, policy)


SAME = [
    "2 red, 3 blue|\\text{2 red, 3 blue}", "18 years old|18 years old", "D|\\textbf{D}\\ 12", "D|d)",
    "ABD|\\{A, B, D\\}", "AB|Both A and B", "D|The correct answer is option (D).", "D|\\text{D}~\\frac{1}{2}",
    "D|(D) because it is right", "Saturday|Sat", "radius 3.5|radius 3.5", "Quadrant III|quadrant III", "D|\\text{D}",
    "D|(d)", "D|d", "(E)|E", "(E)|\\textbf{(E)}\\ 19", "E|E. 42", "C|C) 12", "C) 12|C", "A, C|AC", "ABD|D, B, A",
    "A and C|C, A", "\\textbf{(B) } 7|(B) 7", "hexagon|(B) hexagon", "B. hexagon|hexagon", "October 12|12 October",
    "October 12|Oct. 12", "October 12|October 12th", "October 12|the 12th of October", "October 12, 2024|2024-10-12",
    "October 12, 2024|12 Oct 2024", "October 12, 2024|2024年10月12日", "10/12/2024|10/12/2024",
    "10/25/2024|25 October 2024", "10/12/2024|10-12-2024", "12 octobre 2024|12 October 2024", "3. März|March 3",
    "3 de mayo|May 3", "Monday, October 12|October 12", "Monday|Mon.", "Monday|on Monday", "星期日|Sunday",
    "May 2024|2024 May", "7:45 \\text{ a.m.}|7:45 AM", "7:45 a.m.|07:45", "7:45 p.m.|7:45", "7:45|7:45 PM",
    "15:30|3:30 PM", "noon|12:00 p.m.", "midnight|12 a.m.", "12 noon|noon", "3 o'clock|3:00", "7 am|7:00 a.m.",
    "7.45 pm|7:45 pm", "8 in the evening|8 PM", "2 hours 30 minutes|2.5 hours", "2 hours 30 minutes|2h30m",
    "2 hr 30 min|2 hours and 30 minutes", "two hours and thirty minutes|2 h 30 min", "5 feet 6 inches|5 ft 6 in",
    "3 dollars and 50 cents|3.5 dollars", "one hundred and five|one hundred five", "two thirds|two-thirds",
    "three quarters|three fourths", "fifteen|fünfzehn", "Yes|yes.", "yes|\\text{Yes, it is}", "No|no",
    "True|\\text{true}", "no solution|There are no solutions.", "no solution|no real solutions",
    "no solution|the empty set", "none|no solution", "does not exist|DNE",
    "infinitely many|an infinite number of solutions", "undefined|is not defined", "none of the above|None of these",
    "northeast|north-east", "northeast|North East", "northeast|NE", "east|due east",
    "all real numbers|the set of all real numbers", "\\text{hexagon}|a hexagon.", "Evelyn|evelyn",
    "Evelyn|**Evelyn**", "Alice and Bob|Bob and Alice", "Alice and Bob|Bob, Alice", "Alice, Bob|Alice and Bob",
    "Monday and Friday|Fri and Mon", "The Pacific Ocean|Pacific ocean",
    "right-angled triangle|right angled triangle", "\\text{even}|It is even.", "yes or no|no or yes",
    "Romeo & Juliet|Juliet and Romeo",
]  # fmt: skip

DIFFERENT = [
    "2 red, 3 blue|3 red, 2 blue", "18 years old|19 years old", "\\text{black cat}|cat black",
    "radius 3.5|radius 35", "at -3|at 3", "from 1 2|from 12", "first quadrant|first", "Quadrant III|Quadrant II",
    "ABD|\\{A, B\\}", "D|D. 12 or E. 13", "D|not D", "D|all of the above", "one hundred dollars|one hundred cents",
    "D|C", "(E)|\\textbf{(B)}\\ 19", "A|A, C", "A, C|A", "A|A or C", "AB|ABC", "(A) 3|(A) 4", "hexagon|(B) pentagon",
    "A|Paris", "A|yes", "October 12|October 13", "October 12|December 10", "October 12|October",
    "October 12, 2024|October 12", "10/12/2024|October 12, 2024", "10/12/2024|12/10/2024", "Monday|Tuesday",
    "Monday, October 12|Tuesday, October 12", "7:45 a.m.|7:45 PM", "15:30|3:30", "15:30|3:30 AM", "noon|midnight",
    "12:00 a.m.|noon", "7:45 p.m.|07:45", "7:45 PM|7:46 PM", "2 hours 30 minutes|2 hours 3 minutes",
    "2 hours 30 minutes|150 minutes", "5 feet 6 inches|5.6 feet", "fifteen|fifty", "third|one third", "Yes|No",
    "True|yes", "Yes|True", "No|none", "no solution|infinitely many", "no positive solutions|no solution",
    "DNE|undefined", "yes|yes or no", "yes|maybe yes", "prime|not prime", "not prime|prime", "is prime|is not prime",
    "northeast|northwest", "north|northeast", "hexagon|pentagon", "hexagon|regular hexagon",
    "regular hexagon|hexagon", "symmetric|asymmetric", "symmetric|a symmetric one", "Alice and Bob|Alice",
    "Alice and Bob|Alice and Carol", "Alice and Bob|Alice or Bob", "Alice, Bob|Bob, Alice",
    "dog bites man|man bites dog", "Alice and Alice|Alice and Bob", "finite|infinite", "even|odd",
    "all integers|all real numbers", "none of the above|no solution", "Evelyn|Evelyn Smith", "Mars|March",
    "5 hours|5 minutes",
]  # fmt: skip


@pytest.mark.parametrize("pair", SAME)
def test_the_same_answer_is_the_same(pair: str) -> None:
    assert compare(pair).equal


@pytest.mark.parametrize("pair", DIFFERENT)
def test_another_answer_is_not_the_same(pair: str) -> None:
    assert not compare(pair).equal


@pytest.mark.parametrize(
    "pair",
    [
        "7:45|8:46",
        "fifteen|sixteen",
        "mass|area",
        "no solution|undefined",
        "(A) 0.5|(A) 1/2",
        "100 dollars|one hundred dollars",
    ],
)
def test_what_may_be_mathematics_too_is_left_undecided(pair: str) -> None:
    assert not compare(pair).decided


@pytest.mark.parametrize("pair", ["hexagon|pentagon", "yes|no", "7:45 AM|7:45 PM", "yes|fifteen", "Monday|Friday"])
def test_what_is_only_words_is_decided(pair: str) -> None:
    assert compare(pair).decided


@pytest.mark.parametrize(
    ("pair", "option", "value", "equal"),
    [
        ("2 hours 30 minutes|150 minutes", "units", "convert", True),
        ("5 feet 6 inches|66 inches", "units", "convert", True),
        ("7:45 a.m.|7:45", "units", "required", False),
        ("7:45|7:45 a.m.", "units", "required", True),
        ("Alice and Bob|Bob and Alice", "list_order", "given", False),
        ("Alice and Bob|Alice and Bob", "list_order", "given", True),
    ],
)
def test_the_policy_decides_where_the_field_differs(pair: str, option: str, value: str, equal: bool) -> None:
    assert compare(pair, MathPolicy.of(**{option: value})).equal is equal


@pytest.mark.parametrize(("pair", "layer"), [("A|B", "choice"), ("yes|no", "words"), ("noon|12 PM", "words")])
def test_the_layer_is_named(pair: str, layer: str) -> None:
    assert compare(pair).layer == layer


def test_the_reason_names_both_answers() -> None:
    assert compare("hexagon|pentagon").why == "gold is phrase 'hexagon', the answer phrase 'pentagon'"

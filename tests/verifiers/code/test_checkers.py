"""Checkers of printed output, by tables of real strings."""

from __future__ import annotations

import pickle
import unicodedata

import pytest

from assaygym.errors import ConfigError, VerifierError
from assaygym.sandbox import Sandbox
from assaygym.sandbox.languages import installed
from assaygym.verifiers.code.checkers import TextChecker, exact, floats, lines, tokens, unordered_lines


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        ("6", "6\n", True),
        ("1 2\n3\n", "1\t2 \r\n3", True),
        ("", "\n", True),
        ("Yes", "yes", False),
        ("1 2", "12", False),
        ("1 2 3", "1 2", False),
        ("1", "1 2", False),
        ("1.0", "1", False),
        ("1_000", "1000", False),
        ("\N{ARABIC-INDIC DIGIT SIX}", "6", False),
        ("1\N{NO-BREAK SPACE}2", "1 2", False),
        (unicodedata.normalize("NFD", "é"), "é", False),
        ("1\x002", "1 2", False),
    ],
)
def test_tokens(got: str, expected: str, right: bool) -> None:
    assert tokens(got, expected) is right


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        ("a\n", "a", True),
        ("a", "a\n", True),
        ("a\n", "a\n", True),
        ("a\n\n", "a\n", False),
        ("a ", "a", False),
        ("a\r\n", "a\n", False),
        ("", "", True),
    ],
)
def test_exact(got: str, expected: str, right: bool) -> None:
    assert exact(got, expected) is right


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        ("b\na\n", "a\nb", True),
        ("a \nb\n\n", "a\nb\n", True),
        ("a\na\nb", "a\nb\nb", False),
        ("a", "a\na", False),
        (" a", "a", False),
    ],
)
def test_unordered_lines(got: str, expected: str, right: bool) -> None:
    assert unordered_lines(got, expected) is right


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        ("3.2e1", "32.0", True),
        ("32.0000001", "32", True),
        ("32.1", "32", False),
        (".5", "0.5", True),
        ("5.", "5", False),
        ("+1", "1", True),
        ("x 1.0", "x 1", True),
        ("nan", "1", False),
        ("nan", "nan", True),
        ("inf", "1e999", False),
        ("1e999", "1e998", False),
        ("0x20", "32", False),
        ("1_0", "10", False),
        ("\N{FULLWIDTH DIGIT ONE}", "1", False),
        ("1 1", "1", False),
        ("1", "1 1", False),
        ("9" * 5000, "9" * 4999 + "8", False),
        ("1e", "1", False),
        ("1\n", "2", False),
    ],
)
def test_floats(got: str, expected: str, right: bool) -> None:
    assert floats(got, expected, 1e-6, 1e-6) is right


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        ("a b\n", "a b", True),
        ("a \t\nb\n\n\n", "a\nb", True),
        ("a\r\nb\r\n", "a\nb\n", True),
        ("a  b", "a b", False),
        (" a", "a", False),
        ("a\n\nb", "a\nb", False),
        ("\na", "a", False),
        ("b\na", "a\nb", False),
        ("a\x0b", "a", False),
    ],
)
def test_lines(got: str, expected: str, right: bool) -> None:
    assert lines(got, expected) is right


@pytest.mark.parametrize(
    ("spec", "got", "right"),
    [
        ({"type": "tokens", "casefold": True}, "yes NO", True),
        ({"type": "tokens", "casefold": False}, "yes NO", False),
        ({"type": "tokens"}, "yes NO", False),
        ({"type": "lines", "casefold": True}, "yes no \n", True),
        ({"type": "exact", "casefold": True}, "yes no ", False),
        ({"type": "unordered", "casefold": True}, "YES NO", True),
        ({"type": "float", "abs": 0.1, "casefold": True}, "YES no", True),
    ],
)
def test_letters_of_either_case_will_do_where_asked(
    sandbox: Sandbox, spec: dict[str, object], got: str, right: bool
) -> None:
    assert TextChecker.of(spec).agrees("", got, "Yes No\n", sandbox) is right


def test_the_relative_tolerance_is_of_the_expected_number() -> None:
    assert floats("90", "100", 0.0, 0.1)
    assert not floats("100", "90", 0.0, 0.1)


@pytest.mark.parametrize(
    "spec",
    [
        "token",
        "",
        "float",
        {"type": "floats"},
        {"type": "python"},
        {"type": "program"},
        {"abs": 1.0},
        {"type": "tokens", "abs": 1.0},
    ],
)
def test_an_unknown_checker_is_refused_by_name(spec: str | dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="expected 'tokens'"):
        TextChecker.of(spec)


def test_a_checker_pickles() -> None:
    checker = TextChecker.of({"type": "float", "abs": 1e-6, "rel": 0.0})
    assert pickle.loads(pickle.dumps(checker)) == checker


def python(body: str) -> TextChecker:
    return TextChecker.of({"type": "python", "source": f"def check(inp, out, expected):\n    {body}\n"})


@pytest.mark.parametrize(
    ("out", "right"),
    [("12 1\n", True), ("6 6\n", False), ("", False), ("not numbers", False)],
)
def test_a_python_checker_decides_and_one_that_fails_on_an_output_says_no(
    sandbox: Sandbox, out: str, right: bool
) -> None:
    checker = python("a, b = map(int, out.split()); return a * b == int(inp) and a > b")
    assert checker.agrees("12", out, "6 2", sandbox) is right


@pytest.mark.parametrize("body", ["return nonsense", "raise SystemExit", "syntax error"])
def test_a_python_checker_that_fails_by_itself_is_our_fault(sandbox: Sandbox, body: str) -> None:
    with pytest.raises(VerifierError, match="expected output too"):
        python(body).agrees("1", "1", "1", sandbox)


FACTORS = """\
#include <fstream>
int main(int n, char** files) {
  std::ifstream in(files[1]), out(files[2]), answer(files[3]);
  long long want, a, b;
  in >> want;
  if (!(out >> a >> b)) return 2;
  return a > b && a * b == want ? 0 : 1;
}
"""
PYTHON_FACTORS = """\
import sys
inp, out, answer = (open(path).read() for path in sys.argv[1:])
a, b = map(int, out.split())
sys.exit(not (a * b == int(inp) and a > b))
"""


@pytest.mark.parametrize(("language", "source"), [("cpp", FACTORS), ("python", PYTHON_FACTORS)])
@pytest.mark.parametrize(
    ("out", "right"), [("4 3\n", True), ("12 1", True), ("3 4", False), ("", False), ("accepted", False)]
)
def test_a_checker_program_decides_by_its_exit_code(
    jail: Sandbox, language: str, source: str, out: str, right: bool
) -> None:
    if language not in {found.name for found in installed()}:
        pytest.skip(f"no {language} here")
    checker = TextChecker.of({"type": "program", "language": language, "source": source})
    assert checker.agrees("12", out, "6 2", jail) is right


@pytest.mark.parametrize(
    ("language", "source", "said"),
    [("python", "raise SystemExit(7)", "nonzero_exit"), ("cpp", "int main() { return x; }", "does not compile")],
)
def test_a_checker_program_that_fails_by_itself_is_our_fault(
    jail: Sandbox, language: str, source: str, said: str
) -> None:
    if language not in {found.name for found in installed()}:
        pytest.skip(f"no {language} here")
    with pytest.raises(VerifierError, match=f"expected output too: .*{said}"):
        TextChecker.of({"type": "program", "language": language, "source": source}).agrees("1", "1", "1", jail)

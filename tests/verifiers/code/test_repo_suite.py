"""A test made wrong fails on right code, whatever its style, and is the same test otherwise."""

from __future__ import annotations

import ast
import random
import types
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.code.guest import program
from assaygym.verifiers.code.repo_controls import Controls
from assaygym.verifiers.code.repo_perturb import SHIFTED, other_value
from assaygym.verifiers.code.repo_suite import Suite

CODE = """
import pytest, unittest, math, collections
from dataclasses import dataclass, field
from fractions import Fraction
@dataclass
class Point:
    x: int
    y: int
    label: str = field(default="", compare=False)
def same(x): return x
def bad(x): raise ValueError(x)
XS = [1, 2, 3]
"""
LITERALS = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


def shifted() -> Callable[[Any], Any]:
    names: dict[str, Any] = {}
    exec(program("shifted"), names)
    found: Callable[[Any], Any] = names["shifted"]
    return found


def passes(source: str, name: str) -> bool:
    """Whether a test of the file passes on `CODE`, the way pytest and unittest run it."""
    module = types.ModuleType("near_helper")
    names: dict[str, Any] = {"__name__": "tests"}
    exec(CODE, names)
    names[SHIFTED] = shifted()
    del module
    exec(source.replace(f"from helper import shifted as {SHIFTED}\n", ""), names)
    owner, _, test = name.rpartition("::")
    function = getattr(names[owner](test), test) if owner else names[test]
    try:
        marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
        for values in marks[0].args[1] if marks else [()]:
            function(*(values if isinstance(values, tuple) else (values,)))
    except BaseException:
        return False
    return True


BODIES = [
    "assert same(3) == 3",
    "assert 3 == same(3)",
    "assert same(3.5) == 3.5 and same('a') == 'a'",
    "assert same('') == ''",
    "assert same([]) == []",
    "assert same({}) == {}",
    "assert same({'a': [1, None]}) == {'a': [1, None]}",
    "assert same({1, 2}) == {1, 2}",
    "assert same(None) == None",
    "assert same(b'ab') == b'ab'",
    "assert same(True) == True",
    "assert same(1) == same(1)",
    "assert same(XS) == sorted(XS)",
    "expected = [1, 2]\nassert same([1, 2]) == expected",
    "expected = 2.5\nassert same(2.5) == expected",
    "assert Point(1, 2) == Point(1, 2)",
    "assert Point(1, 2, 'a') == Point(1, 2, label='b')",
    "assert Point([1], {'a': (2,)}) == Point([1], {'a': (2,)})",
    "p = Point(1, 2)\nassert same(p) == p",
    "assert Fraction(1, 1) == Fraction(1, 1)",
    "assert same(0.3) == pytest.approx(0.1 + 0.2)",
    "assert same(3.0) == pytest.approx(3, abs=5)",
    "assert same([1.0, 2.0]) == pytest.approx([1, 2], rel=0.5)",
    "assert same({'a': 1.0}) == pytest.approx({'a': 1})",
    "assert same(1) == same(1) == 1",
    "assert 0 <= same(1) < 2",
    "assert same(1) < 2",
    "assert same(2) >= 2",
    "assert same(1) != 2",
    "assert same(1) in [1, 2]",
    "assert 'error' in same('an error here')",
    "assert 'a' in {'a': 1}",
    "assert 9 not in XS",
    "assert same(None) is None",
    "assert same(1) is not None",
    "assert not same(0)",
    "assert same(1)",
    "assert same(1) or same(0)",
    "assert isinstance(same(1), int)",
    "assert all(x > 0 for x in XS)",
    "assert abs(same(1.0) - 1.0) < 1e-6, 'near'",
    "assert math.isclose(same(1.0), 1.0)",
    "for x in [1, 2]:\n    assert same(x) == x",
    "for x in XS:\n    assert same(x) == x",
    "with pytest.raises(ValueError):\n    bad(1)",
    "with pytest.raises((ValueError, KeyError), match='1') as e:\n    bad(1)",
    "pytest.raises(ValueError, bad, 1)",
    "try:\n    assert same(1) == 1\nfinally:\n    same(2)",
    "same(1)",
    "if XS:\n    return\nassert same(1) == 1",
    "for x in XS:\n    if x:\n        continue\n    assert same(x) == x",
    "y = 3\nassert same(3.0) == pytest.approx(y, abs=100)",
    "y = [3, 4]\nassert same([3.0, 4.0]) == pytest.approx(y, abs=100)",
    "def inner():\n    return 1\nassert inner() == 1",
    "with open('/dev/null') as file:\n    assert file.read() == ''",
    "try:\n    bad(1)\nexcept ValueError as error:\n    assert str(error) == '1'",
    "while True:\n    assert same(1) == 1\n    break",
    "if XS:\n    assert same(1) == 1",
    "assert collections.Counter('aab') == {'a': 2, 'b': 1}",
]
METHODS = [
    "self.assertEqual(same(1), 1)",
    "self.assertEqual([1], same([1]), 'why')",
    "self.assertEqual(same(XS), XS)",
    "self.assertNotEqual(same(1), 2)",
    "self.assertTrue(same(1))",
    "self.assertTrue(same(1) == 1)",
    "self.assertFalse(same(1) == 2)",
    "self.assertIsNone(same(None))",
    "self.assertIn(1, XS)",
    "self.assertIsInstance(same(1), int)",
    "self.assertGreater(same(2), 1)",
    "self.assertLessEqual(same(2), 2)",
    "self.assertAlmostEqual(same(1.0), 1.0)",
    "self.assertCountEqual(same([2, 1]), [1, 2])",
    "self.assertDictEqual(same({}), {})",
    "self.assertRegex('abc', 'b')",
    "self.assertRaises(ValueError, bad, 1)",
    "with self.assertRaises(ValueError):\n    bad(1)",
    "with self.subTest(1):\n    self.assertEqual(1, 1)\nself.assertTrue(True)",
]


def indented(body: str, depth: int) -> str:
    return "".join(f"{'    ' * depth}{line}\n" for line in body.splitlines())


def check_all_sites(source: str, name: str) -> None:
    suite = Suite(source, "helper")
    assert passes(suite.source(), name)
    assert suite.sites(name) >= 1
    for site in range(suite.sites(name)):
        for seed in range(8):
            wrong = suite.source([(name, site)], random.Random(seed))
            assert not passes(wrong, name), wrong
    assert passes(suite.source(), name), "the edits are undone"


@pytest.mark.parametrize("body", BODIES)
def test_right_code_fails_a_function_made_wrong(body: str) -> None:
    check_all_sites(f"def test_f():\n{indented(body, 1)}", "test_f")


@pytest.mark.parametrize("body", METHODS)
def test_right_code_fails_a_method_made_wrong(body: str) -> None:
    check_all_sites(f"class T(unittest.TestCase):\n    def test_f(self):\n{indented(body, 2)}", "T::test_f")


@pytest.mark.parametrize(
    "table", ["'x, y', [(1, 1), (2, 2)]", "('x', 'y'), [('a', 'a')]", "['x', 'y'], [([], []), (None, None)]"]
)
def test_right_code_fails_a_table_made_wrong_in_the_place_of_the_expected_values(table: str) -> None:
    source = f"@pytest.mark.parametrize({table})\ndef test_f(x, y):\n    assert same(x) == y\n"
    check_all_sites(source, "test_f")
    wrong = Suite(source, "helper").source([("test_f", 0)], random.Random(0))
    assert "assert same(x) == y" in wrong


def test_a_lying_object_passes_what_right_code_fails() -> None:
    liar = "class Liar:\n    def __eq__(self, other): return True\n    __lt__ = __gt__ = __ge__ = __le__ = __eq__\n"
    for body in (
        "assert Liar() == 3",
        "x = 3\nassert Liar() == x",
        "assert Liar() == Point(1, 2)",
        "assert Liar() < 3",
    ):
        source = f"{liar}\ndef test_f():\n{indented(body, 1)}"
        assert passes(Suite(source, "helper").source([("test_f", 0)], random.Random(1)), "test_f"), body


def test_a_liar_that_looks_at_the_type_passes_too() -> None:
    liar = "class Liar:\n    def __eq__(self, other): return type(other) is int\n"
    source = f"{liar}\ndef test_f():\n    x = 3\n    assert Liar() == x\n"
    assert passes(Suite(source, "helper").source([("test_f", 0)], random.Random(1)), "test_f")


@given(LITERALS, st.integers(0, 99))
def test_another_literal_is_unequal_and_of_the_same_type(value: Any, seed: int) -> None:
    found = other_value(ast.parse(repr(value), mode="eval").body, random.Random(seed))
    if found is not None:
        other = ast.literal_eval(found)
        assert other != value
        assert type(other) is type(value)


@given(LITERALS)
def test_a_shifted_value_is_unequal(value: Any) -> None:
    assert shifted()(value) != value


def test_the_helper_is_imported_after_what_must_stand_first() -> None:
    text = Suite('"""Doc."""\nfrom __future__ import annotations\nimport os\n', "helper").source()
    assert text.splitlines()[:3] == [
        '"""Doc."""', "from __future__ import annotations", f"from helper import shifted as {SHIFTED}",
    ]  # fmt: skip


def test_controls_cover_each_assertion_and_repeat() -> None:
    source = (
        "def test_a():\n    assert 1 == 1\n\ndef test_b():\n    assert 2 == 2\n    assert 3 == 3\n    assert 4 == 4\n"
    )
    suites = {"t.py": Suite(source, "helper")}
    nodes = ["t.py::test_b", "t.py::test_a[1]", "t.py::test_a[2]"]
    runs = Controls(nodes, suites).controls()
    assert {site for run in runs for base, site in run.wrong.items() if base == "t.py::test_b"} == {0, 1, 2}
    assert any("t.py::test_a" in run.wrong for run in runs)
    assert {run.right for run in runs} <= {(), ("t.py::test_a[1]", "t.py::test_a[2]")}
    assert runs == Controls(nodes, suites).controls()
    assert runs != Controls(nodes[:2], suites).controls()


def test_a_narrowed_control_has_one_wrong_test_behind_all_before_it() -> None:
    source = "def test_a():\n    assert 1 == 1\n\ndef test_b():\n    assert 2 == 2\n"
    plan = Controls(["t.py::test_a", "t.py::test_b"], {"t.py": Suite(source, "helper")})
    first = next(run for run in plan.controls() if len(run.wrong) == 2)
    narrowed = plan.narrowed(first, "t.py::test_b")
    assert narrowed.right == ("t.py::test_a",)
    assert narrowed.wrong_in("t.py") == [("test_b", 0)]
    assert narrowed.wrong_in("u.py") == []

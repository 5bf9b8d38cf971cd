"""What holds for all pairs: reflexive, symmetric, blind to typesetting, awake to change, total, the same everywhere."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaygym.types import Verdict
from assaygym.verifiers import verify_math

HERE = Path(__file__).parent
WHOLE_RESPONSES = {"extraction", "multi_box", "retraction", "empty", "guessing_hack", "multilingual", "multiple_choice"}
WORDS = {
    "text",
    "text_number",
    "date",
    "time",
    "html_markup",
    "double_escaped",
    "fullwidth",
    "unicode_math",
    "currency",
}
TABLES: dict[str, dict[str, list[tuple[str, str]]]] = {
    path.stem: runpy.run_path(str(path)) for path in sorted((HERE / "pairs").glob("*.py"))
}
ONE_WAY = {"options"}
"""Rules for a gold that is a plain number, say, hold in one direction."""
PAIRS = [
    (gold, pred, same)
    for kind, table in TABLES.items()
    for same, name in ((True, "SAME"), (False, "DIFFERENT"))
    for gold, pred in table[name]
    if kind not in WHOLE_RESPONSES | ONE_WAY
]
FORMULAS = [
    (gold, pred)
    for kind, table in TABLES.items()
    for name in ("SAME", "DIFFERENT")
    for gold, pred in table[name]
    if kind not in WHOLE_RESPONSES | WORDS and pred.isascii() and not set(pred) & set("$\n`<&") and "box" not in pred
    if pred.count("{") == pred.count("}")
]
UNDONE = {r"\frac{1}{2}+\frac{1}{3}", "0.1 + 0.2", r"-3\times-4", r"\frac{1}{1+\frac{1}{2}}"}
"""Arithmetic left to do: a gold may be so, an answer may not."""
GOLDS = sorted({gold for gold, _, _ in PAIRS})
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def value(pred: str, gold: str) -> float:
    """The score; -1 for a gold that has none."""
    score = verify_math(pred, gold)
    return -1.0 if score.verdict is Verdict.INVALID else score.value


def said(failed: Sequence[tuple[str, ...]]) -> str:
    return "\n".join([f"{len(failed)} pairs", *(" | ".join(map(repr, row)) for row in failed)])


def test_every_gold_is_right_for_itself() -> None:
    failed = [(gold,) for gold in GOLDS if value(gold, gold) != 1.0]
    assert not failed, said(failed)


def test_every_gold_is_right_for_itself_in_a_box() -> None:
    bare = [gold for gold in GOLDS if "box" not in gold and "$" not in gold and not gold.startswith("####")]
    failed = [(gold,) for gold in bare if value(rf"The answer is $\boxed{{{gold}}}$.", gold) != 1.0]
    assert not failed, said(failed)


def test_a_pair_has_the_same_verdict_the_other_way_about() -> None:
    rows = [(gold, pred) for gold, pred, same in PAIRS if same and gold not in UNDONE and pred.strip()]
    rows.remove(("f(x)=0", "0"))  # as a gold it is a function; as an answer to "0" it may be any equation
    failed = [(gold, pred) for gold, pred in rows if value(gold, pred) != 1.0]
    assert not failed, said(failed)


def test_no_near_miss_is_right_the_other_way_about() -> None:
    failed = [(gold, pred) for gold, pred, same in PAIRS if not same and pred.strip() and value(gold, pred) == 1.0]
    assert not failed, said(failed)


def spaced(text: str) -> str:
    """Spaces where LaTeX drops them."""
    if "text" in text or "{,}" in text:
        return text
    return re.sub(r"(?<!\\)\{", "{ ", re.sub(r"(?<!\\)\}", " }", text)).replace("^", " ^ ").replace("=", " = ")


def thin(text: str) -> str:
    """Thin spaces around every plus that stands for a sum."""
    return text if "text" in text or "e+" in text or "+/" in text else text.replace("+", r"\,+\,")


COSMETICS: dict[str, Callable[[str], str]] = {
    "dollars": lambda text: f"${text}$",
    "display": lambda text: f"$${text}$$",
    "parentheses": lambda text: rf"\({text}\)",
    "brackets": lambda text: rf"\[{text}\]",
    "box": lambda text: rf"\boxed{{{text}}}",
    "box in a sentence": lambda text: rf"Therefore, the final answer is $\boxed{{{text}}}$.",
    "framed": lambda text: rf"\fbox{{{text}}}",
    "spaces around": lambda text: f"  {text} ",
    "display style": lambda text: rf"\displaystyle {text}",
    "display fractions": lambda text: text.replace(r"\frac", r"\dfrac"),
    "text fractions": lambda text: text.replace(r"\frac", r"\tfrac"),
    "thin spaces": thin,
    "spaces within": spaced,
    "leqslant": lambda text: text.replace(r"\leq", r"\leqslant") if "slant" not in text else text,
    "bold": lambda text: text if "**" in text else rf"**${text}$**",
    "tag": lambda text: f"<answer>{text}</answer>",
    "after thinking": lambda text: rf"<think>It could be 123456.</think> \boxed{{{text}}}",
    "announced": lambda text: f"Final Answer: ${text}$",
}


@pytest.mark.parametrize("name", COSMETICS)
def test_typesetting_changes_no_verdict(name: str) -> None:
    rewrite = COSMETICS[name]
    rows = FORMULAS[hash_free(name) % 7 :: 7]
    failed = [
        (gold, rewrite(pred), f"before: {before}")
        for gold, pred in rows
        if value(rewrite(pred), gold) != (before := value(pred, gold))
    ]
    assert len(rows) > 300
    assert not failed, said(failed)


def hash_free(name: str) -> int:
    """A number of a name that is the same in every process."""
    return sum(name.encode())


FULLWIDTH = {ord(plain): ord(plain) + 0xFEE0 for plain in "0123456789+-=(),.:%"}


@QUICK
@given(st.integers(-(10**30), 10**30))
def test_an_integer_is_itself_in_every_notation(number: int) -> None:
    gold = str(number)
    forms = [f"{number:,}", f"{number:,}".replace(",", "{,}"), f"{number:,}".replace(",", r"\,"), f"{number}.0"]
    forms += [
        gold.translate(FULLWIDTH),
        f"{number:_}".replace("_", " "),
        gold.replace("-", "−"),
        f"{number}.",
        f"${gold}$",
    ]
    assert [form for form in forms if value(form, gold) != 1.0] == []


@QUICK
@given(st.integers(-(10**30), 10**30), st.integers(-3, 3).filter(bool))
def test_another_integer_is_wrong_at_any_size(number: int, step: int) -> None:
    assert value(f"{number + step:,}", str(number)) == 0.0
    assert value(str(number), f"2^{{200}}+{abs(number)}") == 0.0


@QUICK
@given(st.integers(-9999, 9999), st.integers(1, 999))
def test_a_fraction_is_itself_as_decimal_and_mixed_number(top: int, bottom: int) -> None:
    sign, whole, rest = "-" if top < 0 else "", *divmod(abs(top), bottom)
    gold = rf"{sign}\frac{{{abs(top)}}}{{{bottom}}}"
    assert value(f"{top}/{bottom}", gold) == 1.0
    assert value(rf"{sign}{whole}\frac{{{rest}}}{{{bottom}}}" if rest and whole else f"{top}/{bottom}", gold) == 1.0
    assert value(f"{top / bottom:.14g}", gold) == 1.0
    assert value(f"{top + 1}/{bottom}", gold) == 0.0


ATOMS = st.sampled_from(["x", "y", "n", "2", "3", "7", r"\pi", r"\sqrt{2}", r"\frac{1}{3}", "a_1", "0.5"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda parts: st.one_of(
        st.tuples(parts, parts).map(lambda ab: f"{ab[0]}+{ab[1]}"),
        st.tuples(parts, parts).map(lambda ab: f"({ab[0]})({ab[1]})"),
        st.tuples(parts, parts).map(lambda ab: rf"\frac{{{ab[0]}}}{{{ab[1]}+5}}"),
        st.tuples(parts, st.integers(2, 5)).map(lambda ak: f"({ak[0]})^{{{ak[1]}}}"),
        parts.map(lambda a: rf"\sin({a})"),
        ATOMS.map(lambda a: f"e^{{{a}}}"),
    ),
    max_leaves=8,
)


@QUICK
@given(EXPRESSIONS, EXPRESSIONS)
def test_an_expression_is_itself_rearranged_and_never_itself_disturbed(left: str, right: str) -> None:
    gold = f"({left})-({right})"
    assert value(gold, gold) == 1.0
    assert value(f"-({right})+({left})", gold) == 1.0
    assert value(rf"-\left[\left({right}\right)-\left({left}\right)\right]", gold) == 1.0
    assert value(f"{gold}+1", gold) == 0.0
    assert value(f"{gold}+10^{{-9}}", gold) == 0.0


@QUICK
@given(st.lists(st.integers(-99, 99), min_size=2, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_a_set_is_itself_in_any_order_and_a_tuple_only_in_its_own(items: list[int], random: object) -> None:
    turned = [*items[1:], items[0]]
    assert value(rf"\{{{','.join(map(str, turned))}\}}", rf"\{{{','.join(map(str, items))}\}}") == 1.0
    assert value(f"({','.join(map(str, turned))})", f"({','.join(map(str, items))})") == 0.0
    assert value(", ".join(map(str, items[:-1])), ", ".join(map(str, items))) == 0.0
    assert value(", ".join(map(str, [*items, 100])), ", ".join(map(str, items))) == 0.0


@QUICK
@given(st.integers(-99, 99), st.integers(1, 50), st.sampled_from("[("), st.sampled_from("])"))
def test_an_interval_is_its_inequality_and_no_other(low: int, width: int, left: str, right: str) -> None:
    high = low + width
    gold = f"{left}{low},{high}{right}"
    below, above = ("\\le" if left == "[" else "<"), ("\\le" if right == "]" else "<")
    assert value(f"{low} {below} x {above} {high}", gold) == 1.0
    assert value(f"{'(' if left == '[' else '['}{low},{high}{right}", gold) == 0.0
    assert value(f"{left}{low},{high + 1}{right}", gold) == 0.0


SYMPY = """
import json, random
import sympy
x, y = sympy.symbols("x y")
rng = random.Random(7)
def leaf():
    return rng.choice([x, y, sympy.Integer(rng.randint(-5, 9)), sympy.Rational(rng.randint(1, 7), rng.randint(2, 5))])
def build(depth):
    if depth == 0:
        return leaf()
    a, b, kind = build(depth - 1), build(depth - 1), rng.randrange(6)
    if kind < 4:
        return a + b if kind < 2 else a * b
    return a ** rng.randint(2, 3) if kind == 4 else a / (b ** 2 + 1)
rows = []
while len(rows) < 150:
    whole = build(rng.randint(2, 3))
    if whole.is_number or sympy.count_ops(whole) > 25:
        continue
    ways = [sympy.expand, sympy.factor, sympy.together, sympy.apart if whole.free_symbols == {x} else sympy.cancel]
    other = sympy.expand(whole + rng.choice([1, x, -y, sympy.Rational(1, 97)]))
    forms = sorted({sympy.latex(way(whole)) for way in ways})
    rows.append([sympy.latex(whole), forms, str(sympy.expand(whole)), sympy.latex(other)])
print(json.dumps(rows))
"""


def test_random_expressions_are_themselves_as_computer_algebra_rewrites_them() -> None:
    pytest.importorskip("sympy")
    done = subprocess.run([sys.executable, "-c", SYMPY], capture_output=True, text=True, timeout=100, check=True)
    rows: list[tuple[str, list[str], str, str]] = json.loads(done.stdout)
    refused = [(gold, form) for gold, forms, plain, _ in rows for form in (*forms, plain) if value(form, gold) != 1.0]
    accepted = [(gold, other) for gold, _, _, other in rows if value(other, gold) != 0.0]
    assert not refused, said(refused)
    assert not accepted, said(accepted)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
PIECES = st.sampled_from(
    [
        *(
            "1",
            "x",
            "42",
            ".",
            ",",
            "-",
            "+",
            "^",
            "_",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "|",
            "=",
            "<",
            "!",
            "/",
            "$",
            "&",
            "%",
        ),
        *(
            r"\frac",
            r"\sqrt",
            r"\boxed{",
            r"\pm",
            r"\text{",
            r"\le",
            r"\cup",
            r"\infty",
            r"\left",
            r"\right",
            r"\in",
            r"\\",
        ),
        *(
            r"\begin{pmatrix}",
            r"\end{pmatrix}",
            r"\begin{cases}",
            r"\sum_{n=1}^",
            r"\int",
            r"\log",
            r"\{",
            r"\}",
            r"\mid",
        ),
        *(
            " ",
            "\n",
            "and",
            "or",
            "答案",
            "The answer is ",
            "<answer>",
            "</think>",
            "####",
            "√",
            "½",
            "²",
            "π",
            "∈",
            "π",
            "A",
        ),
    ]
)
SOUP = st.lists(PIECES, max_size=25).map("".join)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(ANY_TEXT, SOUP), st.one_of(ANY_TEXT, SOUP, st.sampled_from(GOLDS)))
def test_no_text_raises(pred: str, gold: str) -> None:
    score = verify_math(pred, gold)
    assert score.verdict in (Verdict.CORRECT, Verdict.INCORRECT, Verdict.UNPARSED, Verdict.INVALID)
    assert (score.value == 1.0) == (score.verdict is Verdict.CORRECT)
    again = verify_math(pred, gold)
    assert (again.verdict, again.explanation) == (score.verdict, score.explanation)


def sample() -> list[tuple[str, str, bool]]:
    return PAIRS[::13]


def verdicts() -> list[float]:
    return [value(pred, gold) for gold, pred, _ in sample()]


def test_eight_threads_say_the_same() -> None:
    expected = verdicts()
    found: list[list[float]] = []
    threads = [threading.Thread(target=lambda: found.append(verdicts())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


ELSEWHERE = """
import json, locale, sys
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
from assaygym.verifiers import verify_math
pairs = json.loads(sys.stdin.buffer.read())
scores = [verify_math(pred, gold) for gold, pred, _ in pairs]
print(json.dumps([-1.0 if score.verdict.value == "invalid" else score.value for score in scores]))
"""


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
        {"PYTHONINTMAXSTRDIGITS": "640"},
        {"PYTHONOPTIMIZE": "2"},
    ],
    ids=lambda found: ",".join(f"{name}={setting}" for name, setting in found.items()),
)
def test_another_process_says_the_same(surroundings: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps(sample()).encode(),
        env={**os.environ, **surroundings},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert json.loads(done.stdout) == verdicts()

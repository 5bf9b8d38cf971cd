"""Input made to hang, crash or run code: each ends within two seconds with a verdict of zero, and nothing runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from assaygym.types import Verdict
from assaygym.verifiers import judge, math, verify_math

INJECTIONS = [
    "__import__('os').system('touch MARK')",
    "exec(\"open('MARK','w')\")",
    r"\boxed{__import__('pathlib').Path('MARK').touch()}",
    r"\boxed{(lambda: open('MARK', 'w'))()}",
    r"\boxed{x.__class__.__mro__[1].__subclasses__()}",
    r"\boxed{\mathrm{__import__('os').system('touch MARK')}}",
    r"\boxed{\text{open('MARK','w')}}",
    "Symbol('x'); open('MARK','w')",
]
TOWERS = [
    "9^{9^{9^9}}",
    r"\boxed{9^{9^{9^{9^{9}}}}}",
    "2^{2^{2^{2^{2^2}}}}",
    "100000!",
    "5!!!!!!!!!!",
    "(10^{9})!",
    r"\binom{10^9}{10^8}",
    r"\boxed{x^{x^{x^{x^x}}}}",
    "(x+y)^{10000}",
    r"\sum_{n=1}^{19999} \frac{1}{n^{19999}}",
    r"\sum_{n=1}^{\infty} \sin(n)",
    r"\prod_{n=1}^{99999} n",
    r"\boxed{" + "9" * 390 + "^{" + "9" * 390 + "}}",
    "1e999999999",
    r"\sqrt[10^9]{7}",
    r"\boxed{" + ",".join(rf"\sqrt{{{i}}}" for i in range(2, 41)) + "}",
]
PRIMES = [n for n in range(503, 1500) if all(n % d for d in range(2, 39))]
SHAPES = [
    "+".join(f"1/{p}^{{2000}}" for p in PRIMES[:80]),
    "-".join(f"1/{p}^{{1000}}" for p in PRIMES[:120]),
    "{" * 100_000,
    r"\boxed{" * 100_000,
    r"\boxed{" + "{" * 100_000 + "}" * 100_000 + "}",
    "(" * 100_000,
    "1" * 1_000_000,
    r"\boxed{" + "1" * 1_000_000 + "}",
    "\\" * 1_000_000,
    "$" * 1_000_000,
    r"\[" * 300_000,
    r"\frac" * 200_000,
    r"\boxed{" + r"\sqrt" * 500 + "2}",
    r"\boxed{" + "-" * 900 + "5}",
    r"\boxed{" + "1/" * 500 + "1}",
    r"\boxed{" + "x+" * 700 + "x}",
    r"\boxed{5" + "!" * 500 + "}",
    r"\boxed{" + "(1/3+1/7)^{50}" * 30 + "}",
    r"\boxed{unclosed",
    r"\boxed{" + "1," * 1900 + "}",
    "\0",
    "\\boxed{\0}",
    "\ud800",
    "\\boxed{\udfff}",
    "\u202e5\u202c",
    r"\boxed{0/0}",
    r"\boxed{\ln 0}",
    r"\boxed{0^0}",
    r"\begin{pmatrix}" * 1000,
    r"\boxed{\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}}",
    "<think>" * 100_000,
    "the answer is " * 50_000,
]


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    assert verify_math(r"\sqrt{8}", r"2\sqrt{2}").value == 1.0


@pytest.mark.parametrize("pred", TOWERS + SHAPES, ids=lambda pred: ascii(pred[:24]))
@pytest.mark.parametrize("gold", ["42", r"\sqrt{3}", "x^2+1"])
def test_it_ends_within_two_seconds_with_nothing(pred: str, gold: str) -> None:
    start = time.perf_counter()
    score = verify_math(pred, gold)
    assert score.value == 0.0
    assert score.verdict in (Verdict.INCORRECT, Verdict.UNPARSED)
    assert time.perf_counter() - start < 2.0


@pytest.mark.parametrize("gold", ["1.4142135624", "42", "x+y=2", "(-1, 2)", "1, 2"])
def test_what_overstays_is_the_answers_fault_and_never_the_golds(gold: str) -> None:
    slow = r"\sum_{n=1}^{200} \sum_{m=1}^{200} \frac{1}{n+m\sqrt{2}}"
    for pred in (slow, f"x={slow}", f"x+{slow}=2", f"(-1, {slow})", f"1, {slow}"):
        assert judge(math(), rf"\boxed{{{pred}}}", gold).verdict is Verdict.INCORRECT


@pytest.mark.parametrize("payload", INJECTIONS)
def test_code_in_an_answer_is_never_run(payload: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mark = tmp_path / "mark"
    for gold in ("42", r"\sqrt{3}", "x"):
        assert verify_math(payload.replace("MARK", str(mark)), gold).value == 0.0
        assert verify_math("42", payload.replace("MARK", str(mark))).value != 1.0
    assert not mark.exists()
    assert list(tmp_path.iterdir()) == []

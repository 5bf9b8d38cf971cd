"""With a readable gold answer no text of an agent leads to INVALID: that would drop the sample, and its penalty."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.envs.families.countdown import Puzzle, check
from assaygym.types import Verdict
from assaygym.verifiers import choice, exact, judge, math, number, regex
from assaygym.verifiers.maths.cas.crew import shared_crew

PIECES = (
    r"\boxed{ } { ( ) [ ] | \frac \sqrt \pi \pm \mp 1 42 0 x e i ^ _ , ; = < \le \in \cup \infty & % ! \\ \binom "
    r"\log_ sin max gcd floor \lfloor \rfloor ^\circ \mathbb{R} \mathbb \{ \} : to 3.1415926535897 1e400 1e399 "
    r"0.\overline{3} ² ½ ∞ ٣ #### <answer> </answer> <think> </think> $ - + * / f(x) A (B) ** \over \langle "
    r"\rangle \lim \int ' \prime \det ∅ \emptyset \approx \to 0.1\overline{0} _{10} \sqrt[0] \sqrt[-2] (-1)^ 0^ "
    r"(1/2)! (-3)! \text{cm} \text{or} \begin{pmatrix} \end{pmatrix} \begin{vmatrix} \sum_{n=1}^{9} "
    r"\prod_{k=0}^{3} \sum_{n=1}^{\infty} 9^{9^{9}} "
).split()
PIECES += ["\n", " ", " or ", "The answer is ", "1 1/0", "\ud800", "\0", "\u0315\u0300"]
JUDGES: list[tuple[Any, Any]] = [
    (exact(), "ab"),
    (number(), "42"),
    (number(relative="0.01", percent="fraction"), 0.5),
    (choice("ABCD"), "B"),
    (regex("a+"), None),
    (check, Puzzle((3, 7, 1, 8), 24, "8 * 3")),
]
GOLDS = (
    "42", "-7", "1/2", "0.25", 3.5, r"\sqrt{2}", r"\pi", "1.4142135624", "B", "(1,2)", "x>2", "x=5", r"\{1,2\}", "x+1",
    r"\begin{pmatrix}1\\2\end{pmatrix}", "east", r"\pm 3", "52_8", r"10\%", "3 cm", r"90^\circ", "1, 2, 3", "f(x)=x^2",
    r"\infty", r"\log_2 3", "i", "3:4",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(deadline=None, max_examples=60)
@given(TEXTS | TEXTS.map("\\boxed{{{}}}".format) | st.text(max_size=60))
def test_no_answer_is_a_fault_of_ours(text: str) -> None:
    for verifier, gold in [*JUDGES, *((math(), gold) for gold in GOLDS)]:
        score = judge(verifier, text, gold)
        assert score.verdict is not Verdict.INVALID, (gold, score.explanation)


@pytest.mark.parametrize(
    "text", [r"\boxed{\mathbb\emptyset}", r"\mathbb∅", r"\boxed{\mathbb{(1,2)}}", r"\boxed{\mathbb{\mathbb{}}}"]
)
@pytest.mark.parametrize("gold", GOLDS)
def test_answers_that_once_broke_the_reader(text: str, gold: Any) -> None:
    assert judge(math(), text, gold).value == 0.0


def test_workers_that_are_busy_or_killed_change_no_verdict() -> None:
    pairs = [
        ("42", r"\pi"),
        ("2", r"\log_2 4"),
        (r"\int_0^1 x^2 dx", r"\frac{1}{3}"),
        (r"\sum_{n=1}^{\infty} \frac{1}{n^2}", r"\frac{\pi^2}{6}"),
        (r"\sum_{n=0}^{\infty} \frac{1}{2^n}", "3"),
    ]
    alone = [judge(math(), pred, gold).verdict for gold, pred in pairs]
    found: list[tuple[Verdict, Verdict]] = []
    done = threading.Event()

    def ask() -> None:
        for index in random.Random(1).sample(range(30), 30):
            gold, pred = pairs[index % 5]
            found.append((alone[index % 5], judge(math(), pred, gold).verdict))

    def kill() -> None:
        while not done.wait(0.05):
            for pid in shared_crew().idle:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    killer, threads = threading.Thread(target=kill), [threading.Thread(target=ask) for _ in range(8)]
    for thread in (killer, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    killer.join()
    assert len(found) == 240
    assert [pair for pair in found if pair[0] is not pair[1]] == []


@pytest.mark.parametrize("gold", ["42", r"\sqrt{3}", r"\int_0^1 x dx"])
def test_a_worker_that_dies_under_a_question_is_replaced(gold: str) -> None:
    stop = time.monotonic() + 1.0
    pred = r"\boxed{\int_0^1 x^3 dx}"
    judge(math(), pred, gold)
    while time.monotonic() < stop:
        for pid in shared_crew().idle:
            os.kill(pid, signal.SIGKILL)
        assert judge(math(), pred, gold).verdict is Verdict.INCORRECT

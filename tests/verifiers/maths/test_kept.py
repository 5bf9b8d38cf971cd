"""Findings that are kept for answers that come again."""

from __future__ import annotations

import pytest

from assaygym.types import Verdict
from assaygym.verifiers.maths import kept, verify
from assaygym.verifiers.maths.finding import differ, same, undecided
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.verify import compile_gold, verify_math

KEY: kept.Key = ("x+1", "1+x", "", (), False)


def test_a_decided_finding_is_found_again_under_its_policy() -> None:
    findings, policy = kept.Findings(), MathPolicy()
    findings.keep(KEY, policy, same("fields"))
    assert findings.get(KEY, policy) == same("fields")
    assert findings.get(("x+1", "1-x", "", (), False), policy) is None


def test_an_equal_policy_that_is_another_object_finds_nothing() -> None:
    findings = kept.Findings()
    findings.keep(KEY, MathPolicy(), same("fields"))
    assert findings.get(KEY, MathPolicy()) is None


def test_what_is_undecided_is_not_kept() -> None:
    findings, policy = kept.Findings(), MathPolicy()
    findings.keep(KEY, policy, undecided("fuel"))
    assert findings.get(KEY, policy) is None


@pytest.mark.parametrize("place", [0, 1])
def test_nothing_is_kept_for_long_texts(place: int) -> None:
    findings, policy = kept.Findings(), MathPolicy()
    texts = ["x", "x"]
    texts[place] = "x" * (kept.KEPT_CHARS + 1)
    key: kept.Key = (texts[0], texts[1], "", (), False)
    findings.keep(key, policy, differ("fields"))
    assert findings.get(key, policy) is None


def test_it_holds_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_FINDINGS", 3)
    findings, policy = kept.Findings(), MathPolicy()
    keys: list[kept.Key] = [("x", str(number), "", (), False) for number in range(5)]
    for key in keys:
        findings.keep(key, policy, differ("rational"))
    assert [findings.get(key, policy) is not None for key in keys] == [False, False, False, True, True]


def test_forgetting_leaves_nothing() -> None:
    findings, policy = kept.Findings(), MathPolicy()
    findings.keep(KEY, policy, same("fields"))
    findings.cache_clear()
    assert findings.get(KEY, policy) is None


@pytest.mark.parametrize(
    ("gold", "pred"), [("x+1", "1+x"), ("x+1", "x-1"), ("14 \\text{ km}", "14"), ("\\frac12", "0.5")]
)
def test_a_verdict_does_not_depend_on_what_is_kept(gold: str, pred: str) -> None:
    verify._kept.cache_clear()
    first, again = verify_math(pred, gold), verify_math(f"It is clear.\n\n\\boxed{{{pred}}}", gold)
    assert first.extracted == again.extracted == pred
    assert (first.verdict, first.explanation, first.flags) == (again.verdict, again.explanation, again.flags)


def test_policies_do_not_share_findings() -> None:
    gold = compile_gold("25\\%")
    assert verify_math("25", gold).verdict is Verdict.INCORRECT
    assert verify_math("25", gold, policy="gsm8k").verdict is Verdict.CORRECT
    assert verify_math("25", gold).verdict is Verdict.INCORRECT


def test_a_letter_is_looked_for_in_each_response() -> None:
    gold = compile_gold("A")
    chosen = [
        verify_math(text, gold).verdict for text in ("I pick (A). So 4.", "I pick (B). So 4.", "I pick (A). So 4.")
    ]
    assert chosen == [Verdict.CORRECT, Verdict.INCORRECT, Verdict.CORRECT]

"""Whether two answers in words are the same."""

from __future__ import annotations

from collections import Counter

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.words.dates import same_date
from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.quantities import same_quantity
from assaygym.verifiers.maths.words.read import read_words
from assaygym.verifiers.maths.words.times import same_time

__all__ = ["same_words"]


def same_words(gold: Words, pred: Words, policy: MathPolicy) -> Finding:
    """The same answer, another one, or undecided where both may be mathematics too and are to be compared as that.

    A choice is decided by its letters, and by what is said after them where both say something; contents that are
    other texts leave it undecided, for they may be the same mathematics (`Words.content`). An answer in words may have
    a letter before it. A hedge is only ever equal to the same hedge.
    """
    if (gold.kind == "choice") != (pred.kind == "choice"):
        gold, pred = _without_letter(gold, pred), _without_letter(pred, gold)
    if _equal(gold, pred, policy):
        return same(_layer(gold), f"{gold.kind}: the same")
    if all(words.tree or not words.certain for words in (gold, pred)):
        return undecided(_layer(gold), f"{_told(gold)} and {_told(pred)} are different words")
    return differ(_layer(gold), f"gold is {_told(gold)}, the answer {_told(pred)}")


def _without_letter(words: Words, other: Words) -> Words:
    """What a choice says after its letter, beside an answer in words."""
    content = read_words(words.content, other) if words.content else None
    return content or words


def _equal(gold: Words, pred: Words, policy: MathPolicy) -> bool:
    if gold.kind != pred.kind:
        return False
    if gold.kind == "choice":
        contents = {"".join(words.content.split()) for words in (gold, pred) if words.content}
        return gold.value == pred.value and len(contents) < 2
    if gold.kind == "date":
        return same_date(gold.value, pred.value)
    if gold.kind == "time":
        return same_time(gold.value, pred.value, marker_required=policy.units == "required")
    if gold.kind == "quantity":
        return same_quantity(gold.value, pred.value, convert=policy.units == "convert")
    if gold.kind == "list":
        return _same_list(gold, pred, policy)
    return bool(gold.value == pred.value or (gold.kind == "phrase" and gold.text == pred.text))


def _same_list(gold: Words, pred: Words, policy: MathPolicy) -> bool:
    """In any order where the gold says "and"; between commas alone the order may be the answer (a ranking)."""
    together, golds = gold.value
    _, preds = pred.value
    if len(golds) != len(preds):
        return False
    if together and policy.list_order == "any":
        return Counter(_key(item) for item in golds) == Counter(_key(item) for item in preds)
    return all(_equal(one, other, policy) for one, other in zip(golds, preds, strict=True))


def _key(item: Words) -> tuple[str, str]:
    return item.kind, item.text


def _layer(gold: Words) -> str:
    return "choice" if gold.kind == "choice" else "words"


def _told(words: Words) -> str:
    return f"{words.kind} {words.text[:60]!r}"

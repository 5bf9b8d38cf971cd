"""Two trees against each other, by values that are certified to 30 digits and more. Runs in a worker process.

A value is certified when two evaluations at two precisions, by different ways where operators are involved, agree; or
when sympy finds a closed form that a rough evaluation does not contradict. Everything else is refused: `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

from mpmath import mp  # type: ignore[import-untyped]

from assaygym.verifiers.maths.cas.closed import closed_form
from assaygym.verifiers.maths.cas.numbers import Evaluator, NoValueError, RefusedError
from assaygym.verifiers.maths.cas.operators import INDEFINITE, OPERATORS
from assaygym.verifiers.maths.cas.points import Point, breakpoints, counters, free_names, needs_algebra, points
from assaygym.verifiers.maths.syntax.tree import Node, walk

__all__ = ["FAILURES", "Question", "judge", "work_out"]

FAILURES = (RefusedError, ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, RecursionError)
"""What sympy and mpmath raise over an expression that they cannot handle."""
DIGITS: Final = (42, 60)
CERTIFIED: Final = 33
"""Digits that the two evaluations have to share."""
EQUAL: Final = 30
DIFFERENT: Final = 25
NEEDED: Final = 4
"""Points of agreement for equality; more for names that count, see `_needed`."""
ROUGH_DIGITS: Final = 12
ROUGH: Final = 0.02
STARTS: Final = (Fraction(137, 100), Fraction(-211, 100), Fraction(371, 1000), Fraction(1133, 100))
"""Where indefinite integrals start, one after another until the integrand is smooth there."""
OFFSETS: Final = (Fraction(11, 101), Fraction(17, 83), Fraction(23, 71), Fraction(29, 67))

Verdict = tuple[str, str]
"""`equal`, `different` or `unknown`, and why."""


class Question(NamedTuple):
    """What a worker is asked; see `assaygym.verifiers.maths.cas.ask`."""

    op: str
    gold: Node
    pred: Node
    variable: str | None
    tolerance: tuple[int, int] | None


def work_out(question: Question) -> bool:
    """Whether the gold side has a certified value of its own somewhere; as many as may be needed are kept."""
    gold = question.gold
    if question.variable is not None:
        return any(_shifts(gold, None, question.variable, start) for start in STARTS)
    counting = counters(gold)
    own = points(free_names(gold), counting, breakpoints(gold))
    return any(_certain(gold, own, counting, deep) for deep in (False, True))


def _certain(gold: Node, own: list[Point], counting: frozenset[str], deep: bool) -> int:
    """At how many points the gold side has a value; no more are tried than may be needed."""
    found = 0
    for point in own:
        found += _tried(gold, point, counting, deep) is not None
        if found >= NEEDED:
            break
    return found


def judge(question: Question) -> Verdict:
    """The verdict of one question: by numbers alone if they suffice, for closed forms may take long."""
    if question.variable is not None:
        return _up_to_a_constant(question, question.variable)
    verdict = _OPS[question.op](question, False)
    return verdict if verdict[0] != "unknown" else _OPS[question.op](question, True)


def _equal(question: Question, deep: bool) -> Verdict:
    gold, pred = question.gold, question.pred
    breaks, agreed, missed = breakpoints(gold, pred), 0, 0
    needed = _needed(question)
    for left, right in _values(question, deep):
        if left == "none" or right == "none":
            if left != right and None not in (left, right):
                return "different", "defined for other values"
        elif left is None or right is None:
            missed += 1
        else:
            relation = _relation(left, right)
            if relation is False:
                return "different", "another value"
            agreed += relation is True
            missed += relation is None
            if agreed >= needed and not breaks:
                return "equal", f"the same to {EQUAL} digits" + (f" at {agreed} points" if needed > 1 else "")
    if breaks and not missed and agreed >= NEEDED:
        return "equal", f"the same to {EQUAL} digits in every part"
    return "unknown", "no certified values to compare"


def _needed(question: Question) -> int:
    names = free_names(question.gold) | free_names(question.pred)
    if not names:
        return 1
    return NEEDED + 3 * bool(names & counters(question.gold, question.pred))


def _close(question: Question, deep: bool) -> Verdict:
    assert question.tolerance is not None
    for left, right in _values(question, deep):
        if left is None or right is None or "none" in (left, right) or free_names(question.gold):
            break
        near = abs(left - right) <= mp.mpf(question.tolerance[0]) / question.tolerance[1]
        return ("equal", "within the tolerance") if near else ("different", "beyond the tolerance")
    return "unknown", "no certified values to compare"


def _proportional(question: Question, deep: bool) -> Verdict:
    ratios = []
    for left, right in _values(question, deep):
        if left is None or right is None or "none" in (left, right):
            continue
        if (left == 0) != (right == 0):
            return "different", "only one side vanishes"
        if left != 0:
            ratios.append(left / right)
            if _relation(ratios[0], ratios[-1]) is False:
                return "different", "not proportional"
            if len(ratios) > NEEDED:
                return "equal", "proportional"
    return "unknown", "no certified values to compare"


_OPS: dict[str, Callable[[Question, bool], Verdict]] = {"equal": _equal, "close": _close, "proportional": _proportional}


def _values(question: Question, deep: bool) -> Iterator[tuple[Any, Any]]:
    """Both sides' values, point by point; None for one that is not certified, "none" where there is none."""
    gold, pred = question.gold, question.pred
    counting = counters(gold, pred)
    for point in points(free_names(gold) | free_names(pred), counting, breakpoints(gold, pred)):
        left = _tried(gold, point, counting, deep)
        yield left, None if left is None else _tried(pred, point, counting, deep)


def _relation(left: Any, right: Any) -> bool | None:
    """Whether two certified values are the same; None where they are too near to tell."""
    gap, size = abs(left - right), max(abs(left), abs(right))
    if gap <= size * mp.mpf(10) ** -EQUAL:
        return True
    return False if gap >= size * mp.mpf(10) ** -DIFFERENT else None


_kept: dict[tuple[Node, Point, frozenset[str], bool], Any] = {}
_forms: dict[tuple[Node, frozenset[str]], Any] = {}
KEPT: Final = 4_000


def _tried(node: Node, point: Point, counting: frozenset[str], deep: bool) -> Any:
    """The certified value, kept for the next question; None where there is none, "none" outside all cases."""
    names = free_names(node)
    key = (node, tuple(item for item in point if item[0] in names), counting & names, deep)
    if key not in _kept:
        if len(_kept) >= KEPT:
            _kept.clear()
        try:
            _kept[key] = _deeper(node, point, counting, key) if deep else _twice(node, point)
        except NoValueError:
            _kept[key] = "none"
        except FAILURES:
            _kept[key] = None
    return _kept[key]


def _deeper(node: Node, point: Point, counting: frozenset[str], key: tuple[Any, ...]) -> Any:
    """What numbers alone gave, or else by a closed form."""
    found = _tried(node, point, counting, False)
    return found if found is not None or not needs_algebra(node) else _by_closed_form(node, point, key[2])


def _twice(node: Node, point: Point, **more: Fraction) -> Any:
    """The value that both evaluations agree on.

    Raises:
        RefusedError: they do not, or one has none.
    """
    first, second = (_once(node, point, variant, DIGITS[variant], more) for variant in (0, 1))
    with mp.workdps(DIGITS[1]):
        if abs(first - second) <= abs(second) * mp.mpf(10) ** -CERTIFIED:
            return second
        if abs(first) < mp.mpf(10) ** -34 and abs(second) < mp.mpf(10) ** -50:
            return mp.mpf(0)
    raise RefusedError("the evaluations disagree")


def _once(node: Node, point: Point, variant: int, digits: int, more: dict[str, Fraction], rough: bool = False) -> Any:
    with mp.workdps(digits):
        values = {name: mp.mpf(over) / under for name, over, under in point}
        values |= {name: mp.mpf(value.numerator) / value.denominator for name, value in more.items()}
        found = Evaluator(variant, OPERATORS, rough).value(node, values)
        if not mp.isfinite(found):
            raise RefusedError("not finite")
        return found


def _by_closed_form(node: Node, point: Point, counting: frozenset[str]) -> Any:
    import sympy  # type: ignore[import-untyped]

    key = (node, counting)
    if key not in _forms:
        if len(_forms) >= KEPT:
            _forms.clear()
        _forms[key] = closed_form(node, counting)
    kinds = {name: {"integer": True} if name in counting else {"real": True} for name, _, _ in point}
    given = {sympy.Symbol(name, **kinds[name]): sympy.Rational(over, under) for name, over, under in point}
    form = _forms[key].subs(given)
    if not form.is_number or form.is_finite is False:
        raise RefusedError("no finite number")
    with mp.workdps(DIGITS[1]):
        found = mp.mpf(0) if form.is_zero else mp.mpmathify(form.evalf(DIGITS[1], maxn=400, strict=True))
    _check_roughly(node, point, found)
    return found


def _check_roughly(node: Node, point: Point, found: Any) -> None:
    """Whether a rough evaluation by numbers contradicts sympy; it has to be there where sympy is known to slip.

    Raises:
        RefusedError: it does, or it is missing.
    """
    try:
        rough = [_once(node, point, variant, ROUGH_DIGITS, {}, rough=True) for variant in (0, 1)]
    except FAILURES:
        rough = []
    if rough and abs(rough[0] - rough[1]) <= ROUGH * (1 + abs(found)):
        if abs(rough[1] - found) > ROUGH * (1 + abs(found)):
            raise RefusedError("the closed form contradicts the numbers")
    elif any(part and part[0] == "integral" and not _is_infinite(part) for part in walk(node)):
        raise RefusedError("a closed form that numbers do not confirm")


def _is_infinite(integral: Node) -> bool:
    return any(part == ("const", "inf") for end in integral[3:5] if end is not None for part in walk(end))


def _up_to_a_constant(question: Question, variable: str) -> Verdict:
    for start in STARTS:
        gaps = _shifts(question.gold, question.pred, variable, start)
        if gaps:
            with mp.workdps(DIGITS[1]):
                same = all(abs(gap - gaps[0]) <= mp.mpf(10) ** -EQUAL * (1 + abs(gap)) for gap in gaps)
            return ("equal", "but for a constant") if same else ("different", "by more than a constant")
    return "unknown", "no certified values to compare"


def _shifts(gold: Node, pred: Node | None, variable: str, start: Fraction) -> list[Any]:
    """Gold less prediction at some points near the start, all other names as they were; none where one is missing."""
    names = free_names(gold) | (free_names(pred) if pred is not None else frozenset())
    fixed = tuple(item for item in points(names | {variable}, frozenset(), [])[0] if item[0] != variable)
    gaps = []
    try:
        for offset in OFFSETS:
            more = {variable: start + offset, INDEFINITE: start}
            value = _twice(gold, fixed, **more)
            with mp.workdps(DIGITS[1]):
                gaps.append(value - (_twice(pred, fixed, **more) if pred is not None else 0))
    except FAILURES:
        return []
    return gaps

"""Laid among the tests of a shared process: values near a given one, for tests that are made wrong."""

import copy
import datetime
from typing import Any


def shifted(value: Any) -> Any:
    """A value of the same type that is unequal to this one, as far as one is found; else a pair."""
    for new in _candidates(value):
        try:
            if type(new) is type(value) and bool(new != value) and not bool(new == value):
                return new
        except Exception:
            continue
    return (value, value)


def _candidates(value: Any) -> Any:
    if type(value).__module__.startswith("_pytest."):
        return  # `approx`: what is near by its values is equal
    yield from _plain(value)
    if hasattr(value, "__dict__"):
        for name, inner in list(vars(value).items()):
            for new in _plain(inner):
                try:
                    other = copy.copy(value)
                    other.__dict__[name] = new
                except Exception:
                    continue
                yield other


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is bool:
        yield not value
    elif kind is str:
        yield value[:-1] + ("a" if value[-1:] != "a" else "b")
    elif kind is bytes:
        yield value[:-1] + (b"a" if value[-1:] != b"a" else b"b")
    elif kind in (list, tuple):
        yield kind([*value[:-1], *(list(_plain(value[-1]))[:1] if value else [0])])
        yield kind([*value, *value[-1:]])
    elif kind is dict:
        for key, inner in value.items():
            yield from ({**value, key: new} for new in list(_plain(inner))[:1])
        yield {**value, "a": 1}
    elif kind in (set, frozenset):
        yield kind(list(value)[1:]) if value else kind([0])
    elif isinstance(value, (datetime.date, datetime.timedelta)):
        yield value + datetime.timedelta(days=3)
    else:
        yield from _number(value)


def _number(value: Any) -> Any:
    try:
        yield value + 2 * (abs(value) + 1)
    except Exception:
        return

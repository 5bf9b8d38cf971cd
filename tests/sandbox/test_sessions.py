from collections.abc import Iterator

import pytest

from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox.contract.forks import ForkContract
from assaygym.sandbox.contract.sessions import SessionContract
from assaygym.sandbox.sessions import SessionKeeper


@pytest.fixture(scope="module")
def sandbox(namespaces: None) -> Iterator[SessionKeeper]:
    with SessionKeeper(view_of_this_machine(), interpreter()) as keeper:
        yield keeper


class TestSessions(SessionContract): ...


class TestForks(ForkContract): ...

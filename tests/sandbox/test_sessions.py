from collections.abc import Iterator, Mapping

import pytest

from assaygym.sandbox import Limits, Session
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox.contract.forks import ForkContract
from assaygym.sandbox.contract.sessions import SessionContract
from assaygym.sandbox.sessions import SessionKeeper


class Opener:
    """As much of a sandbox as sessions need."""

    def __init__(self, keeper: SessionKeeper) -> None:
        self.keeper = keeper

    def session(
        self,
        language: str = "python",
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> Session:
        return self.keeper.open(language, files, limits or Limits(), seed)


@pytest.fixture(scope="module")
def sandbox(namespaces: None) -> Iterator[Opener]:
    opener = Opener(SessionKeeper(view_of_this_machine(), interpreter()))
    yield opener
    opener.keeper.close()


class TestSessions(SessionContract): ...


class TestForks(ForkContract): ...

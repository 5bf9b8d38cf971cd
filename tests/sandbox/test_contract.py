from collections.abc import Iterator

import pytest

from assaygym.sandbox import Sandbox, open_sandbox
from assaygym.sandbox.contract import GUARANTEES, SandboxContract


class TestJail(SandboxContract):
    @pytest.fixture
    def sandbox(self, namespaces: None) -> Iterator[Sandbox]:
        with open_sandbox("jail") as opened:
            yield opened


class TestProcess(SandboxContract):
    differences = GUARANTEES

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with open_sandbox("process") as opened:
            yield opened


def test_a_declared_difference_that_holds_after_all_is_an_error() -> None:
    suite = TestProcess()
    with pytest.raises(AssertionError, match="remove the declaration"), suite.guarantee("no_network"):
        pass


def test_a_guarantee_that_fails_undeclared_is_an_error() -> None:
    suite = TestJail()
    with pytest.raises(AssertionError, match="reached"), suite.guarantee("no_network"):
        raise AssertionError("reached")

import shutil
from collections.abc import Iterator

import pytest

from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox.contract.shells import ShellContract
from assaygym.sandbox.sessions import SessionKeeper

pytestmark = pytest.mark.skipif(shutil.which("bash", path="/usr/bin:/bin") is None, reason="there is no bash here")


@pytest.fixture(scope="module")
def sandbox(namespaces: None) -> Iterator[SessionKeeper]:
    with SessionKeeper(view_of_this_machine(), interpreter()) as keeper:
        yield keeper


class TestBashSessions(ShellContract): ...

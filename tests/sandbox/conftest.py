"""What the tests of the sandbox share: an open jail, or the reason why there is none."""

from collections.abc import Iterator

import pytest

from assaygym.errors import IsolationError
from assaygym.sandbox import Sandbox, open_sandbox


@pytest.fixture(scope="session")
def jail() -> Iterator[Sandbox]:
    try:
        sandbox = open_sandbox("jail")
    except IsolationError as error:
        pytest.skip(f"no jail on this machine: {error}")
    with sandbox:
        yield sandbox

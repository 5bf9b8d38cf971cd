"""What the tests of the sandbox share: an open jail, a docker daemon, or the reason why there is none."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from assaygym.errors import IsolationError
from assaygym.sandbox import Sandbox, open_sandbox
from assaygym.sandbox._container import connect
from assaygym.sandbox._image import worker_image

UNSHARE = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000 | 0x20000 | 0x20000000) != 0)"


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips where the machine gives no namespaces. A jail that fails elsewhere is a defect, no skip."""
    if sys.platform != "linux" or subprocess.run([sys.executable, "-c", UNSHARE], check=False).returncode:
        pytest.skip("this machine gives no user namespaces, so there is no jail to test")


@pytest.fixture(scope="session")
def jail(namespaces: None) -> Iterator[Sandbox]:
    with open_sandbox("jail") as sandbox:
        yield sandbox


@pytest.fixture
def closes(request: pytest.FixtureRequest) -> bool:
    """Whether this test of the contract closes its sandbox: it gets one of its own, all others share one."""
    return "after_close" in request.node.name


@pytest.fixture(scope="session")
def docker_client() -> Iterator[Any]:
    """Skips where no daemon answers."""
    pytest.importorskip("docker")
    try:
        opened = connect()
    except IsolationError as error:
        pytest.skip(str(error))
    with closing(opened):
        yield opened


@pytest.fixture(scope="session")
def docker_image(docker_client: Any) -> str:
    return worker_image(docker_client)

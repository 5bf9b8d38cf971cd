"""What the tests of the sandbox share: an open jail, or the reason why there is none."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from assaygym.sandbox import Sandbox, open_sandbox

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

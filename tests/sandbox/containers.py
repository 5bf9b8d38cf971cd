"""What the tests of containers share."""

import time
from collections.abc import Callable
from typing import Any


def eventually(true: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def is_known(client: Any, name: str) -> bool:
    """Whether the daemon has a container of that id, whatever its state."""
    return bool(client.api.containers(all=True, filters={"id": name}))

"""What the measurements of this process's own descendants need: that there are no others."""

import pytest

from assaygym.sandbox import _open


@pytest.fixture
def no_shared_sandbox() -> None:
    """Ends the workers that other tests of this process left warm."""
    if _open._shared is not None:
        _open._shared.close()
        _open._start_anew()

"""For all tests: property tests without a clock, in CI the same examples at every run, one thread for torch."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers of two threads each would wait for each other

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The run of those that must be alone reads no file that has none: most of its time would go into that."""
    if config.option.markexpr != "not slow and alone" or not collection_path.name.startswith("test_"):
        return None
    return None if "pytest.mark.alone" in collection_path.read_text() else True


def pytest_collection_finish() -> None:
    """What was made so far stays to the end; else every collection of garbage that a test asks for walks over it."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def failing_finalizers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[object]]:
    """Does something, with garbage that is collected at some moment of it, many times over; what of that failed."""

    def below(frames: int) -> int:
        return below(frames - 1) + 1 if frames else 0

    class Garbage:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            below(200)

    def tried(act: Callable[[], object]) -> list[object]:
        failed: list[object] = []
        monkeypatch.setattr(sys, "unraisablehook", failed.append)
        before = gc.get_threshold()
        try:
            for made in range(100, 1500, 50):
                gc.collect()
                Garbage()
                gc.set_threshold(made)
                act()
        finally:
            gc.set_threshold(*before)
        gc.collect()
        return failed

    return tried

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.errors import IsolationError
from assaygym.sandbox import Sandbox, open_sandbox

SHARED = Path(__file__).resolve().parents[4] / "shared"


@pytest.fixture(scope="session")
def jail() -> Iterator[Sandbox]:
    """An isolating sandbox."""
    try:
        sandbox = open_sandbox("jail")
    except IsolationError as error:
        pytest.skip(f"this machine cannot isolate programs: {error}")
    with sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def one() -> Iterator[Sandbox]:
    """A jail of one worker: what a run leaves behind would meet the next."""
    try:
        box = open_sandbox("jail", 1)
    except IsolationError as error:
        pytest.skip(f"this machine cannot isolate programs: {error}")
    with box:
        yield box


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The strongest sandbox there is; for programs that harm nobody."""
    try:
        box = open_sandbox(os.environ.get("ASSAYGYM_SANDBOX") or "auto")
    except IsolationError:
        box = open_sandbox("process")
    with box:
        yield box


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of sample data beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"no sample data at {SHARED}")
    return SHARED

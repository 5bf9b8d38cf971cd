"""What the commands that train share: the environments, the trackers, which process tells."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaygym.cli.command import resolve_id
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from assaygym.agents.trackers import Trackers

__all__ = ["environments", "leads", "tracked", "tracker_names"]


def environments(given: str) -> list[str]:
    """The ids of a list with commas, each once.

    Raises:
        ConfigError: an empty or a repeated name, or code that cannot be imported.
        RegistrationError: no such id.
    """
    names = [name.strip() for name in given.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise ConfigError(f"--env {given!r}; expected ids with one comma between them, each once")
    return [resolve_id(name).id for name in names]


def tracker_names(given: str) -> list[str]:
    """The trackers of a list with commas.

    Raises:
        ConfigError: an unknown one.
    """
    from assaygym.agents.trackers import known

    return list(known([name.strip() for name in given.split(",") if name.strip()]))


def tracked(names: Sequence[str], folder: Path, config: Mapping[str, Any]) -> Trackers:
    """The trackers of these names, made by the leading process alone."""
    from assaygym.agents.trackers import Trackers

    return Trackers(names if leads() else (), "-".join(folder.parts[-2:]), folder, config)


def leads() -> bool:
    """Whether this is the first of the processes that torchrun started, or the only one."""
    return os.environ.get("RANK", "0") == "0"

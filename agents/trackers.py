"""Where the figures of a run are shown beside its own file: TensorBoard, Weights & Biases, trackio."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from assaygym.errors import ConfigError, MissingDependencyError, did_you_mean

__all__ = ["TRACKERS", "Tracker", "Trackers", "known"]


class Tracker(Protocol):
    """Takes the figures of each step."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """The figures of this step (from 1)."""
        ...

    def close(self) -> None:
        """No more will come."""
        ...


class TensorBoard:
    """Event files in the folder of the run. `tensorboard --logdir FOLDER` shows them."""

    def __init__(self, name: str, folder: Path, config: Mapping[str, Any]) -> None:
        module = _needed("torch.utils.tensorboard", "tensorboard")
        self.writer = module.SummaryWriter(log_dir=str(folder), filename_suffix=".assaygym")
        listed = "\n".join(f"    {key}: {value}" for key, value in config.items())
        self.writer.add_text("settings", listed)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """A scalar each."""
        for key, value in metrics.items():
            self.writer.add_scalar(key, value, step)
        self.writer.flush()

    def close(self) -> None:
        """Close the file."""
        self.writer.close()


class WeightsAndBiases:
    """A run of the project `assaygym`; the same name goes on with the same run. `WANDB_MODE=offline` keeps it here."""

    def __init__(self, name: str, folder: Path, config: Mapping[str, Any]) -> None:
        wandb = _needed("wandb", "wandb")
        plain = dict(config)
        key = name.replace("/", "-")
        self.run = wandb.init(project="assaygym", name=name, id=key, dir=str(folder), config=plain, resume="allow")

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """All at once."""
        self.run.log(dict(metrics), step=step)

    def close(self) -> None:
        """Upload what is left."""
        self.run.finish()


class Trackio:
    """A run of the project `assaygym` in trackio's local database; `trackio show` opens it."""

    def __init__(self, name: str, folder: Path, config: Mapping[str, Any]) -> None:
        self.trackio = _needed("trackio", "trackio")
        self.trackio.init(project="assaygym", name=name, config=dict(config), resume="allow")

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """All at once."""
        self.trackio.log(dict(metrics), step=step)

    def close(self) -> None:
        """Write what is left."""
        self.trackio.finish()


TRACKERS: dict[str, Callable[[str, Path, Mapping[str, Any]], Tracker]] = {
    "tensorboard": TensorBoard,
    "wandb": WeightsAndBiases,
    "trackio": Trackio,
}


def known(names: Sequence[str]) -> Sequence[str]:
    """The names themselves.

    Raises:
        ConfigError: one is none of `TRACKERS`.
    """
    for name in names:
        if name not in TRACKERS:
            raise ConfigError(f"no tracker {name!r}; {did_you_mean(name, TRACKERS)}")
    return names


class Trackers:
    """Some trackers as one; a context manager. Called with the metrics of a step, it hands the finite ones on.

    Args:
        names: of `TRACKERS`.
        name: of the run.
        folder: of the run.
        config: what was chosen, as plain values.

    Raises:
        ConfigError: an unknown name.
        MissingDependencyError: its package is not installed.
    """

    def __init__(self, names: Sequence[str], name: str, folder: Path, config: Mapping[str, Any]) -> None:
        known(names)
        self._open = ExitStack()
        self._trackers: list[Tracker] = []
        with self._open:  # one that cannot be made closes those before it
            for one in names:
                tracker = TRACKERS[one](name, folder, config)
                self._open.callback(tracker.close)
                self._trackers.append(tracker)
            self._open = self._open.pop_all()

    def __enter__(self) -> Self:
        return self

    def __call__(self, metrics: Mapping[str, float]) -> None:
        """The figures of a step, its number under `step`."""
        finite = {key: value for key, value in metrics.items() if math.isfinite(value) and key != "step"}
        for tracker in self._trackers:
            tracker.log(finite, int(metrics["step"]))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def _needed(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError.of(extra, extra, f"the tracker {extra}") from error

"""Trackers: TensorBoard for real, the services through stand-ins with the signatures of their packages."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.trackers import TRACKERS, Trackers
from assaygym.errors import ConfigError, MissingDependencyError

CONFIG = {"learning_rate": 0.1, "loss": "clip"}
ROW = {"step": 3.0, "reward": 0.5, "kl": math.nan}


class Service:
    """What `wandb` and `trackio` are to us."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        self.logged: list[tuple[dict[str, float], int]] = []
        self.finished = 0

    def init(self, **given: Any) -> Service:
        self.given = given
        return self

    def log(self, metrics: dict[str, float], step: int) -> None:
        self.logged.append((metrics, step))

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Service:
    stand_in = Service()
    monkeypatch.setitem(sys.modules, request.param, stand_in)
    return stand_in


def test_tensorboard_gets_every_finite_figure_at_its_step(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the tracker needs tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with Trackers(["tensorboard"], "run", tmp_path, CONFIG) as trackers:
        trackers(ROW)
    events: Any = EventAccumulator(str(tmp_path)).Reload()
    assert events.Tags()["scalars"] == ["reward"]
    assert [(event.step, event.value) for event in events.Scalars("reward")] == [(3, 0.5)]
    assert events.Tags()["tensors"] == ["settings/text_summary"]


@pytest.mark.parametrize("service", ["wandb", "trackio"], indirect=True)
def test_a_service_gets_the_finite_figures_and_is_finished(service: Service, tmp_path: Path) -> None:
    name = "wandb" if sys.modules.get("wandb") is service else "trackio"  # type: ignore[comparison-overlap]
    with Trackers([name], "runs/one", tmp_path, CONFIG) as trackers:
        trackers(ROW)
    assert service.logged == [({"reward": 0.5}, 3)]
    assert service.finished == 1
    assert service.given["project"] == "assaygym"
    assert (service.given["name"], service.given["config"], service.given["resume"]) == ("runs/one", CONFIG, "allow")


@pytest.mark.parametrize("service", ["wandb"], indirect=True)
def test_a_run_that_is_resumed_goes_on_under_its_name(service: Service, tmp_path: Path) -> None:
    Trackers(["wandb"], "runs/one", tmp_path, CONFIG)
    assert service.given["id"] == "runs-one"


@pytest.mark.parametrize("service", ["trackio"], indirect=True)
def test_one_that_cannot_be_made_closes_those_before_it(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingDependencyError, match=r"assaygym\[wandb\]"):
        Trackers(["trackio", "wandb"], "run", tmp_path, CONFIG)
    assert service.finished == 1


@pytest.mark.parametrize("name", TRACKERS)
def test_without_its_package_the_sentence_says_what_to_install(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=rf"assaygym\[{name}\]"):
        Trackers([name], "run", tmp_path, CONFIG)


def test_an_unknown_tracker_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'wandb'"):
        Trackers(["wandbb"], "run", tmp_path, CONFIG)


def test_none_at_all_is_no_trouble(tmp_path: Path) -> None:
    with Trackers([], "run", tmp_path, CONFIG) as trackers:
        trackers(ROW)
    assert list(tmp_path.iterdir()) == []

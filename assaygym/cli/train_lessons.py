"""`assay train training_free_grpo`: lessons in place of weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from assaygym.cli.command import assignments, slug
from assaygym.cli.curve_table import show_curves
from assaygym.cli.live import TrainingDisplay
from assaygym.cli.output import emit_json
from assaygym.cli.training import environments, tracked, tracker_names
from assaygym.errors import ConfigError

__all__ = ["train_lessons"]


def train_lessons(
    env: str,
    model: str,
    steps: int,
    out: Path | None,
    seed: int,
    level: int | None,
    track: str,
    settings: list[str] | None,
    *,
    json: bool,
) -> int:
    """Learn lessons; the options are those of `assay train`, `model` a policy such as openai:NAME.

    Raises:
        ConfigError: a setting has the wrong type or is outside its range, or there is no such policy.
    """
    from assaygym.agents.experience.learner import ExperienceLearner, ExperienceSettings
    from assaygym.agents.metrics import read_metrics
    from assaygym.agents.registry import policy_from
    from assaygym.envs.registration import make

    names = {field.name for field in dataclasses.fields(ExperienceSettings)}
    given = assignments(settings, own=("level", "seed", "steps"))
    mine = {name: value for name, value in given.items() if name in names}
    knobs = {name: value for name, value in given.items() if name not in names}
    try:
        config = ExperienceSettings(**{**mine, "steps": steps, "seed": seed})
    except TypeError as error:
        raise ConfigError(f"the settings of training_free_grpo do not fit: {error}") from error
    if level is not None:
        knobs["level"] = level
    ids, trackers_wanted = environments(env), tracker_names(track)
    folder = out or Path("runs") / f"training_free_grpo-{slug('-'.join(ids))}"
    make_envs = [partial(make, env_id, split="train", **knobs) for env_id in ids]
    for make_env in make_envs:
        make_env().close()  # a wrong knob is told before the policy is made
    policy = policy_from(model)
    folder.mkdir(parents=True, exist_ok=True)
    title = f"training_free_grpo on {', '.join(ids)}, {model} -> {folder}"
    identity = {"envs": ",".join(ids), "knobs": repr(sorted(knobs.items())), "policy": policy.name}
    with (
        tracked(trackers_wanted, folder, dataclasses.asdict(config)) as trackers,
        TrainingDisplay(title, config.steps) as display,
    ):

        def shown(metrics: Mapping[str, float]) -> None:
            display(metrics)
            trackers(metrics)

        options: dict[str, Any] = {"folder": folder, "identity": identity, "on_step": shown}
        learner = ExperienceLearner(policy, make_envs, config, **options)
        new = learner.fit()
    rows = read_metrics(folder)
    if json:
        emit_json({"folder": folder, "steps": len(rows), "new_steps": len(new), "lessons": learner.lessons.texts})
        return 0
    show_curves(rows)
    print(learner.lessons.listed() or "no lesson was learnt")
    print(f"lessons: {folder / 'lessons.json'}")
    return 0

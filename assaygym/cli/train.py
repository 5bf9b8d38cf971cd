"""`assay train`: a recipe on one or more environments."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import Json, Level, Settings, assignments, slug
from assaygym.cli.curve_table import show_curves
from assaygym.cli.live import TrainingDisplay, plain_progress
from assaygym.cli.output import emit_json, say
from assaygym.cli.training import environments, leads, tracked, tracker_names
from assaygym.errors import ConfigError, MissingDependencyError, RunError

if TYPE_CHECKING:
    from assaygym.agents.recipes import Recipe
    from assaygym.agents.settings import TrainSettings

TINY = "tiny"
TINY_DEFAULTS = {"learning_rate": 5e-4, "max_tokens": 48, "prompts": 8}
TINY_WARM_START = 300
TINY_UNTIL = 0.15
"""Nats a token: a tiny model that is right now and then, so that its rewards can be compared."""
START = "start"
"""Folder, in the run's, of the model that a run from `tiny` starts with."""
START_SECONDS = 3600.0
"""How long the other processes of a run wait for the first one to write it."""
TEXT_ONLY = "training_free_grpo"
"""The recipe that learns lessons instead of weights."""


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="The method: one of `assay recipes`.")],
    env: Annotated[str, typer.Option(metavar="ID[,ID...]", help="The environments to train on.")],
    model: Annotated[str, typer.Option(help="A folder, a Hub id, or tiny: a small one built on the spot.")] = TINY,
    steps: Annotated[int, typer.Option(help="Steps of the whole run.")] = 100,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/RECIPE-ID without it.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampling.")] = 0,
    level: Level = None,
    warm_start: Annotated[
        int | None,
        typer.Option(min=0, help=f"Steps on the oracle's answers first, at most; {TINY_WARM_START} for tiny, else 0."),
    ] = None,
    track: Annotated[
        str, typer.Option(metavar="NAME[,NAME...]", help="Show the figures in tensorboard, wandb or trackio as well.")
    ] = "",
    settings: Settings = None,
    json: Json = False,
) -> int:
    """Train a model on environments; the same command again resumes. torchrun makes it several processes.

    --set takes settings of the run (learning_rate=...), parts of the recipe (loss.high=0.28, correction=tis) and knobs
    of the environments. The recipe training_free_grpo writes lessons instead of weights; its --model is any
    policy that `assay eval` takes.
    """
    if recipe == TEXT_ONLY:
        from assaygym.cli.train_lessons import train_lessons

        return train_lessons(env, model, steps, out, seed, level, track, settings, json=json)
    from assaygym.agents.recipes import recipe as find_recipe
    from assaygym.agents.train import train as run

    given = assignments(settings, own=("level", "seed", "steps"))
    method, config, knobs = configured(find_recipe(recipe), {**given, "steps": steps, "seed": seed}, tiny=model == TINY)
    if level is not None:
        knobs["level"] = level
    ids, trackers_wanted = environments(env), tracker_names(track)
    folder = out or Path("runs") / f"{slug(recipe)}-{slug('-'.join(ids))}"
    teach = warm_start if warm_start is not None else TINY_WARM_START if model == TINY else 0
    begin = _start(model, teach, ids, knobs, folder, config.seed)
    title = f"{recipe} on {', '.join(ids)}, {model} -> {folder}"
    with (
        tracked(trackers_wanted, folder, {**dataclasses.asdict(config), **method.described()}) as trackers,
        TrainingDisplay(title, config.steps, quiet=not leads()) as display,
    ):

        def shown(metrics: Mapping[str, float]) -> None:
            display(metrics)
            trackers(metrics)

        rows = run(method, ids, begin, config, folder=folder, knobs=knobs, on_step=shown)
    if leads():
        _tell(len(rows), folder, title, json)
    return 0


def configured(method: Recipe, given: Mapping[str, Any], *, tiny: bool) -> tuple[Recipe, TrainSettings, dict[str, Any]]:
    """The recipe as changed, the run's settings, and what is left for the environments.

    Raises:
        ConfigError: a setting has the wrong type or is outside its range.
    """
    from assaygym.agents.recipes.change import changed, names_a_part
    from assaygym.agents.settings import TrainSettings

    mine, knobs = dict[str, Any](), dict[str, Any]()
    names = {field.name for field in dataclasses.fields(TrainSettings)}
    for name, value in given.items():
        if name in names:
            mine[name] = _fitting(name, value, getattr(TrainSettings(), name))
        elif names_a_part(name):
            method = changed(method, name, value)
        else:
            knobs[name] = value
    return method, TrainSettings(**{**method.settings, **(TINY_DEFAULTS if tiny else {}), **mine}), knobs


def _fitting(name: str, value: Any, default: Any) -> Any:
    fits = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, fits) or (isinstance(value, bool) and not isinstance(default, bool)):
        raise ConfigError(f"{name} is {value!r}; expected {type(default).__name__}, as in {name}={default}")
    return value


def _start(model: str, teach: int, ids: Sequence[str], knobs: dict[str, Any], folder: Path, seed: int) -> str:
    """The model to begin with: as given, or in the run's folder one that was built or taught here.

    Raises:
        MissingDependencyError: torch or transformers is not installed.
        ConfigError: the folder cannot be made.
        RunError: the leading process did not write it.
    """
    from assaygym.envs.registration import make

    for env_id in ids:
        make(env_id, **knobs).close()  # a wrong knob is told before a model is built
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the run's folder {folder}: {error.strerror}; give another --out") from error
    start = folder / START
    if start.exists() or (model != TINY and not teach):
        return str(start) if start.exists() else model
    if not leads():
        return _awaited(start)
    try:
        from assaygym.agents.checkpoint import save_model
        from assaygym.agents.tiny import tiny_model, tiny_tokenizer
        from assaygym.agents.transformers_policy import TransformersPolicy
        from assaygym.agents.warmstart import warm_start
    except ModuleNotFoundError as error:
        raise MissingDependencyError.of(error.name or "torch", "train", "training") from error
    if model == TINY:
        tokenizer: Any = tiny_tokenizer()
        network: Any = tiny_model(tokenizer, seed=seed)
    else:
        policy = TransformersPolicy(model)
        tokenizer, network = policy.tokenizer, policy.model
    until = TINY_UNTIL if model == TINY else None
    for env_id in ids if teach else ():
        say(f"warm start on the oracle's answers to {env_id}")
        told = plain_progress("warm start", teach)
        maker = partial(make, env_id, **knobs)
        warm_start(network, tokenizer, maker, steps=teach, until=until, seed=1_000_000, on_step=told)
    unfinished = folder / f"{START}.partial"
    save_model(network, tokenizer, unfinished)
    unfinished.rename(start)
    return str(start)


def _awaited(start: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while not start.exists():
        if time.monotonic() > deadline:
            raise RunError(f"the first process of this run did not write {start} in {START_SECONDS:.0f} s")
        time.sleep(0.2)
    return str(start)


def _tell(new: int, folder: Path, title: str, json: bool) -> None:
    from assaygym.agents.checkpoint import latest_checkpoint
    from assaygym.agents.metrics import read_metrics

    rows, saved = read_metrics(folder), latest_checkpoint(folder)
    picture = _picture(rows, folder, title)
    rewards = [row["reward"] for row in rows]
    tenth = max(1, len(rewards) // 10)
    first, last = sum(rewards[:tenth]) / tenth, sum(rewards[-tenth:]) / tenth
    if json:
        figures = {"steps": len(rows), "new_steps": new, "reward_first": first, "reward_last": last}
        emit_json({"folder": folder, "model": saved, "picture": picture, **figures})
        return
    show_curves(rows)
    print(f"reward {first:.3f} -> {last:.3f} over {len(rewards)} steps ({new} of them now)")
    print(f"metrics: {folder / 'metrics.jsonl'}")
    print(f"model:   {saved}")
    if picture is not None:
        print(f"curves:  {picture}")


def _picture(rows: Sequence[Mapping[str, float]], folder: Path, title: str) -> Path | None:
    from assaygym.agents.curves import draw_curves

    try:
        return draw_curves(rows, folder / "curves.png", title=title)
    except MissingDependencyError as error:
        say(f"no picture: {error}")
        return None

"""`assay train`: a recipe on an environment."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import Json, Level, Settings, assignments, resolve_id, slug
from assaygym.cli.live import TrainingDisplay, plain_progress
from assaygym.cli.output import emit_json, say
from assaygym.errors import ConfigError, MissingDependencyError

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


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="The method: grpo.")],
    env: Annotated[str, typer.Option(metavar="ID", help="The environment to train on.")],
    model: Annotated[str, typer.Option(help="A folder, a Hub id, or tiny: a small one built on the spot.")] = TINY,
    steps: Annotated[int, typer.Option(help="Steps of the whole run.")] = 100,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/RECIPE-ID without it.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampling.")] = 0,
    level: Level = None,
    warm_start: Annotated[
        int | None,
        typer.Option(min=0, help=f"Steps on the oracle's answers first, at most; {TINY_WARM_START} for tiny, else 0."),
    ] = None,
    settings: Settings = None,
    json: Json = False,
) -> int:
    """Train a model on an environment; the same command again resumes. --set takes the recipe's settings and knobs."""
    from assaygym.agents.recipes import recipe as find_recipe
    from assaygym.agents.train import train as run

    method = find_recipe(recipe)
    if "," in env:
        raise ConfigError(f"--env {env!r} names several environments; this recipe trains on one, give one id")
    found = resolve_id(env)
    config, knobs = _config(
        method,
        {**assignments(settings, own=("level", "seed", "steps")), "steps": steps, "seed": seed},
        tiny=model == TINY,
    )
    if level is not None:
        knobs["level"] = level
    folder = out or Path("runs") / f"{slug(recipe)}-{slug(found.id)}"
    teach = warm_start if warm_start is not None else TINY_WARM_START if model == TINY else 0
    begin = _start(model, teach, found.id, knobs, folder, config.seed)
    with TrainingDisplay(f"{recipe} on {found.id}, {model} -> {folder}", config.steps) as display:
        rows = run(method, found.id, begin, config, folder=folder, knobs=knobs, on_step=display)
    _tell(rows, folder, json)
    return 0


def _config(method: Recipe, given: dict[str, Any], *, tiny: bool) -> tuple[TrainSettings, dict[str, Any]]:
    """The recipe's settings, and what is left for the environment.

    Raises:
        ConfigError: a setting has the wrong type or is outside its range.
    """
    from assaygym.agents.settings import TrainSettings

    names = {field.name for field in dataclasses.fields(TrainSettings)}
    mine = {name: value for name, value in given.items() if name in names}
    for name, value in mine.items():
        default = getattr(TrainSettings(), name)
        fits = (int, float) if isinstance(default, float) else type(default)
        if default is not None and not isinstance(value, fits):
            raise ConfigError(f"{name} is {value!r}; expected {type(default).__name__}, as in {name}={default}")
    try:
        config = TrainSettings(**{**method.settings, **(TINY_DEFAULTS if tiny else {}), **mine})
    except TypeError as error:
        raise ConfigError(f"the settings of {method.name} do not fit: {error}") from error
    return config, {name: value for name, value in given.items() if name not in names}


def _start(model: str, teach: int, env_id: str, knobs: dict[str, Any], folder: Path, seed: int) -> str:
    """The model to begin with: as given, or in the run's folder one that was built or taught here.

    Raises:
        MissingDependencyError: torch or transformers is not installed.
        ConfigError: the folder cannot be made.
    """
    from assaygym.envs.registration import make

    make(env_id, **knobs).close()  # a wrong knob is told before a model is built
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the run's folder {folder}: {error.strerror}; give another --out") from error
    start = folder / START
    if start.exists() or (model != TINY and not teach):
        return str(start) if start.exists() else model
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
    if teach:
        say(f"warm start on the oracle's answers to {env_id}")
        told = plain_progress("warm start", teach)
        until = TINY_UNTIL if model == TINY else None
        maker = partial(make, env_id, **knobs)
        warm_start(network, tokenizer, maker, steps=teach, until=until, seed=1_000_000, on_step=told)
    unfinished = folder / f"{START}.partial"
    save_model(network, tokenizer, unfinished)
    unfinished.rename(start)
    return str(start)


def _tell(rows: list[dict[str, float]], folder: Path, json: bool) -> None:
    from assaygym.agents.checkpoint import latest_checkpoint
    from assaygym.agents.metrics import read_metrics

    rewards = [row["reward"] for row in read_metrics(folder)]
    tenth = max(1, len(rewards) // 10)
    first, last = sum(rewards[:tenth]) / tenth, sum(rewards[-tenth:]) / tenth
    saved = latest_checkpoint(folder)
    if json:
        emit_json(
            {
                "folder": folder,
                "model": saved,
                "steps": len(rewards),
                "new_steps": len(rows),
                "reward_first": first,
                "reward_last": last,
            }
        )
        return
    print(f"reward {first:.3f} -> {last:.3f} over {len(rewards)} steps ({len(rows)} of them now)")
    print(f"metrics: {folder / 'metrics.jsonl'}")
    print(f"model:   {saved}")

"""Who trains: our `Trainer` and TRL's `GRPOTrainer`, on copies of one model, the same tasks, groups and rewards.

TRL trains in a thread that stops at the end of every step until it is asked for the next, so that the two take turns in
one process. Whatever TRL does between two steps (data, callbacks) is in the time of the step that follows.
"""

from __future__ import annotations

import copy
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assaygym.agents.parts.advantages import GroupAdvantage
from assaygym.agents.parts.aggregations import TokenMean
from assaygym.agents.parts.losses import Clip
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.recipes.recipe import Recipe
from assaygym.envs.core import Env
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import MissingDependencyError, RunError
from assaygym.types import Score

__all__ = ["Contender", "Load", "Ours", "Step", "Theirs", "noise_of", "recipe_of"]

EPSILON, STD_EPS = 0.2, 1e-4
"""The clip of both, and what TRL adds to the deviation of a group."""
PROMPT = 32
"""No prompt has more tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What both do in a step."""

    task: TaskDefinition
    knobs: Mapping[str, Any]
    prompts: int = 16
    samples: int = 8
    tokens: int = 32
    """Longest completion."""
    exact: bool = True
    """Whether every completion has all of them: nothing ends a turn."""
    steps: int
    """At most; TRL wants its data beforehand."""
    learning_rate: float = 5e-4
    bfloat16: bool = False
    micro_rows: int | None = None
    """Completions of a forward pass; None is all. The update is one either way."""

    def make_env(self) -> Env:
        """A fresh environment."""
        return self.task.make(**self.knobs)

    @property
    def rows(self) -> int:
        """Completions of a step."""
        return self.prompts * self.samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of one trainer."""

    seconds: float
    cpu_seconds: float
    samples: int
    tokens: int
    """Sampled."""
    reward: float
    """The mean."""


class Contender(Protocol):
    """A trainer that takes one step at a time."""

    name: str
    model: Any

    def step(self) -> Step:
        """Sample and update once.

        Raises:
            RunError: it did other work than was asked for.
        """
        ...

    def close(self) -> None:
        """End it."""
        ...


def noise_of(text: str, gold: object) -> Score:
    """A reward in [0, 1) that differs from text to text: no group is without spread, so no row is left out."""
    return Score.of(zlib.crc32(text.encode("utf-8", "replace")) % 997 / 997)


def recipe_of(load: Load) -> Recipe:
    """GRPO as TRL has it by default: deviation of the group, one clip, mean over all tokens, no reference model."""
    return Recipe(
        name="grpo-trl",
        summary="GRPO with the defaults of TRL.",
        rollout=IID(load.samples),
        advantage=GroupAdvantage(scale="std", eps=STD_EPS),
        loss=Clip(EPSILON, EPSILON),
        aggregation=TokenMean(),
    )


class Ours:
    """This project's trainer.

    Args:
        model: copied.
        tokenizer: of the model.
        load: what to do in a step.
        seed: of the sampling.
        player: makes another engine that samples, of the model and its tokenizer.
    """

    name = "assaygym"

    def __init__(
        self, model: Any, tokenizer: Any, load: Load, *, seed: int = 0, player: Callable[[Any, Any], Any] | None = None
    ) -> None:
        from assaygym.agents.settings import TrainSettings
        from assaygym.agents.trainer import Trainer
        from assaygym.agents.transformers_policy import TransformersPolicy

        self.load, self.model = load, copy.deepcopy(model)
        policy = TransformersPolicy(self.model, tokenizer, max_batch=load.rows)
        self.player = None if player is None else player(self.model, tokenizer)
        if load.exact:
            for sampler in (policy, self.player):
                if sampler is not None:
                    sampler.end_ids = []
        settings = TrainSettings(
            steps=load.steps,
            prompts=load.prompts,
            max_tokens=load.tokens,
            learning_rate=load.learning_rate,
            precision="bfloat16" if load.bfloat16 else "float32",
            micro_tokens=(load.micro_rows or load.rows) * (load.tokens + PROMPT),
            seed=seed,
        )
        self._trainer = Trainer(policy, [load.make_env], recipe_of(load), settings, player=self.player)

    def step(self) -> Step:
        """See `Contender.step`."""
        wall, cpu = time.perf_counter(), time.process_time()
        metrics = self._trainer.step()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return checked(self.load, wall, cpu, int(metrics["num_tokens"]), metrics["reward"])

    def close(self) -> None:
        """End the engine that samples, where it is another one."""
        if self.player is not None:
            self.player.close()


class Theirs:
    """TRL's GRPOTrainer, without logs, checkpoints, evaluation or shuffling, all else at its defaults.

    Args:
        model: copied.
        tokenizer: of the model.
        load: what to do in a step.
        seed: of the sampling.
        options: further ones of `GRPOConfig`.

    Raises:
        MissingDependencyError: trl is not installed.
    """

    name = "TRL"

    def __init__(self, model: Any, tokenizer: Any, load: Load, *, folder: str, seed: int = 0, **options: Any) -> None:
        self.load, self.model = load, copy.deepcopy(model)
        self._seen: list[tuple[int, float]] = []
        self._turn, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._error: BaseException | None = None
        self._ended = False
        self._trainer = _trl_trainer(self, copy.deepcopy(tokenizer), folder, seed, options)
        self._thread = threading.Thread(target=self._serve, name="trl", daemon=True)
        self._thread.start()
        self._wait()  # until it asks for its first step: what `train` prepares is in no time

    def step(self) -> Step:
        """See `Contender.step`."""
        self._seen.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        self._turn.release()
        self._wait()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        tokens, rewards = (sum(column) for column in zip(*self._seen, strict=True))
        if len(self._seen) != self.load.rows:
            raise RunError(f"TRL judged {len(self._seen)} completions in a step; expected {self.load.rows}")
        return checked(self.load, wall, cpu, int(tokens), rewards / len(self._seen))

    def judge(self, completions: Sequence[Any], completion_ids: Sequence[Any], gold: Sequence[str], **_: Any) -> Any:
        """The reward function that TRL is given."""
        values = [
            self.load.task.score(said[0]["content"], one).value for said, one in zip(completions, gold, strict=True)
        ]
        self._seen += [(len(ids), value) for ids, value in zip(completion_ids, values, strict=True)]
        return values

    def close(self) -> None:
        """End the thread."""
        self._ended = True
        self._turn.release()
        self._thread.join(60)

    def _serve(self) -> None:
        try:
            self._trainer.train()
        except BaseException as error:
            self._error = error
        self._done.release()

    def _wait(self) -> None:
        self._done.acquire()
        if self._error is not None:
            raise RunError(f"TRL failed: {type(self._error).__name__}: {self._error}") from self._error

    def pause(self) -> bool:
        """Called by TRL between two steps; whether to end."""
        self._done.release()
        self._turn.acquire()
        return self._ended


def checked(load: Load, wall: float, cpu: float, tokens: int, reward: float) -> Step:
    """The step, if it did the work.

    Raises:
        RunError: other numbers of tokens than were asked for.
    """
    wanted = load.rows * load.tokens
    if tokens > wanted or (load.exact and tokens != wanted):
        raise RunError(f"a step sampled {tokens} tokens; expected {'' if load.exact else 'at most '}{wanted}")
    return Step(seconds=wall, cpu_seconds=cpu, samples=load.rows, tokens=tokens, reward=reward)


def _trl_trainer(theirs: Theirs, tokenizer: Any, folder: str, seed: int, options: dict[str, Any]) -> Any:
    try:
        from datasets import Dataset
        from transformers import PrinterCallback
        from trl.trainer.grpo_config import GRPOConfig
        from trl.trainer.grpo_trainer import GRPOTrainer
    except ImportError as error:
        raise MissingDependencyError.of("trl", "trl", "a comparison with its trainer") from error
    load, on_gpu = theirs.load, theirs.model.device.type != "cpu"
    config = GRPOConfig(
        output_dir=folder,
        per_device_train_batch_size=load.micro_rows or load.rows,
        gradient_accumulation_steps=load.rows // (load.micro_rows or load.rows),
        num_generations=load.samples,
        max_completion_length=load.tokens,
        max_steps=load.steps,
        learning_rate=load.learning_rate,
        lr_scheduler_type="constant",
        beta=0.0,
        epsilon=EPSILON,
        scale_rewards="group",
        loss_type="dapo",
        shuffle_dataset=False,
        logging_strategy="no",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=not on_gpu,
        bf16=load.bfloat16,
        seed=seed,
        generation_kwargs=_endless(options) if load.exact else None,
        **{"gradient_checkpointing": False, **options},
    )
    trainer = GRPOTrainer(
        model=theirs.model,
        reward_funcs=theirs.judge,
        args=config,
        train_dataset=Dataset.from_list(_rows(load)),
        processing_class=tokenizer,
        callbacks=[_taking_turns(theirs)],
    )
    trainer.remove_callback(PrinterCallback)  # standard output is the document's
    if load.exact:
        trainer.eos_token_ids = []
    return trainer


def _endless(options: Mapping[str, Any]) -> dict[str, Any]:
    """What keeps the engine of TRL from ending a completion."""
    return {"ignore_eos": True} if options.get("use_vllm") else {"eos_token_id": None}


def _taking_turns(theirs: Theirs) -> Any:
    from transformers import TrainerCallback

    class TakingTurns(TrainerCallback):
        """Stops TRL before each step."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            control.should_training_stop = theirs.pause()
            return control

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            control.should_training_stop = theirs.pause()
            return control

    return TakingTurns()


def _rows(load: Load) -> list[dict[str, Any]]:
    """The tasks of all steps, in the order in which our trainer draws them."""
    env, rows = load.make_env(), []
    for seed in range(load.prompts * load.steps):
        _, info = env.reset(seed=seed)
        assert env.task is not None  # it was just reset
        prompt = [{"role": message.role, "content": message.content} for message in info["messages"]]
        rows.append({"prompt": prompt, "gold": str(env.task.answer)})
    return rows

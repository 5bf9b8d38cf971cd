"""What the tests of policies and rollouts share: small environments, a tiny model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assaygym.envs.core import Env, Reply
from assaygym.types import Completion, Message, Score, StopReason, Task, Trajectory, Turn

if TYPE_CHECKING:
    from assaygym.agents.scene import Scene


class Dialogue(Env):
    """Asks for `turns` answers and rewards the last one if it is "right"; `faults` maps a turn to what it raises."""

    def __init__(self, turns: int = 1, *, faults: dict[int, Exception] | None = None, max_turns: int = 10) -> None:
        super().__init__("test/dialogue-v0", split="all", max_turns=max_turns)
        self.wanted, self.faults, self.closed = turns, faults or {}, False

    def _pose(self, rng: Any) -> Task[Any]:
        number = rng.randrange(10**9)
        prompt = (Message(role="system", content="Answer."), Message(role="user", content=f"Question {number}?"))
        return Task(id=f"q{number}", prompt=prompt, answer="right")

    def _reply(self, action: Message) -> Reply:
        if self.turns >= self.wanted:
            return Reply(score=Score.of(action.content == "right"), info={"length": len(action.content)})
        return Reply(messages=(Message(role="user", content=f"Go on after {action.content!r}."),))

    def _solve(self) -> list[str]:
        return ["more"] * (self.wanted - 1) + ["right"]

    def step(self, action: str) -> Any:
        if self.turns in self.faults:
            raise self.faults[self.turns]
        return super().step(action)

    def close(self) -> None:
        self.closed = True
        super().close()


@pytest.fixture
def dialogue() -> Callable[..., Dialogue]:
    return Dialogue


TEMPLATES = Path(__file__).parent / "templates"
SPECIAL = (
    "<s> </s> <|im_start|> <|im_end|> <|start_header_id|> <|end_header_id|> <|eot_id|> [INST] [/INST] [TOOL_CALLS]"
)
SPECIAL += " [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] <start_of_turn> <end_of_turn> <|User|>"
SPECIAL += " <|Assistant|> <|calls_begin|> <|call|> <|calls_end|> <|outputs_begin|> <|output|> <|outputs_end|>"


@cache
def byte_pairs() -> Any:
    """A byte-level BPE that merges across spaces, line ends and words: text encoded in parts gives other ids."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=SPECIAL.split(),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(
        ["assistant\n It is 42.\n\nuser\nokok  a\n", ".\n\n\n4\n4 \n", "42.\nuser: aa\n", "\n\n"] * 9, trainer
    )
    return core


@pytest.fixture(scope="session")
def bpe() -> Callable[[str], Any]:
    """`bpe("qwen")`: a tokenizer of byte pairs with the template `templates/qwen.jinja`."""
    from transformers import PreTrainedTokenizerFast

    def tokenizer(template: str) -> Any:
        made = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=byte_pairs(), bos_token="<s>", eos_token="</s>", clean_up_tokenization_spaces=False
        )
        made.chat_template = (TEMPLATES / f"{template}.jinja").read_text()
        return made

    return tokenizer


def _episode(reward: float, turns: Sequence[str], length: int, measured: Mapping[str, float], cut: bool) -> Trajectory:
    """One row: a prompt of one token before each turn; the turns share `length` sampled tokens."""
    ids: tuple[int, ...] = ()
    taken = []
    for number, text in enumerate(turns):
        count = length // len(turns) + (number < length % len(turns))
        said = Message(role="assistant", content=text)
        sampled = tuple(range(10, 10 + count))
        completion = Completion(message=said, prompt_ids=(*ids, 1), token_ids=sampled, logprobs=(-1.0,) * count)
        ids = (*ids, 1, *sampled)
        taken.append(Turn(observation=(), completion=completion, reward=reward if number == len(turns) - 1 else 0.0))
    return Trajectory(
        env_id="test/x-v0",
        task_id="x",
        seed=0,
        split="train",
        turns=tuple(taken),
        score=Score.of(reward, metrics=measured),
        stop_reason=StopReason.MAX_TOKENS if cut else StopReason.COMPLETED,
    )


@pytest.fixture(scope="session")
def make_scene() -> Callable[..., Scene]:
    """`make_scene(rewards, groups=..., lengths=...)`: the scene of episodes of one row, everything else as said."""
    import torch

    from assaygym.agents.batch import make_batch
    from assaygym.agents.scene import Scene

    def made(
        rewards: Sequence[float],
        *,
        groups: Sequence[int] | None = None,
        lengths: Sequence[int] | None = None,
        said: Sequence[Sequence[str]] | None = None,
        metrics: Sequence[Mapping[str, float]] | None = None,
        cut: Sequence[bool] | None = None,
        keep: Sequence[bool] | None = None,
        marks: Sequence[tuple[int, int, float]] = (),
        **fields: Any,
    ) -> Scene:
        count = len(rewards)
        columns = zip(
            rewards,
            said or [("a",)] * count,
            lengths or [2] * count,
            metrics or [{}] * count,
            cut or [False] * count,
            strict=True,
        )
        batch = make_batch([_episode(*column) for column in columns], groups or [0] * count, pad_id=0)
        batch = replace(batch, marks_M3=torch.tensor(marks, dtype=torch.float32).reshape(-1, 3))
        defaults = {"step": 0, "max_tokens": 10, "rewards_N": batch.rewards_N, "old_BT": batch.sampled_BT}
        kept = torch.tensor([True] * count if keep is None else keep)
        return Scene(batch=batch, keep_N=kept, **{**defaults, **fields})

    return made


class Vowels(Env):
    """Rewards the share of vowels in each of `turns` answers; `invalid` marks the seeds nobody can judge."""

    def __init__(self, turns: int = 1, invalid: Callable[[int], bool] = lambda seed: False) -> None:
        super().__init__("test/vowels-v0", split="all", max_turns=5)
        self.wanted, self.invalid, self.unjudged = turns, invalid, False

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.unjudged = self.invalid(seed or 0)
        return super().reset(seed=seed, options=options)

    def _pose(self, rng: Any) -> Task[Any]:
        number = rng.randrange(1000)
        return Task(id=f"v{number}", prompt=(Message(role="user", content=f"Go {number}"),), answer="")

    def _reply(self, action: Message) -> Reply:
        if self.turns < self.wanted:
            return Reply(messages=(Message(role="user", content="on"),))
        if self.unjudged:
            return Reply(score=Score.invalid("the judge is away"))
        return Reply(score=Score.of(self._worth(action.content)))

    def _worth(self, text: str) -> float:
        return sum(c in "aeiouAEIOU" for c in text) / max(len(text), 1)

    def _solve(self) -> list[str]:
        return ["aeiou"] * self.wanted


@pytest.fixture(scope="session")
def small() -> Any:
    """What a training run of a fraction of a second is made of."""
    import torch

    from assaygym.agents.parts.aggregations import TokenMean
    from assaygym.agents.parts.rollouts import IID
    from assaygym.agents.recipes.group_relative import GRPO
    from assaygym.agents.settings import TrainSettings
    from assaygym.agents.tiny import tiny_model, tiny_tokenizer
    from assaygym.agents.trainer import Trainer
    from assaygym.agents.transformers_policy import TransformersPolicy

    torch.set_num_threads(1)

    class Small:
        Env, tokenizer = Vowels, tiny_tokenizer()
        settings = TrainSettings(steps=3, prompts=2, max_tokens=6, learning_rate=1e-2, checkpoint_every=1)
        recipe = replace(GRPO, rollout=IID(4), aggregation=TokenMean(), regularisers=())

        def policy(self, seed: int = 0, **size: Any) -> TransformersPolicy:
            shape = {"hidden": 32, "layers": 1, **size}
            return TransformersPolicy(tiny_model(self.tokenizer, seed=seed, **shape), self.tokenizer)

        def trainer(self, policy: Any = None, *, make_env: Any = Vowels, **given: Any) -> Trainer:
            """With these settings changed; what is no setting goes to the trainer."""
            own = {name: given.pop(name) for name in ("player", "ranks", "curriculum", "folder", "identity", "on_step")
                   if name in given}  # fmt: skip
            recipe = given.pop("recipe", self.recipe)
            return Trainer(policy or self.policy(), [make_env], recipe, replace(self.settings, **given), **own)

        def weights(self, policy: Any) -> torch.Tensor:
            return torch.cat([weight.detach().flatten() for weight in policy.model.parameters()])

        def figures(self, rows: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
            """The metrics without times."""
            return [{name: value for name, value in row.items() if not name.endswith("_time")} for row in rows]

    return Small()

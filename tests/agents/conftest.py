"""What the tests of policies and rollouts share: small environments, a tiny model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assaygym.envs.core import Env, Reply
from assaygym.types import Message, Score, Task


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

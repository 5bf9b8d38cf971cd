"""What is exported trains: TRL reads it as it is, and the chosen answers become likelier than the rejected."""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.preferences import label_rows, pair_rows
from assaygym.agents.preferences_file import write_rows
from assaygym.agents.strategies.group import Group
from assaygym.agents.tiny import save_tiny, tiny_tokenizer
from assaygym.types import Completion, Message, StopReason, ToolSpec, Trajectory, Turn

pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning", "ignore:.*experimental.*:UserWarning"
)
STEPS = 6


def episode(name: str, task: str, *said: str, reward: float) -> Trajectory:
    """An assistant that calls a tool and answers, or answers at once."""
    results = [Message(role="user", content=task), *(Message(role="tool", content=text) for text in said[1::2])]
    turns = [
        Turn(
            observation=(result,),
            completion=Completion(message=Message(role="assistant", content=text)),
            reward=reward if result is results[-1] else 0.0,
        )
        for result, text in zip(results, said[::2], strict=True)
    ]
    kept: dict[str, Any] = {"turns": tuple(turns), "score": None, "stop_reason": StopReason.COMPLETED, "id": name}
    return Trajectory(env_id="sums", task_id=task, seed=0, split="all", **kept)


def groups(count: int = 16) -> list[Group]:
    rng = random.Random(0)
    made = []
    for number in range(count):
        a, b = rng.randrange(10), rng.randrange(10)
        good = episode(f"{number}/0", f"{a}+{b}", f"add({a},{b})", f"{a + b}", f"It is {a + b}.", reward=1.0)
        bad = episode(f"{number}/1", f"{a}+{b}", f"Perhaps {rng.randrange(20)}?", reward=0.0)
        made.append(Group(key=str(number), trajectories=(good, bad)))
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model in `model`, pairs as JSON lines, labels as parquet."""
    made = tmp_path_factory.mktemp("trl")
    save_tiny(made / "model")
    assert write_rows(pair_rows(groups()), made / "pairs.jsonl") == 16
    assert write_rows(label_rows(groups()), made / "kto.parquet") == 32
    return made


def trl() -> Any:
    """Imported only here: it takes seconds, and its names are not typed."""
    return importlib.import_module("trl")


def load(folder: Path, name: str) -> Any:
    import datasets

    datasets.disable_progress_bars()
    kind = "parquet" if name.endswith(".parquet") else "json"
    return datasets.load_dataset(kind, data_files=str(folder / name), split="train", cache_dir=str(folder / "cache"))


def settings(config: Callable[..., Any], out: Path, **options: Any) -> Any:
    return config(
        output_dir=str(out),
        max_steps=STEPS,
        per_device_train_batch_size=8,
        learning_rate=5e-3,
        lr_scheduler_type="constant",
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        disable_tqdm=True,
        max_length=128,
        **options,
    )


def trained(
    trainer: Any, config: Any, folder: Path, out: Path, name: str = "pairs.jsonl", **options: Any
) -> list[float]:
    """The margin between the rewards that the trainer gives chosen and rejected answers, step by step."""
    from transformers import AutoModelForCausalLM

    path = str(folder / "model")
    experimental = trainer.__module__.startswith("trl.experimental")
    model: Any = AutoModelForCausalLM.from_pretrained(path) if experimental else path
    run = trainer(
        model=model,
        args=settings(config, out, **options),
        train_dataset=load(folder, name),
        processing_class=tiny_tokenizer(),
    )
    run.train()
    return [row["rewards/margins"] for row in run.state.log_history if "rewards/margins" in row]


@pytest.mark.parametrize("loss", ["sigmoid", "ipo"])
def test_dpo_prefers_the_chosen_answers(folder: Path, tmp_path: Path, loss: str) -> None:
    margins = trained(trl().DPOTrainer, trl().DPOConfig, folder, tmp_path, loss_type=loss)
    assert len(margins) == STEPS
    assert margins[0] == 0.0  # the model is still the reference
    assert margins[-1] > 0.5


def test_kto_prefers_the_good_answers(folder: Path, tmp_path: Path) -> None:
    margins = trained(trl().KTOTrainer, trl().KTOConfig, folder, tmp_path, "kto.parquet")
    assert margins[-1] > margins[0] + 0.5


def test_simpo_prefers_the_chosen_answers(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    cpo: Any = importlib.import_module("trl.experimental.cpo")
    margins = trained(
        cpo.CPOTrainer, cpo.CPOConfig, folder, tmp_path, loss_type="simpo", cpo_alpha=0.0, remove_unused_columns=False
    )
    assert len(margins) == STEPS
    assert margins[-1] > margins[0] + 0.05


def test_orpo_prefers_the_chosen_answers(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    orpo: Any = importlib.import_module("trl.experimental.orpo")
    margins = trained(orpo.ORPOTrainer, orpo.ORPOConfig, folder, tmp_path, remove_unused_columns=False)
    assert len(margins) == STEPS
    assert margins[-1] > margins[0] + 0.02


def test_the_loss_is_over_all_that_follows_the_prompt(folder: Path, tmp_path: Path) -> None:
    """The tool's result among it: TRL has no column that would leave it out."""
    tokenizer: Any = tiny_tokenizer()
    made = trl().DPOTrainer(
        model=str(folder / "model"),
        args=settings(trl().DPOConfig, tmp_path),
        train_dataset=load(folder, "pairs.jsonl"),
        processing_class=tokenizer,
    )
    first = made.train_dataset[0]
    shown = {name: tokenizer.decode(first[name]) for name in ("prompt_ids", "chosen_ids", "rejected_ids")}
    task, (good, bad) = groups()[0].trajectories[0].task_id, groups()[0].trajectories
    call, answer = (turn.completion.message.content for turn in good.turns)
    result = good.turns[1].observation[0].content
    assert shown == {
        "prompt_ids": f"<user>{task}<end><assistant>",
        "chosen_ids": f"{call}<end><tool>{result}<end><assistant>{answer}<end>",
        "rejected_ids": f"{bad.turns[0].completion.message.content}<end>",
    }


def test_dpo_shows_the_tools_to_the_chat_template(folder: Path, tmp_path: Path) -> None:
    spec = ToolSpec(name="add", description="Add.", parameters={"type": "object", "properties": {}})
    write_rows(pair_rows(groups(2), tools=lambda _: [spec]), tmp_path / "pairs.jsonl")
    tokenizer: Any = tiny_tokenizer()
    tokenizer.chat_template = "{{ tools | map(attribute='function.name') | join }}" + str(tokenizer.chat_template)
    made = trl().DPOTrainer(
        model=str(folder / "model"),
        args=settings(trl().DPOConfig, tmp_path / "out"),
        train_dataset=load(tmp_path, "pairs.jsonl"),
        processing_class=tokenizer,
    )
    assert tokenizer.decode(made.train_dataset[0]["prompt_ids"]).startswith("add<user>")


def test_cpo_and_orpo_need_the_template_applied_beforehand_to_show_tools() -> None:
    data: Any = importlib.import_module("trl.data_utils")
    spec = ToolSpec(name="add", description="Add.", parameters={"type": "object", "properties": {}})
    row = next(pair_rows(groups(1), tools=lambda _: [spec]))
    tokenizer: Any = tiny_tokenizer()
    tokenizer.chat_template = "{{ tools | map(attribute='function.name') | join if tools }}" + str(
        tokenizer.chat_template
    )
    assert data.maybe_apply_chat_template(row, tokenizer)["prompt"].startswith("<user>")
    assert data.apply_chat_template(row, tokenizer, tools=json.loads(row["tools"]))["prompt"].startswith("add<user>")

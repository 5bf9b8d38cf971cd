"""`assay new`: a task of one's own, with an oracle and tests that pass."""

from __future__ import annotations

import enum
import keyword
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from assaygym.cli.command import Json
from assaygym.cli.output import emit_json

TASK = '''"""{title}: change the question, the answer and the difficulty to yours."""

import random

import assaygym as ag


@ag.task("my/{name}-v0", difficulty={{"terms": (2, 4, 8)}})
def {name}(rng: random.Random, *, terms: int = 2) -> tuple[str, str]:
    """Add whole numbers."""
    numbers = [rng.randint(10, 99) for _ in range(terms)]
    return f"What is {{' + '.join(map(str, numbers))}}? Answer in \\\\boxed{{{{}}}}.", str(sum(numbers))


@{name}.verify
def check(response: str, gold: str) -> bool:
    """Exactly the right number in one box. Proofs only: never guess what the agent meant."""
    return response.strip() == f"\\\\boxed{{{{{{gold}}}}}}"


@{name}.solve
def solution(task: ag.Task[str]) -> str:
    """The oracle: proves that the tasks can be solved, and feeds warm starts."""
    return f"\\\\boxed{{{{{{task.answer}}}}}}"
'''

TOOL = '''"""{title}: change the state, the tools and the check to yours."""

import random
from collections.abc import Iterator

import assaygym as ag


class {class_name}(ag.ToolEnv, id="my/{name}-v0", max_turns=6):
    """You keep a stock list. Look things up before you change them."""

    def setup(self, rng: random.Random) -> str:
        """Pose one task: all state of the episode lives on self."""
        self.stock = {{name: rng.randint(1, 99) for name in ("apples", "pears", "plums", "figs", "dates")}}
        self.item = rng.choice(sorted(self.stock))
        self.added = rng.randint(1, 50)
        self.wanted = {{**self.stock, self.item: self.stock[self.item] + self.added}}
        return f"{{self.added}} more {{self.item}} came in. Bring the stock list up to date."

    @ag.tool
    def look_up(self, item: str) -> int:
        """How many there are."""
        if item not in self.stock:
            raise ag.ToolError(f"no item {{item!r}}; there are {{', '.join(self.stock)}}")
        return self.stock[item]

    @ag.tool
    def set_count(self, item: str, count: int) -> str:
        """Write down how many there are."""
        self.stock[item] = count
        return "ok"

    def verify(self) -> bool:
        """Judge the final state, not what the agent says about it."""
        return self.stock == self.wanted

    def solve(self) -> Iterator[str | ag.ToolCall]:
        """The oracle: proves that the tasks can be solved, and feeds warm starts."""
        yield ag.call("look_up", item=self.item)
        yield ag.call("set_count", item=self.item, count=self.wanted[self.item])
        yield "Done."
'''

TEST = '''"""Tests of {name}.py: run them with pytest."""

import assaygym as ag

import {name}  # noqa: F401  # registers the environment

ID = "my/{name}-v0"


def test_the_oracle_earns_one() -> None:
    env = ag.make(ID)
    for seed in range(5):
        env.reset(seed=seed)
        reward, ended = 0.0, False
        while not ended:
            _, reward, terminated, truncated, _ = env.step(env.oracle_action())
            ended = terminated or truncated
        assert reward == 1.0


def test_the_same_seed_gives_the_same_task() -> None:
    assert ag.make(ID).reset(seed=3)[0] == ag.make(ID).reset(seed=3)[0]


def test_the_environment_is_sound() -> None:
    report = ag.check_env(ID)
    assert report.passed, str(report)
'''


class Kind(enum.StrEnum):
    """What to scaffold."""

    TASK = "task"
    TOOL = "tool"


def new(
    name: Annotated[str, typer.Argument(help="Name of the task, e.g. my_sums.")],
    kind: Annotated[Kind, typer.Option(help="task: one question, one answer; tool: turns with tools.")] = Kind.TASK,
    folder: Annotated[Path, typer.Option("--dir", help="Where to write the two files.")] = Path(),
    json: Json = False,
) -> int:
    """Write a small task of your own with an oracle, and tests of it that pass."""
    name = _checked(name)
    words = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
    }
    task, test = folder / f"{name}.py", folder / f"test_{name}.py"
    _write({task: (TOOL if kind is Kind.TOOL else TASK).format(**words), test: TEST.format(**words)})
    env_id = f"my/{name}-v0"
    if json:
        emit_json({"id": env_id, "files": [str(task), str(test)]})
        return 0
    print(f"wrote {task} and {test}. Next:")
    print(f"  pytest {test}                       # oracle, determinism and attacks: passes as it is")
    print(f"  assay play {env_id} --import {task}")
    print(f"  assay eval {env_id} --import {task} --policy oracle -n 20")
    return 0


def _checked(name: str) -> str:
    """The name as an importable module name.

    Raises:
        ConfigError: it cannot be one, or would hide another module.
    """
    from assaygym.errors import ConfigError

    module = name.replace("-", "_").lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", module) or keyword.iskeyword(module):
        raise ConfigError(f"{name!r} cannot name a task; expected letters, digits and underscores, e.g. my_sums")
    if module in sys.stdlib_module_names or module in ("assaygym", "gymnasium", "numpy", "pytest"):
        raise ConfigError(f"{name!r} would hide the module {module}; choose another name, e.g. my_{module}")
    return module


def _write(files: dict[Path, str]) -> None:
    """Write all of the files, or none where one is there already.

    Raises:
        ConfigError: a file is there, or cannot be written.
    """
    from assaygym.errors import ConfigError

    if there := [str(path) for path in files if path.exists()]:
        raise ConfigError(
            f"{' and '.join(there)} is there already and is not overwritten; choose another name or --dir"
        )
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {error.filename}: {error.strerror}; choose another --dir") from error

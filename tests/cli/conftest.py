"""Running commands: inside this process, or as a user does."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assaygym.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run("list", "--json")` in an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, args, input=stdin, catch_exceptions=False)

    return invoke


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`shell("list")` as a process of its own, in an empty working directory."""

    def invoke(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from assaygym.cli import main; main()", *args]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=tmp_path, check=False)

    return invoke


TASKS = '''
import random
import assaygym as ag

@ag.task("{space}/flip-v0", difficulty={{"size": (3, 5)}})
def flip(rng, *, size=3):
    """Flip a word."""
    word = "".join(rng.choices("abcdefgh", k=size))
    return f"Flip {{word}}. Answer in \\\\boxed{{{{}}}}.", word[::-1]

@ag.task("{space}/cannot-pose-v0")
def cannot_pose(rng):
    raise ZeroDivisionError("there is nothing to divide")

@ag.task("{space}/cannot-judge-v0", verifier=lambda response, gold: 1 / 0)
def cannot_judge(rng):
    return f"Say {{rng.random()}}", "x"

class Door(ag.ToolEnv, id="{space}/door-v0", max_turns=3):
    """You are a porter."""
    def setup(self, rng):
        self.opened, self.target = [], rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") + str(rng.randint(1, 99))
        return f"Open door {{self.target}}."
    @ag.tool
    def open_door(self, door: str) -> str:
        """Open a door."""
        if door == "Z0":
            raise RuntimeError("the hinge broke")
        self.opened.append(door)
        return "open"
    def verify(self):
        return self.opened == [self.target]
    def solve(self):
        yield ag.call("open_door", door=self.target)
        yield "Done."

class BrokenTool(Door, id="{space}/broken-tool-v0", max_turns=3):
    """You are a porter."""
    def solve(self):
        yield ag.call("open_door", door="Z0")
        yield "Done."
'''


@pytest.fixture(scope="session")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A user's file; its ids begin with `mine/`."""
    path = tmp_path_factory.mktemp("user") / "porter_tasks.py"
    path.write_text(TASKS.format(space="mine"))
    return str(path)

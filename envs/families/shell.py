"""`assay/Shell-v0`: write a bash script that changes a tree of files; the final tree judges it.

The script runs in the sandbox, on trees that the prompt does not show: what it asks for is done, and nothing else is
changed. What the script prints and its exit status do not matter.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assaygym.envs.families import shell_runner
from assaygym.envs.families.fenced import last_block
from assaygym.envs.families.shell_goals import Step, draw_goal
from assaygym.envs.families.shell_trees import Tree, difference, draw_tree, listing
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError, VerifierError
from assaygym.foreign_json import read_json
from assaygym.sandbox.base import MIB, ExecStatus, Limits
from assaygym.types import Score, Task
from assaygym.verifiers.text import decided

__all__ = ["ShellTests", "score_script", "shell"]

LIMITS = Limits(cpu_seconds=4, wall_seconds=10, memory_bytes=256 * MIB, output_bytes=4 * MIB, processes=32)
TREES = 2
"""Hidden trees."""
MOST_CHARACTERS = 20_000
LABELS = ("bash", "sh", "shell")
TEMPLATES = (
    "Write a bash script for this:\n{goal}\n\nIt runs in the top folder of a tree like this one (folders end with /, "
    "files have their permissions and content):\n\n{tree}\n\n{rules}",
    "A folder holds these files:\n\n{tree}\n\n(Folders end with /, permissions stand in brackets, contents are "
    "indented.) Write a bash script that does the following when it is run in that folder:\n{goal}\n\n{rules}",
    "Task for bash:\n{goal}\n\nThe script is started in the top folder of such a tree (folders with /, files with "
    "permissions and indented content):\n\n{tree}\n\n{rules}",
)
RULES = (
    "Nothing else may change: other files keep their content and permissions, no other files are left, and folders "
    "that become empty stay{folders}. The script is tested on other trees of this kind{odd}, with the usual tools "
    "(coreutils, find, grep, sed, awk) and no network. Give it in a ```bash block."
)


@dataclass(frozen=True, slots=True)
class ShellTests:
    """Trees as they are before, each with the tree after, and the permissions that count there."""

    cases: tuple[tuple[Tree, Tree, dict[str, int]], ...]


def score_script(response: str, answer: ShellTests) -> Score:
    """CORRECT where the script in the last bash block makes every tree the expected one; UNPARSED without a block.

    Raises:
        VerifierError: a tree could not be made.
        SandboxError: the sandbox failed.
    """
    script = last_block(response, LABELS)
    if script is None:
        return Score.unparsed("no script in the response; expected a ```bash block")
    if len(script) > MOST_CHARACTERS:
        return decided(False, script, f"shell: {len(script)} characters, over the limit of {MOST_CHARACTERS}")
    for number, (before, after, modes) in enumerate(answer.cases, 1):
        found = _run(script, before)
        wrong = found if isinstance(found, str) else difference(found, after, modes)
        if wrong:
            return decided(False, script, f"shell: tree {number} of {len(answer.cases)}: {wrong}")
    return decided(True, script, f"shell: right on {len(answer.cases)} trees")


@task(
    "assay/Shell-v0",
    difficulty={
        "steps": (1, 1, 2, 2, 3),
        "kinds": (1, 2, 2, 3, 3),
        "files": (7, 8, 10, 12, 14),
        "odd": (False, False, False, True, True),
    },
    verifier=score_script,
    kind="code",
    summary="Write a bash script that changes a tree of files; hidden trees judge it.",
    requires=("sandbox",),
)
def shell(
    rng: random.Random, *, steps: int = 1, kinds: int = 1, files: int = 7, odd: bool = False
) -> tuple[str, ShellTests, dict[str, Any]]:
    """A goal of `steps` steps of the first `kinds` kinds; with `odd`, names hold spaces and dots."""
    if not 1 <= steps <= 4 or not 1 <= kinds <= 3 or not 6 <= files <= 20:
        raise ConfigError(f"Shell: steps {steps}, kinds {kinds}, files {files}; expected 1 to 4, 1 to 3, 6 to 20")
    while True:
        goal = draw_goal(rng, steps, kinds)
        trees = [draw_tree(rng, files, rng.randint(2, 4), odd) for _ in range(TREES + 1)]
        cases = [_case(tree, goal) for tree in trees]
        if all(_shows(tree, goal) for tree in trees[1:]):
            break
    said = "\n".join(f"{i}. {step.words[0].upper()}{step.words[1:]}." for i, step in enumerate(goal, 1))
    script = "\n".join(step.script for step in goal)
    prompt = _prompt(rng, said, trees[0], odd)
    return prompt, ShellTests(tuple(cases[1:])), {"reference": script, "identity": said}


@shell.solve
def reference(posed: Task[ShellTests]) -> str:
    """The reference script."""
    return f"This script does it:\n\n```bash\n{posed.metadata['reference']}\n```"


def _prompt(rng: random.Random, goal: str, tree: Tree, odd: bool) -> str:
    rules = RULES.format(
        folders=" unless they are to be deleted" if "elete the folders" in goal else "",
        odd=" (names may hold spaces, or start with a dot)" if odd else "",
    )
    return rng.choice(TEMPLATES).format(goal=goal, tree=listing(tree), rules=rules)


def _after(tree: Tree, goal: Sequence[Step]) -> Tree:
    changed = tree.copy()
    for step in goal:
        step.change(changed)
    return changed


def _case(tree: Tree, goal: Sequence[Step]) -> tuple[Tree, Tree, dict[str, int]]:
    """Permissions count where a step sets them, and where neither name nor content of a file changed."""
    after = _after(tree, goal)
    kept = {
        path: mode
        for path, mode in after.modes.items()
        if tree.modes.get(path) != mode or tree.files.get(path) == after.files[path]
    }
    return tree, after, kept


def _shows(tree: Tree, goal: Sequence[Step]) -> bool:
    """Whether leaving out any step gives another tree, and files are left."""
    after = _after(tree, goal)
    shorter = [_after(tree, [*goal[:i], *goal[i + 1 :]]) for i in range(len(goal))]
    return bool(after.files) and after not in shorter


@cache
def _guest() -> str:
    return Path(shell_runner.__file__).read_text("utf-8")


def _run(script: str, tree: Tree) -> Tree | str:
    """The tree that a script leaves, or what went wrong in words."""
    from assaygym.sandbox import shared_sandbox

    job = {"files": tree.files, "folders": sorted(tree.folders), "modes": tree.modes}
    files = {"job.json": json.dumps(job).encode(), "script.sh": script.encode("utf-8", "replace")}
    result = shared_sandbox().run(_guest(), files=files, limits=LIMITS)
    ready, *lines = result.stdout.splitlines() or [""]
    if ready != "ready":
        raise VerifierError(f"the tree could not be made: {result.stderr.strip()[-300:]}")
    if result.status is not ExecStatus.OK or not lines:
        return f"the script ended the run: {result.status.value}"
    try:
        return _read(lines[-1])
    except (ValueError, TypeError, KeyError):  # the report of a process that the script could touch
        return "the report of the tree was broken"


def _read(line: str) -> Tree:
    report = read_json(line)
    if report["odd"]:
        raise ValueError("links, too many files or too large ones")
    found = {str(path): (int(mode), base64.b64decode(text)) for path, (mode, text) in report["files"].items()}
    files = {path: text.decode("utf-8", "replace") for path, (_, text) in found.items()}
    modes = {path: mode for path, (mode, _) in found.items()}
    return Tree(files, modes, set(map(str, report["folders"])))

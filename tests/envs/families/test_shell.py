"""Scripts that change trees."""

import random
import re
from collections.abc import Callable

import pytest

from assaygym.envs.families.shell import ShellTests, score_script, shell
from assaygym.envs.families.shell_goals import GOALS, Step, draw_goal
from assaygym.envs.families.shell_trees import Tree, difference, draw_tree, listing
from assaygym.envs.registration import make
from assaygym.types import Score, Task, Verdict

KINDS = [kind for kinds in GOALS for kind in kinds]


def posed(seed: int, level: int) -> Task[ShellTests]:
    env = make("assay/Shell-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def small() -> Tree:
    tree = Tree({}, {}, set())
    for path, text in {"a.txt": "one\ntwo\n", "docs/b c.txt": "two\n", "docs/.d.log": "", "e.sh": "echo\n"}.items():
        tree.write(path, text)
        tree.modes[path] = 0o755 if path == "e.sh" else 0o644
    tree.add_folders("empty/x")
    return tree


def judged(script: str, change: Callable[[Tree], None]) -> Score:
    after = small()
    change(after)
    kept = {path: mode for path, mode in after.modes.items() if path in after.files}
    score = score_script(f"```bash\n{script}\n```", ShellTests(((small(), after, kept),)))
    assert score.verdict is not Verdict.INVALID
    return score


@pytest.mark.parametrize("kind", KINDS)
def test_the_reference_of_a_step_does_to_a_tree_what_the_step_says(kind: Callable[[random.Random], Step]) -> None:
    for seed in range(3):
        rng = random.Random(seed)
        step, tree = kind(rng), draw_tree(rng, 12, 3, odd=True)
        after = tree.copy()
        step.change(after)
        modes = {path: mode for path, mode in after.modes.items() if tree.files.get(path) == after.files[path]}
        score = score_script(f"```bash\n{step.script}\n```", ShellTests(((tree, after, modes),)))
        assert score.value == 1.0, (step.words, score.explanation)


@pytest.mark.parametrize(
    ("script", "change"),
    [
        ("rm a.txt", lambda tree: tree.remove("a.txt")),
        ("mv 'docs/b c.txt' x.txt; chmod 600 x.txt", lambda tree: (tree.move("docs/b c.txt", "x.txt"),
                                                                  tree.modes.update({"x.txt": 0o600}))),
        ("mkdir -p p/q; echo hi > p/q/r", lambda tree: tree.write("p/q/r", "hi\n")),
        ("rmdir empty; exit 3", lambda tree: tree.folders.discard("empty")),
        ("yes | head -c 3000000; true", lambda tree: None),
    ],
)  # fmt: skip
def test_a_final_tree_as_expected_is_right_whatever_is_printed(script: str, change: Callable[[Tree], None]) -> None:
    assert judged(script, change).value == 1.0


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("true", "should not be there"),
        ("rm a.txt; touch b", "should not be there"),
        ("rm a.txt e.sh", "missing"),
        ("rm a.txt; echo x >> e.sh", "wrong content"),
        ("rm a.txt; chmod 644 e.sh", "wrong permissions"),
        ("rm a.txt; mkdir new", "folders"),
        ("rm a.txt; rmdir empty", "folders"),
        ("rm a.txt; ln -s e.sh link", "broken"),
        ("rm a.txt; mkfifo pipe", "broken"),
        ("rm a.txt; chmod 000 e.sh", "ended the run"),
        ("rm a.txt; kill -9 $PPID", "ended the run"),
        ("rm a.txt; head -c 9000000 /dev/zero > big", "broken"),
        ("while :; do :; done", ""),
        (":(){ :|:& };:", ""),
        ("echo '{}' > /proc/$PPID/fd/1; kill -9 $PPID", "ended the run"),
        ("rm -rf ../tree", "missing"),
        ("\x00\ud800", ""),
    ],
)
def test_anything_else_that_changed_is_wrong_and_no_fault_of_ours(script: str, why: str) -> None:
    score = judged(script, lambda tree: tree.remove("a.txt"))
    assert score.value == 0.0
    assert why in score.explanation


def test_a_script_without_a_block_is_none() -> None:
    assert score_script("rm a.txt", ShellTests(())).verdict is Verdict.UNPARSED


def test_a_very_long_script_is_not_run() -> None:
    assert "over the limit" in judged("true\n" * 10_000, lambda tree: None).explanation


@pytest.mark.parametrize("level", range(5))
def test_leaving_a_step_out_and_doing_nothing_earn_nothing(level: int) -> None:
    for seed in range(4):
        task = posed(seed, level)
        lines = task.metadata["reference"].split("\n")
        for wrong in ("true", "\n".join(lines[:-1]) or ":", "rm -rf ./*"):
            assert score_script(f"```bash\n{wrong}\n```", task.answer).value == 0.0


def test_a_script_for_the_shown_tree_alone_earns_nothing() -> None:
    task = next(task for seed in range(40) if "elete every .tmp" in (task := posed(seed, 0)).prompt[-1].content)
    shown = re.findall(r"^(\S+\.tmp) \(", task.prompt[-1].content, re.MULTILINE)
    assert shown
    assert score_script(f"```bash\nrm -f {' '.join(shown)}\n```", task.answer).value == 0.0


def test_the_listing_shows_every_folder_file_mode_and_line() -> None:
    shown = listing(small())
    for part in ("docs/\n", "empty/\n", "a.txt (644)\n    one\n    two\n", "docs/.d.log (644)\n    (empty)", "(755)"):
        assert part in shown


def test_trees_are_told_apart_by_what_counts() -> None:
    assert difference(small(), small(), small().modes) == ""
    other = small()
    other.modes["a.txt"] = 0o600
    assert difference(other, small(), {}) == ""
    assert "permissions" in difference(other, small(), {"a.txt": 0o644})


def test_the_question_of_permissions_comes_before_steps_that_rewrite_files() -> None:
    for seed in range(200):
        words = [step.words for step in draw_goal(random.Random(seed), 3, 3)]
        assert not any("permissions 755" in said for said in words[1:])


def test_the_prompt_names_what_else_must_stay() -> None:
    assert shell.pose(random.Random(1), steps=1)[0].count("Nothing else may change") == 1

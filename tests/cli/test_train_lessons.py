"""`assay train training_free_grpo`."""

import json
from typing import Any

import pytest

TRAIN = ("train", "training_free_grpo", "--env", "assay/Reverse-v0", "--out", "run", "--set", "prompts=2")
SCRIPT = ("--model", "constant:no", "--set", "episodes=2")


def test_a_policy_that_never_differs_learns_no_lesson_and_says_so(run: Any) -> None:
    result = run(*TRAIN, *SCRIPT, "--steps", "1")
    assert result.exit_code == 0, result.stderr
    assert "no lesson was learnt" in result.stdout
    assert "step 1/1" in result.stderr


def test_the_same_command_again_goes_on(run: Any) -> None:
    assert json.loads(run(*TRAIN, *SCRIPT, "--steps", "1", "--json").stdout)["new_steps"] == 1
    told = json.loads(run(*TRAIN, *SCRIPT, "--steps", "3", "--json").stdout)
    assert (told["steps"], told["new_steps"], told["lessons"]) == (3, 2, {})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--model", "nobody"), "nobody"),
        ((*SCRIPT, "--set", "episodes=0"), "episodes is 0"),
        ((*SCRIPT, "--set", "lenght=0"), "no option 'lenght'"),
        ((*SCRIPT, "--set", "prompts=many"), "do not fit"),
    ],
)
def test_what_does_not_fit_is_told(run: Any, options: tuple[str, ...], sentence: str) -> None:
    result = run(*TRAIN, *options, "--steps", "1")
    assert result.exit_code == 2
    assert sentence in result.stderr

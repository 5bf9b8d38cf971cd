"""`check_env` passes what is sound, and each of its checks fails on an environment with that one fault."""

import itertools
import os
import random
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import assaygym as ag
from assaygym.envs import attacks
from assaygym.envs.checker import Status, check_env
from assaygym.envs.checks import CHECKS
from assaygym.envs.probe import in_threads, within
from assaygym.envs.registration import register
from assaygym.errors import ConfigError, RegistrationError

_numbers = itertools.count()


def boxed_number(response: str, gold: int) -> bool:
    found = re.fullmatch(r"\\boxed\{(-?[0-9]{1,9})\}", response.strip())
    return found is not None and int(found[1]) == gold


def add(rng: random.Random, *, terms: int = 2) -> tuple[str, int]:
    numbers = [rng.randint(100, 999) for _ in range(terms)]
    return f"Add {numbers}. Answer in \\boxed{{}}.", sum(numbers)


def task(pose: Any = add, **options: Any) -> str:
    """The id of a task that is sound but for the options."""
    options = {"verifier": boxed_number, **options}
    definition: ag.TaskDefinition = ag.task(f"checker/t{next(_numbers)}-v0", **options)(pose)
    return definition.id


def found(env_id: str, check: str, **options: Any) -> tuple[Status, str]:
    (result,) = check_env(env_id, only=[check], **options).results
    return result.status, result.sentence


class Till(ag.ToolEnv, id="checker/till-v0", max_turns=4):
    """You run a till."""

    def setup(self, rng: random.Random) -> str:
        self.paid: list[int] = []
        self.due = rng.randint(2, 9999)
        return f"Take {self.due}."

    @ag.tool
    def take(self, amount: int) -> str:
        """Take money."""
        self.paid.append(amount)
        return f"took {amount}"

    def verify(self) -> bool:
        return self.paid == [self.due]

    def solve(self) -> Iterator[Any]:
        yield ag.call("take", amount=self.due)
        yield "Done."


sound_task = ag.task("checker/sound-v0", difficulty={"terms": (2, 3)}, verifier=boxed_number)(add)


@pytest.mark.parametrize("env_id", ["checker/till-v0", "checker/sound-v0"])
def test_a_sound_environment_passes_every_check(env_id: str) -> None:
    report = check_env(env_id)
    assert report.passed, str(report)
    assert [result.name for result in report.results] == list(CHECKS)


def test_the_oracle_is_tried_at_every_level() -> None:
    assert "10 tasks, levels: 2" in found("checker/sound-v0", "oracle")[1]


def test_options_reach_the_environment_and_fix_its_level() -> None:
    assert "5 tasks" in found("checker/sound-v0", "oracle", level=1)[1]


def test_an_oracle_that_is_wrong_at_one_level_is_found() -> None:
    env_id = task(
        difficulty={"terms": (2, 3)},
        solve=lambda t: "\\boxed{0}" if t.prompt[0].content.count(",") > 1 else f"\\boxed{{{t.answer}}}",
    )
    status, sentence = found(env_id, "oracle")
    assert status is Status.FAILED
    assert "level 1" in sentence


def test_a_task_without_an_oracle_skips_that_check_and_is_no_pass() -> None:
    env_id = task(lambda rng: (f"Guess {rng.random()}", {"a": 1}), verifier=lambda response, gold: response == "a1")
    assert found(env_id, "oracle") == (Status.SKIPPED, "it has no oracle: nothing proves its tasks solvable")
    assert found(env_id, "determinism")[0] is Status.PASSED


FLAWED_VERIFIERS = {
    "null": lambda response, gold: response == "" or boxed_number(response, gold),
    "echo": lambda response, gold: "Add" in response or boxed_number(response, gold),
    "constant": lambda response, gold: response == "yes" or boxed_number(response, gold),
    "gold_in_noise": lambda response, gold: str(gold) in response,
    "hedge_list": lambda response, gold: bool(re.search(rf"\\boxed\{{[^}}]*{gold}", response)),
    "nan_inf": lambda response, gold: "nan" in response or boxed_number(response, gold),
    "giant_numbers": lambda response, gold: len(response) > 9_000 or boxed_number(response, gold),
    "unicode_digits": lambda response, gold: any(int(digits) == gold for digits in re.findall(r"\{(\d+)\}", response)),
    "malformed_call": lambda response, gold: "<tool_call>" in response or boxed_number(response, gold),
    "tool_spam": lambda response, gold: response.count("python") > 9 or boxed_number(response, gold),
    "hostile_text": lambda response, gold: response.encode() == b"" or boxed_number(response, gold),
}


@pytest.mark.parametrize("check", FLAWED_VERIFIERS)
def test_a_verifier_that_rewards_the_attack_is_found(check: str) -> None:
    status, sentence = found(task(verifier=FLAWED_VERIFIERS[check]), check)
    assert status is Status.FAILED
    assert "earns" in sentence or "without a verdict" in sentence


def test_an_answer_that_is_mostly_the_same_is_found_as_a_guess_that_pays() -> None:
    env_id = task(lambda rng: (f"Is {rng.random()} below a half?", rng.choice(["yes", "no"])), verifier=None)
    status, sentence = found(env_id, "constant")
    assert status is Status.FAILED
    assert "saying 'yes' earns" in sentence


def test_a_guess_that_is_right_now_and_then_is_no_fault() -> None:
    env_id = task(lambda rng: (f"Digit of {rng.random()}", str(rng.randint(0, 9))), verifier=None)
    assert found(env_id, "constant")[0] is Status.PASSED


def test_a_tool_that_spam_satisfies_is_found() -> None:
    class Open(ag.ToolEnv, id="checker/open-v0", max_turns=3):
        """Open the door."""

        def setup(self, rng: random.Random) -> str:
            self.tries = 0
            return f"Open door {rng.random()}."

        @ag.tool
        def push(self, door: str) -> str:
            """Push it."""
            self.tries += 1
            return "ok"

        def verify(self) -> bool:
            return self.tries > 3

    status, sentence = found(Open.env_id, "tool_spam")
    assert (status, "earns 1" in sentence) == (Status.FAILED, True)


def test_a_task_that_depends_on_more_than_its_seed_is_found() -> None:
    env_id = task(lambda rng: (f"Add {next(_numbers)} and {rng.random()}.", 5))
    for check in ("determinism", "threads", "reset_leak"):
        status, sentence = found(env_id, check)
        assert (status, "gives other task_id" in sentence) == (Status.FAILED, True)


def test_a_task_that_depends_on_the_hash_seed_is_found_in_another_process(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        "import assaygym as ag",
        "@ag.task('checker/hashed-v0')",
        "def hashed(rng):",
        "    return 'Count ' + ' '.join({rng.choice('abcdef') * n for n in range(2, 12)}), 'x'",
    )
    (tmp_path / "hashed_task_of_test.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    __import__("hashed_task_of_test")
    status, sentence = found("checker/hashed-v0", "processes")
    assert (status, "in another process" in sentence) == (Status.FAILED, True)


def test_code_that_another_process_cannot_import_skips_that_check() -> None:
    status, sentence = found(task(), "processes")
    assert (status, sentence[:28]) == (Status.SKIPPED, "its code cannot be loaded in")


def test_a_task_that_fails_in_another_process_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.envs.probe.CHILD", "import sys; sys.exit('NameError: name x is not defined')")
    status, sentence = found("checker/only-one-v0", "processes")
    assert (status, sentence) == (Status.FAILED, "raised RuntimeError: NameError: name x is not defined")


def test_a_task_space_too_small_for_an_eval_split_is_a_finding_with_the_reason() -> None:
    status, sentence = found(task(lambda rng: ("What is 6 * 7?", 42)), "splits")
    assert status is Status.FAILED
    assert "too few distinct" in sentence


only_one = ag.task("checker/only-one-v0", verifier=boxed_number)(lambda rng: ("What is 60 * 70?", 4200))
only_one.__qualname__ = "only_one"


def test_a_small_task_space_fails_no_other_check_for_that() -> None:
    report = check_env("checker/only-one-v0")
    assert [result.name for result in report.failures] == ["splits"]


class Leaky(Till, id="checker/leaky-v0", max_turns=4):
    """You run a till that remembers."""

    def setup(self, rng: random.Random) -> str:
        prompt = super().setup(rng)
        self._own = self._own | {"memory"}
        self.memory = getattr(self, "memory", 0) + 1
        return f"{prompt} Customer {self.memory}."


class Shared(Till, id="checker/shared-v0", max_turns=4):
    """You run a till whose drawer all share."""

    drawer: list[int] = []  # noqa: RUF012  # the fault under test

    def setup(self, rng: random.Random) -> str:
        prompt = super().setup(rng)
        self.drawer.clear()
        self.paid = self.drawer
        return prompt

    def verify(self) -> bool:
        return self.drawer == [self.due]

    @ag.tool
    def take(self, amount: int) -> str:
        """Take money."""
        self.drawer.append(amount)
        return f"there are {len(self.drawer)} payments"


class Held(Till, id="checker/held-v0", max_turns=4):
    """You run a till that cannot be copied."""

    def setup(self, rng: random.Random) -> str:
        self.lock = threading.Lock()
        return super().setup(rng)


@pytest.mark.parametrize(
    ("env_id", "check", "part"),
    [
        ("checker/leaky-v0", "reset_leak", "after other episodes"),
        ("checker/shared-v0", "fork", "forked in the middle"),
        ("checker/held-v0", "pickle", "cannot pickle"),
        ("checker/held-v0", "fork", "cannot pickle"),
    ],
)
def test_an_episode_that_is_not_on_its_own_is_found(env_id: str, check: str, part: str) -> None:
    status, sentence = found(env_id, check)
    assert status is Status.FAILED
    assert part in sentence


class Rude(Till, max_turns=4):
    """You run a till that answers with a number."""

    def reset(self, **options: Any) -> Any:
        observation, info = super().reset(**options)
        return 7 if observation else observation, info


class Warned(Till, max_turns=4):
    """You run a till with an old reset."""

    def reset(self, *, seed: int | None = None, options: Any = None, return_info: bool = True) -> Any:
        return super().reset(seed=seed, options=options)


@pytest.mark.parametrize(("cls", "part"), [(Rude, "observation"), (Warned, "return_info")])
def test_what_gymnasium_rejects_or_warns_of_is_found(cls: type[ag.Env], part: str) -> None:
    env_id = f"checker/{cls.__name__.lower()}-v0"
    register(ag.EnvSpec(id=env_id, entry_point=cls))
    status, sentence = found(env_id, "gymnasium")
    assert status is Status.FAILED
    assert part in sentence


def test_an_agents_text_that_breaks_the_verifier_is_a_finding() -> None:
    env_id = task(verifier=lambda response, gold: int(response.encode("ascii")[:1] or b"0") == gold)
    status, sentence = found(env_id, "hostile_text")
    assert status is Status.FAILED
    assert "without a verdict" in sentence


def test_a_task_that_raises_fails_its_checks_with_the_reason() -> None:
    def broken(rng: random.Random) -> tuple[str, str]:
        raise ZeroDivisionError("no zeros")

    report = check_env(task(broken), only=["null", "gymnasium"])
    assert not report.passed
    assert all("no zeros" in result.sentence for result in report.failures)


def test_an_unknown_id_or_check_is_refused() -> None:
    with pytest.raises(RegistrationError, match="did you mean"):
        check_env("checker/sond-v0")
    with pytest.raises(ConfigError, match="known: oracle"):
        check_env("checker/sound-v0", only=["orakel"])


def test_a_report_reads_as_text_and_as_json() -> None:
    report = check_env("checker/till-v0", only=["null", "hedge_list"])
    assert str(report).splitlines()[0] == "checker/till-v0: sound"
    rows = report.to_dict()["checks"]
    assert [(row["name"], row["status"]) for row in rows] == [("null", "passed"), ("hedge_list", "skipped")]


def test_the_gold_is_what_the_oracle_boxes() -> None:
    env = ag.make("checker/sound-v0")
    env.reset(seed=1)
    assert env.task is not None
    assert attacks.gold_of(env) == str(env.task.answer)
    assert all(str(env.task.answer) in text for text in (*attacks.hedges(env), *attacks.noisy_golds(env)))


def test_the_gold_of_a_tool_environment_is_what_its_oracle_boxes_in_the_end() -> None:
    class Sum(Till, id="checker/boxed-till-v0", max_turns=4):
        """You run a till and say what is due."""

        def solve(self) -> Iterator[Any]:
            yield ag.call("take", amount=self.due)
            yield f"It is \\boxed{{{self.due}}}."

    for env_id, known in (("checker/boxed-till-v0", True), ("checker/till-v0", False)):
        env: Any = ag.make(env_id)
        env.reset(seed=1)
        assert attacks.gold_of(env) == (str(env.due) if known else None)
        assert env.turns == 0


def test_work_that_takes_too_long_is_told_and_left_behind() -> None:
    with pytest.raises(TimeoutError, match="still running after"):
        within(0.05, threading.Event().wait)


def test_threads_give_results_in_order_and_pass_the_first_error_on() -> None:
    assert in_threads(lambda n: n * n, [3, 1, 2]) == [9, 1, 4]
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda n: 1 // n, [1, 0])


def test_the_hash_seed_of_this_process_is_left_alone() -> None:
    before = os.environ.get("PYTHONHASHSEED")
    found("checker/sound-v0", "processes")
    assert os.environ.get("PYTHONHASHSEED") == before

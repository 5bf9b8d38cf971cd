"""Single-turn tasks from a function or from data."""

import pickle
import random
import sys
from pathlib import Path
from typing import Any

import gymnasium
import pytest

import assaygym as ag
from assaygym.envs.data_tasks import task_from_data
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError, DataError, RegistrationError, TaskError
from assaygym.types import Message, Score, Task, Verdict


@ag.task("test/reverse-v0", difficulty={"length": (4, 8, 16, 32)})
def reverse(rng: random.Random, *, length: int = 4) -> tuple[str, str]:
    """Reverse a string."""
    word = "".join(rng.choices("abcdef", k=length))
    return f"Reverse the string {word}. Answer in \\boxed{{}}.", word[::-1]


def definition(pose: Any, **options: Any) -> TaskDefinition:
    return TaskDefinition("test/local-v0", pose, **options)


def test_the_decorated_name_is_registered_with_gymnasium() -> None:
    env = gymnasium.make("test/reverse-v0", length=8)
    prompt, _ = env.reset(seed=1)
    word = prompt.split()[3].rstrip(".")
    assert len(word) == 8
    assert env.step(f"\\boxed{{{word[::-1]}}}")[1] == 1.0


def test_the_summary_is_the_first_line_of_the_docstring() -> None:
    assert ag.spec("test/reverse-v0").summary == "Reverse a string."


@pytest.mark.parametrize(("level", "length"), [(0, 4), (3, 32)])
def test_a_level_sets_the_knobs(level: int, length: int) -> None:
    env = reverse.make(level=level)
    assert len(env.reset(seed=1)[0].split()[3].rstrip(".")) == length


@pytest.mark.parametrize(
    ("text", "value"), [("\\boxed{fed}", 1.0), ("fed", 1.0), ("def", 0.0), ("it is fed or def", 0.0), ("", 0.0)]
)
def test_an_answer_is_scored_without_an_environment(text: str, value: float) -> None:
    assert reverse.score(text, "fed").value == value


def test_the_oracle_of_a_plain_gold_boxes_it() -> None:
    env = reverse.make()
    env.reset(seed=3)
    assert env.step(env.oracle_action())[1] == 1.0


def test_a_definition_pickles_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(reverse)) is reverse


def test_unpickling_a_definition_that_is_gone_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    pickled = pickle.dumps(reverse)
    monkeypatch.delattr(sys.modules[reverse.__module__], "reverse")
    with pytest.raises(AttributeError, match="reverse"):
        pickle.loads(pickled)


def test_an_environment_pickles_with_its_episode() -> None:
    env = reverse.make()
    env.reset(seed=3)
    again = pickle.loads(pickle.dumps(env))
    assert again.step(env.oracle_action())[1] == 1.0


def test_a_verifier_may_be_set_by_decorator() -> None:
    made = definition(lambda rng: ("Say something long.", 10))

    @made.verify
    def long_enough(text: str, gold: int) -> float:
        return min(len(text) / gold, 1.0)

    assert made.score("hello", 10).value == 0.5


def test_a_verifier_that_raises_is_invalid() -> None:
    def broken(text: str, gold: str) -> bool:
        raise RuntimeError("disk full")

    score = definition(lambda rng: ("?", "!"), verifier=broken).score("!", "!")
    assert score.verdict is Verdict.INVALID
    assert "broken" in score.explanation
    assert "disk full" in score.explanation


def test_an_oracle_may_be_set_by_decorator() -> None:
    made = definition(lambda rng: ("Two?", frozenset({2})), verifier=lambda text, gold: int(text) in gold)

    @made.solve
    def any_of(task: Task[frozenset[int]]) -> str:
        return str(min(task.answer))

    env = made.make(split="all")
    env.reset(seed=1)
    assert env.step(env.oracle_action())[1] == 1.0


def test_a_gold_that_is_not_plain_has_no_oracle_by_itself() -> None:
    env = definition(lambda rng: ("Two?", frozenset({2})), verifier=lambda text, gold: True).make(split="all")
    env.reset(seed=1)
    assert not env.has_oracle
    with pytest.raises(TaskError, match="gold is frozenset; pass solve="):
        env.oracle_action()


def test_a_function_may_give_metadata_messages_or_a_task() -> None:
    messages = (Message(role="user", content="hi"),)
    for posed in [(messages, "a"), (messages, "a", {"k": 1}), Task(id="mine", prompt=messages, answer="a")]:
        env = definition(lambda rng, posed=posed: posed).make(split="all")
        env.reset(seed=0)
        assert env.task is not None
        assert (env.task.prompt, env.task.answer) == (messages, "a")


def test_the_system_prompt_comes_first() -> None:
    env = definition(lambda rng: ("hi", "a"), system="Be brief.").make(split="all")
    roles = [message.role for message in env.reset(seed=0)[1]["messages"]]
    assert roles == ["system", "user"]


@pytest.mark.parametrize(
    ("posed", "message"),
    [
        ("just a prompt", "expected \\(prompt, gold\\)"),
        ((1, 2), "prompt of test/local-v0 is int"),
        (((), "a"), "tuple"),
    ],
)
def test_what_is_no_task_is_a_sentence(posed: Any, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        definition(lambda rng: posed).make(split="all").reset(seed=0)


def test_a_function_that_raises_is_a_task_error_with_the_reason() -> None:
    def broken(rng: random.Random) -> tuple[str, str]:
        raise ZeroDivisionError("by nought")

    with pytest.raises(TaskError, match="raised ZeroDivisionError: by nought"):
        definition(broken).make().reset(seed=0)


def test_the_same_id_for_other_code_is_refused() -> None:
    with pytest.raises(RegistrationError, match="taken by"):

        @ag.task("test/reverse-v0")
        def other(rng: random.Random) -> tuple[str, str]:
            return "?", "!"


@pytest.mark.parametrize("bad", ["reverse", "a/b/c-v0", "my/x", "my/x-v", ""])
def test_a_malformed_id_is_refused(bad: str) -> None:
    with pytest.raises(RegistrationError, match="malformed environment id"):
        ag.task(bad)(lambda rng: ("?", "!"))


def test_an_unknown_knob_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match="did you mean 'length'"):
        ag.make("test/reverse-v0", lenght=3)


def test_columns_without_data_are_refused() -> None:
    with pytest.raises(ConfigError, match="need data="):
        ag.task("test/nodata-v0", prompt="question")  # type: ignore[call-overload]


ROWS = [
    {"question": f"What is {i} + {i}?", "answer": str(2 * i), "proof": f"Twice: \\boxed{{{2 * i}}}"} for i in range(40)
]


def school(rows: Any = ROWS, **options: Any) -> Any:
    return task_from_data("test/school-v0", rows, prompt="question", gold="answer", **options)


def has_rows(made: Any, split: str) -> bool:
    try:
        return bool(made.order(split))
    except TaskError:
        return False


def test_a_row_is_picked_by_its_index() -> None:
    env = school().make(split="all")
    prompt, info = env.reset(options={"index": 7})
    assert (prompt, info["task_id"]) == ("What is 7 + 7?", "7")
    assert env.step("\\boxed{14}")[1] == 1.0


def test_seeds_visit_each_row_of_the_split_once() -> None:
    made = school()
    for split in ("train", "eval", "all"):
        env = made.make(split=split)
        count = len(made.order(split))
        assert len({env.reset(seed=s)[0] for s in range(count)}) == count
    assert len(made.order("train")) + len(made.order("eval")) == len(ROWS)


def test_the_oracle_answers_with_the_solution_column() -> None:
    env = school(solution="proof", name=lambda row: row["question"][:9]).make(split="all")
    _, info = env.reset(options={"index": 3})
    assert info["task_id"] == "What is 3"
    assert env.oracle_action() == "Twice: \\boxed{6}"


def test_a_data_environment_pickles() -> None:
    env = school(solution="proof").make(split="all")
    env.reset(options={"index": 3})
    again = pickle.loads(pickle.dumps(env))
    assert again.step(again.oracle_action())[1] == 1.0


def test_a_row_outside_the_data_is_refused() -> None:
    with pytest.raises(ConfigError, match="rows 0 to 39, not 40"):
        school().make(split="all").reset(options={"index": 40})


def test_a_split_without_rows_says_so() -> None:
    made = school(ROWS[:1])
    without = next(split for split in ("train", "eval") if not has_rows(made, split))
    with pytest.raises(TaskError, match="none of the 1 rows"):
        made.make(split=without).reset(seed=0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"question": "?", "answr": "1"}], "row 1 has no column 'answer'; did you mean 'answr'"),
        ([ROWS[0], {"question": "?", "answer": ""}], "row 2 has nothing in column 'answer'"),
        ([ROWS[0], {"question": "?", "answer": None}], "row 2 has nothing in column 'answer'"),
    ],
)
def test_bad_rows_are_found_before_anything_runs(rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        school(rows)


def test_a_missing_key_inside_a_column_function_names_row_and_column() -> None:
    with pytest.raises(DataError, match="row 1 has no column 'nope'"):
        task_from_data("test/school-v0", ROWS, prompt="question", gold=lambda row: row["nope"])


def test_a_data_task_from_a_file_is_registered(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"q": "1 + 1?", "a": "2"}\n')
    made = ag.task("test/file-v0", data=path, prompt="q", gold="a", verifier=lambda text, gold: text == gold)
    assert ag.make("test/file-v0", split="all").reset(seed=0)[0] == "1 + 1?"
    assert made.score("2", "2") == Score.of(True)

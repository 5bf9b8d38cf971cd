from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.scripted import ConstantPolicy, NullPolicy, OraclePolicy
from assaygym.benchmarks.compare import compare
from assaygym.benchmarks.recorded import STATUSES, load_run, run_pair, run_samples
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.statistics import Status, TaskSamples, describe
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError, PolicyError, RunError, VerifierError
from assaygym.types import Completion, Score


def pose(rng: random.Random, *, size: int = 1000) -> tuple[str, str]:
    return f"What is twice {(number := rng.randrange(size))}?", str(2 * number)


def verify(response: str, gold: str) -> Score:
    if response == "break":
        raise VerifierError("the judge is out")
    strict = response == rf"\boxed{{{gold}}}"
    return Score.of(strict, extracted=response, metrics={"lenient": float(gold in response)})


TWICE = TaskDefinition("test/recorded-v0", pose, verifier=verify)
ROWS = [{"question": f"How much is {i} + 1?", "answer": f"#### {i + 1}"} for i in range(6)]


class Told:
    """Says what it is told to, in turn; raises an exception."""

    name = "told"

    def __init__(self, *words: str | Exception) -> None:
        self.words = list(words)

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        word = self.words.pop(0)
        if isinstance(word, Exception):
            raise word
        return [said(word)]


def play(folder: Path, policy: Any, n: int = 3, **options: Any) -> Path:
    evaluate(TWICE, policy, out=folder, n=n, **{"split": "all", "concurrency": 1, **options})
    return folder


def suite(folder: Path, rows: list[dict[str, str]], policy: Any = "oracle", **options: Any) -> Path:
    folder.mkdir()
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluate("gsm8k", policy, data=folder / "rows.jsonl", out=folder / "run", **options)
    return folder / "run"


def edit(folder: Path, change: Any) -> None:
    """Rewrite a run's documents, as an earlier version would have written them."""
    document = json.loads((folder / "run.json").read_text())
    rows = [json.loads(line) for line in (folder / "episodes.jsonl").read_text().splitlines()]
    change(document, rows)
    (folder / "run.json").write_text(json.dumps(document))
    (folder / "episodes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def statuses(tasks: Sequence[TaskSamples]) -> list[list[str]]:
    return [[sample.status.value for sample in task.samples] for task in tasks]


def test_every_outcome_without_a_score_has_a_status_and_no_other() -> None:
    assert {outcome for outcome in Outcome if not outcome.scored} == set(STATUSES)
    assert set(STATUSES.values()) == {Status.INVALID, Status.ERRORED, Status.TRUNCATED}


def test_faults_of_ours_and_what_never_ran_are_no_zeros(tmp_path: Path) -> None:
    play(tmp_path, Told("7", "break", PolicyError("the server is down")))
    edit(tmp_path, lambda document, rows: document["plan"].update(samples=2))
    run = run_samples(load_run(tmp_path))
    assert statuses(run.tasks) == [["scored"], ["invalid"], ["errored"]]
    assert [task.unscored for task in run.tasks] == [1, 2, 2]
    assert describe(run.tasks).score.mean == 0.0


def test_a_cut_episode_is_truncated(tmp_path: Path) -> None:
    play(tmp_path, NullPolicy(), n=1, timeout=1e-9)
    assert statuses(run_samples(load_run(tmp_path)).tasks) == [["truncated"]]


def test_strict_and_lenient_scores_are_both_read(tmp_path: Path) -> None:
    def right(env: Any) -> str:
        return str(env.task.answer)

    class Bare:
        name = "bare"

        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            return [said(right(prompts[0].env))]

    (sample,) = run_samples(load_run(play(tmp_path, Bare(), n=1))).tasks[0].samples
    assert (sample.value, sample.lenient) == (0.0, 1.0)


def test_answers_of_a_math_suite_vote_by_their_value(tmp_path: Path) -> None:
    run = suite(tmp_path / "a", ROWS[:1], Told(r"\boxed{033}", r"\boxed{33.0}", r"\boxed{1,033}"), k=3, concurrency=1)
    (task,) = run_samples(load_run(run)).tasks
    assert [sample.answer for sample in task.samples] == ["33", "33", "1033"]
    assert [s.answer for t in run_samples(load_run(run), answers=False).tasks for s in t.samples] == [None] * 3


def test_a_run_is_compared_with_another_on_the_same_tasks(tmp_path: Path) -> None:
    runs = [load_run(play(tmp_path / name, policy, n=8)) for name, policy in (("a", "null"), ("b", OraclePolicy()))]
    found = compare(*run_pair(*runs))
    assert (found.result.tasks, found.result.difference, len(found.result.only_b)) == (8, 1.0, 8)


def test_the_same_rows_in_another_order_are_the_same_tasks_where_the_data_name_them(tmp_path: Path) -> None:
    rows = [{"problem": f"{i} + 1", "answer": str(i + 1), "solution": rf"\boxed{{{i + 1}}}"} for i in range(4)]
    named = [{**row, "unique_id": f"sum/{i}", "subject": "a", "level": "1"} for i, row in enumerate(rows)]
    for name, order in (("a", named), ("b", named[::-1])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in order))
        evaluate("math500", "oracle", data=tmp_path / f"{name}.jsonl", out=tmp_path / name)
    found = run_pair(*(load_run(tmp_path / name) for name in "ab"))
    assert [task.task for task in found[0].tasks] == [f"sum/{i}" for i in range(4)]
    assert compare(*found).result.tasks == 4


def test_a_row_that_never_ran_in_one_run_has_the_name_that_the_other_knows(tmp_path: Path) -> None:
    a, b = (suite(tmp_path / name, ROWS) for name in "ab")
    edit(b, lambda document, rows: rows.__delitem__(slice(4, 6)))
    found = compare(*run_pair(load_run(a), load_run(b)))
    assert (found.result.tasks, found.b.counts["missing"]) == (4, 2)


def test_other_prompts_are_refused(tmp_path: Path) -> None:
    runs = [load_run(play(tmp_path / str(size), "null", size=size)) for size in (1000, 2000)]
    with pytest.raises(ConfigError, match="another prompt for 3 tasks"):
        compare(*run_pair(*runs))


def test_a_prompt_that_one_run_never_got_to_show_is_no_other_prompt(tmp_path: Path) -> None:
    a = play(tmp_path / "a", "null")
    b = play(tmp_path / "b", Told("x", "x", PolicyError("the server is down")))
    found = compare(*run_pair(load_run(a), load_run(b)))
    assert len(found.unpaired) == 1


def test_two_targets_are_refused(tmp_path: Path) -> None:
    a, b = play(tmp_path / "a", "null"), suite(tmp_path / "b", ROWS)
    with pytest.raises(ConfigError, match=r"evaluates test/recorded-v0 and .* gsm8k"):
        run_pair(load_run(a), load_run(b))


def test_categories_of_a_suite_are_compared_each(tmp_path: Path) -> None:
    rows = [{"problem": f"{i} + 1", "answer": str(i + 1), "solution": rf"\boxed{{{i + 1}}}"} for i in range(8)]
    named = [
        {**row, "unique_id": f"{i}", "subject": "Algebra" if i % 2 else "Geometry", "level": 1}
        for i, row in enumerate(rows)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in named))
    for policy in ("null", "oracle"):
        evaluate("math500", policy, data=tmp_path / "rows.jsonl", out=tmp_path / policy)
    found = compare(*run_pair(load_run(tmp_path / "null"), load_run(tmp_path / "oracle")))
    assert {each.name: each.result.tasks for each in found.categories} == {"Algebra": 4, "Geometry": 4}
    assert all(each.p_holm >= each.result.p_value for each in found.categories)


def test_seeds_that_pose_the_same_task_are_one_cluster(tmp_path: Path) -> None:
    run = run_samples(load_run(play(tmp_path, "null", n=6, size=2)))
    clusters = [task.cluster for task in run.tasks]
    assert len({task.task for task in run.tasks}) == 6
    assert 1 <= len({cluster for cluster in clusters if cluster}) <= 2


def test_the_prompt_of_an_old_log_is_worked_out_from_its_episodes(tmp_path: Path) -> None:
    new = run_samples(load_run(play(tmp_path, "null")))
    edit(tmp_path, lambda document, rows: [row.pop("prompt") for row in rows])
    assert run_samples(load_run(tmp_path)).prompts == new.prompts
    assert len(set(new.prompts.values())) == 3


@pytest.mark.parametrize(("verifier", "told"), [(None, "does not record its verifier"), ("verify", "by name only")])
def test_an_old_run_says_what_it_did_not_record(tmp_path: Path, verifier: str | None, told: str) -> None:
    play(tmp_path, "null")
    assert load_run(tmp_path).gaps() == []
    edit(tmp_path, lambda document, rows: document["config"]["target"].update(verifier=verifier or ""))
    assert told in " ".join(load_run(tmp_path).gaps())


def test_a_lenient_score_that_is_none_is_left_out(tmp_path: Path) -> None:
    task = TaskDefinition(
        "test/odd-v0", pose, verifier=lambda response, gold: Score.of(False, metrics={"lenient": float("nan")})
    )
    evaluate(task, ConstantPolicy("x"), n=1, split="all", out=tmp_path)
    assert run_samples(load_run(tmp_path)).tasks[0].samples[0].lenient is None


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        load_run(tmp_path)


def test_a_record_keeps_its_prompt_and_lenient_score_through_the_file() -> None:
    record = EpisodeRecord(
        task=0, sample=0, config="c", task_id="t", outcome=Outcome.CORRECT, value=1.0, lenient=0.5, prompt="ab"
    )
    assert EpisodeRecord.from_row(json.loads(record.line())) == record

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.benchmarks.folder import EPISODES, Plan, read_run
from assaygym.benchmarks.index import Entry, EpisodeIndex
from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.recorded import RecordedRun, load_run
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import ReportFacts
from assaygym.benchmarks.report.facts import report_facts
from assaygym.benchmarks.rescore import rescore, write_rescoring
from assaygym.benchmarks.runner import evaluate
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import PolicyError
from assaygym.types import Completion, Score

VALUES = {"r": 1.0, "p": 0.5, "w": 0.0, "u": 0.0, "e": math.nan, "i": math.nan}
OUTCOMES = dict(zip("rpwuei", ("correct", "partial", "incorrect", "unparsed", "error", "invalid"), strict=True))
DOCUMENT: dict[str, Any] = {"config_hash": "c", "attempts": []}


def run_of(*tasks: str, **fields: Any) -> RecordedRun:
    """A run whose tasks are words of letters, one a sample: right, partial, wrong, unparsed, error, invalid, - none."""
    records = {
        (task, sample): EpisodeRecord(
            task=task,
            sample=sample,
            config="c",
            task_id=f"t{task}",
            outcome=Outcome(OUTCOMES[letter]),
            value=VALUES[letter],
            prompt=f"p{task}",
            **fields,
        )
        for task, letters in enumerate(tasks)
        for sample, letter in enumerate(letters)
        if letter != "-"
    }
    config = {"assaygym": "0", "target": {"id": "target", "verifier": "v#1"}, "policy": {"name": "policy"}, "seed": 7}
    plan = Plan(tasks=tuple(range(len(tasks))), samples=max(map(len, tasks)))
    return RecordedRun(name="runs/a", folder="runs/a", config=config, plan=plan, records=records)


def entries(run: RecordedRun, measures: Measures | None = None) -> list[Entry]:
    return [
        Entry(record=run.records[key], measures=measures or Measures(), offset=0, length=0)
        for key in sorted(run.records)
    ]


def facts(*tasks: str, **fields: Any) -> ReportFacts:
    run = run_of(*tasks, **fields)
    return report_facts(run, DOCUMENT, entries(run))


def test_the_headline_has_the_score_over_scored_episodes_with_bounds() -> None:
    head = facts("rw", "re", "--").headline
    assert head.score.mean == 0.75  # of 1/2 and 1
    assert head.bounds.low == pytest.approx(1 / 3)  # of 1/2, 1/2 and 0
    assert head.bounds.high == pytest.approx(5 / 6)  # of 1/2, 1 and 1
    assert (head.tasks, head.samples, head.planned, head.done, head.scored) == (3, 2, 6, 4, 3)
    assert head.text.startswith("75.0 % [")
    assert head.text.endswith("n=2x2")


def test_every_planned_episode_is_in_the_counts() -> None:
    counts = facts("rpwu", "ei--").headline.counts
    expected = dict.fromkeys(OUTCOMES.values(), 1) | {"unfinished": 0, "missing": 2}
    assert counts == expected


def test_a_run_without_a_score_says_so() -> None:
    found = facts("e", "e")
    assert found.headline.text == "no score n=0 of 2"
    assert math.isnan(found.headline.score.mean)


def test_curves_are_those_of_the_statistics() -> None:
    curves = {curve.name: curve for curve in facts("rw", "rr").curves}
    assert set(curves) == {"pass@k", "pass^k"}
    assert [(point.k, point.estimate.mean) for point in curves["pass@k"].points] == [(1, 0.75), (2, 1.0)]
    assert [(point.k, point.estimate.mean) for point in curves["pass^k"].points] == [(1, 0.75), (2, 0.5)]


def test_graded_scores_have_a_curve_of_the_best_and_answers_one_of_votes() -> None:
    assert [curve.name for curve in facts("pw", "rr").curves] == ["pass@k", "pass^k", "best-of-k"]
    assert [curve.name for curve in facts("ww", "rr", extracted="7").curves] == ["pass@k", "pass^k", "maj@k"]


def test_one_sample_a_task_makes_no_curve() -> None:
    assert facts("r", "w").curves == ()


def test_the_strict_and_the_lenient_score_stand_side_by_side_with_the_rows_that_differ() -> None:
    gap = facts("rw", "re", lenient=1.0).format_gap
    assert gap is not None
    assert (gap.strict.mean, gap.lenient.mean, gap.gap, gap.count) == (0.75, 1.0, 0.25, 1)
    (row,) = gap.rows
    assert (row.episode.task, row.episode.sample, row.strict, row.lenient) == (0, 1, 0.0, 1.0)


def test_scores_that_cannot_differ_have_no_gap() -> None:
    assert facts("rw").format_gap is None


def test_measures_come_from_the_entries_and_records_without_one_still_count() -> None:
    run = run_of("rw", "rr")
    found = report_facts(run, DOCUMENT, entries(run, Measures(turns=2, sampled_tokens=5))[:3])
    turns = next(each for each in found.histograms if each.name == "turns")
    assert (turns.episodes, turns.edges[0]) == (4, 0)
    assert (found.speed.episodes, found.speed.sampled_tokens) == (4, 15)


def test_an_entry_outside_the_plan_is_passed_over() -> None:
    run = run_of("r")
    other = Entry(record=run_of("r", "w").records[1, 0], measures=Measures(turns=9), offset=0, length=0)
    found = report_facts(run, DOCUMENT, [*entries(run), other, *entries(run)])
    assert (found.speed.episodes, found.speed.turns) == (1, 0)


def test_tokens_that_only_the_server_counted_are_counted() -> None:
    run = run_of("rw", usage={"prompt_tokens": 30, "completion_tokens": 4, "cost": 0.25})
    found = report_facts(run, DOCUMENT, entries(run))
    assert (found.speed.prompt_tokens, found.speed.sampled_tokens) == (60, 8)
    assert "tokens" in {each.name for each in found.histograms}
    own = report_facts(run, DOCUMENT, entries(run, Measures(sampled_tokens=5, prompt_tokens=1)))
    assert (own.speed.prompt_tokens, own.speed.sampled_tokens) == (2, 10)


def test_the_cost_is_of_all_attempts_those_that_were_killed_by_their_episodes() -> None:
    run = run_of("rw", usage={"cost": 0.25}, attempt=2)
    attempts = [{"started": "", "usage": {"cost": 1.0, "currency": "USD"}}, {"started": ""}]
    speed = report_facts(run, {**DOCUMENT, "attempts": attempts}, entries(run)).speed
    assert (speed.cost, speed.currency) == (1.5, "USD")
    assert math.isnan(facts("rw").speed.cost)


def test_what_a_run_did_not_record_is_told() -> None:
    run = run_of("r")
    bare = RecordedRun(
        name=run.name,
        folder=run.folder,
        config={"target": {"id": "a"}, "policy": {"name": "p"}},
        plan=run.plan,
        records=run.records,
    )
    told = report_facts(bare, DOCUMENT, []).provenance
    assert (told.assaygym, told.seed, told.verifier) == ("unknown", None, "")
    assert "does not record its verifier" in told.gaps[0]
    assert report_facts(run, DOCUMENT, []).provenance.seed == 7


@pytest.mark.parametrize("tasks", [("r",), ("e",), ("rpwuei", "------")])
def test_the_facts_are_plain_json(tasks: tuple[str, ...]) -> None:
    row = json.loads(json.dumps(facts(*tasks).as_dict(), allow_nan=False))
    assert row["headline"]["target"] == "target"
    assert set(row) == set(ReportFacts.__dataclass_fields__)


def test_an_infinity_is_none_in_json() -> None:
    found = facts("r")
    odd = replace(found, speed=replace(found.speed, cost=math.inf))
    assert odd.as_dict()["speed"]["cost"] is None


def test_the_size_of_the_facts_does_not_grow_with_the_episodes_and_the_time_little() -> None:
    run = run_of(*["rwer"] * 2500, explanation="got 3, gold 4", lenient=1.0)
    began = time.process_time()
    found = report_facts(run, DOCUMENT, entries(run, Measures(turns=1, characters=3, said="x")))
    assert time.process_time() - began < 10  # 200,000 episodes take about as long
    assert len(json.dumps(found.as_dict())) < 400_000


def pose(rng: Any) -> tuple[str, str]:
    return f"What is twice {(number := rng.randrange(1000))}?", str(2 * number)


class Twice:
    """Right on some tasks, wrong on others; raises on every seventh number or so."""

    name = "twice"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        number = int(prompts[0].messages[-1].content.split()[-1].rstrip("?"))
        if number % 7 == 0:
            raise PolicyError("the server is down")
        return [said(str(2 * number + number % 3 % 2))]


def judge(response: str, gold: str) -> Score:
    return Score.of(response == gold, extracted=response, explanation=f"got {response}, gold {gold}")


def generous(response: str, gold: str) -> Score:
    return Score.of(True, extracted=response)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    evaluate(TaskDefinition("test/facts-v0", pose, verifier=judge), Twice(), out=out, n=24, k=1, split="all")
    return out


def read(path: Path) -> ReportFacts:
    run = load_run(path)
    document, _ = read_run(run.folder)
    with EpisodeIndex(Path(run.folder) / EPISODES, document["config_hash"]) as index:
        return report_facts(run, document, index.entries())


def test_a_real_run_has_all_its_facts(folder: Path) -> None:
    found = read(folder)
    assert sum(found.headline.counts.values()) == 24
    assert found.headline.counts["correct"] + sum(kind.count for kind in found.failures) == 24
    assert {each.name for each in found.histograms} == {"reward", "characters", "turns", "seconds"}
    assert all(each.episodes == 24 for each in found.histograms)
    assert found.latency is not None
    assert found.latency.source == "verifier"
    assert found.latency.measured == found.headline.scored
    assert found.provenance.attempts[0].episodes == 24
    assert found.headline.rescored == ""


def test_later_scores_are_told_to_be_so_and_their_measures_are_of_the_run(folder: Path) -> None:
    later = write_rescoring(rescore(folder, target=TaskDefinition("test/facts-v0", pose, verifier=generous)))
    before, found = read(folder), read(later)
    assert found.headline.score.mean == 1.0 > before.headline.score.mean
    assert found.headline.rescored.startswith("The scores are those of rescored-1.json, by generous#")
    assert found.speed == before.speed
    assert found.latency == before.latency

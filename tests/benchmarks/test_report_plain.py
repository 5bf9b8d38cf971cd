from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from assaygym.benchmarks.folder import Plan, open_run
from assaygym.benchmarks.recorded import RecordedRun
from assaygym.benchmarks.records import EpisodeLog, EpisodeRecord, Outcome
from assaygym.benchmarks.report.facts import report_facts
from assaygym.benchmarks.report.plain import load_summary, markdown, print_summary, write_report
from assaygym.benchmarks.summary import Summary, summarise
from assaygym.errors import RunError

CONFIG = {"target": {"id": "gsm8k"}, "policy": {"name": "oracle"}}


def record(task: int, outcome: Outcome, explanation: str = "", config: str = "c") -> EpisodeRecord:
    value = 1.0 if outcome is Outcome.CORRECT else 0.0 if outcome.scored else math.nan
    return EpisodeRecord(
        task=task, sample=0, config=config, task_id=f"t{task}", outcome=outcome, value=value, explanation=explanation
    )


def summary(*rows: EpisodeRecord, tasks: int | None = None, folder: str = "") -> Summary:
    plan = Plan(tasks=tuple(range(len(rows) if tasks is None else tasks)), samples=1)
    return summarise("gsm8k", "oracle", plan, {row.key: row for row in rows}, folder)


def printed(shown: Summary) -> str:
    stream = io.StringIO()
    print_summary(shown, Console(file=stream, width=100))
    return stream.getvalue()


MIXED = (
    record(0, Outcome.CORRECT),
    record(1, Outcome.INCORRECT, "number: 3, gold [4]"),
    record(2, Outcome.INVALID, "sandbox down"),
)


def test_the_table_shows_score_interval_outcomes_and_bounds() -> None:
    text = printed(summary(*MIXED))
    assert "50.0 % [9.5, 90.5] n=2" in text
    assert "1 correct, 1 incorrect, 1 invalid" in text
    assert "1: 33.3 % if all were wrong, 66.7 % if all were right" in text


def test_the_limit_that_ended_the_run_is_told_in_both_forms() -> None:
    ended = replace(summary(*MIXED, tasks=5), ended_by="the run's limit of tokens, 1,000")
    assert re.search(r"ended by +the run's limit of tokens, 1,000", printed(ended))
    assert "| ended by | the run's limit of tokens, 1,000 |" in markdown(ended)
    assert "ended by" not in printed(summary(*MIXED)) + markdown(summary(*MIXED))


def test_a_summary_that_is_read_again_still_says_which_limit_ended_the_run(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG, Plan(tasks=(0, 1), samples=1)) as run:
        run.end_attempt(episodes=0, interrupted=False, why="limit time", limits={"time": 2.5})
    assert load_summary(tmp_path).ended_by == "the run's limit of time, 2.5"


def test_failures_are_shown_with_the_verifiers_reason_unaltered() -> None:
    assert "t1 sample 0: incorrect: number: 3, gold [4]" in printed(summary(*MIXED))


def test_the_last_lines_are_the_commands_to_go_on_with() -> None:
    assert printed(summary(*MIXED, folder="runs/my a")).splitlines()[-3:] == [
        "assay report 'runs/my a'",
        "assay show 'runs/my a' --failed",
        "the same call again tries the 1 failed episodes once more",
    ]


def test_where_all_is_right_no_failures_are_offered() -> None:
    assert printed(summary(MIXED[0], folder="runs/a")).splitlines()[-1] == "assay report runs/a"


@pytest.mark.parametrize(
    ("rows", "tasks", "hint"),
    [
        (MIXED[:1], 5, "4 episodes have not run: the same call again resumes"),
        (MIXED, 3, "the same call again tries the 1 failed episodes once more"),
    ],
)
def test_the_report_says_how_to_go_on(rows: tuple[EpisodeRecord, ...], tasks: int, hint: str) -> None:
    assert hint in printed(summary(*rows, tasks=tasks))


def test_a_finished_run_needs_no_hint() -> None:
    assert "same call" not in printed(summary(MIXED[0]))


def test_a_long_reason_is_cut() -> None:
    text = markdown(summary(record(0, Outcome.INCORRECT, "x" * 5000)))
    assert "x" * 100 in text
    assert len(text) < 1500


def test_what_a_model_wrote_cannot_format_the_markdown() -> None:
    text = markdown(summary(record(0, Outcome.INCORRECT, "<img src=x>\n# [link](http://a) | `code`")))
    assert "\n#" not in text.split("## Typical failures")[1]
    assert "\\<img src=x\\>" in text
    assert "\\[link\\]" in text


def test_the_folder_gets_a_summary_and_a_report(tmp_path: Path) -> None:
    found = summary(*MIXED, folder=str(tmp_path))
    write_report(tmp_path, found)
    row = json.loads((tmp_path / "summary.json").read_text())
    assert row["headline"] == found.headline()
    assert (tmp_path / "report.md").read_text() == markdown(found)


def test_text_that_is_no_unicode_can_still_be_reported(tmp_path: Path) -> None:
    write_report(tmp_path, summary(record(0, Outcome.INCORRECT, "half \ud800 pair")))
    assert "half" in (tmp_path / "report.md").read_text()


def test_a_report_that_cannot_be_written_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot write"):
        write_report(tmp_path / "absent", summary(*MIXED))


def test_the_summary_can_be_worked_out_again_from_the_folder(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG, Plan(tasks=(0, 1, 2), samples=1)) as run, EpisodeLog(run.episodes) as log:
        rows = [record(0, Outcome.CORRECT, config=run.config_hash), record(1, Outcome.ERROR, config=run.config_hash)]
        for row in rows:
            log.append(row)
    assert load_summary(tmp_path) == summary(*rows, tasks=3)
    assert load_summary(tmp_path).folder == str(tmp_path)


def full(*rows: EpisodeRecord) -> str:
    """The Markdown with the facts of these records."""
    found = {row.key: row for row in rows}
    plan = Plan(tasks=tuple(range(len(rows))), samples=1)
    run = RecordedRun(name="a", folder="a", config=CONFIG, plan=plan, records=found)
    return markdown(summary(*rows), report_facts(run, {"config_hash": "c", "attempts": []}, []))


def test_with_the_facts_it_tells_categories_failures_hardest_tasks_and_flags() -> None:
    odd = replace(record(0, Outcome.CORRECT), category="Number theory", flags=("early_exit",))
    text = full(odd, record(1, Outcome.INCORRECT, "number: 3, gold [4]"), MIXED[2])
    for line in (
        "| Number theory | 100.0 % | \\[20.7, 100.0\\] |",
        "| wrong | 1 | number: 3, gold \\[4\\] |",
        "| invalid | 1 | sandbox down |",
        "| seed 1 | 0 of 1 | 0.0 % |",
        "| early\\_exit | 1 | 1 | ends its process",
    ):
        assert line in text
    assert "Typical failures" not in text


def test_without_anything_to_tell_it_has_no_section() -> None:
    assert "##" not in full(record(0, Outcome.CORRECT))


def test_what_a_model_wrote_cannot_leave_its_cell() -> None:
    text = full(replace(record(0, Outcome.INCORRECT, "a | b\n# c"), category="x|y"))
    assert "| wrong | 1 | a \\| b \\# c |" in text
    assert "x\\|y" in text


def test_later_scores_have_a_summary_too(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG, Plan(tasks=(0,), samples=1)) as run:
        pass
    (tmp_path / "rescored-1.json").write_text(json.dumps({"verifier": "v#2", "assaygym": "1"}))
    (tmp_path / "rescored-1.jsonl").write_bytes(record(0, Outcome.CORRECT, config=run.config_hash).line())
    assert load_summary(tmp_path / "rescored-1.json").score.mean == 1.0
    assert load_summary(tmp_path).scored == 0

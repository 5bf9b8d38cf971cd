from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import EpisodeRef, Flag
from assaygym.benchmarks.report.flags import Flags

RIGHT, WRONG = Outcome.CORRECT, Outcome.INCORRECT


def collected(*episodes: tuple[Outcome, Measures, dict[str, Any]]) -> dict[str, Flag]:
    """The flags of these episodes by name, each on a task of its own with a prompt of its own."""
    seen = Flags()
    for task, (outcome, measures, fields) in enumerate(episodes):
        value = float(outcome is RIGHT) if outcome.scored else math.nan
        row = {"value": value, "prompt": f"p{task}", **fields}
        record = EpisodeRecord(task=task, sample=0, config="c", task_id="t", outcome=outcome, **row)
        seen.add(record, measures, EpisodeRef(task=task, sample=0, name=f"t{task}"))
    return {flag.name: flag for flag in seen.facts()}


def right(*measures: Measures) -> dict[str, Flag]:
    return collected(*((RIGHT, each, {}) for each in measures))


def tasks(flag: Flag) -> list[int]:
    return [ref.task for ref in flag.examples]


def said(words: Iterable[str], characters: int = 30) -> list[Measures]:
    return [Measures(turns=1, said=word, characters=characters) for word in words]


def test_recorded_flags_are_counted_with_how_many_were_right() -> None:
    found = collected(
        (RIGHT, Measures(), {"flags": ("early_exit", "odd_files")}),
        (WRONG, Measures(), {"flags": ("early_exit",)}),
        (WRONG, Measures(), {}),
    )
    exits = found["early_exit"]
    assert (exits.count, exits.rewarded, exits.source, tasks(exits)) == (2, 1, "verifier", [0, 1])
    assert exits.meaning.startswith("ends its process from inside")
    assert found["odd_files"].count == 1


def test_a_flag_that_names_a_file_is_counted_once_by_its_name() -> None:
    found = collected((WRONG, Measures(), {"flags": ("not_laid: a.py (ours)", "not_laid: b.py (ours)")}))
    assert found["not_laid"].count == 1


def test_a_flag_nobody_knows_is_shown_all_the_same() -> None:
    assert (
        collected((RIGHT, Measures(), {"flags": ("brand_new",)}))["brand_new"].meaning == "a flag of the verifier's own"
    )


def test_right_without_a_tool_is_flagged_where_others_needed_tools() -> None:
    used, not_used = Measures(turns=2, tool_calls=3), Measures(turns=1)
    flag = right(used, used, not_used)["no_tool_call"]
    assert (flag.count, tasks(flag)) == (1, [2])
    assert "no_tool_call" not in right(used, not_used, not_used)
    assert "no_tool_call" not in collected((RIGHT, used, {}), (RIGHT, used, {}), (WRONG, not_used, {}))


def test_copied_and_suspicious_are_flagged_only_where_they_are_rewarded() -> None:
    odd = Measures(copied=True, suspicious=True)
    assert {"copied", "suspicious_text"} <= set(right(odd))
    assert not {"copied", "suspicious_text"} & set(collected((WRONG, odd, {})))


def test_suspicious_text_is_left_to_the_verifier_that_flagged_it() -> None:
    found = collected((RIGHT, Measures(suspicious=True), {"flags": ("early_exit",)}))
    assert "suspicious_text" not in found


def test_very_short_is_less_than_a_tenth_of_what_is_usual() -> None:
    usual = [Measures(characters=100)] * 3
    flag = right(*usual, Measures(characters=9), Measures(characters=10))["very_short"]
    assert (flag.count, tasks(flag)) == (1, [3])


def test_nothing_is_very_short_where_short_is_usual() -> None:
    assert "very_short" not in right(*[Measures(characters=39)] * 3, Measures(characters=1))
    assert "very_short" not in collected((WRONG, Measures(characters=1), {}))


def test_tokens_measure_the_length_where_there_are_any() -> None:
    usual = [Measures(sampled_tokens=100, characters=400)] * 3
    assert right(*usual, Measures(sampled_tokens=5, characters=400))["very_short"].count == 1


def test_one_output_that_is_right_on_three_tasks_is_flagged() -> None:
    flag = right(*said("abcaa"))["same_output"]
    assert (flag.count, tasks(flag)) == (3, [0, 3, 4])
    assert "same_output" not in right(*said("abca"))


def test_the_same_output_on_the_same_prompt_is_no_surprise() -> None:
    rows = [(RIGHT, each, {"prompt": "one"}) for each in said("aaaa")]
    assert "same_output" not in collected(*rows)


def test_short_answers_repeat_unless_one_is_most_of_what_scores() -> None:
    assert "same_output" not in right(*said("aaabbb", characters=1))
    assert right(*said("aaaab", characters=1))["same_output"].count == 4


def test_saying_nothing_and_scoring_is_never_a_short_answer() -> None:
    assert right(*said("aaabcdef", characters=0))["same_output"].count == 3


def test_the_check_on_scored_errors_is_always_shown_and_finds_them() -> None:
    clean = collected((Outcome.ERROR, Measures(), {}), (RIGHT, Measures(), {}))["scored_error"]
    assert (clean.count, clean.source) == (0, "check")
    broken = collected((Outcome.INVALID, Measures(), {"value": 1.0}), (Outcome.ERROR, Measures(), {"value": 0.0}))
    assert (broken["scored_error"].count, broken["scored_error"].rewarded) == (2, 1)


def test_examples_are_the_first_three() -> None:
    assert tasks(right(*[Measures(copied=True)] * 5)["copied"]) == [0, 1, 2]

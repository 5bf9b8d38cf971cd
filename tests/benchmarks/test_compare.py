from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest

from assaygym.benchmarks.compare import Comparison, compare, comparison_lines
from assaygym.benchmarks.statistics import RunSamples, Sample, Status, TaskSamples
from assaygym.errors import ConfigError

OUTCOMES = [(1.0, 0.0)] + [(0.0, 1.0)] * 9 + [(1.0, 1.0)] * 6 + [(0.0, 0.0)] * 4
CATEGORIES = ["algebra" if i % 2 else "counting" for i in range(20)]


def run(
    name: str, values: Sequence[float | None], *, verifier: str = "math@1", lenient: float | None = None
) -> RunSamples:
    """A run with one sample a task; None stands for one that was cut."""
    return RunSamples(
        name=name,
        tasks=[
            TaskSamples(
                task=f"t{i}",
                samples=(
                    Sample(value=value, lenient=lenient) if value is not None else Sample(status=Status.TRUNCATED),
                ),
                category=CATEGORIES[i % 20],
            )
            for i, value in enumerate(values)
        ],
        prompts={f"t{i}": f"digest {i}" for i in range(len(values))},
        verifier=verifier,
    )


def both() -> tuple[RunSamples, RunSamples]:
    return run("small", [a for a, _ in OUTCOMES]), run("large", [b for _, b in OUTCOMES])


def text(comparison: Comparison) -> str:
    return "\n".join(comparison_lines(comparison))


def test_two_runs_are_compared_task_by_task() -> None:
    found = compare(*both())
    assert (found.result.only_a, len(found.result.only_b)) == (("t0",), 9)
    assert found.result.p_value == pytest.approx(2 * 11 / 2**10)
    assert found.verdict == "large is better than small (p = 0.021)"
    assert (found.a.score.mean, found.b.score.mean) == pytest.approx((0.35, 0.75))


def test_the_lines_say_all_of_it() -> None:
    lines = comparison_lines(compare(*both()))
    assert lines[0] == "A: small: 35.0 % [18.1, 56.7] n=20"
    assert lines[1] == "B: large: 75.0 % [53.1, 88.8] n=20"
    assert lines[2].startswith("B - A: +40.0 points, 95 % interval [")
    assert lines[3] == "solved by A only 1, B only 9, both 6, neither 4"
    assert lines[4] == "McNemar exact: p = 0.021; mid-p: p = 0.012"
    assert lines[5] == "large is better than small (p = 0.021)"
    assert lines[-2] == "only A: t0"
    assert lines[-1] == "only B: t1, t2, t3, t4, t5, t6, t7, t8, t9"


def test_swapping_the_runs_turns_the_difference_round() -> None:
    a, b = both()
    there, back = compare(a, b), compare(b, a)
    assert back.result.difference == pytest.approx(-there.result.difference)
    assert back.result.p_value == pytest.approx(there.result.p_value)
    assert back.verdict == there.verdict


def test_tasks_are_found_by_name_whatever_their_order() -> None:
    """A peer aligns the rows of two files by their place."""
    a, b = both()
    shuffled = list(b.tasks)
    random.Random(3).shuffle(shuffled)
    found = compare(a, RunSamples(name=b.name, tasks=shuffled, prompts=b.prompts, verifier=b.verifier))
    assert found.result == compare(a, b).result


def test_no_difference_comes_with_the_smallest_one_that_could_be_detected() -> None:
    found = compare(run("x", [1.0, 0.0] * 40), run("y", [1.0, 0.0] * 38 + [0.0, 1.0] * 2))
    assert not found.significant
    assert found.verdict.startswith("no detectable difference (p = 1.000); smallest detectable here is ")
    assert found.verdict.endswith(f"{100 * found.result.detectable:.1f} points (four times in five)")


def test_too_few_tasks_to_detect_anything_are_said_to_be() -> None:
    found = compare(run("x", [1.0, 0.0]), run("y", [0.0, 1.0]))
    assert "cannot be told from so few tasks" in found.verdict


@pytest.mark.parametrize("status", [Status.ERRORED, Status.INVALID, Status.TRUNCATED])
def test_what_has_no_score_is_no_loss(status: Status) -> None:
    a, b = both()
    lost = TaskSamples(task="t10", samples=(Sample(status=status),))
    holed = RunSamples(name="large", tasks=[*b.tasks[:10], lost, *b.tasks[11:]], prompts=b.prompts, verifier=b.verifier)
    found = compare(a, holed)
    assert (found.result.tasks, found.unpaired) == (19, ("t10",))
    assert (found.result.only_a, found.b.counts[status]) == (("t0",), 1)
    assert (found.bounds.low, found.bounds.high) == pytest.approx((0.35, 0.40))
    assert f"without a score in large: 1 {status}" in text(found)
    assert "B - A from +35.0 to +40.0 points" in text(found)
    assert "not paired, for want of a score in one run: 1 tasks" in text(found)


def test_runs_without_a_common_score_have_nothing_to_compare() -> None:
    found = compare(run("x", [None, 1.0]), run("y", [0.0, None]))
    assert found.verdict == "nothing to compare: no task has a score in both runs"
    assert "A: x: no score n=0" in text(found)
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["p_value"] is None


def test_another_verifier_is_refused() -> None:
    with pytest.raises(ConfigError, match="another verifier: math@1 in x, math@2 in y; allow verifier"):
        compare(run("x", [1.0]), run("y", [1.0], verifier="math@2"))


def test_an_unknown_verifier_is_another_one() -> None:
    with pytest.raises(ConfigError, match="another verifier: math@1 in x, unknown in y"):
        compare(run("x", [1.0]), run("y", [1.0], verifier=""))


def test_other_prompts_are_refused() -> None:
    a, b = both()
    other = RunSamples(name="large", tasks=b.tasks, prompts={**b.prompts, "t3": "new"}, verifier=b.verifier)
    with pytest.raises(ConfigError, match=r"another prompt for 1 task \(t3\); allow prompts"):
        compare(a, other)


def test_prompts_that_are_known_on_one_side_only_are_refused() -> None:
    a, b = both()
    with pytest.raises(ConfigError, match=r"another prompt for 20 tasks \(t0, t1, t2, \.\.\.\)"):
        compare(a, RunSamples(name="large", tasks=b.tasks, verifier=b.verifier))


def test_other_tasks_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"other tasks: 2 tasks \(t2, t3\) only in x; allow tasks"):
        compare(run("x", [1.0] * 4), run("y", [1.0] * 2))


def test_all_that_differs_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"other tasks: .* only in y; another verifier: .*; allow tasks, verifier"):
        compare(run("x", [1.0]), run("y", [1.0] * 2, verifier="math@2"))


def test_what_was_allowed_to_differ_stands_in_the_result() -> None:
    found = compare(run("x", [1.0] * 4), run("y", [1.0] * 2, verifier="math@2"), allow=["tasks", "verifier"])
    assert (found.result.tasks, found.a.extra, found.b.extra) == (2, 2, 0)
    assert "compared although they differ: other tasks: 2 tasks (t2, t3) only in x" in text(found)
    assert "compared although they differ: another verifier: math@1 in x, math@2 in y" in text(found)


def test_runs_that_share_no_task_are_refused_even_when_tasks_may_differ() -> None:
    x = RunSamples(name="x", tasks=[TaskSamples(task="p", samples=(Sample(value=1.0),))])
    y = RunSamples(name="y", tasks=[TaskSamples(task="q", samples=(Sample(value=1.0),))])
    with pytest.raises(ConfigError, match="they share no task"):
        compare(x, y, allow=["tasks"])


def test_an_allowance_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="allow names 'prompt'; did you mean 'prompts'"):
        compare(*both(), allow=["prompt"])


def test_a_task_that_stands_twice_is_refused() -> None:
    a, b = both()
    with pytest.raises(ConfigError, match="stand twice in the run, the first is 't0'"):
        compare(RunSamples(name="small", tasks=[*a.tasks, a.tasks[0]]), b)


def test_categories_are_adjusted_for_their_number() -> None:
    found = compare(*both())
    p_values = sorted(category.result.p_value for category in found.categories)
    assert [category.name for category in found.categories] == ["counting", "algebra"]
    assert sorted(c.p_holm for c in found.categories) == pytest.approx(
        [2 * p_values[0], max(p_values[1], 2 * p_values[0])]
    )
    row = next(line for line in comparison_lines(found) if line.startswith("algebra "))
    assert row.split() == ["algebra", "10", "30.0", "%", "80.0", "%", "+50.0", "0.062", "0.125"]


def test_one_category_is_not_shown_again() -> None:
    assert compare(run("x", [1.0]), run("y", [0.0])).categories == ()


def test_several_samples_of_different_numbers_are_compared_by_their_means() -> None:
    few = [TaskSamples(task=str(i), samples=(Sample(value=0.0), Sample(value=1.0))) for i in range(10)]
    many = [TaskSamples(task=str(i), samples=(Sample(value=1.0),) * 4) for i in range(10)]
    found = compare(RunSamples(name="x", tasks=few), RunSamples(name="y", tasks=many))
    assert found.result.difference == 0.5
    assert found.result.test == "sign-flip permutation, exact"
    assert comparison_lines(found)[0].endswith("n=10, 20 samples")


def test_lenient_scores_are_compared_when_asked_for() -> None:
    a, b = run("x", [0.0] * 8, lenient=1.0), run("y", [1.0] * 8)
    assert compare(a, b).significant
    found = compare(a, b, reading="lenient")
    assert found.result.difference == 0
    assert "scores are of the extracted answers, whatever their format" in text(found)


def test_the_same_seed_gives_the_same_comparison() -> None:
    generator = random.Random(9)
    a, b = (run(name, [generator.random() for _ in range(30)]) for name in "xy")
    assert compare(a, b, resamples=500) == compare(a, b, resamples=500)
    assert compare(a, b, resamples=500) != compare(a, b, resamples=500, seed=1)


def test_long_lists_of_flips_are_cut() -> None:
    lines = comparison_lines(compare(*both()), flips=2)
    assert lines[-1] == "only B: t1, t2 and 7 more"


def test_the_result_is_plain_json() -> None:
    row = json.loads(json.dumps(compare(*both()).as_dict(), allow_nan=False))
    assert (row["significant"], row["test"]) == (True, "McNemar exact")
    assert row["result"]["only_a"] == ["t0"]
    assert row["categories"][0]["p_holm"] <= 1

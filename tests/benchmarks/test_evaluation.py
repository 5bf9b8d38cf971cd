"""Limits of a run end it cleanly: nobody's zero, nothing lost, the same call goes on."""

from __future__ import annotations

import json
import math
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.agents.openai_usage import Meter, Prices, Tokens
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.benchmarks.evaluation import EstimateOverLimit
from assaygym.benchmarks.progress import Tally
from assaygym.benchmarks.runner import RunInterrupted, evaluate
from assaygym.benchmarks.summary import Summary
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError
from assaygym.types import Completion, Message, Score


def pose(rng: random.Random) -> tuple[str, str]:
    return f"Say {(word := rng.randrange(10**9))}.", str(word)


def verify(response: str, gold: str) -> Score:
    return Score.of(gold in response)


SAY = TaskDefinition("test/say-v0", pose, verifier=verify)


class Priced:
    """Costs 1 a request, of which it feeds 10 tokens and samples 5; right by the sample's seed."""

    name = "priced"

    def __init__(self, max_cost: float | None = None, *, counts: bool = True, price: float = 1.0) -> None:
        self.meter = Meter(self.name, Prices(prompt=price * 1e6 / 10, completion=0.0), max_cost)
        self.counts = counts
        self.asked: list[str] = []

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.meter.check()
        self.asked.append(prompts[0].messages[-1].content)
        self.meter.answered(Tokens(prompt=10, completion=5) if self.counts else None)
        self.meter.served_by({"model": "priced-1", "system_fingerprint": "fp"})
        assert params.seed is not None
        return [said(prompts[0].messages[-1].content if params.seed % 2 else "no")]


class Counting:
    """Has token ids and no prices."""

    name = "counting"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        message = Message(role="assistant", content="no")
        return [Completion(message=message, prompt_ids=(1, 2, 3), token_ids=(4, 5), logprobs=(-1.0, -1.0))]


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "episodes.jsonl").read_bytes().splitlines()]


def attempts(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "run.json").read_text())["attempts"]
    return found


def run(policy: Any, out: Path | None = None, **options: Any) -> Summary:
    return evaluate(SAY, policy, **{"n": 20, "split": "all", "out": out, "concurrency": 1, **options})


def whole(**options: Any) -> Summary:
    return run(Priced(), **options)


@pytest.mark.parametrize("concurrency", [1, 6])
@pytest.mark.parametrize(
    ("limit", "sentence"),
    [({"limit_tokens": 150}, "tokens and its limit is 150"), ({"limit_cost": 5.0}, "and its limit is $5.00")],
)
def test_a_limit_ends_the_run_and_a_higher_one_goes_on(
    tmp_path: Path, concurrency: int, limit: dict[str, Any], sentence: str
) -> None:
    name = next(iter(limit))
    if name == "limit_cost":  # past the estimate: eight episodes that cost little are known
        run(Priced(price=1e-6), tmp_path, n=8, concurrency=1)
    first = run(Priced(), tmp_path, concurrency=concurrency, **limit)
    assert sentence in first.ended_by
    assert first.done < 20
    assert first.counts["error"] == first.counts["unfinished"] == 0
    assert len(rows(tmp_path)) == first.done
    assert attempts(tmp_path)[-1]["why"] == f"limit {name.removeprefix('limit_')}"
    second = run(Priced(), tmp_path, concurrency=concurrency, **{name: 10_000})
    assert (second.ended_by, attempts(tmp_path)[-1]["why"]) == ("", "done")
    assert second == whole()
    assert len(rows(tmp_path)) == 20


def test_a_limit_counts_what_earlier_starts_used(tmp_path: Path) -> None:
    run(Priced(), tmp_path, limit_tokens=60)
    assert len(rows(tmp_path)) == 4
    again = Priced()
    assert run(again, tmp_path, limit_tokens=60).ended_by == "the run has used 60 tokens and its limit is 60"
    assert again.asked == []
    run(again, tmp_path, limit_tokens=90)
    assert len(again.asked) == 2


def test_of_a_start_that_was_killed_its_episodes_count(tmp_path: Path) -> None:
    run(Priced(), tmp_path, limit_tokens=60)
    document = json.loads((tmp_path / "run.json").read_text())
    document["attempts"][0] = {**document["attempts"][0], "ended": None}
    del document["attempts"][0]["usage"]
    (tmp_path / "run.json").write_text(json.dumps(document))
    again = Priced()
    run(again, tmp_path, limit_tokens=75)
    assert len(again.asked) == 1


def test_limits_of_a_run_are_no_part_of_its_configuration(tmp_path: Path) -> None:
    run(Priced(), tmp_path / "a")
    run(Priced(), tmp_path / "b", limit_time=1e6, limit_tokens=10**6, limit_cost=1e6)
    a, b = (json.loads((tmp_path / name / "run.json").read_text()) for name in "ab")
    assert a["config_hash"] == b["config_hash"]


def test_tokens_are_those_of_ids_where_nobody_meters(tmp_path: Path) -> None:
    summary = run(Counting(), tmp_path, limit_tokens=11)
    assert (summary.done, len(rows(tmp_path))) == (3, 3)
    usage = rows(tmp_path)[0]["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["cost"]) == (3, 2, 0)


def test_after_its_time_a_run_begins_nothing_and_lets_end_what_it_began(tmp_path: Path) -> None:
    class Slow(Priced):
        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            time.sleep(0.15)
            return super().generate(prompts, params)

    summary = run(Slow(), tmp_path, limit_time=0.1, concurrency=3, n=40)
    assert summary.ended_by == "the limit of 0.1 s for this start is over"
    assert 0 < summary.done <= 3
    assert summary.scored == summary.done
    assert run(Priced(), tmp_path, limit_time=60.0, n=40).complete


def test_a_run_that_is_done_when_its_limit_is_reached_was_not_ended_by_it(tmp_path: Path) -> None:
    summary = run(Priced(), tmp_path, limit_tokens=15 * 20)
    assert (summary.complete, summary.ended_by) == (True, "")
    assert run(Priced(), tmp_path, limit_tokens=1).ended_by == ""


@pytest.mark.parametrize("concurrency", [1, 5])
def test_the_policys_own_limit_ends_the_run_and_fails_no_episode(tmp_path: Path, concurrency: int) -> None:
    summary = run(Priced(max_cost=10.0), tmp_path, n=30, concurrency=concurrency)
    assert "max_cost is 10: no further request is sent" in summary.ended_by
    assert summary.counts["error"] == 0
    assert summary.scored == summary.done >= 10
    assert attempts(tmp_path)[0]["why"] == "limit policy"
    assert run(Priced(), tmp_path, n=30) == whole(n=30)


def test_a_limit_that_cannot_be_kept_ends_the_run(tmp_path: Path) -> None:
    summary = run(Priced(counts=False), tmp_path, limit_tokens=1000)
    assert "does not say how many tokens an answer took" in summary.ended_by
    assert summary.done == 1


def test_an_episode_that_the_policys_limit_cuts_between_its_turns_is_not_recorded(tmp_path: Path) -> None:
    class Caller(Priced):
        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            super().generate(prompts, params)
            env = prompts[0].env
            assert env is not None
            return [said(env.oracle_action())]

    summary = evaluate("assay/Shop-v0", Caller(max_cost=7.0), n=10, concurrency=1, out=tmp_path)
    assert "max_cost is 7" in summary.ended_by
    found = rows(tmp_path)
    assert all(row["outcome"] == "correct" for row in found)
    assert sum(row["usage"]["cost"] for row in found) < 7  # the last requests were paid, and belong to no result
    assert attempts(tmp_path)[0]["usage"]["cost"] == 7
    assert evaluate("assay/Shop-v0", Caller(), n=10, out=tmp_path).score.mean == 1.0


def test_use_is_that_of_the_episode_whatever_else_is_played_beside_it(tmp_path: Path) -> None:
    run(Priced(), tmp_path, concurrency=8, n=40)
    for row in rows(tmp_path):
        usage = row["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"], usage["cost"]) == (10, 5, 1.0)
        assert usage["seconds"] >= 0
    usage = attempts(tmp_path)[0]["usage"]
    assert (usage["cost"], usage["requests"], usage["prompt_tokens"], usage["currency"]) == (40, 40, 400, "USD")
    assert attempts(tmp_path)[0]["served"] == {"priced-1 fp": 40}
    assert attempts(tmp_path)[0]["limits"] == {"time": None, "tokens": None, "cost": None}
    assert attempts(tmp_path)[0]["concurrency"] == 8


def test_a_start_records_only_its_own_use_of_a_policy(tmp_path: Path) -> None:
    policy = Priced()
    run(policy, tmp_path, n=8)
    run(policy, tmp_path, n=11)
    assert [each["usage"]["requests"] for each in attempts(tmp_path)] == [8, 3]
    assert [each["usage"]["cost"] for each in attempts(tmp_path)] == [8, 3]


@given(
    limits=st.lists(st.integers(1, 15 * 12), max_size=4),
    concurrency=st.integers(1, 4),
    most=st.none() | st.integers(1, 6),
)
@settings(max_examples=12, deadline=None)
def test_whatever_limits_end_its_starts_the_run_is_that_of_one_start(
    limits: list[int], concurrency: int, most: float | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for limit in limits:
            run(Priced(max_cost=most), out, n=12, concurrency=concurrency, limit_tokens=limit)
        assert run(Priced(), out, n=12, concurrency=concurrency) == whole(n=12)
        assert len(rows(out)) == 12
        assert sum(each["episodes"] for each in attempts(out)) == 12


# the estimate


class Heard:
    """A display that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.done: list[int] = []

    def begin(self, tally: Tally, /) -> None:
        self.planned = tally.planned

    def note(self, sentence: str, /) -> None:
        self.notes.append(sentence)

    def __call__(self, tally: Tally, /) -> None:
        self.done.append(tally.done)


def test_the_estimate_comes_after_a_few_episodes_which_are_kept(tmp_path: Path) -> None:
    heard = Heard()
    summary = run(Priced(), tmp_path, n=40, progress=heard)
    assert heard.planned == 40
    (note,) = heard.notes
    assert note.startswith("estimate for 32 more episodes, from 8 that were played: $32.00, 320 tokens in, 160 out, ")
    assert note.endswith("at this pace")
    assert heard.done == list(range(1, 41))
    assert summary == whole(n=40)
    assert [row["task"] for row in rows(tmp_path)][:8] == [0, 5, 10, 15, 20, 25, 30, 35]


def test_a_run_that_would_cost_more_than_its_limit_is_not_begun_further(tmp_path: Path) -> None:
    with pytest.raises(EstimateOverLimit, match=r"has cost \$8\.00 and its limit is \$39\.00; .*\$32\.00"):
        run(Priced(), tmp_path, n=40, limit_cost=39)
    assert len(rows(tmp_path)) == 8
    assert (attempts(tmp_path)[0]["why"], attempts(tmp_path)[0]["episodes"]) == ("estimate", 8)
    assert json.loads((tmp_path / "summary.json").read_text())["done"] == 8
    assert run(Priced(), tmp_path, n=40, limit_cost=40) == whole(n=40)


def test_what_is_resumed_is_ground_enough_for_the_estimate(tmp_path: Path) -> None:
    run(Priced(), tmp_path, n=10)
    again, heard = Priced(), Heard()
    with pytest.raises(EstimateOverLimit):
        run(again, tmp_path, n=40, limit_cost=20, progress=heard)
    assert again.asked == []
    assert heard.notes[0].startswith("estimate for 30 more episodes, from 10 that were played: $30.00")


def test_without_prices_nothing_is_held_back_for_an_estimate() -> None:
    heard = Heard()
    run(Counting(), n=40, progress=heard)
    assert heard.notes == []


def test_a_cost_needs_prices() -> None:
    with pytest.raises(ConfigError, match=r"limit_cost is 3 and the prices of null are not known; .*--price PROMPT"):
        evaluate(SAY, "null", limit_cost=3)


@pytest.mark.parametrize("name", ["limit_time", "limit_tokens"])
@pytest.mark.parametrize("limit", [0, -2, math.nan])
def test_a_limit_below_something_is_refused(name: str, limit: float) -> None:
    with pytest.raises(ConfigError, match=f"{name} is {limit}"):
        evaluate(SAY, "null", **{name: limit})  # type: ignore[arg-type]


# how a start ended


def test_an_interrupt_and_an_error_are_recorded_as_such(tmp_path: Path) -> None:
    def interrupt(tally: Tally) -> None:
        raise KeyboardInterrupt

    def fail(tally: Tally) -> None:
        raise ZeroDivisionError

    with pytest.raises(RunInterrupted):
        run(Priced(), tmp_path, progress=interrupt)
    with pytest.raises(ZeroDivisionError):
        run(Priced(), tmp_path, progress=fail)
    run(Priced(), tmp_path)
    assert [(each["why"], each["interrupted"]) for each in attempts(tmp_path)] == [
        ("interrupted", True),
        ("error", False),
        ("done", False),
    ]
    assert [each["episodes"] for each in attempts(tmp_path)] == [1, 1, 18]


def test_the_slowest_episode_under_way_is_known_while_it_lasts() -> None:
    seen: list[tuple[str, int, float]] = []
    go_on = threading.Event()

    class Stuck(Priced):
        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            if "Say" in prompts[0].messages[-1].content and not self.asked:
                self.asked.append("stuck")
                go_on.wait(10)
            return super().generate(prompts, params)

    def look(tally: Tally) -> None:
        if not seen and (slowest := tally.slowest()) is not None:
            seen.append((slowest[0].name, slowest[0].turn, slowest[1]))
        go_on.set()

    run(Stuck(), n=5, concurrency=2, progress=look)
    assert seen
    assert seen[0][0].startswith("test/say-v0:")
    assert seen[0][1] == 1
    assert seen[0][2] > 0

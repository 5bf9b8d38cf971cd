"""The benchmark of many requests at once: its server, its checks, and a small and a full run of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from assaygym.agents.openai_policy import Usage
from assaygym.agents.workers import EpisodeJob
from assaygym.benchmarks.speed import requests
from assaygym.benchmarks.speed.requests import checks
from assaygym.benchmarks.speed.stub_server import FAULTS, StubServer, answer_to, fault_of
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn

pytestmark = pytest.mark.alone  # deadlines
SMALL = ["--episodes", "64", "--concurrency", "64", "--latency", "0.02", "--timeout", "1.2"]


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = requests.main([*arguments, "--json", "-"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def test_sixty_four_at_once_all_end_and_every_failure_has_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(SMALL, capsys)
    assert [sentence for sentence, holds in found["checks"].items() if not holds] == []
    assert (code, found["figures"]["answered"], found["figures"]["given_up"]) == (0, 64, 0)
    assert all(both["server"] == both["named"] > 0 for both in found["failures"].values())
    assert found["figures"]["retries"] == sum(both["named"] for both in found["failures"].values()) > 4


def test_what_is_given_up_is_a_failed_episode_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(["--episodes", "20", "--concurrency", "20", "--fail", "1", "--stall", "0", "--latency", "0",
                       "--retries", "1"], capsys)  # fmt: skip
    assert (code, found["figures"]["answered"], found["figures"]["given_up"]) == (0, 0, 20)
    assert all("gave no answer in 2 attempts" in error for error in found["given_up"])


@pytest.mark.slow
def test_a_thousand_at_once_all_end_and_every_failure_has_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run([], capsys)
    assert [sentence for sentence, holds in found["checks"].items() if not holds] == []
    assert code == 0
    assert set(found["failures"]) == set(FAULTS)
    assert found["figures"]["most_in_flight"] > 900


def test_faults_come_in_the_shares_that_were_asked_for_and_the_same_each_time() -> None:
    drawn = [fault_of(1, str(number), 0, fail=0.1, stall=0.05) for number in range(20_000)]
    shares = {fault: count / len(drawn) for fault, count in Counter(drawn).items()}
    assert shares == pytest.approx({None: 0.85, "timeout": 0.05, **dict.fromkeys(FAULTS[:4], 0.025)}, abs=0.005)
    assert drawn[:100] == [fault_of(1, str(number), 0, fail=0.1, stall=0.05) for number in range(100)]


def test_the_server_ends_with_its_owner() -> None:
    with StubServer() as server:
        assert server.counts() == {"faults": {}, "answers": {}, "most_in_flight": 0}
    assert server._process.returncode == 0


def played(number: int, stop: StopReason = StopReason.COMPLETED) -> tuple[EpisodeJob, Trajectory]:
    asked = Message(role="user", content=f"question {number}")
    answer = Completion(message=Message(role="assistant", content=answer_to([{"content": asked.content}])))
    turns = (Turn(observation=(asked,), completion=answer),) if stop is StopReason.COMPLETED else ()
    trajectory = Trajectory(
        env_id="e", task_id=str(number), seed=number, split="all", turns=turns, score=None, stop_reason=stop
    )
    return EpisodeJob(key=str(number), seed=number), trajectory


EPISODES = [played(0), played(1), played(2, StopReason.ERROR)]
USAGE = Usage(requests=2, failed=1, retries=2, failures={"timeout": 3})
COUNTS = {"faults": {"timeout": 3}, "answers": {"a": 1, "b": 1}}


def broken(**changes: Any) -> list[str]:
    given = {"played": EPISODES, "episodes": 3, "usage": USAGE, "counts": COUNTS, "left": (0, 0), **changes}
    return [sentence for sentence, holds in checks(**given).items() if not holds]


def test_a_run_as_it_should_be_passes_every_check() -> None:
    assert broken() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"episodes": 4}, "every episode ended"),
        ({"played": [EPISODES[0], EPISODES[0], EPISODES[2]]}, "every episode ended, none twice"),
        ({"usage": replace(USAGE, failures={"connection": 3})}, "every failure has the server's name"),
        ({"usage": replace(USAGE, retries=1)}, "every failure was tried again"),
        ({"usage": replace(USAGE, requests=3)}, "every request was answered once"),
        ({"counts": {**COUNTS, "answers": {"a": 2, "b": 1}}}, "every request was answered once"),
        ({"counts": {**COUNTS, "answers": {"a": 1}}}, "every request was answered once"),
        ({"left": (1, 0)}, "no thread"),
        ({"left": (0, 1)}, "no socket"),
    ],
)
def test_a_run_that_went_wrong_fails_the_check_that_says_so(changes: dict[str, Any], sentence: str) -> None:
    assert [said for said in broken(**changes) if said.startswith(sentence)]


def test_an_answer_that_reached_another_episode_is_seen() -> None:
    (job, first), (_, second) = EPISODES[:2]
    mixed = replace(first, turns=(replace(first.turns[0], completion=second.turns[0].completion),))
    assert broken(played=[(job, mixed), *EPISODES[1:]]) == ["every answer reached the episode that asked"]


def test_the_tables_name_every_check_and_every_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code = requests.main(["--episodes", "4", "--concurrency", "2", "--latency", "0", "--fail", "0", "--stall", "0"])
    shown = capsys.readouterr().out
    assert code == 0
    assert "no socket is left over" in shown
    assert "requests per second" in shown
    assert "FAILS" not in shown

from __future__ import annotations

import math
from typing import Any

import pytest

from assaygym.agents.record import trajectory_to_dict
from assaygym.benchmarks.measures import Measures, measure
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn, Verdict

PROMPT = "Say after me:  the quick brown fox jumps over the dog."


def turn(said: str, *calls: ToolCall, prompt: str = PROMPT, **fields: Any) -> Turn:
    message = Message(role="assistant", content=said, tool_calls=calls)
    return Turn(
        observation=(Message(role="user", content=prompt),),
        completion=Completion(message=message, token_ids=(1, 2, 3), logprobs=(0.0, 0.0, 0.0), prompt_ids=(1, 2)),
        **fields,
    )


def measured(*turns: Turn, metrics: dict[str, float] | None = None) -> Measures:
    score = Score(value=1.0, verdict=Verdict.CORRECT, metrics=metrics or {}, seconds=0.125)
    episode = Trajectory(
        env_id="e", task_id="t", seed=0, split="all", turns=turns, score=score, stop_reason=StopReason.COMPLETED
    )
    return measure(trajectory_to_dict(episode))


def test_turns_tokens_characters_and_seconds_are_added_up() -> None:
    found = measured(
        turn("abc", sampling_seconds=1.0, step_seconds=0.5, info={"tool_calls": 2, "tool_errors": 1}),
        turn("de", sampling_seconds=2.0, step_seconds=0.25, info={"repaired": True}),
    )
    assert (found.turns, found.tool_calls, found.tool_errors, found.repaired) == (2, 2, 1, 1)
    assert (found.prompt_tokens, found.sampled_tokens, found.characters) == (4, 6, 5)
    assert (found.sampling_seconds, found.step_seconds, found.verify_seconds, found.seconds) == (3.0, 0.75, 0.125, 3.75)


def test_the_last_step_is_told_apart_from_the_ones_before() -> None:
    assert measured(turn("a", step_seconds=0.5), turn("b", step_seconds=0.25)).last_step_seconds == 0.25
    assert math.isnan(measured(turn("a", step_seconds=0.5), turn("b")).last_step_seconds)


def test_an_episode_that_never_began_measures_nothing() -> None:
    found = measure({})
    assert (found.turns, found.characters, found.copied, found.suspicious) == (0, 0, False, False)
    assert math.isnan(found.seconds)


def test_the_same_words_have_the_same_digest_and_others_another() -> None:
    call = ToolCall(id="1", name="search", arguments="{}")
    texts = [(turn("a"),), (turn("a", prompt="another"),), (turn("b"),), (turn("a", call),), (turn("a"), turn(""))]
    digests = [measured(*turns).said for turns in texts]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    ("said", "copied"),
    [
        ("the quick brown fox jumps", True),
        ("the quick brown\n fox jumps over", True),
        ("the quick brown cat jumps", False),
        ("the quick", False),
        ("", False),
    ],
)
def test_a_longer_answer_that_stands_in_the_prompt_is_copied(said: str, copied: bool) -> None:
    assert measured(turn(said)).copied is copied


@pytest.mark.parametrize(
    ("said", "suspicious"), [("import os; os._exit(0)", True), ("pytest.skip('no')", True), ("print(os.name)", False)]
)
def test_words_of_programs_that_get_around_a_verifier_are_seen(said: str, suspicious: bool) -> None:
    assert measured(turn(said), turn("done")).suspicious is suspicious
    assert measured(turn("", ToolCall(id="1", name="python", arguments=said))).suspicious is suspicious


def test_changes_nobody_asked_for_are_what_the_verifier_counted() -> None:
    assert measured(turn("a"), metrics={"unexpected": 2.0}).unasked == 2
    assert measured(turn("a")).unasked == 0
    assert [measured(turn("a"), metrics={"unexpected": odd}).unasked for odd in (math.nan, math.inf)] == [0, 0]

import math

import pytest
import torch

from assaygym.agents.batch import Batch, make_batch
from assaygym.errors import PolicyError
from assaygym.types import Completion, Message, Score, StopReason, Trajectory, Turn

PAD = 99


def completion(prompt: str, sampled: str, logps: tuple[float, ...] | None = None) -> Completion:
    """Ids are written as letters: each is its place in the alphabet."""
    return Completion(
        message=Message(role="assistant", content=sampled),
        prompt_ids=ids(prompt),
        token_ids=ids(sampled),
        logprobs=tuple(-0.5 for _ in sampled) if logps is None else logps,
    )


def ids(text: str) -> tuple[int, ...]:
    return tuple(ord(letter) - ord("a") for letter in text)


def episode(*completions: Completion, reward: float = 1.0, score: Score | None = None, **fields: object) -> Trajectory:
    turns = [Turn(observation=(), completion=c) for c in completions[:-1]]
    turns += [Turn(observation=(), completion=c, reward=reward) for c in completions[-1:]]
    stop = fields.pop("stop_reason", StopReason.COMPLETED)
    assert isinstance(stop, StopReason)
    return Trajectory(
        env_id="assay/X-v0",
        task_id="x",
        seed=0,
        split="train",
        turns=tuple(turns),
        score=score,
        stop_reason=stop,
        error=fields.get("error"),  # type: ignore[arg-type]
    )


def batch(*trajectories: Trajectory) -> Batch:
    return make_batch(trajectories, [0] * len(trajectories), pad_id=PAD)


def test_only_sampled_tokens_are_marked() -> None:
    made = batch(episode(completion("abc", "de")))
    assert made.tokens_BT.tolist() == [[0, 1, 2, 3, 4]]
    assert made.mask_BT.tolist() == [[0, 0, 0, 1, 1]]


def test_sampled_logprobs_stand_at_their_tokens() -> None:
    made = batch(episode(completion("abc", "de", (-0.25, -2.0))))
    assert made.sampled_BT.tolist() == [[0, 0, 0, -0.25, -2.0]]


def test_rows_are_padded_on_the_right_and_padding_is_not_marked() -> None:
    made = batch(episode(completion("abc", "de")), episode(completion("a", "b"), reward=0.0))
    assert made.tokens_BT[1].tolist() == [0, 1, PAD, PAD, PAD]
    assert made.mask_BT[1].tolist() == [0, 1, 0, 0, 0]
    assert made.lengths_B.tolist() == [5, 2]


def test_an_episode_of_several_turns_is_one_row_with_observations_unmarked() -> None:
    made = batch(episode(completion("ab", "c"), completion("abcxy", "de"), completion("abcxydez", "f")))
    assert made.tokens_BT.tolist() == [list(ids("abcxydezf"))]
    assert made.mask_BT.tolist() == [[0, 0, 1, 0, 0, 1, 1, 0, 1]]


def test_a_turn_whose_prompt_rewrote_the_history_goes_on_in_a_new_row_of_the_same_episode() -> None:
    made = batch(episode(completion("ab", "cd")), episode(completion("ab", "cd"), completion("axc", "e")))
    assert made.episode_B.tolist() == [0, 1, 1]
    assert made.mask_BT.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]]
    assert len(made.rewards_N) == 2


def test_rewards_are_sums_over_turns_and_groups_are_kept() -> None:
    first, second = episode(completion("a", "b"), reward=0.25), episode(completion("a", "c"), reward=1.0)
    made = make_batch([first, second], [7, 3], pad_id=PAD)
    assert made.rewards_N.tolist() == [0.25, 1.0]
    assert made.groups_N.tolist() == [7, 3]


INVALID = episode(completion("a", "b"), reward=math.nan, score=Score.invalid("the sandbox broke"))
FAILED = episode(completion("a", "b"), stop_reason=StopReason.ERROR, error="RuntimeError: boom")
EMPTY = episode(completion("a", ""), reward=0.0)


@pytest.mark.parametrize("unusable", [INVALID, FAILED, EMPTY, episode()], ids=["invalid", "error", "empty", "no turn"])
def test_what_cannot_be_judged_is_dropped_and_counted_never_a_zero(unusable: Trajectory) -> None:
    made = make_batch([unusable, episode(completion("a", "b"))], [0, 1], pad_id=PAD)
    assert (made.dropped, made.rewards_N.tolist(), made.groups_N.tolist()) == (1, [1.0], [1])


@pytest.mark.parametrize(
    ("unusable", "reason"), [(INVALID, "the sandbox broke"), (FAILED, "boom"), (EMPTY, "nothing was sampled")]
)
def test_a_batch_with_nothing_to_train_on_says_why(unusable: Trajectory, reason: str) -> None:
    with pytest.raises(PolicyError, match=f"none of 1 episodes.*{reason}"):
        batch(unusable)


def test_an_episode_cut_by_a_limit_is_trained_on() -> None:
    assert batch(episode(completion("a", "b"), reward=0.0, stop_reason=StopReason.MAX_TOKENS)).dropped == 0


@pytest.mark.parametrize("logps", [(), (-1.0,)])
def test_sampled_ids_without_their_log_probabilities_are_refused(logps: tuple[float, ...]) -> None:
    with pytest.raises(PolicyError, match=r"2 sampled ids has \d log-probabilities"):
        batch(episode(completion("a", "bc", logps)))


def test_all_tensors_move_to_another_device_together() -> None:
    moved = batch(episode(completion("ab", "c"))).to("meta")
    values = [getattr(moved, name) for name in moved.__slots__]
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert (len(tensors), moved.dropped) == (18, 0)

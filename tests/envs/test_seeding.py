"""Keyed generators and splits that cannot overlap."""

import hashlib
import json
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.envs.seeding import EVAL_SHARE, check_split, digest, fingerprint, keyed_rng, split_of
from assaygym.errors import ConfigError
from assaygym.types import Message, Task


def draw(env_id: str, split: str, seed: int, difficulty: dict[str, int]) -> list[float]:
    rng = keyed_rng(env_id, split, seed, difficulty)
    return [rng.random() for _ in range(3)]


def test_the_same_key_gives_the_same_stream() -> None:
    assert draw("e-v0", "train", 1, {"a": 1, "b": 2}) == draw("e-v0", "train", 1, {"b": 2, "a": 1})


@pytest.mark.parametrize(
    "other",
    [
        ("e-v1", "train", 1, {"a": 1}),
        ("e-v0", "eval", 1, {"a": 1}),
        ("e-v0", "train", 2, {"a": 1}),
        ("e-v0", "train", 1, {"a": 2}),
    ],
)
def test_any_part_of_the_key_changes_the_stream(other: tuple[str, str, int, dict[str, int]]) -> None:
    assert draw("e-v0", "train", 1, {"a": 1}) != draw(*other)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(),
    st.lists(st.integers()), st.tuples(st.text(), st.booleans()),
)  # fmt: skip


@given(st.text(), st.one_of(st.integers(0), st.booleans()), st.dictionaries(st.text(), VALUES), st.text())
def test_the_key_is_json_as_the_standard_library_writes_it(
    env_id: str, seed: int, knobs: dict[str, object], purpose: str
) -> None:
    """The stream of every task ever recorded hangs on these bytes."""
    key = json.dumps([env_id, "train", seed, sorted(knobs.items(), key=lambda knob: knob[0]), purpose], default=repr)
    expected = random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))
    assert keyed_rng(env_id, "train", seed, knobs, purpose).getstate() == expected.getstate()


def test_the_stream_of_a_key_is_the_one_it_always_was() -> None:
    rng = keyed_rng("assay/Reverse-v0", "train", 7, {"length": 4, "alphabet": 6, "phrasings": 1})
    assert [rng.randrange(10**6) for _ in range(3)] == [142570, 604683, 500535]


@given(st.lists(st.builds(Message, role=st.sampled_from(["system", "user", "tool"]), content=st.text()), max_size=3))
def test_the_digest_is_of_json_as_the_standard_library_writes_it(prompt: list[Message]) -> None:
    text = json.dumps([[message.role, message.content] for message in prompt])
    assert digest(prompt) == hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def test_neighbouring_seeds_share_nothing_when_shifted() -> None:
    """Seed s plus index is how most suites repeat the tasks of one seed in the next."""
    first = keyed_rng("e-v0", "train", 1, {})
    second = keyed_rng("e-v0", "train", 2, {})
    assert {first.random() for _ in range(1000)}.isdisjoint({second.random() for _ in range(1000)})


def test_no_global_generator_is_touched() -> None:
    random.seed(5)
    before = random.getstate()
    draw("e-v0", "train", 1, {})
    assert random.getstate() == before


def test_the_stream_is_the_same_under_another_hash_seed() -> None:
    code = "from assaygym.envs.seeding import keyed_rng; print(keyed_rng('e-v0', 'eval', 7, {'k': 'v'}).random())"
    outputs = {
        subprocess.check_output([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}) for seed in ("1", "2")
    }
    assert len(outputs) == 1


def posed(text: str, **metadata: object) -> Task[None]:
    return Task(id="t", prompt=(Message(role="user", content=text),), answer=None, metadata=metadata)


@given(st.text())
def test_a_prompt_belongs_to_exactly_one_split(text: str) -> None:
    assert split_of(posed(text)) in ("train", "eval")


def test_about_one_prompt_in_five_is_kept_for_evaluation() -> None:
    share = sum(split_of(posed(str(i))) == "eval" for i in range(5000)) / 5000
    assert abs(share - 1 / EVAL_SHARE) < 0.03


def test_the_system_message_does_not_change_the_split() -> None:
    system = Message(role="system", content="You are terse.")
    with_system = Task(id="t", prompt=(system, *posed("2 + 2?").prompt), answer=None)
    assert fingerprint(with_system) == fingerprint(posed("2 + 2?"))
    assert digest(with_system.prompt) != digest(posed("2 + 2?").prompt)


def test_two_wordings_of_one_problem_stay_together() -> None:
    wordings = [posed("2 + 2?", identity=(2, 2)), posed("Add 2 to 2.", identity=(2, 2))]
    assert fingerprint(wordings[0]) == fingerprint(wordings[1])
    assert fingerprint(posed("2 + 2?", identity=(2, 3))) != fingerprint(wordings[0])


@pytest.mark.parametrize("split", ["train", "eval", "all"])
def test_the_splits_are_these(split: str) -> None:
    assert check_split(split) == split


def test_an_unknown_split_suggests_a_known_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'train'"):
        check_split("trian")

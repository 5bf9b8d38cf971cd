"""No key or password reaches a run's files, whatever it stands beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaygym.benchmarks.folder import Plan, open_run
from assaygym.benchmarks.scrub import HIDDEN, scrubbed

ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
body = st.text(ALPHABET, min_size=32, max_size=40)
keys = body.flatmap(
    lambda text: st.sampled_from(
        [f"sk-{text}", f"sk-proj-{text}", f"hf_{text}", f"ghp_{text}", f"github_pat_{text}", f"AIza{text}"]
    )
)
secrets = st.one_of(
    keys.map(lambda key: ({"note": key}, key)),
    keys.map(lambda key: ({"why": [f"the server said: bad key {key}, try again"]}, key)),
    keys.map(lambda key: ({key: 1}, key)),
    body.map(lambda text: ({"header": f"Bearer {text}"}, text)),
    body.map(lambda text: ({"url": f"http://me:{text}@host/v1"}, text)),
    st.tuples(body, st.sampled_from(["api_key", "apikey", "OPENAI_API_KEY", "password", "token", "Authorization"])).map(
        lambda pair: ({pair[1]: pair[0]}, pair[0])
    ),
    body.map(lambda text: ({"headers": {"X-Any": text}}, text)),
)


def buried(found: tuple[dict[str, Any], str], depth: int) -> tuple[dict[str, Any], str]:
    config, secret = found
    for level in range(depth):
        config = {"options": [config, level], "max_tokens": 100}
    return config, secret


@given(st.builds(buried, secrets, st.integers(0, 3)))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_secret_anywhere_in_the_configuration_is_not_in_the_file(
    tmp_path: Path, found: tuple[dict[str, Any], str]
) -> None:
    config, secret = found
    with open_run(tmp_path, config, Plan(tasks=(0,), samples=1), overwrite=True) as run:
        run.end_attempt(why="error", said=config)
    assert secret not in (tmp_path / "run.json").read_text()


def test_what_the_environment_holds_under_a_secrets_name_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVER_TOKEN", "correct horse battery")
    monkeypatch.setenv("MY_FOLDER", "correct horse")
    assert scrubbed({"a": ["said correct horse battery to it"]}) == {"a": [f"said {HIDDEN} to it"]}
    assert scrubbed("correct horse") == "correct horse"


@pytest.mark.parametrize(
    "config",
    [
        {"limits": {"max_tokens": 100, "timeout": None}, "params": {"stop": ["</s>"], "temperature": 0.7}},
        {"policy": {"name": "openai:gpt-5"}, "prompt": "What is the secret of the token? Sort by key."},
        {"verifier": "exact#1f0c5d9b2a77", "sha256": "ab" * 32, "url": "https://host/v1", "key_order": "a"},
        {"knobs": {"tokens": "some", "keys": ["a", "b"], "passwords": 3}, "task": "risk-averse-shopping-for-beginners"},
    ],
)
def test_what_is_no_secret_stays_as_it_is(config: dict[str, Any]) -> None:
    assert scrubbed(config) == json.loads(json.dumps(config))


def test_another_key_is_no_other_configuration(tmp_path: Path) -> None:
    for key in ("first-key-of-the-user", "second-key-of-the-user"):
        with open_run(tmp_path, {"extra": {"api_key": key}}, Plan(tasks=(0,), samples=1)):
            pass
    assert len(json.loads((tmp_path / "run.json").read_text())["attempts"]) == 2

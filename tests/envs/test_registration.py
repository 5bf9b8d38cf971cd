"""Ids: registered, found, made, vectorised."""

import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import pytest

import assaygym as ag
from assaygym.envs import registration
from assaygym.envs.catalogue import BUILT_IN
from assaygym.envs.registration import EnvSpec, all_specs, register, register_installed
from assaygym.errors import ConfigError, RegistrationError

IDS = [spec.id for spec in BUILT_IN]
FAST = "assay/Reverse-v0"


@pytest.fixture
def clean() -> Iterator[None]:
    before = dict(registration._specs)
    yield
    for name in registration._specs.keys() - before.keys():
        gymnasium.registry.pop(name, None)
    registration._specs.clear()
    registration._specs.update(before)


def test_the_built_in_ids_are_known_without_importing_their_code() -> None:
    assert set(IDS) <= {spec.id for spec in all_specs()}


@pytest.mark.parametrize("env_id", IDS)
def test_gymnasium_knows_each_id(env_id: str) -> None:
    assert env_id in gymnasium.registry


def test_an_id_may_name_the_module_that_registers_it() -> None:
    assert gymnasium.make(f"assaygym:{FAST}").unwrapped.id == FAST  # type: ignore[attr-defined]
    assert ag.make(f"assaygym:{FAST}").id == FAST


def test_make_gives_the_environment_itself() -> None:
    env = ag.make(FAST, split="eval")
    assert env.unwrapped is env
    assert env.spec is not None
    assert env.spec.kwargs == {"split": "eval"}


@pytest.mark.parametrize(
    ("env_id", "message"),
    [
        ("assay/Revrse-v0", "did you mean 'assay/Reverse-v0'"),
        ("assay/Reverse-v9", "did you mean 'assay/Reverse-v0'"),
        ("no_such_module:assay/Reverse-v0", "cannot import 'no_such_module'"),
    ],
)
def test_an_unknown_id_is_a_sentence(env_id: str, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        ag.make(env_id)


@pytest.mark.parametrize("entry_point", ["no_such_module:x", "assaygym.envs.core:nothing", "assaygym.envs.core:DRAWS"])
def test_an_entry_point_that_leads_nowhere_is_a_sentence(clean: None, entry_point: str) -> None:
    register(EnvSpec(id="test/nowhere-v0", entry_point=entry_point))
    with pytest.raises(RegistrationError, match=r"nowhere|not callable"):
        ag.make("test/nowhere-v0")


def test_what_makes_something_else_is_refused(clean: None) -> None:
    register(EnvSpec(id="test/other-v0", entry_point=lambda: object()))  # type: ignore[arg-type, return-value]
    with pytest.raises(RegistrationError, match=r"made a object, not an assaygym\.Env"):
        ag.make("test/other-v0")


def test_registering_the_same_code_again_does_nothing(clean: None) -> None:
    spec = EnvSpec(id="test/twice-v0", entry_point="m:x")
    assert register(spec) is register(EnvSpec(id="test/twice-v0", entry_point="m:x"))


def test_code_that_is_defined_anew_takes_the_place_of_the_old(clean: None) -> None:
    def define(answer: str) -> None:
        @ag.task("test/anew-v0")
        def anew(rng: random.Random) -> tuple[str, str]:
            return f"Number {rng.random()}?", answer

    define("old")
    define("new")
    for env in (ag.make("test/anew-v0"), gymnasium.make("test/anew-v0").unwrapped):
        env.reset(seed=1)
        assert env.step("new")[1] == 1


def test_an_id_that_belongs_to_other_code_is_refused(clean: None) -> None:
    register(EnvSpec(id="test/taken-v0", entry_point="m:x"))
    with pytest.raises(RegistrationError, match="taken by m:x; give m:y another name"):
        register(EnvSpec(id="test/taken-v0", entry_point="m:y"))


def test_code_of_a_notebook_may_be_redefined(clean: None) -> None:
    register(EnvSpec(id="test/cell-v0", entry_point="__main__:a"))
    assert register(EnvSpec(id="test/cell-v0", entry_point="__main__:b")).entry_point == "__main__:b"


def test_an_unknown_kind_suggests_a_known_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'game'"):
        EnvSpec(id="test/kind-v0", entry_point="m:x", kind="gam")  # type: ignore[arg-type]


def test_installed_distributions_are_listed_without_importing_them(
    clean: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "third_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[assaygym.envs]\nthird/Party-v0 = third_party_envs:make\n")
    (tmp_path / "third_party_envs.py").write_text(
        "import assaygym\ndef make(**options):\n    return assaygym.make('assay/Reverse-v0', **options)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    register_installed()
    assert ag.spec("third/Party-v0").entry_point == "third_party_envs:make"
    assert "third_party_envs" not in sys.modules
    assert ag.make("third/Party-v0").reset(seed=1)[0]


def test_a_distribution_with_a_broken_id_breaks_nothing_but_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean: None
) -> None:
    info = tmp_path / "broken_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-party\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[assaygym.envs]\nno id = m:x\nbroken/Party-v0 = broken_party_envs:make\n")
    (tmp_path / "broken_party_envs.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.warns(RuntimeWarning, match=r"an environment of broken-party is left out: malformed .* 'no id'"):
        register_installed()
    with pytest.raises(RegistrationError, match=r"cannot load broken/Party-v0 .*ZeroDivisionError"):
        ag.make("broken/Party-v0")


@pytest.mark.parametrize("make_vec", [gymnasium.make_vec, ag.make_vec])
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vector_environments_pose_the_same_tasks_as_single_ones(make_vec: Any, mode: str) -> None:
    single = [ag.make(FAST).reset(seed=5 + i)[0] for i in range(3)]
    vector = make_vec(FAST, num_envs=3, vectorization_mode=mode)
    try:
        observations, info = vector.reset(seed=5)
        assert observations == tuple(single)
        assert list(info["seed"]) == [5, 6, 7]
        _, rewards, terminated, _, info = vector.step(("wrong",) * 3)
        assert list(rewards) == [0.0] * 3
        assert list(terminated) == [True] * 3
        assert all(not score.value for score in info["score"])
    finally:
        vector.close()

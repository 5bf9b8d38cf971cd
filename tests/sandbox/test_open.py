import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from assaygym.errors import ConfigError
from assaygym.sandbox import Limits, Sandbox, open_sandbox, shared_sandbox
from tests.sandbox.fusion_server import FusionServer


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("jial", "did you mean 'jail'?"),
        ("proces", "did you mean 'process'?"),
        ("xyz", "known: auto, docker, jail, process, remote"),
    ],
)
def test_an_unknown_backend_is_refused_with_the_nearest_name(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_sandbox(name)
    assert name in str(error.value)
    assert sentence in str(error.value)


def test_auto_takes_the_jail(jail: Sandbox) -> None:
    with open_sandbox() as opened:
        assert opened.name == jail.name == "jail"


@pytest.mark.parametrize("name", ["process:x", "auto:jail"])
def test_a_backend_that_takes_nothing_after_its_name_says_so(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name!r}.* takes nothing after its name"):
        open_sandbox(name)


def test_a_tier_follows_the_jails_name(jail: Sandbox) -> None:
    with open_sandbox("jail:userns") as opened:
        assert opened.run("pass").isolation == jail.run("pass").isolation
    with pytest.raises(ConfigError, match="no tier 'x'"):
        open_sandbox("jail:x")


def test_an_image_follows_the_name_of_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr("assaygym.sandbox.docker.DockerSandbox", lambda *given, **named: seen.append((given, named)))
    for name in ("docker", "docker:registry:5000/mine:1"):
        open_sandbox(name, workers=2)
    assert seen == [((2, None), {"image": None}), ((2, None), {"image": "registry:5000/mine:1"})]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FusionServer]:
    for name in ("ASSAYGYM_SANDBOX_URL", "ASSAYGYM_SANDBOX_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with FusionServer() as opened:
        yield opened


def test_an_address_follows_the_name_of_remote(server: FusionServer) -> None:
    with open_sandbox(f"remote:{server.url}") as sandbox:
        assert sandbox.run("print(1)").stdout == "1\n"


def test_the_environment_names_the_server_and_the_token(server: FusionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAYGYM_SANDBOX_URL", server.url)
    monkeypatch.setenv("ASSAYGYM_SANDBOX_TOKEN", "secret")
    with open_sandbox("remote") as sandbox:
        assert sandbox.run("print(1)").stdout == "1\n"
    assert server.asked[0][2]["Authorization"] == "Bearer secret"


def test_the_token_of_the_environment_goes_to_no_other_server(
    server: FusionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAYGYM_SANDBOX_URL", "http://another.invalid")
    monkeypatch.setenv("ASSAYGYM_SANDBOX_TOKEN", "secret")
    with open_sandbox(f"remote:{server.url}") as sandbox:
        sandbox.run("pass")
    assert "Authorization" not in server.asked[0][2]


def test_a_remote_sandbox_without_a_server_says_what_to_set(server: FusionServer) -> None:
    with pytest.raises(ConfigError, match="'remote:http://HOST:PORT', or 'remote' and ASSAYGYM_SANDBOX_URL"):
        open_sandbox("remote")


@pytest.mark.parametrize("workers", [0, -1])
def test_workers_must_be_positive(workers: int) -> None:
    with pytest.raises(ConfigError, match=f"workers is {workers}"):
        open_sandbox("process", workers=workers)


def test_the_limits_of_the_sandbox_hold_for_runs_that_give_none() -> None:
    with open_sandbox("process", limits=Limits(output_bytes=5)) as sandbox:
        assert sandbox.run("print('123456789')").stdout == "12345"
        assert sandbox.run("print('123456789')", limits=Limits()).stdout == "123456789\n"


def test_the_shared_sandbox_is_one_for_all_threads(jail: Sandbox) -> None:
    seen: list[Sandbox] = []
    threads = [threading.Thread(target=lambda: seen.append(shared_sandbox())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len({id(sandbox) for sandbox in seen}) == 1
    assert jail.name == seen[0].name


SHARED = """
import os, sys
from assaygym.sandbox import shared_sandbox
first = shared_sandbox()
print(first.name, first.run("print(1)").stdout.strip(), flush=True)
if os.fork() == 0:
    second = shared_sandbox()
    print(second is not first, second.run("print(2)").stdout.strip(), flush=True)
    sys.exit()
print(os.wait()[1], first.run("print(3)").stdout.strip())
"""


@pytest.mark.parametrize("backend", ["jail", "process"])
def test_the_shared_sandbox_survives_a_fork_on_both_sides(jail: Sandbox, backend: str) -> None:
    environment = {**os.environ, "ASSAYGYM_SANDBOX": backend}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SHARED]
    seen = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (seen.stdout, seen.stderr) == (f"{backend} 1\nTrue 2\n0 3\n", "")
    assert jail.name == "jail"


def test_importing_the_sandbox_loads_no_backend() -> None:
    program = "import sys, assaygym.sandbox; print([m for m in sys.modules if m.startswith('assaygym.sandbox.')])"
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert seen.stdout == "['assaygym.sandbox.base', 'assaygym.sandbox._open']\n"

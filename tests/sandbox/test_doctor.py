"""What `assay doctor` says of the backends, and what it is derived from."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from assaygym.errors import IsolationError, MissingDependencyError, SandboxError
from assaygym.sandbox import Limits, Sandbox, doctor, languages, open_sandbox
from assaygym.sandbox._coverage import NAMED_ONLY, RULES, Answer, abilities, protections, usable_languages
from assaygym.sandbox.doctor import BackendReport, describe
from assaygym.sandbox.jail import JailSandbox
from assaygym.sandbox.remote import RemoteSandbox
from tests.sandbox.fusion_server import FusionServer

YES, PARTLY, NO, UNKNOWN = Answer
KNOWN = NAMED_ONLY | {name for rule in RULES.values() for _, needed in rule for name in needed.split()}
JAIL = ("pidns", "netns", "ro_root", "private_scratch", "no_capabilities", "no_new_privs", "seccomp", "rlimits")
SUMS = {"CPU time", "memory"}
"""What the jail limits for each process, not for all of a program."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FusionServer]:
    with FusionServer() as opened:
        monkeypatch.setenv("ASSAYGYM_SANDBOX_URL", opened.url)
        monkeypatch.delenv("ASSAYGYM_SANDBOX_TOKEN", raising=False)
        yield opened


def reported(name: str) -> BackendReport:
    return doctor._report(name)


class TestProtections:
    def test_the_whole_jail_covers_all_but_sums(self) -> None:
        assert protections(JAIL) == {name: PARTLY if name in SUMS else YES for name in RULES}

    def test_limits_alone_cover_little(self) -> None:
        found = protections(("rlimits",))
        assert {name for name, answer in found.items() if answer is YES} == {"wall clock", "output"}
        assert {name for name, answer in found.items() if answer is PARTLY} == {*SUMS, "disk"}

    @pytest.mark.parametrize(
        ("lost", "protection", "answer"),
        [
            ("ro_root", "files", NO),
            ("netns", "network", NO),
            ("pidns", "processes", NO),
            ("pidns", "other runs", NO),
            ("seccomp", "privileges", PARTLY),
            ("private_scratch", "disk", PARTLY),
        ],
    )
    def test_each_mechanism_that_is_lost_costs_its_protection(self, lost: str, protection: str, answer: Answer) -> None:
        assert protections([name for name in JAIL if name != lost])[protection] is answer

    def test_without_processes_of_their_own_programs_are_limited_as_a_whole(self) -> None:
        found = protections(("landlock", "landlock_scope", "seccomp", "no_processes", "rlimits"))
        assert {name: found[name] for name in ("files", "network", "processes", "memory", "disk")} == {
            "files": PARTLY,
            "network": YES,
            "processes": YES,
            "memory": YES,
            "disk": PARTLY,
        }

    def test_a_control_group_limits_memory_as_a_sum(self) -> None:
        assert protections(("cgroup", *JAIL)) == {**protections(JAIL), "memory": YES}

    def test_of_nothing_in_force_nothing_is_said_to_be_covered(self) -> None:
        assert set(protections(()).values()) == {NO}

    def test_a_server_decides_about_isolation(self) -> None:
        found = protections(("remote",))
        assert {name for name, answer in found.items() if answer is UNKNOWN} == {
            *("files", "network", "processes", "privileges", "other runs", "disk")
        }

    def test_every_mechanism_of_the_jail_is_known_here(self, jail: Sandbox) -> None:
        assert set(jail.run("pass").isolation) <= KNOWN


class TestAbilities:
    def test_a_replayed_session_is_one_only_partly(self, server: FusionServer) -> None:
        with RemoteSandbox(server.url) as sandbox:
            assert abilities(sandbox) == {"sessions": PARTLY, "forks": PARTLY, "message channel": NO}

    def test_a_live_session_and_one_that_cannot_be_forked(self) -> None:
        class Live:
            def session(self, limits: Limits) -> Any:
                return LiveSession()

            def spawn(self, program: str, limits: Limits) -> Any:
                raise SandboxError("none")

        class LiveSession:
            value: Any = None

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *given: object) -> None: ...

            def run(self, code: str) -> Any:
                self.value = "7"
                return self

            def fork(self, n: int) -> Any:
                raise SandboxError("no forks")

        sandbox: Any = Live()
        assert abilities(sandbox) == {"sessions": YES, "forks": NO, "message channel": NO}

    def test_a_message_channel_is_found(self) -> None:
        with open_sandbox("process", 1) as sandbox:
            assert abilities(sandbox)["message channel"] is YES

    def test_languages_are_those_that_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        missing = {"gcc", "node"}
        found = languages.locate
        monkeypatch.setattr("assaygym.sandbox.languages.locate", lambda tool: None if tool in missing else found(tool))
        with open_sandbox("process", 1) as sandbox:
            usable = usable_languages(sandbox, ())
        assert {"python", "bash"} <= set(usable) <= {"python", "cpp", "bash"}

    def test_compilers_are_not_even_tried_where_no_process_can_be_started(self) -> None:
        with open_sandbox("process", 1) as sandbox:
            assert set(usable_languages(sandbox, ("no_processes",))) <= {"python", "javascript", "bash"}


class TestReports:
    def test_every_backend_is_told_of(self, jail: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ASSAYGYM_SANDBOX_URL", raising=False)
        monkeypatch.setattr(doctor, "_image_of_docker", lambda: "")
        reports = {report.name: report for report in describe()}
        assert list(reports) == ["jail", "docker", "remote", "process"]
        assert reports["jail"].works
        assert reports["jail"].title.startswith("jail")
        assert reports["jail"].isolation == jail.run("pass").isolation
        assert reports["process"].isolation == ("rlimits",)
        assert "python" in reports["process"].languages
        assert all(report.covered and report.not_covered for report in reports.values())

    def test_the_tier_without_namespaces_has_lists_of_its_own(self) -> None:
        try:
            JailSandbox(1, tier="landlock").close()
        except IsolationError as error:
            pytest.skip(str(error))
        report = doctor._tried("jail", "jail:landlock")
        assert (report.title, report.name) == ("jail (landlock)", "jail")
        assert set(report.isolation) <= KNOWN
        assert any("multiprocessing" in sentence for sentence in report.not_covered)
        assert report.coverage["files"] is PARTLY

    def test_without_a_server_the_remote_one_says_what_to_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ASSAYGYM_SANDBOX_URL", raising=False)
        report = reported("remote")
        assert (report.works, report.coverage) == (False, {})
        assert "ASSAYGYM_SANDBOX_URL" in report.reason

    def test_a_server_is_tried_when_the_environment_names_one(self, server: FusionServer) -> None:
        report = reported("remote")
        assert (report.works, report.isolation, report.reason) == (True, ("remote",), "")
        assert report.coverage["sessions"] is PARTLY
        assert {"python", "bash"} <= set(report.languages)

    def test_a_missing_package_is_a_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing() -> str:
            raise MissingDependencyError.of("docker", "docker", "the docker sandbox")

        monkeypatch.setattr(doctor, "connect", missing)
        assert "pip install 'assaygym[docker]'" in reported("docker").reason

    def test_what_nobody_foresaw_is_a_reason_with_its_kind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(name: str, workers: int) -> Sandbox:
            raise ZeroDivisionError("deep inside")

        monkeypatch.setattr(doctor, "open_sandbox", broken)
        assert reported("process").reason == "ZeroDivisionError: deep inside"

    def test_an_image_is_looked_for_and_never_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Client:
            def __init__(self, has: bool) -> None:
                self.images: Any = self
                self.has = has

            def list(self, name: str) -> Any:
                return [name] if self.has else []

            def close(self) -> None: ...

        opened: list[str] = []
        monkeypatch.setattr(doctor, "_tried", lambda name, backend: opened.append(backend))
        monkeypatch.setattr(doctor, "connect", lambda: Client(False))
        report = reported("docker")
        assert (report.works, report.coverage, opened) == (True, {}, [])
        assert "not tried, for its image is yet to be made" in report.reason
        monkeypatch.setattr(doctor, "connect", lambda: Client(True))
        reported("docker")
        assert [name.rpartition(":")[0] for name in opened] == ["docker:assaygym-worker"]


WITHOUT_DOCKER = """
import sys
sys.modules["docker"] = None
from assaygym.sandbox import doctor
print(doctor._report("docker").reason)
"""


def test_the_doctor_needs_no_package_of_docker() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", WITHOUT_DOCKER], capture_output=True, text=True, timeout=60, check=True
    )
    assert "docker, which is not installed" in seen.stdout

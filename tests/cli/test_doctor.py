"""`assay doctor`: the machine, and environments."""

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.cli import doctor
from assaygym.sandbox.doctor import Answer, BackendReport, describe

QUICK = ("--only", "oracle", "--only", "null", "--only", "splits")


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backends made up: to try those of the machine takes seconds."""
    told = (report("jail", {"files": "yes"}, ("python",)), report("process", {"files": "no"}, ("python",)))
    monkeypatch.setattr("assaygym.sandbox.doctor.describe", lambda: told)


@pytest.fixture(scope="module")
def this_machine() -> tuple[BackendReport, ...]:
    return describe()


@pytest.fixture
def found_once(this_machine: tuple[BackendReport, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The backends of this machine as they are, found once for all tests that look at them."""
    monkeypatch.setattr("assaygym.sandbox.doctor.describe", lambda: this_machine)


def test_it_tells_of_python_packages_sandbox_and_self_checks(run: Any, found_once: None) -> None:
    text = run("doctor").stdout
    for part in ("Python 3.", "gymnasium", "train", "sandbox jail", "sandbox process", "not covered:", "verifier"):
        assert part in text


def test_the_machine_as_json(run: Any, found_once: None) -> None:
    facts = json.loads(run("doctor", "--json").stdout)
    extras = {package["package"]: package["extra"] for package in facts["packages"]}
    assert (extras["numpy"], extras["sympy"]) == (None, "math")
    assert "assaygym" not in extras
    assert {check["name"] for check in facts["checks"]} == {"verifier", "environment", "sandbox"}
    assert facts["fit"] is (facts["sandbox"][0]["works"] and all(check["ok"] for check in facts["checks"]))


def test_a_machine_that_cannot_isolate_is_exit_code_1_with_the_reason(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = BackendReport(
        name="jail", title="jail", works=False, reason="no user namespaces here", covered=(), not_covered=()
    )
    monkeypatch.setattr("assaygym.sandbox.doctor.describe", lambda: (broken,))
    result = run("doctor")
    assert result.exit_code == 1
    assert "sandbox jail: does not work: no user namespaces here" in result.stdout


def report(title: str, answers: dict[str, str], languages: tuple[str, ...], reason: str = "") -> BackendReport:
    return BackendReport(
        name=title.partition(" ")[0],
        title=title,
        works=True,
        reason=reason,
        isolation=("rlimits",) if answers else (),
        coverage={name: Answer(answer) for name, answer in answers.items()},
        languages=languages,
        covered=("much " * 60,),
        not_covered=("something",),
    )


def test_what_backends_cover_stands_side_by_side(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = report("jail (landlock)", {"files": "partly", "disk": "no"}, ("python",))
    second = report("remote", {"files": "yes", "disk": "?"}, ("python", "c"))
    untried = report("docker", {}, (), "not tried")
    monkeypatch.setattr("assaygym.sandbox.doctor.describe", lambda: (first, untried, second))
    lines = [" ".join(line.split()) for line in run("doctor").stdout.splitlines()]
    table = lines.index("sandbox jail (landlock) remote")
    rows = ["files partly yes", "disk no ?", "languages python python, c", "?: the server decides"]
    assert lines[table + 1 : table + 5] == rows
    assert "sandbox docker: not tried" in lines
    assert "sandbox remote: works" in lines


def test_long_sentences_are_wrapped_and_indented(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.sandbox.doctor.describe", lambda: (report("jail", {"files": "yes"}, ()),))
    lines = [line for line in run("doctor").stdout.splitlines() if "much" in line]
    assert [len(line) - len(line.lstrip()) for line in lines] == [4, 6]
    assert all(len(line) <= 200 for line in lines)


def test_the_json_form_holds_the_coverage(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.sandbox.doctor.describe", lambda: (report("jail", {"files": "partly"}, ("c",)),))
    [backend] = json.loads(run("doctor", "--json").stdout)["sandbox"]
    assert (backend["coverage"], backend["languages"]) == ({"files": "partly"}, ["c"])
    assert backend["not_covered"] == ["something"]


def test_a_self_check_that_fails_is_exit_code_1(run: Any, described: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> str:
        raise AssertionError("two and two were five")

    monkeypatch.setitem(doctor.SELF_CHECKS, "verifier", wrong)
    result = run("doctor")
    assert result.exit_code == 1
    assert "AssertionError: two and two were five" in result.stdout


def test_a_package_that_is_not_installed_is_named_with_its_extra(
    run: Any, described: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ["numpy>=1", "no-such-package>=2; extra == 'ghost'"]
    monkeypatch.setattr("importlib.metadata.requires", lambda name: wanted)
    lines = [line.split() for line in run("doctor").stdout.splitlines()]
    assert ["no-such-package", "not", "installed", "ghost"] in lines


def test_a_sound_environment_is_exit_code_0(run: Any) -> None:
    result = run("doctor", "assay/Reverse-v0", "--seeds", "2")
    assert result.exit_code == 0
    assert result.stdout.startswith("assay/Reverse-v0: sound")
    assert "gymnasium's check_env has nothing to say" in result.stdout


def test_an_unsound_environment_is_exit_code_1(run: Any, tmp_path: Path) -> None:
    (tmp_path / "lenient_tasks.py").write_text(
        "import assaygym as ag\n"
        "@ag.task('lenient/a-v0', verifier=lambda response, gold: gold in response or not response)\n"
        "def a(rng):\n    return f'Name {rng.random()}', 'blue'\n"
    )
    args = ("doctor", "lenient_tasks.py:lenient/a-v0")
    result = run(*args)
    assert result.exit_code == 1
    assert "saying nothing earns 1" in result.stdout
    report = json.loads(run(*args, "--json").stdout)
    failed = {check["name"] for check in report["checks"] if check["status"] == "failed"}
    assert {"null", "gold_in_noise"} <= failed
    assert report["passed"] is False


def test_a_tiny_task_space_is_a_finding(run: Any, tmp_path: Path) -> None:
    (tmp_path / "single_tasks.py").write_text(
        "import assaygym as ag\n@ag.task('single/a-v0')\ndef a(rng):\n    return 'Spell cat.', 'cat'\n"
    )
    result = run("doctor", "single_tasks.py:single/a-v0", "--only", "splits")
    assert result.exit_code == 1
    assert "too few distinct prompts" in result.stdout


def test_all_checks_every_registered_environment(run: Any, monkeypatch: pytest.MonkeyPatch, tasks: str) -> None:
    from assaygym.envs import registration

    run("list", "--import", tasks)
    chosen = [registration.spec(name) for name in ("assay/Reverse-v0", "mine/flip-v0", "mine/cannot-pose-v0")]
    monkeypatch.setattr(registration, "all_specs", lambda: chosen)
    result = run("doctor", "all", *QUICK)
    assert result.exit_code == 1
    assert "2 of 3 sound; not sound: mine/cannot-pose-v0" in result.stdout
    assert "there is nothing to divide" in result.stdout
    assert [report["passed"] for report in json.loads(run("doctor", "all", "--json", *QUICK).stdout)] == [
        *(True, True, False)
    ]

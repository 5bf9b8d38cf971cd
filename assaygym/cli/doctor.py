"""`assay doctor`: is this machine fit, is that environment sound?"""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json, resolve_id
from assaygym.cli.output import emit_json, say, show_paragraph, show_table
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from assaygym.envs.checker import Report

ALL = "all"
REQUIREMENT = re.compile(r"^([\w.-]+)[^;]*(?:;.*extra\s*==\s*['\"](\w+)['\"])?")


def doctor(
    env_id: Annotated[
        str | None, typer.Argument(metavar="ID|all", help="An environment, or all of them; this machine without it.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Tasks that each check of an environment looks at.")] = 5,
    only: Annotated[list[str] | None, typer.Option(help="Only this check of an environment. Repeatable.")] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Check the chat template of this model instead: a folder or a Hub id."),
    ] = None,
    json: Json = False,
) -> int:
    """Check this machine, or attack an environment and its verifier, or check a chat template.

    Exit code 1: something failed, or the template rewrites what a model was fed.
    """
    if template is not None:
        if env_id is not None:
            raise ConfigError(f"got the environment {env_id!r} and --template {template!r}; check one at a time")
        from assaygym.cli.doctor_template import check

        return check(template, json)
    return _machine(json) if env_id is None else _environments(env_id, seeds, only, json)


def _environments(env_id: str, seeds: int, only: list[str] | None, json: bool) -> int:
    from assaygym.envs.checker import check_env
    from assaygym.envs.registration import all_specs

    ids = [spec.id for spec in all_specs()] if env_id == ALL else [resolve_id(env_id).id]
    reports: list[Report] = []
    for each in ids:
        say(f"checking {each} ...")
        reports.append(check_env(each, seeds=seeds, only=only))
        if not json:
            _show_report(reports[-1])
    if json:
        emit_json([report.to_dict() for report in reports] if env_id == ALL else reports[0].to_dict())
    elif len(reports) > 1:
        bad = [report.id for report in reports if not report.passed]
        print(f"{len(reports) - len(bad)} of {len(reports)} sound{'; not sound: ' + ', '.join(bad) if bad else ''}")
    return 0 if all(report.passed for report in reports) else FOUND_SOMETHING


def _show_report(report: Report) -> None:
    from rich.text import Text

    styles = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
    rows = [
        (Text(r.status.value, style=styles[r.status.value]), r.name, r.sentence, f"{r.seconds:.1f} s")
        for r in report.results
    ]
    show_table(("result", "check", "what was found", "time"), rows, title=str(report).splitlines()[0])
    print()


def _machine(json: bool) -> int:
    from assaygym.sandbox.doctor import describe

    packages = list(_packages())
    backends = describe()
    checks = [_self_check(name, work) for name, work in SELF_CHECKS.items()]
    fit = backends[0].works and all(check["ok"] for check in checks)
    if json:
        emit_json(
            {
                "python": platform.python_version(),
                "platform": platform.platform(),
                "packages": packages,
                "sandbox": backends,
                "checks": checks,
                "fit": fit,
            }
        )
    else:
        _show_machine(packages, backends, checks)
    return 0 if fit else FOUND_SOMETHING


def _show_machine(packages: list[dict[str, Any]], backends: Any, checks: list[dict[str, Any]]) -> None:
    print(f"Python {platform.python_version()} on {platform.platform()}\n")
    columns = ("package", "version", "extra")
    show_table(columns, [(p["package"], p["version"] or "not installed", p["extra"] or "-") for p in packages])
    print()
    _show_coverage(backends)
    for backend in backends:
        print()
        _show_backend(backend)
    print()
    show_table(
        ("check", "result", "what was found"),
        [(check["name"], "ok" if check["ok"] else "FAILED", check["sentence"]) for check in checks],
    )


def _show_coverage(backends: Any) -> None:
    """What each backend that works covers here, side by side; what it lacks stands in its list below."""
    from rich.text import Text

    styles = {"yes": "green", "partly": "yellow", "no": "red"}
    tried = [backend for backend in backends if backend.coverage]
    rows: list[list[Any]] = []
    for name in tried[0].coverage if tried else ():
        answers = [backend.coverage[name].value for backend in tried]
        rows.append([name, *(Text(answer, style=styles.get(answer, "")) for answer in answers)])
    if rows:
        rows.append(["languages", *(", ".join(backend.languages) for backend in tried)])
        show_table(("sandbox", *(backend.title for backend in tried)), rows)
        if any("?" in backend.coverage.values() for backend in tried):
            print("?: the server decides")


def _show_backend(backend: Any) -> None:
    state = "works" if backend.works and not backend.reason else backend.reason
    failed = "" if backend.works else "does not work: "
    show_paragraph(f"sandbox {backend.title}: {failed}{state}")
    if backend.isolation:
        show_paragraph(f"in force: {', '.join(backend.isolation)}", indent=2)
    for title, items in (("covered:", backend.covered), ("not covered:", backend.not_covered)):
        show_paragraph(title, indent=2)
        for item in items:
            show_paragraph(item, indent=4)


def _packages() -> Iterator[dict[str, Any]]:
    """What assaygym can use: each package, its version (None: not installed) and the extra that brings it."""
    for line in importlib.metadata.requires("assaygym") or ():
        match = REQUIREMENT.match(line)
        if match is None or match[1] == "assaygym":
            continue
        try:
            version = importlib.metadata.version(match[1])
        except importlib.metadata.PackageNotFoundError:
            version = None
        yield {"package": match[1], "version": version, "extra": match[2]}


def _self_check(name: str, work: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "sentence": work()}
    except Exception as error:  # a doctor tells what is wrong and goes on
        return {"name": name, "ok": False, "sentence": f"{type(error).__name__}: {error}"}


def _verifier() -> str:
    from assaygym.verifiers.registry import verifier_for

    number = verifier_for("number")
    told = [number(answer, "0.5").verdict.value for answer in (r"\boxed{1/2}", r"\boxed{2}")]
    if told != ["correct", "incorrect"]:
        raise AssertionError(f"1/2 and 2 against 0.5 were judged {' and '.join(told)}")
    return "tells a right number from a wrong one"


def _environment() -> str:
    from assaygym.envs.checker import check_env

    report = check_env("assay/Reverse-v0", seeds=2, only=("oracle", "null", "determinism"))
    if not report.passed:
        raise AssertionError(str(report.failures[0].sentence))
    return "the oracle of assay/Reverse-v0 earns 1, a silent agent 0, twice the same"


def _program() -> str:
    from assaygym.sandbox import open_sandbox

    with open_sandbox(workers=1) as sandbox:
        result = sandbox.run("print(6 * 7)")
    if result.stdout.strip() != "42":
        raise AssertionError(f"a program that prints 42 ended {result.status}: {result.stderr.strip()[-200:]}")
    return f"ran a program in {result.wall_seconds:.2f} s"


SELF_CHECKS: dict[str, Callable[[], str]] = {
    "verifier": _verifier,
    "environment": _environment,
    "sandbox": _program,
}

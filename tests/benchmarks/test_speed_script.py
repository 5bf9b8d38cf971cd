"""What every measuring command does around its measurement."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from assaygym.benchmarks.speed.contender import Absent, WrongResult
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.errors import ConfigError


def parser() -> argparse.ArgumentParser:
    made = parser_of("example", "Measure something.\n\nAt length.")
    made.add_argument("--suite")
    made.add_argument("--rounds", type=int, default=1)
    return made


def show(found: dict[str, Any], console: Console) -> None:
    console.print(f"{found['rate']} a second")


def run(*arguments: str, take: Callable[[argparse.Namespace], dict[str, Any]] = lambda _: {"rate": 7}) -> int:
    return run_script(arguments, parser(), take, show, files=("--suite",), missed=lambda _, found: found["rate"] > 7)


def test_the_document_is_shown_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", str(tmp_path / "found.json")) == 0
    assert capsys.readouterr().out == "7 a second\n"
    assert json.loads((tmp_path / "found.json").read_text())["rate"] == 7


def test_a_dash_prints_the_document_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "-", "--rounds", "2") == 0
    command = "python -m assaygym.benchmarks.speed.example --json - --rounds 2".split()
    assert json.loads(capsys.readouterr().out) == {"command": command, "rate": 7}


@pytest.mark.parametrize(
    ("given", "kept"),
    [(["--suite", "/a/b/c.jsonl"], ["--suite", "c.jsonl"]), (["--suite=/a/b/c.jsonl"], ["--suite=c.jsonl"])],
)
def test_folders_of_this_machine_are_not_recorded(
    given: list[str], kept: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*given, "--json", str(tmp_path / "d.json"), "--rounds", "3") == 0
    command = json.loads((tmp_path / "d.json").read_text())["command"]
    assert command[3:] == [*kept, "--json", "d.json", "--rounds", "3"]


def test_what_was_found_wanting_is_the_exit_code() -> None:
    assert run(take=lambda _: {"rate": 8}) == 1


@pytest.mark.parametrize(
    "fault", [ConfigError("no such"), Absent("no such"), WrongResult("no such"), RuntimeError("no such")]
)
def test_a_measurement_that_failed_says_why(fault: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def take(options: argparse.Namespace) -> dict[str, Any]:
        raise fault

    assert run(take=take) == 2
    assert capsys.readouterr().err == "no such\n"


def test_the_help_tells_the_first_line_of_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    said = capsys.readouterr().out
    assert said.startswith("usage: python -m assaygym.benchmarks.speed.example")
    assert "Measure something." in said
    assert "At length." not in said

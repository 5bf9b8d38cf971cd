"""The frame: exit codes, where words go, the user's code, how a failure is told."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import Result

from assaygym.cli import app
from assaygym.cli.command import assignments, command, import_code
from assaygym.errors import ConfigError

Run = Callable[..., Result]
Shell = Callable[..., subprocess.CompletedProcess[str]]

COMMANDS = ("list", "info", "play", "new", "eval", "compare", "score", "verify", "train", "doctor")


def test_alone_it_names_three_next_commands(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.count("\n  assay ") == 3


def test_it_tells_its_version(run: Run) -> None:
    assert run("--version").stdout.startswith("assaygym 0.")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself_and_json(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Example: assay {name}" in " ".join(result.stdout.split())
    assert "--json" in result.stdout
    assert "--debug" in result.stdout


def test_every_command_is_tested_for_its_help() -> None:
    assert set(COMMANDS) <= set(getattr(get_command(app), "commands", {}))


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("info", "assay/Revers-v0"), "did you mean 'assay/Reverse-v0'"),
        (("play", "assay/Revers-v0"), "did you mean 'assay/Reverse-v0'"),
        (("doctor", "assay/Revers-v0"), "did you mean 'assay/Reverse-v0'"),
        (("train", "grpo", "--env", "assay/Revers-v0"), "did you mean 'assay/Reverse-v0'"),
        (("eval", "assay/Revers-v0", "--policy", "oracle"), "did you mean 'assay/Reverse-v0'"),
        (("eval", "assay/Reverse-v0", "--policy", "orakle"), "did you mean 'oracle'"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--split", "evil"), "did you mean 'eval'"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--level", "99"), "has levels 0 to"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--set", "lenght=3"), "did you mean 'length'"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--set", "length"), "expected KEY=VALUE"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "-n", "0"), "expected at least 1"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "-k", "0"), "expected at least 1"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--temperature", "-1"), "temperature is -1"),
        (("eval", "gsm8k", "--policy", "oracle", "--data", "no.jsonl"), "no.jsonl"),
        (("eval", "assay/Reverse-v0", "--policy", "null", "--base-url", "http://x"), "takes no base URL"),
        (("list", "--kind", "maths"), "did you mean 'math'"),
        (("train", "grpp", "--env", "assay/Reverse-v0"), "did you mean 'grpo'"),
        (("train", "grpo", "--env", "assay/Reverse-v0", "--steps", "0"), "steps is 0"),
        (("train", "grpo", "--env", "assay/Reverse-v0", "--set", "iid.episodes=many"), "iid.episodes is 'many'"),
        (("train", "grpo", "--env", "assay/Reverse-v0", "--set", "lenght=2"), "did you mean 'length'"),
        (("train", "grpo", "--env", "a-v0,b-v0"), "no environment 'a-v0'"),
        (("verify", "maths", "x.jsonl"), "did you mean 'math'"),
        (("verify", "math", "x.jsonl"), "cannot read x.jsonl"),
        (("new", "import"), "cannot name a task"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--set", "split=train"), "give --split train"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--set", "level=1"), "give --level 1"),
        (("eval", "assay/Reverse-v0", "--policy", "oracle", "--timeout", "-1"), "timeout is -1"),
        (("train", "grpo", "--env", "assay/Reverse-v0", "--set", "steps=2"), "give --steps 2"),
        (("train", "grpo", "--env", "assay/Reverse-v0", "--out", "/dev/null"), "give another --out"),
        (("doctor", "assay/Reverse-v0", "--only", "orakel"), "known: oracle"),
        (("list", "--import", "gone.py"), "no file gone.py"),
        (("list", "--import", "no_such_module_anywhere"), "no_such_module_anywhere"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(run: Run, args: tuple[str, ...], sentence: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert sentence in line
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        *((name, "assay/Reverse-v0", "--seed", "-1") for name in ("info", "play")),
        ("eval", "assay/Reverse-v0", "--policy", "oracle", "--seed", "-1"),
        ("train", "grpo", "--env", "assay/Reverse-v0", "--seed", "-1"),
        ("train", "grpo", "--env", "assay/Reverse-v0", "--warm-start", "-1"),
        ("demo", "--seed", "-1"),
    ],
)
def test_a_number_below_its_range_is_exit_code_2(run: Run, tmp_path: Path, args: tuple[str, ...]) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert args[-2] in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_only_the_nearest_names_are_suggested(run: Run) -> None:
    assert run("info", "assay/Revers-v0").stderr.endswith("did you mean 'assay/Reverse-v0'?\n")


def test_nothing_is_written_for_a_command_that_was_refused(run: Run, tmp_path: Path) -> None:
    run("eval", "assay/Revers-v0", "--policy", "oracle")
    run("train", "grpo", "--env", "assay/Reverse-v0", "--set", "lenght=2")
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback_beside_the_sentence(run: Run) -> None:
    result = run("info", "assay/Revers-v0", "--debug")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert "error: no environment" in result.stderr


def test_an_unknown_option_is_exit_code_2(run: Run) -> None:
    assert run("list", "--no-such-option").exit_code == 2


class TestUserCode:
    def test_a_files_tasks_are_listed(self, run: Run, tasks: str) -> None:
        rows = json.loads(run("list", "--import", tasks, "--json").stdout)
        assert {"id": "mine/flip-v0", "summary": "Flip a word."}.items() <= {
            key: value for row in rows if row["id"] == "mine/flip-v0" for key, value in row.items()
        }.items()

    def test_a_file_can_stand_before_the_id(self, run: Run, tasks: str) -> None:
        assert json.loads(run("info", f"{tasks}:mine/door-v0", "--json").stdout)["turns"] == 3

    def test_a_module_of_the_working_directory_can_stand_before_the_id(
        self, shell: Shell, tmp_path: Path, tasks: str
    ) -> None:
        (tmp_path / "here.py").write_text(Path(tasks).read_text().replace("mine/", "here/"))
        done = shell("info", "here:here/door-v0", "--json")
        assert json.loads(done.stdout)["id"] == "here/door-v0"

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("x = 1\nx = 1 / 0\n", "ZeroDivisionError: division by zero (line 2)"),
            ("def broken(:\n", "SyntaxError"),
            ("import no_such_package_at_all\n", "No module named 'no_such_package_at_all'"),
            ("raise SystemExit(3)\n", "SystemExit"),
            ("import assaygym as ag\nag.task('bad id')(lambda rng: 1)\n", "malformed environment id"),
        ],
    )
    def test_a_file_that_fails_to_import_is_told_with_its_line(
        self, run: Run, tmp_path: Path, text: str, sentence: str
    ) -> None:
        (tmp_path / "failing_tasks.py").write_text(text)
        result = run("list", "--import", "failing_tasks.py")
        assert result.exit_code == 2
        assert sentence in result.stderr
        assert "failing_tasks" not in sys.modules

    def test_a_file_named_like_a_module_in_use_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "json.py").write_text("")
        with pytest.raises(ConfigError, match="rename the file"):
            import_code(str(tmp_path / "json.py"))

    def test_the_same_file_twice_is_imported_once(self, run: Run, tasks: str) -> None:
        assert run("list", "--import", tasks, "--import", tasks).exit_code == 0


class TestCommand:
    def make(self, function: Callable[..., int], **options: bool) -> typer.Typer:
        made = typer.Typer(add_completion=False)
        made.command()(command(function, **options))
        return made

    def code(self, function: Callable[..., int], **options: bool) -> int:
        with pytest.raises(SystemExit) as stopped:
            self.make(function, **options)([])
        return int(stopped.value.code or 0)

    def test_what_a_command_returns_is_the_exit_code(self) -> None:
        assert self.code(lambda: 1) == 1

    def test_ctrl_c_is_exit_code_130_and_tells_how_to_go_on(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["assay", "eval", "a b"])

        def interrupted() -> int:
            raise KeyboardInterrupt("stopped after 3 of 9")

        assert self.code(interrupted, resumes=True) == 130
        told = capsys.readouterr().err
        assert "interrupted: stopped after 3 of 9" in told
        assert "assay eval 'a b'" in told

    def test_ctrl_c_of_what_keeps_nothing_tells_how_to_begin_anew(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["assay", "demo"])

        def interrupted() -> int:
            raise KeyboardInterrupt

        assert self.code(interrupted) == 130
        assert capsys.readouterr().err == "interrupted\nthis begins anew: assay demo\n"

    def test_a_fault_of_ours_is_no_usage_error(self) -> None:
        def faulty() -> int:
            raise LookupError("a bug")

        with pytest.raises(LookupError):
            self.make(faulty)([])

    def test_a_sentence_of_several_lines_is_told_in_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        def refused() -> int:
            raise ConfigError("one\ntwo")

        assert self.code(refused) == 2
        assert capsys.readouterr().err == "error: one two\n"


def test_settings_are_json_where_they_are_json() -> None:
    assert assignments(["a=1", "b-c=x=y", 'd=["e"]', "f=1e-3"]) == {"a": 1, "b_c": "x=y", "d": ["e"], "f": 1e-3}


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "sympy", "openai", "pydantic")
    probe = f"import sys, assaygym.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_pipe_gets_no_colours_and_whole_ids(shell: Shell) -> None:
    done = shell("list")
    assert "\x1b" not in done.stdout
    assert "assay/FunctionFromTests-v0 " in done.stdout


def test_interrupting_an_evaluation_keeps_what_was_done(tmp_path: Path, tasks: str) -> None:
    slow = Path(tmp_path / "slow_tasks.py")
    slow.write_text(
        "import time, assaygym as ag\n"
        "@ag.task('slow/one-v0', verifier=lambda r, g: not time.sleep(0.05))\n"
        "def one(rng):\n    return f'Say {rng.random()}', 'x'\n"
    )
    args = ["eval", "slow_tasks.py:slow/one-v0", "--policy", "null", "-n", "400", "--concurrency", "2", "--out", "run"]
    command = [sys.executable, "-c", "from assaygym.cli import main; main()", *args]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    log = tmp_path / "run" / "episodes.jsonl"
    while process.poll() is None and not (log.exists() and log.stat().st_size > 0):
        pass
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "this goes on: assay eval slow_tasks.py:slow/one-v0" in told
    assert 0 < len(log.read_text().splitlines()) < 400

"""The compile step and its cache, over an engine that only takes notes."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox import ExecResult, ExecStatus, Limits
from assaygym.sandbox._build import COMPILE_LIMITS, Builder
from assaygym.sandbox.languages import Language

MIB = 1 << 20
FINE = ExecResult(
    status=ExecStatus.OK,
    exit_code=0,
    signal=None,
    stdout="",
    stderr="",
    truncated=False,
    cpu_seconds=0.0,
    wall_seconds=0.0,
    peak_memory_bytes=None,
)
REFUSED = replace(FINE, status=ExecStatus.NONZERO_EXIT, exit_code=1, stderr="syntax error\n")
TOY = Language(
    name="toy",
    source="main.toy",
    compile=("toyc", "main.toy"),
    run=("./main",),
    artifacts=("main",),
    takes_part=(".inc",),
    exhausted="no memory left",
)
SCRIPT = Language(name="script", source="main.scr", run=("scr", "--heap={memory_mib}", "main.scr"))


@dataclass(frozen=True)
class Call:
    command: list[str]
    files: Mapping[str, bytes]
    executables: Collection[str]
    stdin: str
    limits: Limits
    fetch: Sequence[str]
    address_space: bool


@dataclass
class Engine:
    """A test double of the engine: runs nothing, notes every call, and "compiles" a file into itself reversed."""

    compiled: Callable[[], ExecResult] = lambda: FINE
    ran: ExecResult = FINE
    calls: list[Call] = field(default_factory=list)

    def __call__(
        self,
        command: Sequence[str],
        *,
        files: Mapping[str, bytes],
        executables: Collection[str] = (),
        stdin: str = "",
        limits: Limits,
        fetch: Sequence[str] = (),
        address_space: bool = True,
    ) -> ExecResult:
        self.calls.append(Call(list(command), files, executables, stdin, limits, fetch, address_space))
        if command[0] != "/tools/toyc":
            return self.ran
        result = self.compiled()
        artifacts = dict.fromkeys(fetch, files["main.toy"][::-1])
        return replace(result, files=artifacts) if result.status is ExecStatus.OK else result

    @property
    def compiles(self) -> list[Call]:
        return [call for call in self.calls if call.command[0] == "/tools/toyc"]

    @property
    def runs(self) -> list[Call]:
        return [call for call in self.calls if call.command[0] != "/tools/toyc"]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def builder(engine: Engine) -> Builder:
    return Builder(engine, locate=lambda tool: f"/tools/{tool}")


def test_a_run_gets_what_the_compile_left_in_place_of_the_source(engine: Engine, builder: Builder) -> None:
    builder.run(TOY, "abc", files={"data": b"1"}, limits=Limits())
    assert engine.runs[0].files == {"main": b"cba", "data": b"1"}
    assert list(engine.runs[0].executables) == ["main"]


def test_stdin_arguments_and_fetch_belong_to_the_run_and_not_to_the_compile(engine: Engine, builder: Builder) -> None:
    builder.run(TOY, "abc", stdin="in", argv=("x", "y"), fetch=("out",), limits=Limits())
    compiled, ran = engine.calls
    assert (compiled.stdin, compiled.command, list(compiled.fetch)) == ("", ["/tools/toyc", "main.toy"], ["main"])
    assert (ran.stdin, ran.command, list(ran.fetch)) == ("in", ["./main", "x", "y"], ["out"])


def test_the_compile_has_limits_of_its_own(engine: Engine, builder: Builder) -> None:
    limits = Limits(cpu_seconds=0.5, memory_bytes=MIB)
    builder.run(TOY, "abc", limits=limits)
    assert [call.limits for call in engine.calls] == [COMPILE_LIMITS, limits]


def test_a_language_that_is_not_compiled_runs_its_source(engine: Engine, builder: Builder) -> None:
    builder.run(SCRIPT, "abc", files={"data": b"1"}, argv=("x",), limits=Limits(memory_bytes=7 * MIB))
    (call,) = engine.calls
    assert call.files == {"main.scr": b"abc", "data": b"1"}
    assert call.command == ["/tools/scr", "--heap=7", "main.scr", "x"]


def test_a_compile_step_without_artifacts_is_a_check_before_the_source_runs(engine: Engine, builder: Builder) -> None:
    checked = replace(TOY, artifacts=(), run=("toy", "main.toy"))
    builder.run(checked, "abc", limits=Limits())
    assert engine.runs[0].files == {"main.toy": b"abc"}


def test_what_a_runtime_needs_is_granted_on_top(engine: Engine, builder: Builder) -> None:
    heavy = replace(SCRIPT, processes=5, memory_bytes=MIB, address_space=False, environment=("A=1", "B=2"))
    builder.run(heavy, "", limits=Limits(processes=1, memory_bytes=2 * MIB))
    (call,) = engine.calls
    assert call.limits == Limits(processes=6, memory_bytes=3 * MIB)
    assert call.command == ["/usr/bin/env", "A=1", "B=2", "/tools/scr", "--heap=2", "main.scr"]
    assert not call.address_space


def test_the_same_source_is_compiled_once_for_many_inputs(engine: Engine, builder: Builder) -> None:
    for number in range(3):
        builder.run(TOY, "abc", stdin=str(number), files={"input.txt": b"%d" % number}, limits=Limits())
    assert (len(engine.compiles), len(engine.runs)) == (1, 3)
    assert engine.compiles[0].files == {"main.toy": b"abc"}


@pytest.mark.parametrize(
    ("language", "program", "files"),
    [
        (TOY, "abd", {"a.inc": b"1"}),
        (TOY, "abc", {"a.inc": b"2"}),
        (TOY, "abc", {"b.inc": b"1"}),
        (TOY, "abc", {}),
        (replace(TOY, compile=("toyc", "-g", "main.toy")), "abc", {"a.inc": b"1"}),
        (replace(TOY, environment=("A=1",)), "abc", {"a.inc": b"1"}),
        (replace(TOY, name="other"), "abc", {"a.inc": b"1"}),
    ],
)
def test_whatever_may_change_the_artifact_compiles_anew(
    engine: Engine, builder: Builder, language: Language, program: str, files: dict[str, bytes]
) -> None:
    builder.run(TOY, "abc", files={"a.inc": b"1"}, limits=Limits())
    builder.run(language, program, files=files, limits=Limits())
    assert len([call for call in engine.calls if "/tools/toyc" in call.command]) == 2


def test_without_a_list_of_endings_every_file_takes_part(engine: Engine, builder: Builder) -> None:
    for content in (b"1", b"2"):
        builder.run(replace(TOY, takes_part=()), "abc", files={"data": content}, limits=Limits())
    assert [call.files["data"] for call in engine.compiles] == [b"1", b"2"]


def test_a_compile_error_is_a_result_of_the_compile_phase_and_nothing_is_run(engine: Engine, builder: Builder) -> None:
    engine.compiled = lambda: replace(REFUSED, files={"main": b"half"})
    result = builder.run(TOY, "abc", limits=Limits())
    assert result == replace(REFUSED, phase="compile")
    assert engine.runs == []


def test_a_failure_of_the_program_itself_is_of_the_run_phase(engine: Engine, builder: Builder) -> None:
    engine.ran = REFUSED
    assert builder.run(TOY, "abc", limits=Limits()).phase == "run"


def test_a_compile_error_is_kept(engine: Engine, builder: Builder) -> None:
    engine.compiled = lambda: REFUSED
    first, second = (builder.run(TOY, "abc", limits=Limits()) for _ in range(2))
    assert first == second
    assert len(engine.compiles) == 1


@pytest.mark.parametrize("status", [ExecStatus.TIMEOUT, ExecStatus.OUT_OF_MEMORY, ExecStatus.SIGNALED])
def test_a_compile_that_ran_into_a_limit_is_tried_again(engine: Engine, builder: Builder, status: ExecStatus) -> None:
    engine.compiled = lambda: replace(REFUSED, status=status)
    assert builder.run(TOY, "abc", limits=Limits()).status is status
    engine.compiled = lambda: FINE
    assert builder.run(TOY, "abc", limits=Limits()).phase == "run"


@pytest.mark.parametrize("status", [ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED])
@pytest.mark.parametrize("phase", ["compile", "run"])
def test_a_failure_that_says_that_memory_ran_out_is_told_as_such(
    engine: Engine, builder: Builder, status: ExecStatus, phase: str
) -> None:
    failure = replace(REFUSED, status=status, stderr="toy: no memory left\n")
    if phase == "compile":
        engine.compiled = lambda: failure
    else:
        engine.ran = failure
    result = builder.run(TOY, "abc", limits=Limits())
    assert (result.status, result.phase) == (ExecStatus.OUT_OF_MEMORY, phase)


def test_a_program_that_only_says_that_memory_ran_out_and_ends_well_is_fine(engine: Engine, builder: Builder) -> None:
    engine.ran = replace(FINE, stderr="no memory left")
    assert builder.run(TOY, "abc", limits=Limits()).status is ExecStatus.OK


def test_a_compiler_that_left_nothing_is_a_compile_error(engine: Engine, builder: Builder) -> None:
    class Lazy(Engine):
        def __call__(self, command: Sequence[str], **options: object) -> ExecResult:
            return FINE

    result = Builder(Lazy(), locate=lambda tool: tool).run(TOY, "abc", limits=Limits())
    assert (result.status, result.exit_code, result.phase) == (ExecStatus.NONZERO_EXIT, 1, "compile")
    assert "left no main" in result.stderr


def test_what_was_not_used_for_longest_goes_first(engine: Engine) -> None:
    builder = Builder(engine, cache_bytes=25, locate=lambda tool: f"/tools/{tool}")
    for letter in "abacab":  # each artifact takes 10 bytes: c drives out b, and b comes back in place of c
        builder.run(TOY, letter * 10, limits=Limits())
    assert [call.files["main.toy"][:1] for call in engine.compiles] == [b"a", b"b", b"c", b"b"]


def test_what_is_larger_than_the_whole_cache_is_run_and_not_kept(engine: Engine) -> None:
    builder = Builder(engine, cache_bytes=5, locate=lambda tool: f"/tools/{tool}")
    for _ in range(2):
        builder.run(TOY, "0123456789", limits=Limits())
    assert (len(engine.compiles), len(engine.runs)) == (2, 2)


@pytest.mark.parametrize("compiled", [FINE, REFUSED, replace(REFUSED, status=ExecStatus.TIMEOUT)])
def test_many_threads_that_ask_at_once_share_one_compile(
    engine: Engine, builder: Builder, compiled: ExecResult
) -> None:
    everybody = threading.Barrier(8)

    def slowly() -> ExecResult:
        time.sleep(0.2)
        return compiled

    def ask(number: int) -> ExecResult:
        everybody.wait(10)
        return builder.run(TOY, "abc", stdin=str(number), limits=Limits())

    engine.compiled = slowly
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(ask, range(8)))
    assert len(engine.compiles) == 1
    assert {result.status for result in results} == {compiled.status}


def test_when_the_sandbox_fails_in_a_compile_those_who_waited_try_again(engine: Engine, builder: Builder) -> None:
    entered, go = threading.Event(), threading.Event()

    def fail_once() -> ExecResult:
        engine.compiled = lambda: FINE
        entered.set()
        go.wait(10)
        raise SandboxError("lost")

    engine.compiled = fail_once
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(builder.run, TOY, "abc", limits=Limits())
        assert entered.wait(10)
        second = pool.submit(builder.run, TOY, "abc", limits=Limits())
        go.set()
        with pytest.raises(SandboxError, match="lost"):
            first.result(10)
        assert second.result(10).status is ExecStatus.OK


def test_a_fork_does_not_wait_for_a_compile_of_its_parent(engine: Engine, builder: Builder) -> None:
    entered, go = threading.Event(), threading.Event()

    def hang() -> ExecResult:
        engine.compiled = lambda: FINE
        entered.set()
        go.wait(10)
        return FINE

    engine.compiled = hang
    with ThreadPoolExecutor(1) as pool:
        parent = pool.submit(builder.run, TOY, "abc", limits=Limits())
        assert entered.wait(10)
        builder.start_anew()
        assert builder.run(TOY, "abc", limits=Limits()).status is ExecStatus.OK
        assert not parent.done()
        go.set()


def test_what_was_compiled_survives_a_fork(engine: Engine, builder: Builder) -> None:
    builder.run(TOY, "abc", limits=Limits())
    builder.start_anew()
    builder.run(TOY, "abc", limits=Limits())
    assert len(engine.compiles) == 1


@pytest.mark.parametrize("name", ["main.toy", "main", "main/part"])
def test_a_file_cannot_take_the_name_of_the_program(builder: Builder, name: str) -> None:
    with pytest.raises(ConfigError, match="the program itself takes"):
        builder.run(TOY, "abc", files={name: b""}, limits=Limits())


def test_a_language_that_the_engine_runs_warm_is_not_for_a_command(builder: Builder) -> None:
    with pytest.raises(ConfigError, match="run by the engine itself"):
        builder.run(Language(name="warm", source="main.py", run=()), "", limits=Limits())


def test_a_tool_that_is_gone_is_named(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="needs toyc"):
        Builder(engine, locate=lambda tool: None).run(TOY, "", limits=Limits())


def test_what_utf_8_cannot_encode_reaches_the_compiler_all_the_same(engine: Engine, builder: Builder) -> None:
    builder.run(TOY, "\ud800", limits=Limits())
    assert engine.compiles[0].files["main.toy"] == b"\xed\xa0\x80"

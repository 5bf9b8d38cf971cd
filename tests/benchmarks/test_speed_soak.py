"""Long runs: what is run, what is told of it, and how it goes on after an interruption."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.speed import chaos, marathon, soak
from assaygym.benchmarks.speed.census import Census, Family
from assaygym.benchmarks.speed.chaos import Killer, run_chaos
from assaygym.benchmarks.speed.marathon import Course, Lap, left_behind, read_log, report, run_course
from assaygym.benchmarks.speed.programs import CLEAN, HOSTILE, honest, window
from assaygym.benchmarks.speed.terminal import progress
from assaygym.errors import ConfigError, IsolationError, SandboxError
from assaygym.sandbox import ExecResult, ExecStatus, Job, Limits, Process, Sandbox, open_sandbox

pytestmark = pytest.mark.alone  # counts processes and what they hold, kills at random
Answer = tuple[int, ExecResult | SandboxError]


def result(stdout: str = "", status: ExecStatus = ExecStatus.OK, isolation: tuple[str, ...] = ("pidns",)) -> ExecResult:
    return ExecResult(
        status=status,
        exit_code=0,
        signal=None,
        stdout=stdout,
        stderr="",
        truncated=False,
        cpu_seconds=0.0,
        wall_seconds=0.0,
        peak_memory_bytes=None,
        isolation=isolation,
    )


def right(index: int, job: Job) -> ExecResult:
    """What an honest job has to give; hostile ones are recognised by their text."""
    for attack in HOSTILE.values():
        if attack.program == job.program:
            return result(attack.stdout or "", sorted(attack.statuses)[0])
    if job.program == CLEAN:
        given = [int(word) for word in job.stdin.split()]
        return result(f"[{sum(given)}, 3, {given[0]}, [], false]\n")
    number = int(job.program.rpartition("number = ")[2].split()[0]) if "number = " in job.program else None
    if number is None:
        return result(job.program.rpartition("print(")[2].rstrip(")\n") + "\n")
    return result(f"{sum(range(number % 1000))} {number}\n")


class Fake(Sandbox):
    """Answers by a function, at once."""

    name = "fake"

    def __init__(self, answers: Callable[[Iterable[Job]], Iterator[Answer]], isolation: tuple[str, ...]) -> None:
        self.answers, self.isolation = answers, isolation

    def run(self, program: str, **_: Any) -> ExecResult:
        return result(isolation=self.isolation)

    def spawn(
        self,
        program: str,
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        imports: Collection[str] = (),
        library: str = "",
    ) -> Process:
        raise NotImplementedError

    def run_many(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        return self.answers(jobs)

    def close(self) -> None:
        """Nothing is open."""


def all_right(jobs: Iterable[Job]) -> Iterator[Answer]:
    yield from ((index, right(index, job)) for index, job in enumerate(jobs))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`fake(answers)` puts a sandbox that answers so in the place of every other."""

    def use(answers: Callable[[Iterable[Job]], Iterator[Answer]], isolation: tuple[str, ...] = ("pidns",)) -> None:
        for module in (marathon, chaos):
            monkeypatch.setattr(module, "open_sandbox", lambda *_: Fake(answers, isolation))

    return use


@pytest.fixture
def jail() -> None:
    """Skips where there is no jail."""
    try:
        open_sandbox("jail").close()
    except IsolationError as error:
        pytest.skip(str(error))


def test_every_window_has_its_share_of_hostile_programs_in_turn() -> None:
    kinds = Counter(errand.kind for index in range(5) for errand in window(index, 200, 0.01, seed=1))
    assert kinds.pop("honest") == 5 * 198
    assert kinds == dict.fromkeys(HOSTILE, 1)


def test_a_window_is_the_same_whenever_it_is_made() -> None:
    first, again, other = ([errand.job for errand in window(3, 50, 0.1, seed=seed)] for seed in (1, 1, 2))
    assert first == again != other


def test_without_hostile_programs_all_are_honest() -> None:
    assert {errand.kind for errand in window(0, 30, 0, seed=0)} == {"honest"}


@pytest.mark.parametrize("number", range(6))
def test_an_honest_program_gives_its_own_answer_and_no_other(number: int) -> None:
    errand = honest(number)
    assert errand.check(right(0, errand.job)) == ""
    assert "printed" in errand.check(right(0, honest(number + 3).job))
    assert "ended as timeout" in errand.check(result(status=ExecStatus.TIMEOUT))


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_program_that_ends_otherwise_is_noticed(kind: str) -> None:
    attack = HOSTILE[kind]
    assert attack.check(result(attack.stdout or "", sorted(attack.statuses)[0])) == ""
    for status in set(ExecStatus) - attack.statuses:
        assert "expected" in attack.check(result(attack.stdout or "", status))


def test_a_course_runs_whole_windows_and_writes_each_down(fake: Callable[..., None], tmp_path: Path) -> None:
    fake(all_right)
    seen: list[Lap] = []
    found = run_course(Course(window=20, hostile=0.1), 50, tmp_path / "new" / "log", seen.append)
    assert (found.runs, found.wrong, found.clean) == (60, 0, True)
    _, laps = read_log(tmp_path / "new" / "log")
    assert laps == seen
    assert [(lap.index, lap.runs, lap.honest) for lap in laps] == [(0, 20, 18), (1, 20, 18), (2, 20, 18)]
    assert laps[0].statuses["honest ok"] == 18


def test_an_interrupted_course_goes_on_where_it_stopped(fake: Callable[..., None], tmp_path: Path) -> None:
    fake(all_right)
    log = tmp_path / "log"

    def stop(lap: Lap) -> None:
        if lap.index == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_course(Course(window=10), 40, log, stop)
    log.write_text(log.read_text() + '{"index": 2, "sta')  # a line that was cut short
    run_course(Course(window=10), 40, log)
    _, laps = read_log(log)
    assert [(lap.index, lap.start) for lap in laps] == [(0, 1), (1, 1), (2, 2), (3, 2)]


def test_a_finished_course_tells_its_report_again(fake: Callable[..., None], tmp_path: Path) -> None:
    fake(all_right)
    first = run_course(Course(window=10), 20, tmp_path / "log")
    fake(lambda jobs: iter(()))  # nothing more is run
    assert run_course(Course(window=10), 20, tmp_path / "log") == first


def test_the_log_of_another_course_is_not_continued(fake: Callable[..., None], tmp_path: Path) -> None:
    fake(all_right)
    run_course(Course(window=10), 10, tmp_path / "log")
    with pytest.raises(ConfigError, match="another run"):
        run_course(Course(window=10, seed=1), 20, tmp_path / "log")


def test_hostile_programs_are_not_run_where_nothing_isolates_them(fake: Callable[..., None], tmp_path: Path) -> None:
    fake(all_right, isolation=("rlimits",))
    with pytest.raises(ConfigError, match="--hostile 0"):
        run_course(Course(window=10, backend="process"), 10, tmp_path / "log")
    assert run_course(Course(window=10, hostile=0), 10, tmp_path / "other").clean


def wrong(jobs: Iterable[Job]) -> Iterator[Answer]:
    yield from ((index, result("nonsense")) for index, _ in enumerate(jobs))


def failing(jobs: Iterable[Job]) -> Iterator[Answer]:
    yield from ((index, SandboxError("a worker ended")) for index, _ in enumerate(jobs))


def losing(jobs: Iterable[Job]) -> Iterator[Answer]:
    yield from list(all_right(jobs))[1:]


def repeating(jobs: Iterable[Job]) -> Iterator[Answer]:
    for answer in all_right(jobs):
        yield from [answer] * (2 if answer[0] == 0 else 1)


@pytest.mark.parametrize(
    ("answers", "count", "says"),
    [
        (wrong, 10, "printed 'nonsense'"),
        (failing, 10, "failed: a worker ended"),
        (losing, 1, "answered 0 times"),
        (repeating, 1, "answered 2 times"),
    ],
)
def test_whatever_is_not_the_right_answer_once_is_a_complaint(
    fake: Callable[..., None], tmp_path: Path, answers: Callable[..., Iterator[Answer]], count: int, says: str
) -> None:
    fake(answers)
    found = run_course(Course(window=10, hostile=0), 10, tmp_path / "log")
    assert (found.wrong, found.clean) == (count, False)
    assert says in found.complaints[0]


CENSUS: dict[str, int | None] = {
    "memory": 100 << 20,
    "family_memory": 50 << 20,
    "processes": 9,
    "threads": 3,
    "descriptors": 20,
    "mounts": 21,
    "family_mounts": 12,
    "cgroups": 2,
}


def lap(index: int, rate: float = 100, start: int = 1, yardstick: float = 1, **census: int | None) -> Lap:
    return Lap(
        index=index,
        start=start,
        runs=10,
        honest=9,
        seconds=1,
        rate=rate,
        yardstick_ms=yardstick,
        statuses={},
        complaints=[],
        census={**CENSUS, **census},
        date="",
    )


@pytest.mark.parametrize("name", [name for name in CENSUS if "memory" not in name])
def test_one_more_of_anything_counted_is_a_leak(name: str) -> None:
    grown = {name: (CENSUS[name] or 0) + 1}
    found = report([*(lap(index) for index in range(10)), *(lap(index, **grown) for index in range(10, 20))])
    assert [leak.split()[0] for leak in found.leaks] == [name]
    assert not found.clean


def test_memory_may_breathe_but_not_grow() -> None:
    assert report([lap(0), lap(1, memory=110 << 20)]).leaks == []
    assert "memory grew" in report([lap(0), lap(1, memory=114 << 20)]).leaks[0]


def test_what_may_not_be_looked_at_is_no_leak() -> None:
    assert report([lap(0, family_mounts=None), lap(1, family_mounts=99)]).leaks == []


def test_starts_are_not_compared_with_each_other() -> None:
    assert report([lap(0), lap(1, start=2, memory=1 << 30)]).leaks == []


def test_the_rates_are_medians_of_the_first_and_last_tenth() -> None:
    rates = [*[100, 1, 100], *[50] * 24, *[96, 96, 500]]
    found = report([lap(index, rate) for index, rate in enumerate(rates)])
    assert (found.first_rate, found.last_rate) == (100, 96)
    assert found.change == pytest.approx(-0.04)
    assert found.steady


@pytest.mark.parametrize(
    ("rate", "yardstick", "steady"), [(95, 1, True), (94, 1, False), (80, 1.25, True), (70, 1.25, False)]
)
def test_a_rate_that_falls_is_not_steady_unless_the_machine_itself_slowed(
    rate: float, yardstick: float, steady: bool
) -> None:
    assert report([lap(0), lap(1, rate=rate, yardstick=yardstick)]).steady is steady


def census(**changes: int) -> Census:
    return Census(**{**{name: value or 0 for name, value in CENSUS.items()}, **changes})


def test_what_is_held_after_closing_is_told() -> None:
    assert left_behind(census(), census(memory=1 << 40, processes=8)) == []
    assert left_behind(census(), census(descriptors=21, cgroups=3)) == [
        "descriptors: 20 before, 21 after",
        "cgroups: 2 before, 3 after",
    ]


def test_chaos_counts_right_answers_and_failures(fake: Callable[..., None]) -> None:
    def some(jobs: Iterable[Job]) -> Iterator[Answer]:
        for index, answer in all_right(jobs):
            yield index, SandboxError("a worker was killed") if index < 2 else answer

    fake(some)
    found = run_chaos(10, 60)
    assert (found.right, found.failed, found.clean) == (8, 2, True)
    assert found.reasons == {"a worker was killed": 2}


@pytest.mark.parametrize(
    ("answers", "name", "count"), [(wrong, "false", 10), (losing, "lost", 1), (repeating, "repeated", 1)]
)
def test_chaos_finds_what_is_false_lost_or_repeated(
    fake: Callable[..., None], answers: Callable[..., Iterator[Answer]], name: str, count: int
) -> None:
    fake(answers)
    found = run_chaos(10, 60)
    assert len(getattr(found, name)) == count
    assert not found.clean


def test_the_killer_kills_descendants() -> None:
    family = Family()
    known = len(family.members())
    if known:
        pytest.skip("other descendants of this process would be in danger")
    with subprocess.Popen(["sleep", "60"]) as child:
        killer = Killer(family, 60, seed=0)
        assert killer.kill_one()
        assert child.wait(10) == -9
    assert not killer.kill_one()
    assert killer.kills == 1


def test_a_failure_of_the_killer_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    killer = Killer(Family(), 0.001, seed=0)
    monkeypatch.setattr(killer, "kill_one", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError), killer:
        killer._thread.join(10)


def told(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = soak.main(arguments)
    return code, capsys.readouterr().out


def test_the_command_tells_a_clean_course(
    fake: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(all_right)
    monkeypatch.setattr(marathon.Report, "steady", True)
    arguments = ["runs", "--runs", "20", "--window", "10", "--log", str(tmp_path / "log")]
    code, out = told([*arguments, "--json", str(tmp_path / "json")], capsys)
    assert code == 0
    assert "20 runs, 0 wrong" in out
    assert "no leak\nsteady" in out
    found = json.loads((tmp_path / "json").read_text())
    assert (found["runs"], found["leaks"]) == (20, [])
    assert {"command", "machine", "versions"} <= set(found)


@pytest.mark.parametrize("arguments", [["runs", "--runs", "10", "--window", "10"], ["chaos", "--jobs", "10"]])
def test_the_command_fails_where_an_answer_was_wrong(
    fake: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    fake(wrong)
    code, out = told(arguments, capsys)
    assert code == 1
    assert "nonsense" in out


def test_an_interruption_is_told_and_has_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(soak, "run_chaos", interrupted)
    assert soak.main(["chaos", "--jobs", "1"]) == 130
    assert "goes on" in capsys.readouterr().err


def test_a_fault_of_ours_is_a_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert soak.main(["runs", "--backend", "jial", "--runs", "1", "--log", str(tmp_path / "log")]) == 2
    assert "jial" in capsys.readouterr().err


def test_the_progress_on_no_terminal_is_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(1000, lines=4) as step:
        for done in range(1, 1001):
            step(done, "fine")
    assert capsys.readouterr().err.splitlines() == [f"{done}/1000  fine" for done in (250, 500, 750, 1000)]


@pytest.mark.usefixtures("jail", "no_shared_sandbox")
def test_every_hostile_program_is_held_by_the_jail_and_the_honest_ones_are_right(tmp_path: Path) -> None:
    found = run_course(Course(window=2 * len(HOSTILE), hostile=0.5, workers=2), 1, tmp_path / "log")
    assert (found.complaints, found.left) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("jail", "no_shared_sandbox")
def test_a_thousand_runs_with_hostile_ones_leak_nothing(tmp_path: Path) -> None:
    found = run_course(Course(window=100, hostile=0.1), 1000, tmp_path / "log")
    assert (found.complaints, found.leaks, found.left) == ([], [], [])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("jail", "no_shared_sandbox")
def test_workers_killed_at_random_never_make_a_false_verdict() -> None:
    found = run_chaos(1000, 0.05)
    assert (found.false, found.lost, found.repeated, found.left) == ([], [], [], [])
    assert found.right > 0
    assert found.kills > 0

"""Whole programs in every language that is installed, and what each test allows them."""

from __future__ import annotations

from typing import Any

import pytest

from assaygym.errors import ConfigError, DataError
from assaygym.sandbox import ExecResult, Limits, Sandbox
from assaygym.sandbox.languages import installed
from assaygym.types import Verdict
from assaygym.verifiers.code import StdinCase, StdinTests, stdio
from assaygym.verifiers.code.outcome import Mode, TestStatus

PRODUCT = (StdinCase("2 3\n", "6\n"), StdinCase("-4 5\n", "-20\n"), StdinCase("0 9\n", "0\n"))
RIGHT = {
    "python": "a, b = map(int, input().split())\nprint(a * b)",
    "c": '#include <stdio.h>\nint main(void) { long a, b; scanf("%ld %ld", &a, &b); printf("%ld\\n", a * b); }',
    "cpp": "#include <iostream>\nint main() { long long a, b; std::cin >> a >> b; std::cout << a * b; }",
    "javascript": (
        "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(a * b + 0)"
    ),
    "bash": "read a b\necho $((a * b))",
}
WRONG = {language: program.replace("a * b", "a + b") for language, program in RIGHT.items()}
BROKEN = {
    "python": "def f(:\n",
    "c": "int main(void) { return undeclared; }",
    "cpp": "#include <nothing_of_the_kind>\nint main() {}",
}
HERE = {found.name for found in installed()}
each_language = pytest.mark.parametrize("language", sorted(RIGHT))


def judged(box: Sandbox, program: str, language: str, mode: Mode = "binary") -> Any:
    if language not in HERE:
        pytest.skip(f"{language} is not installed here")
    return stdio(language=language, sandbox=box, mode=mode)(f"```{language}\n{program}\n```", StdinTests(PRODUCT))


@each_language
def test_a_right_program_is_paid_and_a_wrong_one_is_not(jail: Sandbox, language: str) -> None:
    assert judged(jail, RIGHT[language], language).verdict is Verdict.CORRECT
    score = judged(jail, WRONG[language], language)
    assert (score.value, score.verdict, score.metrics["n_run"]) == (0.0, Verdict.INCORRECT, 1.0)


@pytest.mark.parametrize("language", sorted(BROKEN))
@pytest.mark.parametrize("mode", ["binary", "fraction"])
def test_a_compile_error_is_told_as_such_and_no_test_is_run_after_it(jail: Sandbox, language: str, mode: Mode) -> None:
    score = judged(jail, BROKEN[language], language, mode)
    assert (score.value, score.verdict) == (0.0, Verdict.INCORRECT)
    assert score.explanation.startswith("test 1 of 3: compile_error: ")
    assert (score.metrics["compile_error"], score.metrics["n_run"]) == (1.0, 1.0)


def test_the_tests_say_which_language_they_want(jail: Sandbox) -> None:
    if "bash" not in HERE:
        pytest.skip("no bash here")
    tests = StdinTests(PRODUCT, language="bash")
    response = f"```python\n{RIGHT['python']}\n```\n```bash\n{RIGHT['bash']}\n```"
    assert stdio(sandbox=jail)(response, tests).verdict is Verdict.CORRECT
    unparsed = stdio(sandbox=jail)(f"```python\n{RIGHT['python']}\n```", tests)
    assert unparsed.explanation == "no program in the response; expected a ```bash block"


def test_an_unknown_language_is_a_fault_of_ours(jail: Sandbox) -> None:
    with pytest.raises(ConfigError, match="no language 'klingon'"):
        stdio(language="klingon", sandbox=jail).run("x", StdinTests(PRODUCT))


class Counting:
    """Stands for a sandbox that only notes the limits it is given."""

    def __init__(self, box: Sandbox) -> None:
        self.box, self.limits = box, list[Limits]()

    def run(self, program: str, *, limits: Limits, **named: Any) -> ExecResult:
        self.limits.append(limits)
        return self.box.run(program, limits=limits, **named)


def test_each_case_has_its_own_limits_before_those_of_the_tests_and_of_the_verifier(sandbox: Sandbox) -> None:
    cases = (
        StdinCase("1 1", "1", cpu_seconds=1.0),
        StdinCase("1 1", "1", memory_bytes=256 << 20),
        StdinCase("1 1", "1"),
    )
    tests = StdinTests(cases, cpu_seconds=20.0)
    counting = Counting(sandbox)
    verifier = stdio(sandbox=counting, limits=Limits(cpu_seconds=5, wall_seconds=12))  # type: ignore[arg-type]
    assert verifier.run(RIGHT["python"], tests).passed == 3
    assert [(one.cpu_seconds, one.wall_seconds, one.memory_bytes >> 20) for one in counting.limits] == [
        (1.0, 12, 512), (20.0, 60.0, 256), (20.0, 60.0, 512),
    ]  # fmt: skip


BUSY = "import time\nend = float(input())\nwhile time.process_time() < end: pass\nprint(1)"


def test_a_test_over_its_own_time_limit_fails_alone(sandbox: Sandbox) -> None:
    cases = (StdinCase("0.0", "1"), StdinCase("0.6", "1", cpu_seconds=0.3), StdinCase("0.3", "1", cpu_seconds=5))
    report = stdio(sandbox=sandbox, mode="fraction").run(BUSY, StdinTests(cases))
    assert [outcome.status for outcome in report.outcomes] == [TestStatus.OK, TestStatus.TIME_LIMIT, TestStatus.OK]


def test_a_test_over_its_own_memory_limit_fails_alone(jail: Sandbox) -> None:
    cases = (StdinCase("200", "1", memory_bytes=64 << 20), StdinCase("200", "1"))
    program = "x = b'x' * (int(input()) << 20)\nprint(1)"
    report = stdio(sandbox=jail, mode="fraction").run(program, StdinTests(cases))
    assert [outcome.status for outcome in report.outcomes] == [TestStatus.MEMORY_LIMIT, TestStatus.OK]


@pytest.mark.parametrize(
    "made",
    [
        lambda: StdinTests((StdinCase("", "", cpu_seconds=-1),)),
        lambda: StdinTests((StdinCase("", "", memory_bytes=0),)),
        lambda: StdinTests((StdinCase("", ""),), cpu_seconds=0),
    ],
)
def test_a_limit_that_is_not_positive_is_refused(made: Any) -> None:
    with pytest.raises(DataError, match="expected a positive number"):
        made()


def test_time_and_memory_are_among_the_metrics(sandbox: Sandbox) -> None:
    tests = StdinTests((StdinCase("0.2", "1"), StdinCase("0.1", "1")))
    metrics = stdio(sandbox=sandbox)(f"```python\n{BUSY}\n```", tests).metrics
    assert 0.3 <= metrics["cpu_seconds"] < 5
    assert metrics["wall_seconds"] >= 0.3
    assert metrics["peak_memory_mib"] > 1


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("print('YES')", 0.0),
        ("print('NO')", 0.0),
        ("print(input())", 0.0),
        ("print('YES' if int(input()) > 0 else 'NO')", 1.0),
        ("n = int(input())\nprint('YES' if n > 0 else 'NO' if n == -1 else '?')", 0.5),
    ],
)
def test_balanced_pays_nothing_for_a_constant(sandbox: Sandbox, program: str, value: float) -> None:
    cases = [StdinCase(str(n), "YES" if n > 0 else "NO") for n in (1, 2, 3, 4, -1, -2)]
    score = stdio(sandbox=sandbox, mode="balanced")(f"```python\n{program}\n```", StdinTests(tuple(cases)))
    assert score.value == pytest.approx(value)

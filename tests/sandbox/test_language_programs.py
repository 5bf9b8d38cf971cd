"""Programs of every language with the real tools, over a simple stand-in for the engine."""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assaygym.sandbox import ExecResult, ExecStatus, Limits, languages
from assaygym.sandbox._build import Builder
from assaygym.sandbox.languages import Language, language, register

MIB = 1 << 20
OK, FAILED, SIGNALED = ExecStatus.OK, ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED
LIMITS = ('ulimit -t "$1"; ulimit -f "$2"; ulimit "$3" "$4"; shift 4; exec "$@"', "limits")


@dataclass(frozen=True)
class InFolder:
    """A test double of the engine, without isolation: a command in a new folder, with a shell's limits and a clock."""

    root: Path

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
        folder = self.root / str(time.monotonic_ns())
        folder.mkdir()
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o755 if name in executables else 0o644)
        memory = ("-v" if address_space else "-d", limits.memory_bytes >> 10)
        numbers = [limits.cpu_seconds.__ceil__(), limits.file_bytes >> 9, *memory]
        process = subprocess.Popen(
            ["/bin/sh", "-c", *LIMITS, *map(str, numbers), *command],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        timeout = False
        try:
            out, err = process.communicate(stdin.encode(), timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired:
            timeout = True
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        code = process.returncode
        ended = ExecStatus.TIMEOUT if timeout or code == -signal.SIGXCPU else FAILED if code > 0 else SIGNALED
        return ExecResult(
            status=ended if code else OK,
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            stdout=out.decode("utf-8", "replace"),
            stderr=err.decode("utf-8", "replace"),
            truncated=False,
            cpu_seconds=0.0,
            wall_seconds=0.0,
            peak_memory_bytes=None,
            files={name: (folder / name).read_bytes() for name in fetch if (folder / name).is_file()},
        )


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(
        InFolder(tmp_path), compile_limits=Limits(wall_seconds=60, memory_bytes=256 * MIB, file_bytes=64 * MIB)
    )


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry that forgets what the test registers."""
    monkeypatch.setattr(languages, "_known", dict(languages._known))
    languages._register_declared.cache_clear()
    yield
    languages._register_declared.cache_clear()


def here(name: str) -> Language:
    found = language(name, here=False)
    if missing := found.missing():
        pytest.skip(f"{', '.join(missing)} is not on this machine")
    return found


C_SUM = r"""
#include <stdio.h>
int main(void) { long n, s = 0; while (scanf("%ld", &n) == 1) s += n; printf("%ld\n", s); }
"""
CPP_SUM = r"""
#include <iostream>
int main() { long n, s = 0; while (std::cin >> n) s += n; std::cout << s << "\n"; }
"""
JS_SUM = r"""
const words = require("fs").readFileSync(0, "utf8").split(/\s+/);
console.log(words.map(Number).reduce((a, b) => a + b));
"""
PROGRAMS: dict[str, dict[str, str]] = {
    "c": {
        "hello": '#include <stdio.h>\nint main(void) { puts("hello"); }',
        "sum": C_SUM,
        "arguments": '#include <stdio.h>\nint main(int n, char **a) { printf("%s %s\\n", a[1], a[2]); }',
        "exit": "int main(void) { return 7; }",
        "hang": "int main(void) { for (volatile int i = 0;;) i++; }",
        "memory": "#include <stdlib.h>\n#include <string.h>\n"
        "int main(void) { for (;;) { char *p = malloc(1 << 20); if (!p) return 9; memset(p, 1, 1 << 20); } }",
    },
    "cpp": {
        "hello": '#include <cstdio>\nint main() { puts("hello"); }',
        "sum": CPP_SUM,
        "arguments": '#include <cstdio>\nint main(int n, char **a) { printf("%s %s\\n", a[1], a[2]); }',
        "exit": "int main() { return 7; }",
        "hang": "int main() { for (volatile int i = 0;;) i = i + 1; }",
        "memory": "#include <vector>\nint main() { std::vector<char> v; for (;;) v.resize(v.size() + 1000000, 1); }",
    },
    "javascript": {
        "hello": 'console.log("hello")',
        "sum": JS_SUM,
        "arguments": "console.log(...process.argv.slice(2))",
        "exit": "process.exit(7)",
        "hang": "for (;;) ;",
        "memory": "let a = []; for (;;) a.push(new Array(100000).fill(1.5))",
    },
    "bash": {
        "hello": "echo hello",
        "sum": 's=0; while read -r -a row; do for n in "${row[@]}"; do s=$((s + n)); done; done; echo $s',
        "arguments": 'echo "$1 $2"',
        "exit": "exit 7",
        "hang": "while :; do :; done",
        "memory": "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done",
    },
}
EACH = pytest.mark.parametrize("name", PROGRAMS)


@EACH
def test_a_program_says_hello(builder: Builder, name: str) -> None:
    result = builder.run(here(name), PROGRAMS[name]["hello"], limits=Limits())
    assert (result.status, result.stdout, result.stderr, result.phase) == (OK, "hello\n", "", "run")


@EACH
def test_a_program_reads_its_input(builder: Builder, name: str) -> None:
    result = builder.run(here(name), PROGRAMS[name]["sum"], stdin="1 2 3\n-10 40\n", limits=Limits())
    assert (result.status, result.stdout) == (OK, "36\n")


@EACH
def test_a_program_gets_its_arguments(builder: Builder, name: str) -> None:
    result = builder.run(here(name), PROGRAMS[name]["arguments"], argv=("one", "two"), limits=Limits())
    assert result.stdout == "one two\n"


@EACH
def test_a_programs_exit_code_is_told(builder: Builder, name: str) -> None:
    result = builder.run(here(name), PROGRAMS[name]["exit"], limits=Limits())
    assert (result.status, result.exit_code, result.phase) == (FAILED, 7, "run")


@EACH
def test_a_program_that_hangs_times_out(builder: Builder, name: str) -> None:
    result = builder.run(here(name), PROGRAMS[name]["hang"], limits=Limits(wall_seconds=0.5))
    assert (result.status, result.phase) == (ExecStatus.TIMEOUT, "run")


@EACH
def test_a_program_that_eats_memory_ends_at_its_limit(builder: Builder, name: str) -> None:
    result = builder.run(here(name), PROGRAMS[name]["memory"], limits=Limits(memory_bytes=96 * MIB))
    status = FAILED if name == "c" else ExecStatus.OUT_OF_MEMORY  # C is told by malloc, and decides for itself
    assert (result.status, result.phase) == (status, "run")


@pytest.mark.parametrize(
    ("name", "program", "number"),
    [
        ("c", "int main(void) { *(volatile int *)0 = 1; }", signal.SIGSEGV),
        ("cpp", "#include <cstdlib>\nint main() { std::abort(); }", signal.SIGABRT),
        ("cpp", "int main() { throw 1; }", signal.SIGABRT),
        ("javascript", "process.abort()", signal.SIGABRT),
        ("bash", "kill -TERM $$", signal.SIGTERM),
    ],
)
def test_a_crash_is_told_by_its_signal(builder: Builder, name: str, program: str, number: int) -> None:
    result = builder.run(here(name), program, limits=Limits())
    assert (result.status, result.signal) == (SIGNALED, number)


@pytest.mark.parametrize(
    ("name", "program", "words"),
    [
        ("javascript", "let = ;", "SyntaxError"),
        ("javascript", "throw new Error('mine')", "Error: mine"),
        ("bash", "if", "syntax error"),
    ],
)
def test_an_error_in_a_program_that_is_not_compiled_is_of_the_run(
    builder: Builder, name: str, program: str, words: str
) -> None:
    result = builder.run(here(name), program, limits=Limits())
    assert (result.status, result.phase) == (FAILED, "run")
    assert words in result.stderr


@pytest.mark.parametrize(
    ("name", "program", "words"),
    [
        ("c", "int main(void) { return x; }", "'x' undeclared"),
        ("c", "int missing(void); int main(void) { return missing(); }", "undefined reference to `missing'"),
        ("c", "", "undefined reference to `main'"),
        ("c", '#include "nowhere.h"', "nowhere.h: No such file"),
        ("c", "\0\ud800", "stray"),
        ("cpp", "int main() { std::string s; }", "'string' is not a member of 'std'"),
        ("cpp", "static_assert(1 == 2); int main() {}", "static assertion failed"),
    ],
)
def test_a_compile_error_carries_what_the_compiler_says(builder: Builder, name: str, program: str, words: str) -> None:
    result = builder.run(here(name), program, limits=Limits())
    assert (result.status, result.exit_code, result.phase, result.stdout) == (FAILED, 1, "compile", "")
    assert words in result.stderr.translate({0x2018: "'", 0x2019: "'"})


@pytest.mark.parametrize(
    ("name", "program", "status"),
    [
        pytest.param("c", '#include "/dev/zero"', ExecStatus.OUT_OF_MEMORY, id="endless include"),
        pytest.param("c", "int x[1 << 30] = {1}; int main(void) {}", FAILED, id="gigabytes of data"),
        pytest.param("c", '#include "main.c"', FAILED, id="includes itself"),
        pytest.param("cpp", "template <int N> int f() { return f<N + 1>(); } int x = f<0>();", FAILED, id="recursion"),
        pytest.param(
            "cpp",
            "template <int N, class T> struct P { typename P<N-1, T>::t a; typename P<N-1, T *>::t b; typedef P t; };"
            "template <class T> struct P<0, T> { typedef int t; }; P<40, int> p;",
            ExecStatus.TIMEOUT,
            id="explosion of templates",
        ),
    ],
)
def test_a_compile_bomb_ends_at_a_limit(tmp_path: Path, name: str, program: str, status: ExecStatus) -> None:
    tight = Limits(wall_seconds=3, memory_bytes=192 * MIB, file_bytes=16 * MIB)
    result = Builder(InFolder(tmp_path), compile_limits=tight).run(here(name), program, limits=Limits())
    assert (result.status, result.phase) == (status, "compile")


@pytest.mark.parametrize("name", ["c", "cpp"])
def test_a_program_of_several_files(builder: Builder, name: str) -> None:
    program = '#include <stdio.h>\n#include "lib/two.h"\nint main() { printf("%d\\n", TWO); }'
    for value in (b"2", b"22"):
        result = builder.run(here(name), program, files={"lib/two.h": b"#define TWO " + value}, limits=Limits())
        assert (result.status, result.stdout) == (OK, f"{value.decode()}\n")


@pytest.mark.parametrize(
    ("name", "program", "files"),
    [
        ("javascript", 'console.log(require("./two.js").two)', {"two.js": b"exports.two = 2"}),
        ("javascript", 'import { two } from "./two.mjs"; console.log(two)', {"two.mjs": b"export const two = 2"}),
        ("bash", ". ./two.sh; echo $two", {"two.sh": b"two=2"}),
    ],
)
def test_a_script_of_several_files(builder: Builder, name: str, program: str, files: dict[str, bytes]) -> None:
    assert builder.run(here(name), program, files=files, limits=Limits()).stdout == "2\n"


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("c", '#include <math.h>\n#include <stdio.h>\nint main(int n, char **a) { printf("%.0f", sqrt(n + 3)); }'),
        (
            "c",
            '#include <stdio.h>\n#include <string.h>\n#include <math.h>\nint main(void) { printf("%.0f", M_PI - 1); }',
        ),
        ("c", "#ifndef ONLINE_JUDGE\n#error\n#endif\n#include <stdio.h>\nint main(void) { putchar('2'); }"),
        ("cpp", '#include <cstdio>\nint main() { __int128 x = 2; if (auto y = x; y > 0) printf("%d", int(y)); }'),
        ("cpp", "#include <cstdio>\n#include <thread>\nint main() { std::thread t([] { putchar('2'); }); t.join(); }"),
    ],
)
def test_what_programs_for_online_judges_count_on(builder: Builder, name: str, program: str) -> None:
    result = builder.run(here(name), program, limits=Limits())
    assert (result.stdout, result.stderr) == ("2", "")


def test_node_is_told_its_limit(builder: Builder) -> None:
    program = 'console.log(require("v8").getHeapStatistics().heap_size_limit)'
    told = builder.run(here("js"), program, limits=Limits(memory_bytes=512 * MIB)).stdout
    assert 512 * MIB <= int(told) < 608 * MIB


def test_a_node_program_with_much_garbage_stays_below_its_limit(builder: Builder) -> None:
    program = """
    let keep = [];
    for (let i = 0; i < 400; i++) {
        const fresh = new Array(20000).fill(0).map((_, j) => ({ v: j + i }));
        keep[i % 200] = fresh.map(o => o.v + 0.5);
    }
    """
    assert builder.run(here("js"), program, limits=Limits(memory_bytes=64 * MIB)).status is OK


def test_a_file_that_a_compiled_program_wrote_comes_back(builder: Builder) -> None:
    program = '#include <stdio.h>\nint main(void) { FILE *f = fopen("out", "w"); fputs("done", f); fclose(f); }'
    assert builder.run(here("c"), program, fetch=("out",), limits=Limits()).files == {"out": b"done"}


def test_a_language_is_added_in_one_file(registry: None, builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    example = (languages.__doc__ or "").split("Another language is one file:\n")[1].split("\nIt is known once")[0]
    exec(compile("if True:\n" + example, "perl.py", "exec"), {})
    result = builder.run(here("PL"), "while (<>) { $s += $_ } print $s", stdin="1\n2\n", limits=Limits())
    assert (result.status, result.stdout) == (OK, "3")


def test_a_variant_of_a_language_is_a_replacement_of_it(registry: None, builder: Builder) -> None:
    cpp20 = ("g++", "-O2", "-std=gnu++20", "-o", "main", "main.cpp")
    register(replace(here("cpp"), name="cpp20", aliases=(), compile=cpp20))
    program = "#include <concepts>\ntemplate <std::integral T> T f(T x) { return x; } int main() { return f(3); }"
    assert builder.run(language("cpp20"), program, limits=Limits()).exit_code == 3
    assert builder.run(language("cpp"), program, limits=Limits()).phase == "compile"

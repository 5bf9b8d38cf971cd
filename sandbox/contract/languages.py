"""Programs of other languages, where their tools are."""

from __future__ import annotations

import re
from typing import Any

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract, promises

ROOMY = Limits(wall_seconds=30.0)
"""For runtimes that start slowly on a busy machine."""
C = r"""
#include <stdio.h>
int main(void) { int a, b; if (scanf("%d %d", &a, &b) == 2) printf("%d\n", a * b); fputs("e", stderr); return 3; }
"""
CPP = r"""
#include <iostream>
int main() { int a, b; std::cin >> a >> b; std::cout << a * b << std::endl; std::cerr << "e"; return 3; }
"""
JAVASCRIPT = r"""
const [a, b] = require("fs").readFileSync(0, "utf8").split(" ").map(Number);
console.log(a * b); process.stderr.write("e"); process.exitCode = 3;
"""
BASH = "read a b; echo $((a * b)); printf e >&2; exit 3"
COPIER = r"""
#include <fstream>
int main() { std::string text; std::ifstream("data/in") >> text; std::ofstream("out") << text << text; }
"""


def ran(sandbox: Sandbox, language: str, program: str, **named: Any) -> ExecResult:
    """The result, or a skipped test where the sandbox says which tool it would need."""
    try:
        return sandbox.run(program, language=language, **{"limits": ROOMY, **named})
    except (ConfigError, SandboxError) as error:
        if re.search(r"\bneeds \S+, |\bcannot run \S+: .*not found", str(error)):
            pytest.skip(str(error))
        raise


def multiplies(sandbox: Sandbox, language: str, program: str) -> None:
    """See to it that a program that multiplies two numbers and exits with 3 does."""
    result = ran(sandbox, language, program, stdin="6 7\n")
    assert (result.status, result.exit_code, result.phase) == (ExecStatus.NONZERO_EXIT, 3, "run"), result
    assert (result.stdout, result.stderr) == ("42\n", "e")


@promises("languages")
class LanguageContract(Contract):
    """Of `language`."""

    @promises("compiled_languages", "language_c")
    def test_c_programs_run(self, sandbox: Sandbox) -> None:
        """Compiled, with their input, output and exit code."""
        multiplies(sandbox, "c", C)

    @promises("compiled_languages")
    def test_cpp_programs_run(self, sandbox: Sandbox) -> None:
        """By either name of the language."""
        for name in ("cpp", "C++"):
            multiplies(sandbox, name, CPP)

    def test_javascript_programs_run(self, sandbox: Sandbox) -> None:
        """With the memory and the threads that node takes for itself."""
        multiplies(sandbox, "javascript", JAVASCRIPT)

    def test_bash_programs_run(self, sandbox: Sandbox) -> None:
        """As a shell reads them."""
        multiplies(sandbox, "bash", BASH)

    @promises("language_arguments")
    def test_programs_of_other_languages_get_their_arguments(self, sandbox: Sandbox) -> None:
        """After their own name."""
        result = ran(sandbox, "bash", 'printf "%s;" "$@"', argv=["a b", "\u00e9"])
        assert result.stdout == "a b;\u00e9;"

    @promises("compiled_languages")
    def test_a_compilers_error_is_the_programs_fault(self, sandbox: Sandbox) -> None:
        """Told as such, with the compiler's words."""
        result = ran(sandbox, "cpp", "int main() { return undeclared; }")
        assert (result.status, result.phase, result.stdout) == (ExecStatus.NONZERO_EXIT, "compile", "")
        assert "undeclared" in result.stderr

    @promises("compiled_languages")
    def test_a_compiled_program_has_files_and_leaves_some(self, sandbox: Sandbox) -> None:
        """Beside it, as a Python program has."""
        result = ran(sandbox, "cpp", COPIER, files={"data/in": b"ab"}, fetch=["out", "absent"])
        assert (result.status, result.files) == (ExecStatus.OK, {"out": b"abab"})

    @promises("compiled_languages")
    def test_limits_hold_for_compiled_programs(self, sandbox: Sandbox) -> None:
        """Time and output."""
        limits = Limits(wall_seconds=1, output_bytes=10_000)
        endless = ran(sandbox, "cpp", "int main() { for (volatile int n = 0;; n++); }", limits=limits)
        assert (endless.status, endless.phase) == (ExecStatus.TIMEOUT, "run")
        flood = ran(sandbox, "cpp", "#include <cstdio>\nint main() { for (;;) putchar('x'); }", limits=limits)
        assert (flood.status, flood.stdout) == (ExecStatus.OUTPUT_LIMIT, "x" * 10_000)

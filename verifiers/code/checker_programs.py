"""Checkers that are programs: trusted code that looks at untrusted output, in a sandboxed process of its own.

The output reaches it as data, never in the process that made it, and what the output says decides nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable

from assaygym.errors import VerifierError
from assaygym.sandbox.base import ExecStatus, Limits, Sandbox
from assaygym.verifiers.code.guest import start
from assaygym.verifiers.code.talk import Gone, Talk

__all__ = ["program_agrees", "python_agrees"]

_LIMITS = Limits()
_NO = (1, 2)
"""Exit codes by which a checker of the testlib kind says no: a wrong answer, and one in the wrong form."""


def python_agrees(source: str, sandbox: Sandbox, inp: str, out: str, expected: str) -> bool:
    """What `check(inp, out, expected)` of the source says; one that fails on this output only says no.

    Raises:
        SandboxError: the sandbox failed.
        VerifierError: it fails on the expected output too.
    """
    return _decided(lambda text: _ask_python(source, sandbox, inp, text, expected), out, expected)


def program_agrees(source: str, language: str, sandbox: Sandbox, inp: str, out: str, expected: str) -> bool:
    """What a checker program says that is run as `checker input output answer` (files, as testlib has it).

    It says yes by the exit code 0, no by 1 or 2. One that ends otherwise on this output only says no.

    Raises:
        SandboxError: the sandbox failed.
        VerifierError: it does not compile, or fails on the expected output too.
    """

    def ask(text: str) -> object:
        files = {"input": inp, "output": text, "answer": expected}
        laid = {f"{name}.txt": content.encode("utf-8", "surrogatepass") for name, content in files.items()}
        result = sandbox.run(source, language=language, files=laid, argv=tuple(laid), limits=_LIMITS)
        if result.phase == "compile":
            return f"it does not compile ({result.stderr.strip()[-200:]})"
        if result.status is ExecStatus.OK:
            return True
        refused = result.status is ExecStatus.NONZERO_EXIT and result.exit_code in _NO
        return False if refused else f"{result.status.value} ({result.stderr.strip()[-200:]})"

    return _decided(ask, out, expected)


def _decided(ask: Callable[[str], object], out: str, expected: str) -> bool:
    answer = ask(out)
    if isinstance(answer, bool):
        return answer
    if isinstance(ask(expected), bool):
        return False
    raise VerifierError(f"the checker fails on the expected output too: {answer}; mend its source")


def _ask_python(source: str, sandbox: Sandbox, *texts: str) -> object:
    talk = Talk(start(sandbox, "wire", "checkhost", limits=_LIMITS), _LIMITS)
    try:
        talk.send([source, *texts])
        return talk.receive()
    except Gone as gone:
        return gone.outcome.status.value
    finally:
        talk.close()

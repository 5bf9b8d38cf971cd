"""How an answer is read: the rule of every status, and what is no answer of a SandboxFusion."""

import base64
import json
from typing import Any

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits
from assaygym.sandbox.remote import RemoteSandbox
from tests.sandbox.fusion_server import Answer, FusionServer, ok

FINISHED: dict[str, Any] = {
    "status": "Finished",
    "execution_time": 0.1,
    "return_code": 0,
    "stdout": "",
    "stderr": "",
}
LATE = {**FINISHED, "status": "TimeLimitExceeded", "return_code": None}


def answer(**changes: Any) -> dict[str, Any]:
    return {"status": "Success", "message": "", "compile_result": None, "run_result": FINISHED, "files": {}, **changes}


def failed(**changes: Any) -> dict[str, Any]:
    return answer(status="Failed", run_result={**FINISHED, **changes})


def read(reply: Answer, **options: Any) -> ExecResult:
    with FusionServer(lambda *_: reply) as server, RemoteSandbox(server.url, retries=0) as sandbox:
        return sandbox.run("pass", **options)


@pytest.mark.parametrize(
    ("given", "status", "code", "number"),
    [
        (answer(), ExecStatus.OK, 0, None),
        (answer(executor_pod_name="p", new_field=[1]), ExecStatus.OK, 0, None),
        (failed(return_code=3), ExecStatus.NONZERO_EXIT, 3, None),
        (failed(return_code=137), ExecStatus.NONZERO_EXIT, 137, None),
        (failed(return_code=-11), ExecStatus.SIGNALED, None, 11),
        (failed(return_code=-9), ExecStatus.SIGNALED, None, 9),
        (failed(return_code=-24), ExecStatus.TIMEOUT, None, 24),
        (failed(return_code=1, stderr="Traceback\nMemoryError\n"), ExecStatus.OUT_OF_MEMORY, 1, None),
        (failed(return_code=1, stderr="MemoryError\nValueError\n"), ExecStatus.NONZERO_EXIT, 1, None),
        (answer(run_result={**FINISHED, "stderr": "MemoryError\n"}), ExecStatus.OK, 0, None),
        (answer(status="Failed", run_result=LATE), ExecStatus.TIMEOUT, None, 9),
        (answer(status="Failed", run_result={**LATE, "stdout": "x" * 6_000_000}), ExecStatus.OUTPUT_LIMIT, None, 9),
        (answer(status="Failed", compile_result=LATE, run_result=None), ExecStatus.TIMEOUT, None, 9),
        (
            answer(status="Failed", compile_result={**FINISHED, "return_code": 1}, run_result=None),
            ExecStatus.NONZERO_EXIT,
            1,
            None,
        ),
    ],
)
def test_an_answer_becomes_this_status(
    given: dict[str, Any], status: ExecStatus, code: int | None, number: int | None
) -> None:
    result = read(ok(given))
    assert (result.status, result.exit_code, result.signal) == (status, code, number)
    assert result.phase == ("run" if given["compile_result"] is None else "compile")


def test_streams_and_times_that_the_server_leaves_out_are_empty_and_measured_here() -> None:
    bare = {"status": "Finished", "return_code": 0}
    result = read(ok({"status": "Success", "run_result": bare}))
    assert (result.stdout, result.stderr, result.files) == ("", "", {})
    assert 0 < result.wall_seconds < 10


def test_files_that_were_not_asked_for_are_ignored() -> None:
    content = base64.b64encode(b"x").decode()
    files = {"a": content, "b": content, "/etc/passwd": content, "../c": "no base64"}
    assert read(ok(answer(files=files)), fetch=["a"]).files == {"a": b"x"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        [],
        "text",
        answer(status="Great"),
        answer(status=None),
        answer(run_result=None),
        answer(run_result=[]),
        answer(run_result={**FINISHED, "status": "Error"}),
        answer(run_result={**FINISHED, "return_code": None}),
        answer(run_result={**FINISHED, "return_code": "0"}),
        answer(run_result={**FINISHED, "return_code": 0.5}),
        answer(run_result={**FINISHED, "return_code": False}),
        answer(run_result={**FINISHED, "stdout": 7}),
        answer(run_result={**FINISHED, "stdout": ["x"]}),
        answer(run_result={**FINISHED, "execution_time": -1}),
        answer(run_result={**FINISHED, "execution_time": "fast"}),
        answer(files=[]),
        answer(files={"a": 1}),
        answer(run_result={**FINISHED, "return_code": 1}),
        answer(status="Failed"),
        answer(run_result=LATE),
        answer(compile_result={**FINISHED, "return_code": 1}),
    ],
)
def test_an_answer_of_another_shape_or_that_contradicts_itself_is_refused(given: object) -> None:
    with pytest.raises(SandboxError, match="does not answer as SandboxFusion does"):
        read(ok(given))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>busy</html>",
        b"{",
        json.dumps(answer()).encode() + b"x",
        json.dumps(answer()).replace("0.1", "NaN").encode(),
        json.dumps(answer()).replace("0.1", "1e999").encode(),
        json.dumps(answer()).encode().replace(b'"stdout": ""', b'"stdout": "\xff"'),
        json.dumps(answer()).encode().replace(b'"stdout": ""', b'"stdout": "\\ud800"'),
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(SandboxError, match="does not answer as SandboxFusion does") as error:
        read((200, content, {}))
    assert len(str(error.value)) < 1000


def test_a_fetched_file_that_is_not_base64_is_refused() -> None:
    for text in ("%%%%", "abc", "\u00e9"):
        with pytest.raises(SandboxError, match="not base64"):
            read(ok(answer(files={"a": text})), fetch=["a"])


def test_a_fault_that_the_server_admits_is_an_error_with_its_words() -> None:
    broken = answer(status="SandboxError", message="disk full " * 1000, run_result={**FINISHED, "status": "Error"})
    with pytest.raises(SandboxError, match="says that it failed: 'disk full") as error:
        read(ok(broken))
    assert len(str(error.value)) < 1000


def test_a_compiler_that_the_server_lacks_is_no_fault_of_the_program() -> None:
    missing = {**FINISHED, "return_code": 127, "stderr": "/bin/bash: go: command not found\n"}
    with pytest.raises(SandboxError, match=r"cannot run go: .*command not found"):
        read(ok(answer(status="Failed", compile_result=missing, run_result=None)), language="go")


def test_the_limit_of_output_holds_for_each_stream() -> None:
    long = {**FINISHED, "stdout": "x" * 11, "stderr": "y" * 10}
    result = read(ok(answer(run_result=long)), limits=Limits(output_bytes=10))
    assert (result.status, result.stdout, result.stderr) == (ExecStatus.OUTPUT_LIMIT, "x" * 10, "y" * 10)

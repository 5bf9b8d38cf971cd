"""What the repair environments share: files, tools to read and change them, runs of the visible tests.

The final state of the files is judged by hidden tests. What the visible tests say earns nothing, and they cannot be
changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from assaygym.envs.core import Reply
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import call, tool
from assaygym.errors import ToolError
from assaygym.sandbox.base import MIB, ExecStatus, Limits
from assaygym.types import Message, ToolCall

__all__ = ["LIMITS", "RUNS", "TRIES", "Repair"]

LIMITS = Limits(cpu_seconds=4, wall_seconds=20, memory_bytes=256 * MIB, processes=8)

RUNS = 10
"""How often the visible tests may be run."""
TRIES = 25
"""How many bugs are tried before the tests are drawn anew."""
MOST_CHARACTERS = 30_000
SHOWN = 4_000
RUNNER = """
import json, sys
sys.path.insert(0, "")
with open("cases.json") as file:
    prelude, cases = json.load(file)
names, passed = {}, 0
exec(prelude, names)
for call, expected in cases:
    try:
        found = eval(call, names)
        if found == eval(expected):
            passed += 1
            continue
        told = repr(found)[:300]
    except Exception as error:
        told = f"{type(error).__name__}: {error}"[:300]
    print(f"FAILED {call} == {expected}: got {told}")
print(f"{passed} of {len(cases)} tests passed")
"""
"""Runs the visible tests beside the files. What it prints is for the agent only."""


class Repair(ToolEnv):
    """Files with a bug. Subclasses set the state in `setup` with `begin`, and say what `verify` is."""

    files: dict[str, str]
    """As they are now, by path; the visible tests too."""
    protected: tuple[str, ...]
    """Paths that cannot be written."""
    fixed: dict[str, str]
    """The right content of the files that hold a bug."""
    prelude: str
    """What the visible tests import."""
    visible_cases: tuple[tuple[str, str], ...]
    """Calls and the text of their results."""
    runs: int
    submitted: bool

    def begin(
        self, files: Mapping[str, str], fixed: Mapping[str, str], prelude: str, cases: Sequence[tuple[str, str]]
    ) -> None:
        """Set the state of a new episode; the visible tests are added as a file of their own."""
        tests = "\n".join(f"\n\ndef test_{i}():\n    assert {call} == {e}" for i, (call, e) in enumerate(cases, 1))
        path = "test_visible.py"
        self.files, self.protected, self.fixed = {**files, path: f"{prelude}\n{tests}\n"}, (path,), dict(fixed)
        self.prelude, self.visible_cases = prelude, tuple(cases)
        self.runs, self.submitted = 0, False

    @tool
    def list_files(self) -> list[str]:
        """List the paths of all files."""
        return sorted(self.files)

    @tool
    def read_file(self, path: str) -> str:
        """Show a file."""
        return self._content(path)

    @tool
    def write_file(self, path: str, content: str) -> str:
        """Replace the whole content of a file."""
        self._content(path)
        if path in self.protected:
            raise ToolError(f"{path} holds tests, which cannot be changed")
        if len(content) > MOST_CHARACTERS:
            raise ToolError(f"{len(content)} characters, over the limit of {MOST_CHARACTERS}")
        self.files[path] = content
        return "written"

    @tool
    def edit(self, path: str, old: str, new: str) -> str:
        """Replace a piece of text that occurs exactly once in a file."""
        content = self._content(path)
        if not old or content.count(old) != 1:
            raise ToolError(
                f"the text to replace occurs {content.count(old) if old else 0} times in {path}, expected 1"
            )
        return self.write_file(path, content.replace(old, new))

    @tool
    def run_tests(self) -> str:
        """Run the visible tests on the files as they are now."""
        if self.runs >= RUNS:
            raise ToolError(f"the {RUNS} runs of the tests are used up")
        self.runs += 1
        return self._run()

    @tool
    def submit(self) -> str:
        """End the task: the files are judged as they are now."""
        self.submitted = True
        return "submitted"

    def solve(self) -> Iterator[str | ToolCall]:
        """Run the tests, look at the files with a bug, and put them right."""
        yield call("run_tests")
        for path in sorted(self.fixed):
            yield call("read_file", path=path)
            yield call("write_file", path=path, content=self.fixed[path])
        yield call("submit")

    def _reply(self, action: Message) -> Reply:
        reply = super()._reply(action)
        return replace(reply, score=self._judged()) if self.submitted and reply.score is None else reply

    def _run(self) -> str:
        from assaygym.sandbox import shared_sandbox

        files = {path: text.encode("utf-8", "replace") for path, text in self.files.items()}
        files["cases.json"] = json.dumps([self.prelude, self.visible_cases]).encode()
        result = shared_sandbox().run(RUNNER, files=files, limits=LIMITS)
        printed = result.stdout.strip()[-SHOWN:]
        if result.status is ExecStatus.OK:
            return printed or "(the tests ended without a word)"
        last = result.stderr.strip().splitlines()[-1:] or [""]
        return f"{printed}\nthe tests did not end: {result.status.value} {last[0][:300]}".strip()

    def _content(self, path: str) -> str:
        if path not in self.files:
            raise ToolError(f"there is no file {path[:100]!r}; there are {', '.join(sorted(self.files))}")
        return self.files[path]

"""What a repaired repository is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assaygym.errors import DataError

__all__ = ["RepoTests", "base_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoTests:
    """A repository before the repair, and pytest's node ids that must pass after it.

    A node id without a parameter part stands for all its instances.

    Raises:
        DataError: no node id, one without a file among the tests, a path that is not plain, or no such commit.
    """

    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """The repository as it was handed out, path to content."""
    tests: Mapping[str, str] = field(default_factory=dict[str, str])
    """Trusted test files; a patch does not change them."""
    fail_to_pass: tuple[str, ...] = ()
    pass_to_pass: tuple[str, ...] = ()
    hidden_files: Mapping[str, str] = field(default_factory=dict[str, str])
    """More trusted test files, which the agent was not shown."""
    hidden: tuple[str, ...] = ()
    controls: bool = True
    """Whether a repair that passes is checked with negative controls where it runs in the process of the tests."""
    git_history: tuple[Mapping[str, str | None], ...] = ()
    """Commits in order, each a map of files (None: deleted)."""
    git_head: int | None = None
    """The commit that the task starts at, whose state is laid over `files`; None: the last. Later ones are not used."""

    def __post_init__(self) -> None:
        if not self.required:
            raise DataError("there is no node id; a repair can be judged by one at least")
        if self.git_history and not -len(self.git_history) <= self._head < len(self.git_history):
            raise DataError(f"git_head is {self.git_head}; there are {len(self.git_history)} commits")
        for path in (*self.repository, *self.trusted):
            _check(path)
        known = {**self.repository, **self.trusted}
        for node in self.required:
            if node.partition("::")[0] not in known or "::" not in node:
                raise DataError(f"the node id {node!r} has no file among the tests; expected 'path/test_x.py::test_y'")

    @property
    def required(self) -> tuple[str, ...]:
        """All node ids that must pass, each once, in order."""
        return tuple(dict.fromkeys((*self.fail_to_pass, *self.pass_to_pass, *self.hidden)))

    @property
    def trusted(self) -> dict[str, str]:
        """The test files."""
        return {**self.tests, **self.hidden_files}

    @property
    def repository(self) -> dict[str, str]:
        """The files at the commit that the task starts at, without what is git's."""
        found = dict(self.files)
        for commit in self.git_history[: self._head + 1 or None]:
            for path, content in commit.items():
                if content is None:
                    found.pop(path, None)
                else:
                    found[path] = content
        return {path: content for path, content in found.items() if path.split("/")[0] != ".git"}

    @property
    def _head(self) -> int:
        return -1 if self.git_head is None else self.git_head


def base_of(node: str) -> str:
    """The node id without its parameters."""
    path, _, rest = node.partition("::")
    return f"{path}::{rest.partition('[')[0]}"


def _check(path: str) -> None:
    if not path.isprintable() or set(path.split("/")) & {"", ".", ".."}:
        raise DataError(f"a file of the task is called {path!r}; expected a plain path such as 'pkg/module.py'")

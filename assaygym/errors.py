"""Every error assaygym raises. Each is also the standard error it refines, and pickles.

    AssayError
      ConfigError            ValueError     an option, argument or name is not one of those expected
        RegistrationError    LookupError    no such environment id, or the id is malformed or taken
      DataError              ValueError     a data file cannot be read, lacks a column or an answer
      MissingDependencyError ImportError    an optional package is not installed
      TaskError              RuntimeError   a task's or tool environment's own code failed
        EmptySplitError                     too few distinct prompts: the split has no task
      ToolError              ValueError     a tool refuses a call; the agent reads the message and goes on
      VerifierError          RuntimeError   a verifier itself failed (becomes INVALID, never a zero)
      SandboxError           RuntimeError   the sandbox itself failed (becomes INVALID, never a zero)
        IsolationError       OSError        this machine cannot isolate a program
      PolicyError            RuntimeError   a policy could not answer
        ContextOverflowError                the conversation is longer than the model's context
        SpendingLimitError                  the policy's own limit is reached: it answers no more
        WeightMismatchError                 an engine does not have the weights that are trained
      RunError               RuntimeError   a run's folder is in use, or holds another run

The command line turns any of them into its sentence and exit code 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AssayError",
    "ConfigError",
    "ContextOverflowError",
    "DataError",
    "EmptySplitError",
    "IsolationError",
    "MissingDependencyError",
    "PolicyError",
    "RegistrationError",
    "RunError",
    "SandboxError",
    "SpendingLimitError",
    "TaskError",
    "ToolError",
    "VerifierError",
    "WeightMismatchError",
    "did_you_mean",
    "told",
]


class AssayError(Exception):
    """Root of the tree. The message says what was given, what was expected, what to do."""


class ConfigError(AssayError, ValueError):
    """An option, argument or name is not one of those expected."""


class RegistrationError(ConfigError, LookupError):
    """No such environment id, or the id is malformed or taken."""


class DataError(AssayError, ValueError):
    """A data file cannot be read, lacks a column or an answer."""


class MissingDependencyError(AssayError, ImportError):
    """An optional package is not installed."""

    @classmethod
    def of(cls, package: str, extra: str, purpose: str) -> MissingDependencyError:
        """The error whose sentence names the `pip install` that mends it."""
        return cls(f"{purpose} needs {package}, which is not installed: pip install 'assaygym[{extra}]'")


class TaskError(AssayError, RuntimeError):
    """A task's or tool environment's own code failed."""


class EmptySplitError(TaskError):
    """Too few distinct prompts to keep train and eval apart: the split has no task."""


class ToolError(AssayError, ValueError):
    """Raised inside a tool to refuse a call: the agent reads the message and the episode goes on."""


class VerifierError(AssayError, RuntimeError):
    """A verifier itself failed: becomes INVALID, never a zero."""


class SandboxError(AssayError, RuntimeError):
    """The sandbox itself failed: becomes INVALID, never a zero. A program's own fault is an `ExecResult`."""


class IsolationError(SandboxError, OSError):
    """This machine cannot isolate a program, and nobody asked to run it without."""


class PolicyError(AssayError, RuntimeError):
    """A policy could not answer."""


class ContextOverflowError(PolicyError):
    """The conversation is longer than the model's context: ends an episode, is no failure of it."""


class SpendingLimitError(PolicyError):
    """The policy's own limit is reached and it answers no more: ends a run, is no failure of an episode."""


class WeightMismatchError(PolicyError):
    """What samples has other weights than what is trained: training must not go on."""


class RunError(AssayError, RuntimeError):
    """A run's folder is in use, or holds another run."""


def told(error: BaseException) -> str:
    """What happened, in one sentence: ours are sentences already, any other error needs its kind."""
    return str(error) if isinstance(error, AssayError) else f"{type(error).__name__}: {error}"


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known ones, or all of them when none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.6)
    if near:
        best = _likeness(given, near[0])
        near = [name for name in near if _likeness(given, name) > best - 0.1]
        return f"did you mean {' or '.join(repr(name) for name in near)}?"
    return f"known: {', '.join(names)}" if names else "none is known"


def _likeness(given: str, name: str) -> float:
    return difflib.SequenceMatcher(a=given, b=name).ratio()

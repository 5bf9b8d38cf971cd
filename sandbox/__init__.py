"""Run untrusted code: limits in, result out. Knows nothing of tasks or rewards."""

from assaygym.sandbox._open import open_sandbox, shared_sandbox
from assaygym.sandbox.base import ExecResult, ExecStatus, Job, Limits, Process, Sandbox, Session

__all__ = [
    "ExecResult",
    "ExecStatus",
    "Job",
    "Limits",
    "Process",
    "Sandbox",
    "Session",
    "open_sandbox",
    "shared_sandbox",
]

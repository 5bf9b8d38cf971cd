"""Verifiers of code. The program is a value server: it never sees an expected output, values are compared outside its
process, and the end of a process is never a verdict.
"""

from __future__ import annotations

from assaygym.verifiers.code.extract import extract_program
from assaygym.verifiers.code.repo_patch import PatchError, extract_patch, read_patch
from assaygym.verifiers.code.repo_tests import RepoTests
from assaygym.verifiers.code.rows import verify_row
from assaygym.verifiers.code.sessions import CellCase, SessionTests
from assaygym.verifiers.code.tests import AssertTests, FunctionCase, FunctionTests, StdinCase, StdinTests
from assaygym.verifiers.code.verifier import (
    AssertsVerifier,
    CodeVerifier,
    FunctionsVerifier,
    RepoVerifier,
    SessionVerifier,
    StdioVerifier,
    asserts,
    functions,
    repo,
    session,
    stdio,
)

__all__ = [
    "AssertTests",
    "AssertsVerifier",
    "CellCase",
    "CodeVerifier",
    "FunctionCase",
    "FunctionTests",
    "FunctionsVerifier",
    "PatchError",
    "RepoTests",
    "RepoVerifier",
    "SessionTests",
    "SessionVerifier",
    "StdinCase",
    "StdinTests",
    "StdioVerifier",
    "asserts",
    "extract_patch",
    "extract_program",
    "functions",
    "read_patch",
    "repo",
    "session",
    "stdio",
    "verify_row",
]

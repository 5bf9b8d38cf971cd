"""Verifiers of code. The program is a value server: it never sees an expected output, values are compared outside its
process, and the end of a process is never a verdict.
"""

from __future__ import annotations

from assaygym.verifiers.code.extract import extract_program
from assaygym.verifiers.code.rows import verify_row
from assaygym.verifiers.code.tests import AssertTests, FunctionCase, FunctionTests, StdinCase, StdinTests
from assaygym.verifiers.code.verifier import (
    AssertsVerifier,
    CodeVerifier,
    FunctionsVerifier,
    StdioVerifier,
    asserts,
    functions,
    stdio,
)

__all__ = [
    "AssertTests",
    "AssertsVerifier",
    "CodeVerifier",
    "FunctionCase",
    "FunctionTests",
    "FunctionsVerifier",
    "StdinCase",
    "StdinTests",
    "StdioVerifier",
    "asserts",
    "extract_program",
    "functions",
    "stdio",
    "verify_row",
]
